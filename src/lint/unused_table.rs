//! W0311 `unused-table`: a table in which nothing is looked up.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0311",
        name: "unused-table",
        kind: Kind::Care,
        level: Level::Warn,
        title: "table that nothing uses",
        why: "Whoever adds a row to it believes that alerts change. Look something up in it, or take it away.",
        bad: "
table owners from \"owners.csv\"

rule refused {
    severity low
    from     invocation
    where    status == 403
    show     caller.id
}",
        good: "
table owners from \"owners.csv\"

rule refused {
    severity low
    from     invocation
    where    status == 403
    show     caller.id, team = lookup(owners, caller.id, \"team\")
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let used = context.references();
    let tables = context.items(|kind| match kind {
        ItemKind::Table(table) => Some(table),
        _ => None,
    });
    for table in tables.into_iter().filter(|table| !used.contains(table.name.node.as_str())) {
        out.push(LINT.finding(format!("nothing uses the table `{}`", table.name.node)).at(table.name.span, ""));
    }
}
