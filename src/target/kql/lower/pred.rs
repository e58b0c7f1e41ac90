//! Predicates: takes one, gives a condition of KQL and whether that may be null.
//!
//! Null is as good as false in `where`, `iff`, `case` and `countif`, and stays so through `and` and `or`. Only `not` must make it false first.

use super::super::errors;
use super::super::tree::{Infix, Scalar};
use super::expr::literal_scalar;
use super::{Lower, Truth, refuse};
use crate::ir::{Expr, Literal, Pred, PredKind, TextTest, Type as Ty};
use crate::target::said::{Said, gather};

impl Lower<'_> {
    /// The condition of a predicate.
    pub(super) fn truth(&mut self, pred: &Pred) -> Said<Truth> {
        match &pred.kind {
            PredKind::Const(value) => Ok(Truth::plain(Scalar::Bool(*value))),
            PredKind::All(preds) => self.chain(preds, Scalar::all),
            PredKind::Any(preds) => self.chain(preds, Scalar::any),
            PredKind::Not(inner) => Ok(Truth::plain(negated(self.truth(inner)?))),
            PredKind::Present(expr) => self.is_present(expr),
            PredKind::Holds(expr) => {
                let value = self.value(expr)?;
                Ok(Truth::nullable(value.scalar, value.optional))
            }
            PredKind::Compare(comparison, left, right) => self.compare(*comparison, left, right),
            PredKind::EqualNoCase(left, right) => {
                self.text_test(TextTest::Equals, left, std::slice::from_ref(right), false, true)
            }
            PredKind::OneOf { subject, options, nocase } => self.one_of(subject, options, *nocase),
            PredKind::InNetwork(subject, networks) => self.in_networks(subject, networks),
            PredKind::Text { test, subject, needles, every, nocase } => {
                self.text_test(*test, subject, needles, *every, *nocase)
            }
            PredKind::Matches { subject, patterns, every } => self.matches(subject, patterns, *every),
            PredKind::Has { list, options, every, nocase } => self.has(list, options, *every, *nocase, pred),
            PredKind::Some { element, list, holds, every } => self.some(*element, list, holds, *every, pred.span),
            PredKind::Operation { .. } | PredKind::Found { .. } => refuse(errors::unbound(pred.span)),
            PredKind::Fits { subject, globs, nocase } => self.fits(subject, globs, *nocase),
        }
    }

    fn chain(&mut self, preds: &[Pred], join: fn(Vec<Scalar>) -> Scalar) -> Said<Truth> {
        let truths = gather(preds.iter().map(|pred| self.truth(pred)))?;
        let nullable = truths.iter().any(|truth| truth.nullable);
        Ok(Truth::nullable(join(truths.into_iter().map(|truth| truth.scalar).collect()), nullable))
    }

    fn one_of(&mut self, subject: &Expr, options: &[Literal], nocase: bool) -> Said<Truth> {
        match &subject.ty {
            Ty::Ip => return self.one_of_addresses(subject, options),
            Ty::Text => {
                let texts = options.iter().filter_map(|option| match option {
                    Literal::Text(text) => Some(text.clone()),
                    _ => None,
                });
                return self.equals_one(subject, &texts.collect::<Vec<_>>(), nocase);
            }
            _ => {}
        }
        let value = self.value(subject)?;
        let mut scalars = Vec::new();
        for option in options {
            match literal_scalar(option) {
                Some((scalar, _)) => scalars.push(scalar),
                // What KQL's type does not hold equals nothing that it holds.
                None if matches!(option, Literal::Decimal(_)) => return refuse(errors::decimal(subject.span)),
                None => {}
            }
        }
        Ok(Truth::nullable(is_one_of(value.scalar, scalars, false), value.optional))
    }
}

/// `subject == option`, or `subject in (…)`.
pub(super) fn is_one_of(subject: Scalar, mut options: Vec<Scalar>, nocase: bool) -> Scalar {
    let operator = if nocase { Infix::EqualNoCase } else { Infix::Equal };
    match (options.len(), options.pop()) {
        (_, None) => Scalar::Bool(false),
        (1, Some(only)) => Scalar::infix(subject, operator, only),
        (_, Some(last)) => {
            options.push(last);
            Scalar::In { subject: Box::new(subject), nocase, negated: false, options }
        }
    }
}

/// The complement: true exactly where the condition is false or null.
pub(super) fn negated(truth: Truth) -> Scalar {
    if truth.nullable {
        return Scalar::call("not", [Scalar::call("coalesce", [truth.scalar, Scalar::Bool(false)])]);
    }
    match truth.scalar {
        Scalar::Bool(value) => Scalar::Bool(!value),
        Scalar::Infix(left, infix, right) => match infix.complement() {
            Some(complement) => Scalar::Infix(left, complement, right),
            None => Scalar::call("not", [Scalar::Infix(left, infix, right)]),
        },
        Scalar::In { subject, nocase, negated, options } => Scalar::In { subject, nocase, negated: !negated, options },
        Scalar::Call("isempty", args) => Scalar::Call("isnotempty", args),
        Scalar::Call("isnotempty", args) => Scalar::Call("isempty", args),
        Scalar::Call("isnull", args) => Scalar::Call("isnotnull", args),
        Scalar::Call("isnotnull", args) => Scalar::Call("isnull", args),
        Scalar::Call("not", mut args) if args.len() == 1 => match args.pop() {
            Some(inner) => inner,
            None => Scalar::Bool(true),
        },
        scalar => Scalar::call("not", [scalar]),
    }
}
