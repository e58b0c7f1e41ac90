//! A LogEntry in its JSON form → a row of a log view in Log Analytics.

use chrono::DateTime;

use super::{Stored, Table};
use crate::emulator::googlesql::functions::stored_json;
use crate::emulator::googlesql::types::{Field, Type};
use crate::emulator::googlesql::value::{Unset, Val};
use crate::json::Json;

/// The columns are the fields of LogEntry, AuditLog and their messages; what they call Struct, and labels, is JSON.
pub(super) const ALL_LOGS: Table = Table {
    names: &["_AllLogs", "_Default", "_Required"],
    schema: "STRUCT<
        log_name STRING, log_id STRING, `timestamp` TIMESTAMP, receive_timestamp TIMESTAMP, severity STRING, severity_number INT64,
        insert_id STRING, trace STRING, span_id STRING, trace_sampled BOOL, text_payload STRING, json_payload JSON, labels JSON,
        resource STRUCT<type STRING, labels JSON>,
        operation STRUCT<id STRING, producer STRING, first BOOL, last BOOL>,
        http_request STRUCT<request_method STRING, request_url STRING, request_size INT64, status INT64, response_size INT64,
            user_agent STRING, remote_ip STRING, server_ip STRING, referer STRING, cache_lookup BOOL, cache_hit BOOL,
            cache_validated_with_origin_server BOOL, cache_fill_bytes INT64, protocol STRING>,
        source_location STRUCT<file STRING, line INT64, function STRING>,
        split STRUCT<uid STRING, index INT64, total_splits INT64>,
        proto_payload STRUCT<type STRING, audit_log STRUCT<
            service_name STRING, method_name STRING, resource_name STRING, num_response_items INT64,
            status STRUCT<code INT64, message STRING, details JSON>,
            authentication_info STRUCT<principal_email STRING, principal_subject STRING, authority_selector STRING,
                service_account_key_name STRING, third_party_principal JSON, service_account_delegation_info JSON>,
            authorization_info ARRAY<STRUCT<resource STRING, permission STRING, granted BOOL, permission_type STRING>>,
            request_metadata STRUCT<caller_ip STRING, caller_supplied_user_agent STRING, caller_network STRING>,
            request JSON, response JSON, metadata JSON, service_data JSON, resource_original_state JSON>>>",
    unknown: &[
        "latency",
        "request_log",
        "resource_location",
        "policy_violation_info",
        "resource_attributes",
        "request_attributes",
        "destination_attributes",
        "apphub",
        "apphub_destination",
        "apphub_source",
        "error_groups",
    ],
    mark: "logName",
    row,
};

/// What proto_payload.audit_log is made of.
const AUDIT_LOG: &str = "type.googleapis.com/google.cloud.audit.AuditLog";

const SEVERITIES: &[&str] =
    &["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

fn row(entry: &Json, columns: &[Field]) -> Stored {
    let Some(Json::Text(name)) = entry.member("logName") else { return Err("a log entry without logName".to_owned()) };
    let Some(Json::Text(time)) = entry.member("timestamp") else {
        return Err("a log entry without timestamp".to_owned());
    };
    let time = moment(time)?;
    let severity = match entry.member("severity") {
        Some(Json::Text(severity)) => severity,
        _ => "DEFAULT",
    };
    let mut row = Vec::new();
    for column in columns {
        let column_name = column.name.as_deref().unwrap_or_default();
        row.push(match column_name {
            "log_id" => log_id(name).into(),
            "severity" => severity.into(),
            "severity_number" => {
                let rank = SEVERITIES.iter().zip(0..).find(|(name, _)| **name == severity).map(|(_, rank)| rank * 100);
                Val::Int(rank.ok_or_else(|| format!("`{severity}` is no severity"))?)
            }
            "proto_payload" => match entry.member("protoPayload") {
                Some(payload) => proto_payload(payload, &column.ty)?,
                None => Val::Null,
            },
            _ => match entry.member(&camel(column_name)) {
                Some(value) => field(value, column_name, &column.ty)?,
                None => Val::Null,
            },
        });
    }
    Ok((row, time))
}

/// The last part of a log's name, unescaped.
fn log_id(name: &str) -> String {
    let escaped = name.split_once("/logs/").map_or("", |(_, id)| id);
    let mut bytes = Vec::new();
    let mut rest = escaped.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(code) if *first == b'%' => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn proto_payload(payload: &Json, ty: &Type) -> Result<Val, String> {
    let Type::Struct(fields) = ty else { return Ok(Val::Null) };
    let kind = payload.member("@type");
    let audit = kind.is_none_or(|kind| *kind == Json::Text(AUDIT_LOG.into()));
    let values = fields.iter().map(|inner| match inner.name.as_deref() {
        Some("type") => kind.map_or(Ok(Val::Unset(Unset::Text)), |kind| field(kind, "@type", &inner.ty)),
        _ if audit => field(payload, "protoPayload", &inner.ty),
        _ => Ok(Val::Null),
    });
    Ok(Val::Struct(values.collect::<Result<_, _>>()?))
}

/// `caller_ip` is `callerIp` in JSON.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut out, word| {
        out.extend(word.chars().next().map(|first| first.to_ascii_uppercase()));
        out.push_str(word.get(1..).unwrap_or_default());
        out
    })
}

/// A moment to the microsecond; what is finer is cut.
fn moment(text: &str) -> Result<i64, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.timestamp_micros())
        .map_err(|_| format!("`{text}` is no timestamp"))
}

/// A field of a message in its JSON form.
fn field(value: &Json, name: &str, ty: &Type) -> Result<Val, String> {
    let wrong = || Err(format!("{name} is no {ty}"));
    match (ty, value) {
        (Type::Json, _) => stored_json(value).map(Val::Json).or_else(|_| wrong()),
        (_, Json::Null) => Ok(unset(ty)),
        (Type::String, Json::Text(text)) => Ok(Val::Text(text.clone())),
        (Type::Bool, Json::Bool(value)) => Ok(Val::Bool(*value)),
        // The JSON form writes 64 bits as a text.
        (Type::Int64, Json::Number(number) | Json::Text(number)) => number.parse().map(Val::Int).or_else(|_| wrong()),
        (Type::Timestamp, Json::Text(text)) => moment(text).map(Val::Time),
        (Type::Array(element), Json::List(values)) => {
            let values = values.iter().map(|value| field(value, name, element));
            Ok(Val::Array(values.collect::<Result<_, _>>()?))
        }
        (Type::Struct(fields), Json::Object(_)) => {
            let values = fields.iter().map(|inner| {
                let name = inner.name.as_deref().unwrap_or_default();
                value.member(&camel(name)).map_or_else(|| Ok(unset(&inner.ty)), |value| field(value, name, &inner.ty))
            });
            Ok(Val::Struct(values.collect::<Result<_, _>>()?))
        }
        _ => wrong(),
    }
}

/// A field of a message that its JSON form leaves out.
fn unset(ty: &Type) -> Val {
    match ty {
        Type::String => Val::Unset(Unset::Text),
        Type::Int64 => Val::Unset(Unset::Number),
        Type::Bool => Val::Unset(Unset::Bool),
        Type::Array(_) => Vec::new().into(),
        _ => Val::Null,
    }
}
