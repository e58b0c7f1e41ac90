//! CloudWatch Logs Insights: query text → rows over raw records.
//!
//! [`parse`] reads the query, [`check`] holds it to the rules of the whole, [`store`] makes log events of records, [`command`] runs the
//! commands over them; [`reading`] has what the documentation leaves open.
//!
//! What results show: the language has one kind of number, so a whole number up to 2^53 is an `Int` wherever it comes from and any other a
//! `Real`; a moment is a `Time`; a map or a list that is shown is `Json`; an absent cell is `Null`. Columns stand in the order of the
//! query, keys of a `stats` before what it measures, which the documentation does not say. Where no command chooses fields, the time and
//! the message are shown, and after them what `parse` and `unnest` took.

mod check;
mod command;
mod eval;
mod field;
mod functions;
mod order;
mod parse;
mod pattern;
mod reading;
mod row;
mod stats;
mod store;
mod tree;
mod value;

use eval::Context;
use reading::{Question, READINGS};

use super::{Answer, Failure, Language, Reading, Readings, Record, Run};

/// CloudWatch Logs Insights.
#[derive(Debug)]
pub struct CloudWatch;

impl Language for CloudWatch {
    fn name(&self) -> &'static str {
        "cloudwatch"
    }

    fn readings(&self) -> &'static [Reading] {
        READINGS
    }

    fn run(&self, query: &str, logs: &[Record], run: &Run, readings: &Readings) -> Result<Answer, Failure> {
        let mut commands = parse::query(query, readings)?;
        check::check(query, &mut commands, readings)?;
        let events = store::events(logs, run, readings)?;
        for alias in check::aliases(&commands) {
            let is_field = events.iter().any(|event| event.fields.has(&alias.name));
            if is_field && readings.other(Question::AliasOfField as usize) {
                return Err(check::already(alias));
            }
        }
        command::run(&commands, &events, Context { readings, run })
    }
}
