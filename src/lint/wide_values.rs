//! W0209 `wide-values`: more than a hundred values in an alert.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::AggregateFunction;

/// Most values that say nothing.
const MOST: u32 = 100;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0209",
        name: "wide-values",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "alert with more than a hundred values",
        why: "`values(x, n)` and `top(x, n)` are for whoever reads the alert, and nobody reads hundreds; ticket systems cut them off. Show a few and how
many there were: `values(model.id, 10)` and `distinct(model.id)`.",
        bad: "
rule many_models {
    severity low
    from     invocation
    over     1h by caller.id
    let      models = distinct(model.id)
    when     models > 10
    show     seen = values(model.id, 1_000)
}",
        good: "
rule many_models {
    severity low
    from     invocation
    over     1h by caller.id
    let      models = distinct(model.id)
    when     models > 10
    show     seen = values(model.id, 20)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for aggregate in context.rules.iter().flat_map(|rule| &rule.meant.aggregates) {
        if let AggregateFunction::Values(n) | AggregateFunction::Top(n) = aggregate.function
            && n > MOST
        {
            let finding = LINT.finding(format!("up to {n} values in one alert")).at(aggregate.span, "");
            out.push(finding.help("take a few of them, and `distinct(…)` for how many there were"));
        }
    }
}
