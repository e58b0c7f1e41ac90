//! A rule run over events: takes a rule, events and a range of time, gives the alerts. Read it from the top to learn what a rule means.

use std::collections::{BTreeMap, BTreeSet};

use super::Event;
use super::aggregate::{Input, aggregate};
use super::alert::{Alert, EventRow, Interval, finish};
use super::expr::{Scope, Subject};
use super::pattern::Patterns;
use super::value::Value;
use super::window::{Range, starts};
use crate::diag::Diagnostic;
use crate::ir::{Expr, ExprKind, Level, Rule, Stream, Window};
use crate::json::Json;
use crate::source::Span;

/// What a rule is run under.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The pack's id; part of alerts' ids.
    pub pack: &'a str,
    /// Which windows, or events, are judged.
    pub range: Range,
    /// When each source's archive begins; a window that begins before is `partial`. A source that is not named has no such time.
    pub coverage: &'a BTreeMap<String, i64>,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// In their order, with ids.
    pub alerts: Vec<Alert>,
    /// Events of judged windows that were not counted because they lack a group key.
    pub lost_to_missing_keys: u64,
}

/// Runs a rule over events of its stream, of any sources. Those of sources that `only` does not admit are passed over; events of no source
/// are admitted everywhere.
///
/// # Errors
/// A pattern that grows too large to run.
pub fn run(rule: &Rule, stream: &Stream, events: &[Event], run: &Run<'_>) -> Result<Outcome, Diagnostic> {
    let field = |id, ty| Expr::new(ExprKind::Field(id), ty, Span::default());
    let time = field(stream.time(), crate::ir::Type::Time);
    let id = field(stream.event_id(), crate::ir::Type::Text);
    let admitted = events.iter().filter(|event| event.source.is_empty() || rule.admits(&event.source));
    let subjects = admitted.map(|event| Subject { source: &event.source, fields: &event.fields, record: &Json::Null });
    judge(rule, &time, Some(&id), subjects, run)
}

/// Runs a rule that was bound to a source over that source's raw records; `time` and `event_id` as binding gave them.
///
/// # Errors
/// A pattern that grows too large to run.
pub fn run_bound(
    rule: &Rule,
    time: &Expr,
    event_id: Option<&Expr>,
    source: &str,
    records: &[Json],
    run: &Run<'_>,
) -> Result<Outcome, Diagnostic> {
    let subjects = records.iter().map(|record| Subject { source, fields: &[], record });
    judge(rule, time, event_id, subjects, run)
}

fn judge<'a>(
    rule: &Rule,
    time: &Expr,
    event_id: Option<&Expr>,
    subjects: impl Iterator<Item = Subject<'a>>,
    run: &Run<'_>,
) -> Result<Outcome, Diagnostic> {
    let patterns = Patterns::default();
    let mut outcome = Outcome::default();
    let mut rows = Vec::new();
    for subject in subjects {
        let mut scope = Scope::new(subject, &patterns);
        rule.with.iter().for_each(|binding| scope.bind(&binding.value));
        let Some(time) = scope.value(time).as_time() else { continue };
        let id = event_id.map(|id| scope.value(id)).unwrap_or_default();
        let mut lost = false;
        each_row(rule, &mut scope, |scope, element| {
            if !rule.filter.iter().all(|pred| scope.holds(pred)) {
                return;
            }
            let event = EventRow { id: id.clone(), element };
            match &rule.window {
                None if run.range.holds(time) => outcome.alerts.extend(event_alert(rule, scope, time, event)),
                None => {}
                Some(window) => match keys(window, scope) {
                    Some(keys) => {
                        rows.push(Row { source: subject.source, keys, time, id: event.id, inputs: inputs(rule, scope) })
                    }
                    None => {
                        lost |= starts(window, time, run.range).any(|start| run.range.judges(start + window.length))
                    }
                },
            }
        });
        outcome.lost_to_missing_keys += u64::from(lost);
    }
    if let Some(window) = &rule.window {
        for ((source, keys), rows) in grouped(&rows) {
            let group = WindowedGroup { rule, window, source, keys, run, patterns: &patterns };
            let alerts = group.windows(&rows).into_iter().filter_map(|contents| group.alert(contents));
            outcome.alerts.extend(opened(window, run.range, alerts));
        }
    }
    finish(run.pack, &mut outcome.alerts);
    patterns.check().map(|()| outcome)
}

/// An event that passed `where`, or one of its elements, and what of it is counted.
struct Row<'a> {
    source: &'a str,
    keys: Vec<Value>,
    time: i64,
    id: Value,
    /// By aggregate: its arguments' values; none where its own `where` does not hold.
    inputs: Vec<Option<Vec<Value>>>,
}

/// Calls `act` for the event, or for each element of the list that the rule takes apart.
fn each_row(rule: &Rule, scope: &mut Scope<'_>, mut act: impl FnMut(&mut Scope<'_>, Option<u64>)) {
    let Some(each) = &rule.each else { return act(scope, None) };
    let list = scope.value(&each.list);
    for (at, element) in (0..).zip(list.elements()) {
        scope.with_element(each.element, element, |scope| act(scope, Some(at)));
    }
}

/// The group keys' values; none where one is missing and has no default.
fn keys(window: &Window, scope: &mut Scope<'_>) -> Option<Vec<Value>> {
    let key = |key: &crate::ir::Key| match (scope.value(&key.value), &key.default) {
        (Value::Missing, default) => default.as_ref().map(|default| Value::text(default)),
        (value, _) => Some(value),
    };
    window.keys.iter().map(key).collect()
}

fn inputs(rule: &Rule, scope: &mut Scope<'_>) -> Vec<Option<Vec<Value>>> {
    let input = |aggregate: &crate::ir::Aggregate| {
        let counted = aggregate.filter.as_ref().is_none_or(|filter| scope.holds(filter));
        counted.then(|| aggregate.args.iter().map(|arg| scope.value(arg)).collect())
    };
    rule.aggregates.iter().map(input).collect()
}

/// Rows by source and keys, then by time, rising.
fn grouped<'a>(rows: &'a [Row<'a>]) -> BTreeMap<(&'a str, &'a [Value]), Vec<&'a Row<'a>>> {
    let mut groups: BTreeMap<_, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.source, row.keys.as_slice())).or_default().push(row);
    }
    groups.values_mut().for_each(|rows| rows.sort_by_key(|row| row.time));
    groups
}

/// One source and combination of keys of a rule with `over`.
#[derive(Debug, Clone, Copy)]
pub struct WindowedGroup<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its `over`.
    pub window: &'a Window,
    /// The source's name.
    pub source: &'a str,
    /// The keys' values.
    pub keys: &'a [Value],
    /// What the rule is run under.
    pub run: &'a Run<'a>,
    /// The patterns of this evaluation.
    pub patterns: &'a Patterns,
}

/// What a window of a group holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The window's start.
    pub start: i64,
    /// The time of the first row.
    pub first: i64,
    /// The time of the last one.
    pub last: i64,
    /// By aggregate.
    pub aggregates: Vec<Value>,
}

impl WindowedGroup<'_> {
    /// Every window that holds a row, rising; the rows are sorted by time.
    fn windows(&self, rows: &[&Row<'_>]) -> Vec<Contents> {
        let starts: BTreeSet<i64> = rows.iter().flat_map(|row| starts(self.window, row.time, self.run.range)).collect();
        let before = |time: i64| rows.partition_point(|row| row.time < time);
        let inside = |start: i64| before(start)..before(start.saturating_add(self.window.length));
        starts.into_iter().map(|start| self.contents(start, rows.get(inside(start)).unwrap_or_default())).collect()
    }

    fn contents(&self, start: i64, rows: &[&Row<'_>]) -> Contents {
        let over_rows = |at: usize| rows.iter().filter_map(|row| row.input(at)).collect::<Vec<_>>();
        let aggregates = self.rule.aggregates.iter().enumerate().map(|(at, a)| aggregate(a, &over_rows(at))).collect();
        let times = rows.iter().map(|row| row.time);
        let first = times.clone().min().unwrap_or(start);
        Contents { start, first, last: times.max().unwrap_or(start), aggregates }
    }

    /// The alert of one window, if `when` holds there.
    #[must_use]
    pub fn alert(&self, contents: Contents) -> Option<Alert> {
        let nothing = Subject { source: self.source, fields: &[], record: &Json::Null };
        let mut scope = Scope::new(nothing, self.patterns);
        measure(self.rule, &mut scope, self.keys.to_vec(), contents.aggregates);
        if !scope.holds(&self.rule.when) {
            return None;
        }
        let window = Interval { start: contents.start, end: contents.start.saturating_add(self.window.length) };
        let names = self.window.keys.iter().map(|key| key.name.clone());
        Some(Alert {
            window,
            until: window.end,
            first: contents.first,
            last: contents.last,
            keys: names.zip(self.keys.iter().cloned()).collect(),
            partial: self.run.coverage.get(self.source).is_some_and(|begin| window.start < *begin),
            ..described(self.rule, &mut scope)
        })
    }
}

/// The alerts that a run reports, of a group's true windows in their order. With `every`, a true window right after a true window only
/// moves `until` on, and what opened before the range is not reported.
pub fn opened(window: &Window, range: Range, alerts: impl IntoIterator<Item = Alert>) -> Vec<Alert> {
    let mut out: Vec<Alert> = Vec::new();
    // The start that would continue the open run of true windows, and whether its alert is the last of `out`.
    let mut open: Option<(i64, bool)> = None;
    for alert in alerts {
        let judged = range.judges(alert.window.end);
        let next = alert.window.start.saturating_add(window.step);
        let continued = open.filter(|(start, _)| window.merges && *start == alert.window.start);
        let reported = match continued {
            Some((_, reported)) => {
                if let Some(open) = out.last_mut().filter(|_| reported) {
                    open.until = alert.window.end;
                }
                reported
            }
            None => {
                out.extend(judged.then_some(alert));
                judged
            }
        };
        open = Some((next, reported));
    }
    out
}

impl Row<'_> {
    /// What an aggregate sees of the row.
    fn input(&self, aggregate: usize) -> Option<Input<'_>> {
        let args = self.inputs.get(aggregate)?.as_ref()?;
        Some(Input { time: self.time, id: &self.id, args })
    }
}

/// The alert of one row of a rule without `over`, if `when` holds: a group of one, whose window is a moment.
pub fn event_alert(rule: &Rule, scope: &mut Scope<'_>, time: i64, event: EventRow) -> Option<Alert> {
    let inputs = inputs(rule, scope);
    let of_row = |(a, input): (&crate::ir::Aggregate, &Option<Vec<Value>>)| {
        let rows: Vec<Input<'_>> = input.iter().map(|args| Input { time, id: &event.id, args }).collect();
        aggregate(a, &rows)
    };
    let aggregates = rule.aggregates.iter().zip(&inputs).map(of_row).collect();
    measure(rule, scope, Vec::new(), aggregates);
    if !scope.holds(&rule.when) {
        return None;
    }
    let alert = described(rule, scope);
    Some(Alert {
        window: Interval { start: time, end: time },
        until: time,
        first: time,
        last: time,
        event: Some(event),
        ..alert
    })
}

fn measure(rule: &Rule, scope: &mut Scope<'_>, keys: Vec<Value>, aggregates: Vec<Value>) {
    scope.measure(keys, aggregates, rule.measures.iter().map(|measure| &measure.value));
}

/// What an alert says besides when and who.
fn described(rule: &Rule, scope: &mut Scope<'_>) -> Alert {
    let measures = rule.measures.iter().map(|m| m.name.clone()).zip(scope.group().measures.iter().cloned()).collect();
    Alert {
        id: String::new(),
        rule: rule.name.clone(),
        title: rule.title.clone(),
        severity: severity(rule, scope),
        tags: rule.tags.clone(),
        source: scope.source().to_owned(),
        window: Interval { start: 0, end: 0 },
        until: 0,
        first: 0,
        last: 0,
        keys: Vec::new(),
        measures,
        show: rule.show.iter().map(|item| (item.name.clone(), scope.value(&item.value))).collect(),
        partial: false,
        event: None,
    }
}

fn severity(rule: &Rule, scope: &mut Scope<'_>) -> Level {
    let arm = rule.severity.arms.iter().find(|(pred, _)| scope.holds(pred));
    arm.map_or(rule.severity.default, |(_, level)| *level)
}
