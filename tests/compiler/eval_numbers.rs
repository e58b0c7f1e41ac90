//! Totals and comparisons against other ways to work them out: no order, batch or partition shows, and each result is rounded once.

use std::cmp::Ordering;

use proptest::prelude::*;
use skywatch::eval::Value;
use skywatch::eval::number::{arithmetic, compare};
use skywatch::eval::total::Total;
use skywatch::ir::{Arithmetic, Type};

fn total(of: &Type, values: &[Value]) -> Total {
    let mut total = Total::new(of, true);
    values.iter().for_each(|value| total.add(value));
    total
}

/// Floats of all sizes, zeros and subnormals among them.
fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |f| f.is_finite()),
        -1e3..1e3,
        Just(0.1),
        Just(-0.0),
        Just(5e-324),
        Just(1e308)
    ]
}

/// Whole multiples of 2^−20 below 2^43: sums of a few are exact in an i128.
fn dyadic() -> impl Strategy<Value = i64> {
    prop_oneof![-(1_i64 << 62)..(1_i64 << 62), -1_000_i64..1_000]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_103), cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn totals_of_floats_have_no_order(
        floats in prop::collection::vec(any_float(), 0..20).prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        cut in 0_usize..20,
    ) {
        let (floats, shuffled) = floats;
        let values = |floats: &[f64]| floats.iter().map(|f| Value::float(*f)).collect::<Vec<_>>();
        let whole = total(&Type::Float, &values(&floats));
        let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
        let mut merged = total(&Type::Float, &values(right));
        merged.merge(&total(&Type::Float, &values(left)));
        let results = |total: &Total| (total.count(), total.sum(), total.average(), total.deviation());
        prop_assert_eq!(results(&whole), results(&merged));
    }

    #[test]
    fn sums_of_floats_are_the_nearest_to_the_truth(numbers in prop::collection::vec(-(1_i64 << 52)..(1_i64 << 52), 0..20)) {
        let one = f64::from(1 << 20);
        let values: Vec<Value> = numbers.iter().map(|n| Value::float(*n as f64 / one)).collect();
        // The cast of an i128 rounds to the nearest, and dividing by a power of two is exact.
        let truth: i128 = numbers.iter().map(|n| i128::from(*n)).sum();
        prop_assert_eq!(total(&Type::Float, &values).sum(), Value::float(truth as f64 / one));
    }

    #[test]
    fn sums_and_averages_of_ints(numbers in prop::collection::vec(dyadic(), 1..20)) {
        let values: Vec<Value> = numbers.iter().map(|n| Value::Int(*n)).collect();
        let total = total(&Type::Int, &values);
        let truth: i128 = numbers.iter().map(|n| i128::from(*n)).sum();
        prop_assert_eq!(total.sum(), i64::try_from(truth).map_or(Value::Missing, Value::Int));
        let Value::Float(average) = total.average() else { return Err(TestCaseError::fail("no average")) };
        // No neighbour is nearer: in units of 2^−20 and times the count, all of this is exact where the average is below 2^63.
        let count = numbers.len() as i128;
        let far = |candidate: f64| ((candidate * f64::from(1 << 20)) as i128 * count - (truth << 20)).abs();
        if average.abs() > 1.0 {
            prop_assert!(far(average) <= far(average.next_up()) && far(average) <= far(average.next_down()), "{average}");
        }
    }

    #[test]
    fn deviations_agree_with_two_passes(numbers in prop::collection::vec(-1_000_000_i64..1_000_000, 2..30)) {
        let values: Vec<Value> = numbers.iter().map(|n| Value::Int(*n)).collect();
        let Value::Float(found) = total(&Type::Int, &values).deviation() else { return Err(TestCaseError::fail("none")) };
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<i64>() as f64 / count;
        let plain = (numbers.iter().map(|n| (*n as f64 - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
        prop_assert!((found - plain).abs() <= plain * 1e-12, "{found} and {plain}");
        // The same numbers as floats and as decimals deviate alike.
        let floats: Vec<Value> = numbers.iter().map(|n| Value::float(*n as f64)).collect();
        prop_assert_eq!(total(&Type::Float, &floats).deviation(), Value::Float(found));
        let decimals: Vec<Value> = numbers.iter().map(|n| Value::decimal(i128::from(*n) * 1_000_000_000)).collect();
        prop_assert_eq!(total(&Type::Decimal, &decimals).deviation(), Value::Float(found));
    }

    #[test]
    fn ints_and_floats_compare_as_numbers(int in any::<i64>(), near in -3_i32..4, float in any_float()) {
        let close = (int as f64) + f64::from(near);
        for float in [float, close, close + 0.5] {
            let found = compare(&Value::Int(int), &Value::float(float));
            // A float below 2^100 in halves is an exact i128.
            let expected = if float.abs() < 1e30 { (i128::from(int) * 2).cmp(&((float * 2.0).floor() as i128)) } else { 0.0_f64.total_cmp(&float) };
            let expected = if expected == Ordering::Equal && (float * 2.0).fract() != 0.0 { Ordering::Less } else { expected };
            prop_assert_eq!(found, Some(expected), "{} and {}", int, float);
            prop_assert_eq!(compare(&Value::float(float), &Value::Int(int)), Some(expected.reverse()));
        }
    }

    #[test]
    fn durations_by_halves_round_to_even(micros in -1_000_000_i64..1_000_000, quarters in -9_i64..10) {
        let by_float = arithmetic(Arithmetic::Multiply, &Value::Duration(micros), &Value::float(quarters as f64 / 4.0));
        let exact = micros * quarters;
        let (down, rest) = (exact.div_euclid(4), exact.rem_euclid(4));
        let up = rest > 2 || (rest == 2 && down.rem_euclid(2) == 1);
        prop_assert_eq!(by_float, Value::Duration(down + i64::from(up)));
    }
}
