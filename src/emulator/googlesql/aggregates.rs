//! Aggregate functions: which there are, the types that they take and give, and what they make of a group's values.

use std::collections::BTreeSet;

use bigdecimal::{BigDecimal, Zero as _};

use super::decimal::{self, bignumeric, numeric};
use super::functions::Trouble;
use super::readings::{APPROXIMATE, ROW_ORDER};
use super::types::Type;
use super::value::{Val, key};
use crate::emulator::Readings;

/// An aggregate function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AggregateFunction {
    /// In capitals.
    pub(super) name: &'static str,
    /// How many arguments it takes, at least and at most.
    pub(super) arity: (usize, usize),
    /// Whether it may stand with OVER only.
    pub(super) only_over: bool,
    /// Whether NULLs are left out unless it is told otherwise.
    pub(super) skips_nulls: bool,
}

const fn skipping(name: &'static str, least: usize, most: usize) -> AggregateFunction {
    AggregateFunction { name, arity: (least, most), only_over: false, skips_nulls: true }
}

const fn keeping(name: &'static str, least: usize, most: usize) -> AggregateFunction {
    AggregateFunction { name, arity: (least, most), only_over: false, skips_nulls: false }
}

const FUNCTIONS: &[AggregateFunction] = &[
    skipping("COUNT", 0, 1),
    skipping("COUNTIF", 1, 1),
    skipping("SUM", 1, 1),
    skipping("AVG", 1, 1),
    skipping("MIN", 1, 1),
    skipping("MAX", 1, 1),
    keeping("ANY_VALUE", 1, 1),
    keeping("ARRAY_AGG", 1, 1),
    skipping("STRING_AGG", 1, 2),
    skipping("LOGICAL_AND", 1, 1),
    skipping("LOGICAL_OR", 1, 1),
    skipping("STDDEV", 1, 1),
    skipping("STDDEV_SAMP", 1, 1),
    skipping("STDDEV_POP", 1, 1),
    skipping("VARIANCE", 1, 1),
    skipping("VAR_SAMP", 1, 1),
    skipping("VAR_POP", 1, 1),
    skipping("APPROX_COUNT_DISTINCT", 1, 1),
    skipping("APPROX_QUANTILES", 2, 2),
    AggregateFunction { name: "PERCENTILE_CONT", arity: (2, 2), only_over: true, skips_nulls: true },
    AggregateFunction { name: "PERCENTILE_DISC", arity: (2, 2), only_over: true, skips_nulls: true },
];

/// The aggregate function of a name, in capitals.
pub(super) fn find(name: &str) -> Option<&'static AggregateFunction> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl AggregateFunction {
    /// What its arguments become, and what it gives.
    pub(super) fn types(&self, args: &[Type]) -> Option<(Vec<Type>, Type)> {
        let first = match args.first() {
            None => return Some((Vec::new(), Type::Int64)),
            Some(Type::Untyped) => &Type::Int64,
            Some(first) => first,
        };
        let is_number = matches!(first, Type::Int64 | Type::Float64 | Type::Numeric | Type::BigNumeric);
        let decimal = matches!(first, Type::Numeric | Type::BigNumeric);
        let gives = match self.name {
            "COUNT" | "APPROX_COUNT_DISTINCT" => Some(Type::Int64),
            "COUNTIF" => (*first == Type::Bool).then_some(Type::Int64),
            "SUM" => is_number.then(|| first.clone()),
            "AVG" => is_number.then(|| if decimal { first.clone() } else { Type::Float64 }),
            "MIN" | "MAX" => first.is_orderable().then(|| first.clone()),
            "ANY_VALUE" => Some(first.clone()),
            "ARRAY_AGG" => (!matches!(first, Type::Array(_))).then(|| Type::Array(Box::new(first.clone()))),
            "STRING_AGG" => (*first == Type::String).then_some(Type::String),
            "LOGICAL_AND" | "LOGICAL_OR" => (*first == Type::Bool).then_some(Type::Bool),
            "APPROX_QUANTILES" => first.is_orderable().then(|| Type::Array(Box::new(first.clone()))),
            "PERCENTILE_DISC" => first.is_orderable().then(|| first.clone()),
            // The rest compute with floats; of exact decimals this emulator does not know them.
            _ => (is_number && !decimal).then_some(Type::Float64),
        }?;
        let own = match self.name {
            "PERCENTILE_CONT" | "STDDEV" | "STDDEV_SAMP" | "STDDEV_POP" | "VARIANCE" | "VAR_SAMP" | "VAR_POP" => {
                Type::Float64
            }
            _ => first.clone(),
        };
        let second = args.get(1).map(|_| match self.name {
            "STRING_AGG" => Type::String,
            "APPROX_QUANTILES" => Type::Int64,
            _ => Type::Float64,
        });
        Some((std::iter::once(own).chain(second).collect(), gives))
    }

    /// What comes of the values of a group, which are in order; `second` is the second argument. `ordered`: whether that order was asked for.
    pub(super) fn result(
        &self,
        values: &[Val],
        second: Option<&Val>,
        gives: &Type,
        ordered: bool,
        readings: &Readings,
    ) -> Result<Val, Trouble> {
        let count = || Ok(Val::Int(i64::try_from(values.len()).unwrap_or(i64::MAX)));
        match self.name {
            "COUNT" => count(),
            "COUNTIF" => Ok(Val::Int(values.iter().filter(|value| **value == Val::Bool(true)).map(|_| 1).sum())),
            "SUM" => sum(values, gives),
            "AVG" => average(values, gives),
            "MIN" | "MAX" => Ok(extreme(values, self.name == "MIN")),
            "ANY_VALUE" => {
                let differ = values.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
                let last = differ && readings.other(ROW_ORDER);
                Ok(if last { values.last() } else { values.first() }.cloned().unwrap_or_default())
            }
            "ARRAY_AGG" if values.is_empty() => Ok(Val::Null),
            "ARRAY_AGG" => Ok(in_order(values, ordered, readings).into()),
            "STRING_AGG" if values.is_empty() => Ok(Val::Null),
            "STRING_AGG" => {
                let values = in_order(values, ordered, readings);
                let texts =
                    values.iter().filter_map(|value| if let Val::Text(text) = value { Some(&**text) } else { None });
                let between = if let Some(Val::Text(between)) = second { between } else { "," };
                Ok(texts.collect::<Vec<_>>().join(between).into())
            }
            "LOGICAL_AND" | "LOGICAL_OR" if values.is_empty() => Ok(Val::Null),
            "LOGICAL_AND" => Ok(Val::Bool(values.iter().all(|value| *value == Val::Bool(true)))),
            "LOGICAL_OR" => Ok(Val::Bool(values.contains(&Val::Bool(true)))),
            "APPROX_COUNT_DISTINCT" => {
                let distinct: BTreeSet<String> = values.iter().map(|value| key(std::slice::from_ref(value))).collect();
                let off = i64::from(distinct.len() > 1 && readings.other(APPROXIMATE));
                Ok(Val::Int(i64::try_from(distinct.len()).unwrap_or(i64::MAX) + off))
            }
            "APPROX_QUANTILES" => quantiles(values, second, readings),
            "PERCENTILE_CONT" | "PERCENTILE_DISC" => percentile(self.name == "PERCENTILE_CONT", values, second),
            "STDDEV" | "STDDEV_SAMP" => {
                Ok(variance(values, 1).map_or(Val::Null, |variance| Val::Float(variance.sqrt())))
            }
            "STDDEV_POP" => Ok(variance(values, 0).map_or(Val::Null, |variance| Val::Float(variance.sqrt()))),
            "VARIANCE" | "VAR_SAMP" => Ok(variance(values, 1).map_or(Val::Null, Val::Float)),
            "VAR_POP" => Ok(variance(values, 0).map_or(Val::Null, Val::Float)),
            other => Trouble::unknown(format!("the aggregate {other}")),
        }
    }
}

/// The values as they came where their order was asked for or does not show, else as the reading says.
fn in_order(values: &[Val], ordered: bool, readings: &Readings) -> Vec<Val> {
    let mut values = values.to_vec();
    let shows = !ordered && values.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
    if shows && readings.other(ROW_ORDER) {
        values.reverse();
    }
    values
}

fn extreme(values: &[Val], least: bool) -> Val {
    if let Some(nan) = values.iter().find(|value| matches!(value, Val::Float(float) if float.is_nan())) {
        return nan.clone();
    }
    let found = if least { values.iter().min_by(|a, b| a.order(b)) } else { values.iter().max_by(|a, b| a.order(b)) };
    found.cloned().unwrap_or_default()
}

fn sum(values: &[Val], gives: &Type) -> Result<Val, Trouble> {
    if values.is_empty() {
        return Ok(Val::Null);
    }
    match gives {
        Type::Int64 => {
            let all = values.iter().map(|value| if let Val::Int(n) = value { i128::from(*n) } else { 0 }).sum::<i128>();
            i64::try_from(all).map_or_else(|_| Trouble::stops("INT64 overflow in SUM"), |all| Ok(Val::Int(all)))
        }
        Type::Float64 => {
            let all: f64 = floats(values).sum();
            if all.is_finite() || floats(values).any(|float| !float.is_finite()) {
                Ok(Val::Float(all))
            } else {
                Trouble::stops("FLOAT64 overflow in SUM")
            }
        }
        Type::Numeric => numeric(&decimals(values)),
        _ => bignumeric(&decimals(values)),
    }
}

fn average(values: &[Val], gives: &Type) -> Result<Val, Trouble> {
    let count = values.len();
    if count == 0 {
        return Ok(Val::Null);
    }
    match gives {
        Type::Numeric => numeric(&(decimals(values) / BigDecimal::from(count as u64))),
        Type::BigNumeric => bignumeric(&(decimals(values) / BigDecimal::from(count as u64))),
        _ => {
            let whole = values
                .iter()
                .map(|value| if let Val::Int(n) = value { Some(i128::from(*n)) } else { None })
                .sum::<Option<i128>>();
            let all = whole.map_or_else(|| floats(values).sum(), |whole| whole as f64);
            Ok(Val::Float(all / count as f64))
        }
    }
}

fn floats(values: &[Val]) -> impl Iterator<Item = f64> {
    values.iter().map(|value| match value {
        Val::Float(float) => *float,
        Val::Int(whole) => *whole as f64,
        Val::Decimal(decimal) => decimal::float(decimal),
        _ => f64::NAN,
    })
}

fn decimals(values: &[Val]) -> BigDecimal {
    values
        .iter()
        .fold(BigDecimal::zero(), |sum, value| if let Val::Decimal(decimal) = value { sum + decimal } else { sum })
}

/// By so many less than the count; none where that is nothing.
fn variance(values: &[Val], less: usize) -> Option<f64> {
    let by = values.len().checked_sub(less).filter(|by| *by > 0)? as f64;
    let mean = floats(values).sum::<f64>() / values.len() as f64;
    Some(floats(values).map(|float| (float - mean).powi(2)).sum::<f64>() / by)
}

/// The elements at even distances, the first and the last included.
fn quantiles(values: &[Val], number: Option<&Val>, readings: &Readings) -> Result<Val, Trouble> {
    let Some(Val::Int(number @ 1..=10_000)) = number else {
        return Trouble::stops("APPROX_QUANTILES wants a number of quantiles over 0");
    };
    if values.is_empty() {
        return Ok(Val::Null);
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(Val::order);
    let (last, parts) = (sorted.len() - 1, usize::try_from(*number).unwrap_or(1));
    let exact = last.is_multiple_of(parts) || sorted.first() == sorted.last();
    let upper = !exact && readings.other(APPROXIMATE);
    let at = |part: usize| if upper { (part * last).div_ceil(parts) } else { part * last / parts };
    Ok((0..=parts).filter_map(|part| sorted.get(at(part)).cloned()).collect::<Vec<_>>().into())
}

/// The value at a part of the way, between two (continuous) or the first that reaches it.
fn percentile(continuous: bool, values: &[Val], part: Option<&Val>) -> Result<Val, Trouble> {
    let Some(Val::Float(part)) = part.filter(|part| matches!(part, Val::Float(part) if (0.0..=1.0).contains(part)))
    else {
        return Trouble::stops("a percentile is between 0 and 1");
    };
    let mut sorted = values.to_vec();
    sorted.sort_by(Val::order);
    let Some(last) = sorted.len().checked_sub(1) else { return Ok(Val::Null) };
    if !continuous {
        let rank = (part * sorted.len() as f64).ceil() as usize;
        return Ok(sorted.get(rank.saturating_sub(1).min(last)).cloned().unwrap_or_default());
    }
    let place = part * last as f64;
    let below = place.floor() as usize;
    match (sorted.get(below), sorted.get((below + 1).min(last))) {
        (Some(Val::Float(one)), Some(Val::Float(other))) => Ok(Val::Float(one + (other - one) * place.fract())),
        _ => Ok(Val::Null),
    }
}
