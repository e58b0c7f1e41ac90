//! One comparison: a rule and events on the evaluator and on the engine → what the evaluator gives, and how the engine differs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use skywatch::engine::{Bench, Limits};
use skywatch::eval::{Event, Outcome, Range, Run, run};
use skywatch::ir::{Rule, Stream};

/// One part and large batches, and several parts with batches so small that every group is put together from pieces.
pub(crate) static BENCHES: LazyLock<[Bench; 2]> = LazyLock::new(|| {
    let bench = |partitions, batch| {
        let limits = Limits { memory: 256 << 20, partitions, batch, ..Limits::default() };
        Bench::new(limits).unwrap_or_else(|cause| panic!("{}", cause.message))
    };
    [bench(1, 8_192), bench(2, 3)]
});

/// What the evaluator gives, and how the engine differs from it on one of the benches.
pub(crate) fn compare(
    benches: &[usize],
    rule: &Rule,
    stream: &Stream,
    events: &[Event],
    range: Range,
    coverage: &BTreeMap<String, i64>,
) -> (Outcome, Option<String>) {
    let under = Run { pack: "p", range, coverage };
    let expected = run(rule, stream, events, &under).unwrap_or_else(|cause| panic!("{}", cause.message));
    for bench in benches {
        let difference = match BENCHES[*bench].run(rule, stream, events, &under) {
            Err(cause) => format!("fails: {}", cause.message),
            Ok(found) if found == expected => continue,
            Ok(found) => format!("gives\n{}not\n{}", said(&found), said(&expected)),
        };
        return (expected, Some(format!("bench {bench} {difference}")));
    }
    (expected, None)
}

fn said(outcome: &Outcome) -> String {
    let alerts = outcome.alerts.iter().map(|alert| format!("  {}\n", json(alert)));
    let (lost, undecided) = (outcome.lost_to_missing_keys, outcome.undecided);
    format!("  lost {lost}, undecided {undecided:?}\n{}", alerts.collect::<String>())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Events in one line each, without what is missing.
pub(crate) fn shown(stream: &Stream, events: &[Event]) -> String {
    let event = |event: &Event| {
        let fields = stream.fields.iter().zip(&event.fields).filter(|(_, value)| value.is_present());
        let fields = fields.map(|(field, value)| format!("{} = {}", field.name, json(value)));
        format!("  {}{{ {} }}\n", event.source, fields.collect::<Vec<_>>().join(", "))
    };
    events.iter().map(event).collect()
}
