//! W0135 `unbounded-key`: a key of which hardly two rows have the same value.

use super::measure::field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0135",
        name: "unbounded-key",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "key that gives each event a group of its own",
        why: "Groups by an id of the event, by its time or by the text of a prompt have hardly ever more than one row. What is counted stays at
one, and every row costs a group. Group by who or what is watched; to count texts that come again, group by `prompt_digest`.",
        bad: "
rule failing_calls {
    severity low
    from     invocation
    where    status >= 400
    over     1h by request.id
    let      failed = count()
    when     failed > 20
}",
        good: "
rule failing_calls {
    severity low
    from     invocation
    where    status >= 400
    over     1h by caller.id
    let      failed = count()
    when     failed > 20
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        // Elements of one event, and records of one request in several logs, are grouped by it on purpose.
        let Some(window) = rule.meant.window.as_ref().filter(|window| !window.across && rule.meant.each.is_none())
        else {
            continue;
        };
        for key in &window.keys {
            let Some(declared) = field(rule, &key.value).and_then(|of| context.stream(rule.meant)?.get(of)) else {
                continue;
            };
            let help = match declared.name.as_str() {
                "event.id" | "request.id" | "time" => "group by who or what is watched: `caller.id`, `model.id`",
                "prompt" => "group by `prompt_digest` to count prompts that come again",
                "completion" => "group by who or what is watched",
                // What a tool is given comes again where an agent runs in a circle.
                _ => continue,
            };
            let message = format!("hardly two events have the same `{}`", declared.name);
            out.push(LINT.finding(message).at(key.value.span, "a group an event").help(help));
        }
    }
}
