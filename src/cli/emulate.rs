//! `skywatch emulate`: a query of another system over raw logs, offline.

use std::path::{Path, PathBuf};

use super::{Format, GOOD, NO, UNUSABLE, complain_of, say, time};
use crate::diag::{Code, Diagnostic};
use crate::emulator::{self, Answer, Failure, Kind, LANGUAGES, Language, Record, Run, Value, emulate};
use crate::record::{Limits, raw_records};
use crate::source::{SourceId, SourceMap, Span};

/// Longest query that is read, in bytes: ten times what any of the systems takes.
const LONGEST_QUERY: u64 = 10 << 20;

/// Widest cell of the table, in characters.
const WIDEST: usize = 60;

/// Run a query of another system over raw logs, without that system.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch emulate cloudwatch query.txt --logs logs/*.json.gz
  skywatch emulate kql query.kql --logs diagnostics.json --now 2026-11-03T00:00:00Z --format json
  skywatch emulate googlesql query.sql --logs calls=vertex.jsonl

What an emulator does not know it refuses; what the vendor's documentation leaves open, and decides the answer, is said.
Exit status: 1 where the query has no answer, 2 where it or the logs can't be read.")]
pub(super) struct Arguments {
    /// `cloudwatch`, `kql`, `cloud-logging` or `googlesql`.
    #[arg(value_name = "LANGUAGE")]
    language: String,
    /// A file with the query.
    #[arg(value_name = "QUERY")]
    query: PathBuf,
    /// Files of raw records, gzip or not; with `PLACE=` before it, what stands in that log group or table.
    #[arg(long, required = true, num_args = 1.., value_name = "[PLACE=]FILE")]
    logs: Vec<String>,
    /// The current time; without, the end of 9999: everything has arrived.
    #[arg(long, value_parser = time)]
    now: Option<i64>,
    /// The first moment of the range that the console would name.
    #[arg(long, value_parser = time)]
    from: Option<i64>,
    /// The moment after that range.
    #[arg(long, value_parser = time)]
    to: Option<i64>,
    /// How rows are printed: a table, or one JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let mut sources = SourceMap::default();
    let read = language(&arguments.language)
        .and_then(|language| Ok((language, query(&arguments.query)?, records(&arguments.logs)?)));
    let (language, query, logs) = match read {
        Ok(read) => read,
        Err(diagnostic) => {
            complain_of(&[diagnostic], &sources);
            return UNUSABLE;
        }
    };
    let run = Run { now: arguments.now.unwrap_or(LAST), from: arguments.from, until: arguments.to };
    match emulate(language, &query, &logs, &run) {
        Ok(answer) => {
            say(&match arguments.format {
                Format::Json => json_lines(&answer),
                Format::Text => table(&answer),
            });
            GOOD
        }
        Err(failure) => {
            let source = sources.add(arguments.query.display().to_string(), query);
            complain_of(&[said(&failure, source)], &sources);
            if failure.kind == Kind::BadLogs { UNUSABLE } else { NO }
        }
    }
}

/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799_000_000;

fn language(name: &str) -> Result<&'static dyn Language, Diagnostic> {
    let names = LANGUAGES.iter().map(|language| language.name());
    emulator::language(name).ok_or_else(|| {
        let message = format!("`{name}` is no language that can be emulated");
        Diagnostic::error(Code::BadArgument, message).suggest(name, names)
    })
}

fn query(path: &Path) -> Result<String, Diagnostic> {
    let unreadable =
        |why: String| Diagnostic::error(Code::UnreadableFile, format!("`{}` can't be read: {why}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > LONGEST_QUERY {
        return Err(unreadable(format!("it holds more than {LONGEST_QUERY} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

fn records(logs: &[String]) -> Result<Vec<Record>, Diagnostic> {
    let mut out = Vec::new();
    for named in logs {
        let (place, path) = match named.split_once('=') {
            Some((place, path)) if !Path::new(named).exists() => (Some(place.to_owned()), path),
            _ => (None, named.as_str()),
        };
        let take = |_, text| out.push(Record { place: place.clone(), text, arrived: None });
        raw_records(Path::new(path), None, Limits::default(), take)?;
    }
    Ok(out)
}

fn said(failure: &Failure, source: SourceId) -> Diagnostic {
    let (code, help) = match failure.kind {
        Kind::Rejected => (Code::QueryRejected, None),
        Kind::Unknown => (Code::QueryUnknown, Some("the system itself may know it: run the query there")),
        Kind::Stopped => (Code::QueryStopped, None),
        Kind::Ambiguous => (Code::QueryAmbiguous, Some("write the query so that it does not matter")),
        Kind::BadLogs => (Code::BadRecord, None),
    };
    let mut diagnostic = Diagnostic::error(code, failure.message.clone());
    diagnostic.help = help.map(str::to_owned);
    match &failure.at {
        Some(at) => diagnostic.at(Span::new(source, at.clone()), "here"),
        None => diagnostic,
    }
}

/// One JSON object a row, each on a line.
fn json_lines(answer: &Answer) -> String {
    let cell = |(name, value): (&String, &Value)| format!("{}:{value}", serde_json::Value::from(name.as_str()));
    let row = |row: &Vec<Value>| {
        let cells: Vec<String> = answer.columns.iter().zip(row).map(cell).collect();
        format!("{{{}}}\n", cells.join(","))
    };
    answer.rows.iter().map(row).collect()
}

/// A table, and how many rows it has.
fn table(answer: &Answer) -> String {
    let mut rows = vec![answer.columns.clone()];
    rows.extend(answer.rows.iter().map(|row| row.iter().map(cell).collect()));
    let columns = answer.columns.len();
    let widest =
        |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    let number = answer.rows.len();
    out.push_str(&format!("{number} row{}\n", if number == 1 { "" } else { "s" }));
    out
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        other => other.to_string().trim_matches('"').to_owned(),
    };
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() <= WIDEST {
        return text;
    }
    let kept: String = text.chars().take(WIDEST - 1).collect();
    format!("{kept}…")
}
