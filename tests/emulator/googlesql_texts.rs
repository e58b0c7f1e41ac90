//! The emulator of GoogleSQL answers every text, however broken or deep, and never panics.

use std::fs;
use std::path::Path;

use skywatch::emulator::{self, Kind, Language, Record, Run, emulate};

const RUN: Run = Run { now: 1_770_000_000_000_000, from: None, until: None };

const RECORD: &str = r#"{"insertId":"a","logName":"projects/p/logs/x","timestamp":"2026-01-05T10:00:00Z","severity":"INFO",
"jsonPayload":{"a":[1,{"b":null}]},"protoPayload":{"status":{"code":7}}}"#;

fn language() -> &'static dyn Language {
    emulator::language("googlesql").expect("GoogleSQL is there")
}

/// What comes of a text, by kind; nothing where it has rows.
fn kind(query: &str) -> Option<Kind> {
    let record = Record { place: None, text: RECORD.to_owned(), arrived: None };
    emulate(language(), query, &[record], &RUN).err().map(|failure| failure.kind)
}

/// The queries of all conformance cases.
fn queries() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/googlesql");
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let text = fs::read_to_string(entry.expect("a file").path()).expect("a text");
        let file: toml::Table = text.parse().expect("TOML");
        let cases = file["case"].as_array().expect("cases");
        out.extend(cases.iter().filter_map(|case| case["query"].as_str().map(str::to_owned)));
    }
    assert!(out.len() > 200, "{} queries", out.len());
    out
}

#[test]
fn broken_queries_are_answered() {
    let mut rejected = 0;
    for query in queries() {
        for (number, (at, _)) in query.char_indices().enumerate() {
            // Cut off, or without a piece in the middle.
            if number % 8 == 0 {
                rejected += usize::from(kind(&query[..at]) == Some(Kind::Rejected));
            } else if number % 19 == 0 {
                let end = query[at..].char_indices().nth(number % 5 + 1).map_or(query.len(), |(end, _)| at + end);
                let _ = kind(&format!("{}{}", &query[..at], &query[end..]));
            }
        }
    }
    assert!(rejected > 500, "{rejected} were rejected");
}

#[test]
fn deep_queries_are_answered() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("SELECT {}{inner}{} AS a", open.repeat(depth), close.repeat(depth))
    };
    assert_eq!(kind(&nested("(", "1", ")", 20)), None);
    for deep in [
        nested("(", "1", ")", 2000),
        nested("(SELECT ", "1", ")", 2000),
        nested("ARRAY(SELECT ", "1", ")", 500),
        nested("NOT ", "TRUE", "", 5000),
        nested("- ", "1", "", 5000),
        nested("CASE WHEN TRUE THEN ", "1", " END", 1000),
        nested("ABS(", "1", ")", 3000),
        nested("1 + ", "1", "", 9000),
        nested("[", "1", "]", 3000),
        nested("STRUCT(", "1", ")", 1000),
        format!("SELECT CAST(NULL AS {}INT64{}) AS a", "ARRAY<".repeat(1000), ">".repeat(1000)),
        format!("SELECT x{} AS a FROM (SELECT 1 AS x)", ".y".repeat(5000)),
        format!("SELECT * FROM {}(SELECT 1 AS a){}", "(SELECT * FROM ".repeat(500), ")".repeat(500)),
        format!("SELECT 1 AS a{}", " UNION ALL SELECT 1".repeat(3000)),
    ] {
        let kind = kind(&deep);
        assert!(matches!(kind, Some(Kind::Unknown | Kind::Rejected)), "{kind:?}: {}", &deep[..60]);
    }
    assert_eq!(kind(&nested("TRUE AND ", "TRUE", "", 9000)), None, "operands of AND stand beside one another");
    assert_eq!(kind(&"SELECT 1,".repeat(5000)), Some(Kind::Rejected));
}

#[test]
fn costly_queries_are_refused() {
    let many = "UNNEST(GENERATE_ARRAY(1, 50000))";
    assert_eq!(kind(&format!("SELECT COUNT(*) AS n FROM {many} AS a, {many} AS b")), Some(Kind::Unknown));
    assert_eq!(kind("SELECT GENERATE_ARRAY(1, 9223372036854775807) AS a"), Some(Kind::Unknown));
    assert_eq!(kind("SELECT REPEAT('abc', 9223372036854775807) AS a"), Some(Kind::Unknown));
}
