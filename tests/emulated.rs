//! The promise, executed: what is emitted for each cloud runs on that cloud's emulator over the raw records, and gives the alerts of the local run.

mod support;

use std::io::Write as _;

use serde_json::Value;
use skywatch::emulator::{Kind, LANGUAGES, Language, Record};
use skywatch::ir::Source;
use skywatch::record::{Limits, raw_records};
use skywatch::ruletest::emitted::emitted;
use skywatch::target::Emission;
use support::logs::{RANGE, target};
use support::promise::{self, Executed, Executor};

/// An emulator, over the records as they were exported.
struct Emulator(&'static dyn Language);

impl Emulator {
    fn of(name: &str) -> Emulator {
        Emulator(*LANGUAGES.iter().find(|language| language.name() == name).expect("a language of that name"))
    }
}

/// Records as the target stores them: of export requests, the spans.
fn raw(source: &Source, records: &[Value]) -> Vec<Record> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    file.write_all(lines.as_bytes()).expect("it can be written");
    let mut out = Vec::new();
    let take = |_, text| out.push(Record { text, ..Record::default() });
    raw_records(file.path(), source.files, Limits::default(), take).expect("records are read");
    out
}

impl Executor for Emulator {
    fn target(&self) -> &'static str {
        target(self.0.name()).info().name
    }

    fn held(&mut self, emission: &Emission, source: &Source, records: &[Value]) -> Option<Vec<Value>> {
        let text = emission.query.text.as_deref()?;
        let bad = |records: &[Value]| {
            let records = raw(source, records);
            let ran = emitted(self.0, text, emission, &records, (RANGE.from, RANGE.to));
            ran.is_err_and(|failure| failure.kind == Kind::BadLogs)
        };
        let good = |record: &&Value| !bad(std::slice::from_ref(*record));
        bad(records).then(|| records.iter().filter(good).cloned().collect())
    }

    fn execute(&mut self, emission: &Emission, source: &Source, records: &[Value]) -> Executed {
        let text = emission.query.text.as_deref().unwrap_or_default();
        let records = raw(source, records);
        match emitted(self.0, text, emission, &records, (RANGE.from, RANGE.to)) {
            Ok(rows) => Executed::Rows(rows, false),
            Err(failure) if failure.kind == Kind::Unknown => Executed::Unsupported(failure.message),
            Err(failure) => Executed::Failed(format!("{:?}: {failure}", failure.kind)),
        }
    }
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
