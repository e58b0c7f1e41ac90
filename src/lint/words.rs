//! Doc comments as words: takes doc lines, gives the numbers and durations that they speak of.

use crate::ir::SECOND;
use crate::source::{Span, Spanned};

/// A word of a doc comment, in lower case and without the marks around it.
pub(super) struct Word {
    /// The word.
    pub text: String,
    /// Its line.
    pub line: Span,
    /// Whether a mark behind it ends a clause.
    pub ends: bool,
}

/// A number or duration in words.
pub(super) struct Said {
    /// What was said, for messages.
    pub text: String,
    /// Its line.
    pub line: Span,
    /// The place of its first word.
    pub first: usize,
    /// One past the place of its last word.
    pub end: usize,
    /// The number; durations in microseconds.
    pub value: i64,
}

/// The words of doc lines.
pub(super) fn words(doc: &[Spanned<String>]) -> Vec<Word> {
    let mut out = Vec::new();
    for line in doc {
        // Names of fields and rules are no words.
        for (n, prose) in line.node.split('`').enumerate() {
            if n % 2 == 1 {
                out.push(Word { text: "`".to_owned(), line: line.span, ends: false });
                continue;
            }
            for word in prose.split([' ', '\t', '-', '(', ')', '"']).filter(|word| !word.is_empty()) {
                let text = word.trim_matches([',', '.', ':', ';', '!', '?', '\'']).to_ascii_lowercase();
                let ends = word.ends_with([',', '.', ':', ';', '!', '?']);
                if !text.is_empty() {
                    out.push(Word { text, line: line.span, ends });
                }
            }
        }
    }
    out
}

const SMALL: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// The number that a word is.
fn number(word: &str) -> Option<i64> {
    let tens = [("twenty", 20), ("thirty", 30), ("forty", 40), ("fifty", 50), ("sixty", 60), ("ninety", 90)];
    let small = SMALL.iter().position(|small| *small == word).and_then(|n| i64::try_from(n).ok());
    let ten = || tens.into_iter().find(|(name, _)| *name == word).map(|(_, n)| n);
    small.or_else(ten).or_else(|| {
        let grouped = word.contains(',') && !word.split(',').skip(1).all(|part| part.len() == 3);
        let digits = word.replace([',', '_'], "");
        (!grouped && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
    })
}

fn magnitude(word: &str) -> Option<i64> {
    match word {
        "dozen" => Some(12),
        "hundred" => Some(100),
        "thousand" => Some(1_000),
        "million" => Some(1_000_000),
        _ => None,
    }
}

fn unit(word: &str) -> Option<i64> {
    let seconds = match word.strip_suffix('s').unwrap_or(word) {
        "second" => 1,
        "minute" | "min" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 7 * 86_400,
        _ => return None,
    };
    Some(seconds * SECOND)
}

/// The number that begins at a word: `five`, `500,000`, `two hundred`, `a hundred thousand`.
pub(super) fn number_at(words: &[Word], first: usize) -> Option<Said> {
    let word = words.get(first)?;
    let follows = |at: usize| words.get(at).map(|word| word.text.as_str());
    let mut value = match number(&word.text) {
        Some(value) => value,
        None if matches!(word.text.as_str(), "a" | "an") => follows(first + 1).and_then(magnitude).map(|_| 1)?,
        None => return None,
    };
    let mut end = first + 1;
    while let Some(times) = follows(end).and_then(magnitude) {
        value = value.checked_mul(times)?;
        end += 1;
    }
    Some(said(words, first, end, value))
}

/// The duration that begins at a word: `five minutes`, `an hour`, `30m`, `half an hour`, `a quarter of an hour`, `hour`.
pub(super) fn duration_at(words: &[Word], first: usize) -> Option<Said> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let (count, parts, at) = match (text(first), text(first + 1), text(first + 2), text(first + 3)) {
        ("half", "a" | "an", ..) => (1, 2, first + 2),
        ("a", "quarter", "of", "a" | "an") => (1, 4, first + 4),
        ("quarter", "of", "a" | "an", _) => (1, 4, first + 3),
        ("a" | "an" | "one", ..) => (1, 1, first + 1),
        _ => match number_at(words, first) {
            Some(said) => (said.value, 1, said.end),
            // `per hour`, but not the end of `five minutes`.
            None if text(first).ends_with('s')
                || first.checked_sub(1).is_some_and(|at| number_at(words, at).is_some()) =>
            {
                return None;
            }
            None => (1, 1, first),
        },
    };
    let length = unit(text(at))?.checked_mul(count)?.checked_div(parts)?;
    Some(said(words, first, at + 1, length))
}

fn said(words: &[Word], first: usize, end: usize, value: i64) -> Said {
    let part = words.get(first..end).unwrap_or_default();
    let text = part.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    Said { text, line: part.first().map_or_else(Span::default, |word| word.line), first, end, value }
}

/// Whether a word is a unit of time.
pub(super) fn is_unit(word: &str) -> bool {
    unit(word).is_some() || matches!(word.strip_suffix('s').unwrap_or(word), "month" | "year" | "millisecond" | "ms")
}
