//! W0331 `unknown-technique`: an ATT&CK id that the list that ships does not have.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level, one_slip};
use crate::schema::tags::{ids, name};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0331",
        name: "unknown-technique",
        kind: Kind::Care,
        level: Level::Warn,
        title: "technique that ATT&CK's list does not have",
        why: "An id with a slip in it is counted for a technique that is not there, or for another one. Skywatch ships the ids of one version of ATT&CK;
a technique that is newer than that is right and not known here: say so in a comment, `// allow unknown-technique: new in v18`.",
        bad: "
rule guardrail_deleted {
    severity high
    tags     attack:T1562.081
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
            let Some(id) = tag.node.strip_prefix("attack:") else { continue };
            if name(&tag.node) == Ok(None) {
                let finding =
                    LINT.finding(format!("ATT&CK has no technique `{id}` that is known here")).at(tag.span, "");
                let near = one_slip(id, ids("attack").map(|(known, _)| known));
                let called = near.and_then(|near| ids("attack").find(|(known, _)| *known == near));
                out.push(match called {
                    Some((near, called)) => finding.help(format!("did you mean `attack:{near}`, {called}?")),
                    None => finding
                        .help("see https://attack.mitre.org; if it is newer than the list, allow it in a comment"),
                });
            }
        }
    }
}
