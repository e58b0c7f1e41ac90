//! W0302 `no-alerting-test`: a rule whose tests never show an alert.

use super::told::tests;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0302",
        name: "no-alerting-test",
        kind: Kind::Care,
        level: Level::Warn,
        title: "tests without an alert",
        why: "A test that expects no alert passes on a rule that can never alert: a slip in a field's value, a condition that nothing meets. Only an event that has
to alert shows that the rule finds what it is for.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"not at the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_000 }]
    expect no alert
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"not at the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_000 }]
    expect no alert
}

test big_answer \"over the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_001 }]
    expect alert
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (name, tests) in tests(context) {
        let (Some(first), true) = (tests.first(), tests.iter().all(|test| test.alerts.is_empty())) else { continue };
        let finding = LINT.finding(format!("no test of `{name}` expects an alert"));
        let finding = finding.at(first.span, "passes on a rule that never alerts");
        out.push(finding.help("add a test with an event that has to alert, and `expect alert`"));
    }
}
