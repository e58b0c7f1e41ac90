//! Takes raw records, gives the log events that CloudWatch Logs holds of them: a message, its own time, when it was ingested.
//!
//! `FilterLogEvents` and `GetLogEvents` give each event as an object with `timestamp`, `message` and `ingestionTime` in milliseconds: it is
//! taken apart. Any other record is a message. Where an AWS service wrote it, its own time is what that service stamps, which is not
//! documented for one of them: the time that the record says, or that of its arrival. An application stamps the time of sending, so of
//! its events the arrival is the time, and one that does not say it can't be placed.

use std::rc::Rc;
use std::sync::Arc;

use chrono::DateTime;

use super::field::Fields;
use super::reading::Question;
use crate::emulator::{Failure, Readings, Record, Run};
use crate::json::Json;

/// A log event; times in milliseconds since 1970.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) message: Arc<str>,
    pub(super) time: i64,
    pub(super) ingested: i64,
    pub(super) stream: Option<Arc<str>>,
    pub(super) group: Option<Arc<str>>,
    pub(super) fields: Fields,
}

/// The members of an event as the API gives it.
const EXPORTED: [&str; 5] = ["timestamp", "message", "ingestionTime", "logStreamName", "eventId"];

/// Where a record of an AWS service says its time: the members that it has, and the one with the time.
const STAMPS: [(&[&str], &str, Clock); 5] = [
    // Bedrock model invocation log: whole seconds, RFC 3339.
    (&["schemaType"], "timestamp", Clock::Text),
    // CloudTrail: whole seconds, RFC 3339.
    (&["eventVersion", "eventSource", "eventName"], "eventTime", Clock::Text),
    // Spans of Transaction Search, in `aws/spans`: sent when they end.
    (&["traceId", "spanId", "startTimeUnixNano"], "endTimeUnixNano", Clock::Nanos),
    // Logs that AgentCore delivers of its resources: milliseconds.
    (&["resource_arn", "event_timestamp"], "event_timestamp", Clock::Millis),
    // Logs of AgentCore runtimes, as OpenTelemetry writes them.
    (&["timeUnixNano"], "timeUnixNano", Clock::Nanos),
];

#[derive(Debug, Clone, Copy)]
enum Clock {
    Text,
    Millis,
    Nanos,
}

/// The events that a run sees: in its range, and arrived. The range of `StartQuery` is in whole seconds and includes its end.
pub(super) fn events(logs: &[Record], run: &Run, readings: &Readings) -> Result<Vec<Rc<Event>>, Failure> {
    let (from, until) = (run.from.map(seconds), run.until.map(seconds));
    let mut events = Vec::with_capacity(logs.len());
    for (number, record) in (1..).zip(logs) {
        let event = event(record, readings).ok_or_else(|| {
            Failure::bad_logs(format!("nothing says the time of record {number}: neither itself nor when it arrived"))
        })?;
        if record.arrived.is_some_and(|arrived| arrived > run.now) || event.ingested > run.now.div_euclid(1000) {
            continue;
        }
        let in_last_second = until.is_some_and(|until| event.time > until && event.time < until.saturating_add(1000));
        let after = until.is_some_and(|until| event.time > until)
            && !(in_last_second && readings.other(Question::RangeEnd as usize));
        if from.is_none_or(|from| event.time >= from) && !after {
            events.push(Rc::new(event));
        }
    }
    Ok(events)
}

/// Microseconds → the milliseconds of the whole second.
pub(super) fn seconds(micros: i64) -> i64 {
    micros.div_euclid(1_000_000).saturating_mul(1000)
}

/// None where nothing says its time.
fn event(record: &Record, readings: &Readings) -> Option<Event> {
    let fields = Fields::discover(&record.text);
    let arrived = record.arrived.map(|micros| micros.div_euclid(1000));
    let group = record.place.as_deref().map(Arc::from);
    let ingested = millis(fields.leaf("ingestionTime")).filter(|_| fields.are_among(&EXPORTED));
    if let (Some(time), Some(Json::Text(message)), Some(ingested)) =
        (millis(fields.leaf("timestamp")), fields.leaf("message"), ingested)
    {
        let text = |key: &str| match fields.leaf(key) {
            Some(Json::Text(text)) => Some(text.clone()),
            _ => None,
        };
        return Some(Event {
            message: message.clone(),
            time,
            ingested,
            stream: text("logStreamName"),
            group,
            fields: Fields::discover(message),
        });
    }
    let stamped = stamped(&fields);
    let time = match (stamped, arrived) {
        (Some(own), Some(arrived)) if own != arrived && readings.other(Question::Stamp as usize) => arrived,
        (Some(own), _) => own,
        (None, Some(arrived)) => arrived,
        (None, None) => return None,
    };
    Some(Event {
        message: record.text.as_str().into(),
        time,
        ingested: arrived.unwrap_or(time),
        stream: None,
        group,
        fields,
    })
}

fn millis(value: Option<&Json>) -> Option<i64> {
    match value {
        Some(Json::Number(number)) => number.parse().ok(),
        _ => None,
    }
}

/// The time that the record of an AWS service says.
fn stamped(fields: &Fields) -> Option<i64> {
    let has = |keys: &[&str]| keys.iter().all(|key| fields.leaf(key).is_some());
    let (_, key, clock) = STAMPS.iter().find(|(keys, ..)| has(keys))?;
    let (Json::Text(text) | Json::Number(text)) = fields.leaf(key)? else { return None };
    match clock {
        Clock::Text => DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis()),
        Clock::Millis => text.parse().ok(),
        Clock::Nanos => text.parse::<i64>().ok().map(|nanos| nanos.div_euclid(1_000_000)),
    }
}
