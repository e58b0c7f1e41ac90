//! GROUP BY, and aggregate functions over rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Frame, Row, Runner};
use crate::emulator::Failure;
use crate::emulator::googlesql::functions::Trouble;
use crate::emulator::googlesql::readings::ROW_ORDER;
use crate::emulator::googlesql::tree::{Aggregate, Expr, Plan};
use crate::emulator::googlesql::value::{Val, key};

impl Runner<'_> {
    pub(super) fn group(
        &self,
        input: &Plan,
        keys: &[Expr],
        aggregates: &[Aggregate],
        whole: bool,
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let mut places = BTreeMap::new();
        let mut groups: Vec<(Row, Vec<Row>)> = Vec::new();
        for row in self.rows(input, outer)? {
            let frame = Frame { row: &row, outer };
            let values = keys.iter().map(|by| self.eval(by, &frame)).collect::<Result<Row, _>>()?;
            let place = *places.entry(key(&values)).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, members)) => members.push(row),
                None => groups.push((values, vec![row])),
            }
        }
        if whole && groups.is_empty() {
            groups.push(Default::default());
        }
        let mut out = Vec::new();
        for (mut row, members) in groups {
            let members: Vec<&Row> = members.iter().collect();
            for aggregate in aggregates {
                row.push(self.aggregate(aggregate, &members, false, outer)?);
            }
            out.push(row);
        }
        Ok(out)
    }

    /// What an aggregate function gives of rows. `ordered`: whether their order was asked for.
    pub(super) fn aggregate(
        &self,
        of: &Aggregate,
        rows: &[&Row],
        ordered: bool,
        outer: Option<&Frame<'_>>,
    ) -> Result<Val, Failure> {
        self.worked(rows.len())?;
        let mut rows = rows.to_vec();
        if let Some((most, by)) = &of.having {
            rows = self.extreme_rows(rows, *most, by, outer)?;
        }
        let mut ordered = ordered;
        if !of.order.is_empty() {
            rows = self.in_order_of(of, rows, outer)?;
            ordered = true;
        }
        let mut values = Vec::new();
        let mut seen = BTreeSet::new();
        for row in &rows {
            let value = match of.args.first() {
                Some(arg) => self.eval(arg, &Frame { row, outer })?,
                None => Val::Bool(true),
            };
            let kept = !(of.ignore_nulls && value.is_null())
                && (!of.distinct || seen.insert(key(std::slice::from_ref(&value))));
            if kept {
                values.push(value);
            }
        }
        if let Some(limit) = of.limit {
            let open = !ordered && (1..values.len()).contains(&limit);
            if open && self.readings.other(ROW_ORDER) {
                values.reverse();
            }
            values.truncate(limit);
        }
        let second = of.args.get(1).map(|second| self.eval(second, &Frame { row: &[], outer })).transpose()?;
        of.function.result(&values, second.as_ref(), &of.ty, ordered, self.readings).map_err(|trouble| match trouble {
            Trouble::Stops(why) => Failure::stopped(why, Some(of.at.clone())),
            Trouble::Unknown(why) => Failure::unknown(why, of.at.clone()),
        })
    }

    /// The rows where an expression has its greatest or least value.
    fn extreme_rows<'v>(
        &self,
        rows: Vec<&'v Row>,
        most: bool,
        by: &Expr,
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<&'v Row>, Failure> {
        let values = rows.iter().map(|row| self.eval(by, &Frame { row, outer })).collect::<Result<Vec<_>, _>>()?;
        let present = values.iter().filter(|value| !value.is_null());
        let found = if most { present.max_by(|a, b| a.order(b)) } else { present.min_by(|a, b| a.order(b)) };
        // Without any value there is no such row.
        let Some(found) = found else { return Ok(Vec::new()) };
        let kept = rows.iter().zip(&values).filter(|(_, value)| !value.is_null() && value.order(found).is_eq());
        Ok(kept.map(|(row, _)| *row).collect())
    }

    /// Rows by the ORDER BY of an aggregate function; those alike as the reading says.
    fn in_order_of<'v>(
        &self,
        of: &Aggregate,
        rows: Vec<&'v Row>,
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<&'v Row>, Failure> {
        // Each row is sorted with its place behind it, by which it is found again.
        let placed = |rows: &[&Row]| -> Vec<Row> {
            rows.iter().zip(0..).map(|(row, place)| row.iter().cloned().chain([Val::Int(place)]).collect()).collect()
        };
        let placed = placed(&rows);
        let (mut sorted, peers) = self.sorted(placed.clone(), &of.order, outer)?;
        let value = |row: &Row| of.args.first().map_or(Ok(Val::Null), |arg| self.eval(arg, &Frame { row, outer }));
        let mut open = false;
        for peers in peers.into_iter().filter(|peers| peers.len() > 1) {
            let values = sorted.get(peers).unwrap_or_default().iter().map(value).collect::<Result<Vec<_>, _>>()?;
            open |= values.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
        }
        if open && self.readings.other(ROW_ORDER) {
            sorted = self.sorted(placed.into_iter().rev().collect(), &of.order, outer)?.0;
        }
        let place =
            |row: &Row| if let Some(Val::Int(place)) = row.last() { usize::try_from(*place).ok() } else { None };
        Ok(sorted.iter().filter_map(|row| place(row).and_then(|place| rows.get(place)).copied()).collect())
    }
}
