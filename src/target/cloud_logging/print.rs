//! The tree as text. `OR` binds tighter than `AND` in this language and readers expect the opposite, so the two never meet without
//! parentheses; conditions that must all hold stand on lines of their own.

use super::tree::{Field, Filter, Test, Value};
use crate::ir::{Comparison, SECOND};

/// The whole filter, without a final line break.
#[must_use]
pub(super) fn print(filter: &Filter) -> String {
    match filter {
        Filter::All(filters) => filters.iter().map(part).collect::<Vec<_>>().join("\n"),
        filter => part(filter),
    }
}

/// A part of a longer filter: in parentheses unless it is one condition.
fn part(filter: &Filter) -> String {
    let chained = |filters: &[Filter], word: &str| {
        format!("({})", filters.iter().map(part).collect::<Vec<_>>().join(&format!(" {word} ")))
    };
    match filter {
        // Every entry has a timestamp.
        Filter::Const(true) => "timestamp:*".to_owned(),
        Filter::Const(false) => "NOT timestamp:*".to_owned(),
        Filter::All(filters) => chained(filters, "AND"),
        Filter::Any(filters) => chained(filters, "OR"),
        Filter::Not(inner) => match &**inner {
            Filter::Not(_) => format!("NOT ({})", part(inner)),
            _ => format!("NOT {}", part(inner)),
        },
        Filter::Test(test) => self::test(test),
    }
}

fn test(test: &Test) -> String {
    match test {
        Test::LogId(id) => format!("log_id({})", quoted(id)),
        Test::Matches(of, pattern) => format!("{} =~ {}", field(of), quoted(pattern)),
        Test::Compare(of, comparison, constant) => {
            let operator = match comparison {
                Comparison::Equal => "=",
                Comparison::Less => "<",
                Comparison::LessEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterEqual => ">=",
            };
            format!("{} {operator} {}", field(of), value(constant))
        }
        Test::Exists(of) => format!("{}:*", field(of)),
        Test::IsNull(of) => format!("{} = NULL_VALUE", field(of)),
        Test::InNetwork(of, network) => format!("ip_in_net({}, {})", field(of), quoted(&network.to_string())),
    }
}

fn field(field: &Field) -> String {
    field.0.iter().map(|part| component(part)).collect::<Vec<_>>().join(".")
}

/// A part of a path, in quotes unless it is a plain word.
fn component(part: &str) -> String {
    let letter = |b: u8| b == b'_' || b.is_ascii_alphabetic();
    let plain = part.bytes().enumerate().all(|(at, b)| letter(b) || (at > 0 && b.is_ascii_digit()));
    let keyword = ["AND", "OR", "NOT", "NULL_VALUE"].contains(&part);
    if plain && !part.is_empty() && !keyword { part.to_owned() } else { quoted(part) }
}

fn value(value: &Value) -> String {
    match value {
        Value::Int(value) => number(value.to_string()),
        Value::Float(value) => number(format!("{value:?}")),
        Value::Bool(value) => value.to_string(),
        Value::Time(micros) => quoted(&timestamp(*micros)),
        Value::Name(name) => quoted(name),
    }
}

/// A value that begins with a sign, or holds one, stands in quotes; it is converted to the field's type either way.
fn number(text: String) -> String {
    if text.contains(['-', '+']) { quoted(&text) } else { text }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// RFC 3339 in UTC; microseconds only where there are some.
fn timestamp(micros: i64) -> String {
    // The years 1 to 9999: what the text can hold.
    let micros = micros.clamp(-62_135_596_800 * SECOND, 253_402_300_799 * SECOND);
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let form = if micros.rem_euclid(SECOND) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    time.format(form).to_string()
}
