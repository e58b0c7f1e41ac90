//! What is written for people is true: examples are read and run, commands of README.md work, links lead somewhere, tests that are named
//! exist, generated parts are current.
//!
//! `UPDATE=1` rewrites the generated parts instead of comparing them.

#[path = "docs/generated.rs"]
mod generated;
#[expect(dead_code, reason = "each binary uses its own part")]
#[path = "support/samples.rs"]
mod samples;
#[path = "docs/snippets.rs"]
mod snippets;
#[path = "docs/sources.rs"]
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use snippets::{blocks, documents, problems};

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

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

/// `tests/file.rs::name` in a document is a test of that name; `tests/file.rs` is a file.
#[test]
fn tests_that_documents_name_exist() {
    let mut unknown = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for code in text.split('`').filter(|code| code.starts_with("tests/") && !code.contains([' ', '*', '<', '\n'])) {
            let (file, name) = code.split_once("::").unwrap_or((code, ""));
            let body = root().join(file);
            let there = if name.is_empty() {
                body.exists()
            } else {
                fs::read_to_string(body).unwrap_or_default().contains(&format!("fn {name}("))
            };
            if !there {
                unknown.push(format!("{}: {code}", path.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "tests that do not exist:\n{}", unknown.join("\n"));
}

#[test]
fn the_first_rule_is_current() {
    generated::keep("README.md", "first-rule", &generated::first_rule());
}

#[test]
fn tables_of_constructs_are_current() {
    generated::keep("README.md", "constructs", &generated::short_table());
    generated::keep("docs/targets.md", "constructs", &generated::whole_table());
}

#[test]
fn the_page_on_sources_is_current() {
    generated::keep("docs/sources.md", "sources", &sources::sources());
}

#[test]
fn the_pages_of_lints_are_current() {
    generated::keep_lints();
}

#[test]
fn counts_are_current() {
    generated::keep("README.md", "counts", &generated::counts());
}

#[test]
fn readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines < 150, "README.md has {lines} lines");
}

/// Every `skywatch` command of README.md, one after the other in a copy of what it uses.
#[test]
fn commands_of_the_readme_work() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["rulepacks", "samples"] {
        copy(&root().join(name), &folder.path().join(name));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_skywatch"));
    let path = std::env::var("PATH").unwrap_or_default();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let commands: Vec<String> = blocks(&readme)
        .iter()
        .filter(|block| block.info == "sh")
        .flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        if !command.starts_with("skywatch ") {
            assert!(root().join(&command).exists(), "`{command}` is neither a verb nor a script");
            continue;
        }
        let needs_engine = ["ingest", "run", "archive", "retain", "backtest"]
            .iter()
            .any(|verb| command.starts_with(&format!("skywatch {verb}")));
        if needs_engine && cfg!(not(feature = "engine")) {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("PATH", format!("{}:{path}", program.parent().unwrap().display()))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{command}` ended with {}:\n{said}", output.status);
    }
}

/// The script that README.md begins with.
#[test]
#[cfg(feature = "engine")]
fn the_samples_run_gives_a_table_of_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(root().join("samples/run.sh"))
        .arg(folder.path().join("archive"))
        .env("SKYWATCH", env!("CARGO_BIN_EXE_skywatch"))
        .output()
        .unwrap();
    let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    for expected in
        ["SEVERITY", "high_token_consumers", "guardrail_changed", "aws.bedrock", "azure.activity", "gcp.audit"]
    {
        assert!(out.contains(expected), "no `{expected}` in:\n{out}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
