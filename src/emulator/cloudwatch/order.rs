//! Comparisons between values, the order of `sort`, and when two values are one key.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::reading::Question;
use super::tree::{Comparison, Place};
use super::value::{Cell, Number, number_of};
use crate::emulator::{Failure, Readings};

/// What a comparison gives; none where the documentation may mean that it gives nothing.
pub(super) fn compare(
    operator: Comparison,
    left: &Cell,
    right: &Cell,
    readings: &Readings,
    at: &Place,
) -> Result<Option<bool>, Failure> {
    let holds = |order: Ordering| match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    };
    let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
    let either = |question: Question, first: Ordering, other: Ordering| {
        let (first, other) = (holds(first), holds(other));
        if first != other && readings.other(question as usize) { other } else { first }
    };
    let is_nan = |cell: &Cell| matches!(cell, Cell::Number(Number::Real(real)) if real.is_nan());
    if is_nan(left) || is_nan(right) {
        return Ok(Some(operator == Comparison::NotEqual));
    }
    Ok(Some(match (left, right) {
        // Every comparison with a map or a list is documented as false, and so `!=` is.
        (Cell::Structure(_), _) | (_, Cell::Structure(_)) => false,
        (Cell::Missing | Cell::Null, _) | (_, Cell::Missing | Cell::Null) => {
            let one = left.has_value() || right.has_value();
            if operator == Comparison::NotEqual && one {
                return Ok(Some(true));
            }
            let negated = operator == Comparison::NotEqual;
            return Ok(if readings.other(Question::MissingNegated as usize) { None } else { Some(negated) });
        }
        (Cell::Time(left), Cell::Time(right)) => holds(left.cmp(right)),
        (Cell::Time(moment), other) | (other, Cell::Time(moment)) => {
            let number = other
                .as_number(readings, at)?
                .ok_or_else(|| Failure::unknown("comparing a moment with a text", at.clone()))?;
            let order = numbers(Number::Whole(*moment), number).0;
            holds(if matches!(left, Cell::Time(_)) { order } else { order.reverse() })
        }
        (Cell::Number(left), Cell::Number(right)) => {
            let (first, other) = numbers(*left, *right);
            either(Question::WholeNumbers, first, other)
        }
        (Cell::Text(left), Cell::Text(right)) => {
            let first = left.cmp(right);
            match (number_of(left, readings), number_of(right, readings)) {
                (Some(left), Some(right)) => either(Question::TextsOfDigits, first, numbers(left, right).0),
                _ if equality => holds(first),
                _ => either(Question::OrderOfTexts, first, natural(left, right)),
            }
        }
        (Cell::Number(number), Cell::Text(text)) => match number_of(text, readings) {
            Some(other) => either(Question::WholeNumbers, numbers(*number, other).0, numbers(*number, other).1),
            None => unlike(operator, holds(number.text(readings).as_str().cmp(text)), readings),
        },
        (Cell::Text(text), Cell::Number(number)) => match number_of(text, readings) {
            Some(other) => either(Question::WholeNumbers, numbers(other, *number).0, numbers(other, *number).1),
            None => unlike(operator, holds((**text).cmp(number.text(readings).as_str())), readings),
        },
    }))
}

/// A number against a text that is none, whose texts compare as said.
fn unlike(operator: Comparison, as_texts: bool, readings: &Readings) -> bool {
    match operator {
        Comparison::Equal => false,
        Comparison::NotEqual => true,
        _ => as_texts && readings.other(Question::TextAgainstNumber as usize),
    }
}

/// Two numbers as floats, and exactly.
fn numbers(left: Number, right: Number) -> (Ordering, Ordering) {
    let floats = left.float().total_cmp(&right.float());
    match (left, right) {
        (Number::Whole(left), Number::Whole(right)) => (floats, left.cmp(&right)),
        _ => (floats, floats),
    }
}

/// The order of `sort` among values: what is no number, then numbers.
pub(super) fn sorted(left: &Cell, right: &Cell, readings: &Readings) -> Ordering {
    let number = |cell: &Cell| match cell {
        Cell::Number(number) => Some(*number),
        Cell::Time(millis) => Some(Number::Whole(*millis)),
        Cell::Text(text) => number_of(text, readings),
        Cell::Missing | Cell::Null | Cell::Structure(_) => None,
    };
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.text(readings).into(),
        _ => Arc::from(""),
    };
    match (number(left), number(right)) {
        (Some(one), Some(other)) => {
            let exact = numbers(one, other).1;
            exact.then_with(|| text(left).cmp(&text(right)))
        }
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => natural(&text(left), &text(right)),
    }
}

/// Runs of digits by their length and then by value, all else by code points.
pub(super) fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (one, other) = match (left.chars().next(), right.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => (one, other),
        };
        let digits = one.is_ascii_digit() && other.is_ascii_digit();
        let run = |text: &str, first: char| match text.find(|c: char| !c.is_ascii_digit()) {
            _ if !digits => first.len_utf8(),
            Some(end) => end,
            None => text.len(),
        };
        let ((one, left_rest), (other, right_rest)) =
            (left.split_at(run(left, one)), right.split_at(run(right, other)));
        let order = if digits { one.len().cmp(&other.len()) } else { Ordering::Equal };
        let order = order.then_with(|| one.cmp(other));
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
}

/// Columns of values as keys, by which rows are grouped: texts, with a mark where a text is not the number of its writing. None: no value.
pub(super) fn keys(
    columns: &[Vec<Cell>],
    readings: &Readings,
    at: &Place,
) -> Result<Vec<Vec<Option<String>>>, Failure> {
    let mut all: Vec<Vec<Option<String>>> = Vec::with_capacity(columns.len());
    let (mut numbers, mut texts) = (BTreeSet::new(), BTreeSet::new());
    for (column, cells) in columns.iter().enumerate() {
        let mut keys = Vec::with_capacity(cells.len());
        for cell in cells {
            let key = match cell {
                Cell::Missing | Cell::Null => None,
                Cell::Number(number) => {
                    let text = number.text(readings);
                    numbers.insert((column, text.clone()));
                    Some(text)
                }
                Cell::Text(text) => {
                    texts.insert((column, text.to_string()));
                    Some(text.to_string())
                }
                Cell::Time(millis) => Some(millis.to_string()),
                Cell::Structure(_) => {
                    let message = "what a map or a list is as a key; it is documented as not supported";
                    return Err(Failure::unknown(message, at.clone()));
                }
            };
            keys.push(key);
        }
        all.push(keys);
    }
    if numbers.intersection(&texts).next().is_some() && readings.other(Question::KeyTypes as usize) {
        for (cells, keys) in columns.iter().zip(&mut all) {
            for (cell, key) in cells.iter().zip(keys) {
                if let (Cell::Text(_), Some(key)) = (cell, key) {
                    key.insert(0, '"');
                }
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_digits_go_by_length() {
        let sorted = ["", "-", "7 up", "7up", "12b", "012", "Zeta", "a", "a2", "a10", "a10b", "é"];
        let mut texts = sorted;
        texts.reverse();
        texts.sort_by(|left, right| natural(left, right));
        assert_eq!(texts, sorted);
    }
}
