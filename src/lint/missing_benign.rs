//! W0308 `missing-benign`: a rule or correlation that does not say what looks the same and is harmless.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0308",
        name: "missing-benign",
        kind: Kind::Care,
        level: Level::Allow,
        title: "rule without a harmless explanation",
        why: "Whoever gets an alert has to tell an attack from what only looks like one. The author has thought of the second: load tests, deployments, a red team.
`benign` carries it into the alert. Not every rule has such a case, so this is at `allow`.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
    benign   \"Reports that the nightly job writes\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context).into_iter().filter(|one| one.texts.benign.is_empty()) {
        let finding = LINT.finding(format!("{} does not say what is harmless", one.named())).at(one.name.span, "");
        out.push(finding.help("say what looks the same and is no attack: `benign \"…\"`"));
    }
}
