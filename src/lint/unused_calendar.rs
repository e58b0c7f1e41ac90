//! W0313 `unused-calendar`: calendar that no condition names.

use super::unused::unused;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0313",
        name: "unused-calendar",
        kind: Kind::Care,
        level: Level::Warn,
        title: "calendar that nothing uses",
        why: "Whoever changes its hours believes that a rule goes by them. Use it with `during`, or take it away.",
        bad: "
calendar office { zone \"Europe/Berlin\"  mon..fri 07:00..20:00 }

rule used_at_night {
    severity low
    from     activity
    where    operation == \"bedrock:InvokeModel\" and hour(time) < 6
}",
        good: "
calendar office { zone \"Europe/Berlin\"  mon..fri 07:00..20:00 }

rule used_at_night {
    severity low
    from     activity
    where    operation == \"bedrock:InvokeModel\" and not during(time, office)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let names = context.items(|kind| match kind {
        ItemKind::Calendar(declared) => Some(&declared.name),
        _ => None,
    });
    out.extend(unused(&LINT, context, "calendar", names, "`during(time, {name})`"));
}
