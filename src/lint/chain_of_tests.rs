//! W0110 `chain-of-tests`: three or more tests of one kind of one value, joined by `or`.

use super::pattern_without_pattern::plain_text;
use super::written::words;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{Comparison, Expr, ExprKind, Literal, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0110",
        name: "chain-of-tests",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "one value tested again and again",
        why: "Three or more `==` or `contains` of one value in a row are a list that is hard to see. In a list a missing or doubled element stands out, and the next one
is added without copying the test. `--fix` writes `in […]` or `contains any of […]`, and the like with `not`.",
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
        ExprKind::Or(operands) => of(context, operands, false, out),
        ExprKind::And(operands) => of(context, operands, true, out),
        _ => {}
    });
}

/// Looks for neighbours that test one value in one way: `or` between tests, `and` between negated ones.
fn of(context: &Context<'_>, operands: &[Expr], negated: bool, out: &mut Vec<Diagnostic>) {
    let mut rest = operands;
    while let Some((first, behind)) = rest.split_first() {
        let alike = behind.iter().take_while(|other| same(first, other, negated)).count();
        let (chain, others) = rest.split_at(alike + 1);
        rest = others;
        if chain.len() < FEWEST {
            continue;
        }
        let (Some(link), Some(last)) = (link(first, negated), chain.last()) else { continue };
        let span = first.span.to(last.span);
        let tests = chain.iter().filter_map(|one| self::link(one, negated));
        let elements: Vec<&str> = tests.map(|one| context.text(one.test.right.span)).collect();
        let word = match link.op {
            TestOp::Equal => words(TestOp::In, negated),
            op => format!("{} any of", words(op, negated)),
        };
        let nocase = if link.test.nocase { " nocase" } else { "" };
        let subject = context.text(link.test.left.span);
        let short = format!("{subject} {word} [{}]{nocase}", elements.join(", "));
        let finding = LINT.finding(format!("`{subject}` is tested {} times in one way", chain.len())).at(span, "");
        let finding = finding.help(format!("write it as a list: `{subject} {word} […]{nocase}`"));
        // A comment between two of them would be lost.
        out.push(if context.text(span).contains("//") { finding } else { finding.fix(span, short) });
    }
}

/// A test with a constant that a list may hold.
struct Link<'a> {
    test: &'a Comparison,
    /// Without its negation.
    op: TestOp,
    /// Of what kind the constant is.
    constant: std::mem::Discriminant<Literal>,
}

fn link(expr: &Expr, negated: bool) -> Option<Link<'_>> {
    let ExprKind::Test(test) = &*expr.node else { return None };
    let ExprKind::Literal(constant) = &*test.right.node else { return None };
    let (op, is_negated) = match test.op.node {
        TestOp::NotEqual => (TestOp::Equal, true),
        op => (op, test.negated),
    };
    let fits = match (op, constant) {
        (TestOp::Equal, Literal::Text(..) | Literal::Address(..) | Literal::Duration(..)) => true,
        // Larger ones may be another number among floats.
        (TestOp::Equal, Literal::Int(n, _)) => i32::try_from(*n).is_ok(),
        (TestOp::Contains | TestOp::StartsWith | TestOp::EndsWith, Literal::Text(..)) => true,
        // What is a plain text is told so first.
        (TestOp::Matches, Literal::Pattern(_)) => plain_text(&test.right).is_none(),
        _ => false,
    };
    let value = !matches!(&*test.left.node, ExprKind::Literal(_)) && test.quantifier.is_none();
    (fits && value && is_negated == negated).then_some(Link { test, op, constant: std::mem::discriminant(constant) })
}

fn same(first: &Expr, other: &Expr, negated: bool) -> bool {
    link(first, negated).zip(link(other, negated)).is_some_and(|(first, other)| {
        first.op == other.op
            && first.constant == other.constant
            && first.test.left.node == other.test.left.node
            && first.test.nocase == other.test.nocase
    })
}
