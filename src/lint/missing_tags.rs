//! W0306 `missing-tags`: a rule or correlation without tags.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Level as Severity;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0306",
        name: "missing-tags",
        kind: Kind::Care,
        level: Level::Warn,
        title: "rule without tags",
        why: "Tags say which technique a rule finds: coverage is counted by them, and whoever gets the alert can read up on it. Informational rules need none.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
        good: "
rule big_answer {
    severity low
    tags     atlas:AML.T0034, owasp:LLM10
    from     invocation
    where    tokens.output > 4_000
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context).into_iter().filter(|one| one.tags.is_empty() && one.worst > Severity::Informational) {
        let finding = LINT.finding(format!("{} has no tags", one.named())).at(one.name.span, "");
        out.push(finding.help("name the technique it finds: `tags atlas:…, owasp:…, attack:…`"));
    }
}
