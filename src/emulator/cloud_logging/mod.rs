//! Cloud Logging's filter language: query text → the log entries that match.
//!
//! From "Logging query language", "Troubleshoot Logging query language" and the references of `LogEntry`, `AuditLog` and `entries.list`. The
//! answer has a row for each entry, as `entries.list` orders them: its time, its insertId and the entry as a whole.

mod cast;
mod compare;
mod eval;
mod fields;
mod filter;
mod fold;
mod functions;
mod parse;
mod re2;
mod readings;
mod search;
mod store;
mod token;
mod tree;
mod value;

use std::collections::HashMap;

use self::eval::Sight;
use self::store::Entry;
use super::{Answer, Failure, Language, Reading, Readings, Record, Run, Value};

/// Cloud Logging's filter language.
#[derive(Debug)]
pub struct CloudLogging;

impl Language for CloudLogging {
    fn name(&self) -> &'static str {
        "cloud-logging"
    }

    fn readings(&self) -> &'static [Reading] {
        readings::READINGS
    }

    fn tree(&self, query: &str) -> Result<String, Failure> {
        Ok(format!("{:?}", parse::parse(query)?))
    }

    fn run(&self, query: &str, logs: &[Record], run: &Run, readings: &Readings) -> Result<Answer, Failure> {
        let tree = parse::parse(query)?;
        let filter = filter::filter(&tree, readings)?;
        let entries = store::entries(logs, run)?;
        let mut matching = Vec::new();
        for entry in &entries {
            if (Sight { entry, readings }).matches(&filter)? {
                matching.push(entry);
            }
        }
        let columns = ["timestamp", "insertId", "entry"].map(str::to_owned).to_vec();
        Ok(Answer { columns, rows: without_duplicates(matching, readings).into_iter().map(row).collect() })
    }
}

/// "LogEntry" (insertId): of entries of one project with one timestamp and insertId, a result has one.
fn without_duplicates<'e>(entries: Vec<&'e Entry>, readings: &Readings) -> Vec<&'e Entry> {
    let mut kept: Vec<&Entry> = Vec::new();
    let mut places = HashMap::new();
    for entry in entries {
        let key = entry
            .insert_id
            .as_ref()
            .filter(|id| !id.is_empty())
            .map(|id| (entry.log().map(|(resource, _)| resource), entry.timestamp, id));
        let place = key.map(|key| *places.entry(key).or_insert(kept.len()));
        match place.and_then(|place| kept.get_mut(place)) {
            None => kept.push(entry),
            Some(first) if first.json != entry.json && readings.other(self::readings::DUPLICATE) => *first = entry,
            Some(_) => {}
        }
    }
    kept
}

fn row(entry: &Entry) -> Vec<Value> {
    let id = entry.insert_id.as_ref().map_or(Value::Null, |id| Value::Text(id.to_string()));
    vec![Value::Time(entry.timestamp), id, Value::Json(entry.json.clone())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;
    use crate::emulator::emulate;

    const PIECES: &[&str] = &[
        "AND",
        "OR",
        "NOT",
        "-",
        "(",
        ")",
        " ",
        " ",
        "\n",
        "\"",
        "\\",
        "--",
        ".",
        ",",
        ":",
        "=",
        "!=",
        "=~",
        "!~",
        "<",
        ">=",
        "*",
        "\"a\"",
        "\"\\\\d+\"",
        "\"(\"",
        "5",
        "-1.5e3",
        "true",
        "NULL_VALUE",
        "ERROR",
        "é",
        "jsonPayload",
        "protoPayload",
        "labels",
        "severity",
        "timestamp",
        "textPayload",
        "httpRequest.latency",
        "x",
        "\"2026-01-01\"",
        "SEARCH(",
        "cast(",
        "regexp_extract(",
        "ip_in_net(",
        "sample(",
        "log_id(",
        "source(",
        "INT64",
        "\"10.0.0.0/8\"",
    ];

    const LOGS: &[&str] = &[
        r#"{"timestamp":"2026-01-01T00:00:00Z","jsonPayload":{"x":[1,null,"é",{"a":{}}]},"severity":"ERROR"}"#,
        r#"{"timestamp":"2026-01-01T00:00:00Z","protoPayload":{"@type":"x","x":"5"},"labels":{"x":"10.1.1.1"}}"#,
        r#"{"timestamp":"2026-01-01T00:00:00Z","textPayload":"a","httpRequest":{"latency":"1.5s"}}"#,
    ];

    fn runs(query: &str, logs: &[Record]) {
        let run = Run { now: i64::MAX, from: Some(i64::MIN), until: Some(i64::MAX) };
        if let Err(failure) = emulate(&CloudLogging, query, logs, &run) {
            assert!(failure.at.is_none_or(|at| query.get(at).is_some()), "{query:?}: a place that is none");
        }
    }

    fn record(text: String) -> Record {
        Record { text, ..Record::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(20_260_101), cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn no_query_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
            let logs: Vec<Record> = LOGS.iter().map(|text| record((*text).to_owned())).collect();
            runs(&pieces.concat(), &logs);
            runs(&pieces.join(" "), &logs);
        }

        #[test]
        fn no_text_panics(query in "\\PC{0,40}", pattern in "[\\\\a-cdwbQEpx0-9{}(),?*+\\[\\]^:|-]{0,20}", text in "\\PC{0,40}") {
            runs(&query, &[record(text)]);
            let pattern = pattern.replace('\\', "\\\\");
            runs(&format!("textPayload =~ \"{pattern}\""), &[record(LOGS[2].to_owned())]);
        }
    }
}
