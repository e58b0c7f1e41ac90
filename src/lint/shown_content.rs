//! W0210 `shown-content`: text of users in what alerts tell.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0210",
        name: "shown-content",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "text of users in an alert",
        why: "Alerts go to people and places that may not read prompts: what a rule shows of the content tier is withheld there, and a run with
`--show-content` takes it out of that tier for good. Show what leads to it: `event.id`, `request.id`, `prompt_digest`.",
        bad: "
rule system_prompt_asked {
    severity medium
    from     invocation
    where    prompt contains \"system prompt\" nocase
    show     caller.id, prompt
}",
        good: "
rule system_prompt_asked {
    severity medium
    from     invocation
    where    prompt contains \"system prompt\" nocase
    show     caller.id, request.id
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let Some(stream) = context.stream(rule.meant) else { continue };
        let told = rule.meant.content_told(stream);
        let values = rule.meant.measures.iter().chain(&rule.meant.show).map(|one| (&one.name, one.value.span));
        let values = values.filter(|(name, _)| told.values.contains(name));
        let keys = rule.meant.window.iter().flat_map(|window| &window.keys).map(|key| (&key.name, key.value.span));
        let keys = keys.filter(|(name, _)| told.keys.contains(name));
        for (name, span) in keys.chain(values).filter(|(_, span)| rule.holds(*span)) {
            let finding = LINT.finding(format!("`{name}` tells text of users")).at(span, "of the content tier");
            out.push(finding.help("tell what leads to it: `event.id`, `request.id`, `prompt_digest`"));
        }
    }
}
