//! Records that a verdict is not about: takes an emission and a raw record, says whether the record breaks what the emission rests on.

use std::net::IpAddr;

use serde_json::Value;
use skywatch::eval::clock::parse_time;
use skywatch::ir::Source;
use skywatch::target::{Condition, Emission};

/// Whether a record breaks a condition of a verdict, or is none that its log's service writes.
pub(crate) fn breaks(emission: &Emission, source: &Source, record: &Value) -> bool {
    let rests_on = |condition| emission.query.provided.contains(&condition);
    let cloudwatch = emission.target == "cloudwatch";
    has_other_time(source, record)
        || cloudwatch && has_long_numbers(record)
        || cloudwatch && rests_on(Condition::TypesAsRead) && is_mistyped("", record)
        || rests_on(Condition::AddressesInShortForm) && has_other_addresses(record)
        || rests_on(Condition::RoundingDoesNotDecide) && is_half_a_microsecond(source, record)
}

/// Bedrock and CloudTrail write whole seconds and UTC, which their queries rest on.
fn has_other_time(source: &Source, record: &Value) -> bool {
    let time = match source.name.as_str() {
        "aws.bedrock" => record.get("timestamp"),
        "aws.cloudtrail" => record.get("eventTime"),
        _ => return false,
    };
    let other = |time: &str| parse_time(time).is_some() && !(time.len() == 20 && time.ends_with('Z'));
    time.and_then(Value::as_str).is_some_and(other)
}

/// Numbers that floats can't hold, as CloudWatch's are.
fn has_long_numbers(record: &Value) -> bool {
    any_part("", record, &|_, part| part.as_f64().is_some_and(|number| number.abs() > 2_f64.powi(53)))
}

/// A bool or a number where logs have none, a bool's or a number's text where logs have the thing itself.
fn is_mistyped(key: &str, record: &Value) -> bool {
    /// Keys of the bools that logs have.
    const BOOLS: &[&str] = &["boolValue", "callWithBearerToken", "detected", "isError", "managementEvent", "readOnly"];
    /// In keys of the numbers that logs have.
    const NUMBERS: &[&str] = &["Count", "Ms", "Nano", "Value", "_tokens", "Tokens", "Millis", "code", "kind"];
    any_part(key, record, &|key, part| match part {
        Value::Number(_) => !NUMBERS.iter().any(|word| key.contains(word)),
        Value::Bool(_) => !BOOLS.contains(&key),
        // `"17"` is read as an int all the same; versions are written so.
        Value::String(text) => {
            let number = text.parse::<f64>().is_ok() && !text.bytes().all(|byte| byte.is_ascii_digit());
            (number && !key.ends_with("ersion")) || BOOLS.contains(&key)
        }
        _ => false,
    })
}

fn has_other_addresses(record: &Value) -> bool {
    let other = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().to_string() != text);
    any_part("", record, &|_, part| part.as_str().is_some_and(other))
}

/// Milliseconds whose half microsecond is in doubt.
fn is_half_a_microsecond(source: &Source, record: &Value) -> bool {
    let latency = record.get("metadata").and_then(|metadata| metadata.get("request_latency")).and_then(Value::as_f64);
    source.name == "gcp.vertex" && latency.is_some_and(|latency| (latency * 1_000.0).fract().abs() == 0.5)
}

/// Whether something is so of a part of a record that has no parts, by its key or that of its list.
fn any_part(key: &str, part: &Value, is_so: &dyn Fn(&str, &Value) -> bool) -> bool {
    match part {
        Value::Array(elements) => elements.iter().any(|element| any_part(key, element, is_so)),
        Value::Object(members) => members.iter().any(|(key, value)| any_part(key, value, is_so)),
        part => is_so(key, part),
    }
}
