//! Archives: what is written is read back, names come from content, and rules over files alert as they do over the same events in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use skywatch::archive::{Archive, Writer, quarantine};
use skywatch::diag::Code;
use skywatch::engine::{Engine, Limits, Period, RunOutcome, Skipped};
use skywatch::eval::alert::finish;
use skywatch::eval::{Event, Range, Run, Value, run};
use skywatch::ir::{Expr, ExprKind, Level, OnlySource, Rule, Source, Type};
use skywatch::record::{Quarantined, Reason};
use skywatch::resolve::Resolved;
use skywatch::schema::{BUILTIN, Schema};
use skywatch::source::Span;

use crate::support::choices::Choices;
use crate::support::every_type::{START, STREAM, events, fields};
use crate::support::{cases, random, resolved_on, seeded};
use crate::{DAY, HOUR, RANGES};

const SOURCES: [&str; 2] = ["aws.a", "gcp.b"];

/// The made-up stream with two sources that carry every field, and the rules of a text.
fn sampled(rules: &str) -> Resolved {
    // Clouds are known by the built-in sources; reading those takes time, so only rules that name clouds get them.
    let built_in = if rules.contains("operations") { BUILTIN } else { &BUILTIN[..1] };
    let mut resolved = resolved_on(built_in, &[STREAM, rules]);
    let stream = resolved.schema.stream("sample").expect("the stream");
    let fields = &resolved.schema.streams[stream].fields;
    let given = |ty| Some(Expr::new(ExprKind::Case(Vec::new(), None), ty, Span::default()));
    let source = |name: &str| Source {
        name: name.to_owned(),
        doc: String::new(),
        stream,
        files: None,
        places: Vec::new(),
        delay: 0,
        assemble: None,
        widened: Vec::new(),
        provided: Vec::new(),
        unique: given(Type::Text),
        with: Vec::new(),
        filter: Vec::new(),
        fields: fields.iter().map(|field| given(field.ty.clone())).collect(),
        absent: vec![None; fields.len()],
        enable: Vec::new(),
        traps: Vec::new(),
        span: Span::default(),
    };
    resolved.schema.sources = SOURCES.map(source).to_vec();
    resolved
}

/// Random events of both sources.
fn sample(resolved: &Resolved, seed: u32, most: usize) -> Vec<Event> {
    let stream = &resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")];
    let mut choices = Choices::new(seeded(seed, 60_000));
    let mut events = events(&mut choices, stream, most);
    events.iter_mut().for_each(|event| event.source = (*choices.one(&SOURCES)).into());
    events
}

fn write(root: &Path, schema: &Schema, events: &[Event]) -> Vec<PathBuf> {
    let stream = &schema.streams[schema.stream("sample").expect("the stream")];
    let mut writer = Writer::new(root, stream).expect("a writer");
    events.iter().for_each(|event| writer.push(event.clone()).expect("an event is taken"));
    writer.finish().expect("the files get their names")
}

fn files(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { _ = found.insert(entry.path()) }
    }
    found
}

#[test]
fn what_is_written_is_read_back_in_order() {
    let resolved = sampled("");
    let (schema, index) = (&resolved.schema, resolved.schema.stream("sample").expect("the stream"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut written = sample(&resolved, 1, 300);
    write(folder.path(), schema, &written);
    let archive = Archive::open(folder.path(), schema).expect("an archive");
    let read = archive.events(index, &schema.streams[index]).expect("events");
    let time = schema.streams[index].time().index();
    assert!(read.is_sorted_by_key(|event| event.fields[time].as_time()));
    written.sort();
    let mut sorted = read.clone();
    sorted.sort();
    assert!(sorted == written, "what was read is not what was written");
    // Coverage is in whole days, by source.
    for source in archive.sources() {
        let of = |event: &&Event| *event.source == *source.source;
        let times = || written.iter().filter(of).filter_map(|event| event.fields[time].as_time());
        assert_eq!(source.rows as usize, times().count());
        let (first, last) = (times().min().expect("events"), times().max().expect("events"));
        assert!(source.days.0 % DAY == 0 && source.days.0 <= first && first < source.days.0 + DAY, "{source:?}");
        assert!(source.days.1 % DAY == 0 && last < source.days.1 && source.days.1 - DAY <= last, "{source:?}");
    }
}

#[test]
fn equal_input_gives_equal_files_in_any_order() {
    let resolved = sampled("");
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let mut events = sample(&resolved, 2, 200);
    write(one.path(), &resolved.schema, &events);
    events.reverse();
    write(other.path(), &resolved.schema, &events);
    // A second time into the same archive changes nothing.
    write(other.path(), &resolved.schema, &events);
    let contents = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let inside =
            |path: PathBuf| (path.strip_prefix(root).expect("inside").to_owned(), fs::read(&path).expect("a file"));
        files(root).into_iter().map(inside).collect()
    };
    assert!(contents(one.path()) == contents(other.path()), "{:?} {:?}", files(one.path()), files(other.path()));
    assert_eq!(files(one.path()).len(), 2, "one file a tier: {:?}", files(one.path()));
}

#[test]
fn text_of_users_is_in_the_content_tier_only() {
    let resolved = sampled("");
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = sample(&resolved, 3, 20);
    let stream = &resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")];
    let content = stream.field("t3").expect("the content field").index();
    events.iter_mut().for_each(|event| event.fields[content] = Value::text("a secret prompt"));
    let metadata = write(folder.path(), &resolved.schema, &events);
    let holds = |path: &Path| {
        let bytes = fs::read(path).expect("a file");
        bytes.windows(15).any(|window| window == b"a secret prompt")
    };
    assert!(metadata.iter().all(|path| !holds(path)));
    let content = metadata[0].parent().expect("a folder").with_file_name("content");
    assert!(holds(&content.join(metadata[0].file_name().expect("a name"))));
}

#[test]
fn rules_over_files_alert_as_over_events_in_memory() {
    let resolved = sampled("");
    let index = resolved.schema.stream("sample").expect("the stream");
    let folder = tempfile::tempdir().expect("a folder");
    let events = sample(&resolved, 4, 400);
    // Three runs of ingest: files overlap in time.
    events.chunks(events.len() / 3 + 1).for_each(|part| _ = write(folder.path(), &resolved.schema, part));
    let limits = Limits { memory: 256 << 20, partitions: 2, batch: 64 };
    let engine = Engine::open(folder.path(), &resolved.schema, limits).expect("an engine");
    let stream = &resolved.schema.streams[index];
    let coverage: BTreeMap<String, i64> =
        engine.archive().sources().into_iter().map(|source| (source.source, source.days.0)).collect();
    let mut alerts = 0;
    for number in 0..cases(60) {
        let mut choices = Choices::new(seeded(1_000_000 + number, 400));
        let text = random::rule(&mut choices, &fields());
        let rules = sampled(&text).rules;
        let range = *choices.one(&RANGES);
        let expected = run(&rules[0], stream, &events, &Run { pack: "p", range, coverage: &coverage }).expect("alerts");
        let found =
            engine.run(&rules, "p", Period::Between { from: Some(range.from), to: Some(range.to) }).expect("a run");
        for run in &found.runs {
            assert!(matches!(run.skipped, None | Some(Skipped::NoRows)), "{text}{run:?}");
        }
        assert!(found.alerts == expected.alerts, "{text}{range:?}\n{:#?}\nnot\n{:#?}", found.alerts, expected.alerts);
        let lost: u64 = found.runs.iter().map(|run| run.lost_to_missing_keys).sum();
        assert_eq!(lost, expected.lost_to_missing_keys, "{text}");
        alerts += found.alerts.len();
    }
    assert!(alerts > 100, "too few alerts to compare anything: {alerts}");
}

#[test]
fn adjoining_runs_report_each_alert_once() {
    let resolved = sampled("rule r { severity low from sample over 2h every 1h by t1 let n = count() }");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 5, 200));
    let engine = Engine::open(folder.path(), &resolved.schema, Limits::default()).expect("an engine");
    let alerts = |from, to| {
        let period = Period::Between { from: Some(from), to: Some(to) };
        engine
            .run(&resolved.rules, "p", period)
            .expect("a run")
            .alerts
            .into_iter()
            .map(|alert| alert.id)
            .collect::<Vec<_>>()
    };
    let mut whole = alerts(START - DAY, START + 2 * DAY);
    let hours = (-24..48).map(|hour| START + hour * HOUR);
    let mut parts: Vec<String> = hours.flat_map(|from| alerts(from, from + HOUR)).collect();
    whole.sort();
    parts.sort();
    assert_eq!(whole, parts);
    assert!(whole.len() > 10);
    // `--at` judges the last window that ended by then.
    let at = |time| engine.run(&resolved.rules, "p", Period::At(time)).expect("a run").alerts;
    assert_eq!(at(START + HOUR + 1).len(), alerts(START, START + HOUR).len());
}

#[test]
fn rules_that_have_nothing_to_say_are_named() {
    let text = r#"
        operations gcp_only { gcp "google.*" }
        rule elsewhere { severity low from sample where t1 is gcp_only }
        rule reads_absent { severity low from sample where t2 == "a" }
        rule shows_absent { severity case { t2 != "a" => high, else => low } from sample where n1 is present show t2 }
        rule only_gcp { severity low from sample }
    "#;
    let mut resolved = sampled(text);
    resolved.rules[3].only = vec![OnlySource { name: "gcp".to_owned(), cloud: true }];
    let stream = resolved.schema.stream("sample").expect("the stream");
    let absent = resolved.schema.streams[stream].field("t2").expect("the field").index();
    resolved.schema.sources[0].fields[absent] = None;
    resolved.schema.sources[0].absent[absent] = Some("there is none".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = sample(&resolved, 6, 50);
    events.retain(|event| &*event.source == SOURCES[0]);
    write(folder.path(), &resolved.schema, &events);
    let engine = Engine::open(folder.path(), &resolved.schema, Limits::default()).expect("an engine");
    let found = engine.run(&resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run");
    let said: Vec<String> = found
        .runs
        .iter()
        .map(|run| {
            let why = match &run.skipped {
                None => "runs",
                Some(Skipped::NoRows) => "no rows",
                Some(Skipped::NeverFires) => "never",
                Some(Skipped::Absent(why)) => why[0].help.as_deref().unwrap_or_default(),
                Some(Skipped::Failed(why)) => &why.message,
            };
            format!("{} {} {why}", run.rule, run.source)
        })
        .collect();
    assert_eq!(
        said,
        [
            "elsewhere aws.a never",
            "elsewhere gcp.b no rows",
            "reads_absent aws.a there is none",
            "reads_absent gcp.b no rows",
            "shows_absent aws.a runs",
            "shows_absent gcp.b no rows",
            "only_gcp gcp.b no rows",
        ]
    );
    // What only shows is left out, as in emitted queries: neither a shown item nor a reason for another severity.
    assert!(!found.alerts.is_empty());
    for alert in &found.alerts {
        assert!(alert.show.is_empty() && alert.severity == Level::Low, "{alert:?}");
    }
}

#[test]
fn memory_is_bounded() {
    let text = r#"
        rule many { severity low from sample over 1d let seen = top(t1, 3), p = percentile(n1, 50), k = distinct(event.id, t1) }
        rule groups { severity low from sample over 1d by t1 let n = count(), s = sum(f1), k = distinct(event.id), l = last(t2) when n > 1 }
        rule private { severity low from sample over 1d by t1 let n = count(), s = sum(f1), k = distinct(event.id), l = last(t3) when n > 1 }
        rule few { severity low from sample over 1d let n = count() }
    "#;
    let resolved = sampled(text);
    let folder = tempfile::tempdir().expect("a folder");
    let stream = &resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")];
    let (t1, id) = (stream.field("t1").expect("a field").index(), stream.event_id().index());
    let mut events = Vec::new();
    let one = sample(&resolved, 7, 1).remove(0);
    for number in 0..20_000 {
        let mut event = one.clone();
        // Ten texts come twice.
        event.fields[t1] = Value::text(&format!("{:0>200}", number % 19_990));
        event.fields[id] = Value::text(&number.to_string());
        event.source = SOURCES[0].into();
        events.push(event);
    }
    write(folder.path(), &resolved.schema, &events);
    let run = |memory| {
        let limits = Limits { memory, partitions: 2, batch: 1_024 };
        let engine = Engine::open(folder.path(), &resolved.schema, limits).expect("an engine");
        engine.run(&resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run")
    };
    let failed = |outcome: &RunOutcome| {
        let failed = outcome.runs.iter().filter_map(|run| match &run.skipped {
            Some(Skipped::Failed(why)) => {
                assert!(why.code == Code::RunFailed && why.message.contains("needs more memory"), "{}", why.message);
                Some(run.rule.clone())
            }
            _ => None,
        });
        failed.collect::<Vec<_>>()
    };
    let whole = run(1 << 30);
    assert_eq!(failed(&whole), [""; 0]);
    assert_eq!(whole.alerts.iter().filter(|alert| alert.rule == "groups").count(), 10);
    let of = |outcome: &RunOutcome, rule: &str| -> Vec<_> {
        outcome.alerts.iter().filter(|alert| alert.rule == rule).cloned().collect()
    };
    // What is of the metadata tier is set aside on disk where memory ends; text of users never is: so there is a size at which the one rule
    // runs and the other can't. Where it lies depends on which operators hold memory at a moment, and so on the machine's other work.
    let apart = [28, 32, 24, 36, 40].into_iter().any(|size| {
        let tight = run(size << 20);
        let [groups, private] = ["groups", "private"].map(|rule| {
            let failed = failed(&tight).contains(&rule.to_owned());
            assert!(failed || of(&tight, rule) == of(&whole, rule), "{rule} alerts otherwise with {size} MiB");
            failed
        });
        private && !groups
    });
    assert!(apart, "no size tells the two rules apart");
    let tiny = run(2 << 20);
    assert_eq!(failed(&tiny), ["many", "groups", "private"]);
    assert_eq!(of(&tiny, "few"), of(&whole, "few"));
}

#[test]
fn files_that_are_not_an_archive_s_are_named() {
    let resolved = sampled("");
    let schema = &resolved.schema;
    let message = |root: &Path| {
        let error = Archive::open(root, schema).expect_err("an error");
        assert_eq!(error.code, Code::BadArchive);
        assert!(error.help.is_some());
        error.message
    };
    let folder = tempfile::tempdir().expect("a folder");
    assert!(message(&folder.path().join("none")).starts_with("no archive at"));
    assert!(message(folder.path()).starts_with("no archive at"));
    let path = write(folder.path(), schema, &sample(&resolved, 8, 50)).remove(0);
    let (metadata, name) = (path.parent().expect("a folder"), path.file_name().expect("a name"));
    // What a run that was cut off left behind is passed over.
    fs::write(metadata.join(".1-0.tmp"), b"half").expect("a file");
    assert!(Archive::open(folder.path(), schema).is_ok());

    let foreign = metadata.join("part-0.parquet");
    fs::copy(&path, &foreign).expect("a copy");
    assert!(message(folder.path()).contains("part-0.parquet` was not written by"));
    fs::remove_file(&foreign).expect("it goes");

    let damaged = metadata.join("0123456789abcdef.parquet");
    let bytes = fs::read(&path).expect("a file");
    for (cut, said) in [(0, "is damaged"), (20, "is damaged"), (bytes.len() - 3, "is damaged")] {
        fs::write(&damaged, &bytes[..cut]).expect("a file");
        assert!(message(folder.path()).contains(said), "{cut}: {}", message(folder.path()));
    }
    fs::remove_file(&damaged).expect("it goes");

    let content = metadata.with_file_name("content").join(name);
    fs::rename(&content, content.with_extension("away")).expect("it goes");
    assert!(message(folder.path()).ends_with("is missing"), "{}", message(folder.path()));
    fs::rename(content.with_extension("away"), &content).expect("it comes back");

    let mut changed = schema.clone();
    let stream = changed.stream("sample").expect("the stream");
    let n1 = changed.streams[stream].field("n1").expect("a field").index();
    changed.streams[stream].fields[n1].ty = Type::Text;
    let error = Archive::open(folder.path(), &changed).expect_err("an error");
    assert!(error.message.contains("has `n1` as Int64, but the stream declares it as Utf8"), "{}", error.message);
    // A field that came later is missing in what was written before.
    let mut grown = schema.clone();
    let mut field = grown.streams[stream].fields[n1].clone();
    "later".clone_into(&mut field.name);
    grown.streams[stream].fields.push(field);
    let archive = Archive::open(folder.path(), &grown).expect("an archive");
    let read = archive.events(stream, &grown.streams[stream]).expect("events");
    assert!(read.iter().all(|event| event.fields.last() == Some(&Value::Missing)));
    grown.sources.iter_mut().for_each(|source| source.fields.push(source.fields[n1].clone()));
    let engine = Engine::open(folder.path(), &grown, Limits::default()).expect("an engine");
    let grown_rule = |text: &str| -> Vec<Rule> {
        let mut rules = sampled(text).rules;
        let later = grown.streams[stream].field("later").expect("a field");
        for pred in &mut rules[0].filter {
            *pred = pred.clone().rewrite(&mut To(later));
        }
        rules
    };
    let run = |text| engine.run(&grown_rule(text), "p", Period::Between { from: None, to: None }).expect("a run");
    assert!(run("rule r { severity low from sample where n1 is present }").alerts.is_empty());
    assert_eq!(run("rule r { severity low from sample where n1 is missing }").alerts.len(), read.len());
}

/// Puts a field in the place of every field.
struct To(skywatch::ir::FieldId);

impl skywatch::ir::Rewrite for To {
    fn expr(&mut self, mut expr: Expr) -> Expr {
        if let ExprKind::Field(field) = &mut expr.kind {
            *field = self.0;
        }
        expr
    }
}

#[test]
fn what_could_not_be_read_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = |line, raw: &[u8]| Quarantined {
        file: "a.json".to_owned(),
        line,
        offset: 0,
        element: None,
        reason: Reason::NotAnObject,
        raw: raw.to_vec(),
    };
    assert_eq!(quarantine(folder.path(), &[]).expect("nothing"), None);
    let path = quarantine(folder.path(), &[record(2, b"\xff"), record(1, b"[1]")]).expect("a file").expect("a path");
    let text = fs::read_to_string(&path).expect("a file");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines[0]["line"].as_u64(), lines[0]["raw"].as_str()), (Some(1), Some("[1]")));
    assert_eq!((lines[1]["line"].as_u64(), lines[1]["raw_base64"].as_str()), (Some(2), Some("/w==")));
    assert_eq!(lines[0]["reason"], "not_an_object");
    // In any order the same file.
    let again = quarantine(folder.path(), &[record(1, b"[1]"), record(2, b"\xff")]).expect("a file");
    assert_eq!(again.as_deref(), Some(path.as_path()));
}

/// An empty range has nothing to judge, and says so.
#[test]
fn a_period_has_a_start_before_its_end() {
    let resolved = sampled("rule r { severity low from sample }");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 9, 5));
    let engine = Engine::open(folder.path(), &resolved.schema, Limits::default()).expect("an engine");
    let run = |from, to| engine.run(&resolved.rules, "p", Period::Between { from, to });
    assert_eq!(run(Some(START), Some(START)).expect_err("an error").code, Code::BadArgument);
    let range = Range { from: START - DAY, to: START + 30 * DAY };
    let mut whole = run(None, None).expect("a run").alerts;
    finish("p", &mut whole);
    assert_eq!(whole, run(Some(range.from), Some(range.to)).expect("a run").alerts);
}

#[test]
fn plans_read_no_more_than_they_need() {
    let text = r#"
        rule counts { severity low from sample where t1 == "a" and n1 > 5 over 1h by t2 let n = count() when n > 100_000 }
        rule reads { severity low from sample where t3 contains "a" over 1h let n = count() }
    "#;
    let resolved = sampled(text);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 10, 100));
    let engine = Engine::open(folder.path(), &resolved.schema, Limits::default()).expect("an engine");
    let plan = |rule: usize| {
        let period = Period::Between { from: Some(START), to: Some(START + HOUR) };
        engine.explain(&resolved.rules[rule], &resolved.schema.sources[0], period).expect("a plan")
    };
    let counts = plan(0);
    assert!(counts.contains("/metadata/") && !counts.contains("/content/"), "{counts}");
    // Source, time and `where` go down to the files, with statistics; nothing is left above them.
    let scan = counts.lines().find(|line| line.contains("DataSourceExec")).expect("a scan");
    for part in
        ["predicate=source@", " time@", " t1@", " n1@", "pruning_predicate=", "projection=[source, time, t1, t2, n1]"]
    {
        assert!(scan.contains(part), "no {part}: {scan}");
    }
    assert!(plan(1).contains("/content/") && !plan(1).contains("/metadata/"), "{}", plan(1));
}
