//! W0106 `repeated-element`: a list that has an element twice.

use std::collections::BTreeMap;

use super::written::{Counted, gone, lists, text_of};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{Expr, ExprKind};

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
    let counted = Counted::of(context);
    for (name, items) in lists(context) {
        of_list(context, items, counted.has(&name.node), out);
    }
    context.each_written(&mut |expr| {
        if let ExprKind::List(items) = &*expr.node {
            of_list(context, items, counted.has_at(expr.span), out);
        }
    });
}

/// Finds what a list has twice. Where its elements are counted, taking one away would change the count.
fn of_list(context: &Context<'_>, items: &[Expr], counted: bool, out: &mut Vec<Diagnostic>) {
    // By how each begins: long lists are made by programs.
    let mut before: BTreeMap<&str, Vec<&Expr>> = BTreeMap::new();
    for (n, item) in items.iter().enumerate() {
        let same = before.entry(text_of(item).unwrap_or_default()).or_default();
        let Some(first) = same.iter().find(|first| first.node == item.node) else {
            same.push(item);
            continue;
        };
        let finding = LINT
            .finding(format!("`{}` is in the list already", context.text(item.span)))
            .at(item.span, "again")
            .at(first.span, "first here")
            .help("take it away, or write what was meant");
        out.push(match gone(context, items, n).filter(|_| !counted) {
            Some(span) => finding.fix(span, ""),
            None => finding,
        });
    }
}
