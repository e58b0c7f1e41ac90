//! W0002 `unused-allow`: an allow comment that takes nothing away.

use super::Lint;
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0002",
        name: "unused-allow",
        kind: Kind::Care,
        level: Level::Warn,
        title: "allow comment that takes nothing away",
        why: "The fault that it allows is gone, or stands elsewhere. Left in place it would hide the next one.",
        bad: "
list phrases = [\"ignore previous\"]

// allow unused-list: kept for later
rule injection {
    severity low
    from     invocation
    where    prompt contains any of phrases nocase
}",
        good: "
list phrases = [\"ignore previous\"]

rule injection {
    severity low
    from     invocation
    where    prompt contains any of phrases nocase
}",
    },
    // What comments are good for is known once all other lints have run.
    check: |_, _| {},
};

pub(super) fn finding(about: &About, at: Span) -> Diagnostic {
    LINT.finding(format!("nothing here is found by `{}`", about.name)).at(at, "").help("take the comment away")
}
