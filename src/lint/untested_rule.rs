//! W0301 `untested-rule`: a rule or correlation that no test is for.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0301",
        name: "untested-rule",
        kind: Kind::Care,
        level: Level::Warn,
        title: "rule without a test",
        why: "A rule that never ran on an event can be wrong in every way that still compiles. One test that alerts and one near miss show that it
finds what it is for and nothing beside it. A signal is tested where a test is for a correlation that reads it.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"alerts over the line only\" {
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
    let resolved = &context.pack.resolved;
    let mut tested: Vec<&str> = resolved.tests.iter().map(|test| test.rule.as_str()).collect();
    let of_tested = resolved.correlations.iter().filter(|one| tested.contains(&one.name.as_str()));
    let read: Vec<&str> = of_tested.flat_map(|one| one.reads(&resolved.correlations)).collect();
    tested.extend(read);
    let mut untested = |name: &str, at: Span, what: &str| {
        if !tested.contains(&name) {
            let help = format!(
                "write `test {name} \"…\" {{ given … expect alert }}`, with an event that alerts and a near miss"
            );
            out.push(LINT.finding(format!("no test is for the {what} `{name}`")).at(at, "").help(help));
        }
    };
    for rule in &context.rules {
        let what = if rule.meant.signal { "signal" } else { "rule" };
        untested(&rule.meant.name, rule.written.name.span, what);
    }
    for one in &context.correlations {
        untested(&one.meant.name, one.written.name.span, "correlation");
    }
}
