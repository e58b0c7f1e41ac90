//! Numbers, times and durations: arithmetic and comparison that overflow into missing and round only where it is said.
//!
//! Ints, times and durations are exact. Floats follow IEEE 754. Decimals and durations round half to even, once, at the end.
//! Real division of ints takes both as floats first, so it is exact while both are within 2^53.

use std::cmp::Ordering;

use super::big::{FLOAT_SCALE, Natural, float_parts, half_even};
use super::value::Value;
use crate::ir::Arithmetic;

/// Billionths in one: the scale of decimals.
pub(super) const BILLION: i128 = 1_000_000_000;

/// One operation; the operands are of types that it is declared for, anything else is missing.
#[must_use]
pub fn arithmetic(operation: Arithmetic, left: &Value, right: &Value) -> Value {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    use Value::{Decimal, Duration, Float, Int, Time};
    let found = |value: Option<Value>| value.unwrap_or_default();
    match (operation, left, right) {
        (Add, Int(a), Int(b)) => found(a.checked_add(*b).map(Int)),
        (Subtract, Int(a), Int(b)) => found(a.checked_sub(*b).map(Int)),
        (Multiply, Int(a), Int(b)) => found(a.checked_mul(*b).map(Int)),
        (Divide, Int(a), Int(b)) | (Divide, Duration(a), Duration(b)) => Value::float(*a as f64 / *b as f64),

        (Add, Float(a), Float(b)) => Value::float(a + b),
        (Subtract, Float(a), Float(b)) => Value::float(a - b),
        (Multiply, Float(a), Float(b)) => Value::float(a * b),
        (Divide, Float(a), Float(b)) => Value::float(a / b),

        (Add, Decimal(a), Decimal(b)) => found(a.checked_add(*b).map(Value::decimal)),
        (Subtract, Decimal(a), Decimal(b)) => found(a.checked_sub(*b).map(Value::decimal)),
        (Multiply, Decimal(a), Decimal(b)) => {
            found(scaled(*a, Ratio::of_int(*b), Ratio::of_int(BILLION)).map(Value::decimal))
        }
        (Divide, Decimal(a), Decimal(b)) => {
            found(scaled(*a, Ratio::of_int(BILLION), Ratio::of_int(*b)).map(Value::decimal))
        }

        (Add, Time(a), Duration(b)) | (Add, Duration(a), Time(b)) => found(a.checked_add(*b).map(Time)),
        (Subtract, Time(a), Duration(b)) => found(a.checked_sub(*b).map(Time)),
        (Subtract, Time(a), Time(b)) => found(a.checked_sub(*b).map(Duration)),
        (Add, Duration(a), Duration(b)) => found(a.checked_add(*b).map(Duration)),
        (Subtract, Duration(a), Duration(b)) => found(a.checked_sub(*b).map(Duration)),
        (Multiply, Duration(a), Int(b)) | (Multiply, Int(b), Duration(a)) => found(a.checked_mul(*b).map(Duration)),
        (Multiply, Duration(a), number) | (Multiply, number, Duration(a)) => {
            found(Ratio::of(number).and_then(|factor| micros(*a, factor, Ratio::of_int(1))))
        }
        (Divide, Duration(a), number) => {
            found(Ratio::of(number).and_then(|divisor| micros(*a, Ratio::of_int(1), divisor)))
        }
        _ => Value::Missing,
    }
}

/// How two numbers, or two values of one other scalar type, stand to each other; none where one is missing or they are of other types.
/// Ints, floats and decimals compare as numbers, exactly.
#[must_use]
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    use Value::{Bool, Decimal, Duration, Float, Int, Ip, Text, Time};
    match (left, right) {
        (Int(a), Float(b)) => Some(int_with_float(*a, *b)),
        (Float(a), Int(b)) => Some(int_with_float(*b, *a).reverse()),
        (Int(a), Decimal(b)) => Some((i128::from(*a) * BILLION).cmp(b)),
        (Decimal(a), Int(b)) => Some(a.cmp(&(i128::from(*b) * BILLION))),
        (Text(_), Text(_))
        | (Int(_), Int(_))
        | (Float(_), Float(_))
        | (Decimal(_), Decimal(_))
        | (Bool(_), Bool(_))
        | (Time(_), Time(_))
        | (Duration(_), Duration(_))
        | (Ip(_), Ip(_)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Exact, unlike a comparison after the int was made a float.
fn int_with_float(int: i64, float: f64) -> Ordering {
    /// 2^63: the first float past the ints.
    const PAST: f64 = 9_223_372_036_854_775_808.0;
    if float >= PAST {
        return Ordering::Less;
    }
    if float < -PAST {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    // In range, so the cast is exact.
    int.cmp(&(whole as i64)).then_with(|| 0.0_f64.total_cmp(&(float - whole + 0.0)))
}

/// A number as a fraction of natural numbers and a sign.
struct Ratio {
    negative: bool,
    over: Natural,
    under: Natural,
}

impl Ratio {
    fn of_int(value: i128) -> Ratio {
        Ratio { negative: value < 0, over: Natural::new(value.unsigned_abs(), 0), under: Natural::new(1, 0) }
    }

    fn of(value: &Value) -> Option<Ratio> {
        match value {
            Value::Int(value) => Some(Ratio::of_int(i128::from(*value))),
            Value::Float(value) => {
                let (mantissa, shift) = float_parts(*value);
                let (over, under) = (Natural::new(mantissa, shift), Natural::new(1, FLOAT_SCALE));
                Some(Ratio { negative: *value < 0.0, over, under })
            }
            _ => None,
        }
    }
}

/// `value · factor / divisor`, rounded half to even; none where the divisor is 0 or the result is too large.
fn scaled(value: i128, factor: Ratio, divisor: Ratio) -> Option<i128> {
    if divisor.over.is_zero() {
        return None;
    }
    let over = Natural::new(value.unsigned_abs(), 0).times(&factor.over).times(&divisor.under);
    let size = half_even(&over, &factor.under.times(&divisor.over))?;
    let negative = (value < 0) ^ factor.negative ^ divisor.negative;
    Some(if negative { -size } else { size })
}

fn micros(value: i64, factor: Ratio, divisor: Ratio) -> Option<Value> {
    scaled(i128::from(value), factor, divisor).and_then(|micros| i64::try_from(micros).ok()).map(Value::Duration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Arithmetic::{Add, Divide, Multiply, Subtract};

    const MAX: i64 = i64::MAX;

    #[test]
    fn ints_overflow_into_missing() {
        let calc = |operation, a, b| arithmetic(operation, &Value::Int(a), &Value::Int(b));
        assert_eq!(calc(Add, MAX, 1), Value::Missing);
        assert_eq!(calc(Add, MAX, 0), Value::Int(MAX));
        assert_eq!(calc(Subtract, i64::MIN, 1), Value::Missing);
        assert_eq!(calc(Multiply, i64::MIN, -1), Value::Missing);
        assert_eq!(calc(Multiply, 1 << 32, 1 << 31), Value::Missing);
        assert_eq!(calc(Divide, 1, 2), Value::Float(0.5));
        assert_eq!(calc(Divide, 1, 0), Value::Missing);
        assert_eq!(calc(Divide, 0, 0), Value::Missing);
        assert_eq!(calc(Divide, 0, -5), Value::Float(0.0));
    }

    #[test]
    fn floats_that_are_not_finite_are_missing() {
        let calc = |operation, a, b| arithmetic(operation, &Value::float(a), &Value::float(b));
        assert_eq!(calc(Add, f64::MAX, f64::MAX), Value::Missing);
        assert_eq!(calc(Divide, 1.0, 0.0), Value::Missing);
        assert_eq!(calc(Multiply, 1e200, 1e200), Value::Missing);
        assert_eq!(calc(Add, 0.1, 0.2), Value::Float(0.1 + 0.2));
    }

    #[test]
    fn ints_compare_with_floats_as_numbers() {
        let is = |int: i64, float: f64| compare(&Value::Int(int), &Value::float(float));
        let two53 = 9_007_199_254_740_992_i64;
        assert_eq!(is(two53, two53 as f64), Some(Ordering::Equal));
        assert_eq!(is(two53 + 1, two53 as f64), Some(Ordering::Greater));
        assert_eq!(is(MAX, MAX as f64), Some(Ordering::Less));
        assert_eq!(is(i64::MIN, i64::MIN as f64), Some(Ordering::Equal));
        assert_eq!(is(5, 5.5), Some(Ordering::Less));
        assert_eq!(is(-5, -5.5), Some(Ordering::Greater));
        assert_eq!(is(0, -0.5), Some(Ordering::Greater));
        assert_eq!(is(0, f64::from_bits(1)), Some(Ordering::Less));
        assert_eq!(is(0, -1e300), Some(Ordering::Greater));
        assert_eq!(compare(&Value::float(5.5), &Value::Int(5)), Some(Ordering::Greater));
        assert_eq!(compare(&Value::Decimal(5_500_000_000), &Value::Int(5)), Some(Ordering::Greater));
        assert_eq!(compare(&Value::Int(5), &Value::Missing), None);
        assert_eq!(compare(&Value::Missing, &Value::Missing), None);
        assert_eq!(compare(&Value::text("5"), &Value::Int(5)), None);
    }

    #[test]
    fn decimals_round_half_to_even_at_the_ninth_place() {
        let calc = |operation, a, b| arithmetic(operation, &Value::Decimal(a), &Value::Decimal(b));
        // 0.000000001 · 0.5 and 0.000000003 · 0.5
        assert_eq!(calc(Multiply, 1, 500_000_000), Value::Decimal(0));
        assert_eq!(calc(Multiply, 3, 500_000_000), Value::Decimal(2));
        assert_eq!(calc(Multiply, -3, 500_000_000), Value::Decimal(-2));
        assert_eq!(calc(Divide, BILLION, 3 * BILLION), Value::Decimal(333_333_333));
        assert_eq!(calc(Divide, 2 * BILLION, -3 * BILLION), Value::Decimal(-666_666_667));
        assert_eq!(calc(Divide, 1, 0), Value::Missing);
        // The product needs more than 128 bits on the way, the result does not.
        let large = 10_i128.pow(37);
        assert_eq!(calc(Multiply, large, 9 * BILLION), Value::Decimal(9 * large));
        assert_eq!(calc(Multiply, large, 10 * BILLION), Value::Missing);
        assert_eq!(calc(Divide, large, BILLION / 10), Value::Missing);
        assert_eq!(calc(Add, 9 * large, large), Value::Missing);
    }

    #[test]
    fn times_and_durations() {
        let (time, duration, float) = (Value::Time, Value::Duration, Value::float);
        assert_eq!(arithmetic(Subtract, &time(5), &time(7)), duration(-2));
        assert_eq!(arithmetic(Add, &time(MAX), &duration(1)), Value::Missing);
        assert_eq!(arithmetic(Add, &duration(1), &time(1)), time(2));
        assert_eq!(arithmetic(Divide, &duration(3), &duration(2)), float(1.5));
        assert_eq!(arithmetic(Divide, &duration(3), &duration(0)), Value::Missing);
        let rounded =
            [(1, 0.5, 0), (3, 0.5, 2), (5, 0.5, 2), (7, 0.5, 4), (-3, 0.5, -2), (10, 0.25, 2), (10, -0.1, -1)];
        for (micros, factor, result) in rounded {
            assert_eq!(
                arithmetic(Multiply, &duration(micros), &float(factor)),
                duration(result),
                "{micros} · {factor}"
            );
            assert_eq!(
                arithmetic(Multiply, &float(factor), &duration(micros)),
                duration(result),
                "{factor} · {micros}"
            );
        }
        assert_eq!(arithmetic(Divide, &duration(5), &Value::Int(2)), duration(2));
        assert_eq!(arithmetic(Divide, &duration(7), &Value::Int(-2)), duration(-4));
        assert_eq!(arithmetic(Divide, &duration(1), &float(0.0)), Value::Missing);
        assert_eq!(arithmetic(Multiply, &duration(MAX), &Value::Int(2)), Value::Missing);
        assert_eq!(arithmetic(Multiply, &duration(MAX), &float(1e-300)), duration(0));
    }

    #[test]
    fn anything_with_missing_is_missing() {
        for operation in [Add, Subtract, Multiply, Divide] {
            for value in [Value::Int(1), Value::float(1.0), Value::Decimal(1), Value::Time(1), Value::Duration(1)] {
                assert_eq!(arithmetic(operation, &value, &Value::Missing), Value::Missing);
                assert_eq!(arithmetic(operation, &Value::Missing, &value), Value::Missing);
            }
        }
    }
}
