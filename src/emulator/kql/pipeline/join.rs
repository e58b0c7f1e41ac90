//! `join` and `lookup`: rows of two tables that are equal in their keys.

use std::collections::HashMap;
use std::ops::Range;

use crate::emulator::Failure;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::readings::NULL_KEYS;
use crate::emulator::kql::scope::Names;
use crate::emulator::kql::table::{Row, Table};
use crate::emulator::kql::tree::{Expr, ExprKind, Join, JoinKind};
use crate::emulator::kql::value::{Cell, Type};

impl Engine<'_> {
    pub(super) fn join(&self, left: &Table, join: &Join, names: &Names, at: &Range<usize>) -> Rows {
        let right = self.table(&join.right, names)?;
        let mut keys = Vec::new();
        for condition in &join.on {
            self.key_pairs(left, &right, condition, &mut keys)?;
        }
        let (left_keys, right_keys): (Vec<usize>, Vec<usize>) = keys.into_iter().unzip();
        let mut left = left.clone();
        if join.kind == JoinKind::InnerUnique {
            self.unique(&mut left, &left_keys);
        }
        let null_keys = [(&left, &left_keys), (&right, &right_keys)].iter().all(|(table, keys)| has_null(table, keys));
        let nulls_join = null_keys && self.reads_other(NULL_KEYS);
        let mut found: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, row) in right.rows.iter().enumerate() {
            if let Some(key) = key(row, &right_keys, nulls_join) {
                found.entry(key).or_default().push(at);
            }
        }
        let mut matched = vec![false; right.rows.len()];
        let mut pairs: Vec<(Option<usize>, Option<usize>)> = Vec::new();
        for (number, row) in left.rows.iter().enumerate() {
            let matches = key(row, &left_keys, nulls_join).and_then(|key| found.get(&key));
            for place in matches.into_iter().flatten() {
                if let Some(matched) = matched.get_mut(*place) {
                    *matched = true;
                }
                pairs.push((Some(number), Some(*place)));
                self.room(pairs.len(), at)?;
            }
            if matches.is_none() {
                pairs.push((Some(number), None));
            }
        }
        pairs.extend(matched.iter().enumerate().filter(|(_, matched)| !**matched).map(|(at, _)| (None, Some(at))));
        if let Some(one_side) = one_side(join.kind, &left, &right, &pairs) {
            return Ok(one_side);
        }
        let kept = |pair: &&(Option<usize>, Option<usize>)| match (pair, join.kind) {
            ((Some(_), Some(_)), _) => true,
            ((Some(_), None), kind) => matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter),
            (_, kind) => matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter),
        };
        let shown: Vec<usize> =
            (0..right.columns.len()).filter(|at| !(join.lookup && right_keys.contains(at))).collect();
        let right = right.take_columns(&shown);
        let mut columns = left.columns.clone();
        for field in &right.columns {
            let name = Table::free_name(&columns, &field.name);
            columns.push(crate::emulator::kql::table::Field::new(&name, field.kind));
        }
        let cells = |table: &Table, at: Option<usize>| match at.and_then(|at| table.rows.get(at)) {
            Some(row) => row.cells.clone(),
            None => table.columns.iter().map(|field| field.kind.nothing()).collect(),
        };
        let row = |(one, other): &(Option<usize>, Option<usize>)| [cells(&left, *one), cells(&right, *other)].concat();
        Ok(Table::new(columns, pairs.iter().filter(kept).map(row).collect()))
    }

    /// Columns that a condition makes equal: of the left and of the right.
    fn key_pairs(
        &self,
        left: &Table,
        right: &Table,
        condition: &Expr,
        out: &mut Vec<(usize, usize)>,
    ) -> Result<(), Failure> {
        let at = || condition.at.clone();
        let (one, other) = match &condition.kind {
            ExprKind::Chain("and", conditions) => {
                return conditions.iter().try_for_each(|one| self.key_pairs(left, right, one, out));
            }
            ExprKind::Name(name) => match (left.column(name), right.column(name)) {
                (Some(one), Some(other)) => (one, other),
                _ => return Err(Failure::rejected(format!("`{name}` is no column of both tables"), at())),
            },
            ExprKind::Binary("==", one, other) => match (side(one), side(other)) {
                (Some((true, one)), Some((false, other))) => match (left.column(one), right.column(other)) {
                    (Some(one), Some(other)) => (one, other),
                    (None, _) => return Err(Failure::rejected(format!("the left has no column `{one}`"), at())),
                    _ => return Err(Failure::rejected(format!("the right has no column `{other}`"), at())),
                },
                _ => return Err(Failure::rejected("expected `$left.COLUMN == $right.COLUMN`", at())),
            },
            _ => return Err(Failure::rejected("expected a column or `$left.COLUMN == $right.COLUMN`", at())),
        };
        let kind = |table: &Table, at: usize| table.columns.get(at).map_or(Type::Dynamic, |field| field.kind);
        let (first, second) = (kind(left, one), kind(right, other));
        if first == Type::Dynamic || second == Type::Dynamic {
            // The parser rejects it where the sides are named alone.
            return Err(match &condition.kind {
                ExprKind::Name(_) => Failure::unknown("a dynamic key is not known here", at()),
                _ => Failure::rejected("a key is not dynamic", at()),
            });
        }
        if first != second {
            let message = format!("keys of two types, {} and {}", first.name(), second.name());
            return Err(Failure::rejected(message, at()));
        }
        out.push((one, other));
        Ok(())
    }

    /// One row a key; which one is not documented.
    fn unique(&self, table: &mut Table, keys: &[usize]) {
        let key = |row: &Row| key(row, keys, true).unwrap_or_default();
        let count = |table: &Table| table.rows.iter().map(key).collect::<std::collections::HashSet<_>>().len();
        if count(table) == table.rows.len() {
            return;
        }
        if self.reads_reversed() {
            table.rows.reverse();
        }
        let mut seen = std::collections::HashSet::new();
        table.rows.retain(|row| seen.insert(key(row)));
    }
}

/// `$left.NAME` (true) or `$right.NAME`.
fn side(expr: &Expr) -> Option<(bool, &str)> {
    let ExprKind::Member(table, column) = &expr.kind else { return None };
    match &table.kind {
        ExprKind::Name(name) if name == "$left" => Some((true, &column.text)),
        ExprKind::Name(name) if name == "$right" => Some((false, &column.text)),
        _ => None,
    }
}

/// What rows are joined on; none where a part is null and nulls don't join.
fn key(row: &Row, keys: &[usize], nulls_join: bool) -> Option<String> {
    let parts: Vec<Cell> = keys.iter().map(|at| row.cell(*at)).collect();
    let whole = nulls_join || parts.iter().all(|part| !part.is_null());
    whole.then(|| parts.iter().map(Cell::key).collect::<Vec<_>>().join("|"))
}

fn has_null(table: &Table, keys: &[usize]) -> bool {
    table.rows.iter().any(|row| keys.iter().any(|at| row.cell(*at).is_null()))
}

/// The rows of a join that shows one table alone.
fn one_side(kind: JoinKind, left: &Table, right: &Table, pairs: &[(Option<usize>, Option<usize>)]) -> Option<Table> {
    let (table, wanted) = match kind {
        JoinKind::LeftSemi => (left, true),
        JoinKind::LeftAnti => (left, false),
        JoinKind::RightSemi => (right, true),
        JoinKind::RightAnti => (right, false),
        _ => return None,
    };
    let of_left = matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
    let mut paired = vec![false; table.rows.len()];
    for (one, other) in pairs {
        if let (Some(one), Some(other)) = (one, other)
            && let Some(paired) = paired.get_mut(if of_left { *one } else { *other })
        {
            *paired = true;
        }
    }
    let rows = table.rows.iter().zip(paired).filter(|(_, paired)| *paired == wanted);
    Some(Table::new(table.columns.clone(), rows.map(|(row, _)| row.cells.clone()).collect()))
}
