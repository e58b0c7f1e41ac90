//! W0144 `look-inside-window`: a look-back that is not longer than the window it is compared with.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Question, Statistic, duration};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0144",
        name: "look-inside-window",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "past that is no longer than the window",
        why: "A look-back ends where the window begins. If it is no longer than the window, \"not seen before\" means not seen in the window
before, and a caller that works every other day is new each time; a median or a spread of one past window is no statistic. Look back over many
windows.",
        bad: "
rule new_model {
    severity low
    from     invocation
    over     1d by caller.id, model.id
    when     unseen(12h) and seen(30d by caller.id)
}",
        good: "
rule new_model {
    severity low
    from     invocation
    over     1d by caller.id, model.id
    when     unseen(30d) and seen(30d by caller.id)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let Some(window) = &rule.meant.window else { continue };
        for look in rule.meant.looks.iter().filter(|look| look.length <= window.length && rule.holds(look.span)) {
            // The mean of one window is that window: a change from the one before may be meant. So may one silent window.
            if matches!(look.question, Question::Baseline(_, Statistic::Mean) | Question::Silent) {
                continue;
            }
            let (past, length) = (duration(look.length), duration(window.length));
            let message = format!("the look-back of {past} is no longer than the window of {length}");
            out.push(LINT.finding(message).at(look.span, "").help("look back over many windows: `30d`"));
        }
    }
}
