//! W0137 `constant-key`: a key of which `where` lets one value through.

use super::measure::field;
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
stands where another one was meant. Take the key away, or the condition. Keys that a correlation or `mute` reads are left alone.",
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
    for rule in &context.rules {
        let Some(window) = rule.meant.window.as_ref().filter(|_| rule.meant.mute.as_ref().is_none_or(|m| m.keys.is_none())) else {
            continue;
        };
        let held = rule.conditions().into_iter().filter_map(|pred| match &pred.kind {
            PredKind::Compare(Comparison::Equal, left, right) if right.as_literal().is_some() => Some((field(rule, left)?, pred.span)),
            _ => None,
        });
        let held: Vec<_> = held.collect();
        for key in &window.keys {
            let ExprKind::Field(of) = key.value.kind else { continue };
            let Some((_, at)) = held.iter().find(|(one, _)| *one == of) else { continue };
            let read = context.correlations.iter().any(|correlation| {
                correlation.meant.members.iter().any(|member| member.name == rule.meant.name)
            });
            if !read {
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
}
