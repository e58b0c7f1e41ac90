//! Emitted KQL against other people's engines, which give the same alerts as the evaluator: random rules over a log with a column of every
//! kind, awkward texts, and the shipped rules over the sample logs.

mod kql;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kql::agreement::{Agreement, Case, compare};
use kql::records::{FIELDS, records, stored};
use kql::{HOUR, START, resolved, rule};
use serde_json::{Map, Value, json};
use support::choices::Choices;
use support::oracle::{Engine, Oracle};
use support::{cases, seeded};

const DAY: i64 = 24 * HOUR;

/// Rules that read `resultSignature`: of "Forbidden." the table keeps what stands behind the dot, by the only facts at hand, and that is
/// nothing. Which of the two the table of a real workspace holds is to be seen there.
const UNSETTLED: [&str; 1] = ["permission_denied"];

/// Both engines, or a word that they are missing.
fn engines() -> Option<(Oracle, Oracle)> {
    Oracle::start(Engine::KqlCheck).zip(Oracle::start(Engine::KqlRun))
}

#[test]
fn random_rules_agree() {
    let Some((mut parser, mut runner)) = engines() else { return };
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    let (mut same, mut rows) = (0, 0);
    let mut wrong = Vec::new();
    for number in 0..cases(60) {
        let mut choices = Choices::new(seeded(number, 900));
        let text = support::random::rule(&mut choices, FIELDS);
        let resolved = resolved(&text);
        let records = records(&mut choices, 12);
        // The last window before now in one case of three.
        let range = (!choices.once_in(3)).then_some((START - DAY, START + 9 * DAY));
        let now = START + 300_000_000 + HOUR * i64::try_from(choices.below(4)).unwrap_or_default();
        let stored = stored(&records);
        let case = Case { resolved: &resolved, rule: 0, records: &records, stored: &stored, range, now };
        match compare(&case, (&mut parser, &mut runner)) {
            Agreement::Same(found) => {
                same += 1;
                rows += found;
            }
            Agreement::Refused(why) => *tally.entry(format!("refused: {why}")).or_default() += 1,
            Agreement::Unsupported(why) => *tally.entry(format!("not run: {why}")).or_default() += 1,
            Agreement::Wrong(what) => wrong.push(format!("case {number}\n{text}\n{what}")),
        }
    }
    for (why, count) in &tally {
        println!("{count:5} {why}");
    }
    println!("{same} the same, with {rows} rows; {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(same * 10 > 8 * cases(60) as usize, "too few rules were compared");
}

#[test]
fn awkward_texts_stay_texts() {
    let Some((mut parser, mut runner)) = engines() else { return };
    let texts = [
        "it's \"100%_é\" C:\\x",
        "\\",
        "\\\"",
        "\"",
        "'",
        "']",
        "\"]) | take 0 //",
        "// no comment",
        "a\nb\tc\rd",
        "\u{202e}abc\u{2028}",
        "```",
        "@\"x\"",
        "h'x'",
        "{x} ${x} %s",
        "\\u0041\\n",
        "💥\u{e0041}",
        "let x = 1;",
    ];
    for text in texts {
        let literal: String = text.chars().map(|c| format!("\\u{{{:x}}}", u32::from(c))).collect();
        for test in ["word == ", "word contains ", "word starts with ", "word in [\"x\", "] {
            let end = if test.contains('[') { "]" } else { "" };
            let resolved = resolved(&rule(&format!("where {test}\"{literal}\"{end} show word")));
            let records = [json!({ "time": "2026-01-01T00:00:00Z", "id": "e", "word": text })];
            let stored = stored(&records);
            let range = Some((START, START + HOUR));
            let case = Case { resolved: &resolved, rule: 0, records: &records, stored: &stored, range, now: START };
            assert_eq!(compare(&case, (&mut parser, &mut runner)), Agreement::Same(1), "{test}{text:?}");
        }
    }
}

#[test]
fn shipped_rules_agree_on_the_sample_logs() {
    let Some((mut parser, mut runner)) = engines() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pack = skywatch::pack::load(&root.join("rulepacks/ai-security"));
    let mut files = Vec::new();
    json_files(&root.join("samples/azure"), &mut files);
    assert!(!files.is_empty());
    let text: String = files.iter().map(|file| std::fs::read_to_string(file).expect("a sample")).collect();
    // What can't be read, or is no activity, is told apart by ingest; here only what the table would hold is wanted.
    let records: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_activity = |record: &Value| record["operationName"].is_string() && record["time"].is_string();
    let mut records: Vec<Value> = records.into_iter().filter(is_activity).collect();
    // The table holds no record twice: `provided: no duplicates`.
    let mut seen = std::collections::BTreeSet::new();
    records.retain(|record| seen.insert(record.to_string()));
    let mut stored = Map::new();
    stored.insert("raw".to_owned(), json!({ "AzureActivity": records }));
    let from = 1_793_577_600_000_000;
    let range = Some((from, from + 3 * DAY));
    let mut alerts = 0;
    for (number, rule) in pack.resolved.rules.iter().enumerate() {
        let case =
            Case { resolved: &pack.resolved, rule: number, records: &records, stored: &stored, range, now: from };
        match compare(&case, (&mut parser, &mut runner)) {
            Agreement::Same(found) => {
                println!("{}: {found} rows, the same", rule.name);
                alerts += found;
            }
            Agreement::Refused(why) => println!("{}: refused, {why}", rule.name),
            Agreement::Wrong(_) if UNSETTLED.contains(&rule.name.as_str()) => println!("{}: unsettled", rule.name),
            other => panic!("{}: {other:?}", rule.name),
        }
    }
    assert!(alerts > 0, "the sample logs set off nothing");
}

fn json_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            json_files(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            files.push(entry);
        }
    }
}
