//! W0148 `mute-inside-window`: a mute shorter than the step of the windows.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::duration;
use crate::syntax::ast::Clause;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0148",
        name: "mute-inside-window",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "mute that is over before the next window",
        why: "A group has one alert a window, and the next one comes about a step later. A mute that is shorter than the step is over by then and
silences hardly anything. Make it several steps long, or take it away.",
        bad: "
rule failing_caller {
    severity low
    from     invocation
    where    status >= 400
    over     1h by caller.id
    let      failed = count()
    when     failed > 50
    mute     15m
}",
        good: "
rule failing_caller {
    severity low
    from     invocation
    where    status >= 400
    over     1h by caller.id
    let      failed = count()
    when     failed > 50
    mute     6h
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let (Some(window), Some(mute)) = (&rule.meant.window, &rule.meant.mute) else { continue };
        // By fewer keys it silences other groups of the same window.
        let whole = mute.keys.as_ref().is_none_or(|keys| keys.len() >= window.keys.len());
        if !whole || mute.length >= window.step {
            continue;
        }
        for clause in &rule.written.clauses {
            let Clause::Mute(written) = &clause.node else { continue };
            out.push(
                LINT.finding(format!(
                    "the next window's alert comes about {} later, when the mute is over",
                    duration(window.step)
                ))
                .at(written.length.span, "shorter than a step")
                .help("make the mute several steps long, or take it away"),
            );
        }
    }
}
