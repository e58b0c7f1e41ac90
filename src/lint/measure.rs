//! What conditions measure: takes a rule's expressions, gives the aggregates, constants and fields behind them.

use std::collections::BTreeSet;

use super::context::{Context, Seen, plain, plain_pred};
use crate::ir::{
    Aggregate, AggregateFunction, Comparison, Expr, ExprKind, FieldId, Function, Literal, Pred, PredKind, Rule,
};
use crate::source::Span;
use crate::syntax::ast;

/// A rule from both sides.
pub(super) type SeenRule<'a> = Seen<'a, ast::Rule, Rule>;

/// A comparison with a constant, which stands on the right.
pub(super) struct Threshold<'e> {
    /// What is measured.
    pub measure: &'e Expr,
    /// How it must stand to the line.
    pub comparison: Comparison,
    /// The constant as a number; durations in microseconds.
    pub line: f64,
    /// The whole comparison.
    pub span: Span,
}

/// The number of a constant, durations in microseconds; none of anything else.
pub(super) fn constant(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(n) | Literal::Duration(n)) => Some(*n as f64),
        ExprKind::Literal(Literal::Float(n)) => Some(*n),
        ExprKind::Literal(Literal::Decimal(n)) => Some(*n as f64 / 1e9),
        ExprKind::Call(Function::ToFloat | Function::ToDecimal, args) => args.first().and_then(constant),
        _ => None,
    }
}

/// The comparison with a constant that a condition is.
pub(super) fn threshold(pred: &Pred) -> Option<Threshold<'_>> {
    let PredKind::Compare(comparison, left, right) = &pred.kind else { return None };
    let (measure, comparison, line) = match (constant(left), constant(right)) {
        (None, Some(line)) => (left, *comparison, line),
        (Some(line), None) => (right, comparison.flipped(), line),
        _ => return None,
    };
    Some(Threshold { measure, comparison, line, span: pred.span })
}

/// The greater and the lesser side of a comparison by order.
pub(super) fn greater_and_lesser(pred: &Pred) -> Option<(&Expr, &Expr)> {
    match &pred.kind {
        PredKind::Compare(Comparison::Greater | Comparison::GreaterEqual, left, right) => Some((left, right)),
        PredKind::Compare(Comparison::Less | Comparison::LessEqual, left, right) => Some((right, left)),
        _ => None,
    }
}

/// The value behind names and changes of a number's type.
pub(super) fn bare<'e>(seen: &'e SeenRule<'_>, expr: &'e Expr) -> &'e Expr {
    let behind = seen.behind(expr);
    match &behind.kind {
        ExprKind::Call(Function::ToFloat | Function::ToDecimal, args) => {
            args.first().map_or(behind, |arg| bare(seen, arg))
        }
        _ => behind,
    }
}

/// The aggregate behind an expression.
pub(super) fn aggregate<'e>(seen: &'e SeenRule<'_>, expr: &'e Expr) -> Option<&'e Aggregate> {
    match bare(seen, expr).kind {
        ExprKind::Aggregate(n) => seen.meant.aggregates.get(n),
        _ => None,
    }
}

/// The field behind an expression.
pub(super) fn field(seen: &SeenRule<'_>, expr: &Expr) -> Option<FieldId> {
    match seen.behind(expr).kind {
        ExprKind::Field(field) => Some(field),
        _ => None,
    }
}

/// Whether two aggregates are over the same values of the same rows.
pub(super) fn over_the_same(one: &Aggregate, other: &Aggregate) -> bool {
    let args = |of: &Aggregate| of.args.iter().map(plain).collect::<Vec<_>>();
    args(one) == args(other) && one.filter.as_ref().map(plain_pred) == other.filter.as_ref().map(plain_pred)
}

/// Whether an aggregate counts rows or values: it is 0 of nothing.
pub(super) fn counts(of: &Aggregate) -> bool {
    matches!(of.function, AggregateFunction::Count | AggregateFunction::Distinct | AggregateFunction::Sum)
}

/// Calls `visit` on every comparison and test that must hold, alone or beside others, with all that must hold with it. What is negated is left out.
pub(super) fn each_with<'e>(pred: &'e Pred, beside: &[&'e Pred], visit: &mut dyn FnMut(&'e Pred, &[&'e Pred])) {
    match &pred.kind {
        PredKind::All(preds) => {
            let all: Vec<&Pred> = beside.iter().copied().chain(preds).collect();
            preds.iter().for_each(|pred| each_with(pred, &all, visit));
        }
        PredKind::Any(preds) => preds.iter().for_each(|pred| each_with(pred, beside, visit)),
        PredKind::Not(_) => {}
        _ => visit(pred, beside),
    }
}

/// The names of what correlations read.
pub(super) fn members<'a>(context: &Context<'a>) -> BTreeSet<&'a str> {
    context.correlations.iter().flat_map(|one| &one.meant.members).map(|member| member.name.as_str()).collect()
}
