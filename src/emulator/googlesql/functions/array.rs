//! Array functions, and those that generate arrays.

use super::{Function, Trouble, on, strict};
use crate::emulator::googlesql::value::{Interval, Val};

/// Most elements of an array that a function builds here.
const MAX_ELEMENTS: usize = 100_000;

pub(super) const ARRAY: &[Function] = &[
    strict(
        "ARRAY_LENGTH",
        &["ARRAY<T>"],
        "INT64",
        on!(Val::Array(a) => Ok(Val::Int(i64::try_from(a.len()).unwrap_or(i64::MAX)))),
    ),
    strict(
        "ARRAY_REVERSE",
        &["ARRAY<T>"],
        "ARRAY<T>",
        on!(Val::Array(a) => Ok(a.iter().rev().cloned().collect::<Vec<_>>().into())),
    ),
    strict("ARRAY_CONCAT", &["ARRAY<T>..."], "ARRAY<T>", |_, args| {
        let all = args
            .iter()
            .filter_map(|arg| if let Val::Array(elements) = arg { Some(elements.iter().cloned()) } else { None });
        limited(all.flatten())
    }),
    strict("ARRAY_TO_STRING", &["ARRAY<STRING>", "STRING", "[STRING]"], "STRING", |_, args| match args {
        [Val::Array(a), Val::Text(between), rest @ ..] => {
            let nulls = rest.first();
            let texts = a.iter().filter_map(|element| match (element, nulls) {
                (Val::Text(text), _) | (Val::Null, Some(Val::Text(text))) => Some(&**text),
                _ => None,
            });
            Ok(texts.collect::<Vec<_>>().join(between).into())
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "ARRAY_FIRST",
        &["ARRAY<T>"],
        "T",
        on!(Val::Array(a) => match a.first() {
            Some(first) => Ok(first.clone()),
            None => Trouble::stops("ARRAY_FIRST of an empty array"),
        }),
    ),
    strict(
        "ARRAY_LAST",
        &["ARRAY<T>"],
        "T",
        on!(Val::Array(a) => match a.last() {
            Some(last) => Ok(last.clone()),
            None => Trouble::stops("ARRAY_LAST of an empty array"),
        }),
    ),
    strict("GENERATE_ARRAY", &["INT64", "INT64", "[INT64]"], "ARRAY<INT64>", |_, args| match args {
        [Val::Int(from), Val::Int(to), rest @ ..] => {
            let step = if let Some(Val::Int(step)) = rest.first() { *step } else { 1 };
            stepped(*from, *to, step, Val::Int)
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "GENERATE_TIMESTAMP_ARRAY",
        &["TIMESTAMP", "TIMESTAMP", "INTERVAL"],
        "ARRAY<TIMESTAMP>",
        on!(
            Val::Time(from), Val::Time(to), Val::Interval(step) => match step {
                Interval { months: 0, days, micros } => {
                    let step = days.checked_mul(super::super::value::DAY).and_then(|days| days.checked_add(*micros));
                    stepped(*from, *to, step.unwrap_or_default(), Val::Time)
                }
                _ => Trouble::stops("GENERATE_TIMESTAMP_ARRAY: steps are of days and less"),
            }
        ),
    ),
];

/// From a value to another, both counting.
fn stepped(from: i64, to: i64, step: i64, value: fn(i64) -> Val) -> Result<Val, Trouble> {
    if step == 0 {
        return Trouble::stops("the step of a generated array can't be 0");
    }
    let within = |at: &i64| if step > 0 { *at <= to } else { *at >= to };
    limited(std::iter::successors(Some(from).filter(within), |at| at.checked_add(step).filter(within)).map(value))
}

fn limited(values: impl Iterator<Item = Val>) -> Result<Val, Trouble> {
    let values: Vec<Val> = values.take(MAX_ELEMENTS + 1).collect();
    if values.len() > MAX_ELEMENTS {
        Trouble::unknown("an array of more than 100,000 elements")
    } else {
        Ok(values.into())
    }
}
