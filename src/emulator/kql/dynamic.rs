//! Dynamic values: JSON taken apart, cast and written as text.

use std::sync::Arc;

use super::engine::Engine;
use super::moment;
use super::readings::{BAG_ORDER, BOOL_AS_TEXT, DATES_IN_JSON, ELEMENT_TYPES, REAL_AS_TEXT};
use super::value::{Cell, Type, real_text};
use crate::json::Json;

/// Reals from here on are written with an exponent, whose form is not documented.
const LARGEST_PLAIN: f64 = 1e15;
const SMALLEST_PLAIN: f64 = 1e-4;

/// What a dynamic value holds, where it is no list and no bag.
pub(super) fn plain(cell: Cell) -> Cell {
    match cell {
        Cell::Dynamic(Json::Bool(value)) => Cell::Bool(value),
        Cell::Dynamic(Json::Text(text)) => Cell::Text(text),
        Cell::Dynamic(Json::Number(number)) => number_cell(&number),
        Cell::Dynamic(Json::Null) => Cell::Null,
        other => other,
    }
}

/// A number of JSON: a long where it is written as one and fits.
fn number_cell(number: &str) -> Cell {
    match number.parse::<i64>() {
        Ok(value) => Cell::Long(value),
        Err(_) => number.parse().map(Cell::Real).unwrap_or_default(),
    }
}

/// JSON as it is stored: numbers as they are written shortest.
pub(super) fn stored(json: &Json) -> Json {
    match json {
        Json::Number(number) => number_cell(number).json(),
        Json::List(elements) => Json::List(elements.iter().map(stored).collect()),
        Json::Object(members) => {
            Json::Object(Arc::new(members.iter().map(|(key, value)| (key.clone(), stored(value))).collect()))
        }
        other => other.clone(),
    }
}

/// A member of a bag.
pub(super) fn member(cell: &Cell, key: &str) -> Cell {
    match cell {
        Cell::Dynamic(json) => json.member(key).map(Cell::of_json).unwrap_or_default(),
        _ => Cell::Null,
    }
}

/// An element of a list; a negative number counts from the end.
pub(super) fn element(cell: &Cell, number: i64) -> Cell {
    let Cell::Dynamic(Json::List(elements)) = cell else { return Cell::Null };
    let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let at = if number < 0 { number.saturating_add(length) } else { number };
    let at = usize::try_from(at).ok();
    at.and_then(|at| elements.get(at)).map(Cell::of_json).unwrap_or_default()
}

impl Engine<'_> {
    /// An element as a value of a type; no page says what one of another type becomes.
    pub(super) fn cast(&self, json: &Json, kind: Type) -> Cell {
        if kind == Type::Dynamic {
            return Cell::of_json(json);
        }
        let value = plain(Cell::of_json(json));
        match (&value, kind) {
            (Cell::Bool(_), Type::Bool)
            | (Cell::Long(_), Type::Long)
            | (Cell::Real(_), Type::Real)
            | (Cell::Text(_), Type::Text) => {
                return value;
            }
            (Cell::Long(number), Type::Int) if i32::try_from(*number).is_ok() => return value,
            (Cell::Long(number), Type::Real) => return Cell::Real(*number as f64),
            _ => {}
        }
        let converted = match (&value, kind) {
            (Cell::Dynamic(_), Type::Text) => self.text_of(&value).map(Cell::Text),
            (Cell::Real(number), Type::Int | Type::Long) if number.abs() < 2e9 => {
                Some(Cell::Long(number.trunc() as i64))
            }
            (Cell::Text(text), Type::Int | Type::Long) => text.parse().ok().map(Cell::Long),
            (Cell::Text(text), Type::Real) => text.parse().ok().map(Cell::Real),
            (Cell::Text(text), Type::Bool) => text.parse().ok().map(Cell::Bool),
            (Cell::Bool(value), Type::Int | Type::Long) => Some(Cell::Long(i64::from(*value))),
            (Cell::Long(_) | Cell::Real(_) | Cell::Bool(_), Type::Text) => self.text_of(&value).map(Cell::Text),
            _ => None,
        };
        converted.filter(|_| self.reads_other(ELEMENT_TYPES)).unwrap_or_else(|| kind.nothing())
    }

    /// As `tostring` writes it; none where the documentation does not show how.
    pub(super) fn text_of(&self, cell: &Cell) -> Option<Arc<str>> {
        Some(match cell {
            Cell::Null => "".into(),
            Cell::Bool(value) if self.reads_other(BOOL_AS_TEXT) => if *value { "True" } else { "False" }.into(),
            Cell::Bool(value) | Cell::Dynamic(Json::Bool(value)) => value.to_string().into(),
            Cell::Long(value) => value.to_string().into(),
            Cell::Real(value) => self.real_as_text(*value)?.into(),
            Cell::Text(text) | Cell::Guid(text) => text.clone(),
            Cell::Time(ticks) => moment::time_text(*ticks).into(),
            Cell::Span(ticks) => moment::span_text(*ticks).into(),
            Cell::Dynamic(Json::Text(text)) => self.text_in_json(text),
            Cell::Dynamic(json @ (Json::List(_) | Json::Object(_))) => {
                let reversed = has_bag_of_several(json) && self.reads_other(BAG_ORDER);
                self.json_text(json, reversed).into()
            }
            Cell::Dynamic(_) => return self.text_of(&plain(cell.clone())),
        })
    }

    fn real_as_text(&self, value: f64) -> Option<String> {
        if !value.is_finite() {
            return Some(real_text(value));
        }
        let size = value.abs();
        if size >= LARGEST_PLAIN || (size > 0.0 && size < SMALLEST_PLAIN) {
            return None;
        }
        let text = real_text(value);
        let whole = text.strip_suffix(".0");
        Some(match whole {
            Some(whole) if self.reads_other(REAL_AS_TEXT) => whole.to_owned(),
            _ => text,
        })
    }

    /// A text in JSON may have become a date.
    fn text_in_json(&self, text: &Arc<str>) -> Arc<str> {
        let begins_as_date = text.len() >= 10 && text.starts_with(|c: char| c.is_ascii_digit());
        match moment::time(text).filter(|_| begins_as_date) {
            Some(ticks) if self.reads_other(DATES_IN_JSON) => moment::time_text(ticks).into(),
            _ => text.clone(),
        }
    }

    fn json_text(&self, json: &Json, reversed: bool) -> String {
        match json {
            Json::Text(text) => Json::Text(self.text_in_json(text)).to_string(),
            Json::List(elements) => {
                let parts: Vec<String> = elements.iter().map(|element| self.json_text(element, reversed)).collect();
                format!("[{}]", parts.join(","))
            }
            Json::Object(members) => {
                let member = |(key, value): (&Arc<str>, &Json)| {
                    format!("{}:{}", Json::Text(key.clone()), self.json_text(value, reversed))
                };
                let mut parts: Vec<String> = members.iter().map(member).collect();
                if reversed {
                    parts.reverse();
                }
                format!("{{{}}}", parts.join(","))
            }
            Json::Number(number) => match number_cell(number) {
                Cell::Real(value) => self.real_as_text(value).unwrap_or_else(|| number.to_string()),
                _ => number.to_string(),
            },
            other => other.to_string(),
        }
    }
}

fn has_bag_of_several(json: &Json) -> bool {
    match json {
        Json::List(elements) => elements.iter().any(has_bag_of_several),
        Json::Object(members) => members.len() > 1 || members.values().any(has_bag_of_several),
        _ => false,
    }
}
