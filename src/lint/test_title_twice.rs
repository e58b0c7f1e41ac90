//! W0327 `test-title-twice`: two tests of one rule with one title.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0327",
        name: "test-title-twice",
        kind: Kind::Care,
        level: Level::Warn,
        title: "title that two tests have",
        why: "Of a test that fails the title is what is read, and reports count tests by it. Two with one title are mostly a copy whose title was not edited: it
does not say what the second one shows.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"over the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_001 }]
    expect alert
}

test big_answer \"over the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_000 }]
    expect no alert
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}

test big_answer \"over the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_001 }]
    expect alert
}

test big_answer \"not at the line\" {
    given invocation [{ time = 2026-01-01T00:00Z, tokens.output = 4_000 }]
    expect no alert
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let tests = context.items(|kind| match kind {
        ItemKind::Test(test) => Some(test),
        _ => None,
    });
    let mut seen: BTreeMap<(&str, &str), Span> = BTreeMap::new();
    for test in tests {
        match seen.entry((&test.rule.node, &test.title.node)) {
            Entry::Vacant(free) => _ = free.insert(test.title.span),
            Entry::Occupied(first) => {
                let finding = LINT.finding(format!("`{}` has a test of this title already", test.rule.node));
                let finding = finding.at(test.title.span, "again").at(*first.get(), "first here");
                out.push(finding.help("say what this one shows"));
            }
        }
    }
}
