//! Packs in one pass: each rule finds what it finds alone and what the evaluator finds, whatever the partitions, batches and memory are.

use std::collections::{BTreeMap, BTreeSet};

use skywatch::engine::{Engine, Limits, PassCost, Period, RunOutcome};
use skywatch::eval::alert::finish;
use skywatch::eval::{Range, Run, Skipped, Value, run};
use skywatch::ir::{Rule, SECOND};
use skywatch::report::json_lines;
use skywatch::source::Span;

use crate::archive::{engine, sample, sampled, write};
use crate::support::choices::Choices;
use crate::support::every_type::{START, fields};
use crate::support::random::{self, Fields};
use crate::support::{cases, seeded};
use crate::{DAY, RANGES};

const LIMITS: [Limits; 3] = [
    Limits { memory: 256 << 20, partitions: 1, batch: 8_192, rules: 256 },
    Limits { memory: 256 << 20, partitions: 2, batch: 64, rules: 8 },
    Limits { memory: 256 << 20, partitions: 3, batch: 3, rules: 3 },
];

/// A pack of so many random rules.
fn pack(choices: &mut Choices, rules: usize) -> String {
    let rule = |n| {
        let over_time = choices.once_in(3);
        let text = random::rule(choices, &Fields { over_time, ..fields() });
        text.replacen("rule r ", &format!("rule r{n} "), 1)
    };
    (0..rules).map(rule).collect()
}

/// What rules find each by itself.
fn alone(engine: &Engine<'_>, rules: &[Rule], period: Period) -> RunOutcome {
    let mut all = RunOutcome::default();
    for rule in rules {
        let one = engine.run(std::slice::from_ref(rule), "p", period).expect("a run");
        all.alerts.extend(one.alerts);
        all.runs.extend(one.runs);
    }
    finish("p", &mut all.alerts);
    all
}

#[test]
fn random_packs_find_what_their_rules_find_alone() {
    let (mut alerts, mut shared) = (0, 0);
    for number in 0..cases(12) {
        let mut choices = Choices::new(seeded(2_000_000 + number, 4_000));
        let text = pack(&mut choices, 8);
        let resolved = sampled(&text);
        let events = sample(&resolved, number, 150);
        let folder = tempfile::tempdir().expect("a folder");
        events.chunks(events.len() / 2 + 1).for_each(|part| write(folder.path(), &resolved.schema, part));
        let range = *choices.one(&RANGES);
        let period = Period::Between { from: Some(range.from), to: Some(range.to) };
        let mut first = None;
        for limits in LIMITS {
            let engine = engine(folder.path(), &resolved.schema, limits);
            let together = engine.run(&resolved.rules, "p", period).expect("a run");
            shared +=
                together.costs.0.iter().map(|pass| pass.rules.iter().filter(|rule| !rule.again).count()).sum::<usize>();
            let alone = alone(&engine, &resolved.rules, period);
            assert_eq!(together.runs, alone.runs, "{text}{range:?} {limits:?}");
            assert_eq!(json_lines(&together.alerts), json_lines(&alone.alerts), "{text}{range:?} {limits:?}");
            let said = first.get_or_insert_with(|| json_lines(&together.alerts));
            assert_eq!(*said, json_lines(&together.alerts), "{text}{range:?} {limits:?}");
            alerts += together.alerts.len();
        }
        let engine = engine(folder.path(), &resolved.schema, LIMITS[0]);
        let coverage: BTreeMap<String, i64> =
            engine.archive().sources().into_iter().map(|source| (source.source, source.days.0)).collect();
        let stream = &resolved.schema.streams[resolved.rules[0].stream];
        let mut evaluated = Vec::new();
        for rule in &resolved.rules {
            let run = run(rule, stream, &events, &Run { pack: "p", range, coverage: &coverage }).expect("alerts");
            evaluated.extend(run.alerts);
        }
        finish("p", &mut evaluated);
        assert_eq!(first.as_deref(), Some(json_lines(&evaluated).as_str()), "{text}{range:?}");
    }
    assert!(alerts > 100 && shared > 100, "{alerts} alerts, {shared} rules shared a scan");
}

/// What rules share is asked once, and text only where somebody still wants the row.
#[test]
fn a_pass_asks_once_what_rules_share() {
    let text = r#"
        list bad = ["a", "b"]
        rule one   { severity low  from sample  where t1 == "a" and t3 contains "x"  over 1h by t2  let n = count() }
        rule two   { severity low  from sample  where t1 == "a" and t3 matches /x+y/ nocase  over 1h  let n = count() }
        rule three { severity low  from sample  where n1 > 1 or t3 contains "z" }
        rule four  { severity low  from sample  with low = lower(t3)  where t1 in bad and low contains any of ["x", "y"] }
        rule five  { severity low  from sample  over 1h by t1  let n = count()  when n > 1 }
        rule six   { severity low  from sample  each x in xs  where x == "a" and t1 == "a" }
    "#;
    let resolved = sampled(text);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 11, 300));
    let engine = engine(folder.path(), &resolved.schema, LIMITS[1]);
    let period = Period::Between { from: Some(START - DAY), to: Some(START + 30 * DAY) };
    let outcome = engine.run(&resolved.rules, "p", period).expect("a run");
    let [metadata, content] = &outcome.costs.0[..] else { panic!("{:#?}", outcome.costs) };
    assert!(outcome.costs.0.iter().flat_map(|pass| &pass.rules).all(|rule| !rule.again), "{:#?}", outcome.costs);
    let names = |pass: &PassCost| pass.rules.iter().map(|rule| rule.rule.clone()).collect::<BTreeSet<_>>();
    assert_eq!(names(metadata), ["five", "six"].map(str::to_owned).into());
    assert_eq!(names(content), ["four", "one", "three", "two"].map(str::to_owned).into());
    // Of rules on two sources; where a text stands says which one it is.
    let said = |span: Span| text.get(span.range()).unwrap_or_default();
    let shared = |asked: &str| {
        content.shared.iter().find(|one| one.span.is_some_and(|span| said(span) == asked)).map(|one| one.rules)
    };
    assert_eq!(shared("t1 == \"a\""), Some(4), "{content:#?}");
    assert_eq!((shared("n1 > 1"), shared("t1 in bad")), (Some(2), Some(2)), "{content:#?}");
    let texts: Vec<_> = content.texts.iter().map(|one| (said(one.span), one.patterns, one.rules)).collect();
    assert_eq!(texts, [("t3", 3, 6), ("low", 2, 2)]);
    // `three` wants every text; `four` wants those of few rows.
    assert_eq!(content.texts[0].rows, content.rows);
    assert!((1..content.rows).contains(&content.texts[1].rows), "{content:#?}");
    assert!(content.rules.iter().all(|rule| rule.rows < content.rows), "{content:#?}");
    assert_eq!(content.columns, ["source", "time", "event.id", "t1", "t2", "t3", "n1"]);
}

/// A day at a time is read what has no group of two days; whichever way, each rule finds what the evaluator finds.
#[test]
fn days_are_read_apart_where_they_may_be() {
    let text = r#"
        rule apart    { severity low  from sample  over 6h by t1  let n = count(), a = avg(n1)  when n > 1 }
        rule a_day    { severity low  from sample  over 1d by t1  let n = count() }
        rule unseen   { severity low  from sample  over 6h by t1, t2, n1  when unseen(1d) }
        rule together { severity low  from sample  over 2d by t1  let n = count() }
        rule hopping  { severity low  from sample  over 1h every 30m by t1  let n = count() }
        rule events   { severity low  from sample  where n1 > 3 }
    "#;
    let resolved = sampled(text);
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = sample(&resolved, 17, 3_000);
    let time = resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")].time().index();
    for (n, event) in (0_i64..).zip(&mut events) {
        event.fields[time] = Value::Time(START + n * 7_919 * SECOND % (9 * DAY));
    }
    write(folder.path(), &resolved.schema, &events);
    let engine = engine(folder.path(), &resolved.schema, LIMITS[1]);
    let period = Period::Between { from: Some(START + 4 * DAY), to: Some(START + 9 * DAY) };
    for rule in &resolved.rules {
        let plan = engine.explain(rule, &resolved.schema.sources[0], period).expect("a plan");
        let apart = ["apart", "a_day", "unseen"].contains(&rule.name.as_str());
        assert_eq!(plan.contains("mode=Single"), apart, "{plan}");
    }
    let coverage = engine.archive().sources().into_iter().map(|source| (source.source, source.days.0)).collect();
    let judged = Run { pack: "p", range: Range { from: START + 4 * DAY, to: START + 9 * DAY }, coverage: &coverage };
    let stream = &resolved.schema.streams[resolved.schema.stream("sample").expect("the stream")];
    let found = [engine.run(&resolved.rules, "p", period).expect("a run"), alone(&engine, &resolved.rules, period)];
    for rule in &resolved.rules {
        let expected = run(rule, stream, &events, &judged).expect("a run").alerts;
        assert!(expected.len() > 3, "{}", rule.name);
        for outcome in &found {
            let of_rule: Vec<_> = outcome.alerts.iter().filter(|alert| alert.rule == rule.name).cloned().collect();
            assert_eq!(json_lines(&of_rule), json_lines(&expected), "{}", rule.name);
        }
    }
}

/// What asks a text alone is asked once a value, and what all rules ask while files are read.
#[test]
fn values_and_files_are_asked_before_rows() {
    let tests = [
        "t1 == \"a\"",
        "t1 != \"b\"",
        "t1 is missing",
        "length(t1) > 1 or t1 in [\"a\", \"c\"]",
        "t1 contains \"a\" nocase",
        "not (t1 matches /^[bc]/)",
        "hash(t1) starts with any of [\"a\", \"3\", \"c\"]",
    ];
    let rule = |(n, test): (usize, &&str)| {
        format!("rule r{n} {{ severity low  from sample  where n1 > 0 and ({test})  over 1h  let n = count() }}\n")
    };
    let text: String = tests.iter().enumerate().map(rule).collect();
    let resolved = sampled(&text);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &sample(&resolved, 13, 600));
    let engine = engine(folder.path(), &resolved.schema, LIMITS[0]);
    let period = Period::Between { from: Some(START - DAY), to: Some(START + 30 * DAY) };
    let together = engine.run(&resolved.rules, "p", period).expect("a run");
    let alone = alone(&engine, &resolved.rules, period);
    assert_eq!(json_lines(&together.alerts), json_lines(&alone.alerts));
    assert_eq!(together.runs, alone.runs);
    let by_rule: BTreeSet<&str> = together.alerts.iter().map(|alert| alert.rule.as_str()).collect();
    assert!(by_rule.len() >= 5, "{by_rule:?}");
    for pass in &together.costs.0 {
        let pushed: Vec<_> = pass.pushed.iter().filter_map(|span| text.get(span.range())).collect();
        assert_eq!(pushed, ["n1 > 0"]);
        assert!(pass.shared.iter().all(|one| one.span.and_then(|span| text.get(span.range())) != Some("n1 > 0")));
    }
}

/// A pass that runs out of memory costs time and no alert.
#[test]
fn a_rule_that_fails_in_a_pass_runs_again() {
    let wide = |n: usize| {
        format!(
            "rule w{n} {{ severity low  from sample  over 1d by t1, t2  let k = distinct(event.id), n = {n} + count()  when n > {n} }}\n"
        )
    };
    let resolved = sampled(&(0..40).map(wide).collect::<String>());
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = sample(&resolved, 12, 2_000);
    let stream = &resolved.schema.streams[resolved.rules[0].stream];
    let (t1, id) = (stream.field("t1").expect("a field").index(), stream.event_id().index());
    for (number, event) in events.iter_mut().enumerate() {
        event.fields[t1] = Value::text(&format!("{number:0>300}"));
        event.fields[id] = Value::text(&number.to_string());
    }
    write(folder.path(), &resolved.schema, &events);
    let run = |memory| {
        let engine = engine(
            folder.path(),
            &resolved.schema,
            Limits { memory, partitions: 2, batch: 1_024, ..Limits::default() },
        );
        engine.run(&resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run")
    };
    let whole = run(1 << 30);
    let tight = run(24 << 20);
    assert!(whole.runs.iter().all(|run| !matches!(run.skipped, Some(Skipped::Failed(_)))), "{:?}", whole.runs);
    assert!(whole.alerts.len() > 1_000, "{}", whole.alerts.len());
    assert_eq!(whole.runs, tight.runs);
    assert!(whole.alerts == tight.alerts);
    let again =
        |outcome: &RunOutcome| outcome.costs.0.iter().flat_map(|pass| &pass.rules).filter(|rule| rule.again).count();
    assert!(again(&whole) == 0 && again(&tight) > 0, "{} and {}", again(&whole), again(&tight));
}
