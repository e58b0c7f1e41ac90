//! Where patterns were written: takes a pack, gives places by their texts. What is meant has lost them, for lists are spelled out there.

use std::collections::BTreeMap;

use super::Context;
use super::written::lists;
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Literal};

/// The places of a pack's patterns.
pub(super) struct Patterns<'a> {
    /// In rules, exceptions and sources.
    used: BTreeMap<&'a str, Vec<Span>>,
    /// In lists with a name, the first of each.
    listed: BTreeMap<&'a str, Span>,
}

impl<'a> Patterns<'a> {
    /// Those in rules, exceptions, sources and lists.
    pub(super) fn of(context: &Context<'a>) -> Patterns<'a> {
        let mut out = Patterns { used: BTreeMap::new(), listed: BTreeMap::new() };
        context.each_written(&mut |expr| {
            if let ExprKind::Literal(Literal::Pattern(text)) = &*expr.node {
                out.used.entry(text).or_default().push(expr.span);
            }
        });
        for item in lists(context).into_iter().flat_map(|(_, items)| items) {
            if let ExprKind::Literal(Literal::Pattern(text)) = &*item.node {
                out.listed.entry(text).or_insert(item.span);
            }
        }
        out
    }

    /// Where a pattern of a rule was written: in the rule, or else in the first list that has it.
    pub(super) fn place(&self, rule: Span, text: &str) -> Option<Span> {
        let used = self.used.get(text).map_or(&[][..], Vec::as_slice);
        let inside = |place: &&Span| place.source == rule.source && rule.start <= place.start && place.end <= rule.end;
        used.iter().find(inside).or_else(|| self.listed.get(text)).or(used.first()).copied()
    }
}
