//! W0106 `repeated-element`: a list that has an element twice.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, ListBody};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0106",
        name: "repeated-element",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "element that a list has twice",
        why: "The second one changes nothing. Mostly it was to be another one: a phrase that was copied and not edited, or two lists that were put
together. `--fix` takes it away.",
        bad: "
rule injection {
    severity low
    from     invocation
    where    prompt contains any of [\"ignore previous\", \"system prompt\", \"ignore previous\"] nocase
}",
        good: "
rule injection {
    severity low
    from     invocation
    where    prompt contains any of [\"ignore previous\", \"system prompt\"] nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let named = context.items(|kind| match kind {
        ItemKind::List(list) => Some(list),
        _ => None,
    });
    for list in named {
        if let ListBody::Elements(items) = &list.body {
            of_list(context, items, out);
        }
    }
    context.each_written(&mut |expr| {
        if let ExprKind::List(items) = &*expr.node {
            of_list(context, items, out);
        }
    });
}

fn of_list(context: &Context<'_>, items: &[Expr], out: &mut Vec<Diagnostic>) {
    for (n, item) in items.iter().enumerate().skip(1) {
        let Some(before) = items.get(n - 1) else { continue };
        if let Some(first) = items.iter().take(n).find(|first| first.node == item.node) {
            let finding = LINT
                .finding(format!("`{}` is in the list already", context.text(item.span)))
                .at(item.span, "again")
                .at(first.span, "first here");
            out.push(finding.fix(crate::source::Span { start: before.span.end, ..item.span }, ""));
        }
    }
}
