//! The fields of a log entry and their types: a path of a filter → where it leads, or why it leads nowhere.
//!
//! From the reference of `LogEntry`, of the types within it, and of `google.cloud.audit.AuditLog`.

use super::tree::{Part, Path};
use crate::emulator::Failure;
use crate::json::Json;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Type {
    Text,
    Bool,
    Int32,
    Int64,
    Double,
    Time,
    Span,
    /// An enum: its names and their numbers.
    Enum(&'static [(&'static str, i32)]),
    /// A message with these fields.
    Message(&'static [(&'static str, Type)]),
    /// Texts by text; keys keep their letter case.
    Map,
    /// A text in a map, which is there though it be empty.
    Label,
    /// A `Struct` or a part of one: types are those of the JSON; keys keep their letter case.
    Struct,
    /// A message that names its own type.
    Any,
    /// Something within a message whose type is not known here.
    Open,
}

use Type::{Any, Bool, Double, Enum, Int32, Int64, Label, Map, Message, Open, Span, Struct, Text, Time};

/// `LogSeverity`
pub(super) const SEVERITIES: &[(&str, i32)] = &[
    ("DEFAULT", 0),
    ("DEBUG", 100),
    ("INFO", 200),
    ("NOTICE", 300),
    ("WARNING", 400),
    ("ERROR", 500),
    ("CRITICAL", 600),
    ("ALERT", 700),
    ("EMERGENCY", 800),
];

/// `LogEntry`
pub(super) const LOG_ENTRY: Type = Message(&[
    ("httpRequest", HTTP_REQUEST),
    ("insertId", Text),
    ("jsonPayload", Struct),
    ("labels", Map),
    ("logName", Text),
    ("metadata", Message(&[("systemLabels", Struct), ("userLabels", Map)])),
    ("operation", Message(&[("id", Text), ("producer", Text), ("first", Bool), ("last", Bool)])),
    ("protoPayload", Any),
    ("receiveTimestamp", Time),
    ("resource", Message(&[("type", Text), ("labels", Map)])),
    ("severity", Enum(SEVERITIES)),
    ("sourceLocation", Message(&[("file", Text), ("line", Int64), ("function", Text)])),
    ("spanId", Text),
    ("split", Message(&[("uid", Text), ("index", Int32), ("totalSplits", Int32)])),
    ("textPayload", Text),
    ("timestamp", Time),
    ("trace", Text),
    ("traceSampled", Bool),
]);

const HTTP_REQUEST: Type = Message(&[
    ("cacheFillBytes", Int64),
    ("cacheHit", Bool),
    ("cacheLookup", Bool),
    ("cacheValidatedWithOriginServer", Bool),
    ("latency", Span),
    ("protocol", Text),
    ("referer", Text),
    ("remoteIp", Text),
    ("requestMethod", Text),
    ("requestSize", Int64),
    ("requestUrl", Text),
    ("responseSize", Int64),
    ("serverIp", Text),
    ("status", Int32),
    ("userAgent", Text),
]);

/// Fields of `LogEntry` that the page of the filter language does not list.
const NOT_LISTED: &[&str] = &["errorGroups", "apphub", "apphubDestination", "apphubSource", "otel"];

/// `google.cloud.audit.AuditLog`
const AUDIT_LOG: Type = Message(&[
    ("@type", Text),
    ("serviceName", Text),
    ("methodName", Text),
    ("resourceName", Text),
    ("resourceLocation", Message(&[("currentLocations", Text), ("originalLocations", Text)])),
    ("resourceOriginalState", Struct),
    ("numResponseItems", Int64),
    ("status", Message(&[("code", Int32), ("message", Text), ("details", Any)])),
    ("authenticationInfo", AUTHENTICATION),
    ("authorizationInfo", AUTHORIZATION),
    ("requestMetadata", REQUEST_METADATA),
    ("request", Struct),
    ("response", Struct),
    ("metadata", Struct),
    ("serviceData", Any),
]);

const AUTHENTICATION: Type = Message(&[
    ("principalEmail", Text),
    ("principalSubject", Text),
    ("authoritySelector", Text),
    ("thirdPartyPrincipal", Struct),
    ("serviceAccountKeyName", Text),
    ("oauthInfo", Message(&[("oauthClientId", Text)])),
    (
        "serviceAccountDelegationInfo",
        Message(&[
            ("principalSubject", Text),
            ("firstPartyPrincipal", Message(&[("principalEmail", Text), ("serviceMetadata", Struct)])),
            ("thirdPartyPrincipal", Message(&[("thirdPartyClaims", Struct)])),
        ]),
    ),
]);

const AUTHORIZATION: Type = Message(&[
    ("resource", Text),
    ("permission", Text),
    ("granted", Bool),
    ("resourceAttributes", Message(&[("service", Text), ("name", Text), ("type", Text), ("labels", Map)])),
    (
        "permissionType",
        Enum(&[
            ("PERMISSION_TYPE_UNSPECIFIED", 0),
            ("ADMIN_READ", 1),
            ("ADMIN_WRITE", 2),
            ("DATA_READ", 3),
            ("DATA_WRITE", 4),
        ]),
    ),
]);

const REQUEST_METADATA: Type = Message(&[
    ("callerIp", Text),
    ("callerSuppliedUserAgent", Text),
    ("callerNetwork", Text),
    (
        "requestAttributes",
        Message(&[
            ("id", Text),
            ("method", Text),
            ("headers", Map),
            ("path", Text),
            ("host", Text),
            ("scheme", Text),
            ("query", Text),
            ("time", Time),
            ("size", Int64),
            ("protocol", Text),
            ("reason", Text),
            (
                "auth",
                Message(&[
                    ("principal", Text),
                    ("audiences", Text),
                    ("presenter", Text),
                    ("claims", Struct),
                    ("accessLevels", Text),
                ]),
            ),
        ]),
    ),
    (
        "destinationAttributes",
        Message(&[("ip", Text), ("port", Int64), ("labels", Map), ("principal", Text), ("regionCode", Text)]),
    ),
]);

/// A path whose first parts are checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) path: Path,
    /// The type it leads to, as far as that is known without an entry.
    pub(super) kind: Type,
    /// Whether it is missing where an entry lacks it; else it has its default value.
    pub(super) may_miss: bool,
    /// Whether it is an object in every entry that has it.
    pub(super) object: bool,
}

/// Looks a path up.
pub(super) fn field(path: &Path) -> Result<Field, Failure> {
    let (mut kind, mut may_miss, mut object) = (LOG_ENTRY, false, false);
    for part in &path.parts {
        object = matches!(kind, Message(_));
        kind = match kind {
            Message(fields) => match named(fields, &part.name) {
                Some((_, kind)) => *kind,
                None => return Err(undefined(fields, part)),
            },
            Map => Label,
            Struct => Struct,
            Any | Open => Open,
            Text | Label | Bool | Int32 | Int64 | Double | Time | Span | Enum(_) => {
                let message = format!("`{}` is undefined: the field before it has no fields of its own", part.name);
                return Err(Failure::rejected(message, part.at.clone()));
            }
        };
        may_miss |= matches!(kind, Map | Label | Struct | Any | Open);
    }
    object &= matches!(kind, Message(_) | Map | Struct | Any);
    Ok(Field { path: path.clone(), kind, may_miss, object })
}

fn undefined(fields: &[(&'static str, Type)], part: &Part) -> Failure {
    let name = &part.name;
    if named(fields, &name.replace('_', "")).is_some() {
        return Failure::unknown(format!("whether `{name}` may have underscores is not known"), part.at.clone());
    }
    if NOT_LISTED.contains(&name.as_str()) {
        return Failure::unknown(format!("whether filters can name `{name}` is not known"), part.at.clone());
    }
    Failure::rejected(format!("`{name}` is undefined: LogEntry has no such field"), part.at.clone())
}

/// A field of a message by its name in any letter case.
fn named<'f>(fields: &'f [(&'static str, Type)], name: &str) -> Option<&'f (&'static str, Type)> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// What a message of type `kind`, as it is in an entry, is in truth: one that names its own type is that.
fn resolved(kind: Type, value: &Json) -> Type {
    match (kind, value.member("@type")) {
        (Any, Some(Json::Text(name))) if name.ends_with("/google.cloud.audit.AuditLog") => AUDIT_LOG,
        (Any, _) => Open,
        (kind, _) => kind,
    }
}

/// The member of a value that a part of a path names, and its type.
pub(super) fn member<'j>(kind: Type, value: &'j Json, part: &Part) -> Result<Option<(Type, &'j Json)>, Failure> {
    let kind = resolved(kind, value);
    if let Map | Struct = kind {
        return Ok(value.member(&part.name).map(|member| (member_type(kind, &part.name), member)));
    }
    let Json::Object(members) = value else { return Ok(None) };
    let by_name = |name: &str| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    if let Some((key, member)) = by_name(&part.name) {
        return Ok(Some((member_type(kind, key), member)));
    }
    if part.name.contains('_') && by_name(&part.name.replace('_', "")).is_some() {
        let message = format!("whether `{}` may have underscores is not known", part.name);
        return Err(Failure::unknown(message, part.at.clone()));
    }
    // An Any of a well-known type holds it in `value`, which is passed through.
    match members.get("value") {
        Some(inner) if members.contains_key("@type") && members.len() == 2 => member(Open, inner, part),
        _ => Ok(None),
    }
}

/// The type of a member by its key.
fn member_type(kind: Type, key: &str) -> Type {
    match kind {
        Message(fields) => named(fields, key).map_or(Open, |(_, kind)| *kind),
        Map => Label,
        Struct => Struct,
        _ => Open,
    }
}

/// The members of an object with their types and whether their keys are data. Of an entry: its fields alone.
pub(super) fn members(kind: Type, value: &Json) -> Vec<(Type, &str, &Json)> {
    let kind = resolved(kind, value);
    let Json::Object(members) = value else { return Vec::new() };
    let known = |key: &str| kind != LOG_ENTRY || matches!(kind, Message(fields) if named(fields, key).is_some());
    let known = members.iter().filter(|(key, _)| known(key));
    known.map(|(key, member)| (member_type(kind, key), &**key, member)).collect()
}

/// Whether the keys of an object of this type are data and not names of fields.
pub(super) fn has_keys(kind: Type, value: &Json) -> bool {
    matches!(resolved(kind, value), Map | Struct | Open)
}
