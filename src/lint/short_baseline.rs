//! W0156 `short-baseline`: a p95 of fewer than 20 windows.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Question, Statistic};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0156",
        name: "short-baseline",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "p95 of so few windows that it is the greatest",
        why: "Of fewer than 20 values the 95th percentile by nearest rank is the greatest one. One bad window of the past then lifts the line for
all that follow, which a percentile is meant to prevent. Look back over more windows, or take the median.",
        bad: "
rule token_jump {
    severity medium
    from     invocation
    over     1d by caller.id
    let      total = sum(tokens.total)
    when     total > 100_000 and total > 3 * baseline(total, 7d, p95)
}",
        good: "
rule token_jump {
    severity medium
    from     invocation
    over     1d by caller.id
    let      total = sum(tokens.total)
    when     total > 100_000 and total > 3 * baseline(total, 30d, p95)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let Some(length) = rule.meant.window.as_ref().map(|window| window.length) else { continue };
        for look in rule.meant.looks.iter().filter(|look| rule.holds(look.span)) {
            let windows = look.length.checked_div(length).unwrap_or_default();
            // A single one has a lint of its own.
            if matches!(look.question, Question::Baseline(_, Statistic::P95)) && (2..20).contains(&windows) {
                out.push(
                    LINT.finding(format!("the p95 of {windows} windows is the greatest of them"))
                        .at(look.span, "")
                        .help("look back over 20 windows or more, or say `median` or `max`"),
                );
            }
        }
    }
}
