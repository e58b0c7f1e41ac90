//! Records of every oddity for the source of `probe.sky`, and the rows that its table holds for them.

use serde_json::{Value as Row, json};

use super::START;

/// A source of numbers that gives the same ones on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn pick(&mut self, from: &[Row]) -> Row {
        from[self.roll(from.len())].clone()
    }
}

fn texts() -> Vec<Row> {
    let mut out: Vec<Row> = [
        "",
        "a",
        "A",
        "ab",
        "alice",
        "Alice",
        "true",
        "false",
        "5",
        "-7",
        "+5",
        "005",
        "5.0",
        "5.5",
        "1e3",
        " 5",
        "é",
        "É",
        "ß",
        "ſ",
        "\u{212a}",
        "😀x",
        "a'b",
        "a\"b",
        "a\\b",
        "100%_x",
        "line\nbreak",
        "tab\t",
        "a\u{b}b",
        "٣",
        "IGNORE previous",
        "ignore Previous x",
        "models/m1",
        "x/models/m1/y",
        "projects/p/models/m1",
        "aGk=",
        "aGk",
        "aGl=",
        "gA==",
        "10.0.0.1",
        "010.0.0.1",
        "10.0.0.1/8",
        "::ffff:10.0.0.1",
        "::FFFF:0A00:0001",
        "fd00::1",
        "192.168.1.1",
        "9.9.9.9",
        "0:0:0:0:0:0:0:1",
        "2026-01-01T00:00:01Z",
        "2026-01-01T01:00:00.1234567+01:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01 00:00:00.25 UTC",
        "2026-01-01 00:00:00",
        "{\"k\":\"v\"}",
        "{\"k\":5}",
        "{\"k\":true}",
        "{\"k\":",
        "[1]",
        "null",
        "`x`",
        "$1 \\1",
        "--",
        "/*",
        "\u{1}\u{7f}",
    ]
    .iter()
    .map(|text| Row::from(*text))
    .collect();
    out.extend([Row::Null, Row::Null]);
    out
}

fn anything() -> Vec<Row> {
    let mut out = texts();
    out.extend([
        json!(5),
        json!(0),
        json!(-7),
        json!(5.0),
        json!(5.5),
        json!(7),
        json!(true),
        json!(false),
        json!([]),
        json!(["a"]),
        json!({}),
        json!({"a": 1}),
        json!(9_007_199_254_740_993_i64),
        json!(12_345_678_901_234_i64),
    ]);
    out
}

fn list(dice: &mut Dice) -> Row {
    let pool = anything();
    match dice.roll(6) {
        0 => Row::Null,
        1 => json!([]),
        2 => json!("alice"),
        _ => (0..=dice.roll(4)).map(|_| dice.pick(&pool)).collect(),
    }
}

fn items(dice: &mut Dice) -> Row {
    match dice.roll(6) {
        0 => Row::Null,
        1 => json!({"name": "a"}),
        _ => (0..dice.roll(4))
            .map(|_| {
                let names = [json!("a"), json!("b"), json!(""), Row::Null, json!("c'"), json!(5)];
                let sizes = [json!(1), json!("2"), json!(2.5), Row::Null, json!(7)];
                let oks = [json!(true), json!(false), json!("true"), Row::Null];
                let parts = [json!([{"p": "x"}, {"p": "y"}]), json!([]), json!("x"), json!([{"q": 1}, {"p": null}]), Row::Null];
                match dice.roll(8) {
                    0 => Row::Null,
                    1 => json!("no record"),
                    _ => json!({ "name": dice.pick(&names), "size": dice.pick(&sizes), "ok": dice.pick(&oks), "parts": dice.pick(&parts) }),
                }
            })
            .collect(),
    }
}

/// Raw records of `gcp.probe`, and the rows that its table holds for them.
pub(crate) fn probes(count: usize, seed: u64) -> (Vec<Row>, Vec<Row>) {
    let mut dice = Dice(seed);
    let (mut records, mut rows) = (Vec::new(), Vec::new());
    let texts = texts();
    for number in 0..count {
        // On edges of windows, and close together.
        let offset =
            [0, 1, 59_999_999, 60_000_000, 300_000_000, 599_999_999, 600_000_000, 3_599_999_999, 7_200_000_000]
                [dice.roll(9)]
                + [0, 0, 0, 120_000_000, 1][dice.roll(5)];
        let time = skywatch::eval::clock::time_text(START + offset);
        let small = [
            Row::Null,
            json!(0),
            json!(5),
            json!(7),
            json!(16),
            json!(-3),
            json!(1000),
            json!(i64::MAX),
            json!(4_611_686_018_427_387_904_i64),
        ];
        let floats = [Row::Null, json!(0.0), json!(1.5), json!(-2.25), json!(5.0), json!(7.0), json!(0.1), json!(1e18)];
        let callers = [json!("alice"), json!("bob"), json!(""), Row::Null, json!("Alice")];
        let mut j = json!({ "text": dice.pick(&anything()), "int": dice.pick(&anything()), "float": dice.pick(&anything()),
            "bool": dice.pick(&anything()), "time": dice.pick(&texts), "ip": dice.pick(&anything()), "tags": list(&mut dice),
            "nums": list(&mut dice), "items": items(&mut dice), "more": items(&mut dice), "k-x": dice.pick(&anything()) });
        if dice.roll(12) == 0 {
            j = [Row::Null, json!("text"), json!([1]), json!({})][dice.roll(4)].clone();
        }
        let w = [json!({ "text": dice.pick(&anything()), "int": dice.pick(&anything()) }), json!([]), Row::Null]
            [dice.roll(8).min(2) % 3]
            .clone();
        let record = json!({
            "time": time, "id": if dice.roll(20) == 0 { Row::Null } else { format!("e{number:03}").into() },
            "s": dice.pick(&texts), "s2": dice.pick(&[callers.to_vec(), texts.clone()].concat()), "n": dice.pick(&small), "m": dice.pick(&small),
            "f": dice.pick(&floats), "b": dice.pick(&[json!(true), json!(false), Row::Null]),
            "at": dice.pick(&[json!("2026-01-01T23:59:59.5Z"), json!("1969-12-31T23:00:00Z"), Row::Null, json!("2026-01-04T00:00:00Z")]),
            "ip": dice.pick(&texts), "j": j, "w": w,
        });
        let get = |key: &str| record[key].clone();
        rows.push(json!({
            "ts": get("time"), "id": get("id"), "s": get("s"), "s2": get("s2"), "n": get("n"), "m": get("m"), "f": get("f"), "b": get("b"),
            "at_time": get("at"), "rec": { "ip_text": get("ip"), "w_text": if record["w"].is_null() { Row::Null } else { record["w"].to_string().into() } },
            "j": get("j"), "never": null,
        }));
        records.push(record);
    }
    (records, rows)
}

/// The types of the table's columns.
pub(crate) fn probe_schema() -> Row {
    json!({ "probe": {
        "ts": "TIMESTAMPTZ", "id": "VARCHAR", "s": "VARCHAR", "s2": "VARCHAR", "n": "BIGINT", "m": "BIGINT", "f": "DOUBLE", "b": "BOOLEAN",
        "at_time": "TIMESTAMPTZ", "rec": { "ip_text": "VARCHAR", "w_text": "VARCHAR" }, "j": "JSON", "never": "VARCHAR",
    } })
}
