//! Aggregates: takes an aggregate and the rows of one window and group, gives its value. No aggregate depends on the order of the rows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::total::Total;
use super::value::Value;
use crate::ir::{Aggregate, AggregateFunction, Type};

/// What an aggregate sees of a row: nothing if its own `where` does not hold there.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The event's time.
    pub time: i64,
    /// The event's id; missing where it has none.
    pub id: &'a Value,
    /// The values of the arguments.
    pub args: &'a [Value],
}

/// The value of an aggregate over rows.
#[must_use]
pub fn aggregate<'a>(aggregate: &Aggregate, rows: &[Input<'a>]) -> Value {
    let values = || rows.iter().filter_map(Input::value);
    let total = |deviation: bool| {
        let mut total = Total::new(aggregate.args.first().map_or(&Type::Int, |arg| &arg.ty), deviation);
        values().for_each(|value| total.add(value));
        total
    };
    match &aggregate.function {
        AggregateFunction::Count => number(rows.len()),
        AggregateFunction::Sum => total(false).sum(),
        AggregateFunction::Avg => total(false).average(),
        AggregateFunction::Stddev => total(true).deviation(),
        AggregateFunction::Min => values().min().cloned().unwrap_or_default(),
        AggregateFunction::Max => values().max().cloned().unwrap_or_default(),
        AggregateFunction::Percentile(billionths) => percentile(values().collect(), *billionths),
        AggregateFunction::Distinct => {
            let whole = rows.iter().map(|row| row.args).filter(|args| args.iter().all(Value::is_present));
            number(whole.collect::<BTreeSet<_>>().len())
        }
        AggregateFunction::Values(most) => listing(values().collect::<BTreeSet<_>>().into_iter(), *most),
        AggregateFunction::Top(most) => {
            let mut counts: BTreeMap<&Value, u64> = BTreeMap::new();
            values().for_each(|value| *counts.entry(value).or_default() += 1);
            let mut ranked: Vec<_> = counts.into_iter().map(|(value, count)| (Reverse(count), value)).collect();
            ranked.sort();
            listing(ranked.into_iter().map(|(_, value)| value), *most)
        }
        // Rows of one time and id (elements of one event, or events without an id) are told apart by the value.
        AggregateFunction::First => timed(rows).min().map(|(_, _, value)| value.clone()).unwrap_or_default(),
        AggregateFunction::Last => timed(rows).max().map(|(_, _, value)| value.clone()).unwrap_or_default(),
    }
}

impl<'a> Input<'a> {
    /// The only argument, if it is present.
    fn value(&self) -> Option<&'a Value> {
        self.args.first().filter(|value| value.is_present())
    }
}

fn timed<'a>(rows: &[Input<'a>]) -> impl Iterator<Item = (i64, &'a Value, &'a Value)> {
    rows.iter().filter_map(|row| row.value().map(|value| (row.time, row.id, value)))
}

fn number(count: usize) -> Value {
    i64::try_from(count).map_or(Value::Missing, Value::Int)
}

/// Nearest rank: the element ⌈p/100·n⌉ of the sorted values, counted from 1.
fn percentile(mut values: Vec<&Value>, billionths: u64) -> Value {
    /// One hundred percent, in the unit of `billionths`.
    const WHOLE: u128 = 100_000_000_000;
    values.sort();
    let rank = (u128::from(billionths) * values.len() as u128).div_ceil(WHOLE);
    let at = usize::try_from(rank).ok().and_then(|rank| rank.checked_sub(1));
    at.and_then(|at| values.get(at)).map(|value| (*value).clone()).unwrap_or_default()
}

/// The first values, marked if there were more; missing of nothing.
fn listing<'a>(values: impl ExactSizeIterator<Item = &'a Value>, most: u32) -> Value {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = values.len() > most;
    let values: Vec<Value> = values.take(most).cloned().collect();
    if values.is_empty() { Value::Missing } else { Value::Listing { values: values.into(), more } }
}
