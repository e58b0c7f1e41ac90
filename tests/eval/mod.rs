//! For the evaluator's tests: rules and events as text → outcomes.

use std::collections::BTreeMap;

use skywatch::eval::{Alert, Event, Outcome, Range, Run, given, run};
use skywatch::ir::{Given, SECOND};
use skywatch::resolve::Resolved;

use crate::support::resolved;

/// Microseconds of 2026-01-01T00:00Z.
pub(crate) const START: i64 = 1_767_225_600 * SECOND;
/// A day in microseconds.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// The first rule of a text and the events of its first test.
#[track_caller]
pub(crate) fn rule_and_events(text: &str) -> (Resolved, Vec<Event>) {
    let resolved = resolved(&[text]);
    let stream = &resolved.schema.streams[resolved.rules[0].stream];
    let mut out = Vec::new();
    for given in &resolved.tests[0].given {
        let Given::Events { events, .. } = given else { panic!("events are wanted") };
        out.extend(events.iter().map(|fields| given::event(stream, fields)));
    }
    (resolved, out)
}

/// What a rule over `invocation` finds among events, judged over `[START + from, START + to)`.
#[track_caller]
pub(crate) fn over_raw(severity: &str, clauses: &str, events: &str, from: i64, to: i64) -> Outcome {
    let text = format!(
        "rule r {{ {severity} from invocation {clauses} }} test r \"t\" {{ given invocation [ {events} ] expect no alert }}"
    );
    let (resolved, events) = rule_and_events(&text);
    let range = Range { from: START + from, to: START + to };
    let coverage = BTreeMap::new();
    let rule = &resolved.rules[0];
    let stream = &resolved.schema.streams[rule.stream];
    match run(rule, stream, &events, &Run { pack: "p", range, coverage: &coverage }) {
        Ok(outcome) => outcome,
        Err(diagnostic) => panic!("{}", diagnostic.message),
    }
}

/// All alerts of ten days around the start.
#[track_caller]
pub(crate) fn run_over(severity: &str, clauses: &str, events: &str) -> Vec<Alert> {
    over_raw(severity, clauses, events, -DAY, 9 * DAY).alerts
}

#[track_caller]
pub(crate) fn alerts(clauses: &str, events: &str) -> Vec<Alert> {
    run_over("severity low", clauses, events)
}

/// The ids of the events that alert, in the order in which they are given.
#[track_caller]
pub(crate) fn ids(clauses: &str, events: &str) -> Vec<String> {
    ids_of(&format!(
        "rule r {{ severity low from invocation {clauses} }} test r \"t\" {{ given invocation [ {events} ] expect no alert }}"
    ))
}

/// The ids of the first test's events for which the first rule alerts, in the order in which they are given.
#[track_caller]
pub(crate) fn ids_of(text: &str) -> Vec<String> {
    let (resolved, events) = rule_and_events(text);
    let rule = &resolved.rules[0];
    let stream = &resolved.schema.streams[rule.stream];
    let range = Range { from: START - DAY, to: START + 9 * DAY };
    let outcome = run(rule, stream, &events, &Run { pack: "p", range, coverage: &BTreeMap::new() }).unwrap_or_default();
    let alerted: Vec<_> =
        outcome.alerts.iter().filter_map(|alert| alert.event.as_ref()).map(|event| &event.id).collect();
    let id = stream.event_id().index();
    let text = |event: &Event| event.fields[id].as_text().unwrap_or_default().to_owned();
    events.iter().filter(|event| alerted.contains(&&event.fields[id])).map(text).collect()
}

/// The measures of each alert, as JSON.
#[track_caller]
pub(crate) fn measures(clauses: &str, events: &str) -> Vec<String> {
    let of = |alert: &Alert| {
        let json = serde_json::to_string(alert).unwrap_or_default();
        let start = json.find("\"measures\":").map_or(0, |at| at + "\"measures\":".len());
        let end = json.find(",\"show\":").unwrap_or(json.len());
        json[start..end].to_owned()
    };
    alerts(clauses, events).iter().map(of).collect()
}
