//! W0112 `pattern-without-pattern`: `matches` with a pattern that has no special character.

use super::pattern_tree::parts;
use super::written::{between, each_test, quoted, shown, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Pattern;
use crate::ir::pattern::Node;
use crate::syntax::ast::{Comparison, Expr, ExprKind, Literal, Quantifier, TestOp};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0112",
        name: "pattern-without-pattern",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "pattern that is a plain text",
        why: "A pattern in which no character has a meaning of its own finds what `contains` finds, and with `^` or `$` at its ends what `starts with`,
`ends with` or `==` find. Those can be said on more targets, search faster, and don't wait for a dot that somebody forgets to escape. `--fix` writes it.",
        bad: "
rule metadata_asked {
    severity low
    from     invocation
    where    prompt matches /169\\.254\\.169\\.254/ or completion contains \"169.254.169.254\"
}",
        good: "
rule metadata_asked {
    severity low
    from     invocation
    where    prompt contains \"169.254.169.254\" or completion contains \"169.254.169.254\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    each_test(context, &mut |_, test| {
        let list = matches!(&*test.right.node, ExprKind::List(_));
        let Some((words, plain)) = plainer(test) else { return };
        let what = if list { "a list of plain texts" } else { "a plain text" };
        let finding = LINT.finding(format!("`{}` is {what}", shown(context, test.right.span))).at(test.right.span, "");
        let finding = finding.help(format!("write `{words} {}`", if list { "[…]" } else { &plain }));
        let inside = list && context.text(test.right.span).contains("//");
        out.push(match between(context, test).filter(|_| !inside) {
            Some(operator) => finding.fix(operator.to(test.right.span), format!(" {words} {plain}")),
            None => finding,
        });
    });
}

/// The words of the test that finds the same, and its texts: of patterns that are plain texts of one kind.
fn plainer(test: &Comparison) -> Option<(String, String)> {
    if test.op.node != TestOp::Matches {
        return None;
    }
    let ExprKind::List(items) = &*test.right.node else {
        let (op, text) = plain_text(&test.right)?;
        return Some((words(op, test.negated), quoted(&text)));
    };
    let found: Vec<(TestOp, String)> = items.iter().map(plain_text).collect::<Option<_>>()?;
    let op = found.first().map(|(op, _)| *op).filter(|op| found.iter().all(|(other, _)| other == op))?;
    let words = match (op, test.quantifier?) {
        (TestOp::Equal, Quantifier::Any) => words(TestOp::In, test.negated),
        (TestOp::Equal, Quantifier::All) => return None,
        (op, quantifier) => format!("{} {} of", words(op, test.negated), quantifier.word()),
    };
    let texts: Vec<String> = found.iter().map(|(_, text)| quoted(text)).collect();
    Some((words, format!("[{}]", texts.join(", "))))
}

/// What a pattern that is a plain text asks.
pub(super) fn plain_text(expr: &Expr) -> Option<(TestOp, String)> {
    let ExprKind::Literal(Literal::Pattern(text)) = &*expr.node else { return None };
    plain(&Pattern::new(text, false).ok()?.node)
}

/// The test that finds the same, and its text.
fn plain(node: &Node) -> Option<(TestOp, String)> {
    let nodes = parts(node);
    let start = nodes.first() == Some(&Node::Start);
    let end = nodes.last() == Some(&Node::End);
    let inside = nodes.get(usize::from(start)..nodes.len().checked_sub(usize::from(end))?)?;
    let text: Option<String> =
        inside.iter().map(|node| if let Node::Char(c) = node { Some(*c) } else { None }).collect();
    let text = text.filter(|text| !text.is_empty())?;
    let op = match (start, end) {
        (false, false) => TestOp::Contains,
        (true, false) => TestOp::StartsWith,
        (false, true) => TestOp::EndsWith,
        (true, true) => TestOp::Equal,
    };
    Some((op, text))
}
