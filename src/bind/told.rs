//! What a place tells of its records: takes a predicate or a bound rule, gives it with the parts that every record of the place has alike put
//! in as constants, and folded.

use super::BoundRule;
use super::simplify::{Carry, change, simplify};
use crate::ir::{Expr, ExprKind, Literal, Place, Pred, PredKind, Rewrite, Type};

/// The predicate over records of a place.
#[must_use]
pub fn told(pred: Pred, place: &Place) -> Pred {
    simplify(pred.rewrite(&mut Told(place)), Carry::Constants)
}

/// The rule over records of a place.
#[must_use]
pub fn told_rule(bound: BoundRule, place: &Place) -> BoundRule {
    if place.constants.is_empty() {
        return bound;
    }
    change(bound, &mut |expr| expr.rewrite(&mut Told(place)), &mut |pred| told(pred, place))
}

struct Told<'a>(&'a Place);

impl Told<'_> {
    fn constant(&self, raw: &Expr) -> Option<&str> {
        let ExprKind::Path(base, steps) = &raw.kind else { return None };
        let known = self.0.constants.iter().find(|(path, _)| path == steps && base.kind == ExprKind::Record);
        known.map(|(_, text)| text.as_str())
    }
}

impl Rewrite for Told<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        match &expr.kind {
            ExprKind::Read(raw) if expr.ty == Type::Text => match self.constant(raw) {
                Some(text) => Expr::literal(Literal::Text(text.to_owned()), expr.span),
                None => expr,
            },
            _ => expr,
        }
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        match &pred.kind {
            PredKind::Present(raw) if self.constant(raw).is_some() => Pred::new(PredKind::Const(true), pred.span),
            _ => pred,
        }
    }
}
