//! Raw records, as a diagnostic setting exports them to storage or to an event hub → the rows of Log Analytics' tables.

mod azure;
mod schema;

use std::cell::OnceCell;

use super::dynamic::stored;
use super::moment::{self, EPOCH};
use super::readings::{OPERATION_CASE, PROPERTIES};
use super::table::{Field, Row, Table};
use super::value::{Cell, Type};
use crate::emulator::{Failure, Readings, Record, Run};
use crate::json::Json;
use azure::Raw;
use schema::{Column, From, Stored, TABLES};

/// The tables of a workspace, each made when it is first asked for.
#[derive(Debug)]
pub(super) struct Store<'a> {
    readings: &'a Readings,
    /// By the place of the table in [`TABLES`].
    records: Vec<Vec<Seen>>,
    tables: Vec<OnceCell<Table>>,
}

/// A record that is there when the query runs.
#[derive(Debug)]
struct Seen {
    json: Json,
    time: i64,
    arrived: i64,
}

impl<'a> Store<'a> {
    /// Sorts records into tables; what arrived later or lies outside of the run's range is not there.
    pub(super) fn new(logs: &[Record], run: &Run, readings: &'a Readings) -> Result<Store<'a>, Failure> {
        let mut store = Store {
            readings,
            records: TABLES.iter().map(|_| Vec::new()).collect(),
            tables: TABLES.iter().map(|_| OnceCell::new()).collect(),
        };
        for (number, record) in logs.iter().enumerate() {
            let bad = |what: &str| Failure::bad_logs(format!("record {}: {what}", number + 1));
            let json = Json::parse(&record.text).map_err(|error| bad(&error.to_string()))?;
            // An event hub's message holds its records in a list.
            let records = match json.member("records") {
                Some(Json::List(records)) => records.to_vec(),
                _ => vec![json],
            };
            for json in records {
                store.add(json, record, run).map_err(|what| bad(&what))?;
            }
        }
        Ok(store)
    }

    fn add(&mut self, json: Json, record: &Record, run: &Run) -> Result<(), String> {
        let place = place(&json, record.place.as_deref())?;
        let time = match json.member("time") {
            Some(Json::Text(text)) => moment::time(text).ok_or("`time` is no datetime")?,
            _ => return Err("there is no `time`".to_owned()),
        };
        let ticks = |micros: i64| micros.saturating_mul(10).saturating_add(EPOCH);
        let arrived = record.arrived.map_or(time, ticks);
        let in_range =
            run.from.is_none_or(|from| time >= ticks(from)) && run.until.is_none_or(|until| time < ticks(until));
        if arrived <= ticks(run.now)
            && in_range
            && let Some(records) = self.records.get_mut(place)
        {
            records.push(Seen { json, time, arrived });
        }
        Ok(())
    }

    /// Whether a workspace has a table.
    pub(super) fn knows(&self, name: &str) -> bool {
        TABLES.iter().any(|table| table.name == name)
    }

    /// A table by name.
    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        let place = TABLES.iter().position(|table| table.name == name)?;
        let (stored, records) = (TABLES.get(place)?, self.records.get(place)?);
        self.tables.get(place).map(|made| made.get_or_init(|| self.made(stored, records)))
    }

    fn made(&self, stored: &Stored, records: &[Seen]) -> Table {
        let mut table =
            Table::new(stored.columns.iter().map(|one| Field::new(one.name, one.kind)).collect(), Vec::new());
        let own_columns = stored.name == "AzureDiagnostics"
            && records.iter().any(|seen| matches!(seen.json.member("properties"), Some(Json::Object(_))))
            && self.readings.other(PROPERTIES);
        let other_case = stored.name == "AzureActivity" && !records.is_empty() && self.readings.other(OPERATION_CASE);
        let mut own: Vec<Vec<(Field, Cell)>> = Vec::new();
        for seen in records {
            let raw = Raw { json: &seen.json, table: stored.name };
            let mut cells: Vec<Cell> = stored.columns.iter().map(|column| cell(column, seen, &raw)).collect();
            if own_columns && let Some(Json::Object(members)) = seen.json.member("properties") {
                own.push(members.iter().filter_map(|(key, value)| own_column(key, value)).collect());
                put(&table, &mut cells, "properties_s", |_| String::new());
            } else {
                own.push(Vec::new());
            }
            if other_case {
                put(&table, &mut cells, "OperationNameValue", |value| {
                    if value.to_uppercase() == value { value.to_lowercase() } else { value.to_uppercase() }
                });
            }
            table.rows.push(Row { cells, rank: 0, arrived: Some(seen.arrived) });
        }
        add_own(&mut table, &own);
        table
    }
}

/// Changes the text of one column.
fn put(table: &Table, cells: &mut [Cell], column: &str, change: impl Fn(&str) -> String) {
    if let Some(Cell::Text(text)) = table.column(column).and_then(|at| cells.get_mut(at)) {
        *text = change(text).into();
    }
}

/// Adds the columns that records have of their own.
fn add_own(table: &mut Table, own: &[Vec<(Field, Cell)>]) {
    let mut fields: Vec<&Field> = Vec::new();
    for (field, _) in own.iter().flatten() {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    for field in fields {
        let of_row =
            |row: &Vec<(Field, Cell)>| row.iter().find(|(other, _)| other == field).map(|(_, cell)| cell.clone());
        let cells = own.iter().map(|row| of_row(row).unwrap_or_else(|| field.kind.nothing())).collect();
        table.set(field.clone(), cells);
    }
}

/// A property in a column of its own, whose name says its type.
fn own_column(key: &str, value: &Json) -> Option<(Field, Cell)> {
    let (suffix, kind) = match value {
        Json::Null => return None,
        Json::Bool(_) => ("b", Type::Bool),
        Json::Number(_) => ("d", Type::Real),
        _ => ("s", Type::Text),
    };
    Some((Field::new(&format!("{key}_{suffix}"), kind), typed(Some(value), kind)))
}

/// The table of a record: what it is placed in, or what its category is sent to. An operation of Resource Manager that names no category
/// is of the activity log.
fn place(json: &Json, named: Option<&str>) -> Result<usize, String> {
    if !matches!(json, Json::Object(_)) {
        return Err("this is no object".to_owned());
    }
    let text = |key: &str| match azure::named(json, &[key]) {
        Some(Json::Text(text)) => text.to_string(),
        _ => String::new(),
    };
    let by_name = |name: &str| TABLES.iter().position(|table| table.name == name);
    if let Some(named) = named {
        return by_name(named).ok_or_else(|| format!("there is no table `{named}`"));
    }
    let category = text("category");
    // Exports write the same category in several cases.
    let is_of = |table: &Stored| table.categories.iter().any(|known| known.eq_ignore_ascii_case(&category));
    let by_category = TABLES.iter().position(is_of);
    let other = match category.as_str() {
        "" if text("operationName").contains('/') => by_name("AzureActivity"),
        "" => None,
        _ => by_name("AzureDiagnostics"),
    };
    by_category.or(other).ok_or_else(|| "there is no `category`".to_owned())
}

/// What a column holds of a record.
fn cell(column: &Column, seen: &Seen, raw: &Raw<'_>) -> Cell {
    match column.from {
        From::Time => Cell::Time(seen.time),
        From::Key(path) => typed(azure::named(raw.json, path).as_ref(), column.kind),
        From::Made(make) => make(raw),
    }
}

/// A value of JSON in a column of a type.
fn typed(value: Option<&Json>, kind: Type) -> Cell {
    match (value.unwrap_or(&Json::Null), kind) {
        (Json::Null, kind) => kind.nothing(),
        (Json::Text(text), Type::Text) => Cell::Text(text.clone()),
        (value, Type::Text) => Cell::text(&value.to_string()),
        // JSON may come as its text.
        (Json::Text(text), Type::Dynamic) => {
            Cell::of_json(&Json::parse(text).map_or_else(|_| Json::Text(text.clone()), |json| stored(&json)))
        }
        (value, Type::Dynamic) => Cell::of_json(&stored(value)),
        (Json::Bool(value), Type::Bool) => Cell::Bool(*value),
        (Json::Number(text) | Json::Text(text), Type::Int | Type::Long) => {
            text.parse().map(Cell::Long).unwrap_or_default()
        }
        (Json::Number(text), Type::Real) => text.parse().map(Cell::Real).unwrap_or_default(),
        _ => Cell::Null,
    }
}
