//! Random events of the stream `sample`, made to hit the edges: equal texts in other cases, numbers at the limits, times on windows' edges.

use std::sync::Arc;

use skywatch::eval::{Event, Value};
use skywatch::ir::{Stream, Type};

use super::choices::Choices;
use super::random::{Fields, names};

pub(crate) const STREAM: &str = include_str!("every_type.sky");

/// What random rules may read.
pub(crate) fn fields() -> Fields {
    Fields {
        stream: "sample".to_owned(),
        text: names(&["t1", "t2", "t3"]),
        int: names(&["n1", "n2", "n3"]),
        float: names(&["f1", "f2"]),
        decimal: names(&["d1"]),
        bool: names(&["b1"]),
        time: names(&["time", "at"]),
        duration: names(&["u1", "u2"]),
        ip: names(&["ip1", "ip2"]),
        texts: names(&["xs"]),
        ints: names(&["ns"]),
        records: names(&["rs"]),
        words: names(&WORDS),
        everything: true,
        ..Fields::default()
    }
}

pub(crate) const WORDS: [&str; 12] = ["a", "b", "A", "ab", "a.b", "aB", "é", "É", "K", "x/y/a", "💥a", "aGk="];
const TEXTS: [&str; 16] = [
    "a", "b", "A", "ab", "a.b", "aB", "é", "É", "\u{212a}", "x/y/a", "💥a", "aGk=", " a\nb ", "abc.abb", "٣", "\u{a0}a",
];
const INTS: [i64; 12] = [1, 0, 2, 3, -1, 10, 5, 100, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1];
const FLOATS: [f64; 10] = [1.0, 0.0, 0.5, 0.1, 0.2, 0.3, -2.5, 1e308, 9_007_199_254_740_992.0, -1e308];
const DECIMALS: [i128; 5] = [1_000_000_000, 0, 500_000_000, 1, -2_500_000_000];
const IPS: [&str; 6] = ["203.0.113.7", "10.1.2.3", "192.168.1.1", "fd00::1", "2001:db8::1", "8.8.8.8"];
const HOUR: i64 = 3_600_000_000;
/// 2026-01-01T00:00:00Z
pub(crate) const START: i64 = 1_767_225_600_000_000;
const TIMES: [i64; 12] = [
    START,
    START + 1,
    START + HOUR - 1,
    START + HOUR,
    START + 60_000_000,
    START + 1_800_000_000,
    START + 1_800_000_000 - 1,
    START + 24 * HOUR,
    START + 24 * HOUR - 1,
    START + 3 * HOUR + 500_000,
    START + 7 * 24 * HOUR,
    START + 120_000_000,
];

/// Up to `most` events; of two sources' names and none.
pub(crate) fn events(c: &mut Choices, stream: &Stream, most: usize) -> Vec<Event> {
    events_of(c, stream, most, &TEXTS)
}

/// The same with other texts.
pub(crate) fn events_of(c: &mut Choices, stream: &Stream, most: usize, texts: &[&str]) -> Vec<Event> {
    let count = 1 + c.below(most);
    (0..count).map(|n| event(c, stream, n, texts)).collect()
}

fn event(c: &mut Choices, stream: &Stream, n: usize, texts: &[&str]) -> Event {
    let fields = stream
        .fields
        .iter()
        .map(|field| match field.name.as_str() {
            "time" => Value::Time(*c.one(&TIMES)),
            "event.id" => Value::text(&format!("e{n}")),
            _ => value(c, &field.ty, texts),
        })
        .collect();
    Event { source: Arc::from(""), fields }
}

fn value(c: &mut Choices, ty: &Type, texts: &[&str]) -> Value {
    // The first choice is a value: missing ones are the complication.
    if c.once_in(4) {
        return Value::Missing;
    }
    match ty {
        Type::Text => Value::text(texts[c.below(texts.len())]),
        Type::Int => Value::Int(*c.one(&INTS)),
        Type::Float => Value::float(*c.one(&FLOATS)),
        Type::Decimal => Value::decimal(*c.one(&DECIMALS)),
        Type::Bool => Value::Bool(c.once_in(2)),
        Type::Time => Value::Time(*c.one(&TIMES)),
        Type::Duration => Value::Duration(*c.one(&[1_000_000, 0, 1_500_000, 60_000_000, -5, 3_600_000_000])),
        Type::Ip => c.one(&IPS).parse().map_or(Value::Missing, Value::ip),
        Type::List(element) => Value::list((0..c.below(4)).map(|_| value(c, element, texts)).collect()),
        Type::Record(record) => {
            Value::Record(Arc::clone(record), record.fields.iter().map(|(_, ty)| value(c, ty, texts)).collect())
        }
        Type::Raw => Value::Missing,
    }
}
