//! The conformance cases of GoogleSQL that have rows, run by another engine too: sqlglot on DuckDB. Where it gives other rows than the
//! documentation says, the case says why in `engines`; what it can't run is counted, as is what it runs with functions that are ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::oracle::{Engine, Oracle};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How many cases it must agree on without functions of ours.
const LEAST_AGREED: usize = 60;

/// What of a file of tests/emulator/googlesql is needed here; tests/emulator/cases.rs reads all of it.
#[derive(Deserialize)]
struct File {
    now: Option<String>,
    #[serde(default)]
    logs: BTreeMap<String, Log>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Log {
    records: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    logs: Vec<String>,
    query: String,
    rows: Option<String>,
    #[serde(default)]
    unordered: bool,
    engines: Option<String>,
    now: Option<String>,
}

fn files() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/googlesql");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect()
}

/// The records of a case by table; what arrives after the run is left out, as this engine knows no arrival.
fn raw(file: &File, case: &Case) -> Value {
    let mut raw = Map::new();
    let lines = case.logs.iter().filter_map(|name| file.logs.get(name)).flat_map(|log| log.records.lines());
    for line in lines.filter(|line| line.starts_with('{')) {
        let record: Value = serde_json::from_str(line).unwrap();
        let table = if record.get("logging_time").is_some() { "request_response_logging" } else { "_AllLogs" };
        raw.entry(table).or_insert_with(|| json!([])).as_array_mut().unwrap().push(record);
    }
    raw.into()
}

/// Whether both mean one value: numbers by their value, times by their moment, exact decimals also as texts.
fn same(expected: &Value, got: &Value) -> bool {
    let time = |value: &Value| value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let number = |value: &Value| value.as_f64();
    match (expected, got) {
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(expected, got)| same(expected, got))
        }
        (Value::Object(expected), Value::Object(got)) => {
            expected.len() == got.len()
                && expected.iter().all(|(key, value)| got.get(key).is_some_and(|got| same(value, got)))
        }
        (Value::Number(_), Value::Number(_)) => number(expected)
            .zip(number(got))
            .is_some_and(|(expected, got)| (expected - got).abs() <= expected.abs() * 1e-12),
        (Value::Number(expected), Value::String(got)) => got.parse().ok() == expected.as_f64(),
        (Value::String(_), Value::String(_)) if time(expected).is_some() => time(expected) == time(got),
        _ => expected == got,
    }
}

/// The rows of an answer, each in the order of its columns.
fn rows_of(answer: &Value) -> Vec<Value> {
    let columns: Vec<&str> = answer["columns"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let row = |row: &Value| columns.iter().map(|column| row[*column].clone()).collect();
    answer["rows"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn another_engine_agrees_with_the_documented_rows() {
    let Some(mut engine) = Oracle::start(Engine::SqlRun) else { return };
    let (mut agreed, mut with_ours, mut noted, mut unsupported, mut failed) = (0, 0, 0, 0, 0);
    let mut wrong = Vec::new();
    for file in &files() {
        for case in file.case.iter() {
            let Some(rows) = &case.rows else { continue };
            let now = case.now.as_ref().or(file.now.as_ref()).map_or("2026-02-01T00:00:00Z", String::as_str);
            let answer = engine.ask(
                &json!({ "id": case.name, "query": case.query, "raw": raw(file, case), "now": now, "unset": "null" }),
            );
            if answer.get("unsupported").is_some() {
                unsupported += 1;
                continue;
            }
            if answer.get("error").is_some() {
                failed += 1;
                continue;
            }
            let lines = rows.lines().filter(|line| !line.trim().is_empty());
            let mut expected: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            let mut got = rows_of(&answer);
            if case.unordered {
                expected.sort_by_key(Value::to_string);
                got.sort_by_key(Value::to_string);
            }
            let agrees = same(&expected.clone().into(), &got.clone().into());
            let ours =
                ["templates", "assumed"].iter().any(|key| answer[*key].as_array().is_some_and(|all| !all.is_empty()));
            match (agrees, &case.engines) {
                (true, None) if ours => with_ours += 1,
                (true, None) => agreed += 1,
                (false, Some(_)) => noted += 1,
                (true, Some(_)) => {
                    wrong.push(format!("{}: the engine agrees, yet the case says it does not", case.name))
                }
                (false, None) => wrong.push(format!("{}: the engine gives {}", case.name, Value::from(got))),
            }
        }
    }
    println!(
        "sqlglot on DuckDB: {agreed} cases agree, {with_ours} with functions of ours, {noted} differ as noted, {unsupported} it refuses, \
         {failed} it fails on, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed >= LEAST_AGREED, "only {agreed} agree");
}
