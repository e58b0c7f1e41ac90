//! Functions between types, and tests of what a value is.

use std::sync::Arc;

use super::{Call, Function, Needs};
use crate::emulator::kql::dynamic::{plain, stored};
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::moment;
use crate::emulator::kql::readings::JSON_NUMBERS;
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("tostring", &[Needs::Any], Type::Text, |call| Ok(Cell::Text(call.text(0)?))).takes_null(),
    Function::new("tolong", &[Needs::Any], Type::Long, to_whole),
    Function::new("toint", &[Needs::Any], Type::Int, to_whole),
    Function::new("toreal", &[Needs::Any], Type::Real, to_real),
    Function::new("todouble", &[Needs::Any], Type::Real, to_real),
    Function::new("tobool", &[Needs::Any], Type::Bool, to_bool),
    Function::new("toboolean", &[Needs::Any], Type::Bool, to_bool),
    Function::new("todatetime", &[Needs::Any], Type::Time, to_time),
    Function::new("totimespan", &[Needs::Any], Type::Span, to_span),
    Function::new("toguid", &[Needs::Any], Type::Guid, to_guid),
    Function::new("todynamic", &[Needs::Text], Type::Dynamic, parse_json),
    Function::new("parse_json", &[Needs::Text], Type::Dynamic, parse_json),
    Function::new("gettype", &[Needs::Any], Type::Text, type_of).takes_null(),
    Function::new("isnull", &[Needs::Any], Type::Bool, |call| Ok(Cell::Bool(call.cell(0).is_null()))).takes_null(),
    Function::new("isnotnull", &[Needs::Any], Type::Bool, |call| Ok(Cell::Bool(!call.cell(0).is_null()))).takes_null(),
    Function::new("isempty", &[Needs::Any], Type::Bool, |call| Ok(Cell::Bool(call.text(0)?.is_empty()))).takes_null(),
    Function::new("isnotempty", &[Needs::Any], Type::Bool, |call| Ok(Cell::Bool(!call.text(0)?.is_empty())))
        .takes_null(),
    Function::new("not", &[Needs::Bool], Type::Bool, |call| Ok(Cell::Bool(!call.is_true(0)))),
];

/// The function that makes a value of a type out of a text.
pub(in crate::emulator::kql) fn conversion(kind: Type) -> Option<&'static Function> {
    let name = match kind {
        Type::Bool => "tobool",
        Type::Int => "toint",
        Type::Long => "tolong",
        Type::Real => "toreal",
        Type::Text => "tostring",
        Type::Time => "todatetime",
        Type::Span => "totimespan",
        Type::Guid => "toguid",
        Type::Dynamic => return None,
    };
    FUNCTIONS.iter().find(|function| function.name == name)
}

fn to_whole(call: &Call<'_>) -> Evaluated {
    let value = match plain(call.cell(0).clone()) {
        Cell::Long(value) => Some(value),
        Cell::Bool(value) => Some(i64::from(value)),
        Cell::Real(value) if value.is_nan() || value.abs() >= 9.2e18 => {
            return Err(call.unknown("a real that is no long"));
        }
        Cell::Real(value) => Some(value.trunc() as i64),
        Cell::Text(text) => {
            let text = text.trim();
            let value = crate::emulator::kql::parse::whole(text);
            if value.is_none() && text.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(call.unknown("a text of a real as a whole number"));
            }
            value
        }
        Cell::Time(_) | Cell::Span(_) => return Err(call.unknown("a time as a whole number")),
        _ => None,
    };
    let fits = |value: &i64| call.gives == Type::Long || i32::try_from(*value).is_ok();
    Ok(value.filter(fits).map(Cell::Long).unwrap_or_default())
}

fn to_real(call: &Call<'_>) -> Evaluated {
    Ok(match plain(call.cell(0).clone()) {
        Cell::Long(value) => Cell::Real(value as f64),
        Cell::Real(value) => Cell::Real(value),
        Cell::Bool(value) => Cell::Real(f64::from(u8::from(value))),
        Cell::Text(text) => match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Cell::Real(value),
            Ok(_) => return Err(call.unknown("a text of a number that is not finite")),
            Err(_) => Cell::Null,
        },
        Cell::Time(_) | Cell::Span(_) => return Err(call.unknown("a time as a real")),
        _ => Cell::Null,
    })
}

fn to_bool(call: &Call<'_>) -> Evaluated {
    Ok(match plain(call.cell(0).clone()) {
        Cell::Bool(value) => Cell::Bool(value),
        Cell::Long(value) => Cell::Bool(value != 0),
        Cell::Real(_) | Cell::Time(_) | Cell::Span(_) => return Err(call.unknown("such a value as a bool")),
        Cell::Text(text) if text.eq_ignore_ascii_case("true") => Cell::Bool(true),
        Cell::Text(text) if text.eq_ignore_ascii_case("false") => Cell::Bool(false),
        Cell::Text(text) => match text.parse::<i64>() {
            Ok(_) => return Err(call.unknown("a number in quotes as a bool")),
            Err(_) => Cell::Null,
        },
        _ => Cell::Null,
    })
}

fn to_time(call: &Call<'_>) -> Evaluated {
    Ok(match plain(call.cell(0).clone()) {
        Cell::Time(ticks) => Cell::Time(ticks),
        Cell::Text(text) => match moment::time(&text) {
            Some(ticks) => Cell::Time(ticks),
            None if text.contains(|c: char| c.is_ascii_digit()) && !moment::is_no_day(&text) => {
                return Err(call.unknown(&format!("{text:?} as a datetime")));
            }
            None => Cell::Null,
        },
        Cell::Long(_) | Cell::Real(_) | Cell::Span(_) => return Err(call.unknown("a number as a datetime")),
        _ => Cell::Null,
    })
}

fn to_span(call: &Call<'_>) -> Evaluated {
    Ok(match plain(call.cell(0).clone()) {
        Cell::Span(ticks) => Cell::Span(ticks),
        Cell::Text(text) => moment::span(&text).map(Cell::Span).unwrap_or_default(),
        Cell::Long(_) | Cell::Real(_) | Cell::Time(_) => return Err(call.unknown("a number as a timespan")),
        _ => Cell::Null,
    })
}

fn to_guid(call: &Call<'_>) -> Evaluated {
    Ok(match plain(call.cell(0).clone()) {
        Cell::Guid(text) => Cell::Guid(text),
        Cell::Text(text) => Cell::guid(&text).unwrap_or_default(),
        _ => Cell::Null,
    })
}

/// A text that is no JSON is a dynamic value that holds the text; a dynamic value stays as it is.
fn parse_json(call: &Call<'_>) -> Evaluated {
    let text = call.text(0)?;
    Ok(match Json::parse(&text) {
        Ok(json) => Cell::of_json(&stored(&json)),
        Err(_) if text.trim().is_empty() => Cell::Null,
        Err(_) => Cell::Dynamic(Json::Text(text)),
    })
}

fn type_of(call: &Call<'_>) -> Evaluated {
    let name: &str = match plain(call.cell(0).clone()) {
        Cell::Null if call.kind(0) == Type::Dynamic => "null",
        Cell::Null => return Err(call.unknown("the type of a null")),
        Cell::Dynamic(Json::List(_)) => "array",
        Cell::Dynamic(_) => "dictionary",
        Cell::Bool(_) => "bool",
        Cell::Long(_) if call.kind(0) == Type::Int => "int",
        Cell::Long(_) if call.kind(0) == Type::Dynamic && call.engine.reads_other(JSON_NUMBERS) => "int",
        Cell::Long(_) => "long",
        Cell::Real(_) => "real",
        Cell::Text(_) => "string",
        Cell::Time(_) => "datetime",
        Cell::Span(_) => "timespan",
        Cell::Guid(_) => "guid",
    };
    Ok(Cell::Text(Arc::from(name)))
}
