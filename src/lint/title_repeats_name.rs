//! W0321 `title-repeats-name`: a title that is only the words of the name.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0321",
        name: "title-repeats-name",
        kind: Kind::Care,
        level: Level::Warn,
        title: "title that says the name again",
        why: "Whoever gets the alert learns nothing from `Big answer` above `big_answer`. Say in one sentence what happened, so that it is understood without the rule.",
        bad: "
/// Big answer.
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
    for one in told(context) {
        let Some(title) = one.doc.first() else { continue };
        if words(&title.node) == words(&one.name.node) {
            let finding = LINT.finding(format!("the title says the name `{}` again", one.name.node)).at(title.span, "");
            out.push(finding.help("say in one sentence what happened"));
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
