//! Operators of the rows' order: `sort`, `take`.

use std::cmp::Ordering as Order;

use crate::emulator::Failure;
use crate::emulator::kql::bind::is_ordered;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::scope::{Names, Scope};
use crate::emulator::kql::table::Table;
use crate::emulator::kql::tree::{Expr, Ordering};
use crate::emulator::kql::value::Cell;

impl Engine<'_> {
    pub(super) fn sort(&self, mut table: Table, keys: &[Ordering], names: &Names) -> Rows {
        let mut columns = Vec::new();
        for key in keys {
            let bound = self.bind_over(&mut table, &key.value, names)?;
            if !is_ordered(bound.kind) {
                return Err(Failure::rejected("dynamic values have no order", bound.at));
            }
            columns.push(self.column_of(&table, &bound)?);
        }
        let order = |one: usize, other: usize| {
            let cell = |column: &[Cell], at: usize| column.get(at).cloned().unwrap_or_default();
            let pairs = columns.iter().zip(keys);
            let orders = pairs.map(|(column, key)| by_key(&cell(column, one), &cell(column, other), key));
            orders.fold(Order::Equal, Order::then)
        };
        let mut places: Vec<usize> = (0..table.rows.len()).collect();
        places.sort_by(|one, other| order(*one, *other));
        let (mut rank, mut before) = (0, None);
        let mut rows = Vec::with_capacity(table.rows.len());
        for place in places {
            if before.is_some_and(|before| order(before, place).is_ne()) {
                rank += 1;
            }
            before = Some(place);
            if let Some(row) = table.rows.get_mut(place) {
                let mut row = std::mem::take(row);
                row.rank = rank;
                rows.push(row);
            }
        }
        Ok(Table { columns: table.columns, rows, serialized: true })
    }

    pub(super) fn take(&self, mut table: Table, count: &Expr, names: &Names) -> Rows {
        let count = self.constant_whole(count, Scope::bare(names))?;
        let count = usize::try_from(count.unwrap_or_default()).unwrap_or_default();
        let rank = |at: Option<usize>| at.and_then(|at| table.rows.get(at)).map(|row| row.rank);
        let cut = rank(count.checked_sub(1));
        if cut.is_some() && cut == rank(Some(count)) && self.reads_reversed() {
            table.reverse_ties();
        }
        table.rows.truncate(count);
        Ok(table)
    }
}

/// Null and NaN stand together at the end that is asked for.
fn by_key(one: &Cell, other: &Cell, key: &Ordering) -> Order {
    let outside = |cell: &Cell| match cell {
        Cell::Null => 2,
        Cell::Real(value) if value.is_nan() => 1,
        _ => 0,
    };
    match (outside(one), outside(other)) {
        (0, 0) if key.ascending => one.order(other),
        (0, 0) => other.order(one),
        (one, other) if key.nulls_first => other.cmp(&one),
        (one, other) => one.cmp(&other),
    }
}
