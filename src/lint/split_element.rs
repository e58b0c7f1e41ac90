//! W0134 `split-element`: two tests of one element that are written as tests of two.

use std::collections::BTreeSet;

use super::context::plain;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{ExprKind, Pred, PredKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0134",
        name: "split-element",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "tests of one element written as tests of any two",
        why: "Two `any` of one list ask for two elements, which may be different ones: a finding of type HATE that was let through, and another
one that was blocked. If one element has to be both, both tests stand in one `any`.",
        bad: "
rule hate_blocked {
    severity medium
    from     invocation
    where    any f in guardrail.findings (f.type == \"HATE\") and any f in guardrail.findings (f.action == \"BLOCKED\")
}",
        good: "
rule hate_blocked {
    severity medium
    from     invocation
    where    any f in guardrail.findings (f.type == \"HATE\" and f.action == \"BLOCKED\")
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let conditions = rule.conditions();
        let any = conditions.iter().enumerate().filter_map(|(n, pred)| match &pred.kind {
            PredKind::Some { element, list, holds, every: false } => {
                Some((n, pred.span, list, parts_read(*element, holds)))
            }
            _ => None,
        });
        let any: Vec<_> = any.collect();
        for (n, span, list, parts) in &any {
            // The same part of two elements has two values: then two elements are meant.
            let apart = |of: &BTreeSet<usize>| !of.is_empty() && !parts.is_empty() && of.is_disjoint(parts);
            let other = any.iter().find(|(m, _, other, of)| m < n && apart(of) && plain(other) == plain(list));
            if let Some((_, first, ..)) = other {
                out.push(
                    LINT.finding(format!("another element of `{}` may meet this", context.text(list.span)))
                        .at(*span, "of any element")
                        .at(*first, "of any element")
                        .help("put both tests into one `any … (… and …)` if one element is to meet both"),
                );
            }
        }
    }
}

/// The parts of an element that a condition reads.
fn parts_read(element: usize, holds: &Pred) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    holds.walk(&mut |expr| {
        if let ExprKind::Member(of, part) = &expr.kind
            && of.kind == ExprKind::Element(element)
        {
            out.insert(*part);
        }
    });
    out
}
