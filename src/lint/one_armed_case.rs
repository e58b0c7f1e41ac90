//! W0108 `one-armed-case`: a `case` whose arms and `else` all give the same.

use std::collections::BTreeSet;

use super::context::plain;
use super::written::shown;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::ExprKind;
use crate::source::Span;
use crate::syntax::ast::Clause;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0108",
        name: "one-armed-case",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "`case` that always gives the same",
        why: "Whatever its conditions say, the answer is one. Mostly an arm was copied and its value not edited, so that the case that was to be critical is as
low as the others.",
        bad: "
rule many_blocks {
    severity case { blocks > 100 => medium, else => medium }
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
}",
        good: "
rule many_blocks {
    severity case { blocks > 100 => critical, else => medium }
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let severity = &rule.meant.severity;
        if !severity.arms.is_empty() && severity.arms.iter().all(|(_, level)| *level == severity.default) {
            let case = rule.written.clauses.iter().find_map(|clause| match &clause.node {
                Clause::SeverityCase(expr) => Some(expr.span),
                _ => None,
            });
            out.push(finding(severity.default.text(), case.unwrap_or(rule.meant.span)));
        }
        let mut done = BTreeSet::new();
        rule.each_expr(&mut |expr| {
            let ExprKind::Case(arms, Some(default)) = &expr.kind else { return };
            let value = plain(default);
            // What a calendar's clock or a table came to stands in one place.
            let written = !arms.is_empty() && arms.iter().all(|(_, value)| value.span != default.span);
            if written && arms.iter().all(|(_, arm)| plain(arm) == value) && done.insert(expr.span) {
                out.push(finding(&shown(context, default.span), expr.span));
            }
        });
    }
}

fn finding(value: &str, at: Span) -> Diagnostic {
    LINT.finding(format!("every arm gives `{value}`"))
        .at(at, "")
        .help(format!("write `{value}` alone, or what the arm was to give"))
}
