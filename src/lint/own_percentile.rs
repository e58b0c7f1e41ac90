//! W0142 `own-percentile`: statistics of the same values compared in an order that they never have, or always.

use super::measure::{SeenRule, aggregate, bare, constant, greater_and_lesser, over_the_same};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Aggregate, AggregateFunction, Arithmetic, Comparison, Expr, ExprKind, PredKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0142",
        name: "own-percentile",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "group compared with itself",
        why: "An average is not over the 95th percentile of the values that it is of, and a total is over it as soon as there are some values:
neither says anything of what is unusual. Compare with the past of the same group, by `baseline(m, 7d, p95)`, or with a line.",
        bad: "
rule token_anomaly {
    severity medium
    from     invocation
    over     1h by caller.id
    let      usual = avg(tokens.total), high = percentile(tokens.total, 95)
    when     usual > 2 * high
}",
        good: "
rule token_anomaly {
    severity medium
    from     invocation
    over     1h by caller.id
    let      usual = avg(tokens.total)
    when     usual > 2_000 and usual > 2 * baseline(usual, 7d, p95)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| rule.meant.aggregates.len() > 1) {
        rule.each_pred(&mut |pred| {
            let Some((large, small)) = greater_and_lesser(pred) else { return };
            let (Some(greater), Some((times, lesser))) = (aggregate(rule, large), scaled(rule, small)) else { return };
            if !over_the_same(greater, lesser) {
                return;
            }
            // Where all values are the same, so are their statistics: `min(x) >= max(x)` finds programs.
            let strict = matches!(&pred.kind, PredKind::Compare(Comparison::Greater | Comparison::Less, ..));
            let never = times > 1.0 || (times >= 1.0 && strict);
            let (large, small) = (context.text(large.span), context.text(small.span));
            let message = match order(&greater.function, &lesser.function) {
                Some(Order::Never) if never => format!("`{large}` is never over `{small}`"),
                Some(Order::HardlyEver) if never => format!("`{large}` is hardly ever over `{small}`"),
                Some(Order::Total) if times <= 2.0 => {
                    format!("`{large}` is over `{small}` as soon as there are some values")
                }
                _ => return,
            };
            out.push(
                LINT.finding(message)
                    .at(pred.span, "both of the same values")
                    .help("compare with the time before: `baseline(…, 7d, p95)`, or with a constant"),
            );
        });
    }
}

/// How two statistics of the same values stand to one another.
enum Order {
    Never,
    HardlyEver,
    Total,
}

fn order(greater: &AggregateFunction, lesser: &AggregateFunction) -> Option<Order> {
    use AggregateFunction::{Avg, Max, Min, Percentile, Sum};
    const HIGH: u64 = 90_000_000_000;
    let rank = |of: &AggregateFunction| match of {
        Min => Some(0),
        Percentile(p) => Some(*p),
        Max => Some(u64::MAX),
        _ => None,
    };
    match (greater, lesser) {
        (Avg, Max) | (Min, Avg) => Some(Order::Never),
        (Avg, Percentile(p)) if *p >= HIGH => Some(Order::HardlyEver),
        (Sum, Percentile(_) | Avg) => Some(Order::Total),
        _ => (rank(greater)? <= rank(lesser)?).then_some(Order::Never),
    }
}

/// An aggregate, and how many times it is taken.
fn scaled<'e>(rule: &'e SeenRule<'_>, expr: &'e Expr) -> Option<(f64, &'e Aggregate)> {
    match &bare(rule, expr).kind {
        ExprKind::Arithmetic(Arithmetic::Multiply, left, right) => {
            let (times, of) = constant(left).map(|n| (n, right)).or_else(|| Some((constant(right)?, left)))?;
            Some((times, aggregate(rule, of)?))
        }
        _ => Some((1.0, aggregate(rule, expr)?)),
    }
}
