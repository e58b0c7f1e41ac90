//! GoogleSQL: query text → rows over raw records.

use super::{Answer, Failure, Language, Reading, Readings, Record, Run};

/// GoogleSQL.
#[derive(Debug)]
pub struct GoogleSql;

impl Language for GoogleSql {
    fn name(&self) -> &'static str {
        "googlesql"
    }

    fn readings(&self) -> &'static [Reading] {
        &[]
    }

    fn run(&self, query: &str, _logs: &[Record], _run: &Run, _readings: &Readings) -> Result<Answer, Failure> {
        Err(Failure::unknown("nothing is known yet", 0..query.len()))
    }
}
