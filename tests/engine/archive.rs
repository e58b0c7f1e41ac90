//! Archives: what is written is read back, names come from content, and rules over files alert as they do over the same events in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use skywatch::archive::{Archive, Arrived, Claim, ContentKey, DigestKey, Keep, KeyPlace, append, verify};
use skywatch::diag::Code;
use skywatch::engine::{Engine, Limits, Period, RunOutcome, Skipped};
use skywatch::eval::alert::finish;
use skywatch::eval::{Event, Range, Run, Value, run};
use skywatch::ir::{Expr, ExprKind, Level, OnlySource, REDACTED, Rule, Source, Stream, Tier, Type};
use skywatch::resolve::Resolved;
use skywatch::schema::{BUILTIN, Schema};
use skywatch::source::Span;

use crate::support::choices::Choices;
use crate::support::every_type::{START, STREAM, events, fields};
use crate::support::random::Fields;
use crate::support::{cases, random, resolved_on, seeded};
use crate::{DAY, HOUR, RANGES};

const SOURCES: [&str; 2] = ["aws.a", "gcp.b"];

/// The made-up stream with two sources that carry every field, and the rules of a text.
pub(crate) fn sampled(rules: &str) -> Resolved {
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
pub(crate) fn sample(resolved: &Resolved, seed: u32, most: usize) -> Vec<Event> {
    let stream = &resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")];
    let mut choices = Choices::new(seeded(seed, 60_000));
    let mut events = events(&mut choices, stream, most);
    // No log gives the counts of redaction.
    let counts = stream.field(REDACTED).expect("every stream has them").index();
    for event in &mut events {
        event.source = (*choices.one(&SOURCES)).into();
        event.fields[counts] = Value::Missing;
    }
    events
}

/// A key in a file of its owner's.
fn place(name: &str) -> KeyPlace {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let path = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder")).path().join(name);
    let key = format!("{:0>64}", name.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")));
    if !path.exists() {
        fs::write(&path, key).expect("a key");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its owner's");
    }
    KeyPlace::File(path)
}

fn key() -> Option<ContentKey> {
    Some(ContentKey::read(&place("content")).expect("a key"))
}

pub(crate) fn keep() -> Keep {
    Keep { content: key(), digest: Some(DigestKey::read(&place("digest")).expect("a key")), networks: None }
}

pub(crate) fn write(root: &Path, schema: &Schema, events: &[Event]) {
    write_as(root, schema, events, &keep());
}

pub(crate) fn write_as(root: &Path, schema: &Schema, events: &[Event], keep: &Keep) {
    let stream = &schema.streams[schema.stream("sample").expect("the stream")];
    let mut claim = Claim::take(root).expect("an archive");
    let events = events.iter().map(|event| Arrived { event: event.clone(), at: START + DAY }).collect();
    append(&mut claim, &schema.sources.iter().collect::<Vec<_>>(), stream, keep, events)
        .expect("the files get their names");
}

pub(crate) fn opened(root: &Path, schema: &Schema) -> Archive {
    Archive::open(root, schema, key()).expect("an archive")
}

pub(crate) fn engine<'s>(root: &Path, schema: &'s Schema, limits: Limits) -> Engine<'s> {
    Engine::open(opened(root, schema), schema, limits).expect("an engine")
}

/// The Parquet files of a tier.
pub(crate) fn of_tier(root: &Path, tier: &str) -> Vec<PathBuf> {
    let part = format!("/{tier}/");
    files(root).into_iter().filter(|path| path.display().to_string().contains(&part)).collect()
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
    let archive = opened(folder.path(), schema);
    let read = archive.events(index, &schema.streams[index]).expect("events");
    let time = schema.streams[index].time().index();
    let day = |event: &Event| event.fields[time].as_time().expect("a time").div_euclid(DAY);
    assert!(read.is_sorted_by_key(|event| (day(event), event.source.clone(), event.fields[time].as_time())));
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
    let contents = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let inside =
            |path: PathBuf| (path.strip_prefix(root).expect("inside").to_owned(), fs::read(&path).expect("a file"));
        of_tier(root, "metadata").into_iter().map(inside).collect()
    };
    assert!(contents(one.path()) == contents(other.path()), "{:?} {:?}", files(one.path()), files(other.path()));
    // Of each file of metadata one of content, which has its data key.
    let count = |what: &str| of_tier(one.path(), what).len();
    assert!(count("metadata") > 2 && count("metadata") == count("content") && count("content") == count("keys"));
}

#[test]
fn text_of_users_is_in_the_content_tier_only_and_encrypted() {
    let resolved = sampled("");
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = sample(&resolved, 3, 20);
    let index = resolved.schema.stream("sample").expect("the stream");
    let stream = &resolved.schema.streams[index];
    let content = stream.field("t3").expect("the content field").index();
    events.iter_mut().for_each(|event| event.fields[content] = Value::text("a secret prompt"));
    write(folder.path(), &resolved.schema, &events);
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        bytes.windows(15).any(|window| window == b"a secret prompt")
    };
    assert!(!files(folder.path()).iter().any(holds));
    let texts = |archive: &Archive| -> Vec<Value> {
        let events = archive.events(index, stream).expect("events");
        events.into_iter().map(|event| event.fields[content].clone()).collect()
    };
    assert!(
        texts(&opened(folder.path(), &resolved.schema)).iter().all(|text| text.as_text() == Some("a secret prompt"))
    );
    let without = Archive::open(folder.path(), &resolved.schema, None).expect("an archive");
    assert!(texts(&without).iter().all(|text| *text == Value::Missing));
    let other = ContentKey::read(&place("other")).expect("a key");
    let other = Archive::open(folder.path(), &resolved.schema, Some(other)).expect("an archive");
    assert_eq!(other.events(index, stream).expect_err("another key").code, Code::ArchiveKey);
}

/// A field may come to be text of users, as a schema changes: files of before that have it in clear are a flaw.
#[test]
fn text_of_users_in_the_metadata_tier_is_a_flaw() {
    let resolved = sampled("");
    let mut before = resolved.schema.clone();
    let index = before.stream("sample").expect("the stream");
    let field = before.streams[index].fields.iter_mut().find(|field| field.name == "t3").expect("the field");
    assert_eq!(field.tier, Tier::Content);
    field.tier = Tier::Metadata;
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), &before, &sample(&resolved, 8, 20));
    assert_eq!(verify(root.path(), &before, None).expect("a manifest").flaws, []);
    let flaws = verify(root.path(), &resolved.schema, None).expect("a manifest").flaws;
    assert_eq!(flaws.len(), of_tier(root.path(), "metadata").len(), "{flaws:?}");
    assert!(flaws.iter().all(|flaw| flaw.what == "the metadata tier has text of users: `t3`"), "{flaws:?}");
}

#[test]
fn rules_over_files_alert_as_over_events_in_memory() {
    let resolved = sampled("");
    let index = resolved.schema.stream("sample").expect("the stream");
    let folder = tempfile::tempdir().expect("a folder");
    let events = sample(&resolved, 4, 400);
    // Three runs of ingest: files overlap in time.
    events.chunks(events.len() / 3 + 1).for_each(|part| write(folder.path(), &resolved.schema, part));
    let limits = Limits { memory: 256 << 20, partitions: 2, batch: 64 };
    let engine = engine(folder.path(), &resolved.schema, limits);
    let stream = &resolved.schema.streams[index];
    let alerts = random_rules_agree(&engine, stream, &events, &fields(), 1_000_000, |_| true);
    assert!(alerts > 100, "too few alerts to compare anything: {alerts}");
}

/// Random rules over an archive give the alerts of the evaluator over events, as long as they are ones to be asked; gives how many alerts.
pub(crate) fn random_rules_agree(
    engine: &Engine<'_>,
    stream: &Stream,
    events: &[Event],
    fields: &Fields,
    seed: u32,
    asked: impl Fn(&str) -> bool,
) -> usize {
    let coverage: BTreeMap<String, i64> =
        engine.archive().sources().into_iter().map(|source| (source.source, source.days.0)).collect();
    let mut alerts = 0;
    for number in 0..cases(60) {
        let mut choices = Choices::new(seeded(seed + number, 400));
        let text = random::rule(&mut choices, fields);
        let range = *choices.one(&RANGES);
        if !asked(&text) {
            continue;
        }
        let rules = sampled(&text).rules;
        let expected = run(&rules[0], stream, events, &Run { pack: "p", range, coverage: &coverage }).expect("alerts");
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
    alerts
}

#[test]
fn adjoining_runs_report_each_alert_once() {
    let resolved = sampled("rule r { severity low from sample over 2h every 1h by t1 let n = count() }");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 5, 200));
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
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
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
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
        let engine = engine(folder.path(), &resolved.schema, limits);
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
fn what_is_wrong_with_an_archive_is_named() {
    let resolved = sampled("");
    let schema = &resolved.schema;
    let message = |root: &Path| {
        let error = Archive::open(root, schema, key()).expect_err("an error");
        assert_eq!(error.code, Code::BadArchive);
        assert!(error.help.is_some());
        error.message
    };
    let folder = tempfile::tempdir().expect("a folder");
    assert!(message(&folder.path().join("none")).starts_with("no archive at"));
    assert!(message(folder.path()).starts_with("no archive at"));
    write(folder.path(), schema, &sample(&resolved, 8, 50));
    let metadata = of_tier(folder.path(), "metadata").remove(0);
    // What no manifest names is not there: of a run that was cut off, or of anyone.
    fs::write(metadata.with_file_name(".1-0.tmp"), b"half").expect("a file");
    fs::copy(&metadata, metadata.with_file_name("part-0.parquet")).expect("a copy");
    assert!(Archive::open(folder.path(), schema, key()).is_ok());

    let bytes = fs::read(&metadata).expect("a file");
    for cut in [0, 20, bytes.len() - 3] {
        fs::write(&metadata, &bytes[..cut]).expect("a file");
        assert!(message(folder.path()).contains("is damaged: it has"), "{cut}: {}", message(folder.path()));
    }
    fs::write(&metadata, &bytes).expect("a file");
    let content = of_tier(folder.path(), "content").remove(0);
    fs::rename(&content, content.with_extension("away")).expect("it goes");
    assert!(message(folder.path()).ends_with("is missing"), "{}", message(folder.path()));
    fs::rename(content.with_extension("away"), &content).expect("it comes back");

    // The manifest is a chain.
    write(folder.path(), schema, &sample(&resolved, 9, 5));
    let entry = of_tier(folder.path(), "manifest").remove(0);
    let text = fs::read_to_string(&entry).expect("an entry");
    fs::write(&entry, text.replace("\"rows\":", "\"rows\": ")).expect("an entry");
    assert!(message(folder.path()).contains("does not follow"), "{}", message(folder.path()));
    fs::write(&entry, &text[..text.len() / 2]).expect("an entry");
    assert!(message(folder.path()).contains("is damaged"), "{}", message(folder.path()));
    fs::write(&entry, text.replacen(":2,", ":3,", 1)).expect("an entry");
    assert!(message(folder.path()).contains("newer version"), "{}", message(folder.path()));
    fs::write(&entry, text.replacen("sample/metadata", "../metadata", 1)).expect("an entry");
    assert!(message(folder.path()).contains("can't be of this archive"), "{}", message(folder.path()));
    fs::write(&entry, &text).expect("an entry");

    let mut changed = schema.clone();
    let stream = changed.stream("sample").expect("the stream");
    let n1 = changed.streams[stream].field("n1").expect("a field").index();
    changed.streams[stream].fields[n1].ty = Type::Text;
    let error = Archive::open(folder.path(), &changed, key()).expect_err("an error");
    assert!(error.message.contains("has `n1` as int, but the stream declares it as text"), "{}", error.message);
}

#[test]
fn one_process_writes_and_readers_go_on() {
    let resolved = sampled("");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 8, 50));
    let claim = Claim::take(folder.path()).expect("the claim");
    let second = Claim::take(folder.path()).expect_err("it is taken");
    assert!(second.message.contains("another process is writing"), "{}", second.message);
    assert!(Archive::open(folder.path(), &resolved.schema, None).is_ok());
    drop(claim);
    assert!(Claim::take(folder.path()).is_ok());
}

/// Of what was archived before a source gave a field, nobody knows what it was: a rule that reads it is undecided there.
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
fn a_field_that_came_later_is_undecided_before() {
    let resolved = sampled("");
    let schema = &resolved.schema;
    let stream = schema.stream("sample").expect("the stream");
    let n1 = schema.streams[stream].field("n1").expect("a field").index();
    let mut grown = schema.clone();
    let mut field = grown.streams[stream].fields[n1].clone();
    "later".clone_into(&mut field.name);
    grown.streams[stream].fields.push(field);
    for source in &mut grown.sources {
        source.fields.push(source.fields[n1].clone());
        source.absent.push(None);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let events = sample(&resolved, 8, 50);
    write(folder.path(), schema, &events);
    let archive = opened(folder.path(), &grown);
    let read = archive.events(stream, &grown.streams[stream]).expect("events");
    assert!(read.iter().all(|event| event.fields.last() == Some(&Value::Missing)));
    let grown_rule = |text: &str| -> Vec<Rule> {
        let mut rules = sampled(text).rules;
        let later = grown.streams[stream].field("later").expect("a field");
        for pred in &mut rules[0].filter {
            *pred = pred.clone().rewrite(&mut To(later));
        }
        rules
    };
    let run = |text| {
        let engine = engine(folder.path(), &grown, Limits::default());
        engine.run(&grown_rule(text), "p", Period::Between { from: None, to: None }).expect("a run")
    };
    let missing = "rule r { severity low from sample where n1 is missing }";
    let before = run(missing);
    assert!(before.alerts.is_empty());
    for run in &before.runs {
        let Some(Skipped::Absent(why)) = &run.skipped else { panic!("{run:?}") };
        assert!(why[0].message.contains("does not hold `later` of"), "{}", why[0].message);
    }
    // Days that have it are judged, the others are named.
    let time = schema.streams[stream].time().index();
    let later: Vec<Event> = events
        .iter()
        .take(10)
        .map(|event| {
            let mut event = event.clone();
            event.fields.push(Value::Missing);
            event.fields[time] = Value::Time(START + 40 * DAY);
            event
        })
        .collect();
    write(folder.path(), &grown, &later);
    let after = run(missing);
    assert_eq!(after.alerts.len(), later.len());
    let days: BTreeSet<i64> = after.runs.iter().flat_map(|run| run.undecided.keys().copied()).collect();
    let expected: BTreeSet<i64> =
        events.iter().map(|event| event.fields[time].as_time().expect("a time").div_euclid(DAY)).collect();
    assert_eq!(days, expected);
    assert!(after.runs.iter().all(|run| run.undecided.values().all(|field| field == "later")));
}

#[test]
fn a_content_rule_says_why_it_does_not_run() {
    let resolved = sampled(
        "rule r { severity low from sample where t3 is present } rule s { severity low from sample where t1 is present show t3 }",
    );
    let events = sample(&resolved, 12, 60);
    let said = |keep: &Keep, key: Option<ContentKey>| {
        let folder = tempfile::tempdir().expect("a folder");
        write_as(folder.path(), &resolved.schema, &events, keep);
        let archive = Archive::open(folder.path(), &resolved.schema, key).expect("an archive");
        let engine = Engine::open(archive, &resolved.schema, Limits::default()).expect("an engine");
        let found = engine.run(&resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run");
        let (of_r, of_s): (Vec<_>, Vec<_>) = found.runs.into_iter().partition(|run| run.rule == "r");
        // What only shows it is judged, and shows less.
        assert!(of_s.iter().all(|run| run.skipped.is_none()), "{of_s:?}");
        assert!(found.alerts.iter().any(|alert| alert.rule == "s"));
        of_r.into_iter()
            .map(|run| match run.skipped {
                Some(Skipped::Absent(why)) => {
                    format!("{}: {}", why[0].code.as_str(), why[0].help.clone().unwrap_or_default())
                }
                other => format!("{other:?}"),
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(
        said(&Keep::default(), key()),
        "E0506: text of users was not kept: read the logs again with `--content`"
    );
    assert_eq!(said(&keep(), None), "E0506: text of users is encrypted there: give its key with `--content-key`");
    assert_eq!(said(&keep(), key()), "None");
}

/// An empty range has nothing to judge, and says so.
#[test]
fn a_period_has_a_start_before_its_end() {
    let resolved = sampled("rule r { severity low from sample }");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 9, 5));
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
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
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
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
