//! W0150 `weak-count`: `at least 1 of`.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;
use crate::syntax::ast::{CorrelateClause, Occurs};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0150",
        name: "weak-count",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "correlation that one alert is enough for",
        why: "`at least 1 of` is `any of`: each alert of each member alerts again, and nothing has to come together. If that is meant, `any of`
says so; mostly a greater number is. `--fix` writes `any of`.",
        bad: "
rule blocked { severity low  from invocation  where guardrail.action == \"blocked\" }
rule leaked  { severity low  from invocation  where status == 403 }

correlate probing {
    severity high
    by       caller.id
    within   10m
    when     at least 1 of blocked, leaked
}",
        good: "
rule blocked { severity low  from invocation  where guardrail.action == \"blocked\" }
rule leaked  { severity low  from invocation  where status == 403 }

correlate probing {
    severity high
    by       caller.id
    within   10m
    when     at least 2 of blocked, leaked
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for correlation in &context.correlations {
        for clause in &correlation.written.clauses {
            let CorrelateClause::When(Occurs::AtLeast(count, members)) = &clause.node else { continue };
            let Some(first) = members.first().filter(|_| count.node == 1) else { continue };
            let before = context.text(Span { end: first.span.start, ..clause.span });
            // The same tree is read of `any of`. A comment between the words keeps its place.
            let Some(from) = before.find("at").filter(|_| before.contains("least") && !before.contains("//")) else {
                continue;
            };
            let place = |offset: usize| clause.span.start.saturating_add(u32::try_from(offset).unwrap_or_default());
            let words = Span { start: place(from), end: place(before.trim_end().len()), ..clause.span };
            out.push(
                LINT.finding("one alert of one member is enough")
                    .at(words, "")
                    .help("say `any of` if that is meant; ask for more if several signs are to come together")
                    .fix(words, "any of"),
            );
        }
    }
}
