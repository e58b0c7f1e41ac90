//! Rules over archives: they alert as over the same events in memory, within bounds, and say why they do not run.

use std::collections::{BTreeMap, BTreeSet};

use skywatch::archive::{Archive, ContentKey, Keep};
use skywatch::diag::Code;
use skywatch::engine::{Engine, Limits, Period, RunOutcome};
use skywatch::eval::alert::finish;
use skywatch::eval::{Event, Range, Run, Skipped, Value, run};
use skywatch::ir::{Expr, ExprKind, Level, OnlySource, Rule, Stream};

use crate::archive::{SOURCES, engine, keep, key, opened, sample, sampled, write, write_as};
use crate::support::choices::Choices;
use crate::support::every_type::{START, fields};
use crate::support::random::Fields;
use crate::support::{cases, random, seeded};
use crate::{DAY, HOUR, RANGES};

#[test]
fn rules_over_files_alert_as_over_events_in_memory() {
    let resolved = sampled("");
    let index = resolved.schema.stream("sample").expect("the stream");
    let folder = tempfile::tempdir().expect("a folder");
    let events = sample(&resolved, 4, 400);
    // Three runs of ingest: files overlap in time.
    events.chunks(events.len() / 3 + 1).for_each(|part| write(folder.path(), &resolved.schema, part));
    let limits = Limits { memory: 256 << 20, partitions: 2, batch: 64, ..Limits::default() };
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
        let limits = Limits { memory, partitions: 2, batch: 1_024, ..Limits::default() };
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

/// Of what was archived before a source gave a field, nobody knows what it was: a rule that reads it is undecided there.
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
    // Time and `where` go down to the files, with statistics; nothing is left above them. That files are of one source they say themselves.
    let scan = counts.lines().find(|line| line.contains("DataSourceExec")).expect("a scan");
    for part in ["predicate=time@", " t1@", " n1@", "pruning_predicate=", "projection=[time, t1, t2, n1]"] {
        assert!(scan.contains(part), "no {part}: {scan}");
    }
    assert!(plan(1).contains("/content/") && !plan(1).contains("/metadata/"), "{}", plan(1));
}
