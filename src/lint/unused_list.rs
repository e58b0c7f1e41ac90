//! W0310 `unused-list`: a list that no condition names.

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
    let used = context.references();
    let lists = context.items(|kind| match kind {
        ItemKind::List(list) => Some(list),
        _ => None,
    });
    for list in lists.into_iter().filter(|list| !used.contains(list.name.node.as_str())) {
        out.push(LINT.finding(format!("nothing uses the list `{}`", list.name.node)).at(list.name.span, ""));
    }
}
