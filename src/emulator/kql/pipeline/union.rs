//! `union`: the rows of several tables, their columns matched by name and type.

use crate::emulator::Failure;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::scope::{Meaning, Names};
use crate::emulator::kql::table::{Field, Row, Table};
use crate::emulator::kql::tree::{Expr, ExprKind, Union};
use crate::emulator::kql::value::{Cell, Type};

impl Engine<'_> {
    pub(super) fn union(&self, input: Option<Table>, union: &Union, names: &Names) -> Rows {
        let mut legs: Vec<(Table, Option<String>)> = Vec::new();
        if let Some(input) = input {
            if let Some(source) = &union.source {
                return Err(Failure::unknown("the source of rows of a pipe is not known here", source.at.clone()));
            }
            legs.push((input, None));
        }
        let known = |table: &&Expr| !union.fuzzy || self.is_tabular(table, names);
        for table in union.tables.iter().filter(known) {
            let name = match &table.kind {
                // A table that the query itself makes has no name that is documented; a function declared as a view has its own.
                ExprKind::Name(name) if !matches!(names.get(name), Some(Meaning::Table(_))) => Some(name.clone()),
                _ => None,
            };
            legs.push((self.table(table, names)?, name));
        }
        if legs.is_empty() {
            let at = union.tables.first().map_or(0..0, |table| table.at.clone());
            return Err(Failure::rejected("none of the tables exists", at));
        }
        let columns = if union.inner { shared(&legs) } else { all(&legs) };
        let mut fields = named(&columns);
        let mut rows = Vec::new();
        for (table, name) in &legs {
            let places: Vec<Option<usize>> =
                columns.iter().map(|wanted| table.columns.iter().position(|field| field == wanted)).collect();
            let source = match (&union.source, name) {
                (None, _) => None,
                (Some(_), Some(name)) => Some(Cell::text(name)),
                (Some(source), None) => {
                    return Err(Failure::unknown(
                        "the source of an unnamed table is not known here",
                        source.at.clone(),
                    ));
                }
            };
            for row in &table.rows {
                let cell = |(place, field): (&Option<usize>, &Field)| match place {
                    Some(at) => row.cell(*at),
                    None => field.kind.nothing(),
                };
                let cells = source.iter().cloned().chain(places.iter().zip(&columns).map(cell)).collect();
                rows.push(Row { cells, rank: 0, arrived: row.arrived });
            }
        }
        if let Some(source) = &union.source {
            let name = self.new_name(&Table::new(fields.clone(), Vec::new()), source)?;
            fields.insert(0, Field::new(&name, Type::Text));
        }
        Ok(Table { columns: fields, rows, serialized: false })
    }
}

/// Every name with every type that it has, names in the order of their first.
fn all(legs: &[(Table, Option<String>)]) -> Vec<Field> {
    let mut out: Vec<Field> = Vec::new();
    for field in legs.iter().flat_map(|(table, _)| &table.columns) {
        if !out.contains(field) {
            let last = out.iter().rposition(|other| other.name == field.name);
            out.insert(last.map_or(out.len(), |last| last + 1), field.clone());
        }
    }
    out
}

fn shared(legs: &[(Table, Option<String>)]) -> Vec<Field> {
    let first = legs.first().map(|(table, _)| table.columns.as_slice()).unwrap_or_default();
    first.iter().filter(|field| legs.iter().all(|(table, _)| table.columns.contains(field))).cloned().collect()
}

/// A name of several types has its type after it.
fn named(columns: &[Field]) -> Vec<Field> {
    let several = |field: &Field| columns.iter().filter(|other| other.name == field.name).count() > 1;
    let mut out: Vec<Field> = columns.iter().filter(|field| !several(field)).cloned().collect();
    let mut names = Vec::new();
    for field in columns.iter() {
        if several(field) {
            let name = Table::free_name(&out, &format!("{}_{}", field.name, field.kind.name()));
            out.push(Field::new(&name, field.kind));
            names.push(name);
        } else {
            names.push(field.name.clone());
        }
    }
    names.iter().zip(columns).map(|(name, field)| Field::new(name, field.kind)).collect()
}
