//! The promise, executed: what is emitted for each cloud runs on that cloud's emulator over the raw records, and gives the alerts of the local run.

use std::collections::BTreeSet;
use std::path::Path;

use crate::breaches::breaks;
use crate::judge::{self, Executed, Executor};
use crate::logs::{Log, RANGE, target};
use serde_json::Value;
use skywatch::emulator::{self, Kind, Language, Record};
use skywatch::ir::Source;
use skywatch::pack::load;
use skywatch::ruletest::emitted::{Agreement, emitted};
use skywatch::ruletest::run_everywhere;
use skywatch::ruletest::turns::Turn;
use skywatch::target::Emission;

/// How many random rules a source: two thousand in all.
const RANDOM: u32 = 125;

/// An emulator, over the records as they were exported.
pub(crate) struct Emulator {
    language: &'static dyn Language,
    /// Whether a question that the documentation leaves open may decide an answer, which then is not compared.
    may_be_open: bool,
}

impl Emulator {
    pub(crate) fn of(name: &str, may_be_open: bool) -> Emulator {
        let language = emulator::language(name).expect("a language of that name");
        Emulator { language, may_be_open }
    }

    /// A source's records where its log is found.
    fn placed(&self, source: &Source, records: &[Record]) -> Vec<Record> {
        let place = source.place(target(self.language.name()).info().place).map(|place| place.name.clone());
        records.iter().map(|record| Record { place: place.clone(), ..record.clone() }).collect()
    }
}

impl Executor for Emulator {
    fn target(&self) -> &'static str {
        self.language.name()
    }

    fn held(&mut self, emission: &Emission, source: &Source, log: &Log) -> Option<Vec<Value>> {
        let text = emission.query.text.as_deref()?;
        let bad = |records: &[Record]| {
            let records = self.placed(source, records);
            let ran = emitted(self.language, text, emission, &records, &Turn::over(emission, RANGE));
            ran.is_err_and(|failure| failure.kind == Kind::BadLogs)
        };
        let breaks = |record: &Value| breaks(emission, source, record);
        let exported = log.exported();
        if !log.records.iter().any(breaks) && !bad(&exported) {
            return None;
        }
        let good = |(record, exported): &(&Value, &Record)| !breaks(record) && !bad(std::slice::from_ref(*exported));
        Some(log.records.iter().zip(&exported).filter(good).map(|(record, _)| record.clone()).collect())
    }

    fn turns(&self) -> usize {
        8
    }

    fn execute(&mut self, emission: &Emission, logs: &[(&Source, Vec<Record>)], turn: &Turn) -> Executed {
        let text = emission.query.text.as_deref().unwrap_or_default();
        let records: Vec<Record> = logs.iter().flat_map(|(source, records)| self.placed(source, records)).collect();
        match emitted(self.language, text, emission, &records, turn) {
            Ok(rows) => Executed::Rows(rows, false),
            Err(failure) if failure.kind == Kind::Unknown => Executed::Unsupported(failure.message),
            Err(failure) if self.may_be_open && failure.kind == Kind::Ambiguous => {
                Executed::Unsupported(format!("ambiguous: {}", failure.readings.join(", ")))
            }
            Err(failure) => Executed::Failed(format!("{:?}: {failure}", failure.kind)),
        }
    }
}

#[test]
fn shipped_rules_on_cloudwatch_give_the_local_alerts() {
    judge::shipped_rules(&mut Emulator::of("cloudwatch", false));
}

#[test]
fn shipped_rules_on_kql_give_the_local_alerts() {
    judge::shipped_rules(&mut Emulator::of("kql", false));
}

#[test]
fn shipped_rules_on_cloud_logging_give_the_local_alerts() {
    judge::shipped_rules(&mut Emulator::of("cloud-logging", false));
}

#[test]
fn shipped_rules_on_googlesql_give_the_local_alerts() {
    judge::shipped_rules(&mut Emulator::of("googlesql", false));
}

#[test]
fn random_rules_on_cloudwatch_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("cloudwatch", true), RANDOM, false);
}

#[test]
fn random_rules_on_kql_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("kql", true), RANDOM, false);
}

#[test]
fn random_rules_on_cloud_logging_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("cloud-logging", true), RANDOM, false);
}

#[test]
fn random_rules_on_googlesql_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("googlesql", true), RANDOM, false);
}

#[test]
fn random_rules_that_look_back_on_kql_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("kql", true), RANDOM / 2, true);
}

#[test]
fn random_rules_that_look_back_on_googlesql_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("googlesql", true), RANDOM / 2, true);
}

/// Every rule of the pack has run on the emitted text, on every log and target that claims something of it, with an alert and without one.
#[test]
fn tests_of_shipped_rules_run_wherever_they_are_emitted() {
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    let outcomes = run_everywhere(&pack).expect("the tests run");
    let wrong: Vec<String> = outcomes.iter().filter(|outcome| !outcome.passed()).map(|o| format!("{o:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (mut ran, mut lacking) = (0, Vec::new());
    for rule in &pack.resolved.rules {
        let lines = || outcomes.iter().filter(|outcome| outcome.rule == rule.name).flat_map(|outcome| &outcome.lines);
        let places: BTreeSet<(&str, &str)> = lines()
            .filter(|line| !matches!(line.agreement, Agreement::Refused(_)))
            .filter_map(|line| Some((line.source.as_deref()?, line.target)))
            .collect();
        for (source, target) in places {
            let agreed = |alerts: fn(usize) -> bool| {
                let here = lines().filter(|line| line.source.as_deref() == Some(source) && line.target == target);
                here.filter(|line| matches!(line.agreement, Agreement::Agrees(found) if alerts(found))).count()
            };
            let (alerting, silent) = (agreed(|found| found > 0), agreed(|found| found == 0));
            ran += alerting + silent;
            if alerting == 0 {
                lacking.push(format!("{} on {source} as {target}: no alerting test ran", rule.name));
            }
            if silent == 0 {
                lacking.push(format!("{} on {source} as {target}: no near miss ran", rule.name));
            }
        }
    }
    println!("{ran} tests ran on emitted texts");
    assert!(lacking.is_empty(), "{} lines lack a test:\n{}", lacking.len(), lacking.join("\n"));
}
