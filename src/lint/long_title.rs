//! W0320 `long-title`: a title of more than a hundred characters.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0320",
        name: "long-title",
        kind: Kind::Care,
        level: Level::Warn,
        title: "long title",
        why: "Titles stand in lists of alerts, in subjects of mails and on telephones, which cut them off: what tells two alerts apart is often at the end. Say what happened
in the first line, and the rest below an empty `///`.",
        bad: "
/// One caller sent more than a hundred calls to more than five different models in less than one hour from one address.
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

/// Most characters that say nothing.
const MOST: usize = 100;

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for title in told(context).iter().filter_map(|one| one.doc.first()) {
        let characters = title.node.trim().chars().count();
        if characters > MOST {
            let finding = LINT.finding(format!("a title of {characters} characters")).at(title.span, "");
            out.push(finding.help("say what happened in one line, and the rest below an empty `///`"));
        }
    }
}
