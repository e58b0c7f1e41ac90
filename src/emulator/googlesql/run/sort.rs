//! Sorting by keys.

use std::cmp::Ordering;
use std::ops::Range;

use super::{Frame, Row, Runner};
use crate::emulator::Failure;
use crate::emulator::googlesql::tree::SortKey;
use crate::emulator::googlesql::value::Val;

/// Rows in order, and which of them the keys hold for alike.
pub(super) type Sorted = (Vec<Row>, Vec<Range<usize>>);

impl Runner<'_> {
    /// Rows sorted, those alike in the order they came.
    pub(super) fn sorted(
        &self,
        rows: Vec<Row>,
        keys: &[SortKey],
        outer: Option<&Frame<'_>>,
    ) -> Result<Sorted, Failure> {
        let mut keyed = Vec::new();
        for row in rows {
            let frame = Frame { row: &row, outer };
            let values = keys.iter().map(|key| self.eval(&key.by, &frame)).collect::<Result<Vec<_>, _>>()?;
            keyed.push((values, row));
        }
        keyed.sort_by(|(one, _), (other, _)| by_keys(one, other, keys));
        let mut peers: Vec<Range<usize>> = Vec::new();
        let mut before: Option<&Vec<Val>> = None;
        for (at, (values, _)) in keyed.iter().enumerate() {
            match (before, peers.last_mut()) {
                (Some(before), Some(last)) if by_keys(before, values, keys) == Ordering::Equal => last.end = at + 1,
                _ => peers.push(at..at + 1),
            }
            before = Some(values);
        }
        Ok((keyed.into_iter().map(|(_, row)| row).collect(), peers))
    }
}

fn by_keys(one: &[Val], other: &[Val], keys: &[SortKey]) -> Ordering {
    let each = one.iter().zip(other).zip(keys).map(|((one, other), key)| match (one.is_null(), other.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if key.nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if key.nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if key.descending => other.order(one),
        (false, false) => one.order(other),
    });
    each.into_iter().find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
}
