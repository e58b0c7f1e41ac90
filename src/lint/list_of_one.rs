//! W0111 `list-of-one`: a list in brackets that holds one constant.

use super::written::{between, each_test, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{ExprKind, Literal, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0111",
        name: "list-of-one",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "list with one element",
        why: "`x in [\"a\"]` is `x == \"a\"`, said so that a reader looks for the other elements. Mostly they were taken out one by one, or are still missing.
Add them, or let `--fix` write the plain test.",
        bad: "
rule one_model {
    severity low
    from     invocation
    where    model.id in [\"claude-opus\"]
}",
        good: "
rule one_model {
    severity low
    from     invocation
    where    model.id == \"claude-opus\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    each_test(context, &mut |_, test| {
        let ExprKind::List(items) = &*test.right.node else { return };
        let [only] = items.as_slice() else { return };
        let network = matches!(&*only.node, ExprKind::Literal(Literal::Network(..)));
        let words = match test.op.node {
            TestOp::In if !network => words(TestOp::Equal, test.negated),
            op => words(op, test.negated),
        };
        let plain = format!(" {words} {}", context.text(only.span));
        let finding =
            LINT.finding(format!("`{}` is a list of one", context.text(test.right.span))).at(test.right.span, "");
        let finding = finding.help(format!("write `{}`, or add what is missing", plain.trim()));
        out.push(match between(context, test).filter(|_| !context.text(test.right.span).contains("//")) {
            Some(operator) => finding.fix(operator.to(test.right.span), plain),
            None => finding,
        });
    });
}
