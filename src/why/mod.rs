//! Why a rule alerted, or did not: takes a rule and what its keys hold, gives for each window (or event) of these keys what came through each
//! condition, and the values that decided.
//!
//! Rules are derived and run like any other, so that the answer is that of the run itself: one without conditions, which counts what passes each
//! of them, and one without `when`, which shows each part of it with its values.

mod derive;
mod print;

use std::collections::BTreeMap;

pub use derive::{Given, given};
pub use print::text;

use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::eval::alert::{EventRow, Interval};
use crate::eval::{Alert, Range, Skipped, Value};
use crate::ir::Rule;
use crate::pack::Pack;
use derive::{Derived, NAMES};

/// A window of a group, or an event.
#[derive(Debug)]
pub struct Case {
    /// The source.
    pub source: String,
    /// The window; both ends are the event's time for rules without `over`.
    pub window: Interval,
    /// Keys and their values.
    pub keys: Vec<(String, Value)>,
    /// The event, of a rule without `over`.
    pub event: Option<EventRow>,
    /// Of a window: how many events it has, and how many of them pass each condition and those before it; the text is empty for the first.
    pub passed: Vec<(String, Value)>,
    /// Measures of a window that has events; what an event has in the fields that conditions read.
    pub values: Vec<(String, Value)>,
    /// Each part of what decides.
    pub demands: Vec<Demand>,
    /// Whether it is an alert.
    pub alerts: bool,
}

/// A condition, and how it went.
#[derive(Debug, Clone)]
pub struct Demand {
    /// As it was written.
    pub text: String,
    /// Whether it holds; missing where a look-back can't know.
    pub holds: Value,
    /// What it reads, as it was written, and what that is.
    pub values: Vec<(String, Value)>,
}

/// What is known of a question.
#[derive(Debug, Default)]
pub struct Why {
    /// Those that came furthest first, then by time.
    pub cases: Vec<Case>,
    /// Why a source could not be asked.
    pub unasked: Vec<(String, Vec<Diagnostic>)>,
    /// Whether what is counted are elements of lists (`each`).
    pub elements: bool,
    /// What makes fewer alerts of what is said to alert, a sentence each.
    pub fewer: Vec<&'static str>,
}

/// What one window or event is told from others by.
type Place = (String, i64, Vec<Value>, Option<EventRow>);

/// Asks why a rule alerts or does not, over a range.
#[must_use]
pub fn why(engine: &Engine<'_>, pack: &Pack, rule: &Rule, given: &[Given], range: Range, content: bool) -> Why {
    let derived = Derived::of(pack, rule, given);
    let stream = pack.resolved.schema.stream_of(rule.stream);
    let mut outcome = engine.run_over(&derived.rules, &pack.id, &|_, _| range);
    if !content && let Some(stream) = stream {
        for alert in &mut outcome.alerts {
            let of = derived.rules.iter().find(|rule| rule.name == alert.rule);
            let told = of.map(|rule| rule.content_told(stream));
            told.into_iter().for_each(|told| alert.withhold(&told.values));
        }
    }
    let place = |alert: &Alert| -> Place {
        let keys = alert.keys.iter().map(|(_, value)| value.clone()).collect();
        (alert.source.clone(), alert.window.start, keys, alert.event.clone())
    };
    let mut by_rule: BTreeMap<String, BTreeMap<Place, Alert>> = BTreeMap::new();
    for alert in outcome.alerts {
        by_rule.entry(alert.rule.clone()).or_default().insert(place(&alert), alert);
    }
    let [all, mut judged] = NAMES.map(|name| by_rule.remove(name).unwrap_or_default());
    let unasked = outcome.runs.into_iter().filter(|run| run.rule == NAMES[1]).filter_map(|run| match run.skipped {
        Some(Skipped::Absent(reasons)) => Some((run.source, reasons)),
        Some(Skipped::Failed(reason)) => Some((run.source, vec![reason])),
        Some(Skipped::NoRows | Skipped::NeverFires) | None => None,
    });
    let unasked: Vec<(String, Vec<Diagnostic>)> = unasked.collect();
    let asked = all.values().filter(|alert| !unasked.iter().any(|(source, _)| *source == alert.source));
    let mut cases: Vec<Case> = Vec::new();
    let case = |one: &Alert, all: Option<&Alert>, passed: Option<&Alert>| {
        let place = place(one);
        derived.case(one, all, passed, &|name| by_rule.get(name).is_some_and(|alerts| alerts.contains_key(&place)))
    };
    for alert in asked {
        cases.push(case(alert, Some(alert), judged.remove(&place(alert)).as_ref()));
    }
    // A window without an event can alert where silence is asked for; windows of other keys are there where the past is asked.
    let silent = judged.values().filter(|alert| alert.event.is_none() && given.iter().all(|one| one.is_of(alert)));
    cases.extend(silent.map(|alert| case(alert, None, Some(alert))));
    cases.sort_by_key(|case| (std::cmp::Reverse((case.alerts, case.came())), case.window.start));
    let unites = rule.window.as_ref().is_some_and(|window| window.merges);
    let fewer = [
        (unites, "Windows in a row are one alert."),
        (rule.mute.is_some(), "An alert within the mute of one before it is not delivered."),
    ];
    let fewer = fewer.into_iter().filter(|(so, _)| *so).map(|(_, said)| said).collect();
    Why { cases, unasked, elements: rule.each.is_some(), fewer }
}

impl Case {
    /// How far it came: conditions that something passes, then parts that hold.
    fn came(&self) -> usize {
        let passed = self.passed.iter().filter(|(_, count)| *count != Value::Int(0)).count();
        passed + self.demands.iter().filter(|demand| demand.holds == Value::Bool(true)).count()
    }
}
