//! The promise, executed: what is emitted for each cloud runs on that cloud's emulator over the raw records, and gives the alerts of the local run.

mod support;

use serde_json::{Map, Value};
use skywatch::emulator::{self, Answer, Kind, LANGUAGES, Language, Record, Run};
use skywatch::eval::clock::{parse_time, time_text};
use skywatch::ir::{SECOND, Source};
use skywatch::target::Emission;
use skywatch::target::names::{EVENT_ID, TIME, WINDOW_START};
use support::logs::{RANGE, target};
use support::promise::{self, Executed, Executor};

/// An emulator, over the records as they were exported.
struct Emulator(&'static dyn Language);

impl Emulator {
    fn of(name: &str) -> Emulator {
        Emulator(*LANGUAGES.iter().find(|language| language.name() == name).expect("a language of that name"))
    }
}

impl Executor for Emulator {
    fn target(&self) -> &'static str {
        target(self.0.name()).info().name
    }

    fn selects(&self) -> bool {
        self.0.name() == "cloud-logging"
    }

    fn execute(&mut self, emission: &Emission, _source: &Source, records: &[Value]) -> Executed {
        let query = emission.query.text.as_deref().unwrap_or_default();
        let place = Some(emission.place.clone());
        let record = |record: &Value| Record { place: place.clone(), text: record.to_string(), arrived: None };
        let logs: Vec<Record> = records.iter().map(record).collect();
        // The header says how far behind the events their filing may be.
        let range = (RANGE.from - emission.lookback, RANGE.to + emission.delay);
        let run = Run { now: RANGE.to + 365 * 86_400 * SECOND, from: Some(range.0), until: Some(range.1) };
        match emulator::emulate(self.0, query, &logs, &run) {
            Ok(answer) if self.selects() => Executed::Rows(entries(&answer), false),
            Ok(answer) => Executed::Rows(rows(&answer), false),
            Err(failure) if failure.kind == Kind::Unknown => Executed::Unsupported(failure.message),
            Err(failure) => Executed::Failed(format!("{:?}: {failure}", failure.kind)),
        }
    }
}

/// The rows by column, with times as alerts have them.
fn rows(answer: &Answer) -> Vec<Value> {
    let cell = |(name, value): (&String, &emulator::Value)| {
        let value: Value = serde_json::from_str(&value.to_string()).expect("a value is written as JSON");
        let time = value.as_str().filter(|_| [WINDOW_START, TIME].contains(&name.as_str())).and_then(parse_time);
        (name.clone(), time.map_or(value, |time| Value::from(time_text(time))))
    };
    let row = |row: &Vec<emulator::Value>| answer.columns.iter().zip(row).map(cell).collect::<Map<_, _>>();
    answer.rows.iter().map(|values| Value::Object(row(values))).collect()
}

/// The entries that a filter selects, as alerts of events.
fn entries(answer: &Answer) -> Vec<Value> {
    let named = |name: &str| match name {
        "timestamp" => TIME.to_owned(),
        "insertId" => EVENT_ID.to_owned(),
        other => other.to_owned(),
    };
    let answer = Answer { columns: answer.columns.iter().map(|name| named(name)).collect(), ..answer.clone() };
    let mut entries = rows(&answer);
    entries
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .for_each(|row| row.retain(|name, _| name == TIME || name == EVENT_ID));
    entries
}

#[test]
fn shipped_rules_on_cloudwatch_give_the_local_alerts() {
    promise::shipped_rules(&mut Emulator::of("cloudwatch"));
}

#[test]
fn shipped_rules_on_kql_give_the_local_alerts() {
    promise::shipped_rules(&mut Emulator::of("kql"));
}

#[test]
fn shipped_rules_on_cloud_logging_give_the_local_alerts() {
    promise::shipped_rules(&mut Emulator::of("cloud-logging"));
}

#[test]
fn shipped_rules_on_googlesql_give_the_local_alerts() {
    promise::shipped_rules(&mut Emulator::of("googlesql"));
}

#[test]
fn random_rules_on_cloudwatch_give_the_local_alerts() {
    promise::random_rules(&mut Emulator::of("cloudwatch"));
}

#[test]
fn random_rules_on_kql_give_the_local_alerts() {
    promise::random_rules(&mut Emulator::of("kql"));
}

#[test]
fn random_rules_on_cloud_logging_give_the_local_alerts() {
    promise::random_rules(&mut Emulator::of("cloud-logging"));
}

#[test]
fn random_rules_on_googlesql_give_the_local_alerts() {
    promise::random_rules(&mut Emulator::of("googlesql"));
}
