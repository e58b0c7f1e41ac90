//! W0305 `missing-description`: a rule or correlation with a title and nothing more.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0305",
        name: "missing-description",
        kind: Kind::Care,
        level: Level::Allow,
        title: "title without a description",
        why: "The title says what happened; why that matters, what it rests on and what it does not see, stands in the lines below it. Many rules are clear without, so
this is at `allow`.",
        bad: "
/// One answer had more than four thousand tokens.
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
        good: "
/// One answer had more than four thousand tokens.
///
/// Extraction of data, or a wallet that is emptied. The log counts reasoning as output too.
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for one in told(context).into_iter().filter(|one| !one.doc.is_empty() && one.description.trim().is_empty()) {
        let finding = LINT.finding(format!("{} has a title and no description", one.named())).at(one.name.span, "");
        out.push(finding.help("below the title and an empty `///` say why it matters and what it does not see"));
    }
}
