//! W0121 `number-in-text`: an HTTP status in a text where the stream has a number for it.

use std::collections::BTreeSet;

use super::pattern_tree::parts;
use super::written::shown;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::pattern::Node;
use crate::ir::{Comparison, ExprKind, Literal, PredKind, Type};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0121",
        name: "number-in-text",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "status code that is sought in a text",
        why: "`error.code` is the cloud's word (`ThrottlingException`), and the HTTP status is a number in `status`. A code of digits is in no text of an event, so
the test is false of all of them. Compare `status`: `status == 429`, `status >= 500`.",
        bad: "
rule throttled {
    severity low
    from     invocation
    where    error.code == \"429\"
}",
        good: "
rule throttled {
    severity low
    from     invocation
    where    status == 429
}",
    },
    check,
};

/// The number that every stream with calls over HTTP has.
const STATUS: &str = "status";

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let Some(stream) = context.stream(rule.meant) else { continue };
        let Some(status) = stream.field(STATUS).filter(|id| stream.get(*id).is_some_and(|field| field.ty == Type::Int))
        else {
            continue;
        };
        let sources = context.sources(rule.meant);
        // What a log of the pack's own writes into the text is not known here.
        let own = sources.iter().any(|source| context.file(source.span.source).is_some());
        if own || !sources.iter().any(|source| source.gives(stream, status)) {
            continue;
        }
        let mut done = BTreeSet::new();
        rule.each_pred(&mut |pred| {
            let (subject, digits) = match &pred.kind {
                PredKind::Compare(Comparison::Equal, left, right) => (left, right.as_literal().is_some_and(is_code)),
                PredKind::OneOf { subject, options, .. } => (subject, options.iter().any(is_code)),
                PredKind::Matches { subject, patterns, .. } => {
                    (subject, patterns.iter().any(|one| is_class(&one.node)))
                }
                _ => return,
            };
            let ExprKind::Field(field) = rule.behind(subject).kind else { return };
            let name = context.field(rule.meant, field);
            if digits && name == "error.code" && done.insert(pred.span) {
                let message =
                    format!("`{name}` is a word, and `{}` looks for a number in it", shown(context, pred.span));
                let finding = LINT.finding(message).at(pred.span, "");
                out.push(finding.help("compare the number: `status == 429`, `status >= 500`"));
            }
        });
    }
}

/// `429`
fn is_code(literal: &Literal) -> bool {
    match literal {
        Literal::Text(text) => {
            text.len() == 3 && text.starts_with(['4', '5']) && text.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// `^4\d\d$`
fn is_class(node: &Node) -> bool {
    let mut digits = parts(node).iter().filter(|node| !matches!(node, Node::Start | Node::End));
    let first = matches!(digits.next(), Some(Node::Char('4' | '5')));
    let is_digit = |node: &Node| match node {
        Node::Char(c) => c.is_ascii_digit(),
        Node::Class { negated: false, ranges } => ranges.as_slice() == [('0', '9')],
        _ => false,
    };
    let rest: Vec<&Node> = digits.collect();
    first && rest.len() == 2 && rest.into_iter().all(is_digit)
}
