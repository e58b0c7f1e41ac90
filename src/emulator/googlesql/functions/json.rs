//! JSON functions. Numbers of JSON values are kept as the store writes them: whole ones by their digits, others as the shortest text of a FLOAT64.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::json_path::{Quoting, at};
use super::{Function, Trouble, on, open, strict};
use crate::emulator::googlesql::calendar::{clock_text, date_text};
use crate::emulator::googlesql::value::Val;
use crate::json::Json;

const JSON_PATH: &[&str] = &["JSON", "[STRING]"];
const TEXT_PATH: &[&str] = &["STRING", "[STRING]"];

pub(super) const JSON: &[Function] = &[
    strict("JSON_VALUE", JSON_PATH, "STRING", |_, args| found(args, Quoting::Double, scalar)),
    strict("JSON_VALUE", TEXT_PATH, "STRING", |_, args| found(args, Quoting::Double, scalar)),
    strict("JSON_QUERY", JSON_PATH, "JSON", |_, args| found(args, Quoting::Double, |json| Ok(json.clone().into()))),
    strict("JSON_QUERY", TEXT_PATH, "STRING", |_, args| found(args, Quoting::Double, text)),
    strict("JSON_QUERY_ARRAY", JSON_PATH, "ARRAY<JSON>", |_, args| found(args, Quoting::Double, elements)),
    strict("JSON_QUERY_ARRAY", TEXT_PATH, "ARRAY<STRING>", |_, args| found(args, Quoting::Double, texts)),
    strict("JSON_VALUE_ARRAY", JSON_PATH, "ARRAY<STRING>", |_, args| found(args, Quoting::Double, scalars)),
    strict("JSON_VALUE_ARRAY", TEXT_PATH, "ARRAY<STRING>", |_, args| match args {
        // Said of this function alone.
        [Val::Text(text), ..] if Json::parse(text).is_err() => Ok(Val::Null),
        _ => found(args, Quoting::Double, scalars),
    }),
    strict("JSON_EXTRACT", JSON_PATH, "JSON", |_, args| found(args, Quoting::Bracket, |json| Ok(json.clone().into()))),
    strict("JSON_EXTRACT", TEXT_PATH, "STRING", |_, args| found(args, Quoting::Bracket, text)),
    strict("JSON_EXTRACT_SCALAR", JSON_PATH, "STRING", |_, args| found(args, Quoting::Bracket, scalar)),
    strict("JSON_EXTRACT_SCALAR", TEXT_PATH, "STRING", |_, args| found(args, Quoting::Bracket, scalar)),
    strict("JSON_EXTRACT_ARRAY", JSON_PATH, "ARRAY<JSON>", |_, args| found(args, Quoting::Bracket, elements)),
    strict("JSON_EXTRACT_ARRAY", TEXT_PATH, "ARRAY<STRING>", |_, args| found(args, Quoting::Bracket, texts)),
    strict("JSON_TYPE", &["JSON"], "STRING", on!(Val::Json(json) => Ok(kind(json).into()))),
    strict("PARSE_JSON", &["STRING"], "JSON", on!(Val::Text(text) => super::json_literal(text))),
    strict(
        "JSON_KEYS",
        &["JSON"],
        "ARRAY<STRING>",
        on!(Val::Json(json) => {
            let mut keys = Vec::new();
            collect_keys(json, "", &mut keys)?;
            keys.sort_unstable();
            Ok(keys.into_iter().map(Val::from).collect::<Vec<_>>().into())
        }),
    ),
    open("TO_JSON", &["T"], "JSON", |_, args| json_of(args.first().unwrap_or(&Val::Null)).map(Val::Json)),
    open("TO_JSON_STRING", &["T"], "STRING", |_, args| match args {
        // A whole number that a FLOAT64 may not hold is a text there.
        [Val::Int(number)] if number.unsigned_abs() > 1 << 53 => Ok(format!("\"{number}\"").into()),
        [Val::Array(_)] => Trouble::unknown("TO_JSON_STRING of an array"),
        [value] => Ok(json_of(value)?.to_string().into()),
        _ => Trouble::unknown("arguments of these types"),
    }),
    // Keys and values, each as JSON.
    open("JSON_OBJECT", &["JSON..."], "JSON", |_, args| object(args)),
    open("JSON_ARRAY", &["JSON..."], "JSON", |_, args| {
        Ok(Json::List(args.iter().map(json_of).collect::<Result<Vec<_>, _>>()?.into()).into())
    }),
    strict(
        "BOOL",
        &["JSON"],
        "BOOL",
        on!(Val::Json(json) => match json {
            Json::Bool(value) => Ok(Val::Bool(*value)),
            _ => Trouble::stops(format!("BOOL of a JSON {}", kind(json))),
        }),
    ),
    strict(
        "STRING",
        &["JSON"],
        "STRING",
        on!(Val::Json(json) => match json {
            Json::Text(text) => Ok(Val::Text(text.clone())),
            _ => Trouble::stops(format!("STRING of a JSON {}", kind(json))),
        }),
    ),
    strict(
        "INT64",
        &["JSON"],
        "INT64",
        on!(Val::Json(json) => {
            if let Json::Number(number) = json && let Some(whole) = whole(number) {
                return Ok(Val::Int(whole));
            }
            Trouble::stops(format!("INT64 of a JSON {} that is no whole number of 64 bits", kind(json)))
        }),
    ),
    strict(
        "FLOAT64",
        &["JSON"],
        "FLOAT64",
        on!(Val::Json(json) => match json {
            Json::Number(number) => Ok(Val::Float(float(number))),
            _ => Trouble::stops(format!("FLOAT64 of a JSON {}", kind(json))),
        }),
    ),
    strict(
        "LAX_BOOL",
        &["JSON"],
        "BOOL",
        on!(Val::Json(json) => Ok(match json {
            Json::Bool(value) => Val::Bool(*value),
            Json::Text(text) if text.eq_ignore_ascii_case("true") => Val::Bool(true),
            Json::Text(text) if text.eq_ignore_ascii_case("false") => Val::Bool(false),
            Json::Number(number) => Val::Bool(float(number) != 0.0),
            _ => Val::Null,
        })),
    ),
    strict("LAX_STRING", &["JSON"], "STRING", on!(Val::Json(json) => scalar(json))),
    strict(
        "LAX_INT64",
        &["JSON"],
        "INT64",
        on!(Val::Json(json) => Ok(match json {
            Json::Bool(value) => Val::Int(i64::from(*value)),
            Json::Number(number) => rounded(number).map_or(Val::Null, Val::Int),
            Json::Text(text) => lax_number(text)?.as_deref().and_then(rounded).map_or(Val::Null, Val::Int),
            _ => Val::Null,
        })),
    ),
    strict(
        "LAX_FLOAT64",
        &["JSON"],
        "FLOAT64",
        on!(Val::Json(json) => Ok(match json {
            Json::Number(number) => Val::Float(float(number)),
            Json::Text(text) => lax_number(text)?.as_deref().map_or(Val::Null, |number| Val::Float(float(number))),
            _ => Val::Null,
        })),
    ),
];

/// What a path finds in JSON, or in a text of it; NULL where it finds nothing.
fn found(args: &[Val], quoting: Quoting, give: fn(&Json) -> Result<Val, Trouble>) -> Result<Val, Trouble> {
    let path = match args.get(1) {
        Some(Val::Text(path)) => path,
        _ => "$",
    };
    match args.first() {
        Some(Val::Json(json)) => at(json, path, quoting)?.map_or(Ok(Val::Null), give),
        Some(Val::Text(text)) => match Json::parse(text) {
            // In a text of JSON a null is SQL's.
            Ok(json) => at(&json, path, quoting)?.filter(|json| **json != Json::Null).map_or(Ok(Val::Null), give),
            Err(_) => Trouble::unknown("a function of JSON on a text that is no JSON"),
        },
        _ => Trouble::unknown("arguments of these types"),
    }
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::Text(_) => "string",
        Json::List(_) => "array",
        Json::Object(_) => "object",
    }
}

/// A scalar as a text; NULL of everything else.
fn scalar(json: &Json) -> Result<Val, Trouble> {
    Ok(match json {
        Json::Text(text) => Val::Text(text.clone()),
        Json::Bool(value) => value.to_string().into(),
        Json::Number(number) if has_one_text(number) => Val::Text(number.clone()),
        Json::Number(number) => return Trouble::unknown(format!("the text of the JSON number {number}")),
        Json::Null | Json::List(_) | Json::Object(_) => Val::Null,
    })
}

/// Whether every way of writing a number gives the same text: whole, or neither large nor small.
fn has_one_text(number: &str) -> bool {
    let size = float(number).abs();
    number.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        || ((1e-4..1e15).contains(&size) && canonical(number).as_deref() == Some(number))
}

/// A value as a text of JSON.
fn text(json: &Json) -> Result<Val, Trouble> {
    match json {
        Json::Number(number) if !has_one_text(number) => {
            Trouble::unknown(format!("the text of the JSON number {number}"))
        }
        // A text keeps the order of its members, which is not kept here.
        _ if has_order(json) => Trouble::unknown("an object of several members out of a text of JSON"),
        _ => Ok(json.to_string().into()),
    }
}

/// An object of keys and values in turn; the first of equal keys counts.
fn object(args: &[Val]) -> Result<Val, Trouble> {
    let mut members = BTreeMap::new();
    for pair in args.chunks(2) {
        let [Val::Json(Json::Text(key)), value] = pair else {
            return Trouble::stops("JSON_OBJECT wants texts as keys, and a value for each");
        };
        members.entry(key.clone()).or_insert(json_of(value)?);
    }
    Ok(Json::Object(Arc::new(members)).into())
}

/// Whether an object in it has several members.
fn has_order(json: &Json) -> bool {
    match json {
        Json::List(elements) => elements.iter().any(has_order),
        Json::Object(members) => members.len() > 1 || members.values().any(has_order),
        _ => false,
    }
}

fn elements(json: &Json) -> Result<Val, Trouble> {
    Ok(match json {
        Json::List(elements) => elements.iter().cloned().map(Val::Json).collect::<Vec<_>>().into(),
        _ => Val::Null,
    })
}

fn texts(json: &Json) -> Result<Val, Trouble> {
    let Json::List(elements) = json else { return Ok(Val::Null) };
    if elements.contains(&Json::Null) {
        return Trouble::unknown("a null among the elements of a text of JSON");
    }
    Ok(elements.iter().map(text).collect::<Result<Vec<_>, _>>()?.into())
}

/// Scalars as texts, nulls as NULL; NULL altogether where an element is neither.
fn scalars(json: &Json) -> Result<Val, Trouble> {
    let Json::List(elements) = json else { return Ok(Val::Null) };
    if elements.iter().any(|element| matches!(element, Json::List(_) | Json::Object(_))) {
        return Ok(Val::Null);
    }
    Ok(elements.iter().map(scalar).collect::<Result<Vec<_>, _>>()?.into())
}

/// All paths of members, with dots; those with special characters are quoted by the vendor.
fn collect_keys(json: &Json, before: &str, keys: &mut Vec<String>) -> Result<(), Trouble> {
    let Json::Object(members) = json else { return Ok(()) };
    for (key, inner) in members.iter() {
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || key.is_empty() {
            return Trouble::unknown(format!("JSON_KEYS of the key `{key}`: its quotes"));
        }
        let path = if before.is_empty() { key.to_string() } else { format!("{before}.{key}") };
        collect_keys(inner, &path, keys)?;
        keys.push(path);
    }
    Ok(())
}

fn float(number: &str) -> f64 {
    number.parse().unwrap_or(f64::NAN)
}

/// A number that is whole, by its value.
fn whole(number: &str) -> Option<i64> {
    let float = float(number);
    number.parse().ok().or_else(|| (float.fract() == 0.0).then(|| rounded(number)).flatten())
}

/// The nearest whole number of 64 bits, halves away from zero.
fn rounded(number: &str) -> Option<i64> {
    number.parse().ok().or_else(|| {
        let rounded = float(number).round();
        // Both bounds are exact as floats.
        ((-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded)).then_some(rounded as i64)
    })
}

/// A text as a number, for LAX functions.
fn lax_number(text: &str) -> Result<Option<Arc<str>>, Trouble> {
    if text.contains(char::is_whitespace)
        || text.eq_ignore_ascii_case("nan")
        || text.to_ascii_lowercase().contains("inf")
    {
        return Trouble::unknown(format!("LAX conversion of the text `{text}`"));
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    Ok(matches!(Json::parse(plain), Ok(Json::Number(_))).then(|| plain.into()))
}

/// How a JSON value holds a number: by its digits where it is whole and of 64 bits, else as a FLOAT64.
fn canonical(number: &str) -> Option<String> {
    if let Ok(whole) = number.parse::<i64>() {
        return Some(whole.to_string());
    }
    if let Ok(whole) = number.parse::<u64>() {
        return Some(whole.to_string());
    }
    let float = float(number);
    float.is_finite().then(|| format!("{float:?}"))
}

/// JSON as a JSON value holds it. `round`: a number that no FLOAT64 is becomes the nearest one; else that is an error.
pub(in crate::emulator::googlesql) fn stored(json: &Json, round: bool) -> Result<Json, Trouble> {
    Ok(match json {
        Json::Number(number) => {
            let held = canonical(number);
            let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
            match held {
                Some(held) if round || digits(number) <= 15 || held == **number => Json::Number(held.into()),
                Some(_) => return Trouble::unknown(format!("whether the number {number} is held without loss")),
                None => return Trouble::stops(format!("the number {number} is too large")),
            }
        }
        Json::List(elements) => {
            Json::List(elements.iter().map(|element| stored(element, round)).collect::<Result<Vec<_>, _>>()?.into())
        }
        Json::Object(members) => {
            let members = members.iter().map(|(key, value)| Ok((key.clone(), stored(value, round)?)));
            Json::Object(Arc::new(members.collect::<Result<_, Trouble>>()?))
        }
        _ => json.clone(),
    })
}

/// A value as JSON. A struct's field names are not known here.
fn json_of(value: &Val) -> Result<Json, Trouble> {
    Ok(match value {
        Val::Null | Val::Unset(_) => Json::Null,
        Val::Bool(value) => Json::Bool(*value),
        Val::Int(value) => Json::Number(value.to_string().into()),
        Val::Text(text) => Json::Text(text.clone()),
        Val::Json(json) => json.clone(),
        Val::Date(days) => Json::Text(date_text(*days).into()),
        Val::Time(micros) => Json::Text(format!("{}Z", clock_text(*micros, 'T')).into()),
        Val::Array(values) => Json::List(values.iter().map(json_of).collect::<Result<Vec<_>, _>>()?.into()),
        Val::Float(_) | Val::Decimal(_) | Val::Bytes(_) | Val::Interval(_) | Val::Struct(_) => {
            return Trouble::unknown("a value of this type as JSON");
        }
    })
}
