//! W0112 `pattern-without-pattern`: `matches` with a pattern that has no special character.

use super::pattern_tree::parts;
use super::written::{between, each_test, quoted, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Pattern;
use crate::ir::pattern::Node;
use crate::syntax::ast::{ExprKind, Literal, TestOp};

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
        let ExprKind::Literal(Literal::Pattern(text)) = &*test.right.node else { return };
        let Ok(pattern) = Pattern::new(text, false) else { return };
        let Some((op, plain)) = plain(&pattern.node) else { return };
        let words = words(op, test.negated);
        let finding =
            LINT.finding(format!("`{}` is a plain text", context.text(test.right.span))).at(test.right.span, "");
        let plain = format!(" {words} {}", quoted(&plain));
        let finding = finding.help(format!("write `{}`", plain.trim()));
        out.push(match between(context, test) {
            Some(operator) => finding.fix(operator.to(test.right.span), plain),
            None => finding,
        });
    });
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
