//! W0204 `pattern-without-literal`: a pattern over content that has no text in it that a text must hold.

use std::collections::BTreeSet;

use super::content::{asks, content_field};
use super::pattern_places::Patterns;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::PredKind;
use crate::ir::pattern::Node;

/// So many characters behind one another are sought fast.
const LITERAL: usize = 3;
/// A class of so many characters is one character in other cases or spellings.
const FEW: u32 = 4;
/// A class that comes so many times is a key, a hash or an encoded text.
const RUN: u32 = 16;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0204",
        name: "pattern-without-literal",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "pattern over content without a text to look for",
        why: "Most texts hold no match. Where each match has a text of three characters in it, that is sought first and nearly all are passed over
at once; a pattern of classes alone is walked through every prompt to its end. Name a word that a match holds.",
        bad: "
rule odd_words {
    severity low
    from     invocation
    where    prompt matches /[a-z]+\\d+[a-z]+/
}",
        good: "
rule odd_words {
    severity low
    from     invocation
    where    prompt matches /key[a-z]+\\d+[a-z]+/
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let written = Patterns::of(context);
    let mut said = BTreeSet::new();
    for rule in &context.rules {
        // Beside a condition over metadata few texts are looked at.
        if rule.conditions().into_iter().any(|pred| !asks(context, rule.meant, pred)) {
            continue;
        }
        rule.each_pred(&mut |pred| {
            let PredKind::Matches { subject, patterns, .. } = &pred.kind else { return };
            if content_field(context, rule.meant, rule.behind(subject)).is_none() {
                return;
            }
            for pattern in patterns.iter().filter(|pattern| longest(&pattern.node) < LITERAL && !is_long(&pattern.node))
            {
                let span = written.place(rule.written.span.span, &pattern.text).unwrap_or(pred.span);
                // A list's patterns may be sought by many rules.
                if said.insert((span, pattern.text.clone())) {
                    let message = "the pattern has no text of three characters that each match holds";
                    let finding = LINT.finding(message).at(span, "sought in every text to its end");
                    out.push(
                        finding
                            .help("put a word into it that a match must hold, or ask `found` for what redaction knows"),
                    );
                }
            }
        });
    }
}

/// Whether a pattern is about long runs, in which there is no word to name.
fn is_long(node: &Node) -> bool {
    match node {
        Node::Repeat { min, node, .. } => *min >= RUN || is_long(node),
        Node::Group(node) => is_long(node),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().any(is_long),
        _ => false,
    }
}

/// The length of the longest text that each match must hold.
fn longest(node: &Node) -> usize {
    match node {
        Node::Concat(nodes) => {
            let (mut best, mut run) = (0, 0);
            for node in nodes {
                match whole(node) {
                    Some(length) => run += length,
                    None => {
                        best = best.max(run).max(longest(node));
                        run = 0;
                    }
                }
            }
            best.max(run)
        }
        Node::Alternate(nodes) => nodes.iter().map(longest).min().unwrap_or_default(),
        Node::Group(node) => longest(node),
        Node::Repeat { min, node, .. } if *min > 0 => whole_times(node, *min).unwrap_or_else(|| longest(node)),
        Node::Repeat { .. } => 0,
        node => whole(node).unwrap_or_default(),
    }
}

/// The length of the text that a node is, but for cases; none where it is no single text.
fn whole(node: &Node) -> Option<usize> {
    match node {
        Node::Char(_) => Some(1),
        Node::Class { negated: false, ranges } => {
            let size: u32 = ranges
                .iter()
                .map(|(low, high)| (*high as u32).saturating_sub(*low as u32).saturating_add(1))
                .fold(0, u32::saturating_add);
            (size <= FEW).then_some(1)
        }
        Node::Empty | Node::Start | Node::End | Node::Boundary { .. } => Some(0),
        Node::Group(node) => whole(node),
        Node::Concat(nodes) => nodes.iter().map(whole).sum(),
        Node::Repeat { min, max, node, .. } if Some(*min) == *max => whole_times(node, *min),
        // Words to choose from: sought together.
        Node::Alternate(_) | Node::Class { .. } | Node::Repeat { .. } => None,
    }
}

fn whole_times(node: &Node, times: u32) -> Option<usize> {
    Some(whole(node)?.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX)))
}
