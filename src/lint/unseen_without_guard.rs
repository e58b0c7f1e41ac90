//! W0145 `unseen-without-guard`: pairs that are new because one half of them is.

use super::measure::field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Key, Question};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0145",
        name: "unseen-without-guard",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "new pair without a known caller",
        why: "With several keys `unseen` asks for a combination that never was. A caller who is new makes every combination new, so each new
employee and each new role alerts. Ask for a known caller beside it: `seen(30d by caller.id)`. For new callers write a rule whose only key is the
caller.",
        bad: "
rule new_address {
    severity medium
    from     activity
    over     30m by caller.id, source.ip
    when     unseen(30d)
}",
        good: "
rule new_address {
    severity medium
    from     activity
    over     30m by caller.id, source.ip
    when     unseen(30d) and seen(30d by caller.id)
}",
    },
    check,
};

/// Fields that say who acts.
const ACTORS: [&str; 7] =
    ["caller.id", "caller.name", "caller.role", "agent.id", "agent.name", "access_key.id", "source.ip"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let looks = &rule.meant.looks;
        let Some(window) = rule.meant.window.as_ref().filter(|_| !looks.is_empty()) else { continue };
        if looks.iter().any(|look| matches!(look.question, Question::Seen(_))) {
            continue;
        }
        for look in looks.iter().filter(|look| rule.holds(look.span)) {
            let Question::Unseen(places) = &look.question else { continue };
            let keys: Vec<&Key> = places.iter().filter_map(|n| window.keys.get(*n)).collect();
            let name = |key: &Key| field(rule, &key.value).map_or("", |of| context.field(rule.meant, of));
            let Some(actor) = ACTORS.iter().find(|actor| keys.iter().any(|key| name(key) == **actor)) else { continue };
            // A key that holds the actor's own organization makes no pair.
            let others =
                keys.iter().filter(|key| !ACTORS.contains(&name(key)) && !["account", "region"].contains(&name(key)));
            let pair = others.count() > 0 || keys.iter().filter(|key| ACTORS.contains(&name(key))).count() > 1;
            if pair {
                let key = keys.iter().find(|key| name(key) == *actor).map_or(*actor, |key| key.name.as_str());
                let length = crate::ir::duration(look.length);
                out.push(
                    LINT.finding(format!("whoever is new makes a new combination: every new `{actor}` alerts"))
                        .at(look.span, "")
                        .help(format!("ask for a known one: `and seen({length} by {key})`")),
                );
            }
        }
    }
}
