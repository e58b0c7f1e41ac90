//! `found` for systems that know no redactor: takes a rule, gives it with the entities' own patterns in its place, and what that makes of the
//! verdict.

use std::collections::BTreeMap;

use super::{Condition, Lowering, Verdict};
use crate::bind::deciding;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Literal, Pattern, Pred, PredKind, Rewrite, Rule};
use crate::redact::{Entity, Proof};
use crate::source::Span;

/// What the patterns say beside what was asked.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// Whether one of them decides.
    decide: bool,
    /// Where a pattern finds more than its entity, and what that does to the rule.
    more: Vec<(Verdict, Entity, Span)>,
}

/// The rule with patterns for `found`.
pub(super) fn as_patterns(rule: &Rule) -> (Rule, Patterns) {
    let mut said = Patterns::default();
    let mut rule = rule.clone();
    let (aggregates, measures) = deciding(&rule);
    rule.filter = rule.filter.into_iter().map(|pred| said.pred(pred, Some(true))).collect();
    for (_, aggregate) in rule.aggregates.iter_mut().enumerate().filter(|(n, _)| aggregates.contains(n)) {
        aggregate.filter = aggregate.filter.take().map(|pred| said.pred(pred, Some(true)));
        aggregate.args = std::mem::take(&mut aggregate.args).into_iter().map(|arg| arg.rewrite(&mut said)).collect();
    }
    let mut expr = |expr: &mut Expr| *expr = expr.clone().rewrite(&mut said);
    rule.with.iter_mut().for_each(|binding| expr(&mut binding.value));
    rule.each.iter_mut().for_each(|each| expr(&mut each.list));
    rule.window.iter_mut().flat_map(|window| &mut window.keys).for_each(|key| expr(&mut key.value));
    let decides = |(n, _): &(usize, _)| measures.contains(n);
    rule.measures.iter_mut().enumerate().filter(decides).for_each(|(_, measure)| expr(&mut measure.value));
    // What only shows weakens nothing.
    (rule.rewrite(&mut Shown), said)
}

/// The rule as targets take it: with entities' own patterns for `found`.
#[must_use]
pub fn with_patterns(rule: &Rule) -> Rule {
    as_patterns(rule).0
}

/// The rule with what it asks by `found` left out: what it reads besides.
pub(super) fn without_asking(rule: &Rule) -> Rule {
    rule.clone().rewrite(&mut Other)
}

impl Patterns {
    /// A predicate that must hold, must not, or (none) both.
    fn pred(&mut self, pred: Pred, positive: Option<bool>) -> Pred {
        let span = pred.span;
        match pred.kind {
            PredKind::All(preds) => Pred::all(preds.into_iter().map(|p| self.pred(p, positive)).collect(), span),
            PredKind::Any(preds) => {
                let (asked, others): (Vec<Pred>, Vec<Pred>) =
                    preds.into_iter().partition(|pred| matches!(pred.kind, PredKind::Found { .. }));
                let asked = asked.into_iter().map(|pred| self.pred(pred, positive)).collect();
                let others: Vec<Pred> = others.into_iter().map(|pred| self.pred(pred, positive)).collect();
                Pred::any(one_search(asked).into_iter().chain(others).collect(), span)
            }
            PredKind::Not(inner) => self.pred(*inner, positive.map(|positive| !positive)).negate(),
            PredKind::Found { subject, entity } => {
                self.decide = true;
                if entity.proof() == Proof::Check {
                    let verdict = match positive {
                        Some(true) => Verdict::Wider,
                        Some(false) => Verdict::Narrower,
                        None => Verdict::Differs,
                    };
                    self.more.push((verdict, entity, span));
                }
                pattern(subject, entity, span)
            }
            kind => Pred::new(kind, span).rewrite(self),
        }
    }

    /// Says it of a query.
    pub(super) fn tell(&self, cx: &mut Lowering<'_>) {
        if self.decide {
            cx.provided(Condition::StandsPlain);
        }
        let mut reasons: BTreeMap<(Verdict, Entity), Span> = BTreeMap::new();
        for (verdict, entity, span) in &self.more {
            reasons.entry((*verdict, *entity)).or_insert(*span);
        }
        for ((verdict, entity), span) in reasons {
            cx.weaken(verdict, more(entity, span));
        }
    }
}

impl Rewrite for Patterns {
    /// Inside of a value: whoever reads it may take it either way.
    fn pred(&mut self, pred: Pred) -> Pred {
        if matches!(pred.kind, PredKind::Found { .. }) { Patterns::pred(self, pred, None) } else { pred }
    }
}

struct Shown;

impl Rewrite for Shown {
    fn pred(&mut self, pred: Pred) -> Pred {
        match pred.kind {
            PredKind::Found { subject, entity } => pattern(subject, entity, pred.span),
            _ => pred,
        }
    }
}

struct Other;

impl Rewrite for Other {
    fn pred(&mut self, pred: Pred) -> Pred {
        match pred.kind {
            // A test that reads nothing and is not folded away with what stands beside it.
            PredKind::Found { .. } => {
                let yes = Expr::literal(Literal::Bool(true), pred.span);
                Pred::new(PredKind::Holds(yes), pred.span)
            }
            _ => pred,
        }
    }
}

/// Patterns that are sought in one text are one test: queries that look into lists do so once.
fn one_search(asked: Vec<Pred>) -> Vec<Pred> {
    let mut tests: Vec<Pred> = Vec::new();
    for pred in asked {
        let PredKind::Matches { subject, patterns, .. } = &pred.kind else {
            tests.push(pred);
            continue;
        };
        let same = tests.iter_mut().find_map(|test| match &mut test.kind {
            PredKind::Matches { subject: of, patterns, .. } if of.kind == subject.kind => Some(patterns),
            _ => None,
        });
        match same {
            Some(known) => known.extend(patterns.iter().cloned()),
            None => tests.push(pred),
        }
    }
    tests
}

/// The entity's pattern; the test as it was where the language does not take the pattern, which targets refuse.
fn pattern(subject: Expr, entity: Entity, span: Span) -> Pred {
    let pattern = entity.pattern().and_then(|text| Pattern::new(text, entity.nocase()).ok());
    Pred::new(
        match pattern {
            Some(pattern) => PredKind::Matches { subject, patterns: vec![pattern], every: false },
            None => PredKind::Found { subject, entity },
        },
        span,
    )
}

fn more(entity: Entity, span: Span) -> Diagnostic {
    let message =
        format!("`{}` is sought by its pattern, without the checks that redaction makes of a value", entity.word());
    Diagnostic::warning(Code::Weaker, message)
        .at(span, "")
        .help("what only looks like one is found too: numbers without the checksum, words that are no secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one_of_the_language() {
        for entity in Entity::ALL.into_iter() {
            let pattern = entity.pattern().map(|text| Pattern::new(text, entity.nocase()));
            assert!(matches!(pattern, Some(Ok(_))), "{}: {pattern:?}", entity.word());
        }
    }
}
