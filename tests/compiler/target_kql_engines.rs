//! Emitted KQL against other people's engines, which give the same alerts as the evaluator: random rules over a log with a column of every
//! kind, and awkward texts.

use std::collections::BTreeMap;

use crate::kql::agreement::{Agreement, Case, compare};
use crate::kql::records::{fields, records, stored};
use crate::kql::{HOUR, START, resolved, rule};
use crate::support::choices::Choices;
use crate::support::oracle::{Engine, Oracle};
use crate::support::random::Fields;
use crate::support::{cases, seeded};
use serde_json::json;

const DAY: i64 = 24 * HOUR;

/// Both engines, or a word that they are missing.
fn engines() -> Option<(Oracle, Oracle)> {
    Oracle::start(Engine::KqlCheck).zip(Oracle::start(Engine::KqlRun))
}

#[test]
fn random_rules_agree() {
    agree(fields());
}

#[test]
fn random_rules_that_look_back_agree() {
    agree(Fields { over_time: true, only: "azure.probe".to_owned(), ..fields() });
}

/// Runs random rules over these fields both ways.
fn agree(fields: Fields) {
    let Some((mut parser, mut runner)) = engines() else { return };
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    let (mut same, mut rows) = (0, 0);
    let mut wrong = Vec::new();
    for number in 0..cases(60) {
        let mut choices = Choices::new(seeded(number, 900));
        let text = crate::support::random::rule(&mut choices, &fields);
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
