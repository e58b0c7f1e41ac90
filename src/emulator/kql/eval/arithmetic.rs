//! Arithmetic of two values, by their types.

use crate::emulator::Failure;
use crate::emulator::kql::bound::Bound;
use crate::emulator::kql::dynamic::plain;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::moment;
use crate::emulator::kql::readings::{DIVISION_BY_ZERO, OVERFLOW};
use crate::emulator::kql::value::{Cell, Type};

impl Engine<'_> {
    /// One operator; `kind` is the type of the right operand.
    pub(in crate::emulator::kql) fn arithmetic(
        &self,
        word: &str,
        one: Cell,
        other: Cell,
        kind: Type,
        bound: &Bound,
    ) -> Evaluated {
        let (one, other) = (plain(one), plain(other));
        if one.is_null() || other.is_null() {
            return Ok(Cell::Null);
        }
        let out_of_range =
            |what: &str| Failure::unknown(format!("a {what} out of range is not known here"), bound.at.clone());
        match bound.kind {
            Type::Time => {
                let (Cell::Time(one) | Cell::Span(one), Cell::Time(other) | Cell::Span(other)) = (one, other) else {
                    return Ok(Cell::Null);
                };
                let sum = if word == "-" { one.checked_sub(other) } else { one.checked_add(other) };
                sum.and_then(moment::in_range).map(Cell::Time).ok_or_else(|| out_of_range("datetime"))
            }
            Type::Span => self.span(word, &one, &other).map(Cell::Span).ok_or_else(|| out_of_range("timespan")),
            Type::Real if kind == Type::Span => match (one, other) {
                (Cell::Span(one), Cell::Span(other)) => Ok(Cell::Real(one as f64 / other as f64)),
                _ => Ok(Cell::Null),
            },
            Type::Real => match (one.number(), other.number()) {
                (Some(one), Some(other)) => Ok(Cell::Real(real(word, one, other))),
                _ => Ok(Cell::Null),
            },
            _ => match (one, other) {
                (Cell::Long(one), Cell::Long(other)) => self.whole(word, one, other, bound),
                // A dynamic real beside a long.
                (one, other) => match (one.number(), other.number()) {
                    (Some(_), Some(_)) => {
                        Err(Failure::unknown("a long and a dynamic real are not known here", bound.at.clone()))
                    }
                    _ => Ok(Cell::Null),
                },
            },
        }
    }

    fn whole(&self, word: &str, one: i64, other: i64, bound: &Bound) -> Evaluated {
        if matches!(word, "/" | "%") && other == 0 {
            if self.reads_other(DIVISION_BY_ZERO) {
                return Err(Failure::stopped("a division by zero", Some(bound.at.clone())));
            }
            return Ok(Cell::Null);
        }
        let (exact, wrapped) = match word {
            "+" => (one.checked_add(other), one.wrapping_add(other)),
            "-" => (one.checked_sub(other), one.wrapping_sub(other)),
            "*" => (one.checked_mul(other), one.wrapping_mul(other)),
            "/" => (one.checked_div(other), one.wrapping_div(other)),
            _ => (one.checked_rem_euclid(other), one.wrapping_rem_euclid(other)),
        };
        Ok(match exact {
            Some(value) => Cell::Long(value),
            None if self.reads_other(OVERFLOW) => Cell::Null,
            None => Cell::Long(wrapped),
        })
    }

    fn span(&self, word: &str, one: &Cell, other: &Cell) -> Option<i64> {
        match (one, other) {
            (Cell::Time(one), Cell::Time(other)) => one.checked_sub(*other),
            (Cell::Span(one), Cell::Span(other)) => match word {
                "+" => one.checked_add(*other),
                "-" => one.checked_sub(*other),
                _ => one.checked_rem_euclid(*other),
            },
            (Cell::Long(0), Cell::Span(other)) if word == "-" => other.checked_neg(),
            (Cell::Span(span), Cell::Long(number)) | (Cell::Long(number), Cell::Span(span)) => match word {
                "*" => span.checked_mul(*number),
                _ => span.checked_div(*number),
            },
            (Cell::Span(span), Cell::Real(number)) | (Cell::Real(number), Cell::Span(span)) => {
                let span = *span as f64;
                let ticks = if word == "*" { span * number } else { span / number };
                // Parts of a tick: how they are rounded is not documented.
                (ticks.abs() < 9.0e15 && ticks.fract() == 0.0).then_some(ticks as i64)
            }
            _ => None,
        }
    }
}

fn real(word: &str, one: f64, other: f64) -> f64 {
    match word {
        "+" => one + other,
        "-" => one - other,
        "*" => one * other,
        "/" => one / other,
        _ => one.rem_euclid(other),
    }
}
