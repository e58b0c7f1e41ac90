//! W0315 `twin-rules`: two rules that ask the same.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::alike::asked;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0315",
        name: "twin-rules",
        kind: Kind::Care,
        level: Level::Warn,
        title: "two rules that ask the same",
        why: "But for names and texts the two are equal, so each event that one alerts on gives two alerts. Mostly one is a copy whose condition was to
be edited, or two people had one idea. Take one away.",
        bad: "
rule guardrail_deleted {
    severity high
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}

rule guardrail_gone {
    severity medium
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}",
        good: "
rule guardrail_deleted {
    severity high
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}

rule guardrail_gone {
    severity medium
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\" and outcome == \"denied\"
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for rule in &context.rules {
        let asked = asked(rule.meant);
        match seen.entry((asked.shape, format!("{:?}", asked.constants))) {
            Entry::Vacant(free) => _ = free.insert((&rule.meant.name, rule.written.name.span)),
            Entry::Occupied(first) => {
                let (name, span) = *first.get();
                let finding = LINT.finding(format!("`{}` asks the same as `{name}`", rule.meant.name));
                let finding = finding.at(rule.written.name.span, "").at(span, "the same but for names and texts");
                out.push(finding.help("take one of them away, or ask of it what it was to ask"));
            }
        }
    }
}
