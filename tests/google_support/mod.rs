//! For the tests of Google's targets: rules as text → emitted queries; records → what the evaluator and the independent engine find.
#![allow(dead_code, reason = "each binary uses its own part")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::{Value as Row, json};
use skywatch::bind::{Bound, BoundRule, bind};
use skywatch::diag::{has_errors, render};
use skywatch::eval::{Alert, Json, Range, Run, Value, run_bound};
use skywatch::ir::{Rule, SECOND, Source};
use skywatch::resolve::{Resolved, resolve};
use skywatch::source::{SourceId, SourceMap};
use skywatch::target::names::{EVENT_ID, Outputs, SEVERITY, TIME, WINDOW_START};
use skywatch::target::{Emission, Request, TARGETS, emit};
use skywatch::{eval, schema, syntax};

/// Microseconds of 2026-01-01T00:00Z.
pub(crate) const START: i64 = 1_767_225_600 * SECOND;

/// The built-in files and a text, resolved.
#[track_caller]
pub(crate) fn resolved(text: &str) -> Resolved {
    static BUILTIN: LazyLock<Vec<syntax::ast::File>> =
        LazyLock::new(|| schema::BUILTIN.iter().map(|(_, text)| syntax::parse(SourceId(u32::MAX), text).0).collect());
    let mut sources = SourceMap::default();
    let id = sources.add("test.sky", text);
    let (file, mut diagnostics) = syntax::parse(id, text);
    let files: Vec<_> = BUILTIN.iter().cloned().chain([file]).collect();
    let (resolved, mut said) = resolve(&files, &|_| Err("no files here".to_owned()));
    diagnostics.append(&mut said);
    assert!(!has_errors(&diagnostics), "{}", render(&diagnostics, &sources, false));
    resolved
}

/// What became of a rule on a source and a target.
#[track_caller]
pub(crate) fn emitted(
    resolved: &Resolved,
    rule: &Rule,
    source: &str,
    target: &str,
    range: Option<(i64, i64)>,
) -> Emission {
    let target = TARGETS.iter().find(|t| t.info().name == target).expect("the target is there");
    let emissions = emit(rule, &resolved.schema, *target, Request { range });
    emissions.into_iter().find(|e| e.source == source).expect("the source has a place")
}

/// The one rule of a text over `gcp.audit`, as a query without a range.
#[track_caller]
pub(crate) fn audit(clauses: &str, target: &str) -> Emission {
    let resolved = resolved(&format!("rule r {{ severity low from activity {clauses} }}"));
    emitted(&resolved, &resolved.rules[0], "gcp.audit", target, None)
}

/// The messages of all reasons, with their codes.
pub(crate) fn reasons(emission: &Emission) -> Vec<String> {
    emission.query.reasons.iter().map(|r| format!("{}: {}", r.code.as_str(), r.message)).collect()
}

/// What the evaluator finds, as rows of an emitted query. Consecutive windows are not merged, as queries don't either.
#[track_caller]
pub(crate) fn expected(
    resolved: &Resolved,
    rule: &Rule,
    source: &str,
    records: &[Json],
    range: (i64, i64),
) -> Vec<Row> {
    let source = resolved.schema.source(source).expect("the source is there");
    let bound = bound(resolved, rule, source);
    let mut apart = bound.rule.clone();
    if let Some(window) = &mut apart.window {
        window.merges = false;
    }
    let run = Run { pack: "p", range: Range { from: range.0, to: range.1 }, coverage: &BTreeMap::new() };
    let outcome = run_bound(&apart, &bound.time, bound.event_id.as_ref(), &source.name, records, &run);
    outcome.expect("patterns are small").alerts.iter().map(|alert| row(rule, alert)).collect()
}

#[track_caller]
fn bound(resolved: &Resolved, rule: &Rule, source: &Source) -> BoundRule {
    match bind(rule, source, &resolved.schema.streams[rule.stream]) {
        Bound::Rule(bound) => *bound,
        other => panic!("{other:?}"),
    }
}

fn row(rule: &Rule, alert: &Alert) -> Row {
    let names = Outputs::of(rule);
    let mut row = serde_json::Map::new();
    let time = |micros| Row::from(eval::clock::time_text(micros));
    match &alert.event {
        Some(event) => {
            row.insert(TIME.to_owned(), time(alert.window.start));
            row.insert(EVENT_ID.to_owned(), shown(&event.id));
        }
        None => _ = row.insert(WINDOW_START.to_owned(), time(alert.window.start)),
    }
    let named = [(&names.keys, &alert.keys), (&names.measures, &alert.measures), (&names.show, &alert.show)];
    for (names, values) in named {
        row.extend(names.iter().cloned().zip(values.iter().map(|(_, value)| shown(value))));
    }
    if !rule.severity.arms.is_empty() {
        row.insert(SEVERITY.to_owned(), alert.severity.text().into());
    }
    Row::Object(row)
}

/// A value as rows have it: of listings the values alone.
fn shown(value: &Value) -> Row {
    match value {
        Value::Listing { values, .. } => values.iter().map(shown).collect(),
        value => serde_json::to_value(value).unwrap_or_default(),
    }
}

/// Whether two rows say the same: floats within rounding, an empty list as a missing one, lists without what is missing in them (an
/// array of a result can't hold it).
pub(crate) fn same(a: &Row, b: &Row) -> bool {
    let nothing = |row: &Row| row.is_null() || row.as_array().is_some_and(|all| all.iter().all(Row::is_null));
    match (a, b) {
        (Row::Object(a), Row::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        (Row::Array(a), Row::Array(b)) => {
            let present = |rows: &[Row]| rows.iter().filter(|row| !row.is_null()).cloned().collect::<Vec<_>>();
            let (a, b) = (present(a), present(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b))
        }
        (Row::Number(x), Row::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x == y,
            _ => {
                let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
                (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0)
            }
        },
        (a, b) => a == b || (nothing(a) && nothing(b)),
    }
}

/// A case for the independent engine.
pub(crate) struct Case {
    /// Shown where it fails.
    pub name: String,
    /// What is executed.
    pub query: String,
    /// The protocol's other fields: tables, raw records, schema, now.
    pub given: Row,
    /// The rows that it must give, in any order.
    pub expected: Vec<Row>,
}

/// Runs all cases in one process and compares; prints `SKIPPED` where the engine is not installed. Gives how many were executed.
pub(crate) fn check(cases: &[Case]) -> usize {
    let oracles = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracles");
    let python = oracles.join("venv/bin/python");
    if !python.exists() {
        println!("SKIPPED: GoogleSQL engine is not installed: run tests/oracles/install.sh");
        return 0;
    }
    let mut lines = String::new();
    for (id, case) in cases.iter().enumerate() {
        let mut object = case.given.clone();
        object["id"] = id.into();
        object["query"] = case.query.as_str().into();
        object["sql"] = true.into();
        lines.push_str(&format!("{object}\n"));
    }
    if let Ok(to) = std::env::var("DUMP_CASES") {
        std::fs::write(format!("{to}/{}-{}.jsonl", cases[0].name.replace(' ', "_"), cases.len()), &lines).ok();
        return cases.len();
    }
    let mut child = Command::new(python)
        .arg(oracles.join("sql_run.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the engine starts");
    let mut stdin = child.stdin.take().expect("it reads");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("the engine ends");
    writer.join().expect("written").expect("written");
    let answers: Vec<Row> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("answers are JSON"))
        .collect();
    assert_eq!(answers.len(), cases.len(), "an answer for each case");
    let mut failures = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        if let Err(why) = verify(case, answer) {
            failures.push(format!(
                "=== {}\n{}\n--- {why}\n{}\n",
                case.name,
                case.query,
                answer["sql"].as_str().unwrap_or("")
            ));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases failed:\n{}", failures.len(), cases.len(), failures.join("\n"));
    cases.len()
}

fn verify(case: &Case, answer: &Row) -> Result<(), String> {
    let Some(rows) = answer["rows"].as_array() else { return Err(format!("no rows: {answer}")) };
    let sorted = |rows: &[Row]| {
        let mut rows = rows.to_vec();
        rows.sort_by_key(|row| json!([row[WINDOW_START], row[TIME], row[EVENT_ID], row]).to_string());
        rows
    };
    let (wanted, got) = (sorted(&case.expected), sorted(rows));
    if wanted.len() == got.len() && wanted.iter().zip(&got).all(|(a, b)| same(a, b)) {
        return Ok(());
    }
    let (lacking, surplus): (Vec<Row>, Vec<Row>) = (
        wanted.iter().filter(|a| !got.iter().any(|b| same(a, b))).cloned().collect(),
        got.iter().filter(|b| !wanted.iter().any(|a| same(a, b))).cloned().collect(),
    );
    // Equal but for order, where the texts by which they are sorted differ: rounding.
    if lacking.is_empty() && surplus.is_empty() && wanted.len() == got.len() {
        return Ok(());
    }
    Err(format!(
        "expected {} rows, got {}\nlacking: {}\nsurplus: {}",
        case.expected.len(),
        rows.len(),
        lacking.iter().take(5).map(Row::to_string).collect::<Vec<_>>().join("\n         "),
        surplus.iter().take(5).map(Row::to_string).collect::<Vec<_>>().join("\n         "),
    ))
}
