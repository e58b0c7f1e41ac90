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
        let key = entry.insert_id.as_ref().map(|id| (entry.log().map(|(resource, _)| resource), entry.timestamp, id));
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
