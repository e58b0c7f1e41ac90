//! W0118 `folded-case`: a text with letters that `lower` or `upper` leaves none of.

use std::collections::BTreeSet;

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Expr, ExprKind, Function, Literal, PredKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0118",
        name: "folded-case",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "text that is sought in the wrong case",
        why: "`lower(x)` has no letter A–Z, so nothing in it is equal to `\"Claude\"` or contains `\"AKIA\"`; `upper(x)`, `host(x)` and `hash(x)` are alike. The test is
false of every event. Write the text in the case of the value, or ask the value itself with `nocase`.",
        bad: "
rule opus {
    severity low
    from     invocation
    where    lower(model.id) contains \"Opus\"
}",
        good: "
rule opus {
    severity low
    from     invocation
    where    lower(model.id) contains \"opus\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let mut done = BTreeSet::new();
        rule.each_pred(&mut |pred| {
            let (subject, texts) = match &pred.kind {
                PredKind::Compare(Comparison::Equal, left, right) => match (text(left), text(right)) {
                    (None, Some(one)) => (left, vec![(one, right.span)]),
                    (Some(one), None) => (right, vec![(one, left.span)]),
                    _ => return,
                },
                PredKind::OneOf { subject, options, nocase: false } => {
                    (subject, options.iter().filter_map(Literal::as_text).map(|one| (one, pred.span)).collect())
                }
                PredKind::Text { subject, needles, nocase: false, .. } => {
                    (subject, needles.iter().filter_map(|needle| Some((text(needle)?, needle.span))).collect())
                }
                _ => return,
            };
            let Some((name, lost)) = folding(rule.behind(subject)) else { return };
            let wrong: Vec<_> = texts.into_iter().filter(|(text, _)| text.chars().any(|c| lost(&c))).collect();
            if let Some((text, span)) = wrong.first()
                && done.insert(pred.span)
            {
                let help = if name == "upper" { "upper" } else { "lower" };
                let finding = LINT.finding(format!("`{text}` is never found in what `{name}` gives")).at(*span, "");
                out.push(finding.help(format!("write it in {help} case, or compare the value itself with `nocase`")));
            }
        });
    }
}

fn text(expr: &Expr) -> Option<&str> {
    expr.as_literal()?.as_text()
}

/// The function's name, and whether it leaves none of a letter.
type Folding = (&'static str, fn(&char) -> bool);

/// What folds a value, and which letters it has none of.
fn folding(expr: &Expr) -> Option<Folding> {
    match &expr.kind {
        ExprKind::Call(Function::Lower, args) => {
            let host = args
                .iter()
                .any(|arg| matches!(arg.kind, ExprKind::Call(Function::Extract(_), _)) && arg.span == expr.span);
            Some((if host { "host" } else { "lower" }, char::is_ascii_uppercase))
        }
        ExprKind::Call(Function::Upper, _) => Some(("upper", char::is_ascii_lowercase)),
        ExprKind::Call(Function::Hash, _) => Some(("hash", char::is_ascii_uppercase)),
        _ => None,
    }
}
