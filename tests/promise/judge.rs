//! The promise, executed: emits rules, has an executor run the text over a source's raw records, and compares with the alerts of the local run.
//!
//! On every source that has samples and a place on the target: every shipped rule over the samples, and random rules over random records in
//! the shape of tests/shapes.

use std::path::Path;

use serde_json::{Value, json};
use skywatch::ir::{Rule, Source};
use skywatch::pack::load;
use skywatch::ruletest::emitted::{claimed, selects};
use skywatch::ruletest::rows::{difference, missing, selecting, shown_addresses};
use skywatch::schema::Schema;
use skywatch::target::{Emission, Request, Verdict, emit};

use crate::logs::{Log, RANGE, places, sources_on, storable, target};
use crate::support::choices::Choices;
use crate::support::compare::of_events;
use crate::support::samples::{self, Samples};
use crate::support::shapes::Shape;
use crate::support::{cases, random, resolved, seeded};
use crate::tally::Tally;

/// What runs an emitted text.
pub(crate) trait Executor {
    /// The target whose text it runs.
    fn target(&self) -> &'static str;

    /// The records that the target can hold, where it can't hold all of them.
    fn held(&mut self, _emission: &Emission, _source: &Source, _records: &[Value]) -> Option<Vec<Value>> {
        None
    }

    /// Runs a text over the raw records of a source.
    fn execute(&mut self, emission: &Emission, source: &Source, records: &[Value]) -> Executed;
}

/// What came of running a text.
pub(crate) enum Executed {
    /// Its rows, by column; and whether it took a template of ours.
    Rows(Vec<Value>, bool),
    /// Why it can't be run there.
    Unsupported(String),
    /// What is wrong with the text.
    Failed(String),
}

/// Emits a rule, runs it over a source's log, and compares.
fn compare(rule: &Rule, schema: &Schema, source: &Source, log: &Log, executor: &mut dyn Executor, tally: &mut Tally) {
    let request = Request { range: Some((RANGE.from, RANGE.to)), ..Request::default() };
    for emission in emit(rule, schema, target(executor.target()), request) {
        if emission.source == source.name {
            let held = executor.held(&emission, source, &log.records).map(|records| Log::of(source, schema, &records));
            judge(rule, schema, source, &emission, held.as_ref().unwrap_or(log), executor, tally);
        }
    }
}

fn judge(
    rule: &Rule,
    schema: &Schema,
    source: &Source,
    emission: &Emission,
    log: &Log,
    executor: &mut dyn Executor,
    tally: &mut Tally,
) {
    let Some(query) = &emission.query.text else {
        tally.refused += 1;
        return;
    };
    let (rows, ours) = match executor.execute(emission, source, &log.records) {
        Executed::Rows(rows, ours) => (rows, ours),
        Executed::Unsupported(why) => {
            *tally.unsupported.entry(why).or_default() += 1;
            return;
        }
        Executed::Failed(why) => {
            tally.wrong.push(format!("{} on {}: {why}\n{query}", rule.name, emission.target));
            return;
        }
    };
    let stream = schema.stream_of(rule.stream).expect("a rule has a stream");
    let selecting = selects(target(executor.target())).then(|| selecting(rule));
    let rule = selecting.as_ref().unwrap_or(rule);
    let mut alerts = of_events(rule, source, stream, &log.events, RANGE, &emission.query.left_out);
    // An entry is one row, however many of its elements alert.
    if selecting.is_some() {
        alerts.sort_by_key(Value::to_string);
        alerts.dedup();
    }
    let differs = match claimed(target(executor.target()), emission) {
        Verdict::Exact => difference(&alerts, &rows, &shown_addresses(rule)),
        // Each local alert must be among the rows; measures may be higher.
        Verdict::Wider => missing(rule, &alerts, &rows).map(|alert| format!("missing: {alert}")),
        _ => None,
    };
    match differs {
        None => {
            tally.equal += 1;
            tally.with_alerts += usize::from(!alerts.is_empty());
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

/// Every shipped rule over the samples.
pub(crate) fn shipped_rules(executor: &mut dyn Executor) {
    let target_name = executor.target();
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    assert!(pack.diagnostics.is_empty());
    let schema = &pack.resolved.schema;
    let mut with_alerts = 0;
    for Samples { source, files, .. } in sources_on(target_name, schema) {
        let source = schema.source(&source).expect("it has a place");
        let records: Vec<Value> = files.iter().flat_map(|file| samples::records(file)).collect();
        let log = Log::of(source, schema, &records);
        let mut tally = Tally::default();
        for rule in &pack.resolved.rules {
            compare(rule, schema, source, &log, executor, &mut tally);
        }
        tally.report(&format!("shipped rules as {target_name} over the samples of {}", source.name));
        with_alerts += tally.with_alerts;
    }
    assert!(with_alerts >= 5, "too few shipped rules alert on the samples");
}

/// Random rules over random records of each source: emitted, executed, compared. What is refused or not executable is counted.
pub(crate) fn random_rules(executor: &mut dyn Executor, short: u32) {
    let target_name = executor.target();
    let kind = target(target_name).info().place;
    for Samples { source: name, .. } in sources_on(target_name, &resolved(&[]).schema) {
        let shape = Shape::of(&name);
        let total = cases(short);
        let mut choices: Vec<Choices> = (0..total).map(|number| Choices::new(seeded(number, 3_000))).collect();
        let texts = choices.iter_mut().map(|choices| random::rule(choices, &shape.fields));
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
            compare(rule, schema, source, &Log::of(source, schema, &records), executor, &mut tally);
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
