//! Where patterns were written: takes a pack, gives places by their texts. What is meant has lost them, for lists are spelled out there.

use std::collections::BTreeMap;

use super::Context;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, ListBody, Literal};

/// The places of a pack's patterns.
pub(super) struct Patterns<'a>(BTreeMap<&'a str, Vec<Span>>);

impl<'a> Patterns<'a> {
    /// Those in rules, exceptions, sources and lists.
    pub(super) fn of(context: &Context<'a>) -> Patterns<'a> {
        let mut places: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        let mut add = |expr: &'a Expr| {
            if let ExprKind::Literal(Literal::Pattern(text)) = &*expr.node {
                places.entry(text).or_default().push(expr.span);
            }
        };
        context.each_written(&mut add);
        let lists = context.items(|kind| match kind {
            ItemKind::List(list) => Some(&list.body),
            _ => None,
        });
        for list in lists {
            if let ListBody::Elements(items) = list {
                items.iter().for_each(&mut add);
            }
        }
        Patterns(places)
    }

    /// Where a pattern of a rule was written: in the rule, or else in the first list that has it.
    pub(super) fn place(&self, rule: Span, text: &str) -> Option<Span> {
        let places = self.0.get(text)?;
        let inside = |place: &&Span| place.source == rule.source && rule.start <= place.start && place.end <= rule.end;
        places.iter().find(inside).or(places.last()).copied()
    }
}
