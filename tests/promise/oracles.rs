//! The promise, executed: emitted KQL and GoogleSQL run on independent engines over the raw records, and give the alerts of the local run.
//!
//! Rows come from raw records through tests/oracles/tables.py, which knows nothing of the sources' mappings.

use std::collections::BTreeMap;
use std::path::Path;

use crate::judge::{self, Executed, Executor};
use crate::logs::{RANGE, places, tables, target};
use crate::support::oracle::{Engine, Oracle};
use serde_json::{Value, json};
use skywatch::emulator::Record;
use skywatch::ir::Source;
use skywatch::pack::load;
use skywatch::ruletest::turns::Turn;
use skywatch::target::{Emission, Request, emit};

/// An independent engine, over rows that tests/oracles/tables.py makes.
pub(crate) struct OnOracle {
    target: &'static str,
    oracle: Oracle,
}

impl OnOracle {
    /// The engine that runs a target's text, where it is installed.
    pub(crate) fn of(target: &'static str) -> Option<OnOracle> {
        let engine = if target == "kql" { Engine::KqlRun } else { Engine::SqlRun };
        Oracle::start(engine).map(|oracle| OnOracle { target, oracle })
    }
}

impl Executor for OnOracle {
    fn target(&self) -> &'static str {
        self.target
    }

    fn execute(&mut self, emission: &Emission, logs: &[(&Source, Vec<Record>)], _turn: &Turn) -> Executed {
        let mut raw: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (source, records) in logs {
            let records = records.iter().filter_map(|record| serde_json::from_str::<Value>(&record.text).ok());
            let records: Vec<Value> = records.collect();
            let places = places(source, target(self.target).info().place);
            for table in places.into_iter().flat_map(tables) {
                raw.entry(table.to_owned()).or_default().extend(records.iter().cloned());
            }
        }
        let (id, query) = (&emission.rule, &emission.query.text);
        let answer = self.oracle.ask(&json!({ "id": id, "query": query, "raw": raw, "operation_case": "mixed" }));
        if let Some(why) = answer.get("unsupported") {
            return Executed::Unsupported(why.to_string());
        }
        let ours = answer.get("templates").and_then(Value::as_array).is_some_and(|t| !t.is_empty());
        match answer.get("rows").and_then(Value::as_array) {
            Some(rows) => Executed::Rows(rows.clone(), ours),
            None => Executed::Failed(answer.to_string()),
        }
    }
}

fn shipped_rules(target: &'static str) {
    if let Some(mut engine) = OnOracle::of(target) {
        judge::shipped_rules(&mut engine);
    }
}

fn random_rules(target: &'static str, over_time: bool) {
    if let Some(mut engine) = OnOracle::of(target) {
        judge::random_rules(&mut engine, 24, over_time);
    }
}

#[test]
fn shipped_rules_as_kql_give_the_local_alerts() {
    shipped_rules("kql");
}

#[test]
fn shipped_rules_as_googlesql_give_the_local_alerts() {
    shipped_rules("googlesql");
}

#[test]
fn emitted_kql_passes_microsofts_parser() {
    let Some(mut oracle) = Oracle::start(Engine::KqlCheck) else { return };
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    let mut checked = 0;
    for rule in &pack.resolved.rules {
        for range in [None, Some((RANGE.from, RANGE.to))] {
            for emission in emit(rule, &pack.resolved.schema, target("kql"), Request { range, ..Request::default() }) {
                let Some(query) = &emission.query.text else { continue };
                let answer = oracle.ask(&json!({ "id": rule.name, "query": query }));
                let errors = answer.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
                assert!(errors.is_empty(), "{}: {errors:?}\n{query}", rule.name);
                checked += 1;
            }
        }
    }
    println!("{checked} queries pass Microsoft's parser and binder");
    assert!(checked > 0);
}

#[test]
fn random_rules_as_kql_give_the_local_alerts() {
    random_rules("kql", false);
}

#[test]
fn random_rules_that_look_back_as_kql_give_the_local_alerts() {
    random_rules("kql", true);
}

#[test]
fn random_rules_as_googlesql_give_the_local_alerts() {
    random_rules("googlesql", false);
}

#[test]
fn random_rules_that_look_back_as_googlesql_give_the_local_alerts() {
    random_rules("googlesql", true);
}
