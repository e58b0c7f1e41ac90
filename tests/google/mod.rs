//! For the tests of Google's targets: rules as text → emitted queries; cases of them → what the independent engine finds.

pub(crate) mod probe;

use serde_json::Value as Row;
use skywatch::ir::{Rule, SECOND};
use skywatch::resolve::Resolved;
use skywatch::target::{Emission, Request, TARGETS, emit};

use crate::support::oracle::{Engine, Oracle};
use skywatch::ruletest::rows::{difference, shown_addresses};

/// Microseconds of 2026-01-01T00:00Z.
pub(crate) const START: i64 = 1_767_225_600 * SECOND;

/// What a rule becomes on a source as GoogleSQL.
#[track_caller]
pub(crate) fn emitted(resolved: &Resolved, rule: &Rule, source: &str, range: Option<(i64, i64)>) -> Emission {
    let target = TARGETS.iter().find(|t| t.info().name == "googlesql").expect("the target is there");
    let emissions = emit(rule, &resolved.schema, *target, Request { range, ..Request::default() });
    emissions.into_iter().find(|e| e.source == source).expect("the source has a place")
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
    /// Columns that are not compared.
    pub but: Vec<String>,
}

impl Case {
    /// The emitted query of a rule on given rows, and what the evaluator finds.
    pub(crate) fn new(name: String, rule: &Rule, emission: Emission, given: Row, expected: Vec<Row>) -> Case {
        let query = emission.query.text.unwrap_or_default();
        Case { name, query, given, expected, but: shown_addresses(rule) }
    }
}

/// Runs all cases in one process and compares; gives how many were executed.
pub(crate) fn check(cases: &[Case]) -> usize {
    let Some(mut engine) = Oracle::start(Engine::SqlRun) else { return 0 };
    let mut failures = Vec::new();
    for (id, case) in cases.iter().enumerate() {
        let mut question = case.given.clone();
        question["id"] = id.into();
        question["query"] = case.query.as_str().into();
        question["sql"] = true.into();
        let answer = engine.ask(&question);
        let why = match answer["rows"].as_array() {
            None => Some(answer.to_string()),
            Some(rows) => difference(&case.expected, rows, &case.but),
        };
        let sql = answer["sql"].as_str().unwrap_or("");
        failures.extend(why.map(|why| format!("=== {}\n{}\n--- {why}\n{sql}\n", case.name, case.query)));
    }
    assert!(failures.is_empty(), "{} of {} cases failed:\n{}", failures.len(), cases.len(), failures.join("\n"));
    cases.len()
}
