//! Syntax trees and the built-in schema in; streams, sources, rules and tests as they are meant out, with every finding.
//!
//! What is broken is said and left out; the rest goes on. Names are gone afterwards: fields, elements, keys and measures are numbers.

mod aggregate;
mod call;
mod errors;
mod expr;
mod found;
mod list;
mod number;
mod pred;
mod rule;
mod scope;
mod source;
mod stream;
mod test;

use std::collections::{BTreeMap, BTreeSet};

pub use call::{AGGREGATES, FUNCTIONS, READERS};
pub use list::ReadFile;
use scope::Names;

use crate::diag::Diagnostic;
use crate::ir::{Field, Glob, Rule, Test, cloud_of};
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
    let mut all = All {
        items: files.iter().flat_map(|file| &file.items).collect(),
        schema: Schema::default(),
        names: Names::default(),
        diagnostics: Vec::new(),
    };
    for broken in files.iter().flat_map(|file| &file.broken) {
        let known = ["stream", "source", "list", "operations", "rule"].into_iter().find(|word| *word == broken.word);
        all.names.broken.extend(known.map(|word| (word, broken.name.clone())));
    }
    all.streams();
    all.operations();
    let lists: Vec<&ast::List> = all.declared(|kind| match kind {
        ItemKind::List(list) => Some(list),
        _ => None,
    });
    list::lists(&lists, read, &mut all.names, &mut all.diagnostics);
    all.sources();
    let rules = all.rules();
    let tests = all.tests(&rules);
    (Resolved { schema: all.schema, rules, tests }, all.diagnostics)
}

/// The items of all files, and what is known of them so far.
struct All<'a> {
    items: Vec<&'a Item>,
    schema: Schema,
    names: Names,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> All<'a> {
    /// The items of one kind, in the order of files and text.
    fn declared<T>(&self, kind: impl Fn(&'a ItemKind) -> Option<&'a T>) -> Vec<&'a T> {
        self.items.iter().filter_map(|item| kind(&item.kind)).collect()
    }

    /// The items of one kind with their doc comments, but for those whose name another one had first: these are said.
    fn once<T>(
        &mut self,
        word: &'static str,
        kind: impl Fn(&'a ItemKind) -> Option<&'a T>,
        name: impl Fn(&'a T) -> &'a ast::Name,
    ) -> Vec<(&'a ast::Doc, &'a T)> {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut out = Vec::new();
        for item in &self.items {
            let Some(one) = kind(&item.kind) else { continue };
            let name = name(one);
            if let Some(first) = seen.get(name.node.as_str()) {
                self.diagnostics.push(errors::duplicate(name.span, word, &name.node, Some(*first)));
                continue;
            }
            seen.insert(&name.node, name.span);
            out.push((&item.doc, one));
        }
        out
    }

    /// Streams: the common fields first, wherever they are declared.
    fn streams(&mut self) {
        let written = self.once(
            "stream",
            |kind| match kind {
                ItemKind::Stream(stream) => Some(stream),
                _ => None,
            },
            |stream| &stream.name,
        );
        let is_common = |stream: &ast::Stream| stream.name.node == crate::schema::COMMON;
        let common = written.iter().find(|(_, s)| is_common(s));
        let common: Vec<Field> = common
            .map(|(doc, common)| stream::stream(doc, common, &[], &mut self.diagnostics).fields)
            .unwrap_or_default();
        for (doc, one) in written.into_iter().filter(|(_, s)| !is_common(s)) {
            let before = self.diagnostics.len();
            let resolved = stream::stream(doc, one, &common, &mut self.diagnostics);
            if self.diagnostics.len() == before {
                self.schema.streams.push(resolved);
            } else {
                self.names.broken.insert(("stream", one.name.node.clone()));
            }
        }
    }

    fn operations(&mut self) {
        let sources = self.declared(|kind| match kind {
            ItemKind::Source(source) => Some(&**source),
            _ => None,
        });
        let clouds: BTreeSet<&str> = sources.iter().map(|source| cloud_of(&source.name.node)).collect();
        let written = self.once(
            "operations",
            |kind| match kind {
                ItemKind::Operations(operations) => Some(operations),
                _ => None,
            },
            |operations| &operations.name,
        );
        for (_, written) in written {
            let before = self.diagnostics.len();
            let name = &written.name;
            if matches!(name.node.as_str(), "missing" | "present") {
                self.diagnostics.push(errors::taken_by_is(name.span, &name.node));
            }
            if written.clouds.is_empty() {
                self.diagnostics.push(errors::no_operations(name.span, &name.node));
            }
            let mut globs = Vec::new();
            for (n, (cloud, patterns)) in written.clouds.iter().enumerate() {
                if !clouds.contains(cloud.node.as_str()) {
                    let known = clouds.iter().copied();
                    self.diagnostics.push(errors::unknown(cloud.span, "cloud", &cloud.node, known));
                }
                let first = written.clouds.iter().take(n).find(|(other, _)| other.node == cloud.node);
                if let Some((first, _)) = first {
                    self.diagnostics.push(errors::duplicate(cloud.span, "cloud", &cloud.node, Some(first.span)));
                }
                for pattern in patterns {
                    if pattern.node.is_empty() {
                        self.diagnostics.push(errors::empty_operation(pattern.span));
                    }
                    globs.push((cloud.node.clone(), Glob::new(&pattern.node)));
                }
            }
            if self.diagnostics.len() == before {
                self.schema.operations.insert(name.node.clone(), globs);
            } else {
                self.names.broken.insert(("operations", name.node.clone()));
            }
        }
    }

    fn sources(&mut self) {
        let written = self.once(
            "source",
            |kind| match kind {
                ItemKind::Source(source) => Some(&**source),
                _ => None,
            },
            |source| &source.name,
        );
        for (doc, one) in written {
            match source::source(doc, one, &self.schema, &self.names, &mut self.diagnostics) {
                Some(source) => self.schema.sources.push(source),
                None => _ = self.names.broken.insert(("source", one.name.node.clone())),
            }
        }
    }

    fn rules(&mut self) -> Vec<Rule> {
        let written = self.once(
            "rule",
            |kind| match kind {
                ItemKind::Rule(rule) => Some(&**rule),
                _ => None,
            },
            |rule| &rule.name,
        );
        let mut rules = Vec::new();
        for (doc, one) in written {
            let (resolved, mut said) = rule::rule(doc, one, &self.schema, &self.names);
            self.diagnostics.append(&mut said);
            match resolved {
                Some(rule) => rules.push(rule),
                None => _ = self.names.broken.insert(("rule", one.name.node.clone())),
            }
        }
        rules
    }

    fn tests(&mut self, rules: &[Rule]) -> Vec<Test> {
        let written = self.declared(|kind| match kind {
            ItemKind::Test(test) => Some(test),
            _ => None,
        });
        written
            .into_iter()
            .filter_map(|test| test::test(test, &self.schema, rules, &self.names, &mut self.diagnostics))
            .collect()
    }
}
