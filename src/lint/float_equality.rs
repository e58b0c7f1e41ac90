//! W0120 `float-equality`: `==`, `!=` or `in` with a float that was computed.

use std::collections::BTreeSet;

use super::written::shown;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Expr, ExprKind, Literal, PredKind, Type};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0120",
        name: "float-equality",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "computed float compared for equality",
        why: "What was computed is rounded: `0.1 + 0.2` is not `0.3`, and an average is hardly ever exactly 0.8. The test is false of nearly every window. Ask for
a range: `share >= 0.8`.",
        bad: "
rule failing {
    severity low
    from     invocation
    over     1h by caller.id
    let      calls = count(), failed = count(where status >= 500), share = failed / calls
    when     share == 0.8
}",
        good: "
rule failing {
    severity low
    from     invocation
    over     1h by caller.id
    let      calls = count(), failed = count(where status >= 500), share = failed / calls
    when     share >= 0.8
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let computed = |expr: &Expr| {
            let expr = rule.behind(expr);
            expr.ty == Type::Float
                && matches!(expr.kind, ExprKind::Arithmetic(..) | ExprKind::Aggregate(_) | ExprKind::Look(_))
        };
        let mut done = BTreeSet::new();
        rule.each_pred(&mut |pred| {
            let wrong = match &pred.kind {
                PredKind::Compare(Comparison::Equal, left, right) => {
                    (computed(left) && !whole(right)) || (computed(right) && !whole(left))
                }
                PredKind::OneOf { subject, options, .. } => computed(subject) && !options.iter().all(is_whole),
                _ => false,
            };
            if wrong && done.insert(pred.span) {
                let finding = LINT.finding(format!("`{}` compares a computed float", shown(context, pred.span)));
                out.push(finding.at(pred.span, "it is rounded").help("ask for a range with `<` and `>`"));
            }
        });
    }
}

/// Whether it is a whole number: quotients and sums can be those exactly.
fn whole(expr: &Expr) -> bool {
    expr.as_literal().is_some_and(is_whole)
}

fn is_whole(literal: &Literal) -> bool {
    match literal {
        Literal::Float(n) => n.fract() == 0.0,
        Literal::Int(_) => true,
        _ => false,
    }
}
