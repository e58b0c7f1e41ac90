//! Raw logs to events: the shipped samples, slips, duplicates in any order, and that a bound rule finds in raw records what the rule finds
//! in their events.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::eval::{DAY, START};
use crate::support::resolved;
use crate::support::samples::{self, Samples};
use proptest::prelude::*;
use skywatch::bind::{Bound, ForSource, bind, for_source};
use skywatch::eval::{Event, Json, Range, Run, Value, run, run_bound};
use skywatch::ir::{Source, Stream};
use skywatch::record::{Batch, Limits, Mapped, Mapper, Reason, as_read, read_files};
use skywatch::schema::Schema;

/// A source whose records are small.
pub(crate) const TOY: &str = r#"
    source aws.toy : activity {
        at files json_lines
        unique .id
        with n = int(.n)
        where .kind != "other"
        time = .t
        operation = .x
        response.size = n
        source.ip = first_of(ip(.ip), ip(.from))
    }"#;

pub(crate) fn source<'a>(schema: &'a Schema, name: &str) -> (&'a Source, &'a Stream) {
    let source = schema.source(name).unwrap_or_else(|| panic!("source {name}"));
    (source, &schema.streams[source.stream])
}

#[track_caller]
pub(crate) fn read(source: &Source, stream: &Stream, paths: &[PathBuf], limits: Limits) -> Batch {
    let batch = read_files(source, stream, paths, limits).unwrap_or_else(|diagnostic| panic!("{}", diagnostic.message));
    let report = &batch.report;
    assert_eq!(report.read, report.rows + report.merged + report.duplicates + report.other + report.quarantined);
    assert_eq!(report.rows, batch.events.len() as u64);
    assert_eq!(report.quarantined, batch.quarantined.len() as u64);
    batch
}

/// `samples/story.json`: what another program, with no code in common, found in the samples.
fn story() -> serde_json::Value {
    let text = fs::read_to_string("samples/story.json").unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("samples/story.json: {error}"))
}

#[test]
fn the_samples_hold_what_another_reader_found() {
    let schema = resolved(&[]).schema;
    let story = story();
    for Samples { source: name, files, .. } in samples::all() {
        let (source, stream) = source(&schema, &name);
        let batch = read(source, stream, &files, Limits::default());
        let other = |count: &str| story["sources"][&name][count].as_u64();
        let report = &batch.report;
        assert_eq!(other("read"), Some(report.read), "{name}");
        assert_eq!(other("merged"), Some(report.merged), "{name}");
        assert_eq!(other("duplicates"), Some(report.duplicates), "{name}");
        assert_eq!(other("quarantined"), Some(report.quarantined), "{name}");
        assert_eq!(other("events").zip(other("other")).map(|(a, b)| a + b), Some(report.rows + report.other), "{name}");
        for field in ["tokens.input", "tokens.output", "tokens.total"] {
            let Some(total) = other(field) else { continue };
            let at = stream.field(field).map_or(usize::MAX, skywatch::ir::FieldId::index);
            let sum: i64 = batch.events.iter().filter_map(|event| event.fields[at].as_int()).sum();
            assert_eq!(total, sum.unsigned_abs(), "{name} {field}");
        }
        let places: Vec<_> = batch.quarantined.iter().map(|record| record.reason.word()).collect();
        assert!(places.iter().all(|word| ["not_json", "no_time"].contains(word)), "{places:?}");
    }
}

#[test]
fn a_bound_rule_finds_in_raw_records_what_the_rule_finds_in_their_events() {
    let text = r#"
        operations change { aws "bedrock:*Guardrail*" azure "Microsoft.CognitiveServices/*/raiPolicies/*" gcp "*.UpdateTemplate", "*.DeleteTemplate" }
        list phrases = ["ignore previous", "system prompt", "you are now"]
        rule tokens { severity high from invocation over 1d by caller.id, model.id let total = sum(tokens.total), calls = count() when total > 10_000 show models = values(region, 2) }
        rule phrases { severity case { hits > 2 => high, else => low } from invocation where prompt contains any of phrases nocase over 1h by caller.id default "(none)" let hits = count(), prompts = distinct(prompt) }
        rule blocked { severity high from invocation where guardrail.action == "blocked" over 30m every 5m by caller.id let n = count() when n > 2 }
        rule findings { severity low from invocation each f in guardrail.findings where f.type is present over 1d by kind = f.type let n = count(), events = distinct(event.id) }
        rule turns { severity low from invocation with n = size(messages) where n > 1 show n, caller.id, latency, completion }
        rule slow { severity low from invocation over 1d let a = avg(latency), m = max(latency), p = percentile(latency, 95), s = stddev(tokens.output) }
        rule changes { severity high from activity where operation is change and outcome != "failure" show caller.id, operation, source.ip }
        rule denied { severity medium from activity where outcome == "denied" over 10m every 1m by caller.id let n = count(), operations = distinct(operation), addresses = values(source.ip, 3) when n > 10 }
        rule steps { severity low from span over 1d by agent.name default "(none)", tool.name default "(none)" let n = count(), failed = count(where error.code is present), slowest = max(latency), tokens = sum(tokens.input) }
        rule given { severity low from span where tool.input contains any of phrases nocase show agent.name, tool.input, latency }
        rule verdicts { severity low from screening over 1h by template, verdict let n = count(), clients = values(client, 3) }
        rule outside { severity low from activity where source.ip not in [10.0.0.0/8, 192.0.2.0/24] and hour(time) < 6 over 1h by account, auth.method }
    "#;
    let resolved = resolved(&[text]);
    let mut compared = 0;
    for Samples { source: name, files, .. } in samples::all() {
        let (source, stream) = source(&resolved.schema, &name);
        let records: Vec<Json> =
            files.iter().flat_map(|path| samples::records(path)).map(|record| Json::from(&record)).collect();
        let (records, _) = as_read(source, &records);
        let mapper = Mapper::new(source, stream);
        let events: Vec<Event> = records
            .iter()
            .filter_map(|record| match mapper.map(record) {
                Mapped::Event(event, _) => Some(event),
                _ => None,
            })
            .collect();
        let from = START + 300 * DAY;
        let coverage = BTreeMap::from([(name.clone(), from + 6 * DAY)]);
        let run_of = Run { pack: "p", range: Range { from, to: from + 20 * DAY }, coverage: &coverage };
        for rule in resolved.rules.iter().filter(|rule| rule.stream == source.stream) {
            let Bound::Rule(bound) = bind(rule, source, stream) else { continue };
            let ForSource::Rule(rule, _) = for_source(rule, source, stream) else { continue };
            let by_events = run(&rule, stream, &events, &run_of).unwrap_or_default();
            let by_records = run_bound(&bound.rule, &bound.time, bound.event_id.as_ref(), &name, &records, &run_of)
                .unwrap_or_default();
            assert_eq!(by_events, by_records, "{} on {name}", rule.name);
            compared += by_events.alerts.len();
        }
    }
    assert!(compared > 80, "only {compared} alerts were compared");
}

/// What becomes of files of the toy source, given by their bytes.
#[track_caller]
pub(crate) fn toy_files<B: AsRef<[u8]>>(files: &[B], limits: Limits) -> Batch {
    let schema = resolved(&[TOY]).schema;
    let (source, stream) = source(&schema, "aws.toy");
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let write = |(number, bytes): (usize, &B)| {
        let path = folder.path().join(format!("{number}.json"));
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
        path
    };
    let paths: Vec<PathBuf> = files.iter().enumerate().map(write).collect();
    read(source, stream, &paths, limits)
}

#[track_caller]
fn toy(text: &str) -> Batch {
    toy_files(&[text], Limits::default())
}

#[test]
fn what_cannot_be_read_is_put_aside_with_its_place() {
    let text = "{\"t\":\"2026-01-01T00:00:00Z\"}\n\n{\"t\":\"2026-01-01\"}\n{\"x\":1\n[1, {\"t\":\"2026-01-01T00:00:00Z\"}]\nERROR\n{\"kind\":\"other\"}\n";
    let batch = toy(text);
    let aside: Vec<_> = batch
        .quarantined
        .iter()
        .map(|record| (record.line, record.element, record.reason, String::from_utf8_lossy(&record.raw).into_owned()))
        .collect();
    let expected = [
        (3, None, Reason::NoTime, "{\"t\":\"2026-01-01\"}"),
        (4, None, Reason::NotJson("`,` or `}`", 6), "{\"x\":1"),
        (5, Some(0), Reason::NotAnObject, "1"),
        (6, None, Reason::NotJson("a value", 0), "ERROR"),
    ];
    assert_eq!(aside, expected.map(|(line, element, reason, raw)| (line, element, reason, raw.to_owned())));
    assert_eq!((batch.report.read, batch.report.rows, batch.report.other, batch.report.without_id), (7, 2, 1, 2));
    let not_utf8 = toy_files(&[b"{\"t\":\"\xFF\"}\n{\"t\":\"2026-01-01T00:00:00Z\"}".as_slice()], Limits::default());
    assert_eq!((not_utf8.quarantined[0].reason, not_utf8.report.rows), (Reason::NotUtf8, 1));
    // `where` is asked first: a record of another kind needs no time.
    assert_eq!(toy("{\"kind\":\"other\"}").report.other, 1);
    assert_eq!(toy("").report.read, 0);
}

#[test]
fn limits_of_records_and_files() {
    let record = "{\"t\":\"2026-01-01T00:00:00Z\"}";
    let long = format!("{{\"x\":\"{}\"}}", "secret".repeat(100));
    let small = Limits { record: 100, kept: 10, ..Limits::default() };
    let batch = toy_files(&[format!("{long}\n{record}")], small);
    assert_eq!((batch.quarantined[0].reason, batch.report.rows), (Reason::TooLong(100), 1));
    assert_eq!(batch.quarantined[0].raw, b"{\"x\":\"secr");
    let deep = format!("{{\"t\":{}1{}}}\n{record}", "[".repeat(200), "]".repeat(200));
    let batch = toy(&deep);
    assert_eq!((batch.quarantined[0].reason.word(), batch.report.rows), ("not_json", 1));

    let schema = resolved(&[TOY]).schema;
    let (source, stream) = source(&schema, "aws.toy");
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("a.json");
    fs::write(&path, record).unwrap_or_else(|error| panic!("{error}"));
    // What is wrong with one file's content does not cost the others.
    let batch = read(source, stream, &[path.clone(), path], Limits { file: 5, ..Limits::default() });
    assert_eq!(batch.quarantined[0].reason, Reason::TooLarge(5));
    assert_eq!((batch.report.read, batch.report.quarantined), (2, 2));
    match read_files(source, stream, [folder.path().join("none")], Limits::default()) {
        Ok(batch) => panic!("{:?}", batch.report),
        Err(diagnostic) => assert!(diagnostic.message.contains("none` can't be read: "), "{}", diagnostic.message),
    }
}

#[test]
fn what_exists_and_does_not_read_is_counted_by_field() {
    let batch = toy(concat!(
        r#"{"t":"2026-01-01T00:00:00Z","n":"x","x":true}"#,
        r#"{"t":"2026-01-01T00:00:00Z","n":5.5,"ip":"host","from":"10.0.0.1"}"#,
        r#"{"t":"2026-01-01T00:00:00Z","n":null,"ip":"host","from":"host","x":""}"#,
        r#"{"t":"2026-01-01","n":"x"}"#,
    ));
    // An address was found in the second place of the second record, so what stood in the first was not lost.
    let expected = [("n", 2), ("operation", 1), ("source.ip", 1)].map(|(field, count)| (field.to_owned(), count));
    assert_eq!(batch.report.unreadable, BTreeMap::from(expected));
}

#[test]
fn a_raw_number_is_read_as_it_was_written() {
    let schema = resolved(&[TOY]).schema;
    let stream = &schema.streams[schema.stream("activity").unwrap_or_default()];
    let batch = toy(r#"{"t":"2026-01-01T00:00:00.1234567Z","x":1.50,"n":"7"}"#);
    let field = |name: &str| stream.field(name).map(|field| batch.events[0].fields[field.index()].clone());
    assert_eq!(field("operation"), Some(Value::text("1.50")));
    assert_eq!(field("response.size"), Some(Value::Int(7)));
    assert_eq!(field("time"), Some(Value::Time(START + 123_456)));
}

/// A record of the toy source: id, hours after the start, and something that makes its bytes differ.
type Toy = (Option<u8>, i64, u8);

fn toy_json((id, hours, salt): &Toy) -> String {
    let time = skywatch::eval::clock::time_text(START + hours * DAY / 24);
    let id = id.map(|id| format!(",\"id\":\"{id}\"")).unwrap_or_default();
    format!("{{\"t\":\"{time}\",\"x\":\"{salt}\"{id}}}")
}

/// The records that must remain, worked out as the definition says it.
fn remaining(records: &[Toy]) -> Vec<String> {
    let mut sorted: Vec<(i64, String, Option<u8>)> =
        records.iter().map(|record| (record.1, toy_json(record), record.0)).collect();
    sorted.sort();
    let mut kept: Vec<(i64, String, Option<u8>)> = Vec::new();
    for record in sorted {
        let known = kept.iter().any(|(time, _, id)| record.2.is_some() && *id == record.2 && record.0 - time <= 24);
        if !known {
            kept.push(record);
        }
    }
    kept.into_iter().map(|(_, text, _)| text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_102), cases: 64, ..ProptestConfig::default() })]

    /// The order of records and files, and how a file is laid out, change nothing.
    #[test]
    fn the_order_of_reading_does_not_show(
        records in prop::collection::vec((prop::option::weighted(0.8, 0_u8..4), prop_oneof![0_i64..3, 20_i64..60], 0_u8..4), 0..24)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        cut in 0_usize..24,
    ) {
        let (records, shuffled) = records;
        let lines = |records: &[Toy]| records.iter().map(|record| toy_json(record) + "\n").collect::<String>();
        let list = |records: &[Toy]| {
            format!("{{\"Records\": [{}]}}", records.iter().map(toy_json).collect::<Vec<_>>().join(",\n"))
        };
        let cut = cut.min(shuffled.len());
        let one = toy(&lines(&records));
        let two = toy_files(&[list(&shuffled[..cut]), lines(&shuffled[cut..])], Limits::default());
        prop_assert_eq!(&one.events, &two.events);
        prop_assert_eq!(skywatch::record::Report { files: 1, ..two.report }, one.report.clone());
        let expected = toy(&remaining(&records).join("\n"));
        prop_assert_eq!(&one.events, &expected.events);
        prop_assert_eq!(one.report.duplicates as usize, records.len() - expected.events.len());
        prop_assert_eq!(one.report.without_id as usize, records.iter().filter(|record| record.0.is_none()).count());
    }

    /// No bytes stop the reading, and every record is accounted for.
    #[test]
    fn any_bytes_are_read(
        parts in prop::collection::vec(prop_oneof![
            Just("{\"t\":\"2026-01-01T00:00:00Z\"}".to_owned()), Just("\n".to_owned()), Just("{\"Records\":[".to_owned()),
            Just("]}".to_owned()), Just(",".to_owned()), Just("\"".to_owned()), Just("{".to_owned()), Just("[".to_owned()),
            Just("\\".to_owned()), "[ -~]{0,4}",
        ], 0..40),
        noise in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = parts.concat().into_bytes();
        bytes.extend(noise);
        toy_files(&[bytes], Limits { record: 200, kept: 20, ..Limits::default() });
    }
}
