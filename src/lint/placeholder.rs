//! W0323 `placeholder`: a text in a condition that was to be replaced by a real one.

use super::content::content_field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Expr, Literal, PredKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0323",
        name: "placeholder",
        kind: Kind::Care,
        level: Level::Warn,
        title: "placeholder in a condition",
        why: "A rule that was copied from a template asks for what nobody has: the account `123456789012`, `your-deployment`,
`example.com`. It compiles, and never alerts, or never leaves out what it was to leave out. Put your own there.",
        bad: "
rule help_desk_refused {
    severity medium
    from     invocation
    where    deployment == \"your-deployment\" and status == 403
}",
        good: "
rule help_desk_refused {
    severity medium
    from     invocation
    where    deployment == \"help-desk\" and status == 403
}",
    },
    check,
};

/// Accounts that documentation gives as examples.
const ACCOUNTS: [&str; 4] = ["123456789012", "111122223333", "444455556666", "000000000000"];
/// Names that nobody can own.
const HOSTS: [&str; 3] = ["example.com", "example.org", "example.net"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        rule.each_pred(&mut |pred| {
            let (subject, texts): (&Expr, Vec<&str>) = match &pred.kind {
                PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => (left, of_expr(right)),
                PredKind::OneOf { subject, options, .. } | PredKind::Has { list: subject, options, .. } => {
                    (subject, options.iter().filter_map(Literal::as_text).collect())
                }
                PredKind::Text { subject, needles, .. } => (subject, needles.iter().flat_map(of_expr).collect()),
                _ => return,
            };
            // What people write to models may well be such words.
            let mut content = false;
            rule.behind(subject).walk(&mut |expr| content |= content_field(context, rule.meant, expr).is_some());
            if content {
                return;
            }
            if let Some(text) = texts.into_iter().find(|text| is_placeholder(text)) {
                let finding = LINT.finding(format!("`{text}` looks like a placeholder")).at(pred.span, "");
                out.push(finding.help("put your own there"));
            }
        });
    }
}

fn of_expr(expr: &Expr) -> Vec<&str> {
    expr.as_literal().and_then(Literal::as_text).into_iter().collect()
}

fn is_placeholder(text: &str) -> bool {
    let small = text.to_lowercase();
    let number = small.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| ACCOUNTS.contains(&part));
    let host = HOSTS.iter().any(|host| {
        let before = small.strip_suffix(host).map(|before| before.chars().next_back());
        before.is_some_and(|last| last.is_none_or(|c| ".@/".contains(c)))
    });
    let bracketed = small.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).is_some_and(|inner| {
        !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || " _-".contains(c))
    });
    let parts = small.split(|c: char| "/:@. ".contains(c));
    let mut yours = parts.filter(|part| part.starts_with("your-") || part.starts_with("your_") || *part == "changeme");
    number || host || bracketed || yours.next().is_some()
}
