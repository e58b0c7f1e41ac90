//! W0202 `many-keys`: groups that are told apart by more than four keys.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

/// Most keys that say nothing.
const MOST: usize = 4;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0202",
        name: "many-keys",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "more than four group keys",
        why: "Each key divides the groups again: there are more of them to keep, and fewer events in each, so that a count hardly comes to its
line. Group by what the alert is about, and tell the rest with `show`.",
        bad: "
rule blocks {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id, source.ip, region, model.id, user.agent
    let      blocks = count()
    when     blocks > 5
}",
        good: "
rule blocks {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
    show     addresses = values(source.ip, 5), models = values(model.id, 5)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for window in context.rules.iter().filter_map(|rule| rule.meant.window.as_ref()) {
        if let Some(more) = window.keys.get(MOST) {
            let message = format!("groups are told apart by {} keys", window.keys.len());
            let finding = LINT.finding(message).at(more.value.span, "the fifth");
            out.push(finding.help("group by what an alert is about, and tell the rest with `show`"));
        }
    }
}
