//! Raw records → the entries that Cloud Logging holds of them and that a run sees, in the order in which the API lists them.
//!
//! A record is a `LogEntry` as an export writes it. "LogEntry" (timestamp): where it is omitted, the time of receipt stands for it.
//! "entries.list" (orderBy): oldest first, equal timestamps by insertId. The API has no time range of its own: without one in the run or the
//! filter, all entries are seen.

use std::sync::Arc;

use super::fields::Type;
use super::value::{Scalar, read_as};
use crate::emulator::{Failure, Record, Run};
use crate::json::Json;

/// Most entries that a run looks at.
const MOST_ENTRIES: usize = 1_000_000;

/// An entry of a log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) json: Json,
    /// In nanoseconds since 1970 (UTC).
    pub(super) timestamp: i128,
    pub(super) insert_id: Option<Arc<str>>,
}

impl Entry {
    /// The resource that the log belongs to, and the log's name within it.
    pub(super) fn log(&self) -> Option<(&str, &str)> {
        match self.json.member("logName") {
            Some(Json::Text(name)) => name.split_once("/logs/"),
            _ => None,
        }
    }
}

/// The entries of a run.
pub(super) fn entries(logs: &[Record], run: &Run) -> Result<Vec<Entry>, Failure> {
    if logs.len() > MOST_ENTRIES {
        return Err(Failure::bad_logs("more than 1,000,000 records"));
    }
    let micros = |micros: i64| i128::from(micros) * 1000;
    let mut out = Vec::new();
    for (number, record) in (1..).zip(logs) {
        let (entry, arrived) =
            entry(record).map_err(|why| Failure::bad_logs(format!("record {number} is no LogEntry: {why}")))?;
        let seen = arrived <= micros(run.now)
            && run.from.is_none_or(|from| entry.timestamp >= micros(from))
            && run.until.is_none_or(|until| entry.timestamp < micros(until));
        if seen {
            out.push(entry);
        }
    }
    out.sort_by(|one, other| (one.timestamp, &one.insert_id).cmp(&(other.timestamp, &other.insert_id)));
    Ok(out)
}

/// An entry and when it arrived.
fn entry(record: &Record) -> Result<(Entry, i128), String> {
    let json = Json::parse(&record.text).map_err(|error| error.to_string())?;
    let Json::Object(members) = &json else { return Err("it is no JSON object".to_owned()) };
    let arrived = record.arrived.map(|micros| i128::from(micros) * 1000);
    let received = time(&json, "receiveTimestamp")?;
    let timestamp = time(&json, "timestamp")?.or(received).or(arrived).ok_or("it has no timestamp")?;
    if ["textPayload", "jsonPayload", "protoPayload"].iter().filter(|payload| members.contains_key(**payload)).count()
        > 1
    {
        return Err("it has more than one payload".to_owned());
    }
    let insert_id = match json.member("insertId") {
        Some(Json::Text(id)) => Some(id.clone()),
        None => None,
        Some(_) => return Err("its insertId is no text".to_owned()),
    };
    let mut members = (**members).clone();
    for name in ["timestamp", "receiveTimestamp"] {
        if !members.contains_key(name) {
            let nanos = if name == "timestamp" { timestamp } else { arrived.unwrap_or(timestamp) };
            let shown = crate::emulator::Value::Time(nanos).to_string();
            members.insert(name.into(), Json::parse(&shown).map_err(|error| error.to_string())?);
        }
    }
    let arrived = arrived.or(received).unwrap_or(timestamp);
    Ok((Entry { json: Json::Object(Arc::new(members)), timestamp, insert_id }, arrived))
}

fn time(json: &Json, name: &str) -> Result<Option<i128>, String> {
    let Some(value) = json.member(name) else { return Ok(None) };
    match read_as(Type::Time, value) {
        Ok(Some(Scalar::Time(nanos))) => Ok(Some(nanos)),
        _ => Err(format!("its {name} is no RFC 3339 time")),
    }
}
