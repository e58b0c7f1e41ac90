//! Look-back: takes what the windows of a rule hold, gives what a group's past answers in one of them.
//!
//! Only what windows hold is asked, never rows: a row lies in `[start − L, start)` exactly if a window that ends by `start` has its last row
//! there. So whoever groups rows once has all that look-backs need.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::Run;
use super::aggregate::{Input, aggregate};
use super::expr::{Answers, Scope, Subject};
use super::pattern::Patterns;
use super::rule::Contents;
use super::value::Value;
use crate::ir::{Aggregate, ExprKind, Look, Pred, PredKind, Question, Rule, Statistic, Window};
use crate::json::Json;

/// The windows of a source's groups, by keys: those that hold a row, each once, rising. Keys are found by hash: a tree of them, of which there
/// may be a million, takes most of a run.
pub type Groups = IndexMap<Vec<Value>, Vec<Contents>>;

/// The past of every group of a rule on one source.
pub(super) struct Past<'a> {
    rule: &'a Rule,
    window: &'a Window,
    /// When the source's archive begins.
    begins: Option<i64>,
    /// By look-back, where it asks for rows of other groups too: by the keys that it goes by.
    seen: Vec<IndexMap<Vec<Value>, Seen>>,
    /// By look-back, where it is a baseline: the value of each window of each group, and of one without rows.
    values: Vec<Values<'a>>,
    /// The aggregates of no rows.
    nothing: Vec<Value>,
}

/// What the past holds of one group: its windows, and by look-back, where it asks for rows of other groups too, when those were.
pub(super) struct OfGroup<'p> {
    keys: &'p [Value],
    windows: &'p [Contents],
    seen: Vec<Option<&'p Seen>>,
}

/// By keys, then by start; and the value of no rows.
type Values<'a> = (IndexMap<&'a [Value], BTreeMap<i64, Value>>, Value);

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
        let seen = rule.looks.iter().map(|look| match others(look, window) {
            Some(keys) => seen(groups, keys, window),
            None => IndexMap::new(),
        });
        let nothing = rule.aggregates.iter().map(|a| aggregate(a, &[]));
        let nothing: Vec<Value> = nothing.collect();
        let begins = run.begins(rule, source);
        let values = rule.looks.iter().map(|look| match &look.question {
            Question::Baseline(value, _) => values(rule, groups, patterns, value, &nothing),
            _ => Values::default(),
        });
        Past { rule, window, begins, seen: seen.collect(), values: values.collect(), nothing }
    }

    /// What there is of one group, which has these windows.
    pub(super) fn of<'p>(&'p self, keys: &'p [Value], windows: &'p [Contents]) -> OfGroup<'p> {
        let seen = self.rule.looks.iter().zip(&self.seen).map(|(look, seen)| {
            let by = others(look, self.window)?;
            seen.get(&picked(keys, by))
        });
        OfGroup { keys, windows, seen: seen.collect() }
    }

    /// What the past of a group answers in a window.
    pub(super) fn answers(&self, group: &OfGroup<'_>, start: i64) -> Answers {
        let looks = self.rule.looks.iter().zip(group.seen.iter().zip(&self.values));
        let answers = looks.map(|(look, (seen, values))| {
            if look.question == Question::Silent && holds(group.windows, start) {
                return Some(Value::Bool(false));
            }
            let from = start.saturating_sub(look.length);
            if self.begins.is_some_and(|begins| from < begins) {
                return None;
            }
            let row = || match seen {
                Some(seen) => row_between(seen, |row| *row, from, start),
                None => self.had_row(group.windows, from, start),
            };
            Some(match &look.question {
                Question::Seen(_) | Question::Silent => Value::Bool(row()),
                Question::Unseen(_) => Value::Bool(!row()),
                Question::Baseline(value, statistic) => {
                    self.baseline((group.keys, start), look, value, *statistic, values)
                }
            })
        });
        Answers { values: answers.collect() }
    }

    /// The windows without rows in which a group is judged all the same: those before which it had rows, ends in `(from, to]`.
    pub(super) fn silent(&self, windows: &[Contents], (from, to): (i64, i64)) -> Vec<Contents> {
        let (length, step) = (self.window.length, self.window.step.max(1));
        let furthest = self.rule.looks.iter().filter(|look| look.question == Question::Silent).map(|look| look.length);
        let furthest = furthest.max().unwrap_or_default();
        let rows = windows.iter().flat_map(|contents| [contents.first, contents.last]);
        let (Some(first), Some(last)) = (rows.clone().min(), rows.max()) else { return Vec::new() };
        // From the first window behind a row to the last one that still has one in its past.
        let begin = first.max(from.saturating_sub(length)).div_euclid(step).saturating_add(1).saturating_mul(step);
        let end = last.saturating_add(furthest).min(to.saturating_sub(length));
        let mut out = Vec::new();
        let mut start = begin;
        while start <= end {
            let near = self.had_row(windows, start.saturating_sub(furthest), start);
            if near && start.saturating_add(length) > from && !holds(windows, start) {
                let moment = start.saturating_add(length);
                out.push(Contents { start, first: moment, last: moment, aggregates: self.nothing.clone() });
            }
            start = start.saturating_add(step);
        }
        out
    }

    /// Whether a group had a row in `[from, to)`, by its windows: each has its last row where the one before has it, or later.
    fn had_row(&self, windows: &[Contents], from: i64, to: i64) -> bool {
        row_between(windows, |held| (held.start.saturating_add(self.window.length), held.last), from, to)
    }

    fn baseline(
        &self,
        (keys, start): (&[Value], i64),
        look: &Look,
        value: &crate::ir::Expr,
        statistic: Statistic,
        (values, empty): &Values<'_>,
    ) -> Value {
        let length = self.window.length.max(1);
        let before = values.get(keys).map(|windows| windows.range(start.saturating_sub(look.length)..start));
        // Those that end where this one begins, or a whole number of windows before.
        let held = before.into_iter().flatten().filter(|(other, _)| start.saturating_sub(**other) % length == 0);
        let mut over: Vec<[Value; 1]> = held.map(|(_, value)| [value.clone()]).collect();
        if over.is_empty() {
            return Value::Missing;
        }
        if empty.is_present() {
            let windows = usize::try_from(look.length / length).unwrap_or_default();
            over.resize(windows.max(over.len()), [empty.clone()]);
        }
        let rows: Vec<Input<'_>> = over.iter().map(|args| Input { time: 0, id: &Value::Missing, args }).collect();
        let statistic = Aggregate {
            function: statistic.function(),
            args: vec![value.clone()],
            filter: None,
            ty: look.ty(),
            span: look.span,
        };
        aggregate(&statistic, &rows)
    }
}

/// What a value is in each window.
fn values<'a>(
    rule: &Rule,
    groups: &'a Groups,
    patterns: &Patterns,
    value: &crate::ir::Expr,
    nothing: &[Value],
) -> Values<'a> {
    let of = |keys: &[Value], aggregates: &[Value]| {
        let subject = Subject { source: "", fields: &[], record: &Json::Null };
        let mut scope = Scope::new(subject, patterns);
        scope.of_group(keys.to_vec());
        scope.measure(aggregates.to_vec(), rule.measures.iter().map(|measure| &measure.value));
        scope.value(value)
    };
    let group = |(keys, windows): (&'a Vec<Value>, &'a Vec<Contents>)| {
        let windows = windows.iter().map(|held| (held.start, of(keys, &held.aggregates)));
        (keys.as_slice(), windows.collect())
    };
    (groups.iter().map(group).collect(), of(&[], nothing))
}

/// Whether one of the windows begins there.
fn holds(windows: &[Contents], start: i64) -> bool {
    windows.binary_search_by_key(&start, |held| held.start).is_ok()
}

/// The keys by which a look-back asks for rows, where other groups may have them too.
fn others<'a>(look: &'a Look, window: &Window) -> Option<&'a [usize]> {
    match &look.question {
        Question::Seen(keys) | Question::Unseen(keys) => {
            (0..window.keys.len()).any(|key| !keys.contains(&key)).then_some(keys)
        }
        Question::Silent | Question::Baseline(..) => None,
    }
}

/// Whether a row lies in `[from, to)`, by the windows that end by `to`, which is where a window of the rule begins. A window is its end and its
/// latest row, or that of an earlier one; both rise.
fn row_between<T>(windows: &[T], of: impl Fn(&T) -> (i64, i64), from: i64, to: i64) -> bool {
    let before = windows.partition_point(|window| of(window).0 <= to);
    windows.get(..before).and_then(<[T]>::last).is_some_and(|window| of(window).1 >= from)
}

fn seen(groups: &Groups, keys: &[usize], window: &Window) -> IndexMap<Vec<Value>, Seen> {
    let mut seen: IndexMap<Vec<Value>, Seen> = IndexMap::new();
    for (values, windows) in groups {
        let ends = windows.iter().map(|held| (held.start.saturating_add(window.length), held.last));
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
