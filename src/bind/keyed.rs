//! Tests of what is looked up: takes a test of a `case` that says a constant for each of some texts, gives the test of those texts for which
//! it holds. A lookup has thousands of arms; written as tests of each they would be a condition that no engine takes.

use std::collections::BTreeSet;

use super::constant::decided;
use super::simplify::{subject, with_subject};
use crate::ir::{Comparison, Expr, ExprKind, Literal, Pred, PredKind, Rewrite};

/// Rewrites all tests of a rule that [`by_key`] can.
pub(super) struct Keyed;

impl Rewrite for Keyed {
    fn expr(&mut self, expr: Expr) -> Expr {
        expr
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        by_key(&pred).unwrap_or(pred)
    }
}

/// A test of a `case` without `else`, each arm of which asks whether one and the same text is one of some and has a constant, as a test of that
/// text; none where it is no such case. No text and one that no arm has are missing, of which no test holds.
pub(super) fn by_key(test: &Pred) -> Option<Pred> {
    let ExprKind::Case(arms, None) = &subject(test)?.kind else { return None };
    let (first, _) = asks(&arms.first()?.0)?;
    let (mut seen, mut options) = (BTreeSet::new(), Vec::new());
    for (when, value) in arms {
        let (_, texts) = asks(when).filter(|(key, _)| *key == first)?;
        value.as_literal()?;
        let holds = decided(&with_subject(test, value))?;
        for text in texts {
            // The first arm counts.
            let Literal::Text(known) = text else { return None };
            if seen.insert(known) && holds {
                options.push(Literal::Text(known.clone()));
            }
        }
    }
    let kind = match options.as_slice() {
        [] => PredKind::Const(false),
        [only] => PredKind::Compare(Comparison::Equal, first.clone(), Expr::literal(only.clone(), test.span)),
        _ => PredKind::OneOf { subject: first.clone(), options, nocase: false },
    };
    Some(Pred::new(kind, test.span))
}

/// What an arm asks about, and the constants that it may be.
fn asks(when: &Pred) -> Option<(&Expr, Vec<&Literal>)> {
    match &when.kind {
        PredKind::OneOf { subject, options, nocase: false } => Some((subject, options.iter().collect())),
        PredKind::Compare(Comparison::Equal, subject, option) => Some((subject, vec![option.as_literal()?])),
        _ => None,
    }
}
