//! W0211 `unfiltered-content`: a rule that looks into the text of every event.

use super::content::asks;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0211",
        name: "unfiltered-content",
        kind: Kind::Cost,
        level: Level::Allow,
        title: "text of every event is read",
        why: "Texts are the most that a pass reads. One condition over metadata beside the one over the text, which model, which application, spares
those of all other events. Many rules are for every caller, so this is at `allow`; switch it on to see where a pack's time goes.",
        bad: "
rule system_prompt_asked {
    severity medium
    from     invocation
    where    prompt contains \"system prompt\" nocase
}",
        good: "
rule system_prompt_asked {
    severity medium
    from     invocation
    where    deployment == \"help-desk\" and prompt contains \"system prompt\" nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let (texts, others): (Vec<_>, Vec<_>) =
            rule.conditions().into_iter().partition(|pred| asks(context, rule.meant, pred));
        if let (Some(first), true) = (texts.first(), others.is_empty()) {
            let finding =
                LINT.finding(format!("`{}` reads the text of every event", rule.meant.name)).at(first.span, "");
            out.push(finding.help("a condition over metadata beside it spares the texts of other events"));
        }
    }
}
