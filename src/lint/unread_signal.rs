//! W0329 `unread-signal`: a signal that no correlation reads.

use std::collections::BTreeSet;

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0329",
        name: "unread-signal",
        kind: Kind::Care,
        level: Level::Warn,
        title: "signal that nothing reads",
        why: "A signal reaches nobody by itself: it is there for correlations. Where none reads it, it is run and its alerts go nowhere; mostly it was left over as a
correlation changed, or was to be a rule.",
        bad: "
signal many_blocks {
    from     invocation
    where    guardrail.action == \"blocked\"
    over     5m by caller.id
    when     count() > 10
}",
        good: "
rule many_blocks {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     5m by caller.id
    when     count() > 10
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let members = context.correlations.iter().flat_map(|one| &one.meant.members);
    let read: BTreeSet<&str> = members.map(|member| member.name.as_str()).collect();
    for rule in context.rules.iter().filter(|rule| rule.meant.signal && !read.contains(rule.meant.name.as_str())) {
        let finding = LINT.finding(format!("no correlation reads the signal `{}`", rule.meant.name));
        let finding = finding.at(rule.written.name.span, "reaches nobody");
        out.push(finding.help("name it in a `correlate`, or make it a `rule` with a severity"));
    }
}
