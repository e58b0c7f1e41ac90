//! W0137 `constant-key`: a key of which `where` lets one value through.

use std::collections::BTreeSet;

use super::measure::{field, members};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, ExprKind, PredKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0137",
        name: "constant-key",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "key that has one value only",
        why: "`where` lets one value of the field through, so grouping by it divides nothing. Either the condition was to be wider, or the key
stands where another one was meant. Take the key away, or the condition. Keys that something else reads are left alone: a correlation,
`mute`, or the rule itself to show or measure them.",
        bad: "
rule opus_burst {
    severity low
    from     invocation
    where    model.id == \"claude-opus-4\"
    over     1h by caller.id, model.id
    let      calls = count()
    when     calls > 200
}",
        good: "
rule opus_burst {
    severity low
    from     invocation
    where    model.id == \"claude-opus-4\"
    over     1h by caller.id
    let      calls = count()
    when     calls > 200
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let read = members(context);
    for rule in context.rules.iter().filter(|rule| !read.contains(rule.meant.name.as_str())) {
        let muted_by = rule.meant.mute.as_ref().is_some_and(|mute| mute.keys.is_some());
        let Some(window) = rule.meant.window.as_ref().filter(|_| !muted_by) else { continue };
        let held = rule.conditions().into_iter().filter_map(|pred| match &pred.kind {
            PredKind::Compare(Comparison::Equal, left, right) => {
                right.as_literal().and_then(|_| field(rule, left)).map(|of| (of, pred.span))
            }
            _ => None,
        });
        let held: Vec<_> = held.collect();
        let mut used = BTreeSet::new();
        rule.meant.walk(&mut |expr| {
            if let ExprKind::Key(n) = expr.kind {
                used.insert(n);
            }
        });
        for (_, key) in window.keys.iter().enumerate().filter(|(n, _)| !used.contains(n)) {
            let ExprKind::Field(of) = key.value.kind else { continue };
            let Some((_, at)) = held.iter().find(|(one, _)| *one == of) else { continue };
            let name = context.field(rule.meant, of);
            out.push(
                LINT.finding(format!("all rows have the same `{name}`, by which they are grouped"))
                    .at(key.value.span, "")
                    .at(*at, "one value only")
                    .help("take the key or the condition away"),
            );
        }
    }
}
