//! Comparisons: of values of one type, of numbers, of dynamic values; and with null.

use std::cmp::Ordering;
use std::ops::Range;

use crate::emulator::Failure;
use crate::emulator::kql::dynamic::plain;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::moment;
use crate::emulator::kql::readings::{DYNAMIC_EQUALITY, LONG_AND_REAL, NAN_ORDER, NULL_LOGIC};
use crate::emulator::kql::value::Cell;

impl Engine<'_> {
    /// `==`, `!=`, `<`, `<=`, `>` or `>=`.
    pub(in crate::emulator::kql) fn compare(
        &self,
        word: &str,
        one: &Cell,
        other: &Cell,
        at: &Range<usize>,
    ) -> Evaluated {
        let equality = matches!(word, "==" | "!=");
        if one.is_null() || other.is_null() {
            return Ok(match (equality, one.is_null() && other.is_null()) {
                (false, _) => Cell::Null,
                (true, false) => Cell::Bool(word == "!="),
                (true, true) if self.reads_other(NULL_LOGIC) => Cell::Bool(false),
                (true, true) => Cell::Null,
            });
        }
        let dynamic = matches!(one, Cell::Dynamic(_)) || matches!(other, Cell::Dynamic(_));
        let order = if dynamic { self.order_dynamic(one, other, equality, at)? } else { self.order_plain(one, other) };
        let Some(order) = order else {
            return Ok(if equality { Cell::Bool(word == "!=") } else { Cell::Null });
        };
        Ok(Cell::Bool(match word {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    /// None where a NaN has no order.
    fn order_plain(&self, one: &Cell, other: &Cell) -> Option<Ordering> {
        if let (Cell::Long(_), Cell::Long(_)) = (one, other) {
            return Some(one.order(other));
        }
        if let (Some(left), Some(right)) = (one.number(), other.number()) {
            if left.is_nan() || right.is_nan() {
                return self.reads_other(NAN_ORDER).then(|| one.order(other));
            }
            let as_reals = left.partial_cmp(&right);
            let exactly = exact(one, other).or(as_reals);
            return if exactly != as_reals && self.reads_other(LONG_AND_REAL) { exactly } else { as_reals };
        }
        Some(one.order(other))
    }

    fn order_dynamic(
        &self,
        one: &Cell,
        other: &Cell,
        equality: bool,
        at: &Range<usize>,
    ) -> Result<Option<Ordering>, Failure> {
        let (left, right) = (plain(one.clone()), plain(other.clone()));
        let order = match (&left, &right) {
            (Cell::Dynamic(left), Cell::Dynamic(right)) if equality => {
                return if left == right {
                    Ok(Some(Ordering::Equal))
                } else {
                    Err(Failure::unknown("equality of lists or bags that differ is not known here", at.clone()))
                };
            }
            (Cell::Text(text), Cell::Time(time)) | (Cell::Time(time), Cell::Text(text)) => {
                // JSON holds a datetime as text.
                moment::time(text).map(|ticks| ticks.cmp(time))
            }
            (left, right) if left.number().is_some() && right.number().is_some() => self.order_plain(left, right),
            (Cell::Text(_), Cell::Text(_)) | (Cell::Bool(_), Cell::Bool(_)) => Some(left.order(&right)),
            (left, right) => {
                let same_text = self.text_of(left).is_some_and(|text| self.text_of(right) == Some(text));
                (equality && same_text && self.reads_other(DYNAMIC_EQUALITY)).then_some(Ordering::Equal)
            }
        };
        // A number in quotes beside a number: no page says whether it is read.
        if order.is_none() && !equality {
            let number = |cell: &Cell| match cell {
                Cell::Text(text) => text.parse::<f64>().is_ok(),
                _ => false,
            };
            if number(&left) || number(&right) {
                return Err(Failure::unknown("a number in quotes beside a number is not known here", at.clone()));
            }
        }
        Ok(order)
    }
}

/// A long and a real without loss, where the long has more digits than a real can hold.
fn exact(one: &Cell, other: &Cell) -> Option<Ordering> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match (one, other) {
        (Cell::Long(long), Cell::Real(real)) if real.abs() >= LARGEST && real.abs() < 9.2e18 => {
            Some(long.cmp(&(*real as i64)))
        }
        (Cell::Real(_), Cell::Long(_)) => exact(other, one).map(Ordering::reverse),
        _ => None,
    }
}
