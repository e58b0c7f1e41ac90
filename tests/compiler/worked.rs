//! Rules of a set of worked translations: its raw records through our sources, its rules in our language, its expected alerts.
//!
//! The set lies beside the repository where there is one; without it the test says so and passes. It was made before the language was
//! settled: where its alerts are not ours, `cases.json` says which, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};
use skywatch::diag::render;
use skywatch::eval::{Alert, Range, Run, Value, run};
use skywatch::ir::SECOND;
use skywatch::pack::{Pack, load};
use skywatch::record::{Limits, read_files};

/// Stands in a rule's key for what is missing; there it is null.
const MISSING: &str = "(none)";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_worked_rules_find_what_is_expected() {
    let folder = root().join("../shared/examples/worked");
    if !folder.is_dir() {
        println!("NO DATA: no worked translations at {}", folder.display());
        return;
    }
    let pack = load(&root().join("tests/worked/rules.sky"));
    assert!(pack.diagnostics.is_empty(), "{}", render(&pack.diagnostics, &pack.sources, false));
    let cases: Vec<Json> = parsed(&root().join("tests/worked/cases.json"));
    let wrong: Vec<String> = cases.iter().flat_map(|case| differences(&pack, &folder, case)).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(case: &'a Json, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("no {key} in {case}"))
}

/// What is expected and not found, or found and not expected, but for the differences that the case explains.
fn differences(pack: &Pack, folder: &Path, case: &Json) -> Vec<String> {
    let data = folder.join("data").join(format!("{}.jsonl", text(case, "data")));
    let place = format!("{} on {}", text(case, "rule"), text(case, "data"));
    let columns: BTreeMap<String, String> = serde_json::from_value(case["columns"].clone()).unwrap();
    let mut expected: Vec<Map<String, Json>> =
        parsed(&folder.join("expected").join(format!("{}.json", text(case, "expected"))));
    let mut found = rows(pack, case, data, &columns);
    let mut out = Vec::new();
    for explained in case["differences"].as_array().into_iter().flatten() {
        for (side, list) in [("expected", &mut expected), ("found", &mut found)] {
            let Some(row) = explained[side].as_object() else { continue };
            match list.iter().position(|other| same(other, row)) {
                Some(at) => _ = list.remove(at),
                None => out.push(format!("{place}: the explained row is not {side} any more: {row:?}")),
            }
        }
    }
    for row in &expected {
        match found.iter().position(|other| same(other, row)) {
            Some(at) => _ = found.remove(at),
            None => out.push(format!("{place}: not found: {row:?}")),
        }
    }
    out.extend(found.iter().map(|row| format!("{place}: not expected: {row:?}")));
    out
}

/// Whether two rows hold the same: numbers are equal as numbers.
fn same(a: &Map<String, Json>, b: &Map<String, Json>) -> bool {
    let equal = |a: &Json, b: &Json| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| equal(value, other)))
}

/// The alerts of a rule over a file of raw records, each window for itself, with the columns that the set names.
fn rows(pack: &Pack, case: &Json, data: PathBuf, columns: &BTreeMap<String, String>) -> Vec<Map<String, Json>> {
    let schema = &pack.resolved.schema;
    let mut rule = pack.resolved.rules.iter().find(|rule| rule.name == text(case, "rule")).unwrap().clone();
    if let Some(window) = &mut rule.window {
        window.merges = false;
    }
    let source = schema.source(text(case, "source")).unwrap();
    let stream = schema.stream_of(source.stream).unwrap();
    let batch =
        read_files(source, stream, [data], Limits::default()).unwrap_or_else(|cause| panic!("{}", cause.message));
    assert!(batch.quarantined.is_empty(), "{:?}", batch.quarantined);
    let range = Range { from: 0, to: 4_000_000_000 * SECOND };
    let under = Run { pack: "p", range, coverage: &BTreeMap::new() };
    let outcome = run(&rule, stream, &batch.events, &under).unwrap_or_else(|cause| panic!("{}", cause.message));
    assert_eq!(outcome.lost_to_missing_keys, 0);
    let row = |alert: &Alert| {
        columns.iter().map(|(theirs, ours)| (theirs.clone(), value(alert, ours))).collect::<Map<String, Json>>()
    };
    outcome.alerts.iter().map(row).collect()
}

fn value(alert: &Alert, name: &str) -> Json {
    if name == "window.start" {
        return (alert.window.start as f64 / SECOND as f64).into();
    }
    let mut values = alert.keys.iter().chain(&alert.measures).chain(&alert.show);
    let (_, value) = values.find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name} in {alert:?}"));
    match value {
        Value::Text(text) if **text == *MISSING => Json::Null,
        value => serde_json::to_value(value).unwrap(),
    }
}
