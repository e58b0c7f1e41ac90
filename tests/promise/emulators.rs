//! The promise, executed: what is emitted for each cloud runs on that cloud's emulator over the raw records, and gives the alerts of the local run.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use crate::judge::{self, Executed, Executor};
use crate::logs::{Log, RANGE, target};
use serde_json::Value;
use skywatch::emulator::{Kind, LANGUAGES, Language, Record};
use skywatch::eval::clock::parse_time;
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
        let language = *LANGUAGES.iter().find(|language| language.name() == name).expect("a language of that name");
        Emulator { language, may_be_open }
    }
}

/// Whether a log writes its records' times in that way: Bedrock and CloudTrail in whole seconds and UTC, which their queries rest on.
fn is_written(source: &Source, record: &Value) -> bool {
    // `provided: payloads hold the types they are read as`
    let bearer = |part: &str| record.get(part).and_then(|part| part.get("callWithBearerToken"));
    if source.name == "aws.cloudtrail"
        && ["additionalEventData", "requestParameters"].into_iter().filter_map(bearer).any(|value| !value.is_boolean())
    {
        return false;
    }
    // `provided: rounding does not decide`: milliseconds whose half microsecond is in doubt.
    let latency = record.get("metadata").and_then(|metadata| metadata.get("request_latency")).and_then(Value::as_f64);
    if source.name == "gcp.vertex" && latency.is_some_and(|latency| (latency * 1_000.0).fract().abs() == 0.5) {
        return false;
    }
    let time = match source.name.as_str() {
        "aws.bedrock" => record.get("timestamp"),
        "aws.cloudtrail" => record.get("eventTime"),
        _ => return true,
    };
    time.and_then(Value::as_str)
        .is_none_or(|time| parse_time(time).is_none() || (time.len() == 20 && time.ends_with('Z')))
}

/// Whether a part of a record is what CloudWatch can't tell from something else: a number that floats can't hold, a bool or a number where
/// logs have none, text of a number that is no int, an address in another form than the shortest.
fn is_mistaken(key: &str, part: &Value) -> bool {
    match part {
        Value::Number(number) => {
            !NUMBERS.iter().any(|word| key.contains(word))
                || number.as_f64().is_some_and(|number| number.abs() > 2_f64.powi(53))
        }
        Value::Bool(_) => !BOOLS.contains(&key),
        Value::String(text) => {
            let number = text.parse::<f64>().is_ok() && !text.bytes().all(|byte| byte.is_ascii_digit());
            let address = text.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().to_string() != *text);
            (number && !key.ends_with("ersion")) || address
        }
        Value::Array(elements) => elements.iter().any(|element| is_mistaken(key, element)),
        Value::Object(members) => members.iter().any(|(key, value)| is_mistaken(key, value)),
        Value::Null => false,
    }
}

/// Keys of the bools that logs have.
const BOOLS: &[&str] = &["boolValue", "callWithBearerToken", "detected", "isError", "managementEvent", "readOnly"];
/// In keys of the numbers that logs have.
const NUMBERS: &[&str] = &["Count", "Ms", "Nano", "Value", "_tokens", "Tokens", "Millis", "code", "kind"];

impl Executor for Emulator {
    fn target(&self) -> &'static str {
        target(self.language.name()).info().name
    }

    fn held(&mut self, emission: &Emission, source: &Source, log: &Log) -> Option<Vec<Value>> {
        let text = emission.query.text.as_deref()?;
        let bad = |records: &[Record]| {
            let ran = emitted(self.language, text, emission, records, &Turn::over(emission, RANGE));
            ran.is_err_and(|failure| failure.kind == Kind::BadLogs)
        };
        let untyped = self.language.name() == "cloudwatch";
        let is_written = |record: &Value| is_written(source, record) && !(untyped && is_mistaken("", record));
        let exported = log.exported();
        if log.records.iter().all(is_written) && !bad(&exported) {
            return None;
        }
        let good = |(record, exported): &(&Value, &Record)| is_written(record) && !bad(std::slice::from_ref(*exported));
        Some(log.records.iter().zip(&exported).filter(good).map(|(record, _)| record.clone()).collect())
    }

    fn turns(&self) -> usize {
        8
    }

    fn execute(&mut self, emission: &Emission, _source: &Source, records: &[Record], turn: &Turn) -> Executed {
        let text = emission.query.text.as_deref().unwrap_or_default();
        match emitted(self.language, text, emission, records, turn) {
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
    judge::random_rules(&mut Emulator::of("cloudwatch", true), RANDOM);
}

#[test]
fn random_rules_on_kql_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("kql", true), RANDOM);
}

#[test]
fn random_rules_on_cloud_logging_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("cloud-logging", true), RANDOM);
}

#[test]
fn random_rules_on_googlesql_give_the_local_alerts() {
    judge::random_rules(&mut Emulator::of("googlesql", true), RANDOM);
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
