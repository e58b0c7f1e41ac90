//! W0310 `unused-list`: a list that no condition names.

use super::unused::unused;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0310",
        name: "unused-list",
        kind: Kind::Care,
        level: Level::Warn,
        title: "list that nothing uses",
        why: "Whoever adds a phrase to it believes that a rule looks for it now. Use the list, or take it away.",
        bad: "
list phrases = [\"ignore previous\", \"system prompt\"]

rule injection {
    severity low
    from     invocation
    where    prompt contains any of [\"ignore previous\"] nocase
}",
        good: "
list phrases = [\"ignore previous\", \"system prompt\"]

rule injection {
    severity low
    from     invocation
    where    prompt contains any of phrases nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let names = context.items(|kind| match kind {
        ItemKind::List(declared) => Some(&declared.name),
        _ => None,
    });
    out.extend(unused(&LINT, context, "list", names, "`… in {name}`, `… contains any of {name}`"));
}
