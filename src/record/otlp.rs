//! OpenTelemetry's export requests: takes the bytes of one, gives the bytes of a record for each of its spans.
//!
//! A record is the span as the protocol's JSON writes it, but for the attributes of span, scope, resource and the span's events, which are
//! objects by key instead of lists of `{key, value}`, and the names that old writers use: `instrumentationLibrarySpans` and
//! `instrumentationLibrary` are `scopeSpans` and `scope`. Where the span lacks them, `resource` and `scope` are members of the record. What is
//! no export request for traces is handed on as it is.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::split::Piece;

/// The spans of an export request, each as a record of its own; the piece itself where it is none, or has none.
pub(super) fn spans(piece: Piece) -> VecDeque<Piece> {
    let request: Option<Value> =
        if piece.too_long || piece.unended { None } else { serde_json::from_slice(&piece.bytes).ok() };
    let records = request.map(records).unwrap_or_default();
    if records.is_empty() {
        return VecDeque::from([piece]);
    }
    let made = records.into_iter().zip(0..).map(|(record, element)| Piece {
        bytes: Value::Object(record).to_string().into_bytes(),
        element: Some(element),
        ..Piece { line: piece.line, ..Piece::default() }
    });
    made.collect()
}

fn records(mut request: Value) -> Vec<Map<String, Value>> {
    let mut out = Vec::new();
    for mut group in list(&mut request, &["resourceSpans", "resource_spans"]) {
        let resource = described(&mut group, &["resource"]);
        for mut scoped in list(&mut group, &["scopeSpans", "scope_spans", "instrumentationLibrarySpans"]) {
            let scope = described(&mut scoped, &["scope", "instrumentationLibrary"]);
            for span in list(&mut scoped, &["spans"]) {
                let Value::Object(mut record) = span else { continue };
                for (name, value) in [("resource", &resource), ("scope", &scope)] {
                    record.entry(name).or_insert_with(|| value.clone());
                }
                flatten(record.get_mut("attributes"));
                if let Some(Value::Array(events)) = record.get_mut("events") {
                    events.iter_mut().for_each(|event| flatten(event.get_mut("attributes")));
                }
                out.push(record);
            }
        }
    }
    out
}

/// The elements of the first of these members that is a list.
fn list(object: &mut Value, names: &[&str]) -> Vec<Value> {
    let found = names.iter().find_map(|name| match object.get_mut(name) {
        Some(Value::Array(elements)) => Some(std::mem::take(elements)),
        _ => None,
    });
    found.unwrap_or_default()
}

/// The first of these members that is there, a resource or scope, with its attributes as an object.
fn described(object: &mut Value, names: &[&str]) -> Value {
    let mut part = names.iter().find_map(|name| object.get_mut(name).map(Value::take)).unwrap_or_default();
    flatten(part.get_mut("attributes"));
    part
}

/// `[{"key": k, "value": {"stringValue": v}}, …]` → `{k: v, …}`; an object stays as it is. Where a key stands twice the last one counts.
fn flatten(attributes: Option<&mut Value>) {
    let Some(attributes) = attributes else { return };
    if let Value::Array(pairs) = attributes {
        let pairs = std::mem::take(pairs).into_iter().filter_map(pair);
        *attributes = Value::Object(pairs.collect());
    }
}

fn pair(mut pair: Value) -> Option<(String, Value)> {
    let key = pair.get("key")?.as_str()?.to_owned();
    Some((key, any_value(pair.get_mut("value").map(Value::take)?)))
}

/// A value of the protocol: `{"intValue": "5"}` is 5, lists and maps are what they hold.
fn any_value(value: Value) -> Value {
    let Value::Object(mut one) = value else { return value };
    let mut take = |name: &str| one.get_mut(name).map(Value::take);
    if let Some(int) = take("intValue") {
        // Whole numbers of 64 bits are written as texts.
        return int.as_str().and_then(|text| text.parse::<i64>().ok()).map_or(int, Value::from);
    }
    if let Some(Value::Object(mut array)) = take("arrayValue") {
        let Some(Value::Array(elements)) = array.get_mut("values").map(Value::take) else {
            return Value::Array(Vec::new());
        };
        return elements.into_iter().map(any_value).collect();
    }
    if let Some(Value::Object(mut list)) = take("kvlistValue") {
        let mut members = list.get_mut("values").map(Value::take).unwrap_or_else(|| Value::Array(Vec::new()));
        flatten(Some(&mut members));
        return members;
    }
    ["stringValue", "boolValue", "doubleValue", "bytesValue"].into_iter().find_map(take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans_of(text: &str) -> Vec<String> {
        let piece = Piece { bytes: text.as_bytes().to_vec(), line: 3, ..Piece::default() };
        spans(piece).into_iter().map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()).collect()
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
        assert_eq!(spans_of(text), expected);
    }

    #[test]
    fn what_is_no_request_stays() {
        for text in [r#"{"spanId":"1"}"#, r#"{"resourceLogs":[]}"#, r#"{"resourceSpans":[]}"#, "{", "5"] {
            assert_eq!(spans_of(text), [text]);
        }
    }
}
