//! Conditions side by side: takes a rule, gives every two of which both have to hold, or one.

use std::collections::BTreeSet;

use super::context::{Seen, plain_pred};
use crate::ir::{Pred, PredKind, Rule};
use crate::source::Span;
use crate::syntax::ast;

/// More conditions than this in one chain are a list, and no longer compared each with each.
const MOST: usize = 64;

/// A condition, and where it was written.
pub(super) struct Part {
    /// Without places.
    pub(super) pred: Pred,
    /// Where it was written.
    pub(super) span: Span,
}

impl Part {
    /// Of a condition as it is meant.
    pub(super) fn new(pred: &Pred) -> Part {
        Part { pred: plain_pred(pred), span: pred.span }
    }
}

/// Calls `visit` with every two conditions that stand beside each other, in the order of the text; true: both have to hold, false: one of them.
pub(super) fn each_pair(rule: &Seen<'_, ast::Rule, Rule>, visit: &mut dyn FnMut(bool, &Part, &Part)) {
    let mut done = BTreeSet::new();
    let mut once = |all: bool, one: &Part, other: &Part| {
        // What one form came to has one place.
        if done.insert((one.span, other.span)) {
            visit(all, one, other);
        }
    };
    among(true, &rule.conditions(), &mut once);
    rule.each_pred(&mut |pred| in_chain(pred, &mut once));
}

/// The same of the links of one chain of conditions.
pub(super) fn in_chain(pred: &Pred, visit: &mut dyn FnMut(bool, &Part, &Part)) {
    match &pred.kind {
        PredKind::All(preds) => among(true, &preds.iter().collect::<Vec<_>>(), visit),
        PredKind::Any(preds) => among(false, &preds.iter().collect::<Vec<_>>(), visit),
        _ => {}
    }
}

fn among(all: bool, preds: &[&Pred], visit: &mut dyn FnMut(bool, &Part, &Part)) {
    if preds.len() < 2 || preds.len() > MOST {
        return;
    }
    let parts: Vec<Part> = preds.iter().map(|pred| Part::new(pred)).collect();
    for (n, one) in parts.iter().enumerate() {
        for other in parts.iter().skip(n + 1).filter(|other| one.span != other.span) {
            visit(all, one, other);
        }
    }
}
