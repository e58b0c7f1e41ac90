//! The promise, executed: emitted KQL and GoogleSQL run on independent engines over the raw records, and give the alerts of the local run.
//!
//! On every source that has samples and a place there: every shipped rule over the samples, then random rules over random records in the
//! shape of tests/shapes. Rows come from raw records through tests/oracles/tables.py, which knows nothing of the sources' mappings.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use skywatch::eval::clock::parse_sql_time;
use skywatch::eval::{Event, Range};
use skywatch::ir::{ColumnKind, Place, PlaceKind, Rule, SECOND, Source, Step};
use skywatch::pack::load;
use skywatch::record::{Item, Limits, Reader};
use skywatch::schema::Schema;
use skywatch::target::{Emission, Request, TARGETS, Target, Verdict, emit};
use support::choices::Choices;
use support::compare::{difference, missing, of_events, shown_addresses};
use support::oracle::{Engine, Oracle};
use support::samples::{self, Samples};
use support::shapes::Shape;
use support::{cases, resolved, seeded};

const DAY: i64 = 86_400 * SECOND;
/// 2026-11-01T00:00:00Z, a day before the first sample.
const FROM: i64 = 1_793_491_200 * SECOND;
const RANGE: Range = Range { from: FROM, to: FROM + 5 * DAY };

fn target(name: &str) -> &'static dyn Target {
    *TARGETS.iter().find(|target| target.info().name == name).expect("a target of that name")
}

/// The engine that runs a target's text.
fn engine_of(target: &str) -> Engine {
    if target == "kql" { Engine::KqlRun } else { Engine::SqlRun }
}

/// The registered sources that have a place on a target.
fn sources_on(target_name: &str, schema: &Schema) -> Vec<Samples> {
    let kind = target(target_name).info().place;
    let has_place =
        |samples: &Samples| schema.source(&samples.source).is_some_and(|source| source.place(kind).is_some());
    samples::all().into_iter().filter(has_place).collect()
}

/// The tables that a place names, by the last part of their paths.
fn tables(place: &Place) -> impl Iterator<Item = &str> {
    place.name.split(',').map(|table| table.trim().trim_matches('`').rsplit('.').next().unwrap_or_default())
}

/// The places of a source on a target: its own, and those of the parts of its events.
fn places(source: &Source, kind: PlaceKind) -> Vec<&Place> {
    let parts = source.assemble.iter().flat_map(|assemble| &assemble.parts).flat_map(|part| &part.places);
    source.place(kind).into_iter().chain(parts.filter(|place| place.kind == kind)).collect()
}

/// A random record as the table can hold it; none where it can't. A column takes no value of another type: such values are taken out, and
/// without its times there is no row. What is in no table stays as it is.
fn storable(mut record: Value, places: &[&Place]) -> Option<Value> {
    let mut constant = |(path, text): &(Vec<Step>, String)| part(&mut record, path).is_some_and(|part| *part == **text);
    let Some(place) = places.iter().find(|place| place.constants.iter().all(&mut constant)) else {
        return Some(record);
    };
    for column in &place.columns {
        let value = part(&mut record, &column.path);
        let fits = |value: &Value| match column.kind {
            ColumnKind::Text => value.is_string(),
            ColumnKind::Time => value.as_str().is_some_and(|text| parse_sql_time(text).is_some()),
            ColumnKind::Int => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
            ColumnKind::Float => value.is_number(),
            ColumnKind::Bool => value.is_boolean(),
            ColumnKind::Dynamic | ColumnKind::Json => true,
        };
        match value.filter(|value| fits(value)) {
            Some(_) => {}
            None if column.kind == ColumnKind::Time => return None,
            None => part(&mut record, &column.path).into_iter().for_each(|value| *value = Value::Null),
        }
    }
    Some(record)
}

/// The part of a record that a path leads to; a log may write its keys in another case.
fn part<'a>(record: &'a mut Value, path: &[Step]) -> Option<&'a mut Value> {
    path.iter().try_fold(record, |value, step| match step {
        Step::Key(key) => {
            let mut members = value.as_object_mut()?.iter_mut();
            members.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
        }
        Step::Index(index) => value.as_array_mut()?.get_mut(usize::try_from(*index).ok()?),
        Step::Elements | Step::Values => None,
    })
}

/// A source's log: its events, and the records of which the table makes its rows.
struct Log {
    events: Vec<Event>,
    records: Vec<Value>,
}

impl Log {
    /// What is put aside is in no table, and what is a duplicate neither: `provided: no duplicates`.
    fn of(source: &Source, schema: &Schema, records: &[Value]) -> Log {
        let stream = schema.stream_of(source.stream).expect("a source has a stream");
        let mut records = records.to_vec();
        if source.assemble.is_some() {
            // Which part is a copy the reader does not say.
            let mut known = BTreeSet::new();
            records.retain(|record| known.insert(record.to_string()));
        }
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        file.write_all(lines.as_bytes()).expect("it can be written");
        let mut reader = Reader::new(source, stream, Limits::default());
        let (mut events, mut aside) = (Vec::new(), BTreeSet::new());
        let mut take = |item| match item {
            Item::Event(number, event) => events.push((number, event)),
            Item::Quarantined(record) => _ = aside.insert(record.line - 1),
        };
        reader.file(file.path(), &mut take).expect("the file is read");
        let (_, dropped) = reader.finish(&mut take).expect("the file did not change");
        aside.extend(&dropped);
        events.retain(|(number, _)| !dropped.contains(number));
        let numbered = (0..).zip(&records);
        Log {
            events: events.into_iter().map(|(_, event)| event).collect(),
            records: numbered.filter(|(number, _)| !aside.contains(number)).map(|(_, record)| record.clone()).collect(),
        }
    }
}

/// What came of comparing the queries on one source.
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

/// Emits a rule for a target, runs it over a source's log, and compares.
fn compare(
    rule: &Rule,
    schema: &Schema,
    target_name: &str,
    source: &Source,
    log: &Log,
    oracle: &mut Oracle,
    tally: &mut Tally,
) {
    let request = Request { range: Some((RANGE.from, RANGE.to)), ..Request::default() };
    for emission in emit(rule, schema, target(target_name), request) {
        if emission.source == source.name {
            judge(rule, schema, source, &emission, log, oracle, tally);
        }
    }
}

fn judge(
    rule: &Rule,
    schema: &Schema,
    source: &Source,
    emission: &Emission,
    log: &Log,
    oracle: &mut Oracle,
    tally: &mut Tally,
) {
    let Some(query) = &emission.query.text else {
        tally.refused += 1;
        return;
    };
    let places = places(source, target(emission.target).info().place);
    let tables = places.into_iter().flat_map(tables);
    let raw: Map<String, Value> = tables.map(|table| (table.to_owned(), json!(log.records))).collect();
    let answer = oracle.ask(&json!({ "id": rule.name, "query": query, "raw": raw, "operation_case": "mixed" }));
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
    let alerts = of_events(rule, source, stream, &log.events, RANGE, left_out);
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
    let Some(mut oracle) = Oracle::start(engine_of(target_name)) else { return };
    let pack = load(&root().join("rulepacks/ai-security"));
    assert!(pack.diagnostics.is_empty());
    let schema = &pack.resolved.schema;
    let mut with_alerts = 0;
    for Samples { source, files, .. } in sources_on(target_name, schema) {
        let source = schema.source(&source).expect("it has a place");
        let records: Vec<Value> = files.iter().flat_map(|file| samples::records(file)).collect();
        let log = Log::of(source, schema, &records);
        let mut tally = Tally::default();
        for rule in &pack.resolved.rules {
            compare(rule, schema, target_name, source, &log, &mut oracle, &mut tally);
        }
        tally.report(&format!("shipped rules as {target_name} over the samples of {}", source.name));
        with_alerts += tally.with_alerts;
    }
    assert!(with_alerts >= 5, "too few shipped rules alert on the samples");
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

/// Random rules over random records of each source: emitted, executed, compared. What is refused or not executable is counted.
fn random_rules(target_name: &str) {
    let Some(mut oracle) = Oracle::start(engine_of(target_name)) else { return };
    let kind = target(target_name).info().place;
    for Samples { source: name, .. } in sources_on(target_name, &resolved(&[]).schema) {
        let shape = Shape::of(&name);
        let total = cases(24);
        let mut choices: Vec<Choices> = (0..total).map(|number| Choices::new(seeded(number, 3_000))).collect();
        let texts = choices.iter_mut().map(|choices| support::random::rule(choices, &shape.fields));
        let named = texts.enumerate().map(|(number, text)| text.replacen("rule r ", &format!("rule r{number} "), 1));
        let texts: Vec<String> = named.collect();
        // All at once: reading the sources takes longer than the rules.
        let resolved = resolved(&[&texts.concat()]);
        let schema = &resolved.schema;
        let source = schema.source(&name).expect("it has a place");
        let places = places(source, kind);
        let mut tally = Tally::default();
        for ((rule, text), choices) in resolved.rules.iter().zip(&texts).zip(&mut choices) {
            let records: Vec<Value> =
                shape.to_query(choices, 14).into_iter().filter_map(|record| storable(record, &places)).collect();
            let before = tally.wrong.len();
            compare(rule, schema, target_name, source, &Log::of(source, schema, &records), &mut oracle, &mut tally);
            if let Some(wrong) = tally.wrong.get_mut(before) {
                *wrong = format!("{text}\n{wrong}\nrecords {}", json!(records));
            }
        }
        tally.report(&format!("{total} random rules as {target_name} on {name}"));
        match shape.not_compared.get(target_name) {
            None => assert!(
                tally.equal * 10 >= total as usize,
                "too few random rules on {name} could be compared: {} of {total}",
                tally.equal
            ),
            Some(why) => {
                println!("    {name} is not compared: {why}");
                assert!(
                    tally.equal == 0,
                    "random rules on {name} are compared, though tests/shapes says why not: {why}"
                );
            }
        }
    }
}

#[test]
fn random_rules_as_kql_give_the_local_alerts() {
    random_rules("kql");
}

#[test]
fn random_rules_as_googlesql_give_the_local_alerts() {
    random_rules("googlesql");
}
