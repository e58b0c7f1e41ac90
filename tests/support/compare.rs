//! An emitted query's rows beside the alerts of the local run: what the promise is about, window by window and event by event.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Row};
use skywatch::eval::clock::time_text;
use skywatch::eval::{Alert, Event, Range, Run, Value, run};
use skywatch::ir::{Rule, Source, Stream, Type};
use skywatch::target::names::{EVENT_ID, Outputs, TIME, WINDOW_START};

/// One alert or row, in a form that compares: window start (or time and id), keys, measures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    pub(crate) place: Vec<Row>,
    pub(crate) measures: Vec<(String, Row)>,
}

/// The alerts of the local run over one source's events, each window for itself: a query judges windows, whoever takes its rows merges them.
pub(crate) fn local(
    rule: &Rule,
    source: &Source,
    stream: &Stream,
    events: &[Event],
    range: Range,
    left_out: &[String],
) -> Vec<Hit> {
    let mut rule = rule.clone();
    if let Some(window) = &mut rule.window {
        window.merges = false;
    }
    let events: Vec<Event> = events.iter().filter(|event| *event.source == *source.name).cloned().collect();
    let coverage = BTreeMap::new();
    let found =
        run(&rule, stream, &events, &Run { pack: "p", range, coverage: &coverage }).expect("patterns are small enough");
    found.alerts.iter().map(|alert| hit(&rule, alert, left_out)).collect()
}

fn hit(rule: &Rule, alert: &Alert, left_out: &[String]) -> Hit {
    let mut place = vec![Row::String(time_text(alert.window.start))];
    if rule.window.is_none() {
        place.push(alert.event.as_ref().map_or(Row::Null, |event| plain(&event.id)));
    }
    place.extend(alert.keys.iter().map(|(_, value)| plain(value)));
    let shown = alert.measures.iter().chain(alert.show.iter().filter(|(name, _)| !is_address(rule, name)));
    let shown = shown.filter(|(name, _)| !left_out.contains(name));
    Hit { place, measures: shown.map(|(name, value)| (name.clone(), plain(value))).collect() }
}

/// Whether a shown item is an address, or a list of them: a query shows those as the log writes them.
fn is_address(rule: &Rule, name: &str) -> bool {
    let of = |ty: &Type| *ty == Type::Ip || ty.element() == Some(&Type::Ip);
    rule.show.iter().any(|item| item.name == name && of(&item.value.ty))
}

/// A value as a row would hold it.
fn plain(value: &Value) -> Row {
    match value {
        Value::Missing => Row::Null,
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

/// A query's rows as hits.
pub(crate) fn remote(rule: &Rule, rows: &[Row], left_out: &[String]) -> Vec<Hit> {
    let outputs = Outputs::of(rule);
    let cell = |row: &Map<String, Row>, name: &str| match row.get(name) {
        None | Some(Row::Null) => Row::Null,
        Some(Row::String(text)) if text.is_empty() => Row::Null,
        Some(Row::Array(elements)) if elements.is_empty() => Row::Null,
        Some(value) => value.clone(),
    };
    rows.iter()
        .filter_map(Row::as_object)
        .map(|row| {
            let mut place = Vec::new();
            if rule.window.is_some() {
                place.push(cell(row, WINDOW_START));
            } else {
                place.push(cell(row, TIME));
                place.push(cell(row, EVENT_ID));
            }
            place.extend(outputs.keys.iter().map(|name| cell(row, name)));
            let measures = rule.measures.iter().map(|m| &m.name).zip(&outputs.measures);
            let shown =
                rule.show.iter().map(|s| &s.name).zip(&outputs.show).filter(|(name, _)| !is_address(rule, name));
            let named = measures.chain(shown).filter(|(name, _)| !left_out.contains(name));
            Hit { place, measures: named.map(|(name, column)| (name.clone(), cell(row, column))).collect() }
        })
        .collect()
}

/// What differs between the two, in words; none where they are the same alerts.
pub(crate) fn difference(local: &[Hit], remote: &[Hit]) -> Option<String> {
    let mut left: Vec<&Hit> = remote.iter().collect();
    for expected in local {
        let found = left.iter().position(|row| same_place(&row.place, &expected.place) && same_measures(row, expected));
        match found {
            Some(at) => _ = left.remove(at),
            None => {
                let near = left.iter().find(|row| same_place(&row.place, &expected.place));
                return Some(match near {
                    Some(row) => format!("measures differ\n  local  {expected:?}\n  remote {row:?}"),
                    None => {
                        format!("only local: {expected:?}\n  remote has {} other rows: {:?}", left.len(), left.first())
                    }
                });
            }
        }
    }
    left.first().map(|row| format!("only remote: {row:?}"))
}

fn same_place(a: &[Row], b: &[Row]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn same_measures(a: &Hit, b: &Hit) -> bool {
    a.measures.len() == b.measures.len() && a.measures.iter().zip(&b.measures).all(|((_, a), (_, b))| same(a, b))
}

/// Ints and texts exactly, floats to nine digits (`provided: rounding does not decide`), times to the microsecond.
fn same(a: &Row, b: &Row) -> bool {
    match (a, b) {
        (Row::Number(x), Row::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x == y,
            _ => {
                let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
                (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1e-300)
            }
        },
        (Row::Object(x), Row::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        (Row::Array(x), Row::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        _ => a == b,
    }
}
