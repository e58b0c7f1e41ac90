//! W0213 `dominant-rule`: the only rule of a pack that reads some text of users.

use std::collections::BTreeMap;

use super::content::fields;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

/// In smaller packs it is no wonder.
const PACK: usize = 10;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0213",
        name: "dominant-rule",
        kind: Kind::Cost,
        level: Level::Allow,
        title: "only rule of its pack that reads a text",
        why: "All rules of a pack share one pass, and what several ask is read once. A column of texts that a single rule asks for is read for it
alone, which can be most of what the pass costs. Known is not wrong: this is at `allow`, to see where the time goes.",
        bad: "
rule r0 { severity low  from invocation  where prompt contains \"system prompt\" }
rule r1 { severity low  from invocation  where status == 401 }
rule r2 { severity low  from invocation  where status == 403 }
rule r3 { severity low  from invocation  where status == 404 }
rule r4 { severity low  from invocation  where status == 408 }
rule r5 { severity low  from invocation  where status == 413 }
rule r6 { severity low  from invocation  where status == 429 }
rule r7 { severity low  from invocation  where status == 500 }
rule r8 { severity low  from invocation  where status == 503 }
rule r9 { severity low  from invocation  where status == 529 }",
        good: "
rule r0 { severity low  from invocation  where prompt contains \"system prompt\" }
rule r1 { severity low  from invocation  where prompt contains \"developer mode\" }
rule r2 { severity low  from invocation  where status == 403 }
rule r3 { severity low  from invocation  where status == 404 }
rule r4 { severity low  from invocation  where status == 408 }
rule r5 { severity low  from invocation  where status == 413 }
rule r6 { severity low  from invocation  where status == 429 }
rule r7 { severity low  from invocation  where status == 500 }
rule r8 { severity low  from invocation  where status == 503 }
rule r9 { severity low  from invocation  where status == 529 }",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if context.rules.len() < PACK {
        return;
    }
    let mut readers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for rule in &context.rules {
        for field in fields(context, rule.meant) {
            readers.entry((rule.meant.stream, field)).or_default().push(rule);
        }
    }
    for ((_, field), rules) in readers {
        if let [rule] = rules.as_slice() {
            let name = context.field(rule.meant, field);
            let finding = LINT.finding(format!("only `{}` reads `{name}`", rule.meant.name));
            let finding = finding.at(rule.written.name.span, format!("`{name}` is read for it alone"));
            out.push(finding.help("ask metadata if that says enough, or let the rule be"));
        }
    }
}
