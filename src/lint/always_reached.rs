//! W0107 `always-reached`: a `when` that asks for one row.

use super::context::Seen;
use super::measure::aggregate;
use super::written::shown;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{AggregateFunction, Comparison, Expr, Literal, Pred, PredKind, Rule};
use crate::source::Span;
use crate::syntax::ast::{self, Clause};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0107",
        name: "always-reached",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "threshold that every window reaches",
        why: "A window exists only where it has a row, so `count() > 0` is so of all of them and `when` decides nothing. Either the threshold is missing, or the
clause is: without it every window that holds a row alerts. `--fix` takes a clause away that says nothing else.",
        bad: "
rule big_answers {
    severity low
    from     invocation
    where    tokens.output > 4_000
    over     1h by caller.id
    let      answers = count()
    when     answers > 0
}",
        good: "
rule big_answers {
    severity low
    from     invocation
    where    tokens.output > 4_000
    over     1h by caller.id
    let      answers = count()
    when     answers > 20
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| !rule.meant.asks_for_silence()) {
        let demands = rule.demands();
        for demand in demands.iter().filter(|demand| asks_for_one(rule, demand)) {
            let finding = LINT.finding(format!("every window has `{}`", shown(context, demand.span)));
            let finding = finding.at(demand.span, "a window has a row, or it is none");
            let finding = finding.help("write the threshold that is meant, or leave it out");
            out.push(match clause(context, rule).filter(|_| demands.len() == 1) {
                Some(span) => finding.fix(span, ""),
                None => finding,
            });
        }
    }
}

/// `count() > 0`, `count() >= 1`, `count() != 0`
fn asks_for_one(rule: &Seen<'_, ast::Rule, Rule>, demand: &Pred) -> bool {
    let counts = |expr: &Expr| {
        aggregate(rule, expr).is_some_and(|one| one.function == AggregateFunction::Count && one.filter.is_none())
    };
    let asks = |op: Comparison, count: &Expr, number: &Expr| {
        let least = matches!(
            (op, number.as_literal()),
            (Comparison::Greater | Comparison::Equal, Some(Literal::Int(0)))
                | (Comparison::GreaterEqual, Some(Literal::Int(1)))
        );
        least && counts(count)
    };
    match &demand.kind {
        PredKind::Compare(Comparison::Equal, ..) => false,
        PredKind::Compare(op, left, right) => asks(*op, left, right) || asks(op.flipped(), right, left),
        PredKind::Not(inner) => match &inner.kind {
            PredKind::Compare(Comparison::Equal, left, right) => asks(Comparison::Equal, left, right),
            _ => false,
        },
        _ => false,
    }
}

/// The clause with the line break before it.
fn clause(context: &Context<'_>, rule: &Seen<'_, ast::Rule, Rule>) -> Option<Span> {
    let clauses = &rule.written.clauses;
    let place = clauses.iter().position(|clause| matches!(clause.node, Clause::When(_)))?;
    let (before, when) = (clauses.get(place.checked_sub(1)?)?.span, clauses.get(place)?.span);
    let span = Span { start: before.end, ..when };
    // A comment is not taken away.
    (!context.text(span).contains("//")).then_some(span)
}
