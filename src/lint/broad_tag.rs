//! W0319 `broad-tag`: a technique that is tagged together with its own sub-technique.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Spanned;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0319",
        name: "broad-tag",
        kind: Kind::Care,
        level: Level::Warn,
        title: "technique beside its own sub-technique",
        why: "A sub-technique is its technique: with both tags, coverage counts the rule twice and says of the broad one that all of it is looked for. Keep the narrow tag,
or the broad one where the rule finds more than that.",
        bad: "
rule guardrail_deleted {
    severity high
    tags     attack:T1562, attack:T1562.001
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}",
        good: "
rule guardrail_deleted {
    severity high
    tags     attack:T1562.001
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context) {
        for tag in one.tags {
            let below = |other: &&Spanned<String>| {
                let rest = other.node.strip_prefix(tag.node.as_str());
                rest.and_then(|rest| rest.strip_prefix('.')).is_some()
            };
            if let Some(narrow) = one.tags.iter().find(below) {
                let finding = LINT.finding(format!("`{}` is a part of `{}`", narrow.node, tag.node));
                let finding = finding.at(tag.span, "the broad one").at(narrow.span, "the narrow one");
                out.push(finding.help("keep the narrow one, or the broad one where the rule finds more"));
            }
        }
    }
}
