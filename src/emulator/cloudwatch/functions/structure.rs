//! Functions of maps and lists, and of JSON texts of them.

use std::fmt::Write as _;

use crate::emulator::Failure;
use crate::emulator::cloudwatch::eval::Context;
use crate::emulator::cloudwatch::reading::Question;
use crate::emulator::cloudwatch::tree::Place;
use crate::emulator::cloudwatch::value::{Cell, Number};
use crate::json::Json;

/// The map or list of a JSON text; of anything else, nothing.
pub(super) fn parse(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let text = value.as_text(context.readings, at)?;
    Ok(match text.map(|text| Json::parse(&text)) {
        Some(Ok(json @ (Json::Object(_) | Json::List(_)))) => Cell::Structure(json),
        _ => Cell::Missing,
    })
}

/// The JSON text of a map or list.
pub(super) fn stringify(value: &Cell, context: &Context<'_>) -> Cell {
    let scalar = match value {
        Cell::Structure(json) => {
            let (first, mut other) = (json.to_string(), String::new());
            spaced(json, &mut other);
            return Cell::text(if first != other && context.other(Question::JsonText) { other } else { first });
        }
        Cell::Text(text) => Json::Text(text.clone()),
        Cell::Number(number) => Json::Number(number.text(context.readings).into()),
        Cell::Missing | Cell::Null | Cell::Time(_) => return Cell::Missing,
    };
    if context.other(Question::StringifyScalar) { Cell::text(scalar.to_string()) } else { Cell::Missing }
}

/// Another way to write it: with spaces, and members from the last name to the first.
fn spaced(json: &Json, out: &mut String) {
    match json {
        Json::List(elements) => {
            out.push('[');
            for (number, element) in elements.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                spaced(element, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (number, (key, value)) in members.iter().rev().enumerate() {
                let _ = write!(out, "{}{}: ", if number > 0 { ", " } else { "" }, Json::Text(key.clone()));
                spaced(value, out);
            }
            out.push('}');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

/// The elements of a JSON text of an array.
fn elements(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Option<Json>, Failure> {
    if matches!(value, Cell::Structure(_)) {
        return Err(Failure::unknown("an array function of a map or list; it takes a JSON text", at.clone()));
    }
    let text = value.as_text(context.readings, at)?;
    Ok(text.and_then(|text| Json::parse(&text).ok()).filter(|json| matches!(json, Json::List(_))))
}

/// How many elements a JSON array has.
pub(super) fn size(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    Ok(match elements(value, context, at)? {
        Some(Json::List(list)) => Cell::whole(i64::try_from(list.len()).unwrap_or(i64::MAX)),
        _ => Cell::Missing,
    })
}

/// Whether a JSON array has an element; 0 of what is none.
pub(super) fn contains(
    value: &Cell,
    sought: Option<&Cell>,
    context: &Context<'_>,
    at: &Place,
) -> Result<Cell, Failure> {
    let sought = sought.map_or(Ok(None), |sought| sought.as_text(context.readings, at))?;
    let (Some(Json::List(list)), Some(sought)) = (elements(value, context, at)?, sought) else {
        return Ok(Cell::truth(false));
    };
    for element in list.iter() {
        match element {
            Json::Text(text) if *text == sought => return Ok(Cell::truth(true)),
            Json::Number(number) if Number::read(number) == Number::read(&sought) => {
                return Err(Failure::unknown("whether a number in an array is the text of it", at.clone()));
            }
            _ => {}
        }
    }
    Ok(Cell::truth(false))
}

/// The parts of a text between delimiters.
pub(super) fn split(
    value: &Cell,
    delimiter: Option<&Cell>,
    context: &Context<'_>,
    at: &Place,
) -> Result<Cell, Failure> {
    let delimiter = delimiter.map_or(Ok(None), |delimiter| delimiter.as_text(context.readings, at))?;
    let (Some(text), Some(delimiter)) = (value.as_text(context.readings, at)?, delimiter) else {
        return Ok(Cell::Missing);
    };
    if delimiter.is_empty() {
        return Err(Failure::unknown("`split` at an empty delimiter", at.clone()));
    }
    if text.ends_with(&*delimiter) {
        return Err(Failure::unknown("whether `split` gives an empty part at the end", at.clone()));
    }
    let parts: Vec<Json> = text.split(&*delimiter).map(|part| Json::Text(part.into())).collect();
    Ok(Cell::Structure(Json::List(parts.into())))
}
