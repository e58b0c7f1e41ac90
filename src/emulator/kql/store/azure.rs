//! What a raw Azure record holds, where a column is more than a copy of a field.

use sha2::{Digest, Sha256};

use crate::emulator::kql::value::Cell;
use crate::json::Json;

/// A record and the table that it goes to.
pub(super) struct Raw<'a> {
    pub(super) json: &'a Json,
    pub(super) table: &'static str,
}

/// Who called, by the first of the token's claims that is there.
const CALLER_CLAIMS: &[&str] = &[
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/spn",
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "appid",
];

/// What stands at a path of keys. Writers don't agree on their case; the documented one counts first. JSON in a text is entered.
pub(super) fn named(json: &Json, path: &[&str]) -> Option<Json> {
    let Some((key, rest)) = path.split_first() else { return Some(json.clone()) };
    let opened = match json {
        Json::Text(text) => Json::parse(text).ok()?,
        other => other.clone(),
    };
    let Json::Object(members) = &opened else { return None };
    let other_case = || members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    named(members.get(*key).or_else(other_case)?, rest)
}

fn text(raw: &Raw<'_>, path: &[&str]) -> String {
    match named(raw.json, path) {
        None | Some(Json::Null) => String::new(),
        Some(Json::Text(text)) => text.to_string(),
        Some(value) => value.to_string(),
    }
}

fn resource(raw: &Raw<'_>) -> String {
    text(raw, &["resourceId"])
}

/// The part of the resource's id after a word.
fn segment(raw: &Raw<'_>, word: &str) -> String {
    let id = resource(raw);
    let parts: Vec<&str> = id.split('/').collect();
    let at = parts.iter().rposition(|part| part.eq_ignore_ascii_case(word));
    at.and_then(|at| parts.get(at + 1)).map(|part| (*part).to_owned()).unwrap_or_default()
}

pub(super) fn resource_lower(raw: &Raw<'_>) -> Cell {
    Cell::text(&resource(raw).to_lowercase())
}

pub(super) fn resource_name(raw: &Raw<'_>) -> Cell {
    Cell::text(resource(raw).rsplit('/').next().unwrap_or_default())
}

pub(super) fn resource_group(raw: &Raw<'_>) -> Cell {
    Cell::text(&segment(raw, "resourcegroups"))
}

pub(super) fn subscription(raw: &Raw<'_>) -> Cell {
    Cell::text(&segment(raw, "subscriptions"))
}

pub(super) fn provider(raw: &Raw<'_>) -> Cell {
    Cell::text(&segment(raw, "providers").to_uppercase())
}

/// Of an operation, where the resource names none.
pub(super) fn activity_provider(raw: &Raw<'_>) -> Cell {
    let of_resource = segment(raw, "providers");
    let operation = operation(raw);
    let of_operation = operation.split('/').next().unwrap_or_default();
    Cell::text(&if of_resource.is_empty() { of_operation } else { &of_resource }.to_uppercase())
}

/// The export gives the operation alone, Resource Manager's form with its display name.
fn operation(raw: &Raw<'_>) -> String {
    match named(raw.json, &["operationName"]) {
        Some(Json::Text(operation)) => operation.to_string(),
        _ => text(raw, &["operationName", "value"]),
    }
}

pub(super) fn operation_value(raw: &Raw<'_>) -> Cell {
    Cell::text(&operation(raw))
}

pub(super) fn operation_shown(raw: &Raw<'_>) -> Cell {
    Cell::text(&text(raw, &["operationName", "localizedValue"]))
}

/// `Accepted.Created` is a status and, after the point, what the table calls the substatus.
pub(super) fn substatus(raw: &Raw<'_>) -> Cell {
    let signature = text(raw, &["resultSignature"]);
    Cell::text(signature.split_once('.').map_or("", |(_, substatus)| substatus))
}

pub(super) fn caller(raw: &Raw<'_>) -> Cell {
    let claim = |claim: &&&str| text(raw, &["identity", "claims", claim]);
    let callers = CALLER_CLAIMS.iter().map(|one| claim(&one));
    Cell::text(&callers.into_iter().find(|caller| !caller.is_empty()).unwrap_or_default())
}

/// Every row of the activity log has an id of its own, which the export leaves out.
pub(super) fn event_id(raw: &Raw<'_>) -> Cell {
    let own = [&["eventDataId"][..], &["properties", "eventDataId"][..]].map(|path| text(raw, path));
    if let Some(id) = own.iter().find(|id| !id.is_empty()) {
        return Cell::text(id);
    }
    let hash = Sha256::digest(raw.json.to_string().as_bytes());
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    match Cell::guid(&digits) {
        Some(Cell::Guid(id)) => Cell::Text(id),
        _ => Cell::text(&digits),
    }
}

/// The id of the workspace, which is not the tenant that a record names.
pub(super) fn workspace(_: &Raw<'_>) -> Cell {
    Cell::text("00000000-0000-4000-8000-000000000000")
}

pub(super) fn table_name(raw: &Raw<'_>) -> Cell {
    Cell::text(raw.table)
}

/// Beside the properties, or among them.
pub(super) fn correlation(raw: &Raw<'_>) -> Cell {
    let paths = [&["correlationId"][..], &["properties", "correlationId"][..]];
    Cell::text(&paths.iter().map(|path| text(raw, path)).find(|id| !id.is_empty()).unwrap_or_default())
}
