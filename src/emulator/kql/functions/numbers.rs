//! Functions of numbers.

use super::{Call, Function, Gives, Needs};
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::moment;
use crate::emulator::kql::value::{Cell, Type};

const REAL: Type = Type::Real;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("bin", &[Needs::Any, Needs::Any], REAL, |call| bin(call, &zero(call))).gives(Gives::Rounded),
    Function::new("floor", &[Needs::Any, Needs::Any], REAL, |call| bin(call, &zero(call))).gives(Gives::Rounded),
    Function::new("bin_at", &[Needs::Any, Needs::Any, Needs::Any], REAL, bin_at).gives(Gives::Rounded),
    Function::new("abs", &[Needs::Scalar], REAL, abs).gives(Gives::First),
    Function::new("round", &[Needs::Number, Needs::Whole], REAL, round).optional(1).gives(Gives::First),
    Function::new("ceiling", &[Needs::Number], REAL, ceiling).gives(Gives::First),
    Function::new("sqrt", &[Needs::Number], REAL, |call| root(call, f64::sqrt)),
    Function::new("exp", &[Needs::Number], REAL, |call| Ok(Cell::Real(call.number(0).exp()))),
    Function::new("log", &[Needs::Number], REAL, |call| root(call, f64::ln)),
    Function::new("log2", &[Needs::Number], REAL, |call| root(call, f64::log2)),
    Function::new("log10", &[Needs::Number], REAL, |call| root(call, f64::log10)),
    Function::new("pow", &[Needs::Number, Needs::Number], REAL, |call| {
        Ok(Cell::Real(call.number(0).powf(call.number(1))))
    }),
    Function::new("sign", &[Needs::Number], REAL, sign),
    Function::new("isnan", &[Needs::Number], Type::Bool, |call| Ok(Cell::Bool(call.number(0).is_nan()))).takes_null(),
    Function::new("isinf", &[Needs::Number], Type::Bool, |call| Ok(Cell::Bool(call.number(0).is_infinite()))),
    Function::new("isfinite", &[Needs::Number], Type::Bool, |call| Ok(Cell::Bool(call.number(0).is_finite()))),
    Function::new("tohex", &[Needs::Whole], Type::Text, |call| Ok(Cell::text(&format!("{:x}", call.whole(0))))),
];

/// Where bins begin: a datetime's at 0001-01-01.
fn zero(call: &Call<'_>) -> Cell {
    match call.gives {
        Type::Time => Cell::Time(0),
        Type::Span => Cell::Span(0),
        Type::Real => Cell::Real(0.0),
        _ => Cell::Long(0),
    }
}

fn bin_at(call: &Call<'_>) -> Evaluated {
    let origin = call.cell(2).clone();
    bin(call, &origin)
}

/// The largest multiple of a size, counted from an origin, that is not above the value.
fn bin(call: &Call<'_>, origin: &Cell) -> Evaluated {
    let whole = |cell: &Cell| match cell {
        Cell::Long(value) | Cell::Time(value) | Cell::Span(value) => Some(*value),
        _ => None,
    };
    let out_of_range = || call.unknown("a bin out of range");
    if call.gives == Type::Real {
        let (value, size) = (call.number(0), call.number(1));
        let origin = origin.number().ok_or_else(out_of_range)?;
        if size.is_nan() || size <= 0.0 {
            return Err(call.unknown("a bin of no size"));
        }
        return Ok(Cell::Real(((value - origin) / size).floor() * size + origin));
    }
    let (Some(value), Some(size), Some(origin)) = (whole(call.cell(0)), whole(call.cell(1)), whole(origin)) else {
        return Err(call.unknown("a bin of values of several types"));
    };
    if size <= 0 {
        return Err(call.unknown("a bin of no size"));
    }
    let start = value.checked_sub(origin).and_then(|since| since.div_euclid(size).checked_mul(size));
    let start = start.and_then(|since| since.checked_add(origin)).ok_or_else(out_of_range)?;
    Ok(match call.gives {
        Type::Time => Cell::Time(moment::in_range(start).ok_or_else(out_of_range)?),
        Type::Span => Cell::Span(start),
        _ => Cell::Long(start),
    })
}

fn abs(call: &Call<'_>) -> Evaluated {
    Ok(match call.cell(0) {
        Cell::Long(value) => Cell::Long(value.checked_abs().ok_or_else(|| call.unknown("so large a number"))?),
        Cell::Span(ticks) => Cell::Span(ticks.checked_abs().ok_or_else(|| call.unknown("so long a timespan"))?),
        Cell::Real(value) => Cell::Real(value.abs()),
        _ => return Err(call.unknown("abs of such a value")),
    })
}

/// How a half is rounded is not documented.
fn round(call: &Call<'_>) -> Evaluated {
    let places = if call.has(1) { call.whole(1) } else { 0 };
    if let (Cell::Long(value), 0..) = (call.cell(0), places) {
        return Ok(Cell::Long(*value));
    }
    let scale = i32::try_from(places).ok().filter(|places| (0..=15).contains(places)).map(|places| 10f64.powi(places));
    let scale = scale.ok_or_else(|| call.unknown("so many places"))?;
    let scaled = call.number(0) * scale;
    if (scaled.fract().abs() - 0.5).abs() < 1e-9 {
        return Err(call.unknown("the rounding of a half"));
    }
    Ok(Cell::Real(scaled.round() / scale))
}

fn ceiling(call: &Call<'_>) -> Evaluated {
    Ok(match call.cell(0) {
        Cell::Long(value) => Cell::Long(*value),
        _ => Cell::Real(call.number(0).ceil()),
    })
}

/// Null where the function is not defined.
fn root(call: &Call<'_>, function: fn(f64) -> f64) -> Evaluated {
    let value = function(call.number(0));
    if call.number(0) == 0.0 && value.is_infinite() {
        return Err(call.unknown("the logarithm of 0"));
    }
    Ok(if value.is_nan() { Cell::Null } else { Cell::Real(value) })
}

fn sign(call: &Call<'_>) -> Evaluated {
    let value = call.number(0);
    Ok(Cell::Real(if value == 0.0 { 0.0 } else { value.signum() }))
}
