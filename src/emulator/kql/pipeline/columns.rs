//! Operators of columns: `extend`, `project` and its like, `distinct`.

use crate::emulator::Failure;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::scope::Names;
use crate::emulator::kql::table::{Field, Row, Table};
use crate::emulator::kql::tree::{Expr, ExprKind, Name, Named, Pattern};
use crate::emulator::kql::value::{Cell, Type};

/// A new column and its values.
type Made = (Field, Vec<Cell>);

impl Engine<'_> {
    /// Columns that an operator makes of a table's rows; none sees another.
    fn made(&self, table: &mut Table, columns: &[Named], names: &Names) -> Result<Vec<Made>, Failure> {
        let mut made: Vec<Made> = Vec::new();
        let mut nameless = 0;
        for column in columns {
            let bound = self.bind_over(table, &column.value, names)?;
            let so_far = Table::new(made.iter().map(|(field, _)| field.clone()).collect(), Vec::new());
            let plain = matches!(column.value.kind, ExprKind::Name(_));
            let name = match column.names.as_slice() {
                [name] => self.new_name(&so_far, name)?,
                [] => {
                    let wished = self.automatic_name(&column.value, &mut nameless)?;
                    if plain {
                        self.new_name(&so_far, &Name { text: wished, at: column.value.at.clone() })?
                    } else {
                        Table::free_name(&so_far.columns, &wished)
                    }
                }
                _ => return Err(Failure::unknown("several names of one value are not known here", bound.at)),
            };
            let cells = self.column_of(table, &bound)?;
            made.push((Field::new(&name, bound.kind), cells));
        }
        Ok(made)
    }

    pub(super) fn extend(&self, mut table: Table, columns: &[Named], names: &Names) -> Rows {
        for (field, cells) in self.made(&mut table, columns, names)? {
            table.set(field, cells);
        }
        Ok(table)
    }

    pub(super) fn project(&self, mut table: Table, columns: &[Named], names: &Names) -> Rows {
        let made = self.made(&mut table, columns, names)?;
        let rows = table.rows.iter().map(|row| Row { cells: Vec::new(), ..*row }).collect();
        let mut out = Table { columns: Vec::new(), rows, serialized: table.serialized };
        for (field, cells) in made {
            out.set(field, cells);
        }
        Ok(out)
    }

    pub(super) fn distinct(&self, table: Table, columns: &[Named], names: &Names) -> Rows {
        let all = matches!(columns, [Named { value: Expr { kind: ExprKind::Star, .. }, .. }]);
        let table = if all { table } else { self.project(table, columns, names)? };
        if let Some(field) = table.columns.iter().find(|field| field.kind == Type::Dynamic) {
            let at = columns.first().map_or(0..0, |column| column.value.at.clone());
            return Err(Failure::rejected(format!("`{}`: dynamic values are not told apart", field.name), at));
        }
        let mut seen = std::collections::HashSet::new();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for row in table.rows {
            if seen.insert(row.cells.iter().map(Cell::key).collect::<Vec<_>>()) {
                rows.push(row.cells);
            }
        }
        Ok(Table::new(table.columns, rows))
    }

    /// The columns that a pattern names, by their numbers.
    fn matching(&self, table: &Table, pattern: &Pattern) -> Result<Vec<usize>, Failure> {
        let found: Vec<usize> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, field)| matches(&pattern.text, &field.name))
            .map(|(at, _)| at)
            .collect();
        if found.is_empty() {
            return Err(Failure::rejected(format!("there is no column `{}`", pattern.text), pattern.at.clone()));
        }
        Ok(found)
    }

    fn all_matching(&self, table: &Table, patterns: &[Pattern]) -> Result<Vec<usize>, Failure> {
        let mut out = Vec::new();
        for pattern in patterns {
            out.extend(self.matching(table, pattern)?);
        }
        Ok(out)
    }

    pub(super) fn away(&self, table: &Table, patterns: &[Pattern]) -> Rows {
        let gone = self.all_matching(table, patterns)?;
        let kept: Vec<usize> = (0..table.columns.len()).filter(|at| !gone.contains(at)).collect();
        Ok(table.take_columns(&kept))
    }

    pub(super) fn keep(&self, table: &Table, patterns: &[Pattern]) -> Rows {
        let mut kept = self.all_matching(table, patterns)?;
        kept.sort_unstable();
        kept.dedup();
        Ok(table.take_columns(&kept))
    }

    pub(super) fn reorder(&self, table: &Table, patterns: &[(Pattern, Option<bool>)]) -> Rows {
        let mut order: Vec<usize> = Vec::new();
        for (pattern, ascending) in patterns {
            let mut found = self.matching(table, pattern)?;
            found.retain(|at| !order.contains(at));
            if let Some(ascending) = ascending {
                found.sort_by_key(|at| table.columns.get(*at).map(|field| field.name.clone()));
                if !ascending {
                    found.reverse();
                }
            }
            order.extend(found);
        }
        order.extend((0..table.columns.len()).filter(|at| !order.contains(at)).collect::<Vec<_>>());
        Ok(table.take_columns(&order))
    }

    pub(super) fn rename(&self, mut table: Table, pairs: &[(Name, Name)]) -> Rows {
        let before = table.emptied();
        for (new, old) in pairs {
            let Some(at) = before.column(&old.text) else {
                return Err(Failure::rejected(format!("there is no column `{}`", old.text), old.at.clone()));
            };
            let name = self.new_name(&before, new)?;
            if let Some(field) = table.columns.get_mut(at) {
                field.name = name;
            }
        }
        Ok(table)
    }
}

/// Whether a name fits a pattern in which `*` stands for any letters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}
