//! Arithmetic and mathematical functions.

use bigdecimal::{RoundingMode, Signed as _, Zero as _};

use super::{Function, Trouble, on, open, strict};
use crate::emulator::googlesql::decimal::{bignumeric, numeric};
use crate::emulator::googlesql::run::expr::is_equal;
use crate::emulator::googlesql::value::{Interval, Val};

const INT: &[&str] = &["INT64"];
const NUM: &[&str] = &["NUMERIC"];
const BIG: &[&str] = &["BIGNUMERIC"];
const FLOAT: &[&str] = &["FLOAT64"];
const INTS: &[&str] = &["INT64", "INT64"];
const NUMS: &[&str] = &["NUMERIC", "NUMERIC"];
const BIGS: &[&str] = &["BIGNUMERIC", "BIGNUMERIC"];
const FLOATS: &[&str] = &["FLOAT64", "FLOAT64"];

/// Among rows that fit a call alike the first one counts: a division of INT64 is one of FLOAT64.
pub(super) const NUMBER: &[Function] = &[
    strict("+", INTS, "INT64", on!(Val::Int(a), Val::Int(b) => whole(a.checked_add(*b)))),
    strict("+", NUMS, "NUMERIC", on!(Val::Decimal(a), Val::Decimal(b) => numeric(&(a + b)))),
    strict("+", BIGS, "BIGNUMERIC", on!(Val::Decimal(a), Val::Decimal(b) => bignumeric(&(a + b)))),
    strict("+", FLOATS, "FLOAT64", on!(Val::Float(a), Val::Float(b) => float(a + b, &[*a, *b]))),
    strict(
        "+",
        &["INTERVAL", "INTERVAL"],
        "INTERVAL",
        on!(Val::Interval(a), Val::Interval(b) => intervals(*a, *b, i64::checked_add)),
    ),
    strict("-", INTS, "INT64", on!(Val::Int(a), Val::Int(b) => whole(a.checked_sub(*b)))),
    strict("-", NUMS, "NUMERIC", on!(Val::Decimal(a), Val::Decimal(b) => numeric(&(a - b)))),
    strict("-", BIGS, "BIGNUMERIC", on!(Val::Decimal(a), Val::Decimal(b) => bignumeric(&(a - b)))),
    strict("-", FLOATS, "FLOAT64", on!(Val::Float(a), Val::Float(b) => float(a - b, &[*a, *b]))),
    strict(
        "-",
        &["INTERVAL", "INTERVAL"],
        "INTERVAL",
        on!(Val::Interval(a), Val::Interval(b) => intervals(*a, *b, i64::checked_sub)),
    ),
    strict("-", INT, "INT64", on!(Val::Int(a) => whole(a.checked_neg()))),
    strict("-", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&-a.clone()))),
    strict("-", BIG, "BIGNUMERIC", on!(Val::Decimal(a) => bignumeric(&-a.clone()))),
    strict("-", FLOAT, "FLOAT64", on!(Val::Float(a) => Ok(Val::Float(-a)))),
    strict(
        "-",
        &["INTERVAL"],
        "INTERVAL",
        on!(Val::Interval(a) => intervals(Interval::default(), *a, i64::checked_sub)),
    ),
    strict("*", INTS, "INT64", on!(Val::Int(a), Val::Int(b) => whole(a.checked_mul(*b)))),
    strict("*", NUMS, "NUMERIC", on!(Val::Decimal(a), Val::Decimal(b) => numeric(&(a * b)))),
    strict("*", BIGS, "BIGNUMERIC", on!(Val::Decimal(a), Val::Decimal(b) => bignumeric(&(a * b)))),
    strict("*", FLOATS, "FLOAT64", on!(Val::Float(a), Val::Float(b) => float(a * b, &[*a, *b]))),
    strict(
        "/",
        FLOATS,
        "FLOAT64",
        on!(Val::Float(a), Val::Float(b) => {
            if *b == 0.0 { division_by_zero() } else { float(a / b, &[*a, *b]) }
        }),
    ),
    strict(
        "/",
        NUMS,
        "NUMERIC",
        on!(Val::Decimal(a), Val::Decimal(b) => {
            if b.is_zero() { division_by_zero() } else { numeric(&(a / b)) }
        }),
    ),
    strict(
        "/",
        BIGS,
        "BIGNUMERIC",
        on!(Val::Decimal(a), Val::Decimal(b) => {
            if b.is_zero() { division_by_zero() } else { bignumeric(&(a / b)) }
        }),
    ),
    strict("IEEE_DIVIDE", FLOATS, "FLOAT64", on!(Val::Float(a), Val::Float(b) => Ok(Val::Float(a / b)))),
    strict(
        "DIV",
        INTS,
        "INT64",
        on!(Val::Int(a), Val::Int(b) => {
            if *b == 0 { division_by_zero() } else { whole(a.checked_div(*b)) }
        }),
    ),
    strict(
        "DIV",
        NUMS,
        "NUMERIC",
        on!(Val::Decimal(a), Val::Decimal(b) => {
            if b.is_zero() { division_by_zero() } else { numeric(&(a / b).with_scale_round(0, RoundingMode::Down)) }
        }),
    ),
    strict(
        "MOD",
        INTS,
        "INT64",
        on!(Val::Int(a), Val::Int(b) => {
            if *b == 0 { division_by_zero() } else { Ok(Val::Int(a.checked_rem(*b).unwrap_or_default())) }
        }),
    ),
    strict(
        "MOD",
        NUMS,
        "NUMERIC",
        on!(Val::Decimal(a), Val::Decimal(b) => {
            if b.is_zero() { division_by_zero() } else { numeric(&(a % b)) }
        }),
    ),
    strict("&", INTS, "INT64", on!(Val::Int(a), Val::Int(b) => Ok(Val::Int(a & b)))),
    strict("|", INTS, "INT64", on!(Val::Int(a), Val::Int(b) => Ok(Val::Int(a | b)))),
    strict("^", INTS, "INT64", on!(Val::Int(a), Val::Int(b) => Ok(Val::Int(a ^ b)))),
    strict("~", INT, "INT64", on!(Val::Int(a) => Ok(Val::Int(!a)))),
    strict("ABS", INT, "INT64", on!(Val::Int(a) => whole(a.checked_abs()))),
    strict("ABS", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&a.abs()))),
    strict("ABS", BIG, "BIGNUMERIC", on!(Val::Decimal(a) => bignumeric(&a.abs()))),
    strict("ABS", FLOAT, "FLOAT64", on!(Val::Float(a) => Ok(Val::Float(a.abs())))),
    strict("SIGN", INT, "INT64", on!(Val::Int(a) => Ok(Val::Int(a.signum())))),
    strict("SIGN", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&a.signum()))),
    strict(
        "SIGN",
        FLOAT,
        "FLOAT64",
        on!(Val::Float(a) => {
            Ok(Val::Float(if *a == 0.0 || a.is_nan() { *a } else { a.signum() }))
        }),
    ),
    strict("FLOOR", FLOAT, "FLOAT64", on!(Val::Float(a) => Ok(Val::Float(a.floor())))),
    strict("FLOOR", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&a.with_scale_round(0, RoundingMode::Floor)))),
    strict("FLOOR", BIG, "BIGNUMERIC", on!(Val::Decimal(a) => bignumeric(&a.with_scale_round(0, RoundingMode::Floor)))),
    strict("CEIL", FLOAT, "FLOAT64", on!(Val::Float(a) => Ok(Val::Float(a.ceil())))),
    strict("CEIL", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&a.with_scale_round(0, RoundingMode::Ceiling)))),
    strict(
        "CEIL",
        BIG,
        "BIGNUMERIC",
        on!(Val::Decimal(a) => bignumeric(&a.with_scale_round(0, RoundingMode::Ceiling))),
    ),
    strict("ROUND", FLOAT, "FLOAT64", on!(Val::Float(a) => Ok(Val::Float(a.round())))),
    strict("ROUND", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&a.with_scale_round(0, RoundingMode::HalfUp)))),
    strict(
        "ROUND",
        &["FLOAT64", "INT64"],
        "FLOAT64",
        on!(Val::Float(a), Val::Int(places) => {
            if *places == 0 { Ok(Val::Float(a.round())) } else { Trouble::unknown("ROUND of a FLOAT64 to places: its last digit") }
        }),
    ),
    strict(
        "ROUND",
        &["NUMERIC", "INT64"],
        "NUMERIC",
        on!(Val::Decimal(a), Val::Int(places) => {
            numeric(&a.with_scale_round((*places).clamp(-38, 38), RoundingMode::HalfUp))
        }),
    ),
    strict("TRUNC", FLOAT, "FLOAT64", on!(Val::Float(a) => Ok(Val::Float(a.trunc())))),
    strict("TRUNC", NUM, "NUMERIC", on!(Val::Decimal(a) => numeric(&a.with_scale_round(0, RoundingMode::Down)))),
    strict(
        "SQRT",
        FLOAT,
        "FLOAT64",
        on!(Val::Float(a) => {
            if *a < 0.0 { Trouble::stops("SQRT of a negative number") } else { Ok(Val::Float(a.sqrt())) }
        }),
    ),
    strict("EXP", FLOAT, "FLOAT64", on!(Val::Float(a) => float(a.exp(), &[*a]))),
    strict("LN", FLOAT, "FLOAT64", on!(Val::Float(a) => logarithm(*a, f64::ln))),
    strict("LOG", FLOAT, "FLOAT64", on!(Val::Float(a) => logarithm(*a, f64::ln))),
    strict("LOG10", FLOAT, "FLOAT64", on!(Val::Float(a) => logarithm(*a, f64::log10))),
    strict("POW", FLOATS, "FLOAT64", on!(Val::Float(a), Val::Float(b) => power(*a, *b))),
    strict("POWER", FLOATS, "FLOAT64", on!(Val::Float(a), Val::Float(b) => power(*a, *b))),
    strict("IS_NAN", FLOAT, "BOOL", on!(Val::Float(a) => Ok(Val::Bool(a.is_nan())))),
    strict("IS_INF", FLOAT, "BOOL", on!(Val::Float(a) => Ok(Val::Bool(a.is_infinite())))),
    strict("GREATEST", &["T..."], "T", |_, args| Ok(extreme(args, false))),
    strict("LEAST", &["T..."], "T", |_, args| Ok(extreme(args, true))),
    open(
        "EQUAL_NULL",
        &["T", "T"],
        "BOOL",
        on!(a, b => {
            Ok(Val::Bool(is_equal(a, b).unwrap_or(a.is_null() && b.is_null())))
        }),
    ),
];

fn whole(result: Option<i64>) -> Result<Val, Trouble> {
    result.map_or_else(|| Trouble::stops("INT64 overflow"), |number| Ok(Val::Int(number)))
}

/// A float that is finite, unless what it came of is not.
fn float(result: f64, from: &[f64]) -> Result<Val, Trouble> {
    if result.is_finite() || from.iter().any(|part| !part.is_finite()) {
        Ok(Val::Float(result))
    } else {
        Trouble::stops("FLOAT64 overflow")
    }
}

fn division_by_zero() -> Result<Val, Trouble> {
    Trouble::stops("division by zero")
}

fn logarithm(of: f64, logarithm: fn(f64) -> f64) -> Result<Val, Trouble> {
    if of <= 0.0 {
        Trouble::stops("the logarithm of a number that is not positive")
    } else {
        Ok(Val::Float(logarithm(of)))
    }
}

fn power(of: f64, by: f64) -> Result<Val, Trouble> {
    if (of < 0.0 && by.is_finite() && by.fract() != 0.0) || (of == 0.0 && by < 0.0) {
        return Trouble::stops("POW: no such power");
    }
    float(of.powf(by), &[of, by])
}

fn intervals(one: Interval, other: Interval, join: fn(i64, i64) -> Option<i64>) -> Result<Val, Trouble> {
    let parts = (join(one.months, other.months), join(one.days, other.days), join(one.micros, other.micros));
    match parts {
        (Some(months), Some(days), Some(micros)) => Ok(Val::Interval(Interval { months, days, micros })),
        _ => Trouble::stops("INTERVAL overflow"),
    }
}

/// The least or the greatest; a NaN if one is.
fn extreme(args: &[Val], least: bool) -> Val {
    if let Some(nan) = args.iter().find(|arg| matches!(arg, Val::Float(float) if float.is_nan())) {
        return nan.clone();
    }
    let found = if least { args.iter().min_by(|a, b| a.order(b)) } else { args.iter().max_by(|a, b| a.order(b)) };
    found.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bigdecimal::BigDecimal;

    use super::*;

    #[test]
    fn the_largest_numeric_has_nines_on_both_sides() {
        let most: BigDecimal = "99999999999999999999999999999.999999999".parse().unwrap_or_default();
        assert!(numeric(&most).is_ok());
        assert!(numeric(&(most + BigDecimal::from(1))).is_err());
    }
}
