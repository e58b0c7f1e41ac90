//! Values as JSON: takes a value, gives what stands in alerts.
//!
//! | value | JSON |
//! |---|---|
//! | missing | `null` |
//! | text, ip | text |
//! | int, float, bool | number, number, `true` or `false` |
//! | decimal | text, since readers of JSON lose digits: `"12.5"` |
//! | time | text, RFC 3339 in UTC with microseconds: `"2026-01-01T00:00:00.000000Z"` |
//! | duration | number of seconds: `90`, `0.25` |
//! | list | array; a missing element is `null` |
//! | what `values` and `top` give | `{"values": […], "more": false}`: `more` says whether some were left out |
//! | record | object |

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::clock::time_text;
use super::number::BILLION;
use super::value::Value;
use crate::ir::SECOND;
use crate::json::Json;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Missing => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Decimal(value) => serializer.serialize_str(&decimal_text(*value)),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Time(value) => serializer.serialize_str(&time_text(*value)),
            Value::Duration(value) if value % SECOND == 0 => serializer.serialize_i64(value / SECOND),
            Value::Duration(value) => serializer.serialize_f64(*value as f64 / SECOND as f64),
            Value::Ip(ip) => serializer.collect_str(ip),
            Value::List(elements) => serializer.collect_seq(elements.iter()),
            Value::Listing { values, more } => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("values", &**values)?;
                map.serialize_entry("more", more)?;
                map.end()
            }
            Value::Record(ty, values) => {
                serializer.collect_map(ty.fields.iter().map(|(name, _)| name).zip(values.iter()))
            }
            Value::Raw(json) => json.serialize(serializer),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(number) => match (number.parse::<i64>(), number.parse::<f64>()) {
                (Ok(int), _) => serializer.serialize_i64(int),
                (_, Ok(float)) if float.is_finite() => serializer.serialize_f64(float),
                _ => serializer.serialize_str(number),
            },
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(elements) => serializer.collect_seq(elements.iter()),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(key, value)| (&**key, value))),
        }
    }
}

/// A decimal without zeros at its end.
fn decimal_text(billionths: i128) -> String {
    let sign = if billionths < 0 { "-" } else { "" };
    let one = BILLION.unsigned_abs();
    let (whole, fraction) = (billionths.unsigned_abs() / one, billionths.unsigned_abs() % one);
    let fraction = format!("{fraction:09}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{RecordType, Type};
    use std::sync::Arc;

    #[test]
    fn every_kind_of_value() {
        let record = Arc::new(RecordType { fields: vec![("b".to_owned(), Type::Text), ("a".to_owned(), Type::Int)] });
        let cases = [
            (Value::Missing, "null"),
            (Value::text("a\"b"), r#""a\"b""#),
            (Value::Int(i64::MAX), "9223372036854775807"),
            (Value::float(1.0), "1.0"),
            (Value::Decimal(12_500_000_000), r#""12.5""#),
            (Value::Decimal(-1), r#""-0.000000001""#),
            (Value::Decimal(-3_000_000_000), r#""-3""#),
            (Value::Bool(true), "true"),
            (Value::Time(0), r#""1970-01-01T00:00:00.000000Z""#),
            (Value::Duration(90_000_000), "90"),
            (Value::Duration(250_000), "0.25"),
            (Value::ip([10, 0, 0, 1].into()), r#""10.0.0.1""#),
            (Value::list(vec![Value::Int(1), Value::Missing]), "[1,null]"),
            (Value::Listing { values: [Value::text("a")].into(), more: true }, r#"{"values":["a"],"more":true}"#),
            (Value::Record(record, [Value::text("x"), Value::Missing].into()), r#"{"b":"x","a":null}"#),
        ];
        for (value, json) in cases {
            assert_eq!(serde_json::to_string(&value).unwrap_or_default(), json);
        }
    }
}
