//! W0151 `unused-signal`: a signal that no correlation reads.

use super::measure::members;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0151",
        name: "unused-signal",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "signal that no correlation reads",
        why: "A signal reaches nobody by itself. One that no `correlate` names runs, finds, and tells no one. Name it in a correlation, or make a
rule of it with a severity.",
        bad: "
signal blocks { from invocation  where guardrail.action == \"blocked\"  over 5m by caller.id  let n = count()  when n > 2 }
signal errors { from invocation  where status >= 500  over 5m by caller.id  let n = count()  when n > 20 }
rule   denied { severity low  from activity  where outcome == \"denied\" }

correlate campaign {
    severity high
    by       caller.id
    within   10m
    when     blocks then denied
}",
        good: "
signal blocks { from invocation  where guardrail.action == \"blocked\"  over 5m by caller.id  let n = count()  when n > 2 }
signal errors { from invocation  where status >= 500  over 5m by caller.id  let n = count()  when n > 20 }
rule   denied { severity low  from activity  where outcome == \"denied\" }

correlate campaign {
    severity high
    by       caller.id
    within   10m
    when     at least 2 of blocks, errors, denied
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let read = members(context);
    for signal in context.rules.iter().filter(|rule| rule.meant.signal && !read.contains(rule.meant.name.as_str())) {
        out.push(
            LINT.finding(format!("no correlation reads the signal `{}`: its alerts reach nobody", signal.meant.name))
                .at(signal.written.name.span, "")
                .help("name it in a `correlate`, or write `rule` and a severity"),
        );
    }
}
