//! W0318 `repeated-tag`: a tag that a rule has twice.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0318",
        name: "repeated-tag",
        kind: Kind::Care,
        level: Level::Warn,
        title: "tag that a rule has twice",
        why: "The second one changes nothing. Mostly it was to be another one, copied and not edited.",
        bad: "
rule guardrail_deleted {
    severity high
    tags     attack:T1562.001, owasp:LLM01, attack:T1562.001
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}",
        good: "
rule guardrail_deleted {
    severity high
    tags     attack:T1562.001, owasp:LLM01
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context) {
        for (n, tag) in one.tags.iter().enumerate().skip(1) {
            let first = one.tags.iter().take(n).find(|first| first.node == tag.node);
            let Some(first) = first else { continue };
            let finding = LINT.finding(format!("the tag `{}` is there already", tag.node));
            let finding = finding.at(tag.span, "again").at(first.span, "first here");
            out.push(finding.help("take it away, or write the one that was meant"));
        }
    }
}
