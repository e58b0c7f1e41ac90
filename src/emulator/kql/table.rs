//! Rows with typed columns, and how far their order is documented.

use super::value::{Cell, Type};
use crate::emulator::Answer;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Type,
}

impl Field {
    pub(super) fn new(name: &str, kind: Type) -> Field {
        Field { name: name.to_owned(), kind }
    }
}

/// A row. Rows of one rank have no documented order among them; a lower rank comes first.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) rank: usize,
    /// When it was stored, in ticks, where it is a row of a stored table.
    pub(super) arrived: Option<i64>,
}

impl Row {
    /// A row whose place is not documented.
    pub(super) fn new(cells: Vec<Cell>) -> Row {
        Row { cells, ..Row::default() }
    }

    pub(super) fn cell(&self, column: usize) -> Cell {
        self.cells.get(column).cloned().unwrap_or_default()
    }
}

/// A table.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Field>,
    pub(super) rows: Vec<Row>,
    /// Whether functions of neighbouring rows may be used.
    pub(super) serialized: bool,
}

impl Table {
    pub(super) fn new(columns: Vec<Field>, rows: Vec<Vec<Cell>>) -> Table {
        Table { columns, rows: rows.into_iter().map(Row::new).collect(), serialized: false }
    }

    /// The same columns and no rows.
    pub(super) fn emptied(&self) -> Table {
        Table { columns: self.columns.clone(), rows: Vec::new(), serialized: self.serialized }
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|field| field.name == name)
    }

    /// A name that no column has: the wished one, or with the first number that makes it new.
    pub(super) fn free_name(columns: &[Field], wished: &str) -> String {
        let taken = |name: &str| columns.iter().any(|field| field.name == name);
        if !taken(wished) {
            return wished.to_owned();
        }
        (1..).map(|number| format!("{wished}{number}")).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Sets a column, in its place where there is one of that name.
    pub(super) fn set(&mut self, field: Field, cells: Vec<Cell>) {
        match self.column(&field.name) {
            Some(at) => {
                if let Some(there) = self.columns.get_mut(at) {
                    *there = field;
                }
                for (row, cell) in self.rows.iter_mut().zip(cells) {
                    if let Some(there) = row.cells.get_mut(at) {
                        *there = cell;
                    }
                }
            }
            None => {
                self.columns.push(field);
                for (row, cell) in self.rows.iter_mut().zip(cells) {
                    row.cells.push(cell);
                }
            }
        }
    }

    /// Takes columns by their numbers, in that order.
    pub(super) fn take_columns(&self, numbers: &[usize]) -> Table {
        let columns = numbers.iter().filter_map(|at| self.columns.get(*at).cloned()).collect();
        let cells = |row: &Row| numbers.iter().map(|at| row.cell(*at)).collect();
        let rows = self.rows.iter().map(|row| Row { cells: cells(row), ..*row }).collect();
        Table { columns, rows, serialized: self.serialized }
    }

    /// Turns rows of one rank round.
    pub(super) fn reverse_ties(&mut self) {
        self.rows.chunk_by_mut(|one, next| one.rank == next.rank).for_each(<[Row]>::reverse);
    }

    /// Whether neighbours have one rank.
    pub(super) fn has_ties(&self) -> bool {
        self.rows.windows(2).any(|pair| matches!(pair, [one, next] if one.rank == next.rank))
    }

    /// From here on the order is as it stands.
    pub(super) fn fix_order(&mut self) {
        for (rank, row) in self.rows.iter_mut().enumerate() {
            row.rank = rank;
        }
    }

    /// Puts rows of one rank in the order of their values, so that an order that nobody promises makes no difference.
    pub(super) fn order_ties(&mut self) {
        let key = |row: &Row| (row.rank, row.cells.iter().map(Cell::key).collect::<Vec<_>>());
        self.rows.sort_by_cached_key(key);
    }

    pub(super) fn answer(self) -> Answer {
        let kinds: Vec<Type> = self.columns.iter().map(|field| field.kind).collect();
        let row = |row: Row| row.cells.into_iter().zip(&kinds).map(|(cell, kind)| cell.answer(*kind)).collect();
        Answer {
            rows: self.rows.into_iter().map(row).collect(),
            columns: self.columns.into_iter().map(|field| field.name).collect(),
        }
    }
}
