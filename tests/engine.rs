//! The engine against the evaluator: for equal rules and events equal outcomes, field by field, whatever partitions and batches are.

mod support;

#[path = "engine/archive.rs"]
mod archive;
#[path = "engine/bench.rs"]
mod bench;
#[path = "engine/crash.rs"]
mod crash;
#[path = "engine/joined.rs"]
mod joined;
#[path = "engine/networks.rs"]
mod networks;
#[path = "engine/pass.rs"]
mod pass;
#[path = "engine/redacted.rs"]
mod redacted;
#[path = "engine/retention.rs"]
mod retention;
#[path = "engine/rules.rs"]
mod rules;
#[path = "engine/sealed.rs"]
mod sealed;
#[path = "engine/state.rs"]
mod state;
#[path = "engine/why.rs"]
mod why;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bench::{BENCHES, compare, shown};
use skywatch::eval::{Event, Outcome, Range};
use support::choices::Choices;
use support::conformance::{conformance_cases, conformance_files, differences};
use support::every_type::{START, STREAM, events, fields};
use support::random::Fields;
use support::{cases, resolved_on, seeded};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Ranges of random runs: everything, and such that windows straddle an end.
const RANGES: [Range; 7] = [
    Range { from: START - DAY, to: START + 30 * DAY },
    Range { from: START, to: START + HOUR },
    Range { from: START + 1, to: START + 2 * HOUR },
    Range { from: START + HOUR / 2, to: START + HOUR },
    Range { from: START + HOUR, to: START + 8 * DAY },
    Range { from: START - DAY, to: START },
    Range { from: START + 60_000_000, to: START + 240_000_000 },
];

/// A random case on some benches: a rule, its events, and how the engine differs on them.
fn random_case(data: &[u32], benches: &[usize]) -> (Outcome, Option<String>) {
    let mut choices = Choices::new(data.to_vec());
    let over_time = choices.once_in(2);
    let text = support::random::rule(&mut choices, &Fields { over_time, ..fields() });
    let resolved = resolved_on(&skywatch::schema::BUILTIN[..1], &[STREAM, &text]);
    let rule = &resolved.rules[0];
    let stream = &resolved.schema.streams[rule.stream];
    let mut events = events(&mut choices, stream, 12);
    let range = RANGES[if choices.once_in(2) { choices.below(RANGES.len()) } else { 0 }];
    if choices.once_in(3) {
        name_sources(&mut choices, &mut events);
    }
    let coverage = ["", "aws.a"].map(|source| (source.to_owned(), START));
    let (outcome, difference) = compare(benches, rule, stream, &events, range, &coverage.into());
    (outcome, difference.map(|difference| format!("{text}{range:?}\n{}{difference}", shown(stream, &events))))
}

fn name_sources(choices: &mut Choices, events: &mut [Event]) {
    for event in events {
        event.source = (*choices.one(&["", "aws.a", "azure.b"])).into();
    }
}

/// Fewer and smaller choices that still differ, and how.
fn shrunk(mut data: Vec<u32>, mut difference: String, benches: &[usize]) -> String {
    let mut size = data.len();
    while size > 0 {
        let mut at = 0;
        while at < data.len() {
            let end = (at + size).min(data.len());
            let cut = [&data[..at], &data[end..]].concat();
            let zeros = [&data[..at], &vec![0; end - at], &data[end..]].concat();
            let smaller = [cut, zeros].into_iter().filter(|tried| *tried != data);
            let found = |tried: Vec<u32>| random_case(&tried, benches).1.map(|difference| (tried, difference));
            match smaller.into_iter().find_map(found) {
                Some(smaller) => (data, difference) = smaller,
                None => at += size,
            }
        }
        size /= 2;
    }
    difference
}

/// Every second of the random cases: two tests share the processors.
fn random_cases(parity: u32) {
    let total = cases(5_000);
    let (mut with_alerts, mut took) = (0, Duration::ZERO);
    let numbers: Vec<u32> = (0..total).filter(|number| number % 2 == parity).collect();
    for number in &numbers {
        let data = seeded(*number, 400);
        // Each case on one bench, every eighth on both.
        let benches: &[usize] = if number % 16 / 2 == 0 { &[0, 1] } else { &[[0], [1]][(number / 2 % 2) as usize] };
        let begin = Instant::now();
        let (outcome, difference) = random_case(&data, benches);
        took += begin.elapsed();
        if let Some(difference) = difference {
            panic!("case {number}:\n{}", shrunk(data, difference, benches));
        }
        with_alerts += usize::from(!outcome.alerts.is_empty());
    }
    let count = numbers.len().max(1);
    println!("{count} random rules on both, {with_alerts} with alerts, {:?} a rule", took / count as u32);
    assert!(with_alerts * 4 > count, "too few rules alert to compare anything: {with_alerts} of {count}");
}

#[test]
fn even_random_rules_over_random_events() {
    random_cases(0);
}

#[test]
fn odd_random_rules_over_random_events() {
    random_cases(1);
}

#[test]
fn conformance_cases_alert_alike() {
    let every: Vec<usize> = (0..BENCHES.len()).collect();
    let mut count = 0;
    for (file, pack) in conformance_files() {
        for case in conformance_cases(pack) {
            let place = format!("{file}: {} \"{}\"", case.rule.name, case.test.title);
            let (outcome, difference) =
                compare(&every, case.rule, case.stream, &case.events, case.range, &BTreeMap::new());
            if let Some(difference) = difference {
                panic!("{place}\n{}{difference}", shown(case.stream, &case.events));
            }
            let problems = differences(pack, &case, &outcome);
            assert!(problems.is_empty(), "{place}: {problems:?}");
            count += 1;
        }
    }
    println!("{count} conformance cases on both");
    assert!(count >= 150, "only {count} conformance cases");
}
