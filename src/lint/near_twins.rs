//! W0316 `near-twins`: two rules that differ in one constant and could be one rule.

use std::collections::BTreeMap;

use super::alike::{Asked, Constant, asked};
use super::measure::members;
use super::{Context, Lint, Seen};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Literal, Rule};
use crate::syntax::ast;

/// Most rules of one shape that are compared with one another.
const MOST: usize = 50;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0316",
        name: "near-twins",
        kind: Kind::Care,
        level: Level::Warn,
        title: "two rules that differ in one constant",
        why: "With two thresholds over one count, whoever crosses the upper one gives two alerts. One rule whose severity is a `case` gives one, of the right
severity. Rules that differ in one word and have the same title are one rule with a list.",
        bad: "
rule many_blocks {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
}

rule very_many_blocks {
    severity high
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 100
}",
        good: "
rule many_blocks {
    severity case { blocks > 100 => high, else => medium }
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 5
}",
    },
    check,
};

type Written<'s, 'a> = &'s Seen<'a, ast::Rule, Rule>;

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // A correlation may need both.
    let members = members(context);
    let mut shapes: BTreeMap<String, Vec<(Written<'_, '_>, Asked)>> = BTreeMap::new();
    for rule in context.rules.iter().filter(|rule| !rule.meant.signal && !members.contains(rule.meant.name.as_str())) {
        let mut asked = asked(rule.meant);
        shapes.entry(std::mem::take(&mut asked.shape)).or_default().push((rule, asked));
    }
    for alike in shapes.values() {
        for (n, (rule, asked)) in alike.iter().enumerate().take(MOST) {
            let before = alike.iter().take(n);
            let mut twins = before.filter_map(|(other, of)| Some((other, said((other, of), (rule, asked))?)));
            if let Some((other, (message, help))) = twins.next() {
                let finding = LINT.finding(format!("`{}` and `{}` {message}", other.meant.name, rule.meant.name));
                let finding = finding.at(rule.written.name.span, "").at(other.written.name.span, "the other one");
                out.push(finding.help(help));
            }
        }
    }
}

/// What is to be said of two rules of one shape, and the way out; none where they are better two.
fn said(one: (Written<'_, '_>, &Asked), other: (Written<'_, '_>, &Asked)) -> Option<(String, &'static str)> {
    let pairs = one.1.constants.iter().zip(&other.1.constants);
    let mut differ = pairs.filter(|(one, other)| one != other);
    let (a, b) = differ.next().filter(|_| differ.next().is_none())?;
    let same_severity = one.1.severity == other.1.severity;
    if a.line && b.line {
        let help = if same_severity {
            "keep the one whose threshold is crossed first: the other says nothing more"
        } else {
            "make them one: `severity case { … => …, else => … }` over the measure"
        };
        return Some(("differ in one threshold, and alert together".to_owned(), help));
    }
    let (first, second) = (one.0.meant, other.0.meant);
    let texts = match (a, b) {
        (Constant { literal: Literal::Text(a), .. }, Constant { literal: Literal::Text(b), .. }) => (a, b),
        _ => return None,
    };
    let same_words = one.0.doc == other.0.doc && first.tags == second.tags && first.texts == second.texts;
    (same_severity && same_words).then(|| {
        let message = format!("differ in one text, `{}` and `{}`", texts.0, texts.1);
        (message, "make them one: `in [\"…\", \"…\"]`, or a list with a name")
    })
}
