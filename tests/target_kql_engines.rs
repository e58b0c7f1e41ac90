//! Emitted KQL against other people's engines: random rules over a log with a column of every kind give the same alerts as the evaluator.

mod kql;
mod support;

use std::collections::BTreeMap;

use kql::agreement::{Agreement, at, compare};
use kql::engines::Engine;
use kql::records::{FIELDS, records};
use kql::{START, resolved};
use support::choices::Choices;
use support::{cases, seeded};

#[test]
fn random_rules_agree() {
    let (Some(mut parser), Some(mut runner)) = (Engine::parser(), Engine::runner()) else {
        println!("SKIPPED: the engines of tests/oracles are not installed");
        return;
    };
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    let (mut same, mut rows) = (0, 0);
    let mut wrong = Vec::new();
    for number in 0..cases(150) {
        if let Ok(only) = std::env::var("KQL_ONLY") {
            if only.split(',').all(|n| n.parse() != Ok(number)) {
                continue;
            }
        }
        let mut choices = Choices::new(seeded(number, 900));
        let text = support::random::rule(&mut choices, FIELDS);
        let resolved = resolved(&text);
        let records = records(&mut choices, 12);
        let range = choices
            .once_in(3)
            .then_some(())
            .map_or(Some((START - 86_400_000_000, START + 9 * 86_400_000_000)), |()| None);
        let now = at(START, 5 * 60 + 3_600 * i64::try_from(choices.below(4)).unwrap_or_default());
        match compare(&resolved, &records, range, now, (&mut parser, &mut runner)) {
            Agreement::Same(found) => {
                same += 1;
                rows += found;
            }
            Agreement::Refused(why) => *tally.entry(format!("refused: {why}")).or_default() += 1,
            Agreement::Unsupported(why) => {
                if let Ok(path) = std::env::var("KQL_DEBUG") {
                    std::fs::write(format!("{path}/uns{number}.txt"), format!("case {number}\n{text}\n{why}")).unwrap();
                } else {
                    *tally.entry(format!("not run: {why}")).or_default() += 1
                }
            }
            Agreement::Wrong(what) => {
                if let Ok(path) = std::env::var("KQL_DEBUG") {
                    std::fs::write(format!("{path}/wrong{number}.txt"), format!("case {number}\n{text}\n{what}"))
                        .unwrap();
                }
                wrong.push(format!("case {number}\n{text}\n{what}"))
            }
        }
    }
    for (why, count) in &tally {
        println!("{count:5} {why}");
    }
    println!("{same} the same, with {rows} rows; {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong[0]);
}
