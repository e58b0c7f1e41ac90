//! W0303 `no-near-miss`: a rule whose tests never show what does not alert.

use super::told::tests;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Given, Test};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0303",
        name: "no-near-miss",
        kind: Kind::Care,
        level: Level::Warn,
        title: "tests without a near miss",
        why: "Tests that only expect alerts pass on a rule that alerts on everything. One event that just misses, the count at its line, the operation beside the wanted
one, with `expect no alert` or `expect no other alert`, keeps the condition from being loosened unseen.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"over the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_001 }]
    expect alert
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"over the line, and not at it\" {
    given invocation [
        { time = 2026-01-01T00:00Z, tokens.output = 4_001 }
        { time = 2026-01-01T00:01Z, tokens.output = 4_000 }
    ]
    expect alert
    expect no other alert
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (name, tests) in tests(context) {
        // Without an alert either, it is another fault.
        let alerts = tests.iter().any(|test| !test.alerts.is_empty());
        if let (Some(first), true) = (tests.first(), alerts && !tests.iter().any(|test| shows_a_miss(test))) {
            let finding = LINT.finding(format!("no test of `{name}` shows what does not alert"));
            let finding = finding.at(first.span, "passes on a rule that always alerts");
            out.push(finding.help("add an event that just misses, and `expect no other alert`"));
        }
    }
}

/// Whether more events are given than alerts are expected, and no others may come.
fn shows_a_miss(test: &Test) -> bool {
    let events = test.given.iter().map(|given| match given {
        Given::Events { events, .. } => events.len(),
        Given::Records { records, .. } => records.len(),
        // What files hold is not counted.
        Given::File { .. } => usize::MAX,
    });
    test.no_other && events.fold(0, usize::saturating_add) > test.alerts.len()
}
