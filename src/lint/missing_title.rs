//! W0304 `missing-title`: a rule or correlation without a doc comment.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0304",
        name: "missing-title",
        kind: Kind::Care,
        level: Level::Warn,
        title: "rule without a title",
        why: "The first line of the doc comment is the title of each alert; without it the rule's name stands there, which its author understands and whoever is on call
does not. Say in one sentence what happened.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
        good: "
/// One answer had more than four thousand tokens.
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context).into_iter().filter(|one| one.doc.is_empty()) {
        let finding = LINT.finding(format!("{} has no title", one.named())).at(one.name.span, "");
        out.push(finding.help("write `/// …` above it: one sentence that says what happened"));
    }
}
