//! A row of Vertex AI's request-response logging, as BigQuery exports it in JSON → that row.

use super::{Stored, Table};
use crate::emulator::googlesql::cast::cast;
use crate::emulator::googlesql::functions::{Trouble, stored_json};
use crate::emulator::googlesql::types::{Field, Type};
use crate::emulator::googlesql::value::Val;
use crate::json::Json;

pub(super) const REQUEST_RESPONSE: Table = Table {
    names: &["request_response_logging"],
    schema: "STRUCT<
        endpoint STRING, deployed_model_id STRING, logging_time TIMESTAMP, request_id NUMERIC, request_payload ARRAY<STRING>,
        response_payload ARRAY<STRING>, model STRING, model_version STRING, api_method STRING, full_request JSON, full_response JSON,
        metadata JSON, otel_log JSON>",
    unknown: &[],
    mark: "logging_time",
    row,
};

fn row(record: &Json, columns: &[Field]) -> Stored {
    let (mut row, mut time) = (Vec::new(), None);
    for column in columns {
        let name = column.name.as_deref().unwrap_or_default();
        let value =
            value(record.member(name).unwrap_or(&Json::Null), &column.ty).map_err(|why| format!("{name}: {why}"))?;
        if let (Val::Time(micros), "logging_time") = (&value, name) {
            time = Some(*micros);
        }
        row.push(value);
    }
    Ok((row, time.ok_or("a row without logging_time")?))
}

fn value(json: &Json, ty: &Type) -> Result<Val, String> {
    let said = |trouble| match trouble {
        Trouble::Stops(why) | Trouble::Unknown(why) => why,
    };
    match (ty, json) {
        // A repeated column is never NULL.
        (Type::Array(_), Json::Null) => Ok(Vec::new().into()),
        (Type::Array(element), Json::List(values)) => {
            Ok(Val::Array(values.iter().map(|json| value(json, element)).collect::<Result<_, _>>()?))
        }
        (_, Json::Null) => Ok(Val::Null),
        // An export writes a JSON column as a text.
        (Type::Json, Json::Text(text)) => {
            let read = Json::parse(text).map_err(|error| format!("no JSON: {error}"))?;
            stored_json(&read).map(Val::Json).map_err(said)
        }
        (Type::Json, _) => stored_json(json).map(Val::Json).map_err(said),
        (Type::String, Json::Text(text)) => Ok(Val::Text(text.clone())),
        (_, Json::Text(text) | Json::Number(text)) => cast(&Val::Text(text.clone()), &Type::String, ty).map_err(said),
        _ => Err(format!("no {ty}")),
    }
}
