//! W0314 `unused-prices`: a price list that no rule counts by.

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
    let used = context.references();
    let lists = context.items(|kind| match kind {
        ItemKind::Prices(prices) => Some(prices),
        _ => None,
    });
    // Without a name `cost` is by the only list.
    let only = lists.len() == 1 && used.contains("cost");
    for unused in lists.into_iter().filter(|list| !only && !used.contains(list.name.node.as_str())) {
        out.push(LINT.finding(format!("nothing uses the prices `{}`", unused.name.node)).at(unused.name.span, ""));
    }
}
