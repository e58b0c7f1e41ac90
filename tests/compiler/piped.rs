//! Rules over raw records as they come: they alert as over the same events in memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use skywatch::bind::{ForSource, admits, for_source};
use skywatch::diag::Diagnostic;
use skywatch::eval::alert::finish;
use skywatch::eval::{Alert, Range, Run};
use skywatch::ir::{SECOND, Source};
use skywatch::pack::{Pack, load};
use skywatch::piped::{Piped, Piping, run};
use skywatch::record::{Input, Limits, read_inputs};
use skywatch::report::json_lines;

use crate::support::samples;

/// 2026-01-01 to 2027-01-01
const YEAR: Range = Range { from: 1_767_225_600 * SECOND, to: 1_798_761_600 * SECOND };

fn piped(pack: &Pack, source: &Source, range: Option<Range>, input: &Input) -> Result<Piped, Diagnostic> {
    let (from, to) = (range.map(|range| range.from), range.map(|range| range.to));
    let (rules, schema) = (&pack.resolved.rules, &pack.resolved.schema);
    run(
        &Piping {
            rules,
            pack: &pack.id,
            schema,
            source,
            from,
            to,
            #[cfg(feature = "engine")]
            limits: skywatch::engine::Limits { memory: 512 << 20, batch: 3, ..Default::default() },
        },
        input,
    )
}

/// What the evaluator finds in all of an input.
fn evaluated(pack: &Pack, source: &Source, range: Range, input: &Input) -> Vec<Alert> {
    let schema = &pack.resolved.schema;
    let stream = schema.stream_of(source.stream).expect("a stream");
    let events = read_inputs(source, stream, std::slice::from_ref(input), Limits::default()).expect("events").events;
    let first = events.iter().filter_map(|event| event.fields[stream.time().index()].as_time()).min();
    let coverage: BTreeMap<String, i64> = first.into_iter().map(|first| (source.name.clone(), first)).collect();
    let mut alerts = Vec::new();
    for rule in pack.resolved.rules.iter().filter(|rule| admits(rule, source)) {
        let ForSource::Rule(rule, _) = for_source(rule, source, stream) else { continue };
        let under = Run { pack: &pack.id, range, coverage: &coverage };
        alerts.extend(skywatch::eval::run(&rule, stream, &events, &under).expect("alerts").alerts);
    }
    finish(&pack.id, &mut alerts);
    alerts
}

#[test]
fn records_that_come_in_alert_as_events_in_memory() {
    let pack = load(Path::new("rulepacks/ai-security"));
    let folder = tempfile::tempdir().expect("a folder");
    let (mut alerts, mut rows) = (0, 0);
    for sample in samples::all() {
        let source = pack.resolved.schema.sources.iter().find(|source| source.name == sample.source).expect("a source");
        let log = folder.path().join(format!("{}.jsonl", sample.source));
        let records = sample.files.iter().flat_map(|file| samples::records(file));
        std::fs::write(&log, records.map(|record| format!("{record}\n")).collect::<String>()).expect("a log");
        let input = Input::file(&log).expect("a log");
        let found = piped(&pack, source, Some(YEAR), &input).expect("a run");
        let expected = evaluated(&pack, source, YEAR, &input);
        assert_eq!(json_lines(&found.alerts), json_lines(&expected), "{}", sample.source);
        let counts = &found.report;
        let accounted = counts.rows + counts.merged + counts.duplicates + counts.other + counts.quarantined;
        assert_eq!(counts.read, accounted, "{}", sample.source);
        alerts += found.alerts.len();
        rows += counts.rows;
    }
    assert!(alerts > 20 && rows > 100, "{alerts} alerts of {rows} events");
}

/// Calls of Bedrock, one a minute; each once more some hours later.
fn calls(count: usize) -> String {
    let mut text = String::new();
    for n in (0..count).flat_map(|n| [Some(n), n.checked_sub(500)]).flatten() {
        let (day, hour, minute) = (1 + n / 1_440, n / 60 % 24, n % 60);
        writeln!(
            text,
            r#"{{"schemaType":"ModelInvocationLog","timestamp":"2026-03-{day:02}T{hour:02}:{minute:02}:00Z","requestId":"r{n}","operation":"Converse","modelId":"m","identity":{{"arn":"a{}"}},"input":{{"inputTokenCount":{n},"inputBodyJson":{{"messages":[{{"role":"user","content":[{{"text":"x"}}]}}]}}}},"output":{{"outputTokenCount":1}}}}"#,
            n % 7
        )
        .expect("a text takes it");
    }
    text
}

#[test]
fn a_record_that_comes_again_counts_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rules, log) = (folder.path().join("p.sky"), folder.path().join("log.jsonl"));
    let text = "rule calls { severity low  from invocation  over 1d by caller.id  let n = count(), total = sum(tokens.input)  when n > 0 }";
    std::fs::write(&rules, text).expect("a rule");
    // More than are handed on together.
    std::fs::write(&log, calls(20_000) + "no record\n").expect("a log");
    let pack = load(&rules);
    assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
    let source = pack.resolved.schema.sources.iter().find(|source| source.name == "aws.bedrock").expect("Bedrock");
    let input = Input::file(&log).expect("a log");
    let found = piped(&pack, source, None, &input).expect("a run");
    assert_eq!((found.report.rows, found.report.duplicates, found.report.quarantined), (20_000, 19_500, 1));
    assert_eq!(found.alerts.len(), 7 * 14);
    let expected = evaluated(&pack, source, YEAR, &input);
    let measures = |alerts: &[Alert]| alerts.iter().map(|alert| alert.measures.clone()).collect::<Vec<_>>();
    assert_eq!(measures(&found.alerts), measures(&expected));
}

/// On standard input there is one log: nobody lends, and what the log lacks by itself refuses a rule.
#[test]
fn a_log_alone_borrows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rules, log) = (folder.path().join("rules.sky"), folder.path().join("log.jsonl"));
    let text = "
        rule by_address { severity low  from invocation only aws.bedrock  where source.ip is missing }
        rule shown { severity low  from invocation only aws.bedrock  show source.ip, model.id }
    ";
    std::fs::write(&rules, text).expect("rules");
    let record = r#"{ "schemaType": "ModelInvocationLog", "timestamp": "2026-02-01T10:00:00Z", "requestId": "r", "modelId": "m" }"#;
    std::fs::write(&log, record).expect("a log");
    let pack = load(&rules);
    let source = pack.resolved.schema.source("aws.bedrock").expect("a source");
    let found = piped(&pack, source, None, &Input::file(&log).expect("a log")).expect("a run");
    let absent = |run: &skywatch::eval::RuleRun| match &run.skipped {
        Some(skywatch::eval::Skipped::Absent(why)) => why.iter().map(|one| one.message.clone()).collect::<String>(),
        _ => String::new(),
    };
    assert_eq!(absent(&found.runs[0]), "`aws.bedrock` logs carry no `source.ip`");
    assert_eq!(found.runs[1].left_out, ["source.ip"]);
    assert_eq!(found.alerts.len(), 1);
    // Where no rule is left to run, the records are read and counted all the same.
    std::fs::write(&rules, text.lines().take(2).collect::<String>()).expect("rules");
    let found = piped(&load(&rules), source, None, &Input::file(&log).expect("a log")).expect("a run");
    assert_eq!((found.runs.len(), found.alerts.len(), found.report.rows), (1, 0, 1));
}
