//! The engine against the evaluator: for equal rules and events equal outcomes, field by field, whatever partitions and batches are.

mod support;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use skywatch::engine::{Bench, Limits};
use skywatch::eval::{Event, Outcome, Range, Run, run};
use skywatch::ir::{Rule, Stream};
use support::choices::Choices;
use support::every_type::{FIELDS, START, STREAM, events};
use support::{cases, resolved_on, seeded};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// One part and large batches, and several parts with batches so small that every group is put together from pieces.
static BENCHES: LazyLock<[Bench; 2]> = LazyLock::new(|| {
    let bench = |partitions, batch| {
        let limits = Limits { memory: 256 << 20, partitions, batch };
        Bench::new(limits).unwrap_or_else(|cause| panic!("{}", cause.message))
    };
    [bench(1, 8_192), bench(2, 3)]
});

/// What the evaluator gives, and how the engine differs from it.
fn compare(rule: &Rule, stream: &Stream, events: &[Event], range: Range) -> (Outcome, Option<String>) {
    let coverage = BTreeMap::from([(String::new(), START)]);
    let under = Run { pack: "p", range, coverage: &coverage };
    let expected = run(rule, stream, events, &under).unwrap_or_else(|cause| panic!("{}", cause.message));
    for (n, bench) in BENCHES.iter().enumerate() {
        let difference = match bench.run(rule, stream, events, &under) {
            Err(cause) => format!("fails: {}", cause.message),
            Ok(found) if found == expected => continue,
            Ok(found) => format!("gives\n{}not\n{}", said(&found), said(&expected)),
        };
        return (expected, Some(format!("bench {n} {difference}")));
    }
    (expected, None)
}

fn said(outcome: &Outcome) -> String {
    let alerts = outcome.alerts.iter().map(|alert| format!("  {}\n", json(alert)));
    format!("  lost {}\n{}", outcome.lost_to_missing_keys, alerts.collect::<String>())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Events in one line each, without what is missing.
fn shown(stream: &Stream, events: &[Event]) -> String {
    let event = |event: &Event| {
        let fields = stream.fields.iter().zip(&event.fields).filter(|(_, value)| value.is_present());
        fields.map(|(field, value)| format!("{} = {}", field.name, json(value))).collect::<Vec<_>>().join(", ")
    };
    events.iter().map(|e| format!("  {{ {} }}\n", event(e))).collect()
}

/// A random case: a rule, its events, and how the engine differs on them.
fn random_case(data: &[u32]) -> (Outcome, Option<String>) {
    let mut choices = Choices::new(data.to_vec());
    let text = support::random::rule(&mut choices, FIELDS);
    let resolved = resolved_on(&skywatch::schema::BUILTIN[..1], &[STREAM, &text]);
    let rule = &resolved.rules[0];
    let stream = &resolved.schema.streams[rule.stream];
    let events = events(&mut choices, stream, 12);
    let (outcome, difference) = compare(rule, stream, &events, Range { from: START - DAY, to: START + 30 * DAY });
    (outcome, difference.map(|difference| format!("{text}{}{difference}", shown(stream, &events))))
}

/// Fewer and smaller choices that still differ, and how.
fn shrunk(mut data: Vec<u32>, mut difference: String) -> String {
    let mut size = data.len();
    while size > 0 {
        let mut at = 0;
        while at < data.len() {
            let end = (at + size).min(data.len());
            let cut = [&data[..at], &data[end..]].concat();
            let zeros = [&data[..at], &vec![0; end - at], &data[end..]].concat();
            let smaller = [cut, zeros].into_iter().filter(|tried| *tried != data);
            match smaller.into_iter().find_map(|tried| random_case(&tried).1.map(|difference| (tried, difference))) {
                Some((tried, found)) => (data, difference) = (tried, found),
                None => at += size,
            }
        }
        size /= 2;
    }
    difference
}

#[test]
fn random_rules_over_random_events() {
    let total = cases(300);
    let (mut with_alerts, mut took) = (0, Duration::ZERO);
    for number in 0..total {
        let data = seeded(number, 400);
        let begin = Instant::now();
        let (outcome, difference) = random_case(&data);
        took += begin.elapsed();
        if let Some(difference) = difference {
            panic!("case {number}:\n{}", shrunk(data, difference));
        }
        with_alerts += u32::from(!outcome.alerts.is_empty());
    }
    println!("{total} rules, {with_alerts} with alerts, {:?} a rule", took / total.max(1));
    assert!(with_alerts * 4 > total, "too few rules alert to compare anything: {with_alerts} of {total}");
}
