//! Syntax trees and the built-in schema in; streams, sources, rules and tests as they are meant out, with every finding.
//!
//! What is broken is said and left out; the rest goes on. Names are gone afterwards: fields, elements, keys and measures are numbers.

mod aggregate;
mod calendar;
mod call;
mod correlate;
mod errors;
mod exception;
mod expr;
mod found;
mod join;
mod list;
mod look;
mod mute;
mod number;
mod pred;
mod prices;
mod rule;
mod scope;
mod source;
mod stream;
mod table;
mod test;
mod told;

use std::collections::{BTreeMap, BTreeSet};

pub use call::{AGGREGATES, FUNCTIONS, READERS};
pub use list::ReadFile;
pub use look::LOOKS;
use scope::Names;

use crate::diag::Diagnostic;
use crate::ir::{Correlation, Field, Glob, Mute, Rule, Test, cloud_of};
use crate::schema::Schema;
use crate::source::Span;
use crate::syntax::ast::{self, Item, ItemKind};

/// All that some files declare.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// Streams, sources and operations, the built-in ones first.
    pub schema: Schema,
    /// Rules and signals, in the order of files and text.
    pub rules: Vec<Rule>,
    /// Those that others read before them; else in the order of files and text.
    pub correlations: Vec<Correlation>,
    /// In the order of files and text.
    pub tests: Vec<Test>,
}

impl Resolved {
    /// The mutes of rules and correlations, by name.
    #[must_use]
    pub fn mutes(&self) -> BTreeMap<&str, &Mute> {
        let rules = self.rules.iter().map(|rule| (rule.name.as_str(), rule.mute.as_ref()));
        let all = rules.chain(self.correlations.iter().map(|one| (one.name.as_str(), one.mute.as_ref())));
        all.filter_map(|(name, mute)| Some((name, mute?))).collect()
    }
}

/// A pack as it was written.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// Its id.
    pub id: &'a str,
    /// The built-in files first, then its own.
    pub files: &'a [&'a ast::File],
    /// Gives the text of a list's or table's file.
    pub read: ReadFile<'a>,
}

/// Resolves files together: the built-in ones first, then a pack's. `read` gives the text of a list's or table's file.
#[must_use]
pub fn resolve(files: &[ast::File], read: ReadFile<'_>) -> (Resolved, Vec<Diagnostic>) {
    let files: Vec<&ast::File> = files.iter().collect();
    resolve_beside(Written { id: "", files: &files, read }, &[])
}

/// Resolves a pack that is given together with others: their exceptions for its rules are among its findings too.
#[must_use]
pub fn resolve_beside(own: Written<'_>, others: &[Written<'_>]) -> (Resolved, Vec<Diagnostic>) {
    let mut all = All::new(own, others);
    all.names();
    all.sources();
    let mut rules = all.rules();
    let correlations = all.correlations(&mut rules);
    let tests = all.tests(&rules, &correlations);
    (Resolved { schema: all.schema, rules, correlations, tests }, all.diagnostics)
}

/// The items of all files, and what is known of them so far.
struct All<'a> {
    own: Written<'a>,
    others: &'a [Written<'a>],
    items: Vec<&'a Item>,
    schema: Schema,
    names: Names,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> All<'a> {
    fn new(own: Written<'a>, others: &'a [Written<'a>]) -> Self {
        All {
            own,
            others,
            items: own.files.iter().flat_map(|file| &file.items).collect(),
            schema: Schema::default(),
            names: Names::default(),
            diagnostics: Vec::new(),
        }
    }

    /// What conditions and values call by name: streams, operations, lists, tables, calendars and prices.
    fn names(&mut self) {
        for broken in self.own.files.iter().flat_map(|file| &file.broken) {
            let known = ["stream", "source", "list", "table", "operations", "rule", "correlate", "calendar", "prices"]
                .into_iter()
                .find(|word| *word == broken.word || (*word == "rule" && broken.word == "signal"));
            self.names.broken.extend(known.map(|word| (word, broken.name.clone())));
        }
        self.streams();
        self.operations();
        let lists: Vec<&ast::List> = self.declared(|kind| match kind {
            ItemKind::List(list) => Some(list),
            _ => None,
        });
        list::lists(&lists, self.own.read, &mut self.names, &mut self.diagnostics);
        self.tables();
        self.calendars();
        self.prices();
    }

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

    fn tables(&mut self) {
        let written = self.once(
            "table",
            |kind| match kind {
                ItemKind::Table(table) => Some(table),
                _ => None,
            },
            |table| &table.name,
        );
        for (_, one) in written {
            let name = one.name.node.clone();
            match table::table(one, self.own.read, &mut self.diagnostics) {
                Some(table) => _ = self.names.tables.insert(name, table),
                None => _ = self.names.broken.insert(("table", name)),
            }
        }
    }

    fn calendars(&mut self) {
        let written = self.once(
            "calendar",
            |kind| match kind {
                ItemKind::Calendar(calendar) => Some(calendar),
                _ => None,
            },
            |calendar| &calendar.name,
        );
        for (_, one) in written {
            let name = one.name.node.clone();
            match calendar::calendar(one, &mut self.diagnostics) {
                Some(calendar) => _ = self.names.calendars.insert(name, calendar),
                None => _ = self.names.broken.insert(("calendar", name)),
            }
        }
    }

    fn prices(&mut self) {
        let written = self.once(
            "price list",
            |kind| match kind {
                ItemKind::Prices(prices) => Some(prices),
                _ => None,
            },
            |prices| &prices.name,
        );
        for (_, one) in written {
            let name = one.name.node.clone();
            match prices::prices(one, &mut self.diagnostics) {
                Some(prices) => _ = self.names.prices.insert(name, prices),
                None => _ = self.names.broken.insert(("prices", name)),
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
        for (doc, one) in &written {
            match source::source(doc, one, &self.schema, &self.names, &mut self.diagnostics) {
                Some(source) => self.schema.sources.push(source),
                None => _ = self.names.broken.insert(("source", one.name.node.clone())),
            }
        }
        // A source may borrow from one that stands behind it.
        let written: Vec<&ast::Source> = written.into_iter().map(|(_, one)| one).collect();
        join::joins(&written, &mut self.schema, &self.names, &mut self.diagnostics);
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
        let elsewhere = self.elsewhere();
        let exceptions = self.exceptions(&elsewhere);
        let mut rules = Vec::new();
        for (doc, one) in written {
            let exceptions = exceptions.get(one.name.node.as_str()).map(Vec::as_slice).unwrap_or_default();
            let (resolved, said) = rule::rule(doc, one, exceptions, &self.schema, &self.names);
            for diagnostic in said {
                // What is wrong with an exception is wrong in each of its rules.
                if !self.diagnostics.contains(&diagnostic) {
                    self.diagnostics.push(diagnostic);
                }
            }
            match resolved {
                Some(rule) => rules.push(rule),
                None => _ = self.names.broken.insert(("rule", one.name.node.clone())),
            }
        }
        rules
    }

    fn correlations(&mut self, rules: &mut [Rule]) -> Vec<Correlation> {
        let written = self.once(
            "correlation",
            |kind| match kind {
                ItemKind::Correlate(correlate) => Some(correlate),
                _ => None,
            },
            |correlate| &correlate.name,
        );
        let resolved = correlate::correlations(&written, &self.schema, rules, &self.names, &mut self.diagnostics);
        for (_, one) in written {
            if !resolved.iter().any(|done| done.name == one.name.node) {
                self.names.broken.insert(("correlate", one.name.node.clone()));
            }
        }
        resolved
    }

    fn tests(&mut self, rules: &[Rule], correlations: &[Correlation]) -> Vec<Test> {
        let written = self.declared(|kind| match kind {
            ItemKind::Test(test) => Some(test),
            _ => None,
        });
        written
            .into_iter()
            .filter_map(|test| {
                test::test(test, &self.schema, (rules, correlations), &self.names, &mut self.diagnostics)
            })
            .collect()
    }
}
