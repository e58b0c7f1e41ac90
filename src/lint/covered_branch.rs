//! W0104 `covered-branch`: an arm of `case` that an earlier arm, `where` or `when` makes unreachable.

use std::collections::BTreeSet;

use super::implies::{excludes, implies};
use super::pairs::Part;
use super::written::shown;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{ExprKind, Pred};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0104",
        name: "covered-branch",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "branch of `case` that is never taken",
        why: "The first arm that holds decides. An arm whose condition an earlier arm meets in any case is never taken, nor is one that the rule's own `where`
or `when` leaves out: mostly the arms stand in the wrong order, so that every alert has the lower severity.",
        bad: "
rule many_blocks {
    severity case { blocks > 20 => medium, blocks > 100 => critical, else => low }
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
}",
        good: "
rule many_blocks {
    severity case { blocks > 100 => critical, blocks > 20 => medium, else => low }
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let meant = rule.meant;
        let known: Vec<Part> =
            if meant.window.is_some() { rule.demands() } else { [rule.conditions(), rule.demands()].concat() }
                .into_iter()
                .map(Part::new)
                .collect();
        let severity: Vec<&Pred> = meant.severity.arms.iter().map(|(pred, _)| pred).collect();
        of(context, &severity, &known, out);
        // The same `case` may be read in several clauses.
        let mut done = BTreeSet::new();
        rule.each_expr(&mut |expr| {
            if let ExprKind::Case(arms, _) = &expr.kind
                && done.insert(expr.span)
            {
                let preds: Vec<&Pred> =
                    arms.iter().map(|(pred, _)| pred).filter(|pred| rule.holds(pred.span)).collect();
                // A calendar's own clock is no `case` that was written.
                if preds.len() == arms.len() && preds.iter().all(|pred| pred.span != expr.span) {
                    of(context, &preds, &[], out);
                }
            }
        });
    }
}

/// The arms of one `case`, of whose conditions some things are `known` to hold.
fn of(context: &Context<'_>, arms: &[&Pred], known: &[Part], out: &mut Vec<Diagnostic>) {
    let arms: Vec<Part> = arms.iter().map(|pred| Part::new(pred)).collect();
    for (n, arm) in arms.iter().enumerate() {
        let text = shown(context, arm.span);
        let before = arms.iter().take(n);
        let finding = if let Some(earlier) = before.clone().find(|earlier| implies(&arm.pred, &earlier.pred)) {
            let finding = LINT.finding(format!("the arm `{text}` is never taken")).at(arm.span, "");
            finding.at(earlier.span, "this arm is taken before it").help("put the narrower arm first")
        } else if let Some(earlier) = known.iter().find(|known| excludes(&known.pred, &arm.pred)) {
            let finding = LINT.finding(format!("the arm `{text}` is never taken")).at(arm.span, "");
            finding.at(earlier.span, "excluded here").help("take it away, or write what was meant")
        } else if let Some(earlier) = known.iter().find(|known| implies(&known.pred, &arm.pred)) {
            let behind = if n + 1 == arms.len() { "`else` is" } else { "the arms behind it are" };
            let finding = LINT.finding(format!("`{text}` always holds here, so {behind} never taken")).at(arm.span, "");
            finding
                .at(earlier.span, "the rule alerts only where this is so")
                .help("write the severity alone, or another condition")
        } else {
            continue;
        };
        out.push(finding);
    }
}
