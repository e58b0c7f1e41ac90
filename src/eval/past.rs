//! Look-back: takes what the windows of a rule hold, gives what a group's past answers in one of them.
//!
//! Only what windows hold is asked, never rows: a row lies in `[start − L, start)` exactly if a window that ends by `start` has its last row
//! there. So whoever groups rows once has all that look-backs need.

use std::collections::BTreeMap;

use super::Run;
use super::aggregate::{Input, aggregate};
use super::expr::{Answers, Scope, Subject};
use super::pattern::Patterns;
use super::rule::Contents;
use super::value::Value;
use crate::ir::{Aggregate, ExprKind, Look, Pred, PredKind, Question, Rule, Statistic, Window};
use crate::json::Json;

/// The windows of a source's groups, by keys and then by start: those that hold a row.
pub type Groups = BTreeMap<Vec<Value>, BTreeMap<i64, Contents>>;

/// The past of every group of a rule on one source.
pub(super) struct Past<'a> {
    rule: &'a Rule,
    window: &'a Window,
    groups: &'a Groups,
    patterns: &'a Patterns,
    /// When the source's archive begins.
    begins: Option<i64>,
    /// By look-back, where it asks for rows: by the keys that it goes by.
    seen: Vec<BTreeMap<Vec<Value>, Seen>>,
    /// The aggregates of no rows.
    nothing: Vec<Value>,
}

/// Windows as (end, latest row in this one or an earlier one), rising.
type Seen = Vec<(i64, i64)>;

impl<'a> Past<'a> {
    pub(super) fn new(
        rule: &'a Rule,
        window: &'a Window,
        source: &str,
        groups: &'a Groups,
        run: &Run<'_>,
        patterns: &'a Patterns,
    ) -> Past<'a> {
        let seen = rule.looks.iter().map(|look| match &look.question {
            Question::Seen(keys) | Question::Unseen(keys) => seen(groups, keys, window),
            Question::Silent => seen(groups, &(0..window.keys.len()).collect::<Vec<_>>(), window),
            Question::Baseline(..) => BTreeMap::new(),
        });
        let nothing = rule.aggregates.iter().map(|a| aggregate(a, &[])).collect();
        let begins = run.begins(rule, source);
        Past { rule, window, groups, patterns, begins, seen: seen.collect(), nothing }
    }

    /// What the past of a group answers in a window.
    pub(super) fn answers(&self, keys: &[Value], start: i64) -> Answers {
        let answers = self.rule.looks.iter().zip(&self.seen).map(|(look, seen)| {
            let from = start.saturating_sub(look.length);
            if self.begins.is_some_and(|begins| from < begins) {
                return None;
            }
            let row = |by: &[usize]| seen.get(&picked(keys, by)).is_some_and(|seen| row_between(seen, from, start));
            Some(match &look.question {
                Question::Seen(by) => Value::Bool(row(by)),
                Question::Unseen(by) => Value::Bool(!row(by)),
                Question::Silent => {
                    let here = self.groups.get(keys).is_some_and(|windows| windows.contains_key(&start));
                    Value::Bool(!here && seen.get(keys).is_some_and(|seen| row_between(seen, from, start)))
                }
                Question::Baseline(value, statistic) => self.baseline(keys, start, look, value, *statistic),
            })
        });
        Answers { values: answers.collect() }
    }

    /// The windows without rows in which a group is judged all the same: those before which it had rows, ends in `(from, to]`.
    pub(super) fn silent(&self, keys: &[Value], (from, to): (i64, i64)) -> Vec<Contents> {
        let Some(windows) = self.groups.get(keys) else { return Vec::new() };
        let (length, step) = (self.window.length, self.window.step.max(1));
        let furthest = self.rule.looks.iter().filter(|look| look.question == Question::Silent).map(|look| look.length);
        let furthest = furthest.max().unwrap_or_default();
        let rows = windows.values().flat_map(|contents| [contents.first, contents.last]);
        let (Some(first), Some(last)) = (rows.clone().min(), rows.max()) else { return Vec::new() };
        // From the first window behind a row to the last one that still has one in its past.
        let begin = first.max(from.saturating_sub(length)).div_euclid(step).saturating_add(1).saturating_mul(step);
        let end = last.saturating_add(furthest).min(to.saturating_sub(length));
        let mut out = Vec::new();
        let mut start = begin;
        while start <= end {
            if start.saturating_add(length) > from && !windows.contains_key(&start) {
                let moment = start.saturating_add(length);
                out.push(Contents { start, first: moment, last: moment, aggregates: self.nothing.clone() });
            }
            start = start.saturating_add(step);
        }
        out
    }

    fn baseline(
        &self,
        keys: &[Value],
        start: i64,
        look: &Look,
        value: &crate::ir::Expr,
        statistic: Statistic,
    ) -> Value {
        let Some(windows) = self.groups.get(keys) else { return Value::Missing };
        let length = self.window.length.max(1);
        let before = (1..=look.length / length).map(|n| start.saturating_sub(n * length));
        let held: Vec<Option<&Contents>> = before.map(|start| windows.get(&start)).collect();
        if held.iter().all(Option::is_none) {
            return Value::Missing;
        }
        let of = |aggregates: &[Value]| {
            let nothing = Subject { source: "", fields: &[], record: &Json::Null };
            let mut scope = Scope::new(nothing, self.patterns);
            scope.measure(keys.to_vec(), aggregates.to_vec(), self.rule.measures.iter().map(|measure| &measure.value));
            scope.value(value)
        };
        let empty = of(&self.nothing);
        let values: Vec<[Value; 1]> =
            held.into_iter().map(|held| [held.map_or_else(|| empty.clone(), |held| of(&held.aggregates))]).collect();
        let rows: Vec<Input<'_>> = values.iter().map(|args| Input { time: 0, id: &Value::Missing, args }).collect();
        let over = Aggregate {
            function: statistic.function(),
            args: vec![value.clone()],
            filter: None,
            ty: look.ty(),
            span: look.span,
        };
        aggregate(&over, &rows)
    }
}

/// Whether a row lies in `[from, to)`, by the windows that end by `to`, which is where a window of the rule begins.
fn row_between(seen: &Seen, from: i64, to: i64) -> bool {
    let windows = seen.partition_point(|(end, _)| *end <= to);
    windows.checked_sub(1).and_then(|at| seen.get(at)).is_some_and(|(_, last)| *last >= from)
}

fn seen(groups: &Groups, keys: &[usize], window: &Window) -> BTreeMap<Vec<Value>, Seen> {
    let mut seen: BTreeMap<Vec<Value>, Seen> = BTreeMap::new();
    for (values, windows) in groups {
        let ends = windows.values().map(|held| (held.start.saturating_add(window.length), held.last));
        seen.entry(picked(values, keys)).or_default().extend(ends);
    }
    for windows in seen.values_mut() {
        windows.sort_unstable();
        let mut latest = i64::MIN;
        for (_, last) in windows.iter_mut() {
            latest = latest.max(*last);
            *last = latest;
        }
    }
    seen
}

fn picked(values: &[Value], keys: &[usize]) -> Vec<Value> {
    keys.iter().filter_map(|key| values.get(*key)).cloned().collect()
}

/// What the past of a moment answers, by the times of a rule's rows, rising.
pub(super) fn answers_at(rule: &Rule, times: &[i64], time: i64, begins: Option<i64>) -> Answers {
    let values = rule.looks.iter().map(|look| {
        let from = time.saturating_sub(look.length);
        if begins.is_some_and(|begins| from < begins) {
            return None;
        }
        let row = times.partition_point(|row| *row < from) < times.partition_point(|row| *row < time);
        Some(Value::Bool(row == matches!(look.question, Question::Seen(_))))
    });
    Answers { values: values.collect() }
}

impl Scope<'_> {
    /// Whether a predicate holds; none where that hangs on a past that is not known.
    pub(super) fn decided(&mut self, pred: &Pred) -> Option<bool> {
        match &pred.kind {
            PredKind::All(preds) => self.decided_by(preds, false),
            PredKind::Any(preds) => self.decided_by(preds, true),
            PredKind::Not(inner) => self.decided(inner).map(|holds| !holds),
            _ => {
                let mut known = true;
                pred.walk(&mut |expr| {
                    if let ExprKind::Look(n) = expr.kind {
                        known &= self.knows(n);
                    }
                });
                known.then(|| self.holds(pred))
            }
        }
    }

    /// The first that is `deciding` decides, else one that is not known.
    fn decided_by(&mut self, preds: &[Pred], deciding: bool) -> Option<bool> {
        let mut whole = Some(!deciding);
        for pred in preds {
            match self.decided(pred) {
                Some(holds) if holds == deciding => return Some(deciding),
                Some(_) => {}
                None => whole = None,
            }
        }
        whole
    }
}
