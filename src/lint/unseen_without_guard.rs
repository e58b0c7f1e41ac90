//! W0145 `unseen-without-guard`: pairs that are new because one half of them is.

use super::measure::{SeenRule, field};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Expr, ExprKind, Key, Pred, PredKind, Question};

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
            let held = || rule.conditions().into_iter().any(|pred| one_of_known(context, rule, pred, actor));
            if pair && !held() {
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

/// Whether a condition holds a field to values that the rule or one of its tables names: none of those is a stranger.
fn one_of_known(context: &Context<'_>, rule: &SeenRule<'_>, pred: &Pred, name: &str) -> bool {
    let is = |expr: &Expr| field(rule, expr).is_some_and(|of| context.field(rule.meant, of) == name);
    let subject = match &pred.kind {
        PredKind::Compare(Comparison::Equal, subject, value) | PredKind::EqualNoCase(subject, value) => {
            if value.as_literal().is_none() {
                return false;
            }
            subject
        }
        PredKind::OneOf { subject, .. } => subject,
        PredKind::Present(subject) => return looked_up(context, rule, subject, name),
        PredKind::Any(preds) => return preds.iter().all(|pred| one_of_known(context, rule, pred, name)),
        _ => return false,
    };
    is(subject) || looked_up(context, rule, subject, name)
}

/// Whether a value is what a table has for a field: one case for each of its values.
fn looked_up(context: &Context<'_>, rule: &SeenRule<'_>, expr: &Expr, name: &str) -> bool {
    match &rule.behind(expr).kind {
        ExprKind::Case(arms, None) => arms.iter().all(|(pred, _)| one_of_known(context, rule, pred, name)),
        _ => false,
    }
}
