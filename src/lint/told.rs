//! What reaches people: takes a pack, gives its rules and correlations in one form. Signals reach nobody by themselves.

use std::collections::BTreeMap;

use super::Context;
use crate::ir::{Level, Test, Texts};
use crate::source::Spanned;
use crate::syntax::ast::{self, Clause, CorrelateClause, TextClause};

/// A rule or correlation that reaches people.
pub(super) struct Told<'a> {
    /// `rule` or `correlation`.
    pub what: &'static str,
    /// As it was written.
    pub name: &'a ast::Name,
    /// Its doc comment.
    pub doc: &'a ast::Doc,
    /// The rest of the doc comment.
    pub description: &'a str,
    /// The worst that an alert can be.
    pub worst: Level,
    /// As they were written.
    pub tags: &'a [Spanned<String>],
    /// What alerts carry.
    pub texts: &'a Texts,
    /// Those as they were written.
    pub clauses: Vec<(TextClause, &'a [Spanned<String>])>,
}

impl Told<'_> {
    /// `rule "name"`, for messages.
    pub(super) fn named(&self) -> String {
        format!("the {} `{}`", self.what, self.name.node)
    }
}

/// A pack's rules, then its correlations, in the order of files and text.
pub(super) fn told<'a>(context: &Context<'a>) -> Vec<Told<'a>> {
    let mut out = Vec::new();
    for seen in context.rules.iter().filter(|seen| !seen.meant.signal) {
        let (written, meant) = (seen.written, seen.meant);
        let arms = meant.severity.arms.iter().map(|(_, level)| *level);
        let mut tags: &[Spanned<String>] = &[];
        let mut clauses = Vec::new();
        for clause in &written.clauses {
            match &clause.node {
                Clause::Tags(written) => tags = written,
                Clause::Texts(which, texts) => clauses.push((*which, texts.as_slice())),
                _ => {}
            }
        }
        out.push(Told {
            what: "rule",
            name: &written.name,
            doc: seen.doc,
            description: &meant.description,
            worst: arms.chain([meant.severity.default]).max().unwrap_or(meant.severity.default),
            tags,
            texts: &meant.texts,
            clauses,
        });
    }
    for seen in &context.correlations {
        let (written, meant) = (seen.written, seen.meant);
        let mut tags: &[Spanned<String>] = &[];
        let mut clauses = Vec::new();
        for clause in &written.clauses {
            match &clause.node {
                CorrelateClause::Tags(written) => tags = written,
                CorrelateClause::Texts(which, texts) => clauses.push((*which, texts.as_slice())),
                _ => {}
            }
        }
        out.push(Told {
            what: "correlation",
            name: &written.name,
            doc: seen.doc,
            description: &meant.description,
            worst: meant.severity,
            tags,
            texts: &meant.texts,
            clauses,
        });
    }
    out
}

/// The tests of each rule and correlation, by its name.
pub(super) fn tests<'a>(context: &Context<'a>) -> BTreeMap<&'a str, Vec<&'a Test>> {
    let mut out: BTreeMap<&str, Vec<&Test>> = BTreeMap::new();
    for test in &context.pack.resolved.tests {
        out.entry(test.rule.as_str()).or_default().push(test);
    }
    out
}
