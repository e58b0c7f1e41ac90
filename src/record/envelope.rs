//! Envelopes: takes a piece of a file, gives the pieces that were put into it on their way here; a piece that is no envelope as it is.
//!
//! What CloudWatch Logs wraps around a record, by its documentation:
//!
//! - an export to S3 writes a line `2026-11-03T10:00:00.000Z MESSAGE`
//!   (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html>);
//! - a subscription sends `{"messageType": "DATA_MESSAGE", "logEvents": [{"message": "…"}], …}` to Firehose, Kinesis and Lambda, one behind the
//!   other, and a `CONTROL_MESSAGE` to see whether anybody is there
//!   (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>); Lambda gets it as `{"awslogs": {"data": "…"}}`,
//!   packed by gzip and then base64;
//! - `filter-log-events` and `get-log-events` answer `{"events": [{"timestamp": …, "message": "…", "ingestionTime": …}]}`
//!   (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
//!
//! Event Hubs carries Azure's records as `{"records": […]}`, an event each; whoever saves several events as a list has those in its elements
//! (<https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-stream-event-hubs>).
//!
//! The message is the record. No source reads what only an envelope has, such as the time at which CloudWatch got the message: each log's
//! records have their own.

use std::collections::VecDeque;
use std::fmt;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;

use super::split::{Piece, Splitter, What};
use super::{Limits, Reason};
use crate::eval::Json;
use crate::eval::clock::parse_time;
use crate::json::Wanted;

/// What a record came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Envelope {
    /// A line of an export of CloudWatch Logs to S3.
    Export,
    /// A message of a subscription to a log group.
    Subscription,
    /// The same as Lambda gets it.
    Lambda,
    /// An event in an answer of CloudWatch Logs.
    Answer,
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Envelope::Export => "a line of a CloudWatch Logs export",
            Envelope::Subscription => "a message of a CloudWatch Logs subscription",
            Envelope::Lambda => "a Lambda event of a CloudWatch Logs subscription",
            Envelope::Answer => "an event of a CloudWatch Logs answer",
        })
    }
}

/// Longest time at the start of an exported line.
const LONGEST_TIME: usize = 40;

/// Whether these bytes, but for white space, begin an answer's list of events, up to the first key of the first one. The API's own order of
/// keys, and the alphabet's, begin with one of these.
pub(super) fn begins_events(bytes: &[u8]) -> bool {
    const KEYS: [&str; 4] = ["logStreamName", "timestamp", "eventId", "ingestionTime"];
    let solid: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(64).collect();
    let key = solid.strip_prefix(br#"{"events":[{""#).and_then(|rest| rest.strip_suffix(b"\""));
    key.is_some_and(|key| KEYS.iter().any(|known| known.as_bytes() == key))
}

/// The pieces in a piece.
pub(super) fn unwrapped(piece: Piece, limits: Limits) -> VecDeque<Piece> {
    let found = match (piece.what, std::str::from_utf8(&piece.bytes)) {
        (What::Record, Ok(text)) => found(text, &piece, limits),
        _ => None,
    };
    found.unwrap_or_else(|| VecDeque::from([piece]))
}

fn found(text: &str, piece: &Piece, limits: Limits) -> Option<VecDeque<Piece>> {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        let (time, message) = text.split_once(' ').filter(|(time, _)| time.len() <= LONGEST_TIME)?;
        parse_time(time)?;
        return Some(VecDeque::from([in_place(piece, message, Envelope::Export)]));
    }
    let json = |text: &str| Json::parse_within(text, limits.keys_of_many(), &Wanted::All).ok();
    // Cheap tests first: hardly any piece is an envelope.
    if piece.element.is_some() && solid_start(text, r#"{"records":["#) {
        return Some(elements(piece, limits));
    }
    if text.contains(r#""messageType""#) {
        return messages(&json(text)?, piece);
    }
    if text.contains(r#""ingestionTime""#) {
        return answer(&json(text)?, piece);
    }
    if solid_start(text, r#"{"events":[]"#) {
        return empty_answer(&json(text)?);
    }
    if solid_start(text, r#"{"awslogs":{"#) {
        return lambda(&json(text)?, piece, limits);
    }
    None
}

/// Whether a text begins so, but for white space.
fn solid_start(text: &str, start: &str) -> bool {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(start.len()).eq(start.bytes())
}

/// A message that stands for the whole piece.
fn in_place(piece: &Piece, message: &str, envelope: Envelope) -> Piece {
    let Piece { line, offset, element, .. } = *piece;
    Piece {
        bytes: message.trim().as_bytes().to_vec(),
        line,
        offset,
        element,
        within: Some(envelope),
        what: What::Record,
    }
}

/// A piece that can't be read as the envelope that it is.
fn bad(piece: &Piece, envelope: Envelope) -> Piece {
    Piece { what: What::Broken(Reason::BadEnvelope(envelope)), ..piece.clone() }
}

/// The records of an event of Event Hubs.
fn elements(piece: &Piece, limits: Limits) -> VecDeque<Piece> {
    let mut splitter = Splitter::new(piece.bytes.as_slice(), limits);
    let mut out = VecDeque::new();
    while let Ok(Some(inner)) = splitter.next_piece() {
        let (line, offset) = (piece.line + inner.line - 1, piece.offset + inner.offset);
        out.push_back(Piece { line, offset, ..inner });
    }
    out
}

/// The messages of a subscription.
fn messages(json: &Json, piece: &Piece) -> Option<VecDeque<Piece>> {
    let Some(Json::Text(kind)) = json.member("messageType") else { return None };
    let (Json::List(events), Json::Text(_)) = (json.member("logEvents")?, json.member("logGroup")?) else {
        return None;
    };
    match kind.as_ref() {
        "CONTROL_MESSAGE" => Some(VecDeque::from([Piece { what: What::Other, ..piece.clone() }])),
        "DATA_MESSAGE" => {
            let inner = |(element, event): (u64, &Json)| match event.member("message") {
                Some(Json::Text(text)) => {
                    Piece { element: Some(element), ..in_place(piece, text, Envelope::Subscription) }
                }
                _ => Piece {
                    bytes: event.to_string().into_bytes(),
                    element: Some(element),
                    ..bad(piece, Envelope::Subscription)
                },
            };
            Some((0..).zip(events.iter()).map(inner).collect())
        }
        _ => None,
    }
}

/// The message of an answer's event, which has nothing but these members.
fn answer(json: &Json, piece: &Piece) -> Option<VecDeque<Piece>> {
    const KEYS: [&str; 5] = ["logStreamName", "timestamp", "message", "ingestionTime", "eventId"];
    let Json::Object(members) = json else { return None };
    let number = |key: &str| matches!(members.get(key), Some(Json::Number(_)));
    if !number("timestamp") || !number("ingestionTime") || !members.keys().all(|key| KEYS.contains(&key.as_ref())) {
        return None;
    }
    Some(VecDeque::from([match members.get("message") {
        Some(Json::Text(text)) => in_place(piece, text, Envelope::Answer),
        _ => bad(piece, Envelope::Answer),
    }]))
}

/// Nothing, of an answer without events.
fn empty_answer(json: &Json) -> Option<VecDeque<Piece>> {
    const KEYS: [&str; 5] = ["events", "searchedLogStreams", "nextToken", "nextForwardToken", "nextBackwardToken"];
    let Json::Object(members) = json else { return None };
    (members.len() > 1 && members.keys().all(|key| KEYS.contains(&key.as_ref()))).then(VecDeque::new)
}

/// The messages that a Lambda function gets.
fn lambda(json: &Json, piece: &Piece, limits: Limits) -> Option<VecDeque<Piece>> {
    let Json::Text(data) = json.member("awslogs")?.member("data")? else { return None };
    let inner = unpacked(data, limits)
        .and_then(|text| messages(&Json::parse_within(&text, limits.keys_of_many(), &Wanted::All).ok()?, piece));
    Some(inner.unwrap_or_else(|| VecDeque::from([bad(piece, Envelope::Lambda)])))
}

/// Base64 of gzip of a text that is no longer than a record may be.
fn unpacked(data: &str, limits: Limits) -> Option<String> {
    let packed = STANDARD.decode(data).ok()?;
    let most = limits.record as u64;
    let mut text = String::new();
    MultiGzDecoder::new(packed.as_slice()).take(most + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= most).then_some(text)
}
