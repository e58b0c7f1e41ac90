//! W0307 `missing-response`: a rule or correlation of high severity that does not say what to do.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Level as Severity;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0307",
        name: "missing-response",
        kind: Kind::Care,
        level: Level::Warn,
        title: "high severity without a response",
        why: "An alert that is high or critical gets somebody out of bed. What that person does first is known to whoever writes the rule, and to nobody at night:
say it with `respond`.",
        bad: "
rule logging_off {
    severity high
    from     activity
    where    operation == \"bedrock:DeleteModelInvocationLoggingConfiguration\"
}",
        good: "
rule logging_off {
    severity high
    from     activity
    where    operation == \"bedrock:DeleteModelInvocationLoggingConfiguration\"
    respond  \"Switch logging on again\", \"Ask the caller why\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context).into_iter().filter(|one| one.texts.respond.is_empty() && one.worst >= Severity::High) {
        let message = format!("{} is {} and does not say what to do", one.named(), one.worst.text());
        let finding = LINT.finding(message).at(one.name.span, "");
        out.push(finding.help("say what to do first: `respond \"…\"`"));
    }
}
