//! What a query gives: columns and rows of typed values, and how they are written down.

use std::fmt;

use chrono::{DateTime, SecondsFormat};

use crate::json::Json;

/// The rows of a query, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Names, in their order.
    pub columns: Vec<String>,
    /// One value a column.
    pub rows: Vec<Vec<Value>>,
}

/// A value of a result.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// None, or null.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// A float of 64 bits.
    Real(f64),
    /// An exact decimal, as it is written without exponent and trailing zeros.
    Decimal(String),
    /// A text.
    Text(String),
    /// A moment, in nanoseconds since 1970 (UTC).
    Time(i128),
    /// A length of time, in nanoseconds.
    Span(i128),
    /// A value of a JSON or dynamic type; a record or an entry as a whole.
    Json(Json),
    /// An array of a type other than JSON.
    List(Vec<Value>),
}

const BILLION: i128 = 1_000_000_000;

/// As JSON without white space: a float has a point or an exponent, or is `"NaN"`, `"Infinity"`, `"-Infinity"`; a decimal is a number;
/// a moment is RFC 3339 in UTC with the fewest of 0, 3, 6 or 9 decimals that lose nothing; a length of time is `"1.5s"`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Real(value) if value.is_nan() => f.write_str("\"NaN\""),
            Value::Real(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" })
            }
            Value::Real(value) => write!(f, "{value:?}"),
            Value::Decimal(value) => f.write_str(value),
            Value::Text(value) => write!(f, "{}", serde_json::Value::from(value.as_str())),
            Value::Time(nanos) => write!(f, "\"{}\"", moment(*nanos)),
            Value::Span(nanos) => {
                let sign = if *nanos < 0 { "-" } else { "" };
                let (whole, part) = (nanos.abs() / BILLION, nanos.abs() % BILLION);
                let part = format!("{part:09}");
                let part = part.trim_end_matches('0');
                write!(f, "\"{sign}{whole}{}{part}s\"", if part.is_empty() { "" } else { "." })
            }
            Value::Json(value) => write!(f, "{value}"),
            Value::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A moment as RFC 3339; one outside of chrono's years as its nanoseconds.
fn moment(nanos: i128) -> String {
    let seconds = i64::try_from(nanos.div_euclid(BILLION));
    let part = u32::try_from(nanos.rem_euclid(BILLION)).unwrap_or_default();
    match seconds.ok().and_then(|seconds| DateTime::from_timestamp(seconds, part)) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        None => format!("{nanos}ns"),
    }
}
