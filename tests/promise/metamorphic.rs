//! What a change of the log does to the alerts, known without knowing the alerts: random rules and records, changed in a way whose effect is
//! plain, locally and on every emulator.
//!
//! Shuffled, and with unrelated events among them, the log gives the same alerts; shifted by weeks it gives them weeks later; what a predicate and
//! its denial select is everything. Split into files, a log gives the local alerts that it gives as one.

use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;
use skywatch::emulator::{self, Kind, LANGUAGES, Language};
use skywatch::eval::clock::{parse_sql_time, parse_time};
use skywatch::eval::{Event, Range};
use skywatch::ir::{Rule, Source};
use skywatch::record::{Limits, read_files};
use skywatch::ruletest::emitted::{claimed, emitted, local};
use skywatch::ruletest::turns::Turn;
use skywatch::schema::Schema;
use skywatch::target::{Emission, Request, Verdict, emit};

use crate::emulators::Emulator;
use crate::judge::Executor;
use crate::logs::{DAY, Log, RANGE, places, sources_on, storable, target, written};
use crate::support::choices::Choices;
use crate::support::compare::tied;
use crate::support::samples::{self, Samples};
use crate::support::shapes::Shape;
use crate::support::{cases, random, resolved, seeded};

/// By how much a log is shifted: a whole number of every window there is.
const WEEKS: i64 = 28 * DAY;
/// Random rules a log.
const RULES: u32 = 20;

/// A rule on a log and a target.
struct Trial<'a> {
    language: &'static dyn Language,
    schema: &'a Schema,
    source: &'a Source,
    rule: &'a Rule,
}

/// Alerts of the local run and rows of the emitted text, each sorted.
#[derive(Debug, PartialEq)]
struct Found {
    local: Vec<String>,
    emitted: Vec<String>,
}

impl Trial<'_> {
    /// The rule emitted over a range; none where nothing exact is.
    fn emission(&self, range: Range) -> Option<Emission> {
        let request = Request { range: Some((range.from, range.to)), ..Request::default() };
        let target = target(self.language.name());
        let emitted = emit(self.rule, self.schema, target, request).into_iter();
        emitted.filter(|one| one.source == self.source.name).find(|one| claimed(target, one) == Verdict::Exact)
    }

    fn alerts(&self, events: &[Event], emission: &Emission, range: Range) -> Vec<String> {
        let stream = self.schema.stream_of(self.rule.stream).expect("a rule has a stream");
        let target = target(self.language.name());
        let alerts = local(self.rule, stream, events, target, emission, range).expect("patterns are small enough");
        self.sorted(alerts)
    }

    /// What comes of a log; none where the emulator can't say.
    fn found(&self, records: &[Value], range: Range) -> Option<Found> {
        let emission = self.emission(range)?;
        let log = self.held(records, &emission);
        let text = emission.query.text.as_deref()?;
        match emitted(self.language, text, &emission, &log.exported(), &Turn::over(&emission, range)) {
            Ok(rows) => Some(Found { local: self.alerts(&log.events, &emission, range), emitted: self.sorted(rows) }),
            Err(failure) if matches!(failure.kind, Kind::BadLogs | Kind::Ambiguous | Kind::Unknown) => None,
            Err(failure) => panic!("{failure}\n{text}"),
        }
    }

    /// The log as far as the target can hold it.
    fn held(&self, records: &[Value], emission: &Emission) -> Log {
        let log = Log::of(self.source, self.schema, records);
        let held = Emulator::of(self.language.name(), true).held(emission, self.source, &log);
        held.map_or(log, |records| Log::of(self.source, self.schema, &records))
    }

    /// Rows in an order of their own, without what depends on which of two events of one moment is the first.
    fn sorted(&self, mut rows: Vec<Value>) -> Vec<String> {
        let tied = tied(self.rule);
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|column, _| !tied.contains(column));
        }
        let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        rows.sort();
        rows
    }
}

/// Counts of what was tried, and of what had alerts.
#[derive(Debug, Default)]
struct Counts {
    tried: usize,
    with_alerts: usize,
}

impl Counts {
    fn add(&mut self, found: &Found) {
        self.tried += 1;
        self.with_alerts += usize::from(!found.local.is_empty());
    }
}

/// Random rules over each log of a target, with random records that it can hold.
fn for_each_log(
    language: &str,
    rule: impl Fn(&mut Choices, &Shape) -> Vec<String>,
    check: impl Fn(&[Trial<'_>], &[Value], &str, &mut Choices, &mut Counts),
) -> Counts {
    let language = emulator::language(language).expect("a language of that name");
    let kind = target(language.name()).info().place;
    let mut counts = Counts::default();
    for Samples { source: name, .. } in sources_on(language.name(), &resolved(&[]).schema) {
        let shape = Shape::of(&name);
        let total = cases(RULES);
        let mut choices: Vec<Choices> = (0..total).map(|number| Choices::new(seeded(number, 3_000))).collect();
        let rules: Vec<Vec<String>> = choices.iter_mut().map(|choices| rule(choices, &shape)).collect();
        let named = |(number, text): (usize, &String)| text.replacen("rule r ", &format!("rule r{number} "), 1);
        let text: String = rules.iter().flatten().enumerate().map(named).collect();
        let resolved = resolved(&[&text]);
        let schema = &resolved.schema;
        let source = schema.source(&name).expect("it has a place");
        let places = places(source, kind);
        let mut rest = resolved.rules.as_slice();
        for (texts, choices) in rules.iter().zip(&mut choices) {
            let (own, others) = rest.split_at(texts.len());
            rest = others;
            let records = shape.to_query(choices, 14).into_iter().filter_map(|record| storable(record, &places));
            let records: Vec<Value> = records.collect();
            let trials: Vec<Trial<'_>> = own.iter().map(|rule| Trial { language, schema, source, rule }).collect();
            check(&trials, &records, &texts.concat(), choices, &mut counts);
        }
    }
    counts
}

fn one_rule(choices: &mut Choices, shape: &Shape) -> Vec<String> {
    vec![random::rule(choices, &shape.fields)]
}

/// On each emulator; a tenth of what was tried there has alerts, or nothing was shown.
fn on_all(what: &str, run: impl Fn(&str) -> Counts + Sync) {
    let counts: Vec<Counts> = std::thread::scope(|scope| {
        let run = &run;
        let started: Vec<_> = LANGUAGES.iter().map(|language| scope.spawn(|| run(language.name()))).collect();
        started.into_iter().map(|thread| thread.join().expect("it holds there")).collect()
    });
    for (language, counts) in LANGUAGES.iter().zip(&counts) {
        println!("{what} on {}: {counts:?}", language.name());
        assert!(counts.tried >= 10 && counts.with_alerts * 10 >= counts.tried, "{what} on {}", language.name());
    }
}

#[test]
fn the_order_of_records_does_not_matter() {
    on_all("shuffled", |language| {
        for_each_log(language, one_rule, |trials, records, text, choices, counts| {
            let Some(before) = trials[0].found(records, RANGE) else { return };
            let mut shuffled = records.to_vec();
            for last in (1..shuffled.len()).rev() {
                shuffled.swap(last, choices.below(last + 1));
            }
            counts.add(&before);
            assert_eq!(trials[0].found(&shuffled, RANGE), Some(before), "{text}\n{}", Value::from(records));
        })
    });
}

#[test]
fn files_may_be_split() {
    on_all("split", |language| {
        for_each_log(language, one_rule, |trials, records, text, choices, counts| {
            let Trial { schema, source, rule, .. } = trials[0];
            let (Some(emission), Some(whole)) = (trials[0].emission(RANGE), trials[0].found(records, RANGE)) else {
                return;
            };
            let (one, other) = records.split_at(choices.below(records.len() + 1));
            let files = [written(one), written(other)];
            let stream = schema.stream_of(rule.stream).expect("a rule has a stream");
            let read = read_files(source, stream, files.iter().map(|file| file.path()), Limits::default());
            let alerts = |events: &[Event]| trials[0].alerts(events, &emission, RANGE);
            let together = alerts(&Log::of(source, schema, records).events);
            counts.add(&whole);
            assert_eq!(alerts(&read.expect("the files are read").events), together, "{text}\n{}", Value::from(records));
        })
    });
}

#[test]
fn unrelated_events_do_not_matter() {
    on_all("with unrelated events", |language| {
        for_each_log(language, one_rule, |trials, records, text, choices, counts| {
            let Some(before) = trials[0].found(records, RANGE) else { return };
            // Others of the log, weeks later and weeks before, and what the target's other logs hold.
            let Trial { schema, source, .. } = trials[0];
            let places = places(source, target(language).info().place);
            let others = Shape::of(&source.name).to_query_from(choices, 1_000, 14);
            let others: Vec<Value> = others.into_iter().filter_map(|record| storable(record, &places)).collect();
            let elsewhere = sources_on(language, schema).into_iter().filter(|samples| samples.source != source.name);
            let elsewhere = elsewhere.flat_map(|samples| samples::records(&samples.files[0]).into_iter().take(5));
            let mut more = [records, &shifted(&others, WEEKS), &shifted(&others, -WEEKS)].concat();
            let later = trials[0].found(&more, RANGE);
            more.extend(elsewhere);
            // A record of another kind may be one that this log can't hold.
            for after in [later, trials[0].found(&more, RANGE)].into_iter().flatten() {
                counts.add(&before);
                assert_eq!(after, before, "{text}\n{}", Value::from(more));
            }
        })
    });
}

#[test]
fn shifted_by_weeks_a_log_gives_its_alerts_weeks_later() {
    on_all("shifted", |language| {
        for_each_log(language, one_rule, |trials, records, text, _, counts| {
            // What asks for the time itself is no rule whose alerts move.
            if ["time", "hour", "weekday", "2026", "1969"].iter().any(|word| text.contains(word)) {
                return;
            }
            let later = Range { from: RANGE.from + WEEKS, to: RANGE.to + WEEKS };
            let (Some(before), Some(after)) =
                (trials[0].found(records, RANGE), trials[0].found(&shifted(records, WEEKS), later))
            else {
                return;
            };
            counts.add(&before);
            let moved = |rows: &[String]| -> Vec<String> {
                let rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row).expect("a row")).collect();
                let mut rows: Vec<String> = shifted(&rows, WEEKS).iter().map(Value::to_string).collect();
                rows.sort();
                rows
            };
            let moved = Found { local: moved(&before.local), emitted: moved(&before.emitted) };
            assert_eq!(after, moved, "{text}\n{}", Value::from(records));
        })
    });
}

/// Records whose times are days later; the time of day stays as it is written.
fn shifted(records: &[Value], by: i64) -> Vec<Value> {
    records.iter().map(|record| shifted_part(record, by)).collect()
}

fn shifted_part(part: &Value, by: i64) -> Value {
    match part {
        Value::String(text) => Value::from(shifted_text(text, by).unwrap_or_else(|| text.clone())),
        Value::Number(number) => match number.as_i64() {
            Some(nanos) if is_nanos(nanos) => Value::from(nanos + by * 1_000),
            Some(millis) if is_nanos(millis.saturating_mul(1_000_000)) => Value::from(millis + by / 1_000),
            _ => part.clone(),
        },
        Value::Array(elements) => elements.iter().map(|element| shifted_part(element, by)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), shifted_part(value, by))).collect())
        }
        _ => part.clone(),
    }
}

fn shifted_text(text: &str, by: i64) -> Option<String> {
    if let Some(nanos) = text.parse().ok().filter(|nanos| is_nanos(*nanos)) {
        return Some((nanos + by * 1_000).to_string());
    }
    parse_time(text).or_else(|| parse_sql_time(text))?;
    let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()? + TimeDelta::microseconds(by);
    Some(format!("{day}{}", text.get(10..)?))
}

/// Whether a number is nanoseconds since 1970 of a time of this century.
fn is_nanos(number: i64) -> bool {
    (1_000_000_000_000_000_000..4_000_000_000_000_000_000).contains(&number)
}

#[test]
fn a_predicate_and_its_denial_select_everything() {
    let rules = |choices: &mut Choices, shape: &Shape| {
        let predicate = random::predicate(choices, &shape.fields);
        let from = format!("rule r {{\n severity low\n from {} only {}\n", shape.fields.stream, shape.fields.only);
        vec![
            format!("{from}}}\n"),
            format!("{from} where {predicate}\n}}\n"),
            format!("{from} where not ({predicate})\n}}\n"),
        ]
    };
    on_all("a predicate and its denial", |language| {
        for_each_log(language, rules, |trials, records, text, _, counts| {
            // What a log can't hold may show in one query only.
            let held = |records: Vec<Value>, trial: &Trial<'_>| match trial.emission(RANGE) {
                Some(emission) => trial.held(&records, &emission).records,
                None => records,
            };
            let records = trials.iter().fold(records.to_vec(), held);
            let found: Vec<Option<Found>> = trials.iter().map(|trial| trial.found(&records, RANGE)).collect();
            let [Some(all), Some(some), Some(others)] = found.as_slice() else { return };
            counts.add(all);
            let both = |of: fn(&Found) -> &Vec<String>| {
                let mut both = [of(some).as_slice(), of(others).as_slice()].concat();
                both.sort();
                both
            };
            assert_eq!(both(|found| &found.local), all.local, "{text}\n{}", Value::from(records.clone()));
            assert_eq!(both(|found| &found.emitted), all.emitted, "{text}\n{}", Value::from(records));
        })
    });
}
