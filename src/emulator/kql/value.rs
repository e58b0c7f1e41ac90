//! Kusto's types and values: what a cell holds, how cells of one type are ordered and told apart, and what they are as text and as JSON.

use std::cmp::Ordering;
use std::sync::Arc;

use super::moment;
use crate::emulator::Value;
use crate::json::Json;

/// A scalar type. `decimal` is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Long,
    Real,
    Text,
    Time,
    Span,
    Dynamic,
    Guid,
}

impl Type {
    pub(super) fn named(name: &str) -> Option<Type> {
        Some(match name {
            "bool" | "boolean" => Type::Bool,
            "int" => Type::Int,
            "long" => Type::Long,
            "real" | "double" => Type::Real,
            "string" => Type::Text,
            "datetime" | "date" => Type::Time,
            "timespan" | "time" => Type::Span,
            "dynamic" => Type::Dynamic,
            "guid" | "uniqueid" => Type::Guid,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Text => "string",
            Type::Time => "datetime",
            Type::Span => "timespan",
            Type::Dynamic => "dynamic",
            Type::Guid => "guid",
        }
    }

    pub(super) fn is_whole(self) -> bool {
        matches!(self, Type::Int | Type::Long)
    }

    pub(super) fn is_number(self) -> bool {
        self.is_whole() || self == Type::Real
    }

    /// A cell that holds nothing: texts are never null.
    pub(super) fn nothing(self) -> Cell {
        if self == Type::Text { Cell::text("") } else { Cell::Null }
    }
}

/// A value in a row. A dynamic value that is null is [`Cell::Null`]; an int is a long in its range.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Cell {
    #[default]
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    Text(Arc<str>),
    /// Ticks since 0001-01-01.
    Time(i64),
    Span(i64),
    Guid(Arc<str>),
    Dynamic(Json),
}

impl Cell {
    pub(super) fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    /// Five groups of hexadecimal digits, or 32 in a row.
    pub(super) fn guid(text: &str) -> Option<Cell> {
        let digits: String = text.trim().trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
        let good = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = digits.to_lowercase();
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let text = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        good.then(|| Cell::Guid(text.into()))
    }

    /// A dynamic value.
    pub(super) fn of_json(json: &Json) -> Cell {
        match json {
            Json::Null => Cell::Null,
            value => Cell::Dynamic(value.clone()),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }

    /// A number as a float.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Cell::Long(value) => Some(*value as f64),
            Cell::Real(value) => Some(*value),
            _ => None,
        }
    }

    /// Inside of a dynamic value.
    pub(super) fn json(&self) -> Json {
        match self {
            Cell::Null => Json::Null,
            Cell::Bool(value) => Json::Bool(*value),
            Cell::Long(value) => Json::Number(value.to_string().into()),
            Cell::Real(value) if value.is_finite() => Json::Number(format!("{value:?}").into()),
            Cell::Real(value) => Json::Text(real_text(*value).into()),
            Cell::Text(text) | Cell::Guid(text) => Json::Text(text.clone()),
            Cell::Time(ticks) => Json::Text(moment::time_text(*ticks).into()),
            Cell::Span(ticks) => Json::Text(moment::span_text(*ticks).into()),
            Cell::Dynamic(value) => value.clone(),
        }
    }

    /// Tells values of one type apart: equal texts, equal values.
    pub(super) fn key(&self) -> String {
        match self {
            Cell::Null => "-".to_owned(),
            Cell::Bool(value) => format!("b{value}"),
            Cell::Long(value) => format!("n{value}"),
            Cell::Real(value) => format!("r{:?}", if *value == 0.0 { 0.0 } else { *value }),
            Cell::Time(ticks) | Cell::Span(ticks) => format!("t{ticks}"),
            Cell::Text(text) | Cell::Guid(text) => format!("s{}:{text}", text.len()),
            Cell::Dynamic(value) => format!("d{value}"),
        }
    }

    /// The order of two values of one type that are not null; a NaN is before all.
    pub(super) fn order(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Bool(one), Cell::Bool(other)) => one.cmp(other),
            (Cell::Long(one), Cell::Long(other))
            | (Cell::Time(one), Cell::Time(other))
            | (Cell::Span(one), Cell::Span(other)) => one.cmp(other),
            (Cell::Text(one), Cell::Text(other)) | (Cell::Guid(one), Cell::Guid(other)) => one.cmp(other),
            (Cell::Dynamic(one), Cell::Dynamic(other)) => one.to_string().cmp(&other.to_string()),
            (one, other) => match (one.number(), other.number()) {
                (Some(one), Some(other)) => {
                    one.partial_cmp(&other).unwrap_or_else(|| other.is_nan().cmp(&one.is_nan()))
                }
                _ => Ordering::Equal,
            },
        }
    }

    /// As an answer holds it.
    pub(super) fn answer(self, kind: Type) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(value) => Value::Bool(value),
            Cell::Long(value) => Value::Int(value),
            Cell::Real(value) => Value::Real(value),
            Cell::Text(text) | Cell::Guid(text) => Value::Text(text.to_string()),
            Cell::Time(ticks) => Value::Time(i128::from(ticks - moment::EPOCH) * 100),
            Cell::Span(ticks) => Value::Span(i128::from(ticks) * 100),
            Cell::Dynamic(value) if kind == Type::Dynamic => Value::Json(value),
            Cell::Dynamic(value) => Value::Text(value.to_string()),
        }
    }
}

/// A float as text, where that is documented: NaN and the infinities; others as a shortest decimal.
pub(super) fn real_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{value:?}")
    }
}
