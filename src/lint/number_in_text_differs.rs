//! W0154 `number-in-text-differs`: a doc comment that names another line than the rule.

use super::measure::{SeenRule, threshold};
use super::words::{Said, Word, is_unit, number_at, words};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Type};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0154",
        name: "number-in-text-differs",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "doc comment that names another line",
        why: "The doc comment is what whoever gets the alert reads, and \"more than three\" is not `>= 3`. One of the two was changed without the
other, or the rule alerts one too early. Found where no comparison of the rule is what the comment says.",
        bad: "
/// More than three calls of one caller are blocked in an hour.
rule blocked_often {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks >= 3
}",
        good: "
/// More than three calls of one caller are blocked in an hour.
rule blocked_often {
    severity medium
    from     invocation
    where    guardrail.action == \"blocked\"
    over     1h by caller.id
    let      blocks = count()
    when     blocks > 3
}",
    },
    check,
};

/// A comparison of a rule with a constant.
struct Line {
    comparison: Comparison,
    /// Whether between two numbers that it tells apart there is another.
    whole: bool,
    line: f64,
    span: Span,
}

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| !rule.doc.is_empty()) {
        let words = words(rule.doc);
        let said: Vec<(Comparison, Said)> = (0..words.len()).filter_map(|at| bound(&words, at)).collect();
        // Of several bounds it is not known which comparison is meant.
        let [(comparison, said)] = said.as_slice() else { continue };
        let lines = lines(rule);
        let number = said.value as f64;
        if lines.iter().any(|line| agrees(line, *comparison, number)) {
            continue;
        }
        let same = lines.iter().find(|line| line.line == number && same_way(line.comparison, *comparison));
        let only = match lines.as_slice() {
            // Behind its title a comment speaks of other things too.
            [only]
                if same_way(only.comparison, *comparison)
                    && only.line.abs() <= 100.0 * number
                    && number <= 100.0 * only.line.abs()
                    && rule.doc.first().is_some_and(|title| title.span == said.line) =>
            {
                Some(only)
            }
            _ => None,
        };
        if let Some(line) = same.or(only) {
            let message = format!("the doc comment says `{}`, and the rule `{}`", said.text, context.text(line.span));
            out.push(LINT.finding(message).at(said.line, "").at(line.span, "").help("change the one that is wrong"));
        }
    }
}

/// The bound that begins at a word: `more than three calls`, `at least 5 times`, `ten or more`.
fn bound(words: &[Word], at: usize) -> Option<(Comparison, Said)> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let (comparison, number) = match (text(at), text(at + 1)) {
        ("more", "than") => (Comparison::Greater, at + 2),
        // "Handed over two times" is no bound.
        ("over", _) if text(at + 2) != "times" => (Comparison::Greater, at + 1),
        ("at", "least") => (Comparison::GreaterEqual, at + 2),
        ("fewer" | "less", "than") => (Comparison::Less, at + 2),
        _ => {
            let said = number_at(words, at)?;
            let more = (text(said.end), text(said.end + 1)) == ("or", "more");
            return more
                .then_some((Comparison::GreaterEqual, said))
                .filter(|(_, said)| counted(words, said, said.end + 2));
        }
    };
    let mut said = number_at(words, number)?;
    let end = said.end;
    if !counted(words, &said, end) {
        return None;
    }
    said.text = words.get(at..end)?.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    Some((comparison, said))
}

/// Units that are others in a rule than in a text, without their plural.
const SCALES: [&str; 21] = [
    "kilobyte",
    "megabyte",
    "gigabyte",
    "terabyte",
    "kibibyte",
    "mebibyte",
    "gibibyte",
    "kb",
    "mb",
    "gb",
    "tb",
    "kib",
    "mib",
    "gib",
    "cent",
    "dollar",
    "euro",
    "usd",
    "sigma",
    "kilometre",
    "mile",
];

/// Whether a number is of something that a rule counts: no time, share or multiple, and no "more than one in ten".
fn counted(words: &[Word], said: &Said, next: usize) -> bool {
    let ended = words.get(said.end.saturating_sub(1)).is_some_and(|word| word.ends);
    let of = words.get(next).map_or("", |word| word.text.as_str());
    let times = of == "times"
        && words.get(next + 1).is_some_and(|word| ["the", "as", "what", "its", "of"].contains(&word.text.as_str()));
    let shares = ["in", "of", "percent", "per", "%", "`", "", "standard", "deviations"].contains(&of);
    let of_scale = SCALES.contains(&of.strip_suffix('s').unwrap_or(of));
    said.value >= 2
        && !ended
        && !times
        && !shares
        && !of_scale
        && !is_unit(of)
        && of.chars().all(|c| c.is_ascii_alphabetic())
}

/// All comparisons of numbers with constants in a rule.
fn lines(rule: &SeenRule<'_>) -> Vec<Line> {
    let mut out = Vec::new();
    rule.each_pred(&mut |pred| {
        if let Some(one) = threshold(pred).filter(|one| one.measure.ty.is_number()) {
            let whole = one.measure.ty == Type::Int;
            out.push(Line { comparison: one.comparison, whole, line: one.line, span: one.span });
        }
    });
    out
}

/// Whether two comparisons ask for much, or both for little.
fn same_way(one: Comparison, other: Comparison) -> bool {
    let much = |of| matches!(of, Comparison::Greater | Comparison::GreaterEqual);
    let little = |of| matches!(of, Comparison::Less | Comparison::LessEqual);
    (much(one) && much(other)) || (little(one) && little(other))
}

/// Whether a comparison is what was said.
fn agrees(line: &Line, said: Comparison, number: f64) -> bool {
    let next = |by: f64| line.whole && line.line == number + by;
    match (line.comparison, said) {
        (Comparison::Greater, Comparison::Greater)
        | (Comparison::GreaterEqual, Comparison::GreaterEqual)
        | (Comparison::Less, Comparison::Less) => line.line == number,
        (Comparison::GreaterEqual, Comparison::Greater) => next(1.0),
        (Comparison::Greater, Comparison::GreaterEqual) | (Comparison::LessEqual, Comparison::Less) => next(-1.0),
        _ => false,
    }
}
