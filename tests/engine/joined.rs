//! Borrowed fields: over an archive that holds both logs the engine gives what the evaluator gives, whatever lies between the two events.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use skywatch::archive::{Archive, Arrived, Claim, append};
use skywatch::engine::{Engine, Limits, Period};
use skywatch::eval::borrow::{Logs, borrowed};
use skywatch::eval::{Alert, Event, Range, Run, Value, run};
use skywatch::ir::{Join, Lent, Rule, Source, Stream};
use skywatch::report::json_lines;
use skywatch::resolve::Resolved;
use skywatch::schema::Schema;
use skywatch::state::{Memory, Span as Judged, State, advance};

use crate::archive::{keep, key, sample, sampled};
use crate::support::choices::Choices;
use crate::support::conformance::{conformance_cases, conformance_files, differences};
use crate::support::every_type::{START, fields};
use crate::support::random::{self, Fields};
use crate::support::{cases, seeded};
use crate::{DAY, HOUR, RANGES};

/// Another stream, whose log lends too.
const LENDING: &str = "stream lending { t1 : text  n2 : int }\n";
const LENDER: &str = "azure.c";
const MINUTE: i64 = 60_000_000;

/// The made-up stream, whose first source borrows of the second one and of one of another stream.
fn joining(rules: &str, within: i64) -> Resolved {
    let mut resolved = sampled(&format!("{LENDING}{rules}"));
    let schema = &mut resolved.schema;
    let (sample, lending) = (schema.stream("sample").expect("a stream"), schema.stream("lending").expect("a stream"));
    let field = |stream: usize, name: &str| schema.streams[stream].field(name).expect("a field");
    let join = |lender: &str, stream: usize, names: &[&str], within: i64| Join {
        lender: lender.to_owned(),
        stream,
        on: field(sample, "t1"),
        lender_on: field(stream, "t1"),
        within,
        fields: names.iter().map(|name| Lent { field: field(sample, name), lender: field(stream, name) }).collect(),
        span: Default::default(),
    };
    let joins = vec![join("gcp.b", sample, &["ip1", "t2"], within), join(LENDER, lending, &["n2"], within / 2 + 1)];
    let mut other = Source { name: LENDER.to_owned(), stream: lending, ..schema.sources[0].clone() };
    other.fields.truncate(schema.streams[lending].fields.len());
    other.absent.truncate(schema.streams[lending].fields.len());
    let lent: BTreeSet<usize> = joins.iter().flat_map(|join| &join.fields).map(|lent| lent.field.index()).collect();
    let borrowing = &mut schema.sources[0];
    borrowing.joins = joins;
    for (n, field) in borrowing.fields.iter_mut().enumerate() {
        *field = field.take().filter(|_| !lent.contains(&n));
    }
    schema.sources.push(other);
    resolved
}

/// Random events of all three sources, as their own records have them: many at one time, some of one id or of none.
fn logs(resolved: &Resolved, seed: u32, most: usize) -> Logs {
    let schema = &resolved.schema;
    let (index, lending) = (schema.stream("sample").expect("a stream"), schema.stream("lending").expect("a stream"));
    let stream = &schema.streams[index];
    let mut choices = Choices::new(seeded(seed ^ 0x55, 4_000));
    let mut events = sample(resolved, seed, most);
    let own = schema.sources[0].joins.iter().flat_map(|join| &join.fields).collect::<Vec<_>>();
    for event in &mut events {
        if *event.source == *schema.sources[0].name {
            own.iter().for_each(|lent| event.fields[lent.field.index()] = Value::Missing);
        } else if choices.once_in(3) {
            event.fields[stream.event_id().index()] = Value::text(["", "e1", "e2"][choices.below(3)]);
        }
    }
    // Those of the other stream are some of these again.
    let names: Vec<_> = schema.streams[lending].fields.iter().map(|field| stream.field(&field.name)).collect();
    let again = sample(resolved, seed ^ 0xaa, most).into_iter().map(|event| Event {
        source: LENDER.into(),
        fields: names.iter().map(|name| name.map_or(Value::Missing, |id| event.fields[id.index()].clone())).collect(),
    });
    Logs::from([(index, events), (lending, again.collect())])
}

fn write(root: &Path, schema: &Schema, logs: &Logs) {
    let mut claim = Claim::take(root).expect("an archive");
    for (index, events) in logs.iter().filter(|(_, events)| !events.is_empty()) {
        let sources: Vec<&Source> = schema.sources.iter().filter(|source| source.stream == *index).collect();
        let events = events.iter().map(|event| Arrived { event: event.clone(), at: START + DAY }).collect();
        append(&mut claim, &sources, &schema.streams[*index], &keep(), events).expect("the files get their names");
    }
}

fn engine<'s>(root: &Path, schema: &'s Schema, limits: Limits) -> Engine<'s> {
    Engine::open(Archive::open(root, schema, key()).expect("an archive"), schema, limits).expect("an engine")
}

/// What the evaluator finds over the logs, where the archive begins with the first day of each.
fn expected(resolved: &Resolved, logs: &Logs, archive: &Archive, range: Range) -> Vec<Alert> {
    let rule = &resolved.rules[0];
    let events = borrowed(&resolved.schema, rule.stream, logs);
    let of_stream = |name: &str| resolved.schema.source(name).is_some_and(|source| source.stream == rule.stream);
    let sources = archive.sources().into_iter().filter(|source| of_stream(&source.source));
    let coverage: BTreeMap<String, i64> = sources.map(|source| (source.source, source.days.0)).collect();
    let under = Run { pack: "p", range, coverage: &coverage };
    run(rule, &resolved.schema.streams[rule.stream], &events, &under).expect("alerts").alerts
}

fn reads_borrowed(resolved: &Resolved) -> bool {
    let rule = &resolved.rules[0];
    !resolved.schema.sources[0].joins_read(rule, &resolved.schema.streams[rule.stream]).is_empty()
}

#[test]
fn random_rules_over_random_logs() {
    let limits = [(1, 8_192), (2, 3)].map(|(partitions, batch)| Limits { partitions, batch, ..Limits::default() });
    let (mut reading, mut alerting, mut borrowing) = (0, 0, 0);
    for seed in 0..cases(250) {
        let mut choices = Choices::new(seeded(seed, 4_000));
        let over_time = choices.once_in(2);
        // Mostly of what is borrowed.
        let only = |names: &[&str]| random::names(names);
        let borrowed_only = Fields { text: only(&["t2", "t1"]), int: only(&["n2"]), ip: only(&["ip1"]), ..fields() };
        let read = Fields { over_time, ..borrowed_only };
        let text = match choices.below(4) {
            0 => random::rule(&mut choices, &read),
            1 => {
                let keys = "over 1h by t2 default \"-\"  let ips = values(ip1, 3), n = count(), most = max(n2)";
                format!(
                    "rule r {{ severity low  from sample  where {}  {keys} }}",
                    random::predicate(&mut choices, &read)
                )
            }
            2 => {
                let across = "over 2h every 1h by ip1 across sources  let n = sum(n2), texts = values(t2, 3)";
                format!("rule r {{ severity low  from sample  where t1 != \"b\"  {across} }}")
            }
            _ => {
                let of_each = "rule r { severity low  from sample";
                format!("{of_each}  where {}  show t1, t2, n2, ip1 }}", random::predicate(&mut choices, &read))
            }
        };
        let resolved = joining(&text, *choices.one(&[MINUTE, 1, HOUR, DAY]));
        let mut logs = logs(&resolved, seed, 40);
        if choices.once_in(8) {
            // A log that is not in the archive.
            logs.remove(&resolved.schema.stream("lending").expect("a stream"));
        }
        let range = RANGES[choices.below(RANGES.len())];
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), &resolved.schema, &logs);
        let engine = engine(folder.path(), &resolved.schema, limits[seed as usize % 2]);
        let period = Period::Between { from: Some(range.from), to: Some(range.to) };
        let outcome = engine.run(&resolved.rules[..1], "p", period).expect("a run");
        let failed: Vec<_> = outcome.runs.iter().filter_map(|run| run.skipped.clone()).collect();
        let expected = expected(&resolved, &logs, engine.archive(), range);
        let lines = |alerts: &[Alert]| json_lines(alerts).lines().map(str::to_owned).collect::<Vec<_>>();
        let (found, wanted) = (lines(&outcome.alerts), lines(&expected));
        let only =
            |one: &[String], other: &[String]| one.iter().filter(|l| !other.contains(l)).cloned().collect::<Vec<_>>();
        let (more, lost) = (only(&found, &wanted), only(&wanted, &found));
        assert!(found == wanted, "case {seed} {failed:?}\n{text}\n{range:?}\nmore {more:#?}\nlost {lost:#?}");
        reading += usize::from(reads_borrowed(&resolved));
        alerting += usize::from(!expected.is_empty() && reads_borrowed(&resolved));
        // What would be found if nobody lent anything.
        let alone = Logs::from([(resolved.rules[0].stream, logs[&resolved.rules[0].stream].clone())]);
        let mut nobody = resolved.clone();
        nobody.schema.sources[0].joins.clear();
        borrowing += usize::from(self::expected(&nobody, &alone, engine.archive(), range) != expected);
    }
    println!("{reading} rules read what is borrowed, {alerting} of them alert, {borrowing} otherwise without");
    assert!(borrowing * 8 > cases(250) as usize, "too few rules hang on what is borrowed: {borrowing}");
}

/// The cases by hand, from an archive.
#[test]
fn conformance_cases_from_an_archive() {
    let (_, pack) = conformance_files().iter().find(|(file, _)| file == "joins.sky").expect("the cases");
    let mut count = 0;
    for case in conformance_cases(pack) {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), &pack.resolved.schema, &case.logs);
        let engine = engine(folder.path(), &pack.resolved.schema, Limits::default());
        let period = Period::Between { from: Some(case.range.from), to: Some(case.range.to) };
        let mut found = engine.run(std::slice::from_ref(case.rule), &pack.id, period).expect("a run");
        // A test knows of no first day.
        found.alerts.iter_mut().for_each(|alert| alert.partial = false);
        let outcome = skywatch::eval::Outcome { alerts: found.alerts, ..Default::default() };
        let problems = differences(pack, &case, &outcome);
        assert!(problems.is_empty(), "{}: {}: {problems:?}", case.rule.name, case.test.title);
        count += 1;
    }
    assert!(count >= 12, "{count} cases");
}

/// Runs over a log that grows, one after the other, find what one finds over all of it: what is judged waits for who lends.
#[test]
fn many_runs_find_what_one_finds() {
    let mut alerts = 0;
    for seed in 0..cases(12) {
        let mut choices = Choices::new(seeded(seed, 4_000));
        let text = "
            rule r { severity low  from sample  where ip1 is present or t2 is present or n2 > 0  show ip1, t2, n2 }
            rule w { severity low  from sample  over 1h every 30m by t2 default \"-\"  let n = count(), ips = distinct(ip1) }
            rule u { severity low  from sample  over 1h by t2 across sources  let n = sum(n2)  when unseen(1d) }
        ";
        let resolved = joining(text, *choices.one(&[HOUR, DAY, MINUTE]));
        let logs = logs(&resolved, seed, 60);
        let (archive, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let time = |index: &usize, event: &Event| {
            let stream: &Stream = &resolved.schema.streams[*index];
            event.fields[stream.time().index()].as_time().expect("a time")
        };
        let (mut from, end) = (START - DAY, START + 30 * DAY);
        while from < end {
            let step = *choices.one(&[HOUR / 2 + 1, HOUR, 5 * HOUR, DAY, 3 * DAY]);
            let to = if from > START + 9 * DAY { end } else { from + step };
            let some = logs.iter().map(|(index, events)| {
                let inside = events.iter().filter(|event| (from..to).contains(&time(index, event)));
                (*index, inside.cloned().collect())
            });
            let some: Logs = some.collect();
            from = to;
            if some.values().all(Vec::is_empty) && !archive.path().join("manifest").exists() {
                continue;
            }
            write(archive.path(), &resolved.schema, &some);
            let engine = engine(archive.path(), &resolved.schema, Limits::default());
            let mut state = State::open(folder.path()).expect("the state");
            let span = Judged { from: Some(START - 2 * DAY), to: Some(to), now: to, lateness: None };
            let memory: Memory = state.of("p", &engine).expect("of this archive");
            let advanced = advance(&engine, &resolved, "p", memory, span);
            assert_eq!(advanced.late, BTreeMap::new(), "nothing comes late");
            state.commit("p", advanced.memory, &json_lines(&advanced.outcome.alerts)).expect("room");
        }
        let engine = engine(archive.path(), &resolved.schema, Limits::default());
        let period = Period::Between { from: Some(START - 2 * DAY), to: Some(end) };
        let once = told(&json_lines(&engine.run(&resolved.rules, "p", period).expect("a run").alerts));
        let log = told(&fs::read_to_string(folder.path().join("alerts.jsonl")).expect("the log"));
        let (lost, more): (Vec<_>, Vec<_>) = (once.difference(&log).collect(), log.difference(&once).collect());
        assert!(lost.is_empty() && more.is_empty(), "seed {seed}: in one run only {lost:#?}, in many only {more:#?}");
        alerts += once.len();
    }
    assert!(alerts > 100, "{alerts} alerts");
}

/// Alerts without how long they stayed open, and whether the archive began behind them when they were found.
fn told(lines: &str) -> BTreeSet<String> {
    let line = |line: &str| {
        let mut alert: serde_json::Value = serde_json::from_str(line).expect("an alert a line");
        let members = alert.as_object_mut().expect("an object");
        members.remove("until");
        members.remove("partial");
        alert.to_string()
    };
    lines.lines().map(line).collect()
}

/// A rule that reads nothing borrowed reads no other log.
#[test]
fn only_rules_that_borrow_are_joined() {
    let text = "rule r { severity low  from sample  where t2 == \"a\" } rule s { severity low  from sample  where t1 == \"a\" }";
    let resolved = joining(text, HOUR);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &logs(&resolved, 1, 40));
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
    let period = Period::Between { from: None, to: None };
    let joined = |rule: &Rule, source: usize| {
        let plan = engine.explain(rule, &resolved.schema.sources[source], period).expect("a plan");
        plan.contains("HashJoinExec")
    };
    let found = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(rule, source)| joined(&resolved.rules[rule], source));
    assert_eq!(found, [true, false, false, false]);
}

/// What does not fit into memory is said, and no alert is made of a part of it.
#[test]
fn joined_logs_that_do_not_fit_are_a_finding() {
    let resolved = joining("rule r { severity low  from sample  over 1h by t2  let n = count() }", HOUR);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &logs(&resolved, 1, 40));
    let small = Limits { memory: 1 << 10, partitions: 1, ..Limits::default() };
    let engine = engine(folder.path(), &resolved.schema, small);
    let outcome = engine.run(&resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run");
    let borrowing = outcome.runs.iter().find(|run| run.source == "aws.a").expect("a run of it");
    let Some(skywatch::eval::Skipped::Failed(why)) = &borrowing.skipped else { panic!("{borrowing:?}") };
    assert!(why.message.contains("memory"), "{}", why.message);
    assert!(outcome.alerts.iter().all(|alert| alert.source != "aws.a"));
}
