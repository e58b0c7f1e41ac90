//! W0155 `duration-in-text-differs`: a doc comment that speaks of another time than the rule.

use std::collections::BTreeSet;

use super::measure::SeenRule;
use super::words::{duration_at, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{ExprKind, Literal, duration};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0155",
        name: "duration-in-text-differs",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "doc comment that speaks of another time",
        why: "The doc comment is what whoever gets the alert reads. If it says \"within 30 minutes\" and the window is 30 hours, one of the two was changed
without the other, or a unit was taken for another. Found where no length of the rule is any that the comment speaks of.",
        bad: "
/// More than 50 calls of one caller fail within 30 minutes.
rule failing_caller {
    severity low
    from     invocation
    where    status >= 400
    over     30h by caller.id
    let      failed = count()
    when     failed > 50
}",
        good: "
/// More than 50 calls of one caller fail within 30 minutes.
rule failing_caller {
    severity low
    from     invocation
    where    status >= 400
    over     30m by caller.id
    let      failed = count()
    when     failed > 50
}",
    },
    check,
};

/// Words before a time that say in what length something happens.
const BEFORE: [&str; 8] = ["within", "in", "inside", "during", "per", "every", "last", "past"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| !rule.doc.is_empty()) {
        let Some(window) = &rule.meant.window else { continue };
        let words = words(rule.doc);
        let said: Vec<_> = (0..words.len()).filter_map(|at| duration_at(&words, at)).collect();
        if said.is_empty() {
            continue;
        }
        let known = lengths(rule);
        if said.iter().any(|one| known.contains(&one.value)) {
            continue;
        }
        let before = |at: usize| at.checked_sub(1).and_then(|at| words.get(at)).filter(|word| !word.ends).map_or("", |w| w.text.as_str());
        let of = |one: &super::words::Said| {
            let word = before(one.first);
            BEFORE.contains(&word) || (matches!(word, "of" | "the") && BEFORE.contains(&before(one.first.saturating_sub(1))))
        };
        if let Some(one) = said.iter().find(|one| of(one)) {
            let message = format!("the doc comment says `{}`, and the rule {}", one.text, duration(window.length));
            out.push(
                LINT.finding(message)
                    .at(one.line, "")
                    .at(window.span, "no length of the rule is that")
                    .help("change the one that is wrong"),
            );
        }
    }
}

/// All durations of a rule.
fn lengths(rule: &SeenRule<'_>) -> BTreeSet<i64> {
    let meant = rule.meant;
    let mut out: BTreeSet<i64> = meant.window.iter().flat_map(|window| [window.length, window.step]).collect();
    out.extend(meant.looks.iter().map(|look| look.length));
    out.extend(meant.mute.iter().map(|mute| mute.length));
    meant.walk(&mut |expr| {
        if let ExprKind::Literal(Literal::Duration(length)) = &expr.kind {
            out.insert(*length);
        }
    });
    out
}
