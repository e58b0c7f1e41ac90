//! The function `cast`: a value and a type → the value as one of that type.
//!
//! "Logging query language" (cast) names the types alone. What is converted here reads as a literal of the type does, or is already of it;
//! other conversions are not known.

use super::fields::Type;
use super::tree::Place;
use super::value::{Converted, Scalar, Width, boolean, double, duration, integer, moment};
use crate::emulator::Failure;

/// Largest whole numbers that a double holds one by one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Casts a value; none where that fails.
pub(super) fn cast(value: Scalar, kind: Type, at: &Place) -> Result<Option<Scalar>, Failure> {
    let unknown = |what: &str| Err(Failure::unknown(format!("a cast of {what} is not known"), at.clone()));
    Ok(match (value, kind) {
        (Scalar::Null | Scalar::Object(..), _) => None,
        (value @ Scalar::Text(_), Type::Text)
        | (value @ Scalar::Bool(_), Type::Bool)
        | (value @ Scalar::Double(_), Type::Double)
        | (value @ Scalar::Time(_), Type::Time)
        | (value @ Scalar::Span(_), Type::Span) => Some(value),
        (Scalar::Int(value, _), Type::Int64) => Some(Scalar::Int(value, Width::Bits64)),
        (Scalar::Int(value, _), Type::Text) => Some(Scalar::Text(value.to_string().into())),
        (Scalar::Bool(value), Type::Text) => Some(Scalar::Text(value.to_string().into())),
        (Scalar::Double(value), Type::Int64) if value.fract() == 0.0 && value.abs() <= EXACT => {
            Some(Scalar::Int(value as i64, Width::Bits64))
        }
        (Scalar::Int(value, _), Type::Double) if value.unsigned_abs() <= EXACT as u64 => {
            Some(Scalar::Double(value as f64))
        }
        (Scalar::Text(text), Type::Bool) => boolean(&text).map(Scalar::Bool),
        (Scalar::Text(text), Type::Int64) => {
            integer(&text, Width::Bits64).map(|value| Scalar::Int(value, Width::Bits64))
        }
        (Scalar::Text(text), Type::Double) => double(&text).map(Scalar::Double),
        (Scalar::Text(text), Type::Span) => duration(&text).map(Scalar::Span),
        (Scalar::Text(text), Type::Time) => match moment(&text) {
            Converted::To(nanos) => Some(Scalar::Time(nanos)),
            Converted::Fails => None,
            Converted::Unsure => return unknown(&format!("`{text}` to a timestamp")),
        },
        (Scalar::Time(_), Type::Text) => return unknown("a timestamp to a text, whose form is not documented,"),
        (Scalar::Double(_), _) => return unknown("this number of floating point to that type"),
        _ => return unknown("a value of this type to that type"),
    })
}
