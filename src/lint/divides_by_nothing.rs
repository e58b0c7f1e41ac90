//! W0147 `divides-by-nothing`: a ratio whose divisor is 0 where it matters most.

use super::context::plain;
use super::measure::{aggregate, bare, counts, each_with, threshold};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Arithmetic, Comparison, ExprKind, Pred};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0147",
        name: "divides-by-nothing",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "ratio that is missing where its divisor is 0",
        why: "What is divided by 0 is missing, and a comparison with what is missing is false. A ratio of failures to successes is so of the
caller who never succeeds: the worst of them does not alert. Write the product, `failed > 5 * succeeded`, which is never missing, or divide by
all calls.",
        bad: "
rule mostly_denied {
    severity medium
    from     activity
    over     1h by caller.id
    let      denied = count(where outcome == \"denied\"), passed = count(where outcome == \"success\")
    when     denied > 20 and denied / passed > 5
}",
        good: "
rule mostly_denied {
    severity medium
    from     activity
    over     1h by caller.id
    let      denied = count(where outcome == \"denied\"), passed = count(where outcome == \"success\")
    when     denied > 20 and denied > 5 * passed
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| rule.meant.aggregates.len() > 1) {
        let when = &rule.meant.when;
        each_with(when, &[], &mut |pred, beside| {
            let Some(ratio) = threshold(pred) else { return };
            let over = matches!(ratio.comparison, Comparison::Greater | Comparison::GreaterEqual);
            let ExprKind::Arithmetic(Arithmetic::Divide, part, whole) = &bare(rule, ratio.measure).kind else { return };
            let Some(divisor) = aggregate(rule, whole).filter(|of| over && counts(of) && of.filter.is_some()) else {
                return;
            };
            if aggregate(rule, part).is_none() {
                return;
            }
            // Whoever asks for the divisor itself, as a floor or as nothing, has thought of it.
            let whole = plain(bare(rule, whole));
            let asks = |other: &Pred| threshold(other).is_some_and(|one| plain(bare(rule, one.measure)) == whole);
            let mut asked = beside.iter().any(|other| asks(other));
            super::context::below(when, &mut |other| asked |= asks(other));
            if asked {
                return;
            }
            let name = divisor.function.name();
            out.push(
                LINT.finding(format!("false where the `{name}` that is divided by is 0"))
                    .at(pred.span, "")
                    .at(divisor.span, "may be 0")
                    .help("multiply instead: `a > 5 * b` is never missing; or divide by the count of all"),
            );
        });
    }
}
