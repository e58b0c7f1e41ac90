//! Where a raw path stands in a log entry, and what is known of it there: takes a path and a place, gives the field.
//!
//! Fields of the entry itself are typed and *defaulted*: a comparison takes an absent one as 0, false or empty. Fields of payloads and labels
//! are *missing* where absent, and every comparison with them is false. What an audit log holds is known too; what other payloads hold is not.

use super::tree::Field;
use crate::ir::{Place, Step};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// A time.
    Time,
    /// A name of [`SEVERITIES`].
    Severity,
    /// Whatever the payload has.
    Any,
}

/// A field of a log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located {
    /// How it is spelled.
    pub field: Field,
    /// What it holds.
    pub kind: Kind,
    /// Whether an absent one compares as its default.
    pub defaulted: bool,
}

/// The names of severities, the weakest first.
pub(super) const SEVERITIES: [&str; 9] =
    ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

/// Typed fields; a star stands for any rest of the path. Those in payloads and labels are missing where absent, the others defaulted.
const FIELDS: &[(&str, Kind)] = &[
    ("timestamp", Kind::Time),
    ("receiveTimestamp", Kind::Time),
    ("insertId", Kind::Text),
    ("logName", Kind::Text),
    ("severity", Kind::Severity),
    ("trace", Kind::Text),
    ("spanId", Kind::Text),
    ("traceSampled", Kind::Bool),
    ("textPayload", Kind::Text),
    ("resource.type", Kind::Text),
    ("resource.labels.*", Kind::Text),
    ("labels.*", Kind::Text),
    ("operation.id", Kind::Text),
    ("operation.producer", Kind::Text),
    ("operation.first", Kind::Bool),
    ("operation.last", Kind::Bool),
    ("httpRequest.requestMethod", Kind::Text),
    ("httpRequest.requestUrl", Kind::Text),
    ("httpRequest.userAgent", Kind::Text),
    ("httpRequest.remoteIp", Kind::Text),
    ("httpRequest.serverIp", Kind::Text),
    ("httpRequest.referer", Kind::Text),
    ("httpRequest.protocol", Kind::Text),
    ("httpRequest.status", Kind::Int),
    ("httpRequest.requestSize", Kind::Int),
    ("httpRequest.responseSize", Kind::Int),
    ("httpRequest.cacheFillBytes", Kind::Int),
    ("httpRequest.cacheLookup", Kind::Bool),
    ("httpRequest.cacheHit", Kind::Bool),
    ("httpRequest.cacheValidatedWithOriginServer", Kind::Bool),
    ("sourceLocation.file", Kind::Text),
    ("sourceLocation.function", Kind::Text),
    ("sourceLocation.line", Kind::Int),
    ("split.uid", Kind::Text),
    ("split.index", Kind::Int),
    ("split.totalSplits", Kind::Int),
    ("metadata.*", Kind::Any),
    ("protoPayload.@type", Kind::Text),
    ("protoPayload.serviceName", Kind::Text),
    ("protoPayload.methodName", Kind::Text),
    ("protoPayload.resourceName", Kind::Text),
    ("protoPayload.numResponseItems", Kind::Int),
    ("protoPayload.status.code", Kind::Int),
    ("protoPayload.status.message", Kind::Text),
    ("protoPayload.authenticationInfo.principalEmail", Kind::Text),
    ("protoPayload.authenticationInfo.principalSubject", Kind::Text),
    ("protoPayload.authenticationInfo.authoritySelector", Kind::Text),
    ("protoPayload.authenticationInfo.serviceAccountKeyName", Kind::Text),
    ("protoPayload.authorizationInfo.resource", Kind::Text),
    ("protoPayload.authorizationInfo.permission", Kind::Text),
    ("protoPayload.authorizationInfo.permissionType", Kind::Text),
    ("protoPayload.authorizationInfo.granted", Kind::Bool),
    ("protoPayload.requestMetadata.callerIp", Kind::Text),
    ("protoPayload.requestMetadata.callerSuppliedUserAgent", Kind::Text),
    ("protoPayload.requestMetadata.callerNetwork", Kind::Text),
    ("protoPayload.*", Kind::Any),
    ("jsonPayload.*", Kind::Any),
];

/// The field at a path; none where entries have no such field, or the path takes one element of a list.
pub(super) fn locate(place: &Place, steps: &[Step]) -> Option<Located> {
    let renamed =
        place.columns.iter().filter(|column| steps.starts_with(&column.path)).max_by_key(|column| column.path.len());
    let (mut parts, rest): (Vec<String>, &[Step]) = match renamed {
        Some(column) => {
            let name = column.name.split('.').map(str::to_owned).collect();
            (name, steps.get(column.path.len()..).unwrap_or_default())
        }
        None => (Vec::new(), steps),
    };
    for step in rest {
        match step {
            Step::Key(key) => parts.push(key.clone()),
            // A comparison is true of a list where it is true of an element.
            Step::Elements => {}
            Step::Index(_) | Step::Values => return None,
        }
    }
    let (_, kind) = FIELDS.iter().find(|(known, _)| is_at(known, &parts))?;
    let head = parts.first().map(String::as_str).unwrap_or_default();
    let payload = ["protoPayload", "jsonPayload", "labels", "metadata"].contains(&head)
        || (head == "resource" && parts.get(1).is_some_and(|part| part == "labels"));
    Some(Located { field: Field(parts), kind: *kind, defaulted: !payload })
}

/// Whether a path is the known one.
fn is_at(known: &str, parts: &[String]) -> bool {
    let mut parts = parts.iter();
    for word in known.split('.') {
        match (word, parts.next()) {
            ("*", Some(_)) => return true,
            (word, Some(part)) if word == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}
