//! The cases of the KQL emulator through other people's engines: Microsoft's parser takes what has rows and rejects what is rejected, and
//! duckdb-kql gives the same rows. Where one of them answers otherwise than the documentation the case says why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::oracle::{Engine, Oracle};
use serde_json::{Map, Value, json};

/// A case: its file's logs and moment, and what it says itself.
struct Case {
    text: toml::Table,
    logs: toml::Table,
    now: String,
}

impl Case {
    fn word(&self, key: &str) -> Option<&str> {
        self.text.get(key).and_then(toml::Value::as_str)
    }

    fn name(&self) -> &str {
        self.word("name").unwrap_or_default()
    }

    fn query(&self) -> &str {
        self.word("query").unwrap_or_default().trim_matches('\n')
    }

    /// The raw records by table, as their category says; none where the engines have no such thing as a time of arrival or a range.
    fn raw(&self) -> Option<Map<String, Value>> {
        let mut out = Map::new();
        for name in self.text.get("logs").and_then(toml::Value::as_array).into_iter().flatten() {
            let records = self.logs[name.as_str().unwrap_or_default()]["records"].as_str().unwrap_or_default();
            for line in records.lines().filter(|line| !line.is_empty()) {
                let record: Value = serde_json::from_str(line).ok()?;
                let first = record["records"].get(0).unwrap_or(&record);
                let table = match first["category"].as_str().unwrap_or("Administrative") {
                    "GatewayLogs" => "ApiManagementGatewayLogs",
                    "GatewayLlmLogs" => "ApiManagementGatewayLlmLog",
                    "GatewayMCPLogs" => "ApiManagementGatewayMCPLog",
                    "Administrative" => "AzureActivity",
                    _ => "AzureDiagnostics",
                };
                let rows = out.entry(table).or_insert_with(|| json!([]));
                rows.as_array_mut()?.push(record);
            }
        }
        (self.word("from").is_none() && self.word("until").is_none()).then_some(out)
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/kql");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut out = Vec::new();
    for path in paths {
        let file: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let logs = file.get("logs").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        for case in file["case"].as_array().unwrap() {
            let text = case.as_table().unwrap().clone();
            let now =
                text.get("now").or(file.get("now")).and_then(toml::Value::as_str).unwrap_or("2026-02-01T00:00:00Z");
            out.push(Case { now: now.to_owned(), text, logs: logs.clone() });
        }
    }
    out
}

/// A value written one way: numbers as floats, moments in microseconds, lengths of time in seconds.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::String(text) => {
            let seconds = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
            let moment =
                chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| json!({ "at": time.timestamp_micros() }));
            moment.or(seconds.map(Value::from)).unwrap_or_else(|| value.clone())
        }
        Value::Array(elements) => elements.iter().map(canonical).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), canonical(value))).collect(),
        other => other.clone(),
    }
}

/// What duckdb-kql says of a case's rows.
enum Rows {
    Same,
    /// With functions that this repository adds to the engine.
    SameByTemplates,
    NotRun,
    Other(String),
}

fn run(runner: &mut Oracle, case: &Case, raw: Map<String, Value>, columns: &[&str], expected: &str) -> Rows {
    let answer = runner.ask(&json!({ "id": 0, "query": case.query(), "raw": raw, "now": case.now }));
    let Some(found) = answer["rows"].as_array() else { return Rows::NotRun };
    let row = |row: &Value| columns.iter().map(|column| canonical(&row[*column])).collect::<Value>().to_string();
    let mut found: Vec<String> = found.iter().map(row).collect();
    let lines = expected.lines().filter(|line| !line.is_empty());
    let mut wanted: Vec<String> =
        lines.map(|line| canonical(&serde_json::from_str(line).unwrap()).to_string()).collect();
    if case.text.contains_key("unordered") {
        found.sort();
        wanted.sort();
    }
    let templates = answer["templates"].as_array().is_some_and(|used| !used.is_empty());
    match (found == wanted, templates) {
        (true, false) => Rows::Same,
        (true, true) => Rows::SameByTemplates,
        _ => Rows::Other(format!("duckdb-kql has {} and not {}", found.join(" "), wanted.join(" "))),
    }
}

/// What Microsoft's parser says against a case.
fn check(parser: &mut Oracle, case: &Case, columns: Option<&[&str]>) -> Option<String> {
    let answer = parser.ask(&json!({ "id": 0, "query": case.query() }));
    let errors = answer["errors"].as_array().unwrap();
    match (columns, errors.first()) {
        (None, None) => Some("Microsoft's parser takes it".to_owned()),
        (None, Some(_)) => None,
        (Some(_), Some(error)) => Some(format!("Microsoft's parser: {}", error["message"])),
        (Some(columns), None) => {
            let found: Vec<&str> =
                answer["columns"].as_array().unwrap().iter().filter_map(|one| one[0].as_str()).collect();
            (found != columns).then(|| format!("Microsoft's parser has columns {found:?}"))
        }
    }
}

#[test]
fn engines_answer_as_the_documentation_says() {
    let engines = Oracle::start(Engine::KqlCheck).zip(Oracle::start(Engine::KqlRun));
    let Some((mut parser, mut runner)) = engines else { return };
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases() {
        let columns: Option<Vec<&str>> = case
            .text
            .get("columns")
            .map(|list| list.as_array().unwrap().iter().filter_map(toml::Value::as_str).collect());
        if columns.is_none() && !case.text.contains_key("rejected") {
            *tally.entry("neither rows nor rejected").or_default() += 1;
            continue;
        }
        let mut against = check(&mut parser, case, columns.as_deref());
        *tally.entry(if columns.is_some() { "parsed" } else { "rejected by the parser" }).or_default() +=
            usize::from(against.is_none());
        if let (Some(columns), Some(expected)) = (&columns, case.word("rows")) {
            let rows = match case.raw() {
                Some(raw) => run(&mut runner, case, raw, columns, expected),
                None => Rows::NotRun,
            };
            let what = match &rows {
                Rows::Same => "the same rows",
                Rows::SameByTemplates => "the same rows by templates of ours",
                Rows::NotRun => "not run by duckdb-kql",
                Rows::Other(_) => "other rows",
            };
            *tally.entry(what).or_default() += 1;
            if let Rows::Other(why) = rows {
                against.get_or_insert_default().push_str(&why);
            }
        }
        match (against, case.word("engines")) {
            (Some(why), None) => wrong.push(format!("{}: {why}\n  {}", case.name(), case.query())),
            (None, Some(_)) => wrong.push(format!("{}: the engines agree, its note is out of date", case.name())),
            (Some(_), Some(_)) => *tally.entry("noted as different").or_default() += 1,
            (None, None) => {}
        }
    }
    for (what, count) in &tally {
        println!("{count:5} {what}");
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
