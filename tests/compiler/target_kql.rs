//! What each construct becomes in KQL, text for text; what is refused and why; and that no user's text becomes syntax.
//!
//! The texts stand in `tests/kql/emitted.txt`; `SKYWATCH_BLESS=1` writes them anew, for review.

use std::fmt::Write as _;

use crate::kql::{RANGE, emission, rule};
use crate::support::oracle::{Engine, Oracle};
use skywatch::target::Emission;

const EMITTED: &str = include_str!("../kql/emitted.txt");

/// The clauses of a case: those over the probe, or a whole file.
fn file(clauses: &str) -> String {
    if clauses.contains("rule ") { clauses.to_owned() } else { rule(clauses) }
}

fn described(emission: &Emission) -> String {
    let query = &emission.query;
    let mut out = query.verdict.text().to_owned();
    if !query.provided.is_empty() {
        let conditions: Vec<String> = query.provided.iter().map(|condition| condition.text()).collect();
        _ = write!(out, ", provided {}", conditions.join("; "));
    }
    if !query.left_out.is_empty() {
        _ = write!(out, ", left out {}", query.left_out.join(", "));
    }
    out.push('\n');
    for reason in &query.reasons {
        _ = writeln!(
            out,
            "{}: {}; {}",
            reason.code.as_str(),
            reason.message,
            reason.help.as_deref().unwrap_or("no way out")
        );
    }
    out.push_str(query.text.as_deref().unwrap_or_default());
    out
}

#[test]
fn each_construct_has_its_text() {
    let mut all = String::new();
    for case in EMITTED.split("\n==== ").filter(|case| !case.trim().is_empty()) {
        let case = case.trim_start_matches("==== ");
        let (clauses, _) = case.split_once("\n----").expect("a case is its clauses, a line of dashes, and its text");
        // `now: ` asks for the last window before now.
        let (range, asked) = match clauses.strip_prefix("now: ") {
            Some(clauses) => (None, clauses),
            None => (RANGE, clauses),
        };
        _ = write!(all, "==== {clauses}\n----\n{}\n", described(&emission(&file(asked), range)));
    }
    if std::env::var_os("SKYWATCH_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kql/emitted.txt");
        std::fs::write(path, &all).expect("the expectations can be written");
        return;
    }
    for (found, expected) in all.lines().zip(EMITTED.lines()) {
        assert_eq!(found, expected, "SKYWATCH_BLESS=1 writes tests/kql/emitted.txt anew");
    }
    assert_eq!(all.lines().count(), EMITTED.lines().count());
}

#[test]
fn every_emitted_text_passes_microsofts_parser() {
    let Some(mut parser) = Oracle::start(Engine::KqlCheck) else { return };
    for case in EMITTED.split("\n==== ").filter(|case| !case.trim().is_empty()) {
        let (clauses, text) =
            case.split_once("\n----\n").expect("a case is its clauses, a line of dashes, and its text");
        if text.starts_with("refused") {
            continue;
        }
        let lines = text.lines().skip(1).skip_while(|line| line.starts_with("E0"));
        let query = lines.collect::<Vec<_>>().join("\n");
        let case = if query.contains("AzureActivity") {
            serde_json::json!({ "id": 0, "query": query })
        } else {
            serde_json::json!({ "id": 0, "query": query, "schema": crate::kql::records::schema() })
        };
        let answer = parser.ask(&case);
        assert_eq!(answer["errors"], serde_json::json!([]), "{clauses}\n{query}");
    }
}
