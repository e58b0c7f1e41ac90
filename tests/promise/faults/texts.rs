//! A test of the tests: faults in emitted texts, each of which has to show in the rows of a shipped rule, or in the text being rejected.
//!
//! A fault makes a wrong text of a right one, or does not apply to it. It is found where the wrong text gives other rows than the right one,
//! over the samples of a source or the records of a rule's tests. A fault that is found nowhere is one that no test would find.

use std::path::Path;

use crate::logs::{RANGE, sources_on, target};
use crate::support::samples::{self, Samples};
use regex::Regex;
use serde_json::Value;
use skywatch::bind::admits;
use skywatch::emulator::{Kind, LANGUAGES, Language, Record};
use skywatch::pack::load;
use skywatch::ruletest::cases;
use skywatch::ruletest::emitted::{Log, emitted};
use skywatch::target::{Emission, Request, emit};

/// A name, the targets whose texts it makes wrong, and how: what is found, and what stands in its place.
type Fault = (&'static str, &'static [&'static str], &'static str, &'static str);

const ALL: &[&str] = &["cloudwatch", "kql", "cloud-logging", "googlesql"];
const COUNTING: &[&str] = &["cloudwatch", "kql", "googlesql"];

/// Each is applied to every place of a text, one place at a time.
const FAULTS: &[Fault] = &[
    ("a count above a number is one at it", COUNTING, r" > (\d+)", " >= $1"),
    ("a count above a number is one above the next", COUNTING, r" > (\d+)", " > 1$1"),
    ("a count above is a count below", COUNTING, r" > (\d+)", " < $1"),
    ("and is or", COUNTING, r" (?:and|AND) ", " or "),
    ("or is and", ALL, r" (?:or|OR) ", " AND "),
    ("a pattern lost its end", &["cloudwatch"], r#"\$(["/'])"#, "$1"),
    ("equal is unequal", COUNTING, r" ==? ", " != "),
    ("unequal is equal", &["cloudwatch"], r" (?:!=|<>) ", " = "),
    ("a sum is a maximum", &["cloudwatch", "kql"], r"\b(?:sum|SUM)\(", "max("),
    ("a condition is gone", &["cloudwatch"], r"(?m)^\| filter .*\n", ""),
    ("a condition is gone", &["kql"], r"(?m)^\| where .*\n", ""),
    ("a condition is gone", &["cloud-logging"], r"(?m)^.+\n", ""),
    ("a condition is turned round", &["cloudwatch"], r"\| filter (.*)", "| filter not ($1)"),
    ("a condition is turned round", &["kql"], r"\| where (.*)", "| where not($1)"),
    ("a condition is turned round", &["cloud-logging"], r"(?m)^(.+)$", "NOT ($1)"),
    ("not is gone", &["cloud-logging"], r"NOT ", ""),
    ("a pattern is a text", &["cloud-logging"], " =~ ", " = "),
    ("a presence is gone", &["cloud-logging"], r"NOT [a-zA-Z.]+:\* OR ", ""),
    ("a quote is gone", ALL, r#"""#, ""),
    ("case is folded", &["kql"], r" == ", " =~ "),
    ("case is not folded", &["kql"], r" =~ ", " == "),
    ("an empty text is there", &["kql"], r"isnotempty\(([^()]*)\)", "true"),
    ("a window is longer", &["kql"], r"\b1(h|d|m)\b", "2$1"),
    ("a window begins later", &["kql"], r"datetime\((\d{4}-\d\d-)02", "datetime(${1}03"),
    ("a key is gone", &["kql"], r", caller_id", ""),
    ("a join keeps what has no partner", &["kql"], r"kind=(?:inner|leftouter)", "kind=leftanti"),
    ("a window is longer", &["cloudwatch"], r"substr\((\w+), 0, 1[0-9]\)", "substr($1, 0, 10)"),
    ("a key is gone", &["cloudwatch"], r", caller_id", ""),
    ("a list is one of its elements", &["cloudwatch"], r#"in \["[^"]*", "#, "in ["),
    ("one row is enough", &["cloudwatch"], r"limit 10000", "limit 1"),
    ("a default is gone", &["cloudwatch"], r#"coalesce\((\w+), "[^"]*"\)"#, "$1"),
    ("a default is another", &["cloudwatch", "kql"], r#"'\(not named\)'|"\(not named\)""#, "'x'"),
    ("a window is longer", &["googlesql"], r"3600|86400|INTERVAL 1 ", "INTERVAL 2 "),
    ("a key is gone", &["googlesql"], r", caller_id", ""),
    ("a cast does not fail", &["googlesql"], r"SAFE_CAST|CAST", "TO_JSON_STRING"),
    ("null is false", &["googlesql"], r"IS NOT NULL", "IS NULL"),
    ("a value is its JSON", &["googlesql"], r"JSON_VALUE", "JSON_QUERY"),
    ("an element is another", &["kql"], r"\[0\]", "[1]"),
    ("case is not folded", &["cloudwatch", "googlesql"], r"\[([A-Z])([a-z])\]", "$1"),
];

/// Faults that no shipped rule shows yet, over no record there is: they wait for cases that do.
const UNSEEN: &[Fault] = &[
    ("a pattern lost its start", &["cloudwatch", "kql", "cloud-logging", "googlesql"], r#"(["/'(])\^"#, "$1"),
    ("a pattern lost its end", &["kql", "cloud-logging", "googlesql"], r#"\$(["/'])"#, "$1"),
    ("an escaped point is any character", &["cloudwatch", "kql", "cloud-logging", "googlesql"], r"\\+\.", "."),
    ("unequal is equal", &["kql", "googlesql"], r" (?:!=|<>) ", " = "),
    ("a sum is a maximum", &["googlesql"], r"\b(?:sum|SUM)\(", "max("),
    ("parentheses are gone", &["cloud-logging"], r"(?m)^\((.*)\)$", "$1"),
    ("a term is a part", &["kql"], r" (?:has|startswith_cs|startswith) ", " contains "),
    ("a number is there", &["kql"], r"isnotnull\(([^()]*)\)", "true"),
    ("distinct is not", &["kql"], r"\b(?:dcount|count_distinct)\(", "count("),
    ("the first is the last", &["kql"], r"\barg_min\(", "arg_max("),
    ("a default is another", &["googlesql"], r#"'\(not named\)'|"\(not named\)""#, "'x'"),
    ("distinct is not", &["googlesql"], r"DISTINCT ", ""),
    ("an element is another", &["cloudwatch", "googlesql"], r"\[0\]", "[1]"),
    ("case is not folded", &["kql"], r"\[([A-Z])([a-z])\]|ascii_lower", "$1"),
];

/// A right text, records, the range of a run over them, and the rows.
struct Right {
    emission: Emission,
    records: Vec<Record>,
    range: (i64, i64),
    rows: String,
}

/// Right texts of a target that its emulator knows.
fn texts(language: &'static dyn Language) -> Vec<Right> {
    let pack = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rulepacks/ai-security"));
    let schema = &pack.resolved.schema;
    let target = target(language.name());
    let mut out = Vec::new();
    let mut add = |emission: Emission, records: &[Record], range| {
        let text = emission.query.text.as_deref();
        let rows = text.map(|text| given(language, text, &emission, records, range));
        if let Some(Ok(rows)) = rows {
            out.push(Right { emission, records: records.to_vec(), range, rows });
        }
    };
    let request = |(from, to)| Request { range: Some((from, to)), ..Request::default() };
    for Samples { source, files, .. } in sources_on(language.name(), schema) {
        let record = |record: Value| Record { text: record.to_string(), ..Record::default() };
        let records: Vec<Record> = files.iter().flat_map(|file| samples::records(file)).map(record).collect();
        let range = (RANGE.from, RANGE.to);
        for rule in &pack.resolved.rules {
            let emissions = emit(rule, schema, target, request(range));
            emissions.into_iter().filter(|e| e.source == source).for_each(|e| add(e, &records, range));
        }
    }
    for case in cases(&pack) {
        for source in schema.sources.iter().filter(|source| admits(case.rule, source)) {
            let Ok(log) = Log::of(&pack, &case, source) else { continue };
            let range = (case.range.from, case.range.to);
            let emissions = emit(case.rule, schema, target, request(range));
            emissions.into_iter().filter(|e| e.source == source.name).for_each(|e| add(e, &log.records, range));
        }
    }
    out
}

/// The rows that a text gives, whatever their order; or why it gives none.
fn given(
    language: &dyn Language,
    text: &str,
    emission: &Emission,
    records: &[Record],
    range: (i64, i64),
) -> Result<String, Kind> {
    let rows = emitted(language, text, emission, records, range).map_err(|failure| failure.kind)?;
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    Ok(rows.join("\n"))
}

#[test]
fn every_fault_shows() {
    let (mut tried, mut lost) = (0, Vec::new());
    for language in LANGUAGES {
        let name = language.name();
        let texts = texts(*language);
        for (fault, _, find, put) in FAULTS.iter().filter(|(_, targets, ..)| targets.contains(&name)) {
            let find = Regex::new(find).expect("a pattern");
            tried += 1;
            let shows = texts.iter().any(|right| {
                let text = right.emission.query.text.as_deref().unwrap_or_default();
                find.captures_iter(text).any(|found| {
                    let at = found.get(0).expect("the whole match").range();
                    let mut put_in = String::new();
                    found.expand(put, &mut put_in);
                    let wrong = format!("{}{put_in}{}", &text[..at.start], &text[at.end..]);
                    let rows = given(*language, &wrong, &right.emission, &right.records, right.range);
                    wrong != text && rows.as_ref() != Ok(&right.rows)
                })
            });
            if !shows {
                lost.push(format!("{name}: {fault}"));
            }
        }
    }
    let unseen: usize = UNSEEN.iter().map(|(_, targets, ..)| targets.len()).sum();
    println!("{tried} faults, {} of them found nowhere; {unseen} more that no shipped rule shows yet", lost.len());
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(tried >= 40);
}
