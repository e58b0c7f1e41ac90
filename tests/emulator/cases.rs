//! The emulators against what the vendors' documentation says: the cases of tests/emulator/LANGUAGE/*.toml.
//!
//! A file has records and queries over them:
//!
//! ```toml
//! now = "2026-01-02T00:00:00Z"     # optional; also from, until
//! only = ["a"]                     # optional: the columns that the rows below have, of all that an answer has
//! [logs.calls]                     # records by name
//! place = "/aws/bedrock"           # optional
//! records = '''                    # one a line; a line `@2026-01-01T00:05:00Z {…}` arrived then
//! {"a": 1}
//! '''
//! [[case]]
//! name = "a missing field is not equal"
//! source = "page of the vendor's documentation, heading"
//! logs = ["calls"]
//! query = '''…'''
//! columns = ["a"]
//! rows = '''                       # one a line, as a JSON list; numbers as `answer::Value` writes them
//! [1]
//! '''
//! unordered = true                 # optional: the rows' order is not documented
//! ```
//!
//! `engines` says why other people's engines, which the cases of some languages also run through, answer otherwise than the documentation.
//!
//! In place of columns and rows: `rejected`, `unknown`, `stopped` or `bad_logs` with words of the message, or `ambiguous` with the names of
//! the readings that decide.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use serde::Deserialize;
use skywatch::emulator::{self, Answer, Failure, Kind, Language, Record, Run, Value, emulate};
use skywatch::json::Json;

/// How many cases a language has at least, and how many texts that must be rejected.
const LEAST: &[(&str, usize, usize)] =
    &[("cloud-logging", 120, 25), ("cloudwatch", 120, 25), ("googlesql", 80, 15), ("kql", 150, 25)];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    now: Option<String>,
    from: Option<String>,
    until: Option<String>,
    only: Option<Vec<String>>,
    #[serde(default)]
    logs: BTreeMap<String, Log>,
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    place: Option<String>,
    records: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    source: String,
    #[serde(default)]
    logs: Vec<String>,
    query: String,
    columns: Option<Vec<String>>,
    rows: Option<String>,
    #[serde(default)]
    unordered: bool,
    rejected: Option<String>,
    unknown: Option<String>,
    stopped: Option<String>,
    bad_logs: Option<String>,
    ambiguous: Option<Vec<String>>,
    now: Option<String>,
    from: Option<String>,
    until: Option<String>,
    engines: Option<String>,
}

fn moment(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{text}: {error}")).timestamp_micros()
}

fn records(log: &Log) -> Vec<Record> {
    let lines = log.records.lines().filter(|line| !line.trim().is_empty());
    let record = |line: &str| {
        let (arrived, text) = match line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((arrived, text)) if arrived.ends_with('Z') => (Some(moment(arrived)), text),
            _ => (None, line),
        };
        Record { place: log.place.clone(), text: text.to_owned(), arrived }
    };
    lines.map(record).collect()
}

/// The files of a language, by name.
fn files(language: &dyn Language) -> Vec<(String, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator").join(language.name().replace('-', "_"));
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let file = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_name().unwrap().to_string_lossy().into_owned(), file)
    };
    paths.iter().map(read).collect()
}

/// When a case runs: at the end of 2026-01-31 where nothing says otherwise.
fn run_of(file: &File, case: &Case) -> Run {
    let time = |own: &Option<String>, files: &Option<String>| own.as_ref().or(files.as_ref()).map(|text| moment(text));
    Run {
        now: time(&case.now, &file.now).unwrap_or_else(|| moment("2026-02-01T00:00:00Z")),
        from: time(&case.from, &file.from),
        until: time(&case.until, &file.until),
    }
}

/// A row as its line says it.
fn expected_rows(rows: &str) -> Vec<String> {
    let lines = rows.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| Json::parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).to_string()).collect()
}

fn rows_of(answer: &Answer) -> Vec<String> {
    let row = |row: &Vec<_>| format!("[{}]", row.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    answer.rows.iter().map(row).collect()
}

/// An answer with some of its columns.
fn only(answer: &Answer, columns: &[String]) -> Answer {
    let place = |name| answer.columns.iter().position(|column| column == name).expect("a column of that name");
    let places: Vec<usize> = columns.iter().map(place).collect();
    let row = |row: &Vec<Value>| places.iter().map(|place| row[*place].clone()).collect();
    Answer { columns: columns.to_vec(), rows: answer.rows.iter().map(row).collect() }
}

/// What is wrong with what came of a case; nothing where all is right.
fn wrong(case: &Case, got: &Result<Answer, Failure>) -> Option<String> {
    let said = |kind: Kind, words: &str| match got {
        Err(failure) if failure.kind == kind && failure.message.contains(words) => None,
        Err(failure) => Some(format!("expected {kind:?} with {words:?}, got {:?}: {failure}", failure.kind)),
        Ok(answer) => Some(format!("expected {kind:?} with {words:?}, got rows {:?}", rows_of(answer))),
    };
    let failures = [
        (Kind::Rejected, &case.rejected),
        (Kind::Unknown, &case.unknown),
        (Kind::Stopped, &case.stopped),
        (Kind::BadLogs, &case.bad_logs),
    ];
    let expected = failures.iter().filter(|(_, words)| words.is_some()).count()
        + usize::from(case.ambiguous.is_some())
        + usize::from(case.rows.is_some());
    assert_eq!(expected, 1, "{}: one expectation a case", case.name);
    if let Some((kind, Some(words))) = failures.iter().find(|(_, words)| words.is_some()) {
        return said(*kind, words);
    }
    if let Some(readings) = &case.ambiguous {
        return match got {
            Err(failure) if failure.kind == Kind::Ambiguous && failure.readings == *readings => None,
            Err(failure) => Some(format!("expected an ambiguity of {readings:?}, got {:?}: {failure}", failure.kind)),
            Ok(answer) => Some(format!("expected an ambiguity of {readings:?}, got rows {:?}", rows_of(answer))),
        };
    }
    let answer = match got {
        Ok(answer) => answer,
        Err(failure) => return Some(format!("{:?}: {failure}", failure.kind)),
    };
    if case.columns.as_ref().is_some_and(|columns| *columns != answer.columns) {
        return Some(format!("columns {:?}", answer.columns));
    }
    let (mut wanted, mut found) = (expected_rows(case.rows.as_deref().unwrap_or_default()), rows_of(answer));
    if case.unordered {
        wanted.sort();
        found.sort();
    }
    (wanted != found).then(|| format!("rows\n    {}\n  and not\n    {}", found.join("\n    "), wanted.join("\n    ")))
}

fn conforms(name: &str) {
    let language = emulator::language(name).expect("a language of that name");
    let (mut cases, mut rejected, mut failures, mut names) = (0, 0, Vec::new(), BTreeSet::new());
    for (file, read) in &files(language) {
        for case in &read.case {
            assert!(names.insert(case.name.clone()), "two cases are called {:?}", case.name);
            assert!(!case.source.trim().is_empty(), "{:?} names no source", case.name);
            let says_why = case.engines.as_ref().is_none_or(|why| !why.trim().is_empty());
            assert!(says_why, "{:?} does not say why engines answer otherwise", case.name);
            let log =
                |name: &String| read.logs.get(name).unwrap_or_else(|| panic!("{:?}: no logs {name:?}", case.name));
            let logs: Vec<Record> = case.logs.iter().map(log).flat_map(records).collect();
            let mut got = emulate(language, case.query.trim_matches('\n'), &logs, &run_of(read, case));
            if let (Ok(answer), Some(columns)) = (&got, &read.only) {
                got = Ok(only(answer, columns));
            }
            cases += 1;
            rejected += usize::from(case.rejected.is_some());
            failures.extend(wrong(case, &got).map(|wrong| format!("{file}, {}: {wrong}\n  {}", case.name, case.query)));
        }
    }
    println!("{name}: {cases} cases, {rejected} of them texts that must be rejected, {} wrong", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let (_, most, least_rejected) = LEAST.iter().find(|(of, ..)| *of == name).expect("a row");
    assert!(cases >= *most && rejected >= *least_rejected, "{name} has {cases} cases, {rejected} rejected");
}

#[test]
fn cloud_logging_answers_as_documented() {
    conforms("cloud-logging");
}

#[test]
fn cloudwatch_answers_as_documented() {
    conforms("cloudwatch");
}

#[test]
fn googlesql_answers_as_documented() {
    conforms("googlesql");
}

#[test]
fn kql_answers_as_documented() {
    conforms("kql");
}
