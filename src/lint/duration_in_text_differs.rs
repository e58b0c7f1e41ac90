//! W0155 `duration-in-text-differs`: a doc comment that speaks of another time than the rule.

use std::collections::BTreeSet;

use super::words::{Said, duration_at, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{ExprKind, Literal, Rule};
use crate::source::Span;
use crate::syntax::ast::{CorrelateClause, Doc};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0155",
        name: "duration-in-text-differs",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "doc comment that speaks of another time",
        why: "The doc comment is what whoever gets the alert reads. If it says \"within 30 minutes\" and the window is 30 hours, one of the two
was changed without the other, or a unit was taken for another. Found where the title says so and no length of the rule is any that the
comment speaks of.",
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
const BEFORE: [&str; 3] = ["within", "in", "for"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        // A rule of single events without a past has no length that its text could mean.
        let place =
            rule.meant.window.as_ref().map(|window| window.span).or_else(|| Some(rule.meant.looks.first()?.span));
        if let Some(place) = place {
            differs(rule.doc, place, &|| lengths(rule.meant), out);
        }
    }
    for one in &context.correlations {
        let within = one.written.clauses.iter().find(|clause| matches!(clause.node, CorrelateClause::Within(_)));
        let known = || {
            let members = one.meant.members.iter().map(|member| member.name.as_str());
            let read = context.pack.resolved.rules.iter().filter(|rule| members.clone().any(|name| name == rule.name));
            let mut known: BTreeSet<i64> = read.flat_map(lengths).collect();
            known.insert(one.meant.within);
            known.extend(one.meant.mute.iter().map(|mute| mute.length));
            known
        };
        if let Some(within) = within {
            differs(one.doc, within.span, &known, out);
        }
    }
}

/// Finds a doc comment that speaks of times, and of none that is known.
fn differs(doc: &Doc, place: Span, known: &dyn Fn() -> BTreeSet<i64>, out: &mut Vec<Diagnostic>) {
    let words = words(doc);
    let mut said: Vec<Said> = Vec::new();
    for at in 0..words.len() {
        // `half an hour` is no hour.
        if said.last().is_none_or(|last| last.end <= at) {
            said.extend(duration_at(&words, at));
        }
    }
    let word =
        |at: Option<usize>| at.and_then(|at| words.get(at)).filter(|word| !word.ends).map_or("", |w| w.text.as_str());
    let title = doc.first().map(|line| line.span);
    let of = |one: &&Said| {
        let back = |by: usize| word(one.first.checked_sub(by));
        let (before, first) = match back(1) {
            "last" | "past" => (if back(2) == "the" { 3 } else { 2 }, word(Some(one.first))),
            _ => (1, word(Some(one.first))),
        };
        let counted = match first {
            "a" | "an" | "one" => back(before) == "in" || words.get(one.first + 1).is_some_and(|w| w.text == "quarter"),
            first => one.end > one.first + 1 || first.starts_with(|c: char| c.is_ascii_digit()),
        };
        // What expires in a time is no window.
        let of_what = back(before + 1);
        let lasts = of_what.starts_with("expir") || matches!(of_what, "valid" | "lives" | "live");
        Some(one.line) == title && BEFORE.contains(&back(before)) && counted && !lasts
    };
    let Some(one) = said.iter().find(of) else { return };
    let known = known();
    if !said.iter().any(|one| known.contains(&one.value)) {
        let message = format!("the doc comment says `{}`, and no length in the rule is that", one.text);
        out.push(LINT.finding(message).at(one.line, "").at(place, "").help("change the one that is wrong"));
    }
}

/// All durations of a rule.
fn lengths(rule: &Rule) -> BTreeSet<i64> {
    let mut out: BTreeSet<i64> = rule.window.iter().flat_map(|window| [window.length, window.step]).collect();
    out.extend(rule.looks.iter().map(|look| look.length));
    out.extend(rule.mute.iter().map(|mute| mute.length));
    rule.walk(&mut |expr| {
        if let ExprKind::Literal(Literal::Duration(length)) = &expr.kind {
            out.insert(*length);
        }
    });
    out
}
