//! One rule over one log, run twice: by the evaluator over raw records, and as an emitted query by another engine over the table's rows.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skywatch::bind::{Bound, bind};
use skywatch::eval::{Alert, Json, Range, Run, run_bound};
use skywatch::ir::{Rule, SECOND};
use skywatch::resolve::Resolved;
use skywatch::target::kql::Kql;
use skywatch::target::names::Outputs;
use skywatch::target::{EVENT_RULE_STEP, Emission, Request, emit};

use super::engines::Engine;
use super::records::{row, schema};

/// What became of a case.
#[derive(Debug, PartialEq)]
pub(crate) enum Agreement {
    /// The same rows; how many.
    Same(usize),
    /// The compiler refused.
    Refused(String),
    /// The engine can't run it.
    Unsupported(String),
    /// Something is wrong.
    Wrong(String),
}

/// Runs the first rule both ways.
pub(crate) fn compare(
    resolved: &Resolved,
    records: &[Value],
    range: Option<(i64, i64)>,
    now: i64,
    (parser, runner): (&mut Engine, &mut Engine),
) -> Agreement {
    let rule = &resolved.rules[0];
    let mut emissions = emit(rule, &resolved.schema, &Kql, Request { range });
    if emissions.is_empty() {
        return Agreement::Refused("it can never fire".to_owned());
    }
    let emission = emissions.remove(0);
    let Some(text) = emission.query.text.clone() else {
        return Agreement::Refused(emission.query.reasons[0].message.clone());
    };
    let checked = parser.answer(&json!({ "id": 0, "query": text, "schema": schema() }));
    if checked["errors"] != json!([]) {
        return Agreement::Wrong(format!("{}\n{text}", checked["errors"]));
    }
    let rows: Vec<Value> = records.iter().map(row).collect();
    let now_text =
        chrono::DateTime::from_timestamp_micros(now).expect("a time").format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let case = json!({ "id": 0, "query": text, "schema": schema(), "tables": { "Probe": rows }, "now": now_text });
    let answer = runner.answer(&case);
    if let Some(why) = answer["unsupported"].as_str() {
        return Agreement::Unsupported(why.to_owned());
    }
    let Some(rows) = answer["rows"].as_array() else { return Agreement::Wrong(format!("{answer}\n{text}")) };
    let mut found: Vec<BTreeMap<String, String>> = rows.iter().map(plain_row).collect();
    let order = found.clone();
    let mut expected = expected(resolved, rule, &emission, records, judged(rule, &emission, range, now));
    found.sort();
    expected.sort();
    if found != expected {
        return Agreement::Wrong(format!(
            "{text}\nfound    {found:#?}\nexpected {expected:#?}\nrecords {}",
            json!(records)
        ));
    }
    let first = if rule.window.is_some() { "window_start" } else { "time" };
    let starts: Vec<_> = order.iter().map(|row| row.get(first)).collect();
    if !starts.is_sorted() {
        return Agreement::Wrong(format!("{text}\nnot in order: {starts:?}"));
    }
    Agreement::Same(found.len())
}

/// The range that the query judges.
fn judged(rule: &Rule, emission: &Emission, range: Option<(i64, i64)>, now: i64) -> Range {
    if let Some((from, to)) = range {
        return Range { from, to };
    }
    let step = rule.window.as_ref().map_or(EVENT_RULE_STEP, |window| window.step);
    let to = (now - emission.delay).div_euclid(step) * step;
    Range { from: to - step, to }
}

fn expected(
    resolved: &Resolved,
    rule: &Rule,
    emission: &Emission,
    records: &[Value],
    range: Range,
) -> Vec<BTreeMap<String, String>> {
    let stream = resolved.schema.stream_of(rule.stream).expect("the rule's stream");
    let source = resolved.schema.source(&emission.source).expect("the emission's source");
    let Bound::Rule(mut bound) = bind(rule, source, stream) else { return Vec::new() };
    // A query reports each window; whoever takes the alerts merges them.
    if let Some(window) = &mut bound.rule.window {
        window.merges = false;
    }
    let records: Vec<Json> = records.iter().map(|record| Json::parse(&record.to_string()).expect("JSON")).collect();
    let coverage = BTreeMap::new();
    let run = Run { pack: "p", range, coverage: &coverage };
    let outcome = run_bound(&bound.rule, &bound.time, bound.event_id.as_ref(), &source.name, &records, &run);
    let outputs = Outputs::of(&bound.rule);
    outcome.expect("small patterns").alerts.iter().map(|alert| alert_row(alert, &outputs, emission, rule)).collect()
}

/// An alert as a row of the query.
fn alert_row(alert: &Alert, outputs: &Outputs, emission: &Emission, rule: &Rule) -> BTreeMap<String, String> {
    let mut row = BTreeMap::new();
    let value = |value: &skywatch::eval::Value| plain(&serde_json::to_value(value).expect("JSON"));
    let start = skywatch::eval::Value::Time(alert.window.start);
    match &alert.event {
        Some(event) => {
            row.insert("time".to_owned(), value(&start));
            row.insert("event_id".to_owned(), value(&event.id));
        }
        None => {
            row.insert("window_start".to_owned(), value(&start));
            for (name, (_, key)) in outputs.keys.iter().zip(&alert.keys) {
                row.insert(name.clone(), value(key));
            }
            for (name, (of, measure)) in outputs.measures.iter().zip(&alert.measures) {
                if !emission.query.left_out.contains(of) {
                    row.insert(name.clone(), value(measure));
                }
            }
        }
    }
    for (name, (of, shown)) in outputs.show.iter().zip(&alert.show) {
        if !emission.query.left_out.contains(of) {
            row.insert(name.clone(), value(shown));
        }
    }
    if !rule.severity.arms.is_empty() && !emission.query.left_out.contains(&"severity".to_owned()) {
        row.insert("severity".to_owned(), format!("{:?}", alert.severity.text()));
    }
    row
}

fn plain_row(row: &Value) -> BTreeMap<String, String> {
    row.as_object().expect("a row").iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// A value so that equal ones are equal texts: floats to nine digits, empty text as null.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "null".to_owned(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => int.to_string(),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => format!("{float:.0}"),
            (None, Some(float)) => format!("{float:.8e}"),
            (None, None) => number.to_string(),
        },
        Value::Array(elements) => format!("[{}]", elements.iter().map(plain).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            format!(
                "{{{}}}",
                members.iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect::<Vec<_>>().join(",")
            )
        }
        other => other.to_string(),
    }
}

/// Microseconds of a whole second behind a start.
pub(crate) fn at(start: i64, seconds: i64) -> i64 {
    start + seconds * SECOND
}
