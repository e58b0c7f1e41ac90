//! Syntax trees and the built-in schema in; streams, sources, rules and tests as they are meant out, with every finding.
//!
//! What is broken is said and left out; the rest goes on. Names are gone afterwards: fields, elements, keys and measures are numbers.

mod call;
mod errors;
mod expr;
mod list;
mod pred;
mod rule;
mod scope;
mod source;
mod stream;
mod test;

use std::collections::BTreeMap;

pub use list::ReadFile;

use crate::diag::Diagnostic;
use crate::ir::{Field, Glob, Rule, Test};
use crate::schema::Schema;
use crate::source::Span;
use crate::syntax::ast::{self, Item, ItemKind};

/// All that some files declare.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// Streams, sources and operations, the built-in ones first.
    pub schema: Schema,
    /// In the order of files and text.
    pub rules: Vec<Rule>,
    /// In the order of files and text.
    pub tests: Vec<Test>,
}

/// Resolves files together: the built-in ones first, then a pack's. `read` gives the text of a list's file.
#[must_use]
pub fn resolve(files: &[ast::File], read: ReadFile<'_>) -> (Resolved, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let items: Vec<&Item> = files.iter().flat_map(|file| &file.items).collect();
    let mut schema = Schema::default();
    streams(&items, &mut schema, &mut diagnostics);
    operations(&items, &mut schema, &mut diagnostics);
    let declared: Vec<&ast::List> = items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::List(list) => Some(list),
            _ => None,
        })
        .collect();
    let lists = list::lists(&declared, read, &mut diagnostics);
    sources(&items, &mut schema, &lists, &mut diagnostics);
    let (mut rules, mut broken): (Vec<Rule>, Vec<String>) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for item in &items {
        let ItemKind::Rule(written) = &item.kind else { continue };
        if let Some(first) = seen.insert(&written.name.node, written.name.span) {
            diagnostics.push(errors::duplicate(written.name.span, "rule", &written.name.node, Some(first)));
            continue;
        }
        let (resolved, mut said) = rule::rule(&item.doc, written, &schema, &lists);
        diagnostics.append(&mut said);
        match resolved {
            Some(rule) => rules.push(rule),
            None => broken.push(written.name.node.clone()),
        }
    }
    let mut tests = Vec::new();
    for item in &items {
        if let ItemKind::Test(written) = &item.kind {
            tests.extend(test::test(written, &schema, &rules, &broken, &lists, &mut diagnostics));
        }
    }
    (Resolved { schema, rules, tests }, diagnostics)
}

/// Streams: the common fields first, wherever they are declared.
fn streams(items: &[&Item], schema: &mut Schema, diagnostics: &mut Vec<Diagnostic>) {
    let written = || {
        items.iter().filter_map(|item| match &item.kind {
            ItemKind::Stream(stream) => Some((&item.doc, stream)),
            _ => None,
        })
    };
    let common: Vec<Field> = match written().find(|(_, s)| s.name.node == stream::COMMON) {
        Some((doc, common)) => stream::stream(doc, common, &[], diagnostics).fields,
        None => Vec::new(),
    };
    for (doc, one) in written().filter(|(_, s)| s.name.node != stream::COMMON) {
        if schema.stream(&one.name.node).is_some() {
            diagnostics.push(errors::duplicate(one.name.span, "stream", &one.name.node, None));
            continue;
        }
        let resolved = stream::stream(doc, one, &common, diagnostics);
        schema.streams.push(resolved);
    }
}

fn operations(items: &[&Item], schema: &mut Schema, diagnostics: &mut Vec<Diagnostic>) {
    for item in items {
        let ItemKind::Operations(written) = &item.kind else { continue };
        let name = &written.name;
        if matches!(name.node.as_str(), "missing" | "present") {
            diagnostics.push(errors::duplicate(name.span, "meaning of", &format!("is {}", name.node), None));
            continue;
        }
        let mut globs = Vec::new();
        for (cloud, patterns) in &written.clouds {
            for pattern in patterns {
                if pattern.node.is_empty() {
                    diagnostics.push(errors::empty_text(pattern.span));
                }
                globs.push((cloud.node.clone(), Glob::new(&pattern.node)));
            }
        }
        if schema.operations.insert(name.node.clone(), globs).is_some() {
            diagnostics.push(errors::duplicate(name.span, "operations", &name.node, None));
        }
    }
}

fn sources(
    items: &[&Item],
    schema: &mut Schema,
    lists: &BTreeMap<String, list::NamedList>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for item in items {
        let ItemKind::Source(written) = &item.kind else { continue };
        if schema.source(&written.name.node).is_some() {
            diagnostics.push(errors::duplicate(written.name.span, "source", &written.name.node, None));
            continue;
        }
        let resolved = source::source(&item.doc, written, schema, lists, diagnostics);
        schema.sources.extend(resolved);
    }
}
