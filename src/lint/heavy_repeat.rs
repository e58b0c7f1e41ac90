//! W0212 `heavy-repeat`: a part of a pattern that may come so often that the pattern's machine grows large.

use std::collections::BTreeSet;

use super::pattern_places::Patterns;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::pattern::Node;
use crate::ir::{ExprKind, Function, Pattern, PredKind};
use crate::source::Span;

/// Most times that a class with letters of all languages may come.
const OF_ALL: u32 = 100;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0212",
        name: "heavy-repeat",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "counted repeat that makes a large machine",
        why: "A part that may come up to 500 times is copied 500 times as the pattern is built, and `.` or `[^x]` are a dozen states each, for they
take letters of all languages. In `a.{0,500}b` each `a` starts to count anew, so long texts are slow too. Take `.*`, a smaller bound, or two conditions.",
        bad: "
rule orders_then_secret {
    severity medium
    from     invocation
    where    prompt matches /ignore.{0,500}password/
}",
        good: "
rule orders_then_secret {
    severity medium
    from     invocation
    where    prompt matches /ignore.{0,60}password/
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let mut said = BTreeSet::new();
    let written = Patterns::of(context);
    let mut look = |pattern: &Pattern, rule: Span, span: Span| {
        if let Some(what) = heavy(&pattern.node, 1)
            && said.insert(pattern.text.clone())
        {
            let place = written.place(rule, &pattern.text).unwrap_or(span);
            let finding = LINT.finding(format!("the pattern {what}")).at(place, "");
            out.push(finding.help("take `*` or `+`, a smaller bound, or two conditions"));
        }
    };
    for rule in &context.rules {
        rule.each_pred(&mut |pred| {
            if let PredKind::Matches { patterns, .. } = &pred.kind {
                patterns.iter().for_each(|pattern| look(pattern, rule.written.span.span, pred.span));
            }
        });
        rule.each_expr(&mut |expr| {
            if let ExprKind::Call(Function::Extract(pattern), _) = &expr.kind {
                look(pattern, rule.written.span.span, expr.span);
            }
        });
    }
}

/// What makes a node's machine large, where it stands so often already.
fn heavy(node: &Node, times: u32) -> Option<String> {
    match node {
        Node::Repeat { min, max, node, .. } => {
            let most = max.unwrap_or(*min).max(*min).max(1);
            let copies = times.saturating_mul(most);
            if most > 1 && copies > OF_ALL && takes_all_letters(node) {
                return Some(format!("has a part of any letters up to {copies} times"));
            }
            heavy(node, copies)
        }
        Node::Group(node) => heavy(node, times),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().find_map(|node| heavy(node, times)),
        Node::Empty | Node::Char(_) | Node::Class { .. } | Node::Start | Node::End | Node::Boundary { .. } => None,
    }
}

/// Whether a node is a class of letters of all languages.
fn takes_all_letters(node: &Node) -> bool {
    match node {
        Node::Class { negated, ranges } => *negated || ranges.iter().any(|(_, high)| *high == char::MAX),
        Node::Group(node) => takes_all_letters(node),
        Node::Alternate(nodes) => nodes.iter().any(takes_all_letters),
        _ => false,
    }
}
