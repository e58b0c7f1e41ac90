//! W0141 `deviation-of-small-sample`: the greatest value of a window against the spread of the same window.

use super::measure::{SeenRule, aggregate, bare, constant, greater_and_lesser, over_the_same};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Aggregate, AggregateFunction, Arithmetic, Expr, ExprKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0141",
        name: "deviation-of-small-sample",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "greatest value against the spread of its own window",
        why: "Of many values the greatest one lies some deviations over the mean as a matter of course, and of few it can't: of n values none
lies more than (n-1)/sqrt(n) deviations over their mean, which is below 3 for ten. So the test holds of large groups and fails on small ones,
whatever happened. Compare with the past, `baseline(m, 30d)`, or with a line.",
        bad: "
rule one_large_prompt {
    severity medium
    from     invocation
    over     1d by caller.id
    let      largest = max(tokens.input), usual = avg(tokens.input), spread = stddev(tokens.input)
    when     largest > usual + 3 * spread
}",
        good: "
rule one_large_prompt {
    severity medium
    from     invocation
    over     1d by caller.id
    let      largest = max(tokens.input)
    when     largest > 10_000 and largest > 3 * baseline(largest, 30d, median)
}",
    },
    check,
};

/// More deviations than these are no chance, even of a million values that lie far apart.
const MANY: f64 = 5.0;

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| !rule.meant.aggregates.is_empty()) {
        rule.each_pred(&mut |pred| {
            let Some((greater, lesser)) = greater_and_lesser(pred) else { return };
            let Some(largest) = aggregate(rule, greater).filter(|one| one.function == AggregateFunction::Max) else {
                return;
            };
            let ExprKind::Arithmetic(Arithmetic::Add, left, right) = &bare(rule, lesser).kind else { return };
            let mean = |side: &Expr| {
                aggregate(rule, side).is_some_and(|a| a.function == AggregateFunction::Avg && over_the_same(a, largest))
            };
            let spread = match (mean(left), mean(right)) {
                (true, false) => deviations(rule, right),
                (false, true) => deviations(rule, left),
                _ => None,
            };
            if spread.is_some_and(|(times, of)| times <= MANY && over_the_same(of, largest)) {
                out.push(
                    LINT.finding(
                        "the greatest of many values is this far from their mean by chance, and of few it can't be",
                    )
                    .at(pred.span, "")
                    .help("compare with the time before: `baseline(…, 30d)`, or with a constant"),
                );
            }
        });
    }
}

/// How many standard deviations, and of what.
fn deviations<'e>(rule: &'e SeenRule<'_>, expr: &'e Expr) -> Option<(f64, &'e Aggregate)> {
    let of = |expr| aggregate(rule, expr).filter(|one| one.function == AggregateFunction::Stddev);
    match &bare(rule, expr).kind {
        ExprKind::Arithmetic(Arithmetic::Multiply, left, right) => {
            let (times, spread) = constant(left).map(|n| (n, right)).or_else(|| Some((constant(right)?, left)))?;
            Some((times, of(spread)?))
        }
        _ => Some((1.0, of(expr)?)),
    }
}
