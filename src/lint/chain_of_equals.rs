//! W0110 `chain-of-equals`: three or more `==` of one value, joined by `or`.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{Comparison, Expr, ExprKind, Literal, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0110",
        name: "chain-of-equals",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "one value compared again and again",
        why: "Three or more `==` of one value in a row are a list that is hard to see. In a list a missing or doubled element stands out, and the next one
is added without copying the test. `--fix` writes `in […]`, or `not in […]` for `!=` with `and`.",
        bad: "
rule frontier_models {
    severity low
    from     invocation
    where    model.id == \"claude-opus\" or model.id == \"gpt-5\" or model.id == \"gemini-ultra\"
}",
        good: "
rule frontier_models {
    severity low
    from     invocation
    where    model.id in [\"claude-opus\", \"gpt-5\", \"gemini-ultra\"]
}",
    },
    check,
};

/// Fewer are read as well without a list.
const FEWEST: usize = 3;

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    context.each_written(&mut |expr| match &*expr.node {
        ExprKind::Or(operands) => of(context, operands, TestOp::Equal, out),
        ExprKind::And(operands) => of(context, operands, TestOp::NotEqual, out),
        _ => {}
    });
}

/// Looks for neighbours that compare one value.
fn of(context: &Context<'_>, operands: &[Expr], op: TestOp, out: &mut Vec<Diagnostic>) {
    let mut rest = operands;
    while let Some((first, behind)) = rest.split_first() {
        let alike = behind.iter().take_while(|other| same(first, other, op)).count();
        let (chain, others) = rest.split_at(alike + 1);
        rest = others;
        if chain.len() < FEWEST {
            continue;
        }
        let (Some(Comparison { left, nocase, .. }), Some(last)) = (compared(first, op), chain.last()) else { continue };
        let span = first.span.to(last.span);
        let elements: Vec<&str> =
            chain.iter().filter_map(|one| compared(one, op)).map(|test| context.text(test.right.span)).collect();
        let word = if op == TestOp::Equal { "in" } else { "not in" };
        let nocase = if *nocase { " nocase" } else { "" };
        let subject = context.text(left.span);
        let short = format!("{subject} {word} [{}]{nocase}", elements.join(", "));
        let finding = LINT.finding(format!("`{subject}` is compared {} times", chain.len())).at(span, "");
        let finding = finding.help(format!("write it as a list: `{subject} {word} […]{nocase}`"));
        // A comment between two of them would be lost.
        out.push(if context.text(span).contains("//") { finding } else { finding.fix(span, short) });
    }
}

/// A comparison with a constant that a list may hold.
fn compared(expr: &Expr, op: TestOp) -> Option<&Comparison> {
    match &*expr.node {
        ExprKind::Test(test) if test.op.node == op && test.quantifier.is_none() => kind(test).map(|_| test),
        _ => None,
    }
}

fn kind(test: &Comparison) -> Option<u8> {
    match (&*test.left.node, &*test.right.node) {
        (ExprKind::Literal(_), _) => None,
        (_, ExprKind::Literal(Literal::Text(..))) => Some(0),
        // Larger ones may be another number among floats.
        (_, ExprKind::Literal(Literal::Int(n, _))) if i32::try_from(*n).is_ok() => Some(1),
        (_, ExprKind::Literal(Literal::Address(..))) => Some(2),
        (_, ExprKind::Literal(Literal::Duration(..))) => Some(3),
        _ => None,
    }
}

fn same(first: &Expr, other: &Expr, op: TestOp) -> bool {
    compared(first, op).zip(compared(other, op)).is_some_and(|(first, other)| {
        first.left.node == other.left.node && first.nocase == other.nocase && kind(first) == kind(other)
    })
}
