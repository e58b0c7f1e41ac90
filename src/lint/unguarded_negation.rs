//! W0132 `unguarded-negation`: a test for what is outside of a list, which events without the field pass.

use super::context::{plain_pred, spelled};
use super::implies::implies;
use super::measure::field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Expr, ExprKind, Pred, PredKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0132",
        name: "unguarded-negation",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "negated test that events without the field pass",
        why: "What is missing is in no list, so `not in` holds of it. Events whose address the log does not know, such as calls that a cloud's
own service makes, then alert as if they came from elsewhere, and calls of no model as calls of one that is not allowed. Add `is present`; if
they are meant too, say `is missing or`.",
        bad: "
list offices = [198.51.100.0/24, 203.0.113.0/24]

rule from_elsewhere {
    severity medium
    from     activity
    where    outcome == \"success\" and source.ip not in offices
}",
        good: "
list offices = [198.51.100.0/24, 203.0.113.0/24]

rule from_elsewhere {
    severity medium
    from     activity
    where    outcome == \"success\" and source.ip is present and source.ip not in offices
}",
    },
    check,
};

/// Fields of which a negated test means what lies outside of a list. An unknown caller is as bad as one who is not in it, and what is missing
/// elsewhere is so for a reason that rules mean, as an error's code is.
const OUTSIDE: [&str; 6] = ["source.ip", "source.net", "source.country", "source.asn", "model.id", "deployment"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let conditions = rule.conditions();
        if !conditions.iter().any(|pred| matches!(pred.kind, PredKind::Not(_))) {
            continue;
        }
        let asked: Vec<Pred> = conditions.iter().map(|pred| spelled(rule, pred)).collect();
        // A row without the key is not counted, or under a name that says so.
        let keys: Vec<Pred> = rule
            .meant
            .window
            .iter()
            .flat_map(|window| &window.keys)
            .map(|key| spelled(rule, &Pred::new(PredKind::Present(key.value.clone()), key.value.span)))
            .collect();
        for pred in conditions {
            let PredKind::Not(inner) = &pred.kind else { continue };
            let Some(subject) = tested(inner).filter(|subject| matches!(subject.kind, ExprKind::Field(_))) else {
                continue;
            };
            let there = plain_pred(&Pred::new(PredKind::Present(subject.clone()), subject.span));
            if asked.iter().chain(&keys).any(|one| implies(one, &there)) {
                continue;
            }
            let Some(id) = field(rule, subject) else { continue };
            let name = context.field(rule.meant, id);
            if OUTSIDE.contains(&name) && outside(name, inner) {
                out.push(
                    LINT.finding(format!("events without `{name}` pass this"))
                        .at(pred.span, "so of what is missing")
                        .help(format!(
                            "add `{name} is present and`, or say that they are meant: `{name} is missing or`"
                        )),
                );
            }
        }
    }
}

/// Whether a test is of a list or network that something is to lie in: one address or model is taken out on purpose.
fn outside(name: &str, test: &Pred) -> bool {
    match &test.kind {
        PredKind::InNetwork(..) => true,
        PredKind::OneOf { options, .. } => options.len() > 1,
        _ => name == "source.country" || name == "source.asn",
    }
}

/// What a test compares with constants.
fn tested(pred: &Pred) -> Option<&Expr> {
    match &pred.kind {
        PredKind::Compare(Comparison::Equal, subject, value) | PredKind::EqualNoCase(subject, value) => {
            value.as_literal().map(|_| subject)
        }
        PredKind::OneOf { subject, .. }
        | PredKind::InNetwork(subject, _)
        | PredKind::Text { subject, .. }
        | PredKind::Matches { subject, .. } => Some(subject),
        _ => None,
    }
}
