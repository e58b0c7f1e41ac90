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

    fn tree(&self, query: &str) -> Result<String, Failure> {
        Ok(format!("{:?}", parse::query(query, &Readings::default())?))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::emulator::emulate;

    /// Values at the edges of what the language takes.
    const VALUES: &[&str] = &[
        "n",
        "s",
        "`a b`",
        "none",
        "@timestamp",
        "@message",
        "'é'",
        "''",
        "0",
        "-1",
        "0.1",
        "9223372036854775807",
        "99999999999999999999",
        "jsonParse(@message)",
        "jsonParse(@message).`a b`[1].c",
        "strlen(s)",
        "substr(s, 1, 2)",
        "round(n / 3, 3)",
        "decToHex(n)",
        "abs(n)",
        "n % -1",
        "n ^ n",
        "hexToDec('7fffffffffffffff')",
        "urldecode(s)",
        "fromMillis(n)",
        "fromMillis(9223372036854775807)",
        "bin(7h)",
        "datefloor(@timestamp, 100000d)",
        "dateceil(fromMillis(n), 7m)",
        "toMillis(n)",
        "formatDate(@timestamp, '%Y-%j')",
        "parseDate(s, 'yyyy-MM-dd')",
        "queryTimeRange()",
        "now()",
        "split('a,b', ',')",
        "sha256(s)",
        "n in [1, s]",
        "s like /é$/",
        "s like 'é'",
    ];
    const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "^", "=", "!=", "<", ">="];

    proptest! {
        #[test]
        fn no_values_make_it_panic(
            values in proptest::array::uniform3(proptest::sample::select(VALUES)),
            operator in proptest::sample::select(OPERATORS),
        ) {
            let record = |text: &str, arrived| Record { place: None, text: text.to_owned(), arrived };
            let logs = [
                record(r#"{"n":-9223372036854775808,"s":"é\n","a b":[1,{"c":null}]}"#, Some(i64::MIN)),
                record(r#"{"timestamp":9223372036854775807,"ingestionTime":0,"message":"{\"n\":1e308}"}"#, None),
            ];
            let run = Run { now: i64::MAX, from: Some(i64::MIN), until: Some(i64::MAX) };
            let [one, other, third] = values;
            let of_rows = format!("fields {one} {operator} {other} as x | filter {third} != x | sort x desc | dedup x");
            let of_groups = format!("stats min({one} {operator} {other}) as x, latest({third}), avg({one}) by {third} as k");
            for query in [of_rows, of_groups] {
                let _ = emulate(&CloudWatch, &query, &logs, &run);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(fields|filter|parse|stats|sort|join) [-a-z0-9@`'\"/()\\[\\]|,.=<!*^\\\\é \n#]{0,40}") {
            let run = Run { now: 0, from: None, until: None };
            let _ = emulate(&CloudWatch, &text, &[], &run);
        }
    }
}
