//! OpenTelemetry's export requests: takes the bytes of one, gives the bytes of a record for each of its spans.
//!
//! A record is the span as the protocol's JSON writes it, but for the attributes of span, scope, resource and the span's events, which are
//! objects by key instead of lists of `{key, value}`, and the names that old writers use: `instrumentationLibrarySpans` and
//! `instrumentationLibrary` are `scopeSpans` and `scope`. Where the span lacks them, `resource` and `scope` are members of the record. What is
//! no export request for traces is handed on as it is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Limits;
use super::split::{Piece, What};
use crate::eval::Json;
use crate::json::Wanted;

type Members = BTreeMap<Arc<str>, Json>;

/// The spans of an export request, each as a record of its own; the piece itself where it is none, or has none.
pub(super) fn spans(piece: Piece, limits: Limits) -> VecDeque<Piece> {
    let text = std::str::from_utf8(&piece.bytes).ok().filter(|text| piece.what == What::Record && names_spans(text));
    let records = text
        .and_then(|text| Json::parse_within(text, limits.keys_of_many(), &Wanted::All).ok())
        .map(|request| records(&request))
        .unwrap_or_default();
    if records.is_empty() {
        return VecDeque::from([piece]);
    }
    let made = records.into_iter().zip(0..).map(|(record, element)| Piece {
        bytes: record.to_string().into_bytes(),
        element: Some(element),
        ..Piece { bytes: Vec::new(), ..piece }
    });
    made.collect()
}

/// A cheap test: in logs of all kinds hardly any record is an export request.
fn names_spans(text: &str) -> bool {
    text.contains("resourceSpans") || text.contains("resource_spans")
}

/// The same of a record that is at hand.
pub(super) fn spans_of(record: &Json) -> Vec<Json> {
    let spans = records(record);
    if spans.is_empty() { vec![record.clone()] } else { spans }
}

fn records(request: &Json) -> Vec<Json> {
    let mut out = Vec::new();
    for group in list(request, &["resourceSpans", "resource_spans"]) {
        let resource = described(group, &["resource"]);
        for scoped in list(group, &["scopeSpans", "scope_spans", "instrumentationLibrarySpans"]) {
            let scope = described(scoped, &["scope", "instrumentationLibrary"]);
            out.extend(list(scoped, &["spans"]).map(|span| record(span, &resource, &scope)));
        }
    }
    out
}

/// A span with what it was found under. What is none stays, to be put aside.
fn record(span: &Json, resource: &Json, scope: &Json) -> Json {
    let Json::Object(members) = flat(span) else { return span.clone() };
    let mut members = Arc::unwrap_or_clone(members);
    if let Some(Json::List(events)) = members.get("events") {
        let events = events.iter().map(flat).collect();
        members.insert("events".into(), Json::List(events));
    }
    for (name, value) in [("resource", resource), ("scope", scope)] {
        members.entry(name.into()).or_insert_with(|| value.clone());
    }
    Json::Object(Arc::new(members))
}

/// The elements of those of these members that are lists.
fn list<'a>(object: &'a Json, names: &[&str]) -> impl Iterator<Item = &'a Json> {
    let lists = names.iter().filter_map(|name| match object.member(name) {
        Some(Json::List(elements)) => Some(elements.iter()),
        _ => None,
    });
    lists.collect::<Vec<_>>().into_iter().flatten()
}

/// The first of these members that is there, a resource or scope, with its attributes as an object.
fn described(object: &Json, names: &[&str]) -> Json {
    names.iter().find_map(|name| object.member(name)).map(flat).unwrap_or_default()
}

/// What has attributes, with them as an object. An object stays as it is.
fn flat(described: &Json) -> Json {
    let (Json::Object(members), Some(Json::List(pairs))) = (described, described.member("attributes")) else {
        return described.clone();
    };
    let mut members = Members::clone(members);
    members.insert("attributes".into(), by_key(pairs.iter()));
    Json::Object(Arc::new(members))
}

/// `[{"key": k, "value": {"stringValue": v}}, …]` → `{k: v, …}`. Where a key stands twice the last one counts.
fn by_key<'a>(pairs: impl IntoIterator<Item = &'a Json>) -> Json {
    let pair = |pair: &Json| match (pair.member("key"), pair.member("value")) {
        (Some(Json::Text(key)), Some(value)) => Some((Arc::clone(key), any_value(value))),
        _ => None,
    };
    Json::Object(Arc::new(pairs.into_iter().filter_map(pair).collect()))
}

/// A value of the protocol: `{"intValue": "5"}` is 5, lists and maps are what they hold.
fn any_value(value: &Json) -> Json {
    if !matches!(value, Json::Object(_)) {
        return value.clone();
    }
    match (value.member("intValue"), value.member("arrayValue"), value.member("kvlistValue")) {
        // Whole numbers of 64 bits are written as texts.
        (Some(Json::Text(text)), ..) => text
            .parse::<i64>()
            .map_or_else(|_| Json::Text(Arc::clone(text)), |int| Json::Number(int.to_string().into())),
        (Some(int), ..) => int.clone(),
        (_, Some(array), _) => Json::List(list(array, &["values"]).map(any_value).collect()),
        (.., Some(map)) => by_key(list(map, &["values"])),
        _ => {
            let plain = ["stringValue", "boolValue", "doubleValue", "bytesValue"];
            plain.iter().find_map(|name| value.member(name)).cloned().unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let piece = Piece { bytes: text.as_bytes().to_vec(), line: 3, ..Piece::default() };
        spans(piece, Limits::default())
            .into_iter()
            .map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned())
            .collect()
    }

    #[test]
    fn a_record_a_span() {
        let text = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"cloud.region","value":{"stringValue":"r"}}]},
            "scopeSpans":[{"scope":{"name":"s"},"spans":[
                {"spanId":"1","attributes":[{"key":"n","value":{"intValue":"9007199254740993"}},{"key":"b","value":{"boolValue":true}},
                  {"key":"l","value":{"arrayValue":{"values":[{"stringValue":"a"},{"doubleValue":0.5}]}}},
                  {"key":"m","value":{"kvlistValue":{"values":[{"key":"x","value":{"stringValue":"y"}}]}}},{"key":"e","value":{}}],
                 "events":[{"name":"e","attributes":[{"key":"k","value":{"stringValue":"v"}}]}]},
                {"spanId":"2"}]}]}]}"#;
        let expected = [
            r#"{"attributes":{"b":true,"e":null,"l":["a",0.5],"m":{"x":"y"},"n":9007199254740993},"events":[{"attributes":{"k":"v"},"name":"e"}],"resource":{"attributes":{"cloud.region":"r"}},"scope":{"name":"s"},"spanId":"1"}"#,
            r#"{"resource":{"attributes":{"cloud.region":"r"}},"scope":{"name":"s"},"spanId":"2"}"#,
        ];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn what_is_no_request_stays() {
        for text in [r#"{"spanId": "1"}"#, r#"{"resourceLogs":[]}"#, r#"{"resourceSpans":[]}"#, "{", "5"] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn what_is_no_span_is_not_lost_and_numbers_stay_as_they_are_written() {
        let text = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[5,{"startTimeUnixNano":1.50e3}]}]}]}"#;
        assert_eq!(split(text), ["5", r#"{"resource":null,"scope":null,"startTimeUnixNano":1.50e3}"#]);
    }
}
