//! The values of a row, and how one kind is read as another.
//!
//! The language has one kind of number. Whole numbers up to 2^53 are exact either way; above, the documentation does not say whether they
//! are reckoned as floats. A condition is the number 1 or 0.

use std::sync::Arc;

use super::reading::Question;
use super::tree::Place;
use crate::emulator::{Failure, Readings, Value};
use crate::json::Json;

/// The largest number up to which every whole number is a float.
const EXACT: i64 = 1 << 53;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Cell {
    /// No such field.
    #[default]
    Missing,
    /// The field is null in JSON.
    Null,
    Number(Number),
    Text(Arc<str>),
    /// A moment, in milliseconds since 1970.
    Time(i64),
    /// A map or a list.
    Structure(Json),
}

/// A number; one that is whole and at most 2^53 is always `Whole`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    Real(f64),
}

impl Number {
    /// Reads a number of JSON, or one with zeros before it.
    pub(super) fn read(text: &str) -> Option<Number> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if !(all_digits(whole) && all_digits(fraction) && all_digits(exponent)) {
            return None;
        }
        match text.parse::<i64>() {
            Ok(whole) => Some(Number::Whole(whole)),
            Err(_) => text.parse::<f64>().ok().map(Number::from),
        }
    }

    pub(super) fn float(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "that is what reading it as a float means")]
            Number::Whole(whole) => whole as f64,
            Number::Real(real) => real,
        }
    }

    /// Whether it is a float without loss.
    pub(super) fn is_exact(self) -> bool {
        match self {
            Number::Whole(whole) => whole.unsigned_abs() <= EXACT.unsigned_abs(),
            Number::Real(_) => true,
        }
    }

    /// The whole number, where it is one.
    pub(super) fn whole(self) -> Option<i64> {
        match self {
            Number::Whole(whole) => Some(whole),
            Number::Real(_) => None,
        }
    }

    /// As text.
    pub(super) fn text(self, readings: &Readings) -> String {
        let shortest = match self {
            Number::Whole(whole) => return whole.to_string(),
            Number::Real(real) => real.to_string(),
        };
        let javas = java_text(self.float());
        if javas != shortest && readings.other(Question::NumberAsText as usize) { javas } else { shortest }
    }
}

impl From<f64> for Number {
    fn from(real: f64) -> Number {
        #[expect(clippy::cast_precision_loss, reason = "2^53 is a float")]
        let exact = real.fract() == 0.0 && real.abs() <= EXACT as f64;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and at most 2^53")]
        if exact { Number::Whole(real as i64) } else { Number::Real(real) }
    }
}

/// A float as Java writes it: with an exponent below 0.001 and from 10^7 on.
fn java_text(real: f64) -> String {
    if real.is_nan() {
        return "NaN".to_owned();
    }
    if real.is_infinite() {
        return if real > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if (1e-3..1e7).contains(&real.abs()) {
        return format!("{real:?}");
    }
    let text = format!("{real:E}");
    if text.contains('.') { text } else { text.replacen('E', ".0E", 1) }
}

impl Cell {
    pub(super) fn truth(truth: bool) -> Cell {
        Cell::Number(Number::Whole(i64::from(truth)))
    }

    pub(super) fn whole(whole: i64) -> Cell {
        Cell::Number(Number::Whole(whole))
    }

    pub(super) fn text(text: impl Into<Arc<str>>) -> Cell {
        Cell::Text(text.into())
    }

    /// Whether it has a value.
    pub(super) fn has_value(&self) -> bool {
        !matches!(self, Cell::Missing | Cell::Null)
    }

    /// Whether the field exists.
    pub(super) fn is_present(&self, readings: &Readings) -> bool {
        match self {
            Cell::Missing => false,
            Cell::Null => readings.other(Question::JsonNull as usize),
            _ => true,
        }
    }

    /// A value of JSON.
    pub(super) fn of_json(json: &Json, readings: &Readings) -> Cell {
        match json {
            Json::Null => Cell::Null,
            Json::Bool(value) if readings.other(Question::JsonBoolean as usize) => Cell::text(value.to_string()),
            Json::Bool(value) => Cell::truth(*value),
            Json::Number(text) => Number::read(text).map_or(Cell::Missing, Cell::Number),
            Json::Text(text) => Cell::Text(text.clone()),
            Json::List(_) | Json::Object(_) => Cell::Structure(json.clone()),
        }
    }

    /// Read as a number; none where it is no text of a number, and of maps and lists.
    pub(super) fn as_number(&self, readings: &Readings, at: &Place) -> Result<Option<Number>, Failure> {
        match self {
            Cell::Number(number) => Ok(Some(*number)),
            Cell::Text(text) => Ok(number_of(text, readings)),
            Cell::Time(_) => Err(Failure::unknown("what a moment is as a number; `toMillis` gives one", at.clone())),
            Cell::Missing | Cell::Null | Cell::Structure(_) => Ok(None),
        }
    }

    /// Read as a text; none where there is no value, and of maps and lists.
    pub(super) fn as_text(&self, readings: &Readings, at: &Place) -> Result<Option<Arc<str>>, Failure> {
        match self {
            Cell::Number(number) => Ok(Some(number.text(readings).into())),
            Cell::Text(text) => Ok(Some(text.clone())),
            Cell::Time(_) => Err(Failure::unknown("what a moment is as a text", at.clone())),
            Cell::Missing | Cell::Null | Cell::Structure(_) => Ok(None),
        }
    }

    /// Read as a condition; none where there is no value.
    pub(super) fn as_truth(&self, at: &Place) -> Result<Option<bool>, Failure> {
        match self {
            Cell::Number(Number::Whole(0)) => Ok(Some(false)),
            Cell::Number(Number::Whole(1)) => Ok(Some(true)),
            Cell::Missing | Cell::Null => Ok(None),
            _ => Err(Failure::unknown("a condition that is neither 1 nor 0", at.clone())),
        }
    }

    /// As a result shows it.
    pub(super) fn shown(&self) -> Value {
        match self {
            Cell::Missing | Cell::Null => Value::Null,
            Cell::Number(Number::Whole(whole)) => Value::Int(*whole),
            Cell::Number(Number::Real(real)) => Value::Real(*real),
            Cell::Text(text) => Value::Text(text.to_string()),
            Cell::Time(millis) => Value::Time(i128::from(*millis) * 1_000_000),
            Cell::Structure(json) => Value::Json(json.clone()),
        }
    }
}

/// The number that a text is.
pub(super) fn number_of(text: &str, readings: &Readings) -> Option<Number> {
    Number::read(text).or_else(|| {
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('+').unwrap_or(trimmed);
        let padded = match bare.strip_suffix('.') {
            Some(whole) => whole.to_owned(),
            None if bare.starts_with('.') => format!("0{bare}"),
            None => bare.to_owned(),
        };
        Number::read(&padded).filter(|_| readings.other(Question::NumberLikeText as usize))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_texts() {
        assert_eq!(Number::read("007"), Some(Number::Whole(7)));
        assert_eq!(Number::read("-2.50"), Some(Number::Real(-2.5)));
        assert_eq!(Number::read("1e3"), Some(Number::Whole(1000)));
        for none in ["", "-", "1.", ".5", "+1", "1e", "0x1", "NaN", "1 "] {
            assert_eq!(Number::read(none), None, "{none}");
        }
    }

    #[test]
    fn floats_as_java_writes_them() {
        assert_eq!(java_text(67_000_000.5), "6.70000005E7");
        assert_eq!(java_text(1e21), "1.0E21");
        assert_eq!(java_text(0.5), "0.5");
        assert_eq!(java_text(0.0005), "5.0E-4");
    }
}
