//! Unit tests of rules: takes a pack, makes its tests ready for whatever runs rules, runs them on the evaluator, gives what failed and how.

mod correlated;
pub mod emitted;
pub mod raw;
pub mod rows;
pub mod turns;

use std::collections::BTreeMap;

use emitted::{Agreement, Line};

use crate::diag::Diagnostic;
use crate::eval::borrow::{Logs, borrowed};
use crate::eval::{self, Alert, Event, Json, Range, Run, Value};
use crate::ir::{Constant, Expected, Given, Rule, Stream, Test, Type};
use crate::pack::{Pack, inside};
use crate::record::{Limits, Mapped, Mapper, as_read, read_files};

/// How one test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The rule's name.
    pub rule: String,
    /// The test's title.
    pub title: String,
    /// What is wrong; none where it passed.
    pub problems: Vec<String>,
    /// All alerts that came, for people who look for the difference.
    pub alerts: Vec<Alert>,
    /// How it went on DataFusion and on what is emitted; none where only the evaluator was asked.
    pub lines: Vec<Line>,
}

impl Outcome {
    /// Whether it did what it says, wherever it ran.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.problems.is_empty() && !self.lines.iter().any(|line| matches!(line.agreement, Agreement::Differs(_)))
    }
}

/// A test made ready: whatever runs rules can run it, and have its alerts compared.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// What is expected.
    pub test: &'a Test,
    /// The rule that it tests.
    pub rule: &'a Rule,
    /// The rule's stream.
    pub stream: &'a Stream,
    /// The events of the rule's stream that it gives, those of records included, with what their sources borrow.
    pub events: Vec<Event>,
    /// All events that it gives, by stream, as their own records have them.
    pub logs: Logs,
    /// A range in which every window that holds an event is judged.
    pub range: Range,
    /// What could not be read of its records.
    pub unread: Vec<String>,
}

/// All tests of rules of a pack, in order; those of correlations are not among them.
pub fn cases(pack: &Pack) -> impl Iterator<Item = Case<'_>> {
    let resolved = &pack.resolved;
    resolved.tests.iter().filter_map(move |test| {
        let rule = resolved.rules.iter().find(|rule| rule.name == test.rule)?;
        Some(Case::new(pack, test, rule, resolved.schema.stream_of(rule.stream)?))
    })
}

/// Runs all tests of a pack on the evaluator, in order.
#[must_use]
pub fn run(pack: &Pack) -> Vec<Outcome> {
    cases(pack).map(|case| case.outcome(pack)).chain(correlated::cases(pack).map(|case| case.outcome())).collect()
}

/// Runs all tests of a pack on the evaluator, on DataFusion where that is built in, and on what is emitted, in order.
///
/// # Errors
/// A machine on which DataFusion can't run.
pub fn run_everywhere(pack: &Pack) -> Result<Vec<Outcome>, Diagnostic> {
    #[cfg(feature = "engine")]
    let bench = crate::engine::Bench::new(crate::engine::Limits::default())?;
    let mut outcomes = Vec::new();
    for case in cases(pack) {
        let mut outcome = case.clone().outcome(pack);
        #[cfg(feature = "engine")]
        outcome.lines.push(case.on_engine(&bench, &pack.id, &outcome.alerts));
        outcome.lines.extend(emitted::lines(pack, &case));
        outcomes.push(outcome);
    }
    for case in correlated::cases(pack) {
        let outcome = case.outcome();
        #[cfg(feature = "engine")]
        let outcome = Outcome { lines: vec![case.on_engine(&bench, &outcome.alerts)], ..outcome };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

impl<'a> Case<'a> {
    /// Whether DataFusion gives the alerts that the evaluator gave.
    #[cfg(feature = "engine")]
    fn on_engine(&self, bench: &crate::engine::Bench, pack: &str, alerts: &[Alert]) -> Line {
        let run = Run { pack, range: self.range, coverage: &BTreeMap::new() };
        let agreement = match bench.run(self.rule, self.stream, &self.events, &run) {
            Ok(found) if found.alerts == alerts => Agreement::Agrees(alerts.len()),
            Ok(found) => {
                let all = |alerts: &[Alert]| rows::rows(self.rule, alerts, &[]);
                let differs = rows::difference(&all(alerts), &all(&found.alerts), &[]);
                Agreement::Differs(
                    differs.unwrap_or_else(|| "its alerts are in another order, or carry other words".to_owned()),
                )
            }
            Err(diagnostic) => Agreement::Differs(diagnostic.message),
        };
        Line { source: None, target: "datafusion", agreement }
    }

    fn new(pack: &Pack, test: &'a Test, rule: &'a Rule, stream: &'a Stream) -> Case<'a> {
        let (logs, unread) = logs(pack, test);
        let events = borrowed(&pack.resolved.schema, rule.stream, &logs);
        let range = whole_range(rule, stream, &events);
        Case { test, rule, stream, events, logs, range, unread }
    }

    fn outcome(self, pack: &Pack) -> Outcome {
        let run = Run { pack: &pack.id, range: self.range, coverage: &BTreeMap::new() };
        let mut problems = self.unread.clone();
        let mut alerts = Vec::new();
        match eval::run(self.rule, self.stream, &self.events, &run) {
            Ok(found) => alerts = found.alerts,
            Err(diagnostic) => problems.push(diagnostic.message),
        }
        problems.append(&mut self.differences(&alerts));
        Outcome { rule: self.rule.name.clone(), title: self.test.title.clone(), problems, alerts, lines: Vec::new() }
    }

    /// What the test expects and is not among the alerts, or is among them and is not expected.
    #[must_use]
    pub fn differences(&self, alerts: &[Alert]) -> Vec<String> {
        compare(self.test, &|name| type_of(name, self.rule), alerts)
    }

    /// Whether an alert has the values that are expected; those that are not named may be any.
    #[must_use]
    pub fn fits(&self, expected: &Expected, alert: &Alert) -> bool {
        fits(expected, &|name| type_of(name, self.rule), alert)
    }
}

/// All events that a test gives, by stream, and what could not be read of its records.
fn logs(pack: &Pack, test: &Test) -> (Logs, Vec<String>) {
    let schema = &pack.resolved.schema;
    let (mut logs, mut unread) = (Logs::new(), Vec::new());
    for given in &test.given {
        let stream = match given {
            Given::Events { stream, .. } => Some(*stream),
            Given::Records { source, .. } | Given::File { source, .. } => {
                schema.source(source).map(|source| source.stream)
            }
        };
        let Some((index, stream)) = stream.and_then(|index| Some((index, schema.stream_of(index)?))) else { continue };
        match events(pack, given, stream) {
            Ok((mut some, mut said)) => {
                logs.entry(index).or_default().append(&mut some);
                unread.append(&mut said);
            }
            Err(diagnostic) => unread.push(diagnostic.message),
        }
    }
    (logs, unread)
}

/// The events that a test gives in one place, and what could not be read of its records.
fn events(pack: &Pack, given: &Given, stream: &Stream) -> Result<(Vec<Event>, Vec<String>), Diagnostic> {
    let schema = &pack.resolved.schema;
    let mut said = Vec::new();
    let events = match given {
        Given::Events { events, .. } => events.iter().map(|event| eval::given::event(stream, event)).collect(),
        Given::Records { source, records } => {
            let Some(source) = schema.source(source) else { return Ok((Vec::new(), said)) };
            let mapper = Mapper::new(source, stream);
            let mut events = Vec::new();
            let records = records.iter().map(|record| Json::parse(&record.to_string()).unwrap_or_default());
            let (records, rejected) = as_read(source, &records.collect::<Vec<_>>());
            for (number, reason) in rejected {
                said.push(format!("record {} of `{}`: {reason}", number + 1, source.name));
            }
            for (number, record) in (1..).zip(&records) {
                match mapper.map(record) {
                    Mapped::Event(event, _) => events.push(event),
                    Mapped::Other => {}
                    Mapped::Rejected(reason) => said.push(format!("record {number} of `{}`: {reason}", source.name)),
                }
            }
            mapper.check()?;
            events
        }
        Given::File { source, path, .. } => {
            let Some(source) = schema.source(source) else { return Ok((Vec::new(), said)) };
            match inside(&pack.root, path) {
                Ok(file) => {
                    let batch = read_files(source, stream, [file], Limits::default())?;
                    for put_aside in &batch.quarantined {
                        said.push(format!("`{path}` line {}: {}", put_aside.line, put_aside.reason));
                    }
                    batch.events
                }
                Err(why) => {
                    said.push(format!("`{path}`: {why}"));
                    Vec::new()
                }
            }
        }
    };
    Ok((events, said))
}

/// A range in which every window that holds an event is judged.
fn whole_range(rule: &Rule, stream: &Stream, events: &[Event]) -> Range {
    let times = || events.iter().filter_map(|e| e.fields.get(stream.time().index()).and_then(Value::as_time));
    let length = rule.window.as_ref().map_or(1, |window| window.length);
    let first = times().min().unwrap_or(0);
    Range { from: first, to: times().max().unwrap_or(first).saturating_add(length) }
}

/// What a test expected and did not get, or got and did not expect.
fn compare(test: &Test, types: &dyn Fn(&str) -> Type, alerts: &[Alert]) -> Vec<String> {
    let fits: Vec<Vec<bool>> = test
        .alerts
        .iter()
        .map(|expected| alerts.iter().map(|alert| self::fits(expected, types, alert)).collect())
        .collect();
    let chosen = matching(&fits, alerts.len());
    let mut problems: Vec<String> = test
        .alerts
        .iter()
        .zip(&chosen)
        .filter(|(_, alert)| alert.is_none())
        .map(|(expected, _)| format!("no alert with {}", shown(expected, types)))
        .collect();
    if test.no_other {
        let other = (0..alerts.len()).filter(|n| !chosen.contains(&Some(*n)));
        problems.extend(
            other.filter_map(|n| alerts.get(n)).map(|alert| format!("an alert that is not expected: {}", brief(alert))),
        );
    }
    problems
}

/// For each expectation an alert of its own, as many as can be had at once; none where there is no more.
fn matching(fits: &[Vec<bool>], alerts: usize) -> Vec<Option<usize>> {
    // Which expectation has which alert; an expectation may take one that its holder can swap for another.
    let mut holder: Vec<Option<usize>> = vec![None; alerts];
    for expected in 0..fits.len() {
        let mut seen = vec![false; alerts];
        take(expected, fits, &mut holder, &mut seen);
    }
    let mut chosen = vec![None; fits.len()];
    for (alert, expected) in holder.iter().enumerate() {
        if let Some(slot) = expected.and_then(|expected| chosen.get_mut(expected)) {
            *slot = Some(alert);
        }
    }
    chosen
}

fn take(expected: usize, fits: &[Vec<bool>], holder: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for alert in 0..holder.len() {
        let suits = fits.get(expected).and_then(|row| row.get(alert)).copied().unwrap_or_default();
        let Some(visited) = seen.get_mut(alert).filter(|visited| suits && !**visited) else { continue };
        *visited = true;
        let free = match holder.get(alert).copied().flatten() {
            None => true,
            Some(other) => take(other, fits, holder, seen),
        };
        if free {
            if let Some(slot) = holder.get_mut(alert) {
                *slot = Some(expected);
            }
            return true;
        }
    }
    false
}

fn fits(expected: &Expected, types: &dyn Fn(&str) -> Type, alert: &Alert) -> bool {
    expected.values.iter().all(|(name, constant)| {
        let named = |values: &[(String, Value)]| values.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let value = named(&alert.keys).or_else(|| named(&alert.measures)).or_else(|| named(&alert.show));
        let value = value.unwrap_or_else(|| of_alert(name, alert));
        // A listing is compared by what it holds: that there was more is no value.
        let value = match value {
            Value::Listing { values, .. } => Value::list(values.to_vec()),
            other => other,
        };
        value == eval::given::value(constant, &types(name))
    })
}

/// What every alert has; see [`Expected::OF_ALERTS`].
fn of_alert(name: &str, alert: &Alert) -> Value {
    match name {
        "severity" => Value::text(alert.severity.text()),
        "source" => Value::text(&alert.source),
        "window.start" => Value::Time(alert.window.start),
        "window.end" => Value::Time(alert.window.end),
        "until" => Value::Time(alert.until),
        "first" => Value::Time(alert.first),
        "last" => Value::Time(alert.last),
        _ => Value::Missing,
    }
}

/// The type of what a test names.
fn type_of(name: &str, rule: &Rule) -> Type {
    let keys = rule.window.iter().flat_map(|w| &w.keys).find(|k| k.name == name).map(|k| k.value.ty.clone());
    let bound = || rule.measures.iter().chain(&rule.show).find(|b| b.name == name).map(|b| b.value.ty.clone());
    keys.or_else(bound).unwrap_or_else(|| type_of_alerts(name))
}

/// The type of what every alert has.
fn type_of_alerts(name: &str) -> Type {
    Expected::OF_ALERTS.iter().find(|(known, _)| *known == name).map_or(Type::Text, |(_, ty)| ty.clone())
}

fn shown(expected: &Expected, types: &dyn Fn(&str) -> Type) -> String {
    let values = expected.values.iter().map(|(name, constant)| (name, constant_text(constant, &types(name))));
    let values: Vec<String> = values.map(|(name, value)| format!("{name} = {value}")).collect();
    if values.is_empty() { "any values".to_owned() } else { values.join(", ") }
}

fn constant_text(constant: &Constant, ty: &Type) -> String {
    serde_json::to_string(&eval::given::value(constant, ty)).unwrap_or_default()
}

/// An alert on one line: its keys, measures and shown items.
#[must_use]
pub fn brief(alert: &Alert) -> String {
    let named = alert.keys.iter().chain(&alert.measures).chain(&alert.show);
    let values: Vec<String> =
        named.map(|(name, value)| format!("{name} = {}", serde_json::to_string(value).unwrap_or_default())).collect();
    format!("{} {} {}", eval::clock::time_text(alert.window.start), alert.severity.text(), values.join(", "))
}
