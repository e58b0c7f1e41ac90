//! A rule run over events: takes a rule, events and a range of time, gives the alerts. Read it from the top to learn what a rule means.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Event;
use super::aggregate::{Input, aggregate};
use super::alert::{Alert, EventRow, Interval, finish};
use super::expr::{Answers, Scope, Subject};
use super::past::{Groups, Past, answers_at};
use super::pattern::Patterns;
use super::value::Value;
use super::window::{Range, starts};
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
    fn add(all: &mut Option<Undecided>, window: Interval) {
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

/// A rule with `over` on one source, or on all of them together.
#[derive(Debug, Clone, Copy)]
pub struct Windowed<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its `over`.
    pub window: &'a Window,
    /// The source's name.
    pub source: &'a str,
    /// What the rule is run under.
    pub run: &'a Run<'a>,
    /// The patterns of this evaluation.
    pub patterns: &'a Patterns,
}

/// What came of judging the windows of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// By window, then by keys.
    pub alerts: Vec<Alert>,
    /// Windows whose past is not known.
    pub undecided: Option<Undecided>,
    /// Windows for which `when` does not hold.
    pub passed_over: u64,
}

/// How many groups a thread judges at a time.
const AT_ONCE: usize = 64;

impl Windowed<'_> {
    /// Judges the windows of a run; the groups hold those of [`reach`].
    #[must_use]
    pub fn judge(&self, groups: &Groups) -> Judged {
        let past = Past::new(self.rule, self.window, self.source, groups, self.run, self.patterns);
        // Groups don't ask one another: what they share is in `past`.
        let parts = (0..groups.len()).step_by(AT_ONCE).collect::<Vec<_>>().into_par_iter();
        let parts = parts.map(|from| {
            let (mut judged, mut of_groups) = (Judged::default(), Vec::new());
            for (keys, windows) in groups.iter().skip(from).take(AT_ONCE) {
                let alerts = self.judge_group(&past, keys, windows, &mut judged);
                of_groups.extend((!alerts.is_empty()).then_some((keys, alerts)));
            }
            (judged, of_groups)
        });
        let (mut judged, mut of_groups) = (Judged::default(), Vec::new());
        for (part, of_part) in parts.collect::<Vec<_>>() {
            judged.undecided = Undecided::both(judged.undecided, part.undecided);
            judged.passed_over += part.passed_over;
            of_groups.extend(of_part);
        }
        judged.alerts = in_order(of_groups);
        judged
    }

    fn judge_group(&self, past: &Past<'_>, keys: &[Value], windows: &[Contents], judged: &mut Judged) -> Vec<Alert> {
        let Range { from, to } = self.run.range;
        let before = from.saturating_sub(self.window.step);
        let end = |held: &Contents| held.start.saturating_add(self.window.length);
        let held = windows.iter().filter(|held| before < end(held) && end(held) <= to).cloned();
        let mut held: Vec<Contents> = held.collect();
        if self.rule.asks_for_silence() {
            held.extend(past.silent(windows, (before, to)));
            held.sort_by_key(|held| held.start);
        }
        let group = past.of(keys, windows);
        let nothing = Subject { source: self.source, fields: &[], record: &Json::Null };
        let mut scope = Scope::new(nothing, self.patterns);
        scope.of_group(keys.to_vec());
        let alert = |held: Contents| {
            let answers = past.answers(&group, held.start);
            self.window_alert(&mut scope, held, answers, judged)
        };
        let alerts: Vec<Alert> = held.into_iter().filter_map(alert).collect();
        opened(self.window, self.run.range, alerts)
    }

    /// The alert of one window, if `when` holds there.
    fn window_alert(
        &self,
        scope: &mut Scope<'_>,
        held: Contents,
        answers: Answers,
        judged: &mut Judged,
    ) -> Option<Alert> {
        let window = Interval { start: held.start, end: held.start.saturating_add(self.window.length) };
        measure(self.rule, scope, held.aggregates);
        scope.answer(answers);
        match scope.decided(&self.rule.when) {
            Some(true) => {}
            Some(false) => {
                judged.passed_over += 1;
                return None;
            }
            None => {
                if self.run.range.judges(window.end) {
                    Undecided::add(&mut judged.undecided, window);
                }
                return None;
            }
        }
        let names = self.window.keys.iter().map(|key| key.name.clone());
        Some(Alert {
            window,
            until: window.end,
            first: held.first,
            last: held.last,
            keys: names.zip(scope.group().keys.iter().cloned()).collect(),
            partial: self.run.begins(self.rule, self.source).is_some_and(|begins| window.start < begins),
            ..described(self.rule, scope)
        })
    }
}

/// Alerts by window, then by keys, of those of each group by window. Alerts are large and lie apart, so their places are sorted, by the moments
/// and the ranks of their keys, and each alert is moved once.
fn in_order(mut of_groups: Vec<(&Vec<Value>, Vec<Alert>)>) -> Vec<Alert> {
    of_groups.par_sort_by_key(|(keys, _)| *keys);
    let starts = |(rank, (_, alerts)): (usize, &(&Vec<Value>, Vec<Alert>))| -> Vec<(i64, usize)> {
        alerts.iter().map(|alert| (alert.window.start, rank)).collect()
    };
    let mut order: Vec<(i64, usize)> = of_groups.iter().enumerate().flat_map(starts).collect();
    order.par_sort_unstable();
    let mut left: Vec<_> = of_groups.into_iter().map(|(_, alerts)| alerts.into_iter()).collect();
    let mut alerts = Vec::with_capacity(order.len());
    alerts.extend(order.into_iter().filter_map(|(_, rank)| left.get_mut(rank)?.next()));
    alerts
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

fn measure(rule: &Rule, scope: &mut Scope<'_>, aggregates: Vec<Value>) {
    scope.measure(aggregates, rule.measures.iter().map(|measure| &measure.value));
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
