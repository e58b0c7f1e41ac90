//! W0103 `redundant-condition`: a condition that holds wherever another one does.

use std::collections::{BTreeMap, BTreeSet};

use super::implies::implies;
use super::pairs::{Part, each_pair};
use super::written::{gone, shown};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Pred, PredKind};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0103",
        name: "redundant-condition",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "condition that another one makes superfluous",
        why: "Where `status == 429` has to hold, `status >= 400` does already; in `contains \"key\" or contains \"api key\"` the second one finds nothing more. Mostly
one of the two was to be another one. `--fix` takes a condition away that stands there twice.",
        bad: "
rule blocked {
    severity low
    from     invocation
    where    guardrail.action == \"blocked\" and model.id is present and guardrail.action == \"blocked\"
}",
        good: "
rule blocked {
    severity low
    from     invocation
    where    guardrail.action == \"blocked\" and model.id is present
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        // What is left of each place: a condition is said once.
        let mut said = BTreeSet::new();
        let mut fixes = BTreeMap::new();
        rule.written.walk(&mut |expr| doubled(context, expr, &mut fixes));
        each_pair(rule, &mut |all, one, other| {
            // `x is present and` a test of x, or `x is missing or`, is said for readers.
            let asks = |pred: &Pred| match &pred.kind {
                PredKind::Not(inner) => !all && matches!(inner.kind, PredKind::Present(_)),
                kind => all && matches!(kind, PredKind::Present(_)),
            };
            let spoken = |part: &Part| one.pred != other.pred && asks(&part.pred);
            let (idle, by) = if one.pred == other.pred {
                (other, one)
            } else if implies(&one.pred, &other.pred) {
                if all { (other, one) } else { (one, other) }
            } else if implies(&other.pred, &one.pred) {
                if all { (one, other) } else { (other, one) }
            } else {
                return;
            };
            if spoken(idle) || !said.insert(idle.span) {
                return;
            }
            let (idle_text, by_text) = (shown(context, idle.span), shown(context, by.span));
            let message = match (one.pred == other.pred, all) {
                (true, _) => format!("`{idle_text}` stands there twice"),
                (_, true) => format!("`{idle_text}` holds wherever `{by_text}` does"),
                (_, false) => format!("`{idle_text}` adds nothing to `{by_text}`"),
            };
            let finding = LINT.finding(message).at(idle.span, "").at(by.span, "this says it already");
            let finding = finding.help("take it away, or write what was meant");
            out.push(match fixes.get(&idle.span) {
                Some(span) if one.pred == other.pred => finding.fix(*span, ""),
                _ => finding,
            });
        });
        let conditions: Vec<Part> = rule.conditions().into_iter().map(Part::new).collect();
        for aggregate in &rule.meant.aggregates {
            for part in aggregate.filter.iter().flat_map(Pred::parts).map(Part::new) {
                let own = conditions.iter().find(|own| implies(&own.pred, &part.pred) && own.span != part.span);
                if let Some(own) = own {
                    let message = format!("`{}` is so of every row of the rule", shown(context, part.span));
                    let finding =
                        LINT.finding(message).at(part.span, "").at(own.span, "the rule keeps these rows only");
                    out.push(finding.help("take it away, or leave it out of `where`"));
                }
            }
        }
    }
}

/// Operands that stand in their chain already: where each is, and what goes with it.
fn doubled(context: &Context<'_>, expr: &Expr, out: &mut BTreeMap<Span, Span>) {
    let (ExprKind::And(operands) | ExprKind::Or(operands)) = &*expr.node else { return };
    for (n, operand) in operands.iter().enumerate().skip(1) {
        let again = operands.iter().take(n).any(|earlier| earlier.node == operand.node);
        if let Some(span) = gone(context, operands, n).filter(|_| again) {
            out.insert(operand.span, span);
        }
    }
}
