//! Predicates made true: takes one over a raw record, writes into the record what it needs.

use super::witness::{Take, witness};
use super::write::{Writer, some};
use crate::eval::Value;
use crate::ir::{Comparison, Expr, ExprKind, Literal, Pred, PredKind, Type};

impl Writer<'_> {
    /// Makes a predicate hold, or not; whether that could be done.
    pub(super) fn hold(&mut self, pred: &Pred, wanted: bool) -> bool {
        if self.evaluate(|scope| scope.holds(pred)) == wanted {
            return true;
        }
        match &pred.kind {
            PredKind::Not(inner) => self.hold(inner, !wanted),
            PredKind::All(preds) if !wanted => preds.iter().any(|pred| self.hold(pred, false)),
            PredKind::Any(preds) if !wanted => preds.iter().all(|pred| self.hold(pred, false)),
            // What is written stays: nothing else is made false that holds.
            _ => wanted && self.attempt(|writer| writer.make(pred) && writer.evaluate(|scope| scope.holds(pred))),
        }
    }

    fn make(&mut self, pred: &Pred) -> bool {
        match &pred.kind {
            PredKind::Const(_) | PredKind::Not(_) | PredKind::Operation { .. } | PredKind::Found { .. } => false,
            PredKind::All(preds) => preds.iter().all(|pred| self.hold(pred, true)),
            PredKind::Any(preds) => preds.iter().any(|pred| self.hold(pred, true)),
            PredKind::Present(expr) => self.present(expr),
            PredKind::Holds(expr) => self.write(expr, &Value::Bool(true)),
            PredKind::Compare(comparison, left, right) => self.compare(*comparison, left, right),
            PredKind::EqualNoCase(left, right) => self.compare(Comparison::Equal, left, right),
            PredKind::OneOf { subject, options, .. } => {
                options.iter().any(|option| self.write(subject, &Value::literal(option)))
            }
            PredKind::InNetwork(expr, networks) => {
                networks.iter().any(|network| self.write(expr, &Value::ip(network.network())))
            }
            PredKind::Text { subject, needles, every, .. } => {
                let texts = needles.iter().map(|needle| needle.as_literal().map(Value::literal));
                let Some(texts) = texts.collect::<Option<Vec<Value>>>() else { return false };
                let all: String = texts.iter().filter_map(Value::as_text).collect();
                if *every {
                    self.write(subject, &Value::text(&all))
                } else {
                    texts.iter().any(|text| self.write(subject, text))
                }
            }
            PredKind::Matches { subject, patterns, .. } => patterns
                .iter()
                .any(|pattern| self.write(subject, &Value::text(&witness(&pattern.node, None, Take::First)))),
            PredKind::Has { list, options, every, .. } => {
                let values: Vec<Value> = options.iter().map(Value::literal).collect();
                let values = if *every { values } else { values.into_iter().take(1).collect() };
                self.write(list, &Value::list(values))
            }
            PredKind::Some { element, list, holds, .. } => self.in_element(*element, list, 0, |w| w.hold(holds, true)),
            PredKind::Fits { subject, globs, .. } => globs.iter().any(|glob| {
                let short = glob.parts.concat();
                let text = if short.is_empty() { "x".to_owned() } else { short };
                self.write(subject, &Value::text(&text))
            }),
        }
    }

    fn compare(&mut self, comparison: Comparison, left: &Expr, right: &Expr) -> bool {
        let (comparison, subject, limit) = match (left.as_literal(), right.as_literal()) {
            (_, Some(limit)) => (comparison, left, limit),
            (Some(limit), _) => (comparison.flipped(), right, limit),
            _ => return false,
        };
        let beyond = match comparison {
            Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual => 0,
            Comparison::Less => -1,
            Comparison::Greater => 1,
        };
        let value = match (limit, &subject.ty) {
            (Literal::Int(limit), Type::Int) => Value::Int(limit.saturating_add(beyond)),
            (Literal::Int(limit), _) => Value::float((limit.saturating_add(beyond)) as f64),
            (Literal::Float(limit), Type::Int) => Value::Int((*limit as i64).saturating_add(beyond)),
            (Literal::Float(limit), _) => Value::float(limit + beyond as f64),
            (Literal::Time(limit), _) => Value::Time(limit.saturating_add(beyond)),
            (Literal::Duration(limit), _) => Value::Duration(limit.saturating_add(beyond)),
            (limit, _) if beyond == 0 => Value::literal(limit),
            _ => return false,
        };
        self.write(subject, &value)
    }

    /// Gives an expression some value.
    fn present(&mut self, expr: &Expr) -> bool {
        if let ExprKind::Entries(inner, keys) = &expr.kind {
            let key = keys.as_ref().and_then(|keys| keys.first()).map_or("x", String::as_str);
            return self.member(inner, key);
        }
        match some(&expr.ty) {
            Some(value) => self.write(expr, &value),
            None => self.raw(expr),
        }
    }
}
