//! Tests of a `case` between constants: takes a predicate, gives the one over its conditions, where that is what it comes down to.
//!
//! Sources give `outcome` and the like as a `case`. A rule that asks for one of its words then reads as the condition itself.

use crate::ir::{Comparison, Expr, ExprKind, Literal, Pred, PredKind};

/// The predicate over the conditions of the `case` that it tests.
pub(super) fn decided(pred: &Pred) -> Option<Pred> {
    match &pred.kind {
        PredKind::Compare(Comparison::Equal, left, right) => match (left.as_literal(), right.as_literal()) {
            (None, Some(wanted)) => over_arms(left, pred, &|literal| literal == wanted),
            (Some(wanted), None) => over_arms(right, pred, &|literal| literal == wanted),
            _ => None,
        },
        PredKind::EqualNoCase(left, right) => match (left.as_literal(), right.as_literal()) {
            (None, Some(wanted)) => over_arms(left, pred, &|literal| equal(literal, wanted, true)),
            _ => None,
        },
        PredKind::OneOf { subject, options, nocase } => {
            over_arms(subject, pred, &|literal| options.iter().any(|option| equal(literal, option, *nocase)))
        }
        PredKind::Present(subject) => over_arms(subject, pred, &|_| true),
        PredKind::Holds(subject) => over_arms(subject, pred, &|literal| *literal == Literal::Bool(true)),
        _ => None,
    }
}

fn equal(one: &Literal, other: &Literal, nocase: bool) -> bool {
    match (one, other) {
        (Literal::Text(one), Literal::Text(other)) if nocase => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

fn over_arms(case: &Expr, pred: &Pred, wanted: &dyn Fn(&Literal) -> bool) -> Option<Pred> {
    let ExprKind::Case(arms, default) = &case.kind else { return None };
    let constant = |value: bool| Pred::new(PredKind::Const(value), pred.span);
    let is_wanted = |value: &Expr| match &value.kind {
        ExprKind::Literal(literal) => Some(wanted(literal)),
        // `case {}` is the constant that is missing.
        ExprKind::Case(arms, None) if arms.is_empty() => Some(false),
        _ => None,
    };
    let mut otherwise = constant(match default {
        Some(default) => is_wanted(default)?,
        None => false,
    });
    for (condition, value) in arms.iter().rev() {
        otherwise = if is_wanted(value)? {
            Pred::any(vec![condition.clone(), otherwise], pred.span)
        } else {
            Pred::all(vec![condition.clone().negate(), otherwise], pred.span)
        };
    }
    Some(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Type;
    use crate::source::Span;

    fn text(text: &str) -> Expr {
        Expr::literal(Literal::Text(text.to_owned()), Span::default())
    }

    fn flag(n: usize) -> Pred {
        let flag = Expr::new(ExprKind::With(n), Type::Bool, Span::default());
        Pred::new(PredKind::Holds(flag), Span::default())
    }

    fn word_is(arms: Vec<(Pred, Expr)>, default: Option<Expr>, wanted: &str) -> Option<PredKind> {
        let case = Expr::new(ExprKind::Case(arms, default.map(Box::new)), Type::Text, Span::default());
        decided(&Pred::new(PredKind::Compare(Comparison::Equal, case, text(wanted)), Span::default()))
            .map(|pred| pred.kind)
    }

    #[test]
    fn a_word_is_its_condition() {
        let arms = || vec![(flag(0), text("a")), (flag(1), text("b")), (flag(2), text("a"))];
        let not = |n| flag(n).negate();
        assert_eq!(word_is(arms(), None, "c"), Some(PredKind::Const(false)));
        assert_eq!(word_is(arms(), None, "b"), Some(PredKind::All(vec![not(0), flag(1)])));
        let last = Pred::all(vec![not(1), flag(2)], Span::default());
        assert_eq!(word_is(arms(), None, "a"), Some(PredKind::Any(vec![flag(0), last])));
        assert_eq!(word_is(arms(), Some(text("c")), "c"), Some(PredKind::All(vec![not(0), not(1), not(2)])));
        let computed = Expr::new(ExprKind::With(7), Type::Text, Span::default());
        assert_eq!(word_is(arms(), Some(computed), "a"), None);
    }
}
