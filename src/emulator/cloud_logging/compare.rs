//! A value of an entry, an operator and a value of the filter → whether the comparison holds.
//!
//! "Logging query language" (Values and conversions, Comparison operators): the right side is converted to the type of the left; where that
//! fails, the comparison fails, `!=` as well.

use std::cmp::Ordering;

use super::fields::{Type, has_keys, members};
use super::fold::folded;
use super::readings::{HAS_OBJECT, HAS_SCALAR, NULL_UNEQUAL, OPEN_TYPE, SEARCH_KEYS};
use super::tree::{Op, Path};
use super::value::{Converted, Scalar, Wanted, boolean, by_form, double, duration, integer, moment, number_of, read};
use crate::emulator::{Failure, Readings};
use crate::json::Json;

/// Compares a value.
pub(super) fn compare(value: &Scalar, op: Op, wanted: &Wanted, readings: &Readings) -> Result<bool, Failure> {
    if wanted.null {
        return Ok(match (op, value) {
            (Op::Equal, value) => *value == Scalar::Null,
            (_, Scalar::Null) => false,
            _ => readings.other(NULL_UNEQUAL),
        });
    }
    match value {
        Scalar::Text(text) => Ok(texts(&folded(text), op, &wanted.folded)),
        Scalar::Null => Ok(op == Op::Unequal && readings.other(NULL_UNEQUAL)),
        Scalar::Object(kind, object) if op == Op::Has => {
            Ok(anywhere(*kind, object, wanted, readings)? && !readings.other(HAS_OBJECT))
        }
        Scalar::Object(..) => Ok(false),
        _ => scalars(value, op, wanted, readings),
    }
}

/// Compares two folded texts.
fn texts(left: &str, op: Op, right: &str) -> bool {
    if op == Op::Has { left.contains(right) } else { holds(op, Some(left.cmp(right))) }
}

fn scalars(value: &Scalar, op: Op, wanted: &Wanted, readings: &Readings) -> Result<bool, Failure> {
    let text = &wanted.text;
    let Some(order) = (match value {
        Scalar::Bool(left) => boolean(text).map(|right| Some(left.cmp(&right))),
        Scalar::Int(left, width) => integer(text, *width).map(|right| Some(left.cmp(&right))),
        Scalar::Double(left) => double(text).map(|right| left.partial_cmp(&right)),
        Scalar::Span(left) => duration(text).map(|right| Some(left.cmp(&right))),
        Scalar::Enum(names, left) => number_of(names, text).map(|right| Some(left.cmp(&right))),
        Scalar::Time(left) => match moment(text) {
            Converted::To(right) => Some(Some(left.cmp(&right))),
            Converted::Unsure if op != Op::Has => {
                let message = format!("whether `{text}` is a timestamp is not known");
                return Err(Failure::unknown(message, wanted.at.clone()));
            }
            _ => None,
        },
        _ => None,
    }) else {
        return Ok(false);
    };
    Ok(if op == Op::Has { order == Some(Ordering::Equal) && !readings.other(HAS_SCALAR) } else { holds(op, order) })
}

/// Whether an operator holds of an order; none: of NaN.
fn holds(op: Op, order: Option<Ordering>) -> bool {
    match op {
        Op::Equal => order == Some(Ordering::Equal),
        Op::Unequal => order != Some(Ordering::Equal),
        Op::Less => order == Some(Ordering::Less),
        Op::LessOrEqual => order.is_some_and(Ordering::is_le),
        Op::Greater => order == Some(Ordering::Greater),
        Op::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        Op::Has | Op::Matches | Op::MatchesNot => false,
    }
}

/// A value of an entry; none for what counts as absent, and for what fails in every comparison.
pub(super) fn value(kind: Type, json: &Json, path: &Path, readings: &Readings) -> Result<Option<Scalar>, Failure> {
    match (kind, json) {
        (Type::Open, Json::Text(text)) if readings.other(OPEN_TYPE) => Ok(by_form(text)),
        _ => read(kind, json, path),
    }
}

/// Whether some value within a value has a text.
pub(super) fn anywhere(kind: Type, json: &Json, wanted: &Wanted, readings: &Readings) -> Result<bool, Failure> {
    match json {
        Json::List(elements) => {
            for element in elements.iter() {
                if anywhere(kind, element, wanted, readings)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Json::Object(_) => {
            let members = members(kind, json);
            for (kind, _, member) in &members {
                if anywhere(*kind, member, wanted, readings)? {
                    return Ok(true);
                }
            }
            let in_keys =
                has_keys(kind, json) && members.iter().any(|(_, key, _)| folded(key).contains(&wanted.folded));
            Ok(in_keys && readings.other(SEARCH_KEYS))
        }
        _ => {
            let path = Path { parts: Vec::new(), at: wanted.at.clone() };
            match value(kind, json, &path, readings)? {
                Some(Scalar::Null) | None => Ok(false),
                Some(value) => compare(&value, Op::Has, wanted, readings),
            }
        }
    }
}
