//! What rules read of the content tier: takes a rule, gives the fields.

use std::collections::BTreeSet;

use super::Context;
use crate::ir::{Expr, ExprKind, FieldId, Pred, PredKind, Rule, Tier};

/// Whether a field is text of users or models.
pub(super) fn is_content(context: &Context<'_>, rule: &Rule, field: FieldId) -> bool {
    let field = context.stream(rule).and_then(|stream| stream.get(field));
    field.is_some_and(|field| field.tier == Tier::Content)
}

/// The field of the content tier that an expression is; none where it is anything else.
pub(super) fn content_field(context: &Context<'_>, rule: &Rule, expr: &Expr) -> Option<FieldId> {
    match expr.kind {
        ExprKind::Field(field) if is_content(context, rule, field) => Some(field),
        _ => None,
    }
}

/// Whether an expression reads text of the content tier, also by a row value.
pub(super) fn reads(context: &Context<'_>, rule: &Rule, expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |inner| {
        found |= match inner.kind {
            ExprKind::Field(field) => is_content(context, rule, field),
            ExprKind::With(n) => rule.with.get(n).is_some_and(|value| reads(context, rule, &value.value)),
            ExprKind::Element(n) => {
                rule.each.as_ref().is_some_and(|each| each.element == n && reads(context, rule, &each.list))
            }
            _ => false,
        };
    });
    found
}

/// Whether a condition needs text of the content tier. What `found` asks has been counted as the text was filed.
pub(super) fn asks(context: &Context<'_>, rule: &Rule, pred: &Pred) -> bool {
    match &pred.kind {
        PredKind::Found { .. } => false,
        PredKind::All(preds) | PredKind::Any(preds) => preds.iter().any(|pred| asks(context, rule, pred)),
        PredKind::Not(pred) => asks(context, rule, pred),
        _ => {
            let mut found = false;
            pred.walk(&mut |expr| found |= reads_itself(context, rule, expr));
            found
        }
    }
}

fn reads_itself(context: &Context<'_>, rule: &Rule, expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Field(_) | ExprKind::With(_) | ExprKind::Element(_)) && reads(context, rule, expr)
}

/// The fields of the content tier that a rule reads anywhere.
pub(super) fn fields(context: &Context<'_>, rule: &Rule) -> BTreeSet<FieldId> {
    let mut out = BTreeSet::new();
    rule.walk(&mut |expr| out.extend(content_field(context, rule, expr)));
    out
}
