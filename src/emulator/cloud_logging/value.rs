//! Values of entries and of filters, and the conversion of the latter to the types of the former.

use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use regex::Regex;

use super::fields::Type;
use super::fold::folded;
use super::tree::{Form, Literal, Path, Place};
use crate::emulator::Failure;
use crate::json::Json;

const BILLION: i128 = 1_000_000_000;

/// A value of an entry, with its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// A JSON null.
    Null,
    Bool(bool),
    Int(i64, Width),
    Double(f64),
    Text(Arc<str>),
    /// In nanoseconds since 1970 (UTC).
    Time(i128),
    /// In nanoseconds.
    Span(i128),
    /// Its number among its names.
    Enum(&'static [(&'static str, i32)], i32),
    Object(Type, Json),
}

/// The size of an integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Bits32,
    Bits64,
}

/// A value of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) text: String,
    pub(super) folded: String,
    pub(super) at: Place,
    /// `NULL_VALUE`, outside of quotes.
    pub(super) null: bool,
}

/// What comes of a conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Converted<T> {
    To(T),
    /// It fails.
    Fails,
    /// Not known whether it fails.
    Unsure,
}

fn pattern(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

fn captures<'t>(pattern: &Option<Regex>, text: &'t str) -> Option<regex::Captures<'t>> {
    pattern.as_ref().and_then(|pattern| pattern.captures(text))
}

static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"));
static DURATION: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^([+-]?)([0-9]+)(?:\.([0-9]+))?(ns|us|ms|s|m|h)$"));
static MOMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$")
});
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));
/// What may be some other form of ISO 8601.
static PERHAPS_MOMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^[0-9]{4}(-?W?[0-9]{2}.*)?$|^[0-9]{8}(T.*)?$"));

impl Wanted {
    pub(super) fn new(literal: &Literal) -> Wanted {
        Wanted {
            folded: folded(&literal.text),
            text: literal.text.clone(),
            at: literal.at.clone(),
            null: literal.form == Form::Word && literal.text == "NULL_VALUE",
        }
    }

    /// Whether the value is one of a type; unsure where its form is not documented.
    pub(super) fn fits(&self, kind: Type) -> Converted<()> {
        let fits = match kind {
            Type::Bool => boolean(&self.text).is_some(),
            Type::Int32 => integer(&self.text, Width::Bits32).is_some(),
            Type::Int64 => integer(&self.text, Width::Bits64).is_some(),
            Type::Double => double(&self.text).is_some(),
            Type::Span => duration(&self.text).is_some(),
            Type::Enum(names) => number_of(names, &self.text).is_some(),
            Type::Time => match moment(&self.text) {
                Converted::To(_) => true,
                Converted::Fails => false,
                Converted::Unsure => return Converted::Unsure,
            },
            Type::Text | Type::Label | Type::Message(_) | Type::Map | Type::Struct | Type::Any | Type::Open => true,
        };
        if fits { Converted::To(()) } else { Converted::Fails }
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)].iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, is)| *is)
}

pub(super) fn integer(text: &str, width: Width) -> Option<i64> {
    match width {
        Width::Bits32 => text.parse::<i32>().ok().map(i64::from),
        Width::Bits64 => text.parse().ok(),
    }
}

pub(super) fn double(text: &str) -> Option<f64> {
    let special = [("nan", f64::NAN), ("infinity", f64::INFINITY), ("-infinity", f64::NEG_INFINITY)];
    if let Some((_, value)) = special.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*value);
    }
    captures(&NUMBER, text)?;
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A signed decimal number with a unit, in nanoseconds.
pub(super) fn duration(text: &str) -> Option<i128> {
    let parts = captures(&DURATION, text)?;
    let unit: i128 = match parts.get(4)?.as_str() {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => BILLION,
        "m" => 60 * BILLION,
        _ => 3600 * BILLION,
    };
    let whole = parts.get(2)?.as_str().parse::<i128>().ok()?.checked_mul(unit)?;
    let part = parts.get(3).map_or("0", |part| part.as_str());
    let part = part.get(..15).unwrap_or(part);
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let nanos = whole.checked_add(part.parse::<i128>().ok()?.checked_mul(unit)? / scale)?;
    Some(if parts.get(1)?.as_str() == "-" { -nanos } else { nanos })
}

/// RFC 3339 with a zone, or a date, which is its first moment in UTC.
pub(super) fn moment(text: &str) -> Converted<i128> {
    let full = if captures(&DAY, text).is_some() {
        format!("{text}T00:00:00Z")
    } else if captures(&MOMENT, text).is_some() {
        text.to_owned()
    } else if captures(&PERHAPS_MOMENT, text).is_some() {
        return Converted::Unsure;
    } else {
        return Converted::Fails;
    };
    match DateTime::parse_from_rfc3339(&full) {
        Ok(time) => Converted::To(i128::from(time.timestamp()) * BILLION + i128::from(time.timestamp_subsec_nanos())),
        Err(_) => Converted::Fails,
    }
}

pub(super) fn number_of(names: &[(&str, i32)], text: &str) -> Option<i32> {
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, number)| *number)
}

/// A value of an entry by its type; none for what counts as absent.
pub(super) fn read(kind: Type, json: &Json, path: &Path) -> Result<Option<Scalar>, Failure> {
    read_as(kind, json).map_err(|expected| {
        let names: Vec<&str> = path.parts.iter().map(|part| part.name.as_str()).collect();
        Failure::bad_logs(format!("`{}` of an entry is not {expected}", names.join(".")))
    })
}

/// A value of an entry by its type, or what was expected.
pub(super) fn read_as(kind: Type, json: &Json) -> Result<Option<Scalar>, &'static str> {
    let text = match json {
        Json::Text(text) | Json::Number(text) => &**text,
        _ => "",
    };
    Ok(Some(match (kind, json) {
        (Type::Struct, Json::Null) => Scalar::Null,
        // Protocol buffers know no null: in JSON it stands for the default.
        (_, Json::Null) => return Ok(None),
        (Type::Text | Type::Label | Type::Struct | Type::Open, Json::Text(text)) => Scalar::Text(text.clone()),
        (Type::Bool | Type::Struct | Type::Open, Json::Bool(value)) => Scalar::Bool(*value),
        (Type::Double | Type::Struct | Type::Open, Json::Number(number)) => {
            Scalar::Double(number.parse().map_err(|_| "a number")?)
        }
        (Type::Message(_) | Type::Map | Type::Struct | Type::Any | Type::Open, Json::Object(_)) => {
            Scalar::Object(kind, json.clone())
        }
        (Type::Int32, _) => Scalar::Int(integer(text, Width::Bits32).ok_or("an int32")?, Width::Bits32),
        (Type::Int64, _) => Scalar::Int(integer(text, Width::Bits64).ok_or("an int64")?, Width::Bits64),
        (Type::Time, _) => match moment(text) {
            Converted::To(nanos) => Scalar::Time(nanos),
            _ => return Err("a timestamp"),
        },
        (Type::Span, _) => Scalar::Span(duration(text).filter(|_| text.ends_with('s')).ok_or("a duration")?),
        (Type::Enum(names), Json::Number(number)) => Scalar::Enum(names, number.parse().map_err(|_| "an enum")?),
        (Type::Enum(names), _) => Scalar::Enum(names, number_of(names, text).ok_or("one of the enum's names")?),
        (Type::Double, _) => Scalar::Double(double(text).ok_or("a number")?),
        (Type::Text | Type::Label, _) => return Err("a text"),
        (Type::Bool, _) => return Err("true or false"),
        _ => return Err("an object"),
    }))
}

/// What a text has the form of, if it is that of another type.
pub(super) fn by_form(text: &str) -> Option<Scalar> {
    if let Some(value) = integer(text, Width::Bits64) {
        return Some(Scalar::Int(value, Width::Bits64));
    }
    match moment(text) {
        Converted::To(nanos) => Some(Scalar::Time(nanos)),
        _ => duration(text).map(Scalar::Span),
    }
}

/// The default value of a type; none where it has no scalar one.
pub(super) fn default(kind: Type) -> Option<Scalar> {
    Some(match kind {
        Type::Text => Scalar::Text("".into()),
        Type::Bool => Scalar::Bool(false),
        Type::Int32 => Scalar::Int(0, Width::Bits32),
        Type::Int64 => Scalar::Int(0, Width::Bits64),
        Type::Double => Scalar::Double(0.0),
        Type::Span => Scalar::Span(0),
        Type::Enum(names) => Scalar::Enum(names, 0),
        Type::Label | Type::Time | Type::Message(_) | Type::Map | Type::Struct | Type::Any | Type::Open => return None,
    })
}
