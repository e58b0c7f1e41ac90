//! NUMERIC and BIGNUMERIC: exact decimals of limited digits.

use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode};

use super::functions::Trouble;
use super::value::Val;

/// The largest BIGNUMERIC.
const BIG_MAX: &str = "578960446186580977117854925043439539266.34992332820282019728792003956564819967";

/// The largest NUMERIC.
const MAX: &str = "99999999999999999999999999999.999999999";

/// A NUMERIC: 29 digits before the point and 9 after it.
pub(super) fn numeric(value: &BigDecimal) -> Result<Val, Trouble> {
    fit(value, 9, MAX, "NUMERIC")
}

/// A BIGNUMERIC: 38 digits after the point.
pub(super) fn bignumeric(value: &BigDecimal) -> Result<Val, Trouble> {
    fit(value, 38, BIG_MAX, "BIGNUMERIC")
}

/// Rounded half away from zero to the places that the type has.
fn fit(value: &BigDecimal, places: i64, most: &str, ty: &str) -> Result<Val, Trouble> {
    let rounded = value.with_scale_round(places, RoundingMode::HalfUp);
    let most = BigDecimal::from_str(most).unwrap_or_default();
    if rounded.abs() > most { Trouble::stops(format!("{ty} overflow")) } else { Ok(Val::Decimal(rounded)) }
}

/// A decimal as a float.
pub(super) fn float(value: &BigDecimal) -> f64 {
    value.to_plain_string().parse().unwrap_or(f64::NAN)
}

/// A text as a decimal: digits with a point, and an exponent.
pub(super) fn parse(text: &str) -> Option<BigDecimal> {
    let (_, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let small = exponent.parse::<i32>().is_ok_and(|exponent| exponent.abs() < 1000) && text.len() < 1000;
    let digits = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) && !text.contains('_');
    (small && digits).then(|| BigDecimal::from_str(text).ok()).flatten()
}
