//! Correlations, executed: emits one, has an executor run the text over the raw records of its members' sources, over a range and in turns of
//! its schedule, and compares with what the local run finds. Hand-written cases are in `correlations`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Row, json};
use skywatch::bind::admits;
use skywatch::emulator::Record;
use skywatch::eval::clock::time_text;
use skywatch::eval::correlate::{Known, correlate};
use skywatch::eval::{self, Alert, Range, Run};
use skywatch::ir::{ColumnKind, Correlation, Source};
use skywatch::resolve::Resolved;
use skywatch::ruletest::rows::difference;
use skywatch::ruletest::turns::Turn;
use skywatch::target::names::{WINDOW_END, WINDOW_START, key_names};
use skywatch::target::{Emission, Request, Verdict, emit_correlation};

use crate::emulators::Emulator;
use crate::judge::{Executed, Executor};
use crate::logs::{DAY, FROM, Log, RANGE, part, places, storable, target};
use crate::oracles::OnOracle;
use crate::support::choices::Choices;
use crate::support::shapes::Shape;
use crate::support::{cases, random, resolved, seeded};

pub(crate) const MINUTE: i64 = 60_000_000;
/// 2026-11-02T10:00Z.
pub(crate) const TEN: i64 = FROM + DAY + 600 * MINUTE;
/// Behind all that any correlation here waits for.
const LATER: Range = Range { from: FROM - 40 * DAY, to: FROM + 40 * DAY };

/// The logs that a correlation's members read.
pub(crate) struct Logs<'a> {
    pub(crate) resolved: &'a Resolved,
    pub(crate) of: Vec<(&'a Source, Log)>,
}

/// What came of a correlation.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What the local run finds in the range, as rows.
    pub(crate) local: Vec<Row>,
    /// What the text gives over the range; none where it can't be run there.
    pub(crate) emitted: Option<Vec<Row>>,
    /// Why it can't.
    pub(crate) unsupported: Option<String>,
    /// In how many turns there was something to find.
    pub(crate) turns_with_alerts: usize,
    /// How a verdict was broken.
    pub(crate) wrong: Vec<String>,
}

impl<'a> Logs<'a> {
    /// The alerts of a correlation's members in a range.
    fn members(&self, correlation: &Correlation, range: Range) -> Vec<Alert> {
        let coverage = BTreeMap::new();
        let rules = self.resolved.rules.iter().filter(|rule| correlation.members.iter().any(|m| m.name == rule.name));
        let mut alerts = Vec::new();
        for rule in rules {
            let stream = self.resolved.schema.stream_of(rule.stream).expect("a rule has a stream");
            for (_, log) in self.of.iter().filter(|(source, _)| admits(rule, source)) {
                let run = Run { pack: "", range, coverage: &coverage };
                alerts.append(&mut eval::run(rule, stream, &log.events, &run).expect("patterns are small").alerts);
            }
        }
        alerts
    }

    fn local(&self, correlation: &Correlation, range: Range) -> Vec<Alert> {
        let members = self.members(correlation, range);
        correlate(correlation, Vec::new(), &skywatch::eval::ByRule::from(members), "", Known::all(range.to)).alerts
    }

    /// Emits a correlation, runs it over the range and in up to so many turns, and compares.
    pub(crate) fn compare(&self, correlation: &Correlation, executor: &mut dyn Executor, turns: usize) -> Found {
        let on = target(executor.target());
        let Resolved { rules, schema, .. } = self.resolved;
        let emitted = |range| {
            let request = Request { range, ..Request::default() };
            emit_correlation(correlation, rules, schema, on, request)
        };
        let (over_range, in_turns) = (emitted(Some((RANGE.from, RANGE.to))), emitted(None));
        let mut held = |(source, log): &(&'a Source, Log)| {
            let records = executor.held(&over_range, source, log);
            (*source, Log::of(source, schema, records.as_ref().unwrap_or(&log.records)))
        };
        let held = Logs { resolved: self.resolved, of: self.of.iter().map(&mut held).collect() };
        held.compare_held(correlation, executor, (&over_range, &in_turns), turns)
    }

    fn compare_held(
        &self,
        correlation: &Correlation,
        executor: &mut dyn Executor,
        (over_range, in_turns): (&Emission, &Emission),
        turns: usize,
    ) -> Found {
        let mut found = Found { local: rows(correlation, &self.local(correlation, RANGE)), ..Found::default() };
        let turn = Turn::over(over_range, RANGE);
        let logs: Vec<_> = self.of.iter().map(|(source, log)| (*source, log.exported())).collect();
        found.emitted = run(executor, over_range, &logs, &turn, &mut found);
        let Some(whole) = &found.emitted else { return found };
        let how = broken(over_range, &found.local, whole);
        found.wrong.extend(how);
        if turns == 0 {
            return found;
        }
        let all = self.local(correlation, LATER);
        let told = |alert: &Alert| (alert.window.end + correlation.longest).div_euclid(in_turns.every) + 1;
        let waits = correlation.within + correlation.longest;
        let times = || self.of.iter().flat_map(|(_, log)| log.times.iter().flatten());
        let mut ends: Vec<i64> = all.iter().map(told).collect();
        // Where nothing is to be told, too.
        ends.extend(times().flat_map(|time| [*time, time + waits]).map(|time| time.div_euclid(in_turns.every) + 1));
        ends.sort_unstable();
        ends.dedup();
        let made = ends.len().min(turns);
        for end in (0..made).map(|n| ends[n * (ends.len() - 1) / made.saturating_sub(1).max(1)]) {
            let here: Vec<Alert> = all.iter().filter(|alert| told(alert) == end).cloned().collect();
            let turn = at(in_turns, end * in_turns.every);
            let late: Vec<_> = logs.iter().map(|(source, records)| (*source, arrived(records, in_turns))).collect();
            let Some(given) = run(executor, in_turns, &late, &turn, &mut found) else { continue };
            let how = broken(in_turns, &rows(correlation, &here), &given);
            found.wrong.extend(how.map(|how| format!("in the run for {}: {how}", time_text(end * in_turns.every))));
            found.turns_with_alerts += usize::from(!here.is_empty());
        }
        found
    }
}

/// The run whose end is a moment.
fn at(emission: &Emission, end: i64) -> Turn {
    // As late as the next one leaves room for, or at once.
    let late = if end.div_euclid(emission.every) % 2 == 0 { 0 } else { emission.every - 1 };
    let mut turn = Turn::over(emission, Range { from: end - emission.every, to: end });
    turn.run.now = end + emission.delay + late;
    turn
}

/// Records that arrive as late as the delay allows.
fn arrived(records: &[Record], emission: &Emission) -> Vec<Record> {
    let late = |record: &Record| Record { arrived: record.arrived.map(|time| time + emission.delay), ..record.clone() };
    records.iter().map(late).collect()
}

fn run(
    executor: &mut dyn Executor,
    emission: &Emission,
    logs: &[(&Source, Vec<Record>)],
    turn: &Turn,
    found: &mut Found,
) -> Option<Vec<Row>> {
    emission.query.text.as_ref()?;
    match executor.execute(emission, logs, turn) {
        Executed::Rows(rows, _) => Some(rows),
        Executed::Unsupported(why) => {
            found.unsupported = Some(why);
            None
        }
        Executed::Failed(why) => {
            found.wrong.push(why);
            None
        }
    }
}

/// Alerts of a correlation as a query's rows.
fn rows(correlation: &Correlation, alerts: &[Alert]) -> Vec<Row> {
    let names = key_names(correlation);
    let row = |alert: &Alert| {
        let mut row = Map::new();
        row.insert(WINDOW_START.to_owned(), json!(time_text(alert.window.start)));
        row.insert(WINDOW_END.to_owned(), json!(time_text(alert.window.end)));
        row.extend(names.iter().cloned().zip(alert.keys.iter().map(|(_, value)| json!(value))));
        Row::Object(row)
    };
    alerts.iter().map(row).collect()
}

/// How rows break what a verdict says.
fn broken(emission: &Emission, local: &[Row], emitted: &[Row]) -> Option<String> {
    let how = match emission.query.verdict {
        Verdict::Exact => difference(local, emitted, &[]),
        Verdict::Wider => {
            let has = |alert: &&Row| {
                emitted.iter().any(|row| difference(&[(*alert).clone()], std::slice::from_ref(row), &[]).is_none())
            };
            let lacking = local.iter().find(|alert| !has(alert));
            lacking.map(|alert| format!("missing: {alert} in {emitted:?}"))
        }
        verdict => Some(format!("{} has a text", verdict.text())),
    };
    how.map(|how| format!("{} is {}, but {how}", emission.rule, emission.query.verdict.text()))
}

/// Sources of which members may be, and keys that all of these have, with the name that the others use.
struct Group {
    sources: &'static [&'static str],
    keys: &'static [&'static str],
}

fn groups(target: &str) -> &'static [Group] {
    match target {
        "kql" => &[
            Group { sources: &["azure.openai_audit", "azure.activity"], keys: &["caller.id", "account", "operation"] },
            Group { sources: &["azure.apim_gateway", "azure.activity"], keys: &["caller.id", "account", "source.ip"] },
            Group { sources: &["azure.apim_gateway", "azure.openai_usage"], keys: &["caller.id", "model.id"] },
            Group { sources: &["azure.apim_mcp", "azure.openai_audit"], keys: &["account", "region"] },
            Group { sources: &["azure.apim", "azure.activity"], keys: &["caller.id", "source.ip"] },
        ],
        _ => &[
            Group { sources: &["gcp.audit", "gcp.vertex"], keys: &["account", "region", "model.id"] },
            Group { sources: &["gcp.audit", "gcp.model_armor"], keys: &["account", "region"] },
            Group { sources: &["gcp.audit"], keys: &["caller.id", "source.ip", "operation"] },
        ],
    }
}

const LENGTHS: [&str; 5] = ["5m", "10m", "30m", "1h", "1m"];
const USUAL: &str = "n >= baseline(n, 2h)";
const WITHIN: [&str; 3] = ["1h", "2h", "90m"];

/// A random correlation of a number over random rules that read these sources.
fn text(c: &mut Choices, number: u32, group: &Group, shapes: &[Shape]) -> String {
    let mut keys = vec![*c.one(group.keys)];
    if c.once_in(4) {
        keys.extend(group.keys.iter().find(|key| **key != keys[0]));
    }
    let keys = keys.join(", ");
    let mut out = String::new();
    let members = 1 + c.below(4);
    for n in 0..members {
        let shape = c.one(shapes);
        let stream = &shape.fields.stream;
        let alike: Vec<&str> =
            shapes.iter().filter(|s| s.fields.stream == *stream).map(|s| s.fields.only.as_str()).collect();
        let only = if c.once_in(3) { alike.join(", ") } else { shape.fields.only.clone() };
        let filter = match c.below(4) {
            0 => String::new(),
            1 => format!(" where {}", random::predicate(c, &shape.fields)),
            _ => format!(" where {} is {}", c.one(&shape.fields.text), c.one(&["present", "missing"])),
        };
        // Of two sources a rule may read only what both have.
        let filter = if only.contains(',') { String::new() } else { filter };
        let rest = match c.below(4) {
            0 => String::new(),
            1 => c.one(&["", " when unseen(1h)", " when seen(30m)"]).to_string(),
            _ => {
                let length = *c.one(&LENGTHS);
                let every = match (length, c.once_in(3)) {
                    ("30m" | "1h", true) => " every 10m",
                    ("10m", true) => " every 5m",
                    _ => "",
                };
                let when = c.one(&["count() >= 1", "count() >= 2", "unseen(1h)", "silent(1h)", "seen(30m)", USUAL]);
                format!(" over {length}{every} by {keys} let n = count() when {when}")
            }
        };
        out.push_str(&format!("signal m{number}_{n} {{ from {stream} only {only}{filter}{rest} }}\n"));
    }
    let named: Vec<String> = (0..members).map(|n| format!("m{number}_{n}")).collect();
    let one = |c: &mut Choices| c.one(&named).clone();
    let occurs = match c.below(6) {
        0 => format!("any of {}", named.join(", ")),
        1 | 2 => format!("at least {} of {}", 1 + c.below(members), named.join(", ")),
        3 => format!("{} then no {}", one(c), one(c)),
        4 => format!("{} then {}", one(c), one(c)),
        _ => format!("{} then {} then {}{}", one(c), one(c), c.one(&["", "no "]), one(c)),
    };
    out.push_str(&format!(
        "correlate r{number} {{ severity low by {keys} within {} when {occurs} }}\n",
        c.one(&WITHIN)
    ));
    out
}

/// The logs without records that are events of another: where they share a table, a query finds these there too.
fn apart<'a>(resolved: &Resolved, logs: Vec<(&'a Source, Log)>) -> Vec<(&'a Source, Log)> {
    let sources: Vec<&Source> = logs.iter().map(|(source, _)| *source).collect();
    let of_another = |source: &Source, record: &Row| {
        let others = sources.iter().filter(|other| other.name != source.name && other.assemble.is_none());
        let event = |other: &&Source| !Log::of(other, &resolved.schema, std::slice::from_ref(record)).events.is_empty();
        others.into_iter().any(event)
    };
    let alone = |(source, log): (&'a Source, Log)| {
        let records: Vec<Row> = log.records.into_iter().filter(|record| !of_another(source, record)).collect();
        (source, Log::of(source, &resolved.schema, &records))
    };
    logs.into_iter().map(alone).collect()
}

/// Random correlations over random rules and records, on every group of sources of a target.
fn random_correlations(executor: &mut dyn Executor, short: u32, turns: usize) {
    let on = executor.target();
    let kind = target(on).info().place;
    for group in groups(on) {
        let shapes: Vec<Shape> = group.sources.iter().map(|source| Shape::of(source)).collect();
        let (mut exact, mut wider, mut with_alerts, mut with_turns, mut refused, mut not_run) = (0, 0, 0, 0, 0, 0);
        let mut unsupported: BTreeMap<String, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        let mut choices: Vec<Choices> = (0..cases(short)).map(|number| Choices::new(seeded(number, 6_000))).collect();
        let texts = (0..).zip(&mut choices).map(|(number, c)| text(c, number, group, &shapes));
        let texts: Vec<String> = texts.collect();
        // All at once: reading the sources takes longer than the rules.
        let resolved = resolved(&[&texts.concat()]);
        for (number, (mut c, text)) in choices.into_iter().zip(&texts).enumerate() {
            let name = format!("r{number}");
            let correlation = resolved.correlations.iter().find(|one| one.name == name).expect("it is there");
            let log = |shape: &Shape, c: &mut Choices| {
                let source = resolved.schema.source(&shape.fields.only).expect("it has a place");
                let places = places(source, kind);
                let records: Vec<Row> = shape.to_query(c, 24);
                let mut of_event: BTreeMap<String, i64> = BTreeMap::new();
                let timed = records.into_iter().map(|mut record| {
                    let drawn = TEN + c.below(30) as i64 * 5 * MINUTE + c.one(&[0, 0, 1_000_000, -1, 150_000_000]);
                    // The records of an event lie within what its source says.
                    let time = match &source.assemble {
                        Some(_) => *of_event.entry(record["correlationId"].to_string()).or_insert(drawn),
                        None => drawn,
                    };
                    let columns = places.iter().flat_map(|place| &place.columns);
                    for column in columns.filter(|column| column.kind == ColumnKind::Time) {
                        part(&mut record, &column.path).into_iter().for_each(|value| *value = json!(time_text(time)));
                    }
                    record
                });
                let records: Vec<Row> = timed.filter_map(|record| storable(record, &places)).collect();
                (source, Log::of(source, &resolved.schema, &records))
            };
            let of: Vec<(&Source, Log)> = shapes.iter().map(|shape| log(shape, &mut c)).collect();
            let logs = Logs { resolved: &resolved, of: apart(&resolved, of) };
            let found = logs.compare(correlation, executor, turns);
            let request = Request { range: Some((RANGE.from, RANGE.to)), ..Request::default() };
            let emission = emit_correlation(correlation, &resolved.rules, &resolved.schema, target(on), request);
            let some = usize::from(!found.local.is_empty());
            match (emission.query.verdict, &found.emitted) {
                (Verdict::Refused, _) => refused += 1,
                (_, None) => not_run += 1,
                (Verdict::Exact, Some(_)) => (exact, with_alerts) = (exact + 1, with_alerts + some),
                (_, Some(_)) => (wider, with_alerts) = (wider + 1, with_alerts + some),
            }
            with_turns += found.turns_with_alerts;
            found.unsupported.into_iter().for_each(|why| *unsupported.entry(why).or_insert(0) += 1);
            let reason = emission.query.reasons.first().filter(|_| emission.query.text.is_none());
            reason.into_iter().for_each(|why| *unsupported.entry(why.message.clone()).or_insert(0) += 1);
            let records =
                || logs.of.iter().map(|(source, log)| json!({ &source.name: log.records })).collect::<Vec<_>>();
            wrong.extend(found.wrong.iter().map(|how| format!("case {number}: {text}\n{how}\n{:?}", records())));
        }
        println!(
            "random correlations as {on} on {}: {exact} equal, {wider} contained, {with_alerts} of them with alerts; {with_turns} turns with \
             alerts; {refused} refused, {not_run} not run: {unsupported:?}",
            group.sources.join(" and ")
        );
        assert!(wrong.is_empty(), "{} wrong, the first:\n{}", wrong.len(), wrong[0]);
        let compared = exact + wider;
        assert!(compared * 2 >= cases(short) as usize, "too few correlations could be compared: {compared}");
        assert!(with_alerts * 8 >= compared, "too few of {compared} correlations alert: {with_alerts}");
    }
}

#[test]
fn random_correlations_on_the_kql_emulator_give_the_local_alerts() {
    random_correlations(&mut Emulator::of("kql", true), 8, 3);
}

#[test]
fn random_correlations_on_the_googlesql_emulator_give_the_local_alerts() {
    random_correlations(&mut Emulator::of("googlesql", true), 8, 3);
}

#[test]
fn random_correlations_as_kql_give_the_local_alerts() {
    if let Some(mut engine) = OnOracle::of("kql") {
        random_correlations(&mut engine, 5, 0);
    }
}

#[test]
fn random_correlations_as_googlesql_give_the_local_alerts() {
    if let Some(mut engine) = OnOracle::of("googlesql") {
        random_correlations(&mut engine, 5, 0);
    }
}
