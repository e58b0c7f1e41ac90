//! W0001 `unfounded-allow`: an allow comment that names no lint, or gives no reason.

use super::Lint;
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0001",
        name: "unfounded-allow",
        kind: Kind::Care,
        level: Level::Warn,
        title: "allow comment that names no lint or gives no reason",
        why: "`// allow NAME: REASON` takes findings of one lint away, from its line, or from the item, clause or line below it. Whoever reads the
rule later must be able to judge whether the reason still holds, so without one the comment does nothing.",
        bad: "
// allow untested-rule
rule any_call {
    severity low
    from     invocation
}",
        good: "
// allow untested-rule: it only feeds a dashboard
rule any_call {
    severity low
    from     invocation
}",
    },
    // What is wrong with comments is said where they are read.
    check: |_, _| {},
};

pub(super) fn unknown(name: &str, at: Span) -> Diagnostic {
    LINT.finding(format!("no lint is called `{name}`")).at(at, "this comment allows nothing")
}

pub(super) fn no_reason(name: &str, at: Span) -> Diagnostic {
    LINT.finding(format!("`{name}` is allowed without a reason"))
        .at(at, "this comment allows nothing")
        .help(format!("say why: `// allow {name}: …`"))
}
