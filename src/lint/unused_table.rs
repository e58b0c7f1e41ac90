//! W0311 `unused-table`: a table in which nothing is looked up.

use super::unused::unused;
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
        why: "Whoever adds a row to it believes that alerts change. Look something up in it, or take it away.

```text owners.csv
caller,team
alice,search
```",
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
    let names = context.items(|kind| match kind {
        ItemKind::Table(declared) => Some(&declared.name),
        _ => None,
    });
    out.extend(unused(&LINT, context, "table", names, "`lookup({name}, key, \"column\")`"));
}
