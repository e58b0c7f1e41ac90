//! What is written for people is true: examples are read and run, links lead somewhere, generated parts are current.
//!
//! `UPDATE=1` rewrites the generated parts instead of comparing them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may stop where a document can't be read")]

#[path = "docs/snippets.rs"]
mod snippets;

use std::fs;
use std::path::Path;

use snippets::{documents, problems};

#[test]
fn examples_are_read_and_their_tests_pass() {
    let mut said = String::new();
    for path in documents() {
        for problem in problems(&path) {
            said.push_str(&format!("{}: {problem}\n", path.display()));
        }
    }
    assert!(said.is_empty(), "{said}");
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap_or(Path::new("."));
        for rest in text.split("](").skip(1) {
            let Some((link, _)) = rest.split_once(')') else { continue };
            let file = link.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.contains(' ');
            if !elsewhere && !folder.join(file).exists() {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}
