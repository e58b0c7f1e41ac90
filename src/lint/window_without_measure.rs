//! W0139 `window-without-measure`: windows in which nothing is counted.

use super::measure::members;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::PredKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0139",
        name: "window-without-measure",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "window in which nothing is counted",
        why: "Without `let`, `when` and `show` every window that holds a row alerts, and the alert says no more than its keys: a line that has to
be passed was probably forgotten. Count, and say from when on it matters. To be told once an hour instead of each time, `mute 1h` keeps the
events' own fields.",
        bad: "
rule blocked_prompts {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1m by caller.id
}",
        good: "
rule blocked_prompts {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1m by caller.id
    let      blocks = count()
    when     blocks > 3
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // What a correlation reads or a mute silences is wanted by the window.
    let read = members(context);
    for rule in context.rules.iter().filter(|rule| !rule.meant.signal && !read.contains(rule.meant.name.as_str())) {
        let meant = rule.meant;
        let Some(window) = meant.window.as_ref().filter(|_| meant.mute.is_none()) else { continue };
        let counts = !meant.measures.is_empty() || !meant.aggregates.is_empty() || !meant.looks.is_empty();
        if !counts && meant.when.kind == PredKind::Const(true) {
            out.push(
                LINT.finding(format!("`{}` cuts time into windows and counts nothing in them", meant.name))
                    .at(window.span, "")
                    .help("count with `let n = count()` and decide with `when n > …`, or leave `over` out"),
            );
        }
    }
}
