//! `summarize`: rows in groups, and the aggregates of each.

use std::collections::HashMap;
use std::ops::Range;

use crate::emulator::Failure;
use crate::emulator::kql::aggregates::{Aggregate, aggregate_within, exists};
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::pipeline::names::called_as_first;
use crate::emulator::kql::scope::{Names, Scope};
use crate::emulator::kql::table::{Field, Table};
use crate::emulator::kql::tree::{Expr, ExprKind, Name, Named};
use crate::emulator::kql::value::{Cell, Type};

/// What the listed expressions become.
#[derive(Default)]
struct Listed {
    aggregates: Vec<Aggregate>,
    /// The columns so far, keys first; types of expressions over aggregates are not settled yet.
    shape: Table,
    columns: Vec<Column>,
    nameless: usize,
}

/// What one of the listed expressions becomes.
enum Column {
    /// Columns of an aggregate, by its number.
    Whole(usize, Vec<String>),
    /// An expression over aggregates.
    Over(Expr, String),
}

impl Engine<'_> {
    pub(super) fn summarize(
        &self,
        table: &Table,
        aggregates: &[Named],
        by: &[Named],
        names: &Names,
        at: &Range<usize>,
    ) -> Rows {
        if aggregates.is_empty() && by.is_empty() {
            return Err(Failure::unknown("`summarize` of nothing is not known here", at.clone()));
        }
        let keys = if by.is_empty() { table.take_columns(&[]) } else { self.project(table.clone(), by, names)? };
        if let Some(number) = keys.columns.iter().position(|field| field.kind == Type::Dynamic) {
            let at = by.get(number).map_or(at.clone(), |named| named.value.at.clone());
            return Err(Failure::rejected("a group has no dynamic key", at));
        }
        let key_names: Vec<String> = keys.columns.iter().map(|field| field.name.clone()).collect();
        let scope = Scope { columns: &table.columns, names };
        let mut listed = Listed { shape: keys.emptied(), ..Listed::default() };
        for named in aggregates {
            self.listed(named, scope, &key_names, &mut listed)?;
        }
        let Listed { aggregates: found, columns, .. } = listed;
        let groups = self.groups(&keys, by.is_empty());
        let inner: Vec<Field> = found
            .iter()
            .enumerate()
            .flat_map(|(number, one)| {
                one.fields.iter().take(1).map(move |field| Field::new(&hidden(number), field.kind))
            })
            .collect();
        let mut rows = Vec::new();
        for group in &groups {
            let mut computed: Vec<Vec<Cell>> = Vec::new();
            for aggregate in &found {
                computed.push(aggregate.compute(self, table, group)?);
            }
            let mut cells: Vec<Cell> = match group.first() {
                Some(first) => keys.rows.get(*first).map(|row| row.cells.clone()).unwrap_or_default(),
                None => Vec::new(),
            };
            let firsts = computed.iter().map(|cells| cells.first().cloned().unwrap_or_default()).collect();
            let one = Table::new(inner.clone(), vec![firsts]);
            for column in &columns {
                match column {
                    Column::Whole(number, _) => cells.extend(computed.get(*number).cloned().unwrap_or_default()),
                    Column::Over(expr, _) => {
                        let bound = self.bind(expr, Scope { columns: &inner, names })?;
                        cells.extend(self.column_of(&one, &bound)?);
                    }
                }
            }
            rows.push(cells);
        }
        // Types of expressions are settled even where there is no group.
        let mut fields = keys.columns.clone();
        for column in &columns {
            match column {
                Column::Whole(number, names) => {
                    let kinds = found.get(*number).map(|one| one.fields.as_slice()).unwrap_or_default();
                    fields.extend(names.iter().zip(kinds).map(|(name, field)| Field::new(name, field.kind)));
                }
                Column::Over(expr, name) => {
                    let bound = self.bind(expr, Scope { columns: &inner, names })?;
                    fields.push(Field::new(name, bound.kind));
                }
            }
        }
        Ok(Table::new(fields, rows))
    }

    /// One of the listed expressions: the aggregates in it, and the columns that it makes.
    fn listed(&self, named: &Named, scope: Scope<'_>, keys: &[String], listed: &mut Listed) -> Result<(), Failure> {
        if let ExprKind::Call(name, arguments) = &named.value.kind
            && exists(&name.text)
        {
            let bound = self.bind_aggregate(name, arguments, &named.value.at, scope)?;
            let count = bound.len();
            for aggregate in bound {
                let aggregate = aggregate.without(keys_of_star(arguments, keys));
                let given: Vec<&Name> = if count == 1 { named.names.iter().collect() } else { Vec::new() };
                if count > 1 && !named.names.is_empty() {
                    return Err(Failure::unknown(
                        "names of several percentiles are not known here",
                        named.value.at.clone(),
                    ));
                }
                if given.len() > aggregate.fields.len() {
                    return Err(Failure::rejected("more names than values", named.value.at.clone()));
                }
                let mut names = Vec::new();
                for (number, field) in aggregate.fields.iter().enumerate() {
                    let name = match given.get(number) {
                        Some(name) => self.new_name(&listed.shape, name)?,
                        None => Table::free_name(&listed.shape.columns, &field.name),
                    };
                    listed.shape.columns.push(Field::new(&name, field.kind));
                    names.push(name);
                }
                listed.columns.push(Column::Whole(listed.aggregates.len(), names));
                listed.aggregates.push(aggregate);
            }
            return Ok(());
        }
        let name = match named.names.as_slice() {
            [name] => self.new_name(&listed.shape, name)?,
            [] => {
                let wished = match within_first(&named.value) {
                    Some(inner) => self.inner_name(inner, scope)?,
                    None => self.automatic_name(&named.value, &mut listed.nameless)?,
                };
                Table::free_name(&listed.shape.columns, &wished)
            }
            _ => return Err(Failure::unknown("several names of one value are not known here", named.value.at.clone())),
        };
        let expr = self.lifted(&named.value, scope, &mut listed.aggregates)?;
        listed.shape.columns.push(Field::new(&name, Type::Dynamic));
        listed.columns.push(Column::Over(expr, name));
        Ok(())
    }

    /// The name of an aggregate that a conversion is around.
    fn inner_name(&self, expr: &Expr, scope: Scope<'_>) -> Result<String, Failure> {
        let ExprKind::Call(name, arguments) = &expr.kind else { return Ok(String::new()) };
        let bound = self.bind_aggregate(name, arguments, &expr.at, scope)?;
        Ok(bound.first().and_then(|one| one.fields.first()).map(|field| field.name.clone()).unwrap_or_default())
    }

    /// An expression with names of hidden columns in place of its aggregates.
    fn lifted(&self, expr: &Expr, scope: Scope<'_>, found: &mut Vec<Aggregate>) -> Result<Expr, Failure> {
        if aggregate_within(expr).is_none() {
            return Ok(expr.clone());
        }
        let mut lift = |one: &Expr| self.lifted(one, scope, found);
        let mut boxed = |one: &Expr| lift(one).map(Box::new);
        let kind = match &expr.kind {
            ExprKind::Call(name, arguments) if exists(&name.text) => {
                let mut bound = self.bind_aggregate(name, arguments, &expr.at, scope)?;
                let (Some(aggregate), true) = (bound.pop(), bound.is_empty()) else {
                    return Err(Failure::unknown(
                        "several percentiles within an expression are not known here",
                        expr.at.clone(),
                    ));
                };
                found.push(aggregate);
                ExprKind::Name(hidden(found.len() - 1))
            }
            ExprKind::Call(name, arguments) => {
                let lifted: Result<Vec<Named>, Failure> = arguments
                    .iter()
                    .map(|one| Ok(Named { names: one.names.clone(), value: lift(&one.value)? }))
                    .collect();
                ExprKind::Call(name.clone(), lifted?)
            }
            ExprKind::Member(one, name) => ExprKind::Member(boxed(one)?, name.clone()),
            ExprKind::Minus(one) => ExprKind::Minus(boxed(one)?),
            ExprKind::Index(one, other) => ExprKind::Index(boxed(one)?, boxed(other)?),
            ExprKind::Binary(word, one, other) => ExprKind::Binary(word, boxed(one)?, boxed(other)?),
            ExprKind::Chain(word, many) => {
                let lifted: Result<Vec<Expr>, Failure> = many.iter().map(lift).collect();
                ExprKind::Chain(word, lifted?)
            }
            ExprKind::List(test, one, many) => {
                let one = boxed(one)?;
                let lifted: Result<Vec<Expr>, Failure> = many.iter().map(lift).collect();
                ExprKind::List(*test, one, lifted?)
            }
            ExprKind::Between { negated, value, low, high } => {
                let (value, low, high) = (boxed(value)?, boxed(low)?, boxed(high)?);
                ExprKind::Between { negated: *negated, value, low, high }
            }
            other => other.clone(),
        };
        Ok(Expr { at: expr.at.clone(), kind })
    }

    /// Numbers of the rows of each group, groups in the order of their first rows; without keys there is one group.
    fn groups(&self, keys: &Table, alone: bool) -> Vec<Vec<usize>> {
        if alone {
            return if self.dry { Vec::new() } else { vec![(0..keys.rows.len()).collect()] };
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (number, row) in keys.rows.iter().enumerate() {
            let key = row.cells.iter().map(Cell::key).collect::<Vec<_>>().join("|");
            let place = *places.entry(key).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::new());
            }
            if let Some(group) = groups.get_mut(place) {
                group.push(number);
            }
        }
        groups
    }
}

/// The keys of the groups stand beside `*` and not in it.
fn keys_of_star<'a>(arguments: &[Named], keys: &'a [String]) -> &'a [String] {
    let star = arguments.iter().any(|argument| matches!(argument.value.kind, ExprKind::Star));
    if star { keys } else { &[] }
}

/// The aggregate that a function takes first which is called as its first argument is, as in `round(avg(x), 1)`.
fn within_first(expr: &Expr) -> Option<&Expr> {
    let ExprKind::Call(name, arguments) = &expr.kind else { return None };
    let first = arguments.first().filter(|_| called_as_first(&name.text))?;
    matches!(&first.value.kind, ExprKind::Call(inner, _) if exists(&inner.text)).then_some(&first.value)
}

/// A name that no query can write.
fn hidden(number: usize) -> String {
    format!("\u{0}{number}")
}
