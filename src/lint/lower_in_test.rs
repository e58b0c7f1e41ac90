//! W0119 `lower-in-test`: `lower(x)` or `upper(x)` beside a text of the same case.

use super::written::{between, each_test, lists, text_of};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{Argument, Expr, ExprKind, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0119",
        name: "lower-in-test",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "`lower` where `nocase` says it",
        why: "`x == \"abc\" nocase` finds what `lower(x) == \"abc\"` finds, says what is meant, and can't be broken by a capital in the text. Targets that compare
without case do so faster. `--fix` writes it.",
        bad: "
rule opus {
    severity low
    from     invocation
    where    lower(model.id) contains \"opus\"
}",
        good: "
rule opus {
    severity low
    from     invocation
    where    model.id contains \"opus\" nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let named = lists(context);
    each_test(context, &mut |whole, test| {
        let Some((word, inner)) = folded(&test.left).filter(|_| !test.nocase) else { return };
        let texts = matches!(
            test.op.node,
            TestOp::Equal | TestOp::NotEqual | TestOp::In | TestOp::Contains | TestOp::StartsWith | TestOp::EndsWith
        );
        let right = match &*test.right.node {
            ExprKind::List(items) if items.iter().all(|item| fits(item, word)) => context.text(test.right.span),
            ExprKind::Call(..) => match folded(&test.right) {
                Some((other, inner)) if other == word => context.text(inner.span),
                _ => return,
            },
            ExprKind::Reference(name, _)
                if named
                    .iter()
                    .any(|(list, items)| list.node == name.node && items.iter().all(|item| fits(item, word))) =>
            {
                context.text(test.right.span)
            }
            _ if fits(&test.right, word) => context.text(test.right.span),
            _ => return,
        };
        if !texts || context.text(whole.span).contains("//") {
            return;
        }
        let Some(operator) = between(context, test) else { return };
        let finding = LINT.finding(format!("`nocase` says what `{word}` does here")).at(test.left.span, "");
        let plain = format!("{}{}{right} nocase", context.text(inner.span), context.text(operator));
        let finding = finding.help(format!("write `{plain}`"));
        out.push(finding.fix(test.left.span.to(test.right.span), plain));
    });
}

/// What `lower(x)` or `upper(x)` is of.
fn folded(expr: &Expr) -> Option<(&str, &Expr)> {
    let ExprKind::Call(name, arguments, suffixes) = &*expr.node else { return None };
    let [Argument { value: Some(value), .. }] = arguments.as_slice() else { return None };
    (matches!(name.node.as_str(), "lower" | "upper") && suffixes.is_empty()).then_some((name.node.as_str(), value))
}

/// Whether it is a constant text in the case that a fold gives.
fn fits(expr: &Expr, word: &str) -> bool {
    let lost = |c: char| if word == "lower" { c.is_ascii_uppercase() } else { c.is_ascii_lowercase() };
    text_of(expr).is_some_and(|text| !text.contains(lost))
}
