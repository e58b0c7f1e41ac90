//! `stats`: rows in groups, and what is measured of a group.
//!
//! `count_distinct` is documented as approximate at very high cardinality, above a number that is not said; here it is exact.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::eval::{Context, Scope};
use super::functions::number;
use super::order;
use super::reading::Question;
use super::row::Row;
use super::tree::{Expr, Item, Node, Place};
use super::value::{Cell, Number, number_of};
use crate::emulator::Failure;

/// What is measured of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Pct,
    Stddev,
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

/// Names in small letters, with the least and the most values.
const MEASURES: [(&str, Measure, usize, usize); 12] = [
    ("count", Measure::Count, 0, 1),
    ("count_distinct", Measure::CountDistinct, 1, 1),
    ("sum", Measure::Sum, 1, 1),
    ("avg", Measure::Avg, 1, 1),
    ("min", Measure::Min, 1, 1),
    ("max", Measure::Max, 1, 1),
    ("pct", Measure::Pct, 2, 2),
    ("stddev", Measure::Stddev, 1, 1),
    ("earliest", Measure::Earliest, 1, 1),
    ("latest", Measure::Latest, 1, 1),
    ("sortsfirst", Measure::SortsFirst, 1, 1),
    ("sortslast", Measure::SortsLast, 1, 1),
];

impl Measure {
    /// The measure of a name in small letters, with the least and the most values that it takes.
    pub(super) fn named(name: &str) -> Option<(Measure, usize, usize)> {
        let (_, measure, least, most) = MEASURES.iter().find(|(known, ..)| *known == name)?;
        Some((*measure, *least, *most))
    }
}

/// A row a group: its keys and what is measured, in the order in which groups appear.
pub(super) fn stats(
    measures: &[Item],
    keys: &[Item],
    rows: &[Row],
    context: &Context<'_>,
    at: &Place,
) -> Result<Vec<Row>, Failure> {
    let column = |item: &Item| rows.iter().map(|row| context.eval(&item.value, Scope::Row(row))).collect();
    let cells = keys.iter().map(column).collect::<Result<Vec<Vec<Cell>>, Failure>>()?;
    let written = order::keys(&cells, context.readings, at)?;
    let mut places: BTreeMap<Vec<Option<&str>>, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for row in 0..rows.len() {
        let key: Vec<Option<&str>> = written.iter().map(|column| column.get(row)?.as_deref()).collect();
        if key.contains(&None) && context.other(Question::MissingKey) {
            continue;
        }
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    if keys.is_empty() && groups.is_empty() && context.other(Question::NoRows) {
        groups.push(Vec::new());
    }
    let mut out = Vec::with_capacity(groups.len());
    for group in groups {
        let first = group.first().copied().unwrap_or_default();
        let named = |(item, column): (&Item, &Vec<Cell>)| {
            (Arc::from(item.name.name.as_str()), column.get(first).cloned().unwrap_or_default())
        };
        let mut made: BTreeMap<Arc<str>, Cell> = keys.iter().zip(&cells).map(named).collect();
        let members: Vec<&Row> = group.iter().filter_map(|row| rows.get(*row)).collect();
        for item in measures {
            let value = context.eval(&item.value, Scope::Group(&members))?;
            made.insert(item.name.name.as_str().into(), value);
        }
        out.push(Row { event: None, cells: made, rank: 0, sides: Vec::new() });
    }
    Ok(out)
}

/// What is measured of the rows of a group.
pub(super) fn measure(
    measure: Measure,
    parts: &[Expr],
    rows: &[&Row],
    context: &Context<'_>,
    at: &Place,
) -> Result<Cell, Failure> {
    let size = |number: usize| Cell::whole(i64::try_from(number).unwrap_or(i64::MAX));
    let Some(of) = parts.first() else { return Ok(size(rows.len())) };
    let values = rows.iter().map(|row| context.eval(of, Scope::Row(row))).collect::<Result<Vec<Cell>, Failure>>()?;
    match measure {
        Measure::Count => {
            let count = values.iter().filter(|value| value.is_present(context.readings)).count();
            let absent = count == 0 && context.other(Question::CountOfNone);
            Ok(if absent { Cell::Missing } else { size(count) })
        }
        Measure::CountDistinct => {
            let keys = order::keys(&[values], context.readings, at)?;
            Ok(size(keys.iter().flatten().flatten().collect::<BTreeSet<_>>().len()))
        }
        Measure::Min => least(&values, Ordering::Less, context, at),
        Measure::Max => least(&values, Ordering::Greater, context, at),
        Measure::SortsFirst => Ok(best(&with_values(&values, at)?, Ordering::Less, context)),
        Measure::SortsLast => Ok(best(&with_values(&values, at)?, Ordering::Greater, context)),
        Measure::Earliest => at_end(&values, rows, Ordering::Less, context, at),
        Measure::Latest => at_end(&values, rows, Ordering::Greater, context, at),
        Measure::Sum | Measure::Avg | Measure::Stddev | Measure::Pct => {
            let mut numbers = Vec::with_capacity(values.len());
            for value in &values {
                numbers.extend(context.operand(value, &of.at)?);
            }
            if numbers.is_empty() {
                return Ok(Cell::Missing);
            }
            match (measure, parts.get(1)) {
                (Measure::Sum, _) => Ok(number::sum(&numbers, context)),
                (Measure::Avg, _) => Ok(average(&numbers, context)),
                (Measure::Stddev, _) => Ok(deviation(&numbers, context)),
                (_, Some(Expr { node: Node::Number(percent), .. })) if (0.0..=100.0).contains(&percent.float()) => {
                    Ok(percentile(numbers, percent.float(), context))
                }
                _ => Err(Failure::unknown("`pct` of what is no number from 0 to 100", at.clone())),
            }
        }
    }
}

fn count(numbers: &[Number]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53")]
    let count = numbers.len() as f64;
    count
}

fn average(numbers: &[Number], context: &Context<'_>) -> Cell {
    match number::sum(numbers, context) {
        Cell::Number(sum) => Cell::Number(Number::from(sum.float() / count(numbers))),
        none => none,
    }
}

fn deviation(numbers: &[Number], context: &Context<'_>) -> Cell {
    let n = count(numbers);
    let mean = numbers.iter().map(|number| number.float()).sum::<f64>() / n;
    let squares: f64 = numbers.iter().map(|number| (number.float() - mean).powi(2)).sum();
    let divisor = if context.other(Question::Deviation) { n } else { n - 1.0 };
    if divisor == 0.0 { Cell::Missing } else { Cell::Number(Number::from((squares / divisor).sqrt())) }
}

fn percentile(mut numbers: Vec<Number>, percent: f64, context: &Context<'_>) -> Cell {
    numbers.sort_by(|left, right| left.float().total_cmp(&right.float()));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and the number of values"
    )]
    let at = |rank: f64| numbers.get((rank.max(1.0) as usize).saturating_sub(1).min(numbers.len() - 1)).copied();
    let n = count(&numbers);
    let nearest = at((percent / 100.0 * n).ceil());
    let between = (n - 1.0) * percent / 100.0 + 1.0;
    let (below, above) = (at(between.floor()), at(between.ceil()));
    let (Some(nearest), Some(below), Some(above)) = (nearest, below, above) else { return Cell::Missing };
    let part = between - between.floor();
    let interpolated = Number::from(below.float() + (above.float() - below.float()) * part);
    let other = interpolated != nearest && context.other(Question::Percentile);
    Cell::Number(if other { interpolated } else { nearest })
}

/// Those with a value; a map or a list can't be measured.
fn with_values<'a>(values: &'a [Cell], at: &Place) -> Result<Vec<&'a Cell>, Failure> {
    if values.iter().any(|value| matches!(value, Cell::Structure(_))) {
        let message = "what is measured of a map or a list; it is documented as not supported";
        return Err(Failure::unknown(message, at.clone()));
    }
    Ok(values.iter().filter(|value| value.has_value()).collect())
}

fn least(values: &[Cell], wanted: Ordering, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let mut values = with_values(values, at)?;
    let is_text = |value: &Cell| matches!(value, Cell::Text(text) if number_of(text, context.readings).is_none());
    if values.iter().any(|value| is_text(value)) && context.other(Question::LeastOfTexts) {
        values.retain(|value| !is_text(value));
    }
    Ok(match best(&values, wanted, context) {
        Cell::Time(millis) if context.other(Question::TimeAsNumber) => Cell::whole(millis),
        value => value,
    })
}

/// The first value that stands as wanted to all others.
fn best(values: &[&Cell], wanted: Ordering, context: &Context<'_>) -> Cell {
    let mut best: Option<&Cell> = None;
    for value in values {
        let better = best.is_none_or(|best| order::sorted(value, best, context.readings) == wanted);
        best = if better { Some(value) } else { best };
    }
    best.cloned().unwrap_or_default()
}

/// The value of the row whose time stands as wanted to all others.
fn at_end(
    values: &[Cell],
    rows: &[&Row],
    wanted: Ordering,
    context: &Context<'_>,
    at: &Place,
) -> Result<Cell, Failure> {
    let timestamp = ["@timestamp".to_owned()];
    let mut timed = Vec::with_capacity(rows.len());
    for (row, value) in rows.iter().zip(values) {
        if let Cell::Time(millis) = row.value(&timestamp, context.readings, at)? {
            timed.push((millis, value));
        }
    }
    let end = |timed: &[(i64, &Cell)]| {
        let mut end: Option<i64> = None;
        for (millis, _) in timed {
            end = if end.is_none_or(|end| millis.cmp(&end) == wanted) { Some(*millis) } else { end };
        }
        end
    };
    let of_all = end(&timed);
    timed.retain(|(_, value)| value.has_value());
    let of_values = end(&timed);
    if of_all != of_values && context.other(Question::LatestMissing) {
        return Ok(Cell::Missing);
    }
    timed.retain(|(millis, _)| Some(*millis) == of_values);
    let (Some((_, first)), Some((_, last))) = (timed.first(), timed.last()) else { return Ok(Cell::Missing) };
    let differ = timed.iter().any(|(_, value)| value != first);
    Ok(if differ && context.other(Question::Ties) { (*last).clone() } else { (*first).clone() })
}
