//! W0314 `unused-prices`: a price list that no rule counts by.

use super::unused::unused;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0314",
        name: "unused-prices",
        kind: Kind::Care,
        level: Level::Warn,
        title: "prices that nothing uses",
        why: "Whoever changes a price believes that an alert hangs on it. `cost` reads the pack's only list; where there are several, `cost(NAME)` says which. Use it, or
take it away.",
        bad: "
prices list_2026 {
    currency USD
    model \"*claude*\" from 2026-01-01 input = 3, output = 15
}

rule spent {
    severity medium
    from     invocation
    over     1h by caller.id
    when     sum(tokens.total) > 1_000_000
}",
        good: "
prices list_2026 {
    currency USD
    model \"*claude*\" from 2026-01-01 input = 3, output = 15
}

rule spent {
    severity medium
    from     invocation
    over     1h by caller.id
    when     sum(cost) > 100
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let names = context.items(|kind| match kind {
        ItemKind::Prices(declared) => Some(&declared.name),
        _ => None,
    });
    // Without a name `cost` is by the only list.
    if names.len() > 1 || !context.references().contains("cost") {
        out.extend(unused(&LINT, context, "prices", names, "`cost({name})`"));
    }
}
