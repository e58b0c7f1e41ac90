//! W0143 `unreachable-threshold`: a line that a measure can't pass.

use super::measure::{SeenRule, Threshold, aggregate, bare, field, threshold};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{
    Aggregate, AggregateFunction, Arithmetic, Comparison, Expr, ExprKind, FieldId, Function, Pred, PredKind, Type,
};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0143",
        name: "unreachable-threshold",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "line that nothing can pass",
        why: "There are seven weekdays and 24 hours, a part is no more than the whole, and of a field that `where` limits to three values there
are three; of a key there is one. A line above that is never passed: the rule is silent, and looks as if all were well. Lower the line, or
measure what was meant.",
        bad: "
rule many_models {
    severity low
    from     invocation
    where    model.id in [\"claude-haiku\", \"claude-opus\", \"claude-sonnet\"]
    over     1h by caller.id
    let      models = distinct(model.id)
    when     models > 3
}",
        good: "
rule many_models {
    severity low
    from     invocation
    where    model.id in [\"claude-haiku\", \"claude-opus\", \"claude-sonnet\"]
    over     1h by caller.id
    let      models = distinct(model.id)
    when     models >= 3
}",
    },
    check,
};

const HOUR: i64 = 3_600 * crate::ir::SECOND;

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| !rule.meant.aggregates.is_empty()) {
        rule.each_pred(&mut |pred| {
            if let Some((line, most)) = beyond(context, rule, pred) {
                let name = context.text(line.measure.span);
                out.push(
                    LINT.finding(format!("`{name}` is at most {most}"))
                        .at(pred.span, "never so")
                        .help("lower the line"),
                );
            }
        });
    }
}

/// Whether this lint finds a comparison: others leave it alone.
pub(super) fn judges(context: &Context<'_>, rule: &SeenRule<'_>, pred: &Pred) -> bool {
    beyond(context, rule, pred).is_some()
}

/// A comparison with a line that its measure never passes, and the most that the measure can be.
fn beyond<'e>(context: &Context<'_>, rule: &SeenRule<'_>, pred: &'e Pred) -> Option<(Threshold<'e>, f64)> {
    let line = threshold(pred).filter(|_| !rule.meant.aggregates.is_empty())?;
    let most = most(context, rule, line.measure)?;
    let beyond = match line.comparison {
        Comparison::Greater => line.line >= most,
        Comparison::GreaterEqual | Comparison::Equal => line.line > most,
        Comparison::Less | Comparison::LessEqual => false,
    };
    beyond.then_some((line, most))
}

/// The greatest value that a measure can have, where that is known.
fn most(context: &Context<'_>, rule: &SeenRule<'_>, measure: &Expr) -> Option<f64> {
    let measure = bare(rule, measure);
    match &measure.kind {
        ExprKind::Aggregate(_) => different(context, rule, aggregate(rule, measure)?),
        ExprKind::Call(Function::Size, args) => match aggregate(rule, args.first()?)?.function {
            AggregateFunction::Values(n) | AggregateFunction::Top(n) => Some(f64::from(n)),
            _ => None,
        },
        ExprKind::Arithmetic(Arithmetic::Divide, part, whole) => {
            let (part, whole) = (aggregate(rule, part)?, aggregate(rule, whole)?);
            let counts = |of: &Aggregate| matches!(of.function, AggregateFunction::Count | AggregateFunction::Distinct);
            (counts(part) && whole.function == AggregateFunction::Count && whole.filter.is_none()).then_some(1.0)
        }
        _ => None,
    }
}

/// How many different values an aggregate can find.
fn different(context: &Context<'_>, rule: &SeenRule<'_>, of: &Aggregate) -> Option<f64> {
    let [arg] = of.args.as_slice() else { return None };
    if of.function != AggregateFunction::Distinct {
        return None;
    }
    let window = rule.meant.window.as_ref()?;
    let arg = rule.behind(arg);
    // Units of UTC that a window has a part of: one that begins inside of a unit has a part of one more.
    let parts = |unit: i64| {
        let whole = window.length.saturating_add(unit - 1).checked_div(unit)?;
        Some(if window.step % unit == 0 { whole } else { whole.saturating_add(1) })
    };
    let of_event = |args: &[Expr]| {
        let time = context.stream(rule.meant).map(crate::ir::Stream::time);
        args.first().is_some_and(|arg| field(rule, arg) == time)
    };
    match &arg.kind {
        ExprKind::Call(Function::Hour, args) => {
            return parts(HOUR).filter(|_| of_event(args)).map_or(Some(24.0), |n| Some(24.min(n) as f64));
        }
        ExprKind::Call(Function::Weekday, args) => {
            return parts(24 * HOUR).filter(|_| of_event(args)).map_or(Some(7.0), |n| Some(7.min(n) as f64));
        }
        _ if arg.ty == Type::Bool => return Some(2.0),
        _ => {}
    }
    let limited = field(rule, arg)?;
    if window.keys.iter().any(|key| key.default.is_none() && field(rule, &key.value) == Some(limited)) {
        return Some(1.0);
    }
    let own = of.filter.iter().flat_map(crate::ir::Pred::parts);
    rule.conditions().into_iter().chain(own).filter_map(|pred| options(rule, pred, limited)).min().map(|n| n as f64)
}

/// To how many values a condition limits a field.
fn options(rule: &SeenRule<'_>, pred: &Pred, limited: FieldId) -> Option<usize> {
    match &pred.kind {
        PredKind::OneOf { subject, options, nocase: false } if field(rule, subject) == Some(limited) => {
            Some(options.len())
        }
        PredKind::Compare(Comparison::Equal, subject, value) if field(rule, subject) == Some(limited) => {
            value.as_literal().map(|_| 1)
        }
        _ => None,
    }
}
