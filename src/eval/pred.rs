//! Predicates: takes a predicate and a scope, gives true or false. What is missing fails every positive test.

use std::cmp::Ordering;

use super::expr::Scope;
use super::number::compare;
use super::value::Value;
use crate::ir::{Comparison, Glob, Literal, Pred, PredKind, TextTest, cloud_of};
use crate::redact;

impl Scope<'_> {
    /// Whether a predicate holds.
    pub fn holds(&mut self, pred: &Pred) -> bool {
        match &pred.kind {
            PredKind::Const(value) => *value,
            PredKind::All(preds) => preds.iter().all(|pred| self.holds(pred)),
            PredKind::Any(preds) => preds.iter().any(|pred| self.holds(pred)),
            PredKind::Not(inner) => !self.holds(inner),
            PredKind::Present(expr) => self.value(expr).is_present(),
            PredKind::Holds(expr) => self.value(expr) == Value::Bool(true),
            PredKind::Compare(comparison, left, right) => {
                let left = self.value(left);
                compare(&left, &self.value(right)).is_some_and(|order| stands(*comparison, order))
            }
            PredKind::EqualNoCase(left, right) => {
                let left = self.value(left);
                let (left, right) = (left.as_text(), self.value(right));
                left.zip(right.as_text()).is_some_and(|(left, right)| left.eq_ignore_ascii_case(right))
            }
            PredKind::OneOf { subject, options, nocase } => {
                let subject = self.value(subject);
                options.iter().any(|option| equals(&subject, option, *nocase))
            }
            PredKind::InNetwork(expr, networks) => match self.value(expr) {
                Value::Ip(ip) => networks.iter().any(|network| network.contains(&ip)),
                _ => false,
            },
            PredKind::Text { test, subject, needles, every, nocase } => {
                let subject = self.value(subject);
                let Some(subject) = subject.as_text() else { return false };
                each(needles, *every, |needle| {
                    self.value(needle).as_text().is_some_and(|needle| test.finds(subject, needle, *nocase))
                })
            }
            PredKind::Matches { subject, patterns, every } => {
                let subject = self.value(subject);
                let Some(subject) = subject.as_text() else { return false };
                each(patterns, *every, |pattern| self.patterns().found(pattern, subject))
            }
            PredKind::Found { subject, entity } => {
                self.value(subject).as_text().is_some_and(|text| redact::finds(text, *entity))
            }
            PredKind::Has { list, options, every, nocase } => {
                let list = self.value(list);
                each(options, *every, |option| list.elements().iter().any(|element| equals(element, option, *nocase)))
            }
            PredKind::Some { element, list, holds, every } => {
                let list = self.value(list);
                each(list.elements(), *every, |value| self.with_element(*element, value, |scope| scope.holds(holds)))
            }
            PredKind::Operation { subject, globs, .. } => {
                let subject = self.value(subject);
                let cloud = cloud_of(self.source());
                // An event of no source may come from any cloud.
                let globs = globs.iter().filter(|(of, _)| cloud.is_empty() || of == cloud);
                subject.as_text().is_some_and(|text| globs.into_iter().any(|(of, glob)| glob.fits(text, of == "azure")))
            }
            PredKind::Fits { subject, globs, nocase } => {
                let subject = self.value(subject);
                subject.as_text().is_some_and(|text| globs.iter().any(|glob: &Glob| glob.fits(text, *nocase)))
            }
        }
    }
}

/// One item at least for which the test holds; with `every`, all of them, of one at least.
fn each<'a, T>(items: &'a [T], every: bool, mut test: impl FnMut(&'a T) -> bool) -> bool {
    if every { !items.is_empty() && items.iter().all(test) } else { items.iter().any(&mut test) }
}

fn stands(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterEqual => order != Ordering::Less,
    }
}

/// Whether a value is a constant; with `nocase`, but for the case of A–Z.
fn equals(value: &Value, constant: &Literal, nocase: bool) -> bool {
    match (value, constant) {
        (Value::Text(text), Literal::Text(constant)) => TextTest::Equals.finds(text, constant, nocase),
        (value, constant) => compare(value, &Value::literal(constant)) == Some(Ordering::Equal),
    }
}
