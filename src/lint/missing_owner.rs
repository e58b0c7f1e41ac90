//! W0309 `missing-owner`: a rule or correlation that nobody keeps.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0309",
        name: "missing-owner",
        kind: Kind::Care,
        level: Level::Allow,
        title: "rule without an owner",
        why: "A rule that alerts too often, or no more, needs somebody who may change it. `owner` names a team, which outlives people. Small packs have one owner for all
of it, so this is at `allow`.",
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
    owner    \"ai-platform\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context).into_iter().filter(|one| one.texts.owner.is_none()) {
        let finding = LINT.finding(format!("{} has no owner", one.named())).at(one.name.span, "");
        out.push(finding.help("name the team that keeps it: `owner \"…\"`"));
    }
}
