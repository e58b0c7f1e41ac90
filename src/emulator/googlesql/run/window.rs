//! Window functions.

use std::collections::BTreeMap;
use std::ops::Range;

use bigdecimal::{BigDecimal, Signed as _};

use super::{Frame, Row, Runner};
use crate::emulator::Failure;
use crate::emulator::googlesql::readings::ROW_ORDER;
use crate::emulator::googlesql::tree::{Bound, Expr, Plan, SortKey, Window, WindowCall};
use crate::emulator::googlesql::value::{Val, key};

/// The rows of a partition in order, their keys, and which of them are alike.
struct Partition {
    /// Each with its place among all rows behind it.
    rows: Vec<Row>,
    keys: Vec<Vec<Val>>,
    peers: Vec<Range<usize>>,
}

impl Runner<'_> {
    pub(super) fn windows(
        &self,
        input: &Plan,
        windows: &[Window],
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let rows = self.rows(input, outer)?;
        let mut added = vec![Vec::new(); rows.len()];
        for window in windows {
            let mut partitions: BTreeMap<String, Vec<Row>> = BTreeMap::new();
            for (row, place) in rows.iter().zip(0..) {
                let frame = Frame { row, outer };
                let by = window.partition.iter().map(|by| self.eval(by, &frame)).collect::<Result<Vec<_>, _>>()?;
                partitions.entry(key(&by)).or_default().push(row.iter().cloned().chain([Val::Int(place)]).collect());
            }
            for members in partitions.into_values() {
                let partition = self.partition(members, window, outer)?;
                for (at, row) in partition.rows.iter().enumerate() {
                    let value = self.window_value(&partition, at, window, outer)?;
                    if let Some(Val::Int(place)) = row.last()
                        && let Some(added) = usize::try_from(*place).ok().and_then(|place| added.get_mut(place))
                    {
                        added.push(value);
                    }
                }
            }
        }
        Ok(rows.into_iter().zip(added).map(|(row, added)| row.into_iter().chain(added).collect()).collect())
    }

    /// A partition in order; rows alike as the reading says, where their order shows.
    fn partition(&self, members: Vec<Row>, window: &Window, outer: Option<&Frame<'_>>) -> Result<Partition, Failure> {
        let (mut rows, peers) = self.sorted(members.clone(), &window.order, outer)?;
        let shows = match &window.call {
            WindowCall::RowNumber | WindowCall::Ntile(_) | WindowCall::Shifted { .. } | WindowCall::Nth { .. } => true,
            WindowCall::Aggregate(_) => window.frame.rows,
            WindowCall::Rank | WindowCall::DenseRank | WindowCall::PercentRank | WindowCall::CumeDist => false,
        };
        let without_place = |row: &Row| row.split_last().map(|(_, row)| key(row));
        let differ = |peers: &Range<usize>| {
            let rows = rows.get(peers.clone()).unwrap_or_default();
            rows.windows(2).any(|pair| matches!(pair, [one, other] if without_place(one) != without_place(other)))
        };
        if shows && peers.iter().any(differ) && self.readings.other(ROW_ORDER) {
            rows = self.sorted(members.into_iter().rev().collect(), &window.order, outer)?.0;
        }
        let keys =
            rows.iter().map(|row| window.order.iter().map(|key| self.eval(&key.by, &Frame { row, outer })).collect());
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Partition { rows, keys, peers })
    }

    fn window_value(
        &self,
        of: &Partition,
        at: usize,
        window: &Window,
        outer: Option<&Frame<'_>>,
    ) -> Result<Val, Failure> {
        let row: &[Val] = of.rows.get(at).map_or(&[], |row| row);
        let frame = Frame { row, outer };
        let number = |expr: &Expr| -> Result<Option<i64>, Failure> {
            Ok(if let Val::Int(number) = self.eval(expr, &frame)? { Some(number) } else { None })
        };
        let count = of.rows.len();
        let whole = |number: usize| Val::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let rank = of.peers.iter().position(|peers| peers.contains(&at)).unwrap_or_default();
        let peers = of.peers.get(rank).cloned().unwrap_or_default();
        Ok(match &window.call {
            WindowCall::RowNumber => whole(at + 1),
            WindowCall::Rank => whole(peers.start + 1),
            WindowCall::DenseRank => whole(rank + 1),
            WindowCall::PercentRank if count < 2 => Val::Float(0.0),
            WindowCall::PercentRank => Val::Float(peers.start as f64 / (count - 1) as f64),
            WindowCall::CumeDist => Val::Float(peers.end as f64 / count as f64),
            WindowCall::Ntile(buckets) => {
                let buckets =
                    number(buckets)?.and_then(|buckets| usize::try_from(buckets).ok()).filter(|buckets| *buckets > 0);
                let Some(buckets) = buckets else {
                    return Err(Failure::stopped("NTILE wants a number over 0", Some(window.at.clone())));
                };
                // The first buckets have one row more where the rows can't be split evenly.
                let (size, larger) = (count / buckets, count % buckets);
                let in_larger = larger * (size + 1);
                whole(if at < in_larger { at / (size + 1) } else { larger + (at - in_larger) / size.max(1) } + 1)
            }
            WindowCall::Shifted { value, by, back, otherwise } => {
                let Some(by) = number(by)?.and_then(|by| usize::try_from(by).ok()) else {
                    return Err(Failure::stopped(
                        "LAG and LEAD want a step that is not negative",
                        Some(window.at.clone()),
                    ));
                };
                let place = if *back { at.checked_sub(by) } else { at.checked_add(by) };
                match (place.and_then(|place| of.rows.get(place)), otherwise) {
                    (Some(row), _) => self.eval(value, &Frame { row, outer })?,
                    (None, Some(otherwise)) => self.eval(otherwise, &frame)?,
                    (None, None) => Val::Null,
                }
            }
            WindowCall::Nth { value, number: which, ignore_nulls } => {
                let seen = of.rows.get(self.seen(of, at, window, outer)?).unwrap_or_default();
                let values =
                    seen.iter().map(|row| self.eval(value, &Frame { row, outer })).collect::<Result<Vec<_>, _>>()?;
                let mut values = values.into_iter().filter(|value| !(*ignore_nulls && value.is_null()));
                match which {
                    None => values.next_back().unwrap_or_default(),
                    Some(which) => match number(which)?.filter(|number| *number > 0) {
                        Some(number) => {
                            values.nth(usize::try_from(number - 1).unwrap_or(usize::MAX)).unwrap_or_default()
                        }
                        None => {
                            return Err(Failure::stopped("NTH_VALUE wants a number over 0", Some(window.at.clone())));
                        }
                    },
                }
            }
            WindowCall::Aggregate(aggregate) => {
                let seen: Vec<&Row> =
                    of.rows.get(self.seen(of, at, window, outer)?).unwrap_or_default().iter().collect();
                self.aggregate(aggregate, &seen, !window.order.is_empty(), outer)?
            }
        })
    }

    /// The places of the rows in the frame of a row.
    fn seen(
        &self,
        of: &Partition,
        at: usize,
        window: &Window,
        outer: Option<&Frame<'_>>,
    ) -> Result<Range<usize>, Failure> {
        let count = of.rows.len();
        let peers = of.peers.iter().find(|peers| peers.contains(&at)).cloned().unwrap_or_default();
        let mut places = [0, count];
        for (place, (bound, is_end)) in places.iter_mut().zip([(&window.frame.start, false), (&window.frame.end, true)])
        {
            let (by, sign) = match bound {
                Bound::First => {
                    *place = 0;
                    continue;
                }
                Bound::Last => {
                    *place = count;
                    continue;
                }
                Bound::Current => {
                    *place = match (window.frame.rows, is_end) {
                        (true, end) => at + usize::from(end),
                        (false, true) => peers.end,
                        (false, false) => peers.start,
                    };
                    continue;
                }
                Bound::Preceding(by) => (by, -1),
                Bound::Following(by) => (by, 1),
            };
            let by = self.eval(by, &Frame { row: &[], outer })?;
            let distance = decimal(&by).filter(|by| !by.is_negative());
            let Some(distance) = distance else {
                return Err(Failure::stopped("a frame wants a number that is not negative", Some(window.at.clone())));
            };
            *place = if window.frame.rows {
                let by = if let Val::Int(by) = by { by } else { 0 };
                let shifted = i64::try_from(at)
                    .unwrap_or(i64::MAX)
                    .saturating_add(by.saturating_mul(sign))
                    .saturating_add(i64::from(is_end));
                usize::try_from(shifted.max(0)).unwrap_or(count).min(count)
            } else {
                match window.order.first().and_then(|key| of.by_value(at, key, &(distance * sign), is_end)) {
                    Some(place) => place,
                    // A NULL is near to other NULLs only.
                    None if is_end => peers.end,
                    None => peers.start,
                }
            };
        }
        let [start, end] = places;
        Ok(start..end.max(start))
    }
}

impl Partition {
    /// The place of a frame's bound by the value of the key: so far ahead of a row's own.
    fn by_value(&self, at: usize, key: &SortKey, ahead: &BigDecimal, is_end: bool) -> Option<usize> {
        let own = self.keys.get(at).and_then(|keys| keys.first()).and_then(decimal)?;
        let distances = self.keys.iter().map(|keys| {
            let other = keys.first().and_then(decimal)?;
            Some(if key.descending { &own - other } else { other - &own })
        });
        let distances: Vec<Option<BigDecimal>> = distances.collect();
        let within = |distance: &Option<BigDecimal>| {
            distance.as_ref().is_some_and(|distance| if is_end { distance <= ahead } else { distance >= ahead })
        };
        let found = if is_end {
            distances.iter().rposition(within).map(|place| place + 1)
        } else {
            distances.iter().position(within)
        };
        Some(found.unwrap_or(if is_end { 0 } else { distances.len() }))
    }
}

/// A number exactly; none of what is no finite number.
fn decimal(value: &Val) -> Option<BigDecimal> {
    match value {
        Val::Int(number) => Some(BigDecimal::from(*number)),
        Val::Float(number) => BigDecimal::try_from(*number).ok(),
        Val::Decimal(number) => Some(number.clone()),
        _ => None,
    }
}
