//! A rule run over events: takes a rule, events and a range of time, gives the alerts. Read it from the top to learn what a rule means.

use std::collections::{BTreeMap, BTreeSet};

use super::Event;
use super::aggregate::{Input, aggregate};
use super::alert::{Alert, EventRow, Interval, finish};
use super::expr::{Scope, Subject};
use super::past::{Groups, answers_at};
use super::pattern::Patterns;
use super::value::Value;
use super::window::{Range, starts};
use super::windowed::Windowed;
use crate::diag::Diagnostic;
use crate::ir::{ACROSS, Expr, ExprKind, Level, Rule, Stream, Window};
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
    /// Windows of groups, and events, of which nothing can be said because their past is not archived; none where there are none.
    pub undecided: Option<Undecided>,
}

/// What hangs on a past that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecided {
    /// The first moment of the first of them.
    pub from: i64,
    /// One past the last moment of the last of them.
    pub to: i64,
    /// How many windows of groups, or events.
    pub windows: u64,
}

impl Undecided {
    pub(super) fn add(all: &mut Option<Undecided>, window: Interval) {
        let Undecided { from, to, windows } =
            all.unwrap_or(Undecided { from: window.start, to: window.end, windows: 0 });
        *all = Some(Undecided { from: from.min(window.start), to: to.max(window.end), windows: windows + 1 });
    }

    /// Both together.
    #[must_use]
    pub fn both(a: Option<Undecided>, b: Option<Undecided>) -> Option<Undecided> {
        match (a, b) {
            (Some(a), Some(b)) => {
                Some(Undecided { from: a.from.min(b.from), to: a.to.max(b.to), windows: a.windows + b.windows })
            }
            (one, None) | (None, one) => one,
        }
    }
}

impl Run<'_> {
    /// When the archive of a rule's source begins; of several that are judged together, that of the last to begin.
    pub(super) fn begins(&self, rule: &Rule, source: &str) -> Option<i64> {
        if source != ACROSS {
            return self.coverage.get(source).copied();
        }
        self.coverage.iter().filter(|(source, _)| rule.admits(source)).map(|(_, begins)| *begins).max()
    }
}

/// The range whose windows must be known to judge those of a run.
#[must_use]
pub fn reach(rule: &Rule, range: Range) -> Range {
    let length = rule.window.as_ref().map_or(0, |window| window.length);
    match rule.looks_back() {
        0 => range,
        back => Range { from: range.from.saturating_sub(back).saturating_sub(length), ..range },
    }
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
    let mut single: BTreeMap<&str, Vec<Alert>> = BTreeMap::new();
    let reach = reach(rule, run.range);
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
                None if reach.holds(time) => {
                    single.entry(subject.source).or_default().extend(event_alert(rule, scope, time, event));
                }
                None => {}
                Some(window) => match keys(window, scope) {
                    Some(keys) => {
                        let source = if window.across { ACROSS } else { subject.source };
                        rows.push(Row { source, keys, time, id: event.id, inputs: inputs(rule, scope) })
                    }
                    None => {
                        lost |= starts(window, time, run.range).any(|start| run.range.judges(start + window.length))
                    }
                },
            }
        });
        outcome.lost_to_missing_keys += u64::from(lost);
    }
    for (source, alerts) in single {
        let (alerts, undecided) = looked_back(rule, source, alerts, run, &patterns);
        outcome.alerts.extend(alerts);
        outcome.undecided = Undecided::both(outcome.undecided, undecided);
    }
    if let Some(window) = &rule.window {
        let mut sources: BTreeMap<&str, Groups> = BTreeMap::new();
        for ((source, keys), rows) in grouped(&rows) {
            sources.entry(source).or_default().insert(keys.to_vec(), windows(rule, window, &rows, reach));
        }
        for (source, groups) in &sources {
            let judged = Windowed { rule, window, source, run, patterns: &patterns }.judge(groups);
            outcome.alerts.extend(judged.alerts);
            outcome.undecided = Undecided::both(outcome.undecided, judged.undecided);
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

/// Every window that holds a row of a group, rising; the rows are sorted by time.
fn windows(rule: &Rule, window: &Window, rows: &[&Row<'_>], range: Range) -> Vec<Contents> {
    let starts: BTreeSet<i64> = rows.iter().flat_map(|row| starts(window, row.time, range)).collect();
    let before = |time: i64| rows.partition_point(|row| row.time < time);
    let inside = |start: i64| before(start)..before(start.saturating_add(window.length));
    starts.into_iter().map(|start| contents(rule, start, rows.get(inside(start)).unwrap_or_default())).collect()
}

fn contents(rule: &Rule, start: i64, rows: &[&Row<'_>]) -> Contents {
    let over_rows = |at: usize| rows.iter().filter_map(|row| row.input(at)).collect::<Vec<_>>();
    let aggregates = rule.aggregates.iter().enumerate().map(|(at, a)| aggregate(a, &over_rows(at))).collect();
    let times = rows.iter().map(|row| row.time);
    let first = times.clone().min().unwrap_or(start);
    Contents { start, first, last: times.max().unwrap_or(start), aggregates }
}

/// The alerts of a rule without `over` that a run reports, of one for each row in the run's [`reach`]: those of its range for which the past
/// answers as `when` asks.
#[must_use]
pub fn looked_back(
    rule: &Rule,
    source: &str,
    rows: Vec<Alert>,
    run: &Run<'_>,
    patterns: &Patterns,
) -> (Vec<Alert>, Option<Undecided>) {
    if rule.looks.is_empty() {
        return (rows, None);
    }
    let mut times: Vec<i64> = rows.iter().map(|alert| alert.first).collect();
    times.sort_unstable();
    let begins = run.begins(rule, source);
    let mut undecided = None;
    let judged = rows.into_iter().filter(|alert| run.range.holds(alert.first)).filter(|alert| {
        let mut scope = Scope::new(Subject { source, fields: &[], record: &Json::Null }, patterns);
        scope.answer(answers_at(rule, &times, alert.first, begins));
        let decided = scope.decided(&rule.when);
        if decided.is_none() {
            Undecided::add(&mut undecided, alert.window);
        }
        decided == Some(true)
    });
    let alerts = judged.collect();
    (alerts, undecided)
}

impl Row<'_> {
    /// What an aggregate sees of the row.
    fn input(&self, aggregate: usize) -> Option<Input<'_>> {
        let args = self.inputs.get(aggregate)?.as_ref()?;
        Some(Input { time: self.time, id: &self.id, args })
    }
}

/// The alert of one row of a rule without `over`: a group of one, whose window is a moment. What `when` asks of the past is left to
/// [`looked_back`].
pub fn event_alert(rule: &Rule, scope: &mut Scope<'_>, time: i64, event: EventRow) -> Option<Alert> {
    let inputs = inputs(rule, scope);
    let of_row = |(a, input): (&crate::ir::Aggregate, &Option<Vec<Value>>)| {
        let rows: Vec<Input<'_>> = input.iter().map(|args| Input { time, id: &event.id, args }).collect();
        aggregate(a, &rows)
    };
    let aggregates = rule.aggregates.iter().zip(&inputs).map(of_row).collect();
    measure(rule, scope, aggregates);
    if rule.looks.is_empty() && !scope.holds(&rule.when) {
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

pub(super) fn measure(rule: &Rule, scope: &mut Scope<'_>, aggregates: Vec<Value>) {
    scope.measure(aggregates, rule.measures.iter().map(|measure| &measure.value));
}

/// What an alert says besides when and who.
pub(super) fn described(rule: &Rule, scope: &mut Scope<'_>) -> Alert {
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
        carried: rule.carried.iter().map(|item| scope.value(&item.value)).collect(),
        muted: false,
        members: Vec::new(),
    }
}

fn severity(rule: &Rule, scope: &mut Scope<'_>) -> Level {
    // What hangs on a past that is not known does not hold.
    let arm = rule.severity.arms.iter().find(|(pred, _)| scope.decided(pred) == Some(true));
    arm.map_or(rule.severity.default, |(_, level)| *level)
}
