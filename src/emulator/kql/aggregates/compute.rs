//! An aggregate and the rows of a group → its values.

use std::collections::BTreeSet;

use super::{Aggregate, How};
use crate::emulator::Failure;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::eval::Frame;
use crate::emulator::kql::readings::{
    AVERAGE_OF_NONE, AVERAGE_OF_SPANS, OVERFLOW, PERCENTILE, SET_ORDER, SPREAD_OF_ONE,
};
use crate::emulator::kql::table::Table;
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

/// Up to so many values an error of 1 % in rank moves nothing.
const EXACT_PERCENTILES: usize = 50;

type Values = Result<Vec<Cell>, Failure>;

impl Aggregate {
    /// Over the rows of a group, by their numbers.
    pub(in crate::emulator::kql) fn compute(&self, engine: &Engine<'_>, table: &Table, group: &[usize]) -> Values {
        let frame = |at: usize| Frame { rows: &table.rows, at };
        let mut rows = Vec::new();
        for at in group {
            let counts = match &self.condition {
                Some(condition) => engine.holds(condition, frame(*at))?,
                None => true,
            };
            if counts {
                rows.push(*at);
            }
        }
        if let How::Row { .. } | How::Any = self.how {
            return self.row(engine, table, &rows);
        }
        let mut values = Vec::new();
        for at in &rows {
            values.push(match self.values.first() {
                Some(value) => engine.eval(value, frame(*at))?,
                None => Cell::Bool(true),
            });
        }
        let nulls = matches!(self.how, How::List { nulls: true, .. });
        let places: Vec<usize> =
            rows.iter().zip(&values).filter(|(_, value)| nulls || !value.is_null()).map(|(at, _)| *at).collect();
        values.retain(|value| nulls || !value.is_null());
        if values.is_empty() {
            return Ok(self.of_none(engine));
        }
        Ok(vec![self.value(engine, table, values, &places)?])
    }

    fn value(&self, engine: &Engine<'_>, table: &Table, values: Vec<Cell>, places: &[usize]) -> Result<Cell, Failure> {
        let kind = self.fields.first().map_or(Type::Dynamic, |field| field.kind);
        let count = values.len();
        let unknown = |what: &str| Failure::unknown(format!("{what} is not known here"), self.at.clone());
        let whole = |count: usize| Cell::Long(i64::try_from(count).unwrap_or(i64::MAX));
        Ok(match self.how {
            How::Count => whole(count),
            How::Sum => sum(engine, &values, kind).ok_or_else(|| unknown("so long a timespan"))?,
            How::Average if kind == Type::Span => {
                let sum = sum(engine, &values, kind).ok_or_else(|| unknown("so long a timespan"))?;
                match (sum, i64::try_from(count)) {
                    (Cell::Span(sum), Ok(count)) => {
                        let cut = sum / count;
                        let half_or_more = (sum % count).abs() >= count - (sum % count).abs();
                        let up = half_or_more && engine.reads_other(AVERAGE_OF_SPANS);
                        Cell::Span(if up { cut.saturating_add(sum.signum()) } else { cut })
                    }
                    _ => Cell::Null,
                }
            }
            How::Average => Cell::Real(total(&values) / count as f64),
            How::Extreme { largest } => extreme(&values, largest).ok_or_else(|| unknown("an extreme of NaN"))?,
            How::Spread { root, sample } => {
                let divisor = if sample { count - 1 } else { count };
                if divisor == 0 {
                    return Ok(Cell::Real(if engine.reads_other(SPREAD_OF_ONE) { f64::NAN } else { 0.0 }));
                }
                let mean = total(&values) / count as f64;
                let squares: f64 = values.iter().filter_map(Cell::number).map(|value| (value - mean).powi(2)).sum();
                let variance = squares / divisor as f64;
                Cell::Real(if root { variance.sqrt() } else { variance })
            }
            How::Distinct { most } => {
                let distinct = values.iter().map(Cell::key).collect::<BTreeSet<_>>().len();
                if distinct > most {
                    return Err(unknown(&format!("an estimate of more than {most} different values")));
                }
                whole(distinct)
            }
            How::Set { most } => set(engine, &values, most),
            How::List { most, .. } => list(engine, table, &values, places, most),
            How::Percentile(rank) => percentile(engine, values, rank).ok_or_else(|| unknown("a percentile of NaN"))?,
            How::Any | How::Row { .. } => Cell::Null,
        })
    }

    /// The values of one row: of an extreme, or of any.
    fn row(&self, engine: &Engine<'_>, table: &Table, rows: &[usize]) -> Values {
        let mut taken: Vec<(usize, Vec<Cell>)> = Vec::new();
        for at in rows {
            let frame = Frame { rows: &table.rows, at: *at };
            let cells: Values = self.values.iter().map(|value| engine.eval(value, frame)).collect();
            taken.push((*at, cells?));
        }
        if self.how == How::Any && self.values.len() == 1 {
            // A value that is there is preferred.
            let there = taken.iter().any(|(_, cells)| cells.iter().any(|cell| !cell.is_null()));
            taken.retain(|(_, cells)| !there || cells.iter().any(|cell| !cell.is_null()));
        }
        if let How::Row { largest } = self.how {
            let firsts: Vec<Cell> = taken.iter().filter_map(|(_, cells)| cells.first().cloned()).collect();
            let there: Vec<Cell> = firsts.into_iter().filter(|cell| !cell.is_null()).collect();
            let unknown = || Failure::unknown("an extreme of NaN is not known here", self.at.clone());
            if !there.is_empty() {
                let best = extreme(&there, largest).ok_or_else(unknown)?;
                taken.retain(|(_, cells)| cells.first() == Some(&best));
            }
        }
        let differ = taken.windows(2).any(|pair| matches!(pair, [(_, one), (_, other)] if one != other));
        let last = differ && engine.reads_reversed();
        let row = if last { taken.pop() } else { taken.into_iter().next() };
        Ok(row.map_or_else(|| self.of_none(engine), |(_, cells)| cells))
    }
}

/// What no values give.
pub(super) fn of_none(how: How, kind: Type, engine: &Engine<'_>) -> Cell {
    match how {
        How::Count | How::Distinct { .. } => Cell::Long(0),
        How::Spread { .. } => Cell::Real(0.0),
        How::Sum => match kind {
            Type::Real => Cell::Real(0.0),
            Type::Span => Cell::Span(0),
            _ => Cell::Long(0),
        },
        How::Set { .. } | How::List { .. } => Cell::Dynamic(Json::List([].into())),
        How::Average if kind == Type::Real && engine.reads_other(AVERAGE_OF_NONE) => Cell::Real(f64::NAN),
        _ => kind.nothing(),
    }
}

fn total(values: &[Cell]) -> f64 {
    values.iter().filter_map(Cell::number).sum()
}

/// None where a timespan is out of range.
fn sum(engine: &Engine<'_>, values: &[Cell], kind: Type) -> Option<Cell> {
    if kind == Type::Real {
        return Some(Cell::Real(total(values)));
    }
    let whole = |cell: &Cell| match cell {
        Cell::Long(value) | Cell::Span(value) => *value,
        _ => 0,
    };
    let exact = values.iter().map(whole).try_fold(0_i64, i64::checked_add);
    if kind == Type::Span {
        return exact.map(Cell::Span);
    }
    Some(match exact {
        Some(sum) => Cell::Long(sum),
        None if engine.reads_other(OVERFLOW) => Cell::Null,
        None => Cell::Long(values.iter().map(whole).fold(0, i64::wrapping_add)),
    })
}

/// None where a NaN is among them.
fn extreme(values: &[Cell], largest: bool) -> Option<Cell> {
    if values.iter().any(|value| value.number().is_some_and(f64::is_nan)) {
        return None;
    }
    let best = values.iter().reduce(|best, next| {
        let better = if largest { next.order(best).is_gt() } else { next.order(best).is_lt() };
        if better { next } else { best }
    });
    best.cloned()
}

fn set(engine: &Engine<'_>, values: &[Cell], most: usize) -> Cell {
    let mut seen = BTreeSet::new();
    let mut once: Vec<Json> = values.iter().filter(|value| seen.insert(value.key())).map(Cell::json).collect();
    if once.len() > 1 && engine.reads_other(SET_ORDER) {
        once.reverse();
    }
    once.truncate(most);
    Cell::Dynamic(Json::List(once.into()))
}

/// In the order of the rows; rows of one rank have none.
fn list(engine: &Engine<'_>, table: &Table, values: &[Cell], places: &[usize], most: usize) -> Cell {
    let rank = |at: &usize| table.rows.get(*at).map(|row| row.rank);
    let mut ranked: Vec<(Option<usize>, &Cell)> = places.iter().map(rank).zip(values).collect();
    let tied = ranked.windows(2).any(|pair| matches!(pair, [one, next] if one.0 == next.0 && one.1 != next.1));
    if tied && engine.reads_reversed() {
        ranked.chunk_by_mut(|one, next| one.0 == next.0).for_each(<[_]>::reverse);
    }
    Cell::Dynamic(Json::List(ranked.into_iter().take(most).map(|(_, value)| value.json()).collect()))
}

/// The nearest rank: the smallest value with so many of them not above it.
fn percentile(engine: &Engine<'_>, mut values: Vec<Cell>, rank: f64) -> Option<Cell> {
    if values.iter().any(|value| value.number().is_some_and(f64::is_nan)) {
        return None;
    }
    values.sort_by(Cell::order);
    let count = values.len();
    let place = ((rank / 100.0 * count as f64).ceil() as usize).clamp(1, count) - 1;
    let inner = rank > 0.0 && rank < 100.0;
    let off = count.div_ceil(100);
    let other = values.get((place + off).min(count - 1)).cloned();
    let value = values.get(place).cloned();
    if inner && count > EXACT_PERCENTILES && value != other && engine.reads_other(PERCENTILE) {
        return other;
    }
    value
}
