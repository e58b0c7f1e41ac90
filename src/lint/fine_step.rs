//! W0206 `fine-step`: a window that is so many times as long as its step that each event is counted in hundreds of them.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::duration;

/// Most windows that hold one event and say nothing.
const MOST: i64 = 500;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0206",
        name: "fine-step",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "step far shorter than its window",
        why: "Each event is counted in every window that holds it: in a window of a day that moves by a minute 1,440 times. A step of a twelfth of
the window finds nearly the same, a little later.",
        bad: "
rule tokens_of_a_day {
    severity medium
    from     invocation
    over     1d every 1m by caller.id
    when     sum(tokens.total) > 500_000
}",
        good: "
rule tokens_of_a_day {
    severity medium
    from     invocation
    over     1d every 1h by caller.id
    when     sum(tokens.total) > 500_000
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for window in context.rules.iter().filter_map(|rule| rule.meant.window.as_ref()) {
        let windows = window.length.checked_div(window.step).unwrap_or_default();
        if windows > MOST {
            let (length, step) = (duration(window.length), duration(window.step));
            let finding = LINT.finding(format!("each event is counted in {windows} windows"));
            let finding = finding.at(window.span, format!("{length} moved by {step}"));
            out.push(finding.help("take a longer step: a twelfth of the window is fine for most rules"));
        }
    }
}
