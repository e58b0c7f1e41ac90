//! W0140 `baseline-without-floor`: a measure that has to be a multiple of its past, however small both are.

use super::context::plain;
use super::measure::{SeenRule, bare, constant, each_with, greater_and_lesser, threshold};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Arithmetic, Comparison, Expr, ExprKind, Function, Pred, PredKind, Question, Statistic};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0140",
        name: "baseline-without-floor",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "multiple of a baseline without a floor",
        why: "A caller who made one call an hour alerts with six. Most groups are small, so most alerts of such a rule are about nothing. Ask for
an amount that matters beside the multiple.",
        bad: "
rule token_jump {
    severity medium
    from     invocation
    over     1h by caller.id
    let      total = sum(tokens.total)
    when     total > 5 * baseline(total, 7d)
}",
        good: "
rule token_jump {
    severity medium
    from     invocation
    over     1h by caller.id
    let      total = sum(tokens.total)
    when     total > 20_000 and total > 5 * baseline(total, 7d)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| !rule.meant.looks.is_empty()) {
        each_with(&rule.meant.when, &[], &mut |pred, beside| {
            let Some((greater, lesser)) = greater_and_lesser(pred) else { return };
            let measure = plain(bare(rule, greater));
            let mut past = None;
            lesser.walk(&mut |expr| {
                let ExprKind::Look(n) = expr.kind else { return };
                if let Some(Question::Baseline(value, statistic)) = rule.meant.looks.get(n).map(|look| &look.question)
                    && *statistic != Statistic::Stddev
                    && plain(bare(rule, value)) == measure
                {
                    past = Some(expr.span);
                }
            });
            if past.is_some() && !beside.iter().any(|other| is_floor(rule, other)) && !has_floor(lesser) {
                let name = context.text(greater.span);
                out.push(
                    LINT.finding(format!("any `{name}` is enough, if it was small before"))
                        .at(pred.span, "no floor")
                        .help(format!("ask for an amount that matters too: `{name} > … and`")),
                );
            }
        });
    }
}

/// Whether a condition asks for an amount, or for one of several.
fn is_floor(rule: &SeenRule<'_>, pred: &Pred) -> bool {
    match &pred.kind {
        PredKind::Any(preds) => preds.iter().all(|pred| is_floor(rule, pred)),
        PredKind::All(preds) => preds.iter().any(|pred| is_floor(rule, pred)),
        _ => threshold(pred).is_some_and(|one| {
            let over = matches!(one.comparison, Comparison::Greater | Comparison::GreaterEqual) && one.line > 0.0;
            // A share is as large of two calls.
            over && !matches!(bare(rule, one.measure).kind, ExprKind::Arithmetic(Arithmetic::Divide, ..))
        }),
    }
}

/// Whether a line can't be lower than a constant: `100 + baseline(…)`, `greatest(100, baseline(…))`.
fn has_floor(line: &Expr) -> bool {
    match &line.kind {
        ExprKind::Arithmetic(Arithmetic::Add, left, right) => {
            [left, right].into_iter().any(|side| constant(side).is_some_and(|n| n > 0.0) || has_floor(side))
        }
        ExprKind::Call(Function::Greatest, args) => args.iter().any(|arg| constant(arg).is_some()),
        _ => false,
    }
}
