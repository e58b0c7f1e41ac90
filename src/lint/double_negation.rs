//! W0109 `double-negation`: `not` before a test that has a negation of its own.

use super::written::{bare, between, shown, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, IsWhat, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0109",
        name: "double-negation",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "negation that a word of its own says",
        why: "`not x != y` takes a reader two turns to understand, and who edits it loses one of them. The language has a word for each: `!=`, `not in`,
`not contains`, `is missing`, `is present`. `--fix` writes it.",
        bad: "
rule other_model {
    severity low
    from     invocation
    where    not (model.id in [\"claude-haiku\", \"claude-opus\"]) and not guardrail.id is present
}",
        good: "
rule other_model {
    severity low
    from     invocation
    where    model.id not in [\"claude-haiku\", \"claude-opus\"] and guardrail.id is missing
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    context.each_written(&mut |expr| {
        if let ExprKind::Not(inner) = &*expr.node
            && let Some(plain) = without(context, inner)
        {
            let finding = LINT.finding(format!("`{}` has a plainer form", shown(context, expr.span))).at(expr.span, "");
            let finding = finding.help(format!("write `{plain}`"));
            // A comment would be lost.
            out.push(if context.text(expr.span).contains("//") { finding } else { finding.fix(expr.span, plain) });
        }
    });
}

/// The complement of a test as a test.
fn without(context: &Context<'_>, inner: &Expr) -> Option<String> {
    match &*inner.node {
        ExprKind::Test(test) => {
            let ordered =
                matches!(test.op.node, TestOp::Less | TestOp::LessEqual | TestOp::Greater | TestOp::GreaterEqual);
            let equal = matches!(test.op.node, TestOp::Equal | TestOp::NotEqual);
            // Of a missing value `not x < 5` is true and `x >= 5` is not; `x != any of …` is misread.
            if ordered || (equal && test.quantifier.is_some()) {
                return None;
            }
            between(context, test)?;
            let whole = bare(context, inner.span, test.left.span)?;
            let rest = context.text(Span { start: test.right.span.start, ..whole });
            let quantifier = test.quantifier.map_or(String::new(), |q| format!("{} of ", q.word()));
            let words = words(test.op.node, !test.negated);
            Some(format!("{} {words} {quantifier}{rest}", context.text(test.left.span)))
        }
        ExprKind::Is(left, negated, what) => {
            bare(context, inner.span, left.span)?;
            let word = match (what, negated) {
                (IsWhat::Missing, false) | (IsWhat::Present, true) => "present".to_owned(),
                (IsWhat::Present, false) | (IsWhat::Missing, true) => "missing".to_owned(),
                (IsWhat::Operations(name), false) => format!("not {}", context.text(name.span)),
                (IsWhat::Operations(name), true) => context.text(name.span).to_owned(),
            };
            Some(format!("{} is {word}", context.text(left.span)))
        }
        _ => None,
    }
}
