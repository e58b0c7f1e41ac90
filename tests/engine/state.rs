//! Runs that go on where the last one ended: many of them find what one finds, each alert once, whatever was cut off in between.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Row;
use skywatch::diag::Code;
use skywatch::engine::{Engine, Limits, Period};
use skywatch::eval::Alert;
use skywatch::eval::correlate::correlate_all;
use skywatch::eval::mute::{Delivered, mute};
use skywatch::report::json_lines;
use skywatch::resolve::Resolved;
use skywatch::state::{Memory, Span, State, advance};

use crate::archive::{engine, sample, sampled, write};
use crate::support::choices::Choices;
use crate::support::every_type::{START, fields};
use crate::support::random::{self, Fields};
use crate::support::{cases, seeded};
use crate::{DAY, HOUR};

/// Rules of all kinds over the made-up stream, and correlations of all kinds over them.
const RULES: &str = r"
    signal hourly  { from sample  where n1 != 0  over 1h by t1  let c = count() }
    signal often   { from sample  where n2 > 0   over 30m every 10m by t1  let c = count() }
    signal daily   { from sample  over 1d by t1, t2  when unseen(2d) }
    signal quiet   { from sample  over 1h by t1  when silent(6h) }
    rule   single  { severity low  from sample  where n1 > 1  mute 1h }
    rule   across_ { severity low  from sample  over 2h by t1 across sources  let c = count()  when c > 1  mute 1d by t1 }
    correlate two_of     { severity high  by t1  within 1d  when at least 2 of hourly, often, daily }
    correlate one_by_one { severity high  by t1  within 3h  when hourly then often }
    correlate not_after  { severity high  by t1  within 2h  when often then no hourly }
    correlate of_others  { severity high  by t1  within 2d  when any of two_of, single }
    correlate follows    { severity high  by t1  within 2d  when not_after then two_of  mute 1d }
";

/// The alerts that reach somebody, as JSON without how long they stayed open, by id.
fn told(alerts: &[Alert], resolved: &Resolved) -> BTreeMap<String, Row> {
    let signal = |name: &str| resolved.rules.iter().any(|rule| rule.signal && rule.name == name);
    let lines = alerts.iter().filter(|alert| !alert.muted && !signal(&alert.rule)).cloned().collect::<Vec<_>>();
    by_id(&json_lines(&lines))
}

fn by_id(lines: &str) -> BTreeMap<String, Row> {
    let mut alerts = BTreeMap::new();
    for line in lines.lines() {
        let mut alert: Row = serde_json::from_str(line).expect("an alert a line");
        alert.as_object_mut().expect("an object").remove("until");
        let before = alerts.insert(alert["id"].to_string(), alert);
        assert!(before.is_none(), "twice: {line}");
    }
    alerts
}

/// One run over all time.
fn at_once(engine: &Engine<'_>, resolved: &Resolved, to: i64) -> BTreeMap<String, Row> {
    let period = Period::Between { from: Some(START - 2 * DAY), to: Some(to) };
    let mut alerts = engine.run(&resolved.rules, "p", period).expect("a run").alerts;
    correlate_all(&resolved.correlations, &mut alerts, "p", i64::MAX);
    mute(&mut alerts, &resolved.mutes(), &mut Delivered::new());
    told(&alerts, resolved)
}

/// A run from where the last one ended up to a time.
fn step(engine: &Engine<'_>, resolved: &Resolved, folder: &Path, to: i64) {
    let mut state = State::open(folder).expect("the state");
    let span = Span { from: Some(START - 2 * DAY), to: Some(to), now: to, lateness: None };
    let memory = state.of("p", engine).expect("of this archive");
    let advanced = advance(engine, resolved, "p", memory, span);
    let signal = |name: &str| resolved.rules.iter().any(|rule| rule.signal && rule.name == name);
    let alerts = advanced.outcome.alerts.into_iter().filter(|alert| !alert.muted && !signal(&alert.rule));
    state.commit("p", advanced.memory, &json_lines(&alerts.collect::<Vec<_>>())).expect("room");
}

#[test]
fn many_runs_find_what_one_finds() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..cases(27) {
        let mut choices = Choices::new(seeded(seed, 4_000));
        let random = random::rule(&mut choices, &Fields { over_time: true, ..fields() });
        let resolved = sampled(&format!("{RULES}{random}"));
        let events = sample(&resolved, seed, 80);
        let archive = tempfile::tempdir().expect("a folder");
        write(archive.path(), &resolved.schema, &events);
        let engine = engine(archive.path(), &resolved.schema, Limits::default());
        let (folder, end) = (tempfile::tempdir().expect("a folder"), START + 30 * DAY);
        let mut to = START - DAY;
        while to < START + 9 * DAY {
            to += *choices.one(&[HOUR / 2 + 1, HOUR, 5 * HOUR, DAY, 3 * DAY]);
            step(&engine, &resolved, folder.path(), to);
            // What a run that was cut off left behind does not count.
            if choices.once_in(3) {
                let mut log =
                    fs::OpenOptions::new().append(true).open(folder.path().join("alerts.jsonl")).expect("the log");
                log.write_all(b"{\"id\":\"half an al").expect("room");
            }
        }
        step(&engine, &resolved, folder.path(), end);
        let log = by_id(&fs::read_to_string(folder.path().join("alerts.jsonl")).expect("the log"));
        let whole = at_once(&engine, &resolved, end);
        for (id, alert) in &whole {
            assert_eq!(log.get(id), Some(alert), "seed {seed}, in one run only, or another\n{random}");
        }
        for (id, alert) in &log {
            assert!(whole.contains_key(id), "seed {seed}, in many runs only: {alert}\n{random}");
        }
        whole.values().for_each(|alert| *found.entry(alert["rule"].to_string()).or_default() += 1);
        // What is remembered does not grow: all is decided by then.
        let memory = State::open(folder.path()).expect("the state").of("p", &engine).expect("of this archive");
        assert!(memory.open.values().all(Vec::is_empty), "seed {seed}: {:?}", memory.open);
    }
    println!("{found:?}");
    for rule in ["single", "across_", "r", "two_of", "one_by_one", "not_after", "of_others", "follows"] {
        assert!(found.contains_key(&format!("\"{rule}\"")), "no alert of `{rule}`: {found:?}");
    }
}

/// What comes after its time was judged is counted, to the microsecond, once.
#[test]
fn late_events_are_counted() {
    let resolved = sampled("rule r { severity low  from sample  over 1h by t1  let c = count() }");
    let events = sample(&resolved, 5, 400);
    let stream = &resolved.schema.streams[resolved.rules[0].stream];
    let time = |event: &skywatch::eval::Event| event.fields[stream.time().index()].as_time().expect("a time");
    let mut times: Vec<i64> = events.iter().map(time).collect();
    times.sort_unstable();
    // In the middle of an hour, with events on both sides.
    let until = times[times.len() / 2] + 1;
    assert_ne!(until % HOUR, 0);
    let (late, early): (Vec<_>, Vec<_>) = events.iter().cloned().enumerate().partition(|(n, _)| n % 3 == 0);
    let [late, early] = [late, early].map(|part| part.into_iter().map(|(_, event)| event).collect::<Vec<_>>());
    let (archive, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let run = |to: i64| {
        let engine = engine(archive.path(), &resolved.schema, Limits::default());
        let mut state = State::open(folder.path()).expect("the state");
        let span = Span { from: Some(START - 2 * DAY), to: Some(to), now: to, lateness: None };
        let memory = state.of("p", &engine).expect("of this archive");
        let advanced = advance(&engine, &resolved, "p", memory, span);
        state.commit("p", advanced.memory, "").expect("room");
        advanced.late
    };
    write(archive.path(), &resolved.schema, &early);
    assert_eq!(run(until), BTreeMap::new());
    write(archive.path(), &resolved.schema, &late);
    let mut expected: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for event in late.iter().filter(|event| time(event) < until) {
        expected.entry(event.source.to_string()).or_insert((0, until)).0 += 1;
    }
    assert!(expected.values().map(|(count, _)| count).sum::<u64>() > 5, "{expected:?}");
    assert_eq!(run(until + DAY), expected);
    assert_eq!(run(until + 2 * DAY), BTreeMap::new());
}

/// `kill -9` at random moments of runs, each of which is then run once more: the log is that of runs that nobody disturbed.
#[test]
fn killed_at_any_moment_the_log_has_each_alert_once() {
    let place = tempfile::tempdir().expect("a folder");
    let path = |name: &str| place.path().join(name);
    let pack = path("rules.sky");
    let rules = r#"
        rule calls { severity low  from activity  over 1m by account  let calls = count() }
        rule single_ { severity low  from activity  mute 10s }
        signal off { from activity  where operation contains "Delete" }
        correlate bulk { severity high  by account  within 10m  when off then calls }
    "#;
    fs::write(&pack, rules).expect("a pack");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skywatch"));
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let log = format!("{}/rulepacks/ai-security/fixtures/blind-then-bulk.jsonl", env!("CARGO_MANIFEST_DIR"));
    let archive = path("archive").display().to_string();
    let ingest = ["ingest", "--source", "aws.cloudtrail", "--archive", &archive, &log];
    assert!(run(&ingest).status().expect("it runs").success());
    let pack = pack.display().to_string();
    let steps = ["2026-01-01T09:59:30Z", "2026-01-01T10:02:00Z", "2026-01-01T10:03:00Z", "2026-01-02T00:00:00Z"];
    let go = |state: &str, to: &str| run(&["run", &pack, "--archive", &archive, "--state", state, "--to", to]);
    let (calm, struck) = (path("calm").display().to_string(), path("struck").display().to_string());
    let mut took = Duration::ZERO;
    for to in steps {
        let begun = Instant::now();
        assert!(go(&calm, to).status().expect("it runs").success());
        took = took.max(begun.elapsed());
    }
    let logged = |state: &str| fs::read_to_string(path(state).join("alerts.jsonl")).expect("the log");
    assert!(logged("calm").contains("\"bulk\"") && logged("calm").lines().count() > 10, "{}", logged("calm"));
    let wanted = cases(12);
    let mut choices = Choices::new(seeded(7, 10_000));
    let mut kills = 0;
    while kills < wanted {
        let _ = fs::remove_dir_all(&struck);
        for to in steps {
            for _ in 0..2 {
                let mut child = go(&struck, to).spawn().expect("it runs");
                std::thread::sleep(took.mul_f64(choices.below(1_000) as f64 / 1_000.0));
                kills += u32::from(child.try_wait().expect("a child").is_none());
                child.kill().expect("a child");
                child.wait().expect("a child");
            }
            assert!(go(&struck, to).status().expect("it runs").success());
        }
        assert_eq!(logged("struck"), logged("calm"));
    }
    println!("killed {kills} times");
}

#[test]
fn what_is_wrong_with_a_state_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    // A log without its state is somebody's history.
    fs::write(folder.path().join("alerts.jsonl"), "{}\n").expect("a file");
    let alone = State::open(folder.path()).map(drop).expect_err("it can't be used");
    assert!(alone.message.contains("stands without its `state.json`"), "{}", alone.message);
    fs::remove_file(folder.path().join("alerts.jsonl")).expect("it goes");
    let held = State::open(folder.path()).expect("a new state");
    let code = |folder: &Path| State::open(folder).map(drop).expect_err("it can't be used");
    let taken = code(folder.path());
    assert!(taken.code == Code::BadState && taken.message.contains("is used by another run"), "{}", taken.message);
    drop(held);
    let mut state = State::open(folder.path()).expect("nobody holds it any more");
    state.commit("p", Memory::default(), "{}\n").expect("room");
    drop(state);
    fs::write(folder.path().join("alerts.jsonl"), "").expect("a file");
    assert!(code(folder.path()).message.contains("is shorter than `state.json` says"));
    fs::write(folder.path().join("state.json"), "{\"format\": 9, \"log\": 0, \"packs\": {}}").expect("a file");
    assert!(code(folder.path()).message.contains("its format is 9"));
    fs::write(folder.path().join("state.json"), "{").expect("a file");
    assert!(code(folder.path()).message.contains("can't be read"));
}

/// What one pack remembers is neither another's nor of another archive, and a rule that is gone for a while goes on where it was.
#[test]
fn states_are_of_a_pack_an_archive_and_each_rule() {
    let resolved = sampled(RULES);
    let events = sample(&resolved, 1, 60);
    let (archive, other, folder) = (tempfile::tempdir(), tempfile::tempdir(), tempfile::tempdir());
    let [archive, other, folder] = [archive, other, folder].map(|made| made.expect("a folder"));
    write(archive.path(), &resolved.schema, &events);
    write(other.path(), &resolved.schema, &events);
    let engine_of = |root: &Path| engine(root, &resolved.schema, Limits::default());
    let (engine, elsewhere) = (engine_of(archive.path()), engine_of(other.path()));
    let middle = START + DAY;
    step(&engine, &resolved, folder.path(), middle);
    let state = State::open(folder.path()).expect("the state");
    let refused = state.of("p", &elsewhere).expect_err("of another archive");
    assert!(refused.message.contains("remembers runs of `p` over another archive"), "{}", refused.message);
    assert_eq!(state.of("q", &elsewhere).expect("another pack").judged, BTreeMap::new());
    let known = state.of("p", &engine).expect("of this archive");
    drop(state);
    // Two days without `single`, which the rest does not ask for.
    let mut without = resolved.clone();
    without.rules.retain(|rule| rule.name != "single");
    without.correlations.clear();
    step(&engine, &without, folder.path(), middle + DAY);
    let state = State::open(folder.path()).expect("the state");
    let kept = state.of("p", &engine).expect("of this archive");
    assert_eq!(kept.judged["single"], known.judged["single"]);
    assert_ne!(kept.judged["hourly"], known.judged["hourly"]);
    drop(state);
    let end = START + 30 * DAY;
    step(&engine, &resolved, folder.path(), end);
    let log = by_id(&fs::read_to_string(folder.path().join("alerts.jsonl")).expect("the log"));
    let whole = at_once(&engine, &resolved, end);
    let single = |alerts: &BTreeMap<String, Row>| {
        alerts.iter().filter(|(_, alert)| alert["rule"] == "single").map(|(id, _)| id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(single(&log), single(&whole));
    assert!(single(&whole).len() > 3, "{whole:?}");
}
