//! Values of GoogleSQL: their order, when two are one for grouping, and how a result shows them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bigdecimal::BigDecimal;

use super::types::Type;
use crate::emulator::Value;
use crate::json::Json;

/// A value. Which type it has is known from the query.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Val {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// NUMERIC and BIGNUMERIC.
    Decimal(BigDecimal),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    /// Microseconds since 1970 (UTC).
    Time(i64),
    /// Days since 1970.
    Date(i32),
    Interval(Interval),
    Json(Json),
    Array(Arc<[Val]>),
    Struct(Arc<[Val]>),
    /// A stored field that the exported record leaves out: NULL or its type's default, which is an open reading.
    Unset(Unset),
}

/// The default of a field that is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unset {
    Text,
    Number,
    Bool,
}

impl Unset {
    pub(super) fn default(self) -> Val {
        match self {
            Unset::Text => Val::from(""),
            Unset::Number => Val::Int(0),
            Unset::Bool => Val::Bool(false),
        }
    }
}

/// A length of time whose parts are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Interval {
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) micros: i64,
}

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;

impl Interval {
    /// For comparing: a month counts 30 days, a day 24 hours.
    pub(super) fn length(self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(DAY) + i128::from(self.micros)
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Val {
        Val::Text(text.into())
    }
}

impl From<String> for Val {
    fn from(text: String) -> Val {
        Val::Text(text.into())
    }
}

impl<T: Into<Val>> From<Option<T>> for Val {
    fn from(value: Option<T>) -> Val {
        value.map_or(Val::Null, Into::into)
    }
}

impl From<Json> for Val {
    fn from(value: Json) -> Val {
        Val::Json(value)
    }
}

impl From<Vec<Val>> for Val {
    fn from(values: Vec<Val>) -> Val {
        Val::Array(values.into())
    }
}

impl Val {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Val::Null)
    }

    /// The order of ORDER BY among values of one type that are not NULL: a NaN stands before all numbers.
    pub(super) fn order(&self, other: &Val) -> Ordering {
        match (self, other) {
            (Val::Bool(one), Val::Bool(other)) => one.cmp(other),
            (Val::Int(one), Val::Int(other)) => one.cmp(other),
            (Val::Float(one), Val::Float(other)) => {
                one.partial_cmp(other).unwrap_or_else(|| other.is_nan().cmp(&one.is_nan()))
            }
            (Val::Decimal(one), Val::Decimal(other)) => one.cmp(other),
            // Code points of UTF-8 order as its bytes do.
            (Val::Text(one), Val::Text(other)) => one.cmp(other),
            (Val::Bytes(one), Val::Bytes(other)) => one.cmp(other),
            (Val::Time(one), Val::Time(other)) => one.cmp(other),
            (Val::Date(one), Val::Date(other)) => one.cmp(other),
            (Val::Interval(one), Val::Interval(other)) => one.length().cmp(&other.length()),
            _ => Ordering::Equal,
        }
    }

    /// What `=` and `<` say: nothing where a value is NULL; a NaN is equal to and less than nothing.
    pub(super) fn compared(&self, other: &Val) -> Option<Compared> {
        match (self, other) {
            (Val::Null, _) | (_, Val::Null) => None,
            (Val::Float(one), Val::Float(other)) if one.is_nan() || other.is_nan() => Some(Compared::Unordered),
            (Val::Struct(one), Val::Struct(other)) => {
                let fields: Vec<Option<Compared>> =
                    one.iter().zip(other.iter()).map(|(one, other)| one.compared(other)).collect();
                if let Some(unequal) = fields.iter().flatten().find(|c| **c != Compared::Ordered(Ordering::Equal)) {
                    return Some(*unequal);
                }
                fields.iter().all(Option::is_some).then_some(Compared::Ordered(Ordering::Equal))
            }
            _ => Some(Compared::Ordered(self.order(other))),
        }
    }

    /// Writes what two values share that GROUP BY, DISTINCT and set operations take for one.
    fn write_key(&self, out: &mut String) {
        let _ = match self {
            Val::Null | Val::Unset(_) => write!(out, "n"),
            Val::Bool(value) => write!(out, "b{value}"),
            Val::Int(value) => write!(out, "i{value}"),
            Val::Float(value) if *value == 0.0 => write!(out, "f0"),
            Val::Float(value) if value.is_nan() => write!(out, "fNaN"),
            Val::Float(value) => write!(out, "f{value:?}"),
            Val::Decimal(value) => write!(out, "d{}", value.normalized().to_plain_string()),
            Val::Text(value) => write!(out, "t{}:{value}", value.len()),
            Val::Bytes(value) => write!(out, "x{value:?}"),
            Val::Time(value) => write!(out, "m{value}"),
            Val::Date(value) => write!(out, "y{value}"),
            Val::Interval(value) => write!(out, "l{}", value.length()),
            Val::Json(value) => write!(out, "j{value}"),
            Val::Array(values) | Val::Struct(values) => {
                out.push('[');
                values.iter().for_each(|value| value.write_key(out));
                write!(out, "]")
            }
        };
        out.push(';');
    }

    /// As a result shows it.
    pub(super) fn shown(&self, ty: &Type) -> Value {
        match (self, ty) {
            (Val::Null | Val::Unset(_), _) => Value::Null,
            (Val::Bool(value), _) => Value::Bool(*value),
            (Val::Int(value), _) => Value::Int(*value),
            (Val::Float(value), _) => Value::Real(*value),
            (Val::Decimal(value), _) => Value::Decimal(value.normalized().to_plain_string()),
            (Val::Text(value), _) => Value::Text(value.to_string()),
            (Val::Bytes(value), _) => Value::Text(STANDARD.encode(value)),
            (Val::Time(micros), _) => Value::Time(i128::from(*micros) * 1000),
            (Val::Date(days), _) => Value::Text(super::calendar::date_text(*days)),
            (Val::Interval(value), _) => Value::Text(super::cast::interval_text(*value)),
            (Val::Json(value), _) => Value::Json(value.clone()),
            (Val::Array(values), Type::Array(element)) => {
                Value::List(values.iter().map(|value| value.shown(element)).collect())
            }
            (Val::Struct(values), Type::Struct(fields)) => {
                let named = fields.iter().zip(values.iter()).enumerate().map(|(at, (field, value))| {
                    let name = field.name.clone().unwrap_or_else(|| format!("_field_{}", at + 1));
                    let shown = value.shown(&field.ty).to_string();
                    (Arc::from(name), Json::parse(&shown).unwrap_or_default())
                });
                Value::Json(Json::Object(Arc::new(named.collect::<BTreeMap<_, _>>())))
            }
            (Val::Array(_) | Val::Struct(_), _) => Value::Null,
        }
    }
}

/// How two values that are not NULL compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    Ordered(Ordering),
    Unordered,
}

/// What rows share that are one for GROUP BY, DISTINCT and set operations.
pub(super) fn key(values: &[Val]) -> String {
    let mut out = String::new();
    values.iter().for_each(|value| value.write_key(&mut out));
    out
}
