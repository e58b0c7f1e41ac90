//! The promise, executed: emitted KQL and GoogleSQL run on independent engines over the raw records, and give the alerts of the local run.
//!
//! Every shipped rule over the sample logs and its fixtures, then random rules over random records. Rows come from raw records through
//! tests/oracles/tables.py, which knows nothing of the sources' mappings.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use skywatch::eval::{Event, Json, Range};
use skywatch::ir::{Rule, SECOND, Source};
use skywatch::pack::load;
use skywatch::record::{Mapped, Mapper};
use skywatch::schema::Schema;
use skywatch::target::{Emission, Request, TARGETS, Target, Verdict, emit};
use support::choices::Choices;
use support::compare::{difference, missing, of_events, shown_addresses};
use support::oracle::{Engine, Oracle};
use support::{cases, resolved, seeded};

const DAY: i64 = 86_400 * SECOND;
/// 2026-11-01T00:00:00Z, a day before the first sample.
const FROM: i64 = 1_793_491_200 * SECOND;
const RANGE: Range = Range { from: FROM, to: FROM + 5 * DAY };

fn target(name: &str) -> &'static dyn Target {
    *TARGETS.iter().find(|target| target.info().name == name).expect("a target of that name")
}

/// The engine that runs a target's text, and the table of a source's rows there.
fn engine_of(target: &str) -> (Engine, &'static str) {
    if target == "kql" { (Engine::KqlRun, "AzureActivity") } else { (Engine::SqlRun, "_AllLogs") }
}

/// All records of files below a folder, as JSON; what is no JSON object is passed over.
fn records(folder: &Path) -> Vec<Value> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("the samples are there").flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let lines = |file: &PathBuf| std::fs::read_to_string(file).unwrap_or_default();
    let texts: Vec<String> = files.iter().map(lines).collect();
    let parsed = texts.iter().flat_map(|text| text.lines()).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter(Value::is_object).collect()
}

/// Records as events of a source, without duplicates; and the records that became events, which are those that the table gets.
fn events(source: &Source, schema: &Schema, records: &[Value]) -> (Vec<Event>, Vec<Value>) {
    let stream = schema.stream_of(source.stream).expect("a source has a stream");
    let mut mapper = Mapper::new(source, stream);
    let (mut events, mut kept): (Vec<Event>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut seen = BTreeMap::new();
    for record in records {
        let json = Json::parse(&record.to_string()).expect("it was parsed before");
        match mapper.map(&json) {
            Mapped::Event(event, _) => {
                let id = event.fields.get(stream.event_id().index()).cloned().unwrap_or_default();
                // `provided: no duplicates`: the table gets each record once.
                if id.is_present() && seen.insert(id, ()).is_some() {
                    continue;
                }
                events.push(event);
                kept.push(record.clone());
            }
            Mapped::Other => kept.push(record.clone()),
            Mapped::Rejected(_) => {}
        }
    }
    (events, kept)
}

/// What came of comparing one query.
#[derive(Default)]
struct Tally {
    equal: usize,
    with_alerts: usize,
    with_templates: usize,
    refused: usize,
    unsupported: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn report(&self, what: &str) {
        println!(
            "{what}: {} equal ({} with alerts, {} with templates of ours), {} refused, {} not executable, {} WRONG",
            self.equal,
            self.with_alerts,
            self.with_templates,
            self.refused,
            self.unsupported.values().sum::<usize>(),
            self.wrong.len()
        );
        for (why, count) in &self.unsupported {
            println!("    not executable, {count} times: {why}");
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n"));
    }
}

/// Emits a rule for a target, runs it over records, and compares.
fn compare(
    rule: &Rule,
    schema: &Schema,
    target_name: &str,
    oracle: &mut Oracle,
    by_source: &BTreeMap<&str, Vec<Value>>,
    tally: &mut Tally,
) {
    let request = Request { range: Some((RANGE.from, RANGE.to)), ..Request::default() };
    for emission in emit(rule, schema, target(target_name), request) {
        let Some(records) = by_source.get(emission.source.as_str()) else { continue };
        let source = schema.source(&emission.source).expect("an emission's source");
        judge(rule, schema, source, &emission, oracle, records, tally);
    }
}

fn judge(
    rule: &Rule,
    schema: &Schema,
    source: &Source,
    emission: &Emission,
    oracle: &mut Oracle,
    records: &[Value],
    tally: &mut Tally,
) {
    let Some(query) = &emission.query.text else {
        tally.refused += 1;
        return;
    };
    let (_, table) = engine_of(emission.target);
    let (events, kept) = events(source, schema, records);
    let answer =
        oracle.ask(&json!({ "id": rule.name, "query": query, "raw": { table: kept }, "operation_case": "mixed" }));
    if let Some(why) = answer.get("unsupported") {
        *tally.unsupported.entry(why.to_string()).or_default() += 1;
        return;
    }
    let Some(rows) = answer.get("rows").and_then(Value::as_array) else {
        tally.wrong.push(format!("{} on {}: {}\n{query}", rule.name, emission.target, answer));
        return;
    };
    let stream = schema.stream_of(rule.stream).expect("a rule has a stream");
    let left_out = &emission.query.left_out;
    let alerts = of_events(rule, source, stream, &events, RANGE, left_out);
    let differs = match emission.query.verdict {
        Verdict::Exact => difference(&alerts, rows, &shown_addresses(rule)),
        // Each local alert must be among the rows; measures may be higher.
        Verdict::Wider => missing(rule, &alerts, rows).map(|alert| format!("missing: {alert}")),
        _ => None,
    };
    match differs {
        None => {
            tally.equal += 1;
            tally.with_alerts += usize::from(!alerts.is_empty());
            let ours = answer.get("templates").and_then(Value::as_array).is_some_and(|t| !t.is_empty());
            tally.with_templates += usize::from(ours);
        }
        Some(why) => tally.wrong.push(format!(
            "{} on {} is {}, but {why}\n{query}",
            rule.name,
            emission.target,
            emission.query.verdict.text()
        )),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shipped_rules(target_name: &str) {
    let (engine, _) = engine_of(target_name);
    let Some(mut oracle) = Oracle::start(engine) else { return };
    let pack = load(&root().join("rulepacks/ai-security"));
    assert!(pack.diagnostics.is_empty());
    let mut by_source: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    by_source.insert("azure.activity", records(&root().join("samples/azure")));
    by_source.insert("gcp.audit", records(&root().join("samples/gcp/cloudaudit.googleapis.com")));
    let mut tally = Tally::default();
    for rule in &pack.resolved.rules {
        compare(rule, &pack.resolved.schema, target_name, &mut oracle, &by_source, &mut tally);
    }
    tally.report(&format!("shipped rules as {target_name} over the samples"));
    assert!(tally.with_alerts >= 5, "too few shipped rules alert on the samples");
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
    let pack = load(&root().join("rulepacks/ai-security"));
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

/// Random rules over random records: emitted, executed, compared. What is refused or not executable is counted.
fn random_rules(target_name: &str, fields: support::random::Fields, records: fn(&mut Choices, usize) -> Vec<Value>) {
    let (engine, _) = engine_of(target_name);
    let Some(mut oracle) = Oracle::start(engine) else { return };
    let mut tally = Tally::default();
    let total = cases(120);
    for number in 0..total {
        let mut choices = Choices::new(seeded(number, 600));
        let text = support::random::rule(&mut choices, fields);
        let resolved = resolved(&[&text]);
        let rule = &resolved.rules[0];
        let records = records(&mut choices, 14);
        let by_source = BTreeMap::from([(fields.only, records)]);
        let before = tally.wrong.len();
        compare(rule, &resolved.schema, target_name, &mut oracle, &by_source, &mut tally);
        if let Some(wrong) = tally.wrong.get_mut(before) {
            *wrong = format!("case {number}:\n{text}\n{wrong}");
        }
    }
    tally.report(&format!("{total} random rules as {target_name}"));
    assert!(tally.equal * 3 > total as usize, "too few random rules could be compared: {} of {total}", tally.equal);
}

#[test]
fn random_rules_as_kql_give_the_local_alerts() {
    random_rules("kql", support::records::AZURE, support::records::azure);
}

#[test]
fn random_rules_as_googlesql_give_the_local_alerts() {
    random_rules("googlesql", support::records::GCP, support::records::gcp);
}
