//! Arithmetic and the functions of numbers.

use std::cmp::Ordering;

use crate::emulator::Failure;
use crate::emulator::cloudwatch::eval::Context;
use crate::emulator::cloudwatch::reading::Question;
use crate::emulator::cloudwatch::tree::{Arithmetic, Place};
use crate::emulator::cloudwatch::value::{Cell, Number};

/// A function of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator::cloudwatch) enum Function {
    Abs,
    Ceil,
    Floor,
    Greatest,
    Least,
    Log,
    Round,
    Sqrt,
    ToNumber,
    ToInt,
    ToLong,
    HexToDec,
    DecToHex,
}

/// A float as a number; where it is none, what the reading says.
fn finite(real: f64, context: &Context<'_>) -> Cell {
    if real.is_finite() || context.other(Question::NoNumber) { Cell::Number(Number::from(real)) } else { Cell::Missing }
}

/// One of two numbers reckoned: as floats, or exactly where whole numbers above 2^53 may be.
pub(in crate::emulator::cloudwatch) fn arithmetic(
    operator: Arithmetic,
    left: Number,
    right: Number,
    context: &Context<'_>,
) -> Cell {
    let (one, other) = (left.float(), right.float());
    let first = match operator {
        Arithmetic::Add => one + other,
        Arithmetic::Subtract => one - other,
        Arithmetic::Multiply => one * other,
        Arithmetic::Divide => one / other,
        Arithmetic::Remainder => {
            let remainder = one % other;
            let signs_differ = remainder != 0.0 && (remainder < 0.0) != (other < 0.0);
            if signs_differ && context.other(Question::Modulus) { remainder + other } else { remainder }
        }
        Arithmetic::Power => one.powf(other),
    };
    if let Some(exact) = exactly(operator, left, right) {
        let same = first.is_finite() && exact == Number::from(first);
        if !same && context.other(Question::WholeNumbers) {
            return Cell::Number(exact);
        }
    }
    finite(first, context)
}

/// The exact result, where it is a whole number of 64 bits or the nearest float to a quotient of such.
fn exactly(operator: Arithmetic, left: Number, right: Number) -> Option<Number> {
    if operator == Arithmetic::Divide && left.is_exact() && right.is_exact() {
        return None;
    }
    let (left, right) = (i128::from(left.whole()?), i128::from(right.whole()?));
    let whole = match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => {
            let (quotient, rest) = (left.checked_div_euclid(right)?, left.checked_rem_euclid(right)?);
            if rest != 0 {
                let quotient = Number::Whole(i64::try_from(quotient).ok()?);
                #[expect(clippy::cast_precision_loss, reason = "both are of 64 bits")]
                let part = rest as f64 / right as f64;
                return quotient.is_exact().then(|| Number::from(quotient.float() + part));
            }
            quotient
        }
        Arithmetic::Remainder | Arithmetic::Power => return None,
    };
    i64::try_from(whole).ok().map(Number::Whole)
}

/// The sum of numbers.
pub(in crate::emulator::cloudwatch) fn sum(numbers: &[Number], context: &Context<'_>) -> Cell {
    let zero = Cell::whole(0);
    numbers.iter().fold(zero, |sum, number| match sum {
        Cell::Number(sum) => arithmetic(Arithmetic::Add, sum, *number, context),
        none => none,
    })
}

pub(super) fn apply(function: Function, values: &[Cell], context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let first = values.first().unwrap_or(&Cell::Missing);
    match function {
        Function::ToNumber | Function::ToInt | Function::ToLong => return converted(function, first, context, at),
        Function::HexToDec => return hex_to_dec(first, context, at),
        Function::Greatest | Function::Least => return extreme(function, values, context, at),
        _ => {}
    }
    let Some(number) = context.operand(first, at)? else { return Ok(Cell::Missing) };
    Ok(match function {
        Function::Log => finite(number.float().ln(), context),
        Function::Sqrt => finite(number.float().sqrt(), context),
        Function::DecToHex => match number.float().trunc() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            whole if whole.abs() < 9e18 => {
                let whole = number.whole().unwrap_or(whole as i64);
                let sign = if whole < 0 { "-" } else { "" };
                Cell::text(format!("{sign}0x{:x}", whole.unsigned_abs()))
            }
            _ => return Err(Failure::unknown("`decToHex` of a number of more than 64 bits", at.clone())),
        },
        Function::Round => {
            let digits = match values.get(1) {
                None => 0,
                Some(digits) => match digits.as_number(context.readings, at)?.and_then(Number::whole) {
                    Some(digits @ 0..=15) => i32::try_from(digits).unwrap_or_default(),
                    _ => return Err(Failure::unknown("`round` to such a number of decimals", at.clone())),
                },
            };
            rounded(number, digits, context)
        }
        // Whole numbers stay as they are, above 2^53 too.
        Function::Abs => match number.whole() {
            Some(whole) => whole.checked_abs().map_or(Cell::Missing, Cell::whole),
            None => finite(number.float().abs(), context),
        },
        _ if number.whole().is_some() => Cell::Number(number),
        Function::Ceil => finite(number.float().ceil(), context),
        _ => finite(number.float().floor(), context),
    })
}

fn rounded(number: Number, digits: i32, context: &Context<'_>) -> Cell {
    if number.whole().is_some() {
        return Cell::Number(number);
    }
    let factor = 10_f64.powi(digits);
    let scaled = number.float() * factor;
    let (first, other) = (scaled.round(), scaled.round_ties_even());
    let chosen = if first != other && context.other(Question::Halves) { other } else { first };
    finite(chosen / factor, context)
}

fn extreme(function: Function, values: &[Cell], context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let mut best: Option<Number> = None;
    for value in values {
        let Some(number) = context.operand(value, at)? else {
            return Err(Failure::unknown("`greatest` or `least` where a value is missing", at.clone()));
        };
        let order = best.map(|best| number.float().total_cmp(&best.float()));
        let better = match order {
            None => true,
            Some(order) if function == Function::Greatest => order == Ordering::Greater,
            Some(order) => order == Ordering::Less,
        };
        best = if better { Some(number) } else { best };
    }
    Ok(best.map_or(Cell::Missing, Cell::Number))
}

fn converted(function: Function, value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let Some(number) = value.as_number(context.readings, at)? else { return Ok(Cell::Missing) };
    match (function, number.whole()) {
        (Function::ToInt, Some(whole)) if i32::try_from(whole).is_ok() => Ok(Cell::Number(number)),
        (Function::ToLong, Some(_)) | (Function::ToNumber, _) => Ok(Cell::Number(number)),
        _ => Err(Failure::unknown(
            "what `toInt` and `toLong` make of a number that is not whole or too large",
            at.clone(),
        )),
    }
}

fn hex_to_dec(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let Some(text) = value.as_text(context.readings, at)? else { return Ok(Cell::Missing) };
    let lower = text.to_ascii_lowercase();
    let digits = lower.strip_prefix("0x").unwrap_or(&lower);
    let plain = !digits.starts_with(['+', '-']);
    match i64::from_str_radix(digits, 16) {
        Ok(whole) if plain => Ok(Cell::whole(whole)),
        _ => Err(Failure::unknown("what `hexToDec` makes of what is no hexadecimal number of 64 bits", at.clone())),
    }
}
