//! Random records of the probe's log, with values of the wrong type, at limits and on edges; and the rows that the table holds for them.

use serde_json::{Map, Value, json};

use crate::support::choices::Choices;
use crate::support::random::{Fields, names};

/// What random rules may read.
pub(crate) fn fields() -> Fields {
    Fields {
        stream: "probe".to_owned(),
        text: names(&["word", "note", "jword", "net", "kind"]),
        int: names(&["num", "num2", "jnum", "code", "both"]),
        float: names(&["real", "jreal", "share"]),
        bool: names(&["flag", "jflag"]),
        time: names(&["time", "moment", "jmoment", "ticked", "counted"]),
        duration: names(&["span"]),
        ip: names(&["addr", "jaddr"]),
        texts: names(&["labels", "deep"]),
        ints: names(&["nums"]),
        records: names(&["parts"]),
        words: names(&["a", "b", "A", "ab", "a.b", "aB", "é", "É", "K", "x/y/a", "💥a", "aGk="]),
        everything: true,
        ..Fields::default()
    }
}

const TEXTS: [&str; 20] = [
    "a", "b", "A", "ab", "a.b", "aB", "é", "É", "\u{212a}", "x/y/a", "💥a", "aGk=", " a\nb ", "abc.abb", "٣",
    "\u{a0}a", "K", "aA==", "\"q\\", "",
];
const ADDRESSES: [&str; 22] = [
    "203.0.113.7",
    "10.1.2.3",
    "192.168.1.1",
    "fd00::1",
    "2001:db8::1",
    "8.8.8.8",
    "::ffff:10.1.2.3",
    "::ffff:a01:203",
    "10.1.2.3/8",
    "010.1.2.3",
    "10.1.2",
    "256.1.1.1",
    "2001:DB8:0:0::1",
    "1:0:0:2:0:0:0:3",
    "1::2:3:4:5:6:7",
    "::",
    "fe80::1%eth0",
    "2001:db8::/32",
    "bedrock.amazonaws.com",
    "",
    "64:ff9b::10.1.2.3",
    "1:2:3:4:5:6:7:8:9",
];
const NETS: [&str; 5] = ["20.236.11.***", "20.236.11.5", "20.236.*.*", "2001:db8::1", "x"];
const TIMES: [&str; 14] = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000001Z",
    "2026-01-01T00:59:59.999999Z",
    "2026-01-01T01:00:00Z",
    "2026-01-01T00:01:00Z",
    "2026-01-01T00:30:00Z",
    "2026-01-01T00:29:59.9999999Z",
    "2026-01-02T00:00:00Z",
    "2026-01-01T23:59:59Z",
    "2026-01-01T03:00:00.5Z",
    "2026-01-08T00:00:00Z",
    "2026-01-01T00:02:00Z",
    "2025-12-31T23:59:00Z",
    "2026-01-03T12:00:00Z",
];
const TIME_TEXTS: [&str; 8] = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T02:00:00.1234569+02:00",
    "2026-01-01 00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01",
    "2026-01-01T24:00:00Z",
    "",
    "2026-01-01T00:30:00.5Z",
];
const INTS: [i64; 13] = [1, 0, 2, 3, -1, 10, 5, 100, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1, 7];
const REALS: [f64; 9] = [1.0, 0.0, 0.5, 0.1, 0.3, -2.5, 1e308, 9_007_199_254_740_992.0, 2.0];

/// Records of the log.
pub(crate) fn records(c: &mut Choices, most: usize) -> Vec<Value> {
    let count = 1 + c.below(most);
    (0..count).map(|n| record(c, n)).collect()
}

fn record(c: &mut Choices, n: usize) -> Value {
    let mut record = Map::new();
    let mut put = |c: &mut Choices, key: &str, value: Value| {
        if !c.once_in(5) {
            record.insert(key.to_owned(), value);
        }
    };
    let of = |c: &mut Choices, texts: &[&str]| json!(*c.one(texts));
    let value = of(c, &TEXTS);
    put(c, "word", value);
    let value = of(c, &TEXTS);
    put(c, "note", value);
    let value = json!(*c.one(&INTS));
    put(c, "num", value);
    let value = json!(*c.one(&INTS));
    put(c, "num2", value);
    let value = json!(*c.one(&REALS));
    put(c, "real", value);
    let value = json!(c.once_in(2));
    put(c, "flag", value);
    let value = json!(*c.one(&[1000, 0, 1500, 60_000, -5, 3_600_000]));
    put(c, "ms", value);
    let value = of(c, &ADDRESSES);
    put(c, "ip", value);
    let value = of(c, &NETS);
    put(c, "net", value);
    let value = of(c, &["5", "+5", "-5", "005", "5.0", "x", "", "0x5", "9223372036854775808", "9223372036854775807"]);
    put(c, "code", value);
    let value = of(c, &["0.5", "+1", "1e3", ".5", "5.", "", "-2.50", "inf"]);
    put(c, "share", value);
    let value = of(c, &TIME_TEXTS);
    put(c, "moment", value);
    let value = dynamic(c);
    put(c, "j", value);
    let value = nested(c);
    put(c, "s", value);
    record.insert("time".to_owned(), json!(*c.one(&TIMES)));
    record.insert("id".to_owned(), json!(format!("e{n}")));
    Value::Object(record)
}

/// Any JSON at all, mostly of the kind wanted.
fn some(c: &mut Choices, wanted: Value) -> Value {
    if !c.once_in(4) {
        return wanted;
    }
    match c.below(9) {
        0 => Value::Null,
        1 => json!(5),
        2 => json!("5"),
        3 => json!(5.5),
        4 => json!(true),
        5 => json!([1, "a"]),
        6 => json!({ "word": "a" }),
        7 => json!(""),
        _ => json!([]),
    }
}

fn dynamic(c: &mut Choices) -> Value {
    let texts = |c: &mut Choices| {
        let mut list = Vec::new();
        for _ in 0..c.below(4) {
            let text = json!(*c.one(&TEXTS));
            list.push(some(c, text));
        }
        Value::Array(list)
    };
    let word = json!(*c.one(&TEXTS));
    let real = json!(*c.one(&REALS));
    let flag = json!(c.once_in(2));
    let ip = json!(*c.one(&ADDRESSES));
    let labels = texts(c);
    let nums = json!((0..c.below(4)).map(|_| *c.one(&INTS)).collect::<Vec<_>>());
    let items = json!((0..c.below(4)).map(|_| some(c, json!({ "name": "a" }))).collect::<Vec<_>>());
    let ticks = json!(*c.one(&[
        639_028_224_000_000_000_i64,
        639_028_224_000_000_019,
        639_000_000_000_000_000,
        640_000_000_000_000_000
    ]));
    let nanos =
        json!(*c.one(&[1_767_225_600_000_000_000_i64, 1_767_225_600_000_000_999, -1, -1_000, i64::MAX, i64::MIN]));
    let all = json!({
        "word": some(c, word), "real": some(c, real), "odd key": some(c, flag), "ip": some(c, ip), "labels": some(c, labels),
        "nums": some(c, nums), "items": some(c, items), "ticks": some(c, ticks), "nanos": some(c, nanos),
    });
    some(c, all)
}

fn nested(c: &mut Choices) -> Value {
    let num = json!(*c.one(&INTS));
    let deep = json!({ "num": some(c, num) });
    let moment = json!(*c.one(&TIME_TEXTS));
    let mut parts = Vec::new();
    for _ in 0..c.below(4) {
        let part = json!({
            "name": some(c, json!("a")), "n": some(c, json!(3)), "ok": some(c, json!(true)), "kept": some(c, json!(true)),
        });
        parts.push(some(c, part));
    }
    json!({ "deep": some(c, deep), "moment": some(c, moment), "parts": some(c, Value::Array(parts)) })
}

/// What the table holds for records, as the engines are told.
pub(crate) fn stored(records: &[Value]) -> Map<String, Value> {
    let rows: Vec<Value> = records.iter().map(row).collect();
    let mut stored = Map::new();
    stored.insert("schema".to_owned(), schema());
    stored.insert("tables".to_owned(), json!({ "Probe": rows }));
    stored
}

/// The type of each column.
pub(crate) fn schema() -> Value {
    json!({ "Probe": {
        "TimeGenerated": "datetime", "Id": "string", "Word": "string", "Note": "string", "Num": "long", "Num2": "long", "Real": "real",
        "Flag": "bool", "DurationMs": "long", "Ip": "string", "Net": "string", "Code": "string", "Share": "string",
        "MomentText": "string", "J": "dynamic", "S": "string",
    } })
}

/// What the table holds for a record.
fn row(record: &Value) -> Value {
    let columns = [
        ("TimeGenerated", "time"),
        ("Id", "id"),
        ("Word", "word"),
        ("Note", "note"),
        ("Num", "num"),
        ("Num2", "num2"),
        ("Real", "real"),
        ("Flag", "flag"),
        ("DurationMs", "ms"),
        ("Ip", "ip"),
        ("Net", "net"),
        ("Code", "code"),
        ("Share", "share"),
        ("MomentText", "moment"),
        ("J", "j"),
    ];
    let mut row: Map<String, Value> =
        columns.iter().filter_map(|(column, key)| Some(((*column).to_owned(), record.get(key)?.clone()))).collect();
    if let Some(nested) = record.get("s") {
        row.insert("S".to_owned(), json!(nested.to_string()));
    }
    Value::Object(row)
}
