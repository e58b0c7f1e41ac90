//! Raw exports → the rows of the tables that Log Analytics and BigQuery hold of them.
//!
//! A table is found by the last part of its path. An entry of Cloud Logging is a row of every view of its log bucket; a row of Vertex AI's
//! request-response logging is one of the table that the user named when switching it on, here `request_response_logging`. A record belongs
//! to what its place or its own fields say. What arrives after the run's time is not seen. The range that the console picks is not applied:
//! the query alone decides, as in BigQuery and wherever a query filters by time.

mod calls;
mod entries;

use std::sync::Arc;

use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;

use super::types::{Field, Type};
use super::value::Val;
use crate::emulator::{Failure, Record, Run};
use crate::json::Json;

/// A kind of table.
#[derive(Debug)]
pub(super) struct Table {
    /// What its path ends in.
    names: &'static [&'static str],
    /// Its columns as the type of a row.
    schema: &'static str,
    /// Names of fields that it has but this emulator does not know.
    pub(super) unknown: &'static [&'static str],
    /// A member that every record of it has.
    mark: &'static str,
    /// The row of a record, and its time in microseconds.
    row: fn(&Json, &[Field]) -> Stored,
}

/// The row of a record and its time in microseconds, or why it is none.
type Stored = Result<(Vec<Val>, i64), String>;

impl PartialEq for Table {
    fn eq(&self, other: &Table) -> bool {
        std::ptr::eq(self, other)
    }
}

const TABLES: &[Table] = &[entries::ALL_LOGS, calls::REQUEST_RESPONSE];

/// The table that a path names, by its last part.
pub(super) fn table(path: &str) -> Option<&'static Table> {
    let last = path.rsplit('.').next().unwrap_or_default();
    TABLES.iter().find(|table| table.names.contains(&last))
}

impl Table {
    /// Its columns.
    pub(super) fn columns(&self) -> Arc<[Field]> {
        let dialect = BigQueryDialect {};
        let read = Parser::new(&dialect).try_with_sql(self.schema).and_then(|mut parser| parser.parse_data_type());
        match read.ok().as_ref().and_then(Type::read) {
            Some(Type::Struct(fields)) => fields,
            _ => Arc::default(),
        }
    }

    /// Its rows.
    ///
    /// # Errors
    /// Where a record is none that these systems export.
    pub(super) fn rows(&self, logs: &[Record], run: &Run) -> Result<Vec<Vec<Val>>, Failure> {
        let columns = self.columns();
        let mut rows = Vec::new();
        for (number, record) in (1..).zip(logs) {
            let wrong = |why: &str| Failure::bad_logs(format!("record {number}: {why}"));
            let json = Json::parse(&record.text).map_err(|error| wrong(&format!("no JSON: {error}")))?;
            let by_place = record.place.as_deref().and_then(table);
            let by_mark = TABLES.iter().find(|table| json.member(table.mark).is_some());
            let of = by_place
                .or(by_mark)
                .ok_or_else(|| wrong("neither a log entry nor a row of request-response logging"))?;
            if of != self {
                continue;
            }
            let (row, time) = (self.row)(&json, &columns).map_err(|why| wrong(&why))?;
            if record.arrived.unwrap_or(time) <= run.now {
                rows.push(row);
            }
        }
        Ok(rows)
    }
}
