//! Every sentence that reading text says.

use crate::diag::{Code, Diagnostic, nearest};
use crate::source::Span;

/// Forms that people know from elsewhere, and what to write here.
const SLIPS: [(&str, &str); 12] = [
    ("--", "comments begin with `//`"),
    ("/*", "comments begin with `//` and end with their line"),
    ("#", "comments begin with `//`"),
    (";", "clauses need no semicolon: each begins with its own word"),
    ("'", "text stands in double quotes: `\"…\"`"),
    ("!", "write `not`, or `!=` between two values"),
    ("=~", "write `matches /…/`"),
    ("|", "write `or` between conditions"),
    ("&", "write `and` between conditions"),
    ("///", "a `///` comment documents the item or field that follows it; elsewhere write `//`"),
    ("%", "there is no `%` operator"),
    ("$", "names have no `$`"),
];

pub(super) fn too_long(span: Span, bytes: usize) -> Diagnostic {
    Diagnostic::error(Code::TooDeep, format!("file of {bytes} bytes, at most {} are read", super::MAX_FILE_BYTES))
        .at(span, "")
        .help("split it: a pack may have any number of files")
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TooDeep, "brackets are nested too deep")
        .at(span, "the 65th open bracket")
        .help("name a part with `with`, or split the rule")
}

/// What stands where something else was expected.
pub(super) fn unexpected(span: Span, text: &str, at: usize, expected: &[&'static str]) -> Diagnostic {
    let rest = text.get(at..).unwrap_or_default();
    let found = found(rest);
    let stray_doc = rest.starts_with("///");
    let code = if stray_doc { Code::StrayDoc } else { Code::Syntax };
    let message = match found {
        None => "the text ends too early".to_owned(),
        Some(_) if stray_doc => "doc comment that documents nothing".to_owned(),
        Some(word) => format!("unexpected `{word}`"),
    };
    let diagnostic = Diagnostic::error(code, message).at(span, expected_text(expected));
    // The longest slip that fits: `///` before `/`, `--` before `-`.
    let slip = SLIPS.iter().filter(|(slip, _)| rest.starts_with(slip)).max_by_key(|(slip, _)| slip.len());
    if let Some((_, help)) = slip {
        return diagnostic.help(*help);
    }
    if rest.starts_with('"')
        && !rest.get(1..).is_some_and(|r| r.split('\n').next().is_some_and(|line| line.contains('"')))
    {
        return diagnostic.help("the text has no closing `\"` on its line");
    }
    let words = expected.iter().filter_map(|e| e.strip_prefix('`').and_then(|e| e.strip_suffix('`')));
    match found.filter(|word| word.len() > 2).and_then(|word| nearest(word, words)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// A word where a clause should begin.
pub(super) fn unknown_clause(span: Span, text: &str, at: usize, words: &[&'static str]) -> Diagnostic {
    let word = found(text.get(at..).unwrap_or_default()).unwrap_or_default();
    Diagnostic::error(Code::Syntax, format!("`{word}` begins no clause"))
        .at(span, "expected a clause")
        .suggest(word, words.iter().copied())
}

fn found(rest: &str) -> Option<&str> {
    let first = rest.chars().next()?;
    let word = rest.get(..crate::syntax::comments::word_end(rest, 0)).unwrap_or_default();
    Some(if word.is_empty() { rest.get(..first.len_utf8()).unwrap_or_default() } else { word })
}

fn expected_text(expected: &[&'static str]) -> String {
    match expected {
        [] => "not expected here".to_owned(),
        [one] => format!("expected {one}"),
        many if many.len() > 7 => {
            let shown = many.iter().take(6).copied().collect::<Vec<_>>().join(", ");
            format!("expected {shown} or another of {}", many.len())
        }
        [firsts @ .., last] => format!("expected {} or {last}", firsts.join(", ")),
    }
}

pub(super) fn not_yet(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::NotYet, format!("`{what}` is not in this version yet"))
        .at(span, "reserved for a later version")
        .help("leave it out for now; the word stays reserved, so the rule will read the same later")
}

pub(super) fn clause_order(span: Span, word: &str, after: &str) -> Diagnostic {
    Diagnostic::error(Code::ClauseOrder, format!("`{word}` stands after `{after}`"))
        .at(span, "too late")
        .help("the order is severity, tags, from, with, each, where, over, let, when, show, respond, benign, owner, references")
}

pub(super) fn duplicate_clause(span: Span, word: &str, first: Span) -> Diagnostic {
    let help = match word {
        "let" | "with" | "show" => format!("write one `{word}` with commas between its parts"),
        _ => format!("keep one `{word}`"),
    };
    Diagnostic::error(Code::DuplicateClause, format!("second `{word}`")).at(span, "again").at(first, "first").help(help)
}

pub(super) fn mixed(span: Span, first: &str, second: &str) -> Diagnostic {
    Diagnostic::error(Code::MixedAndOr, format!("`{second}` after `{first}` without parentheses"))
        .at(span, "which of the two binds closer?")
        .help("put parentheses around one of them: query languages disagree on the precedence, and so do readers")
}

pub(super) fn boolean_slip(span: Span, found: &str, word: &str) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("unexpected `{found}`")).at(span, "").help(format!("write `{word}`"))
}

pub(super) fn chained(span: Span) -> Diagnostic {
    Diagnostic::error(Code::ChainedComparison, "comparison of a comparison")
        .at(span, "second comparison")
        .help("write `a < b and b < c`")
}

pub(super) fn single_equals(span: Span) -> Diagnostic {
    Diagnostic::error(Code::SingleEquals, "`=` compares nothing")
        .at(span, "")
        .help("`=` gives a name to a value; to compare, write `==`")
}

pub(super) fn stray_doc(span: Span) -> Diagnostic {
    Diagnostic::error(Code::StrayDoc, "doc comment that documents nothing")
        .at(span, "")
        .help("a `///` comment documents the item or field that follows it; elsewhere write `//`")
}

pub(super) fn literal(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadLiteral, message).at(span, "").help(help)
}

pub(super) fn network(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadNetwork, message).at(span, "").help(help)
}

pub(super) fn nocase_here(span: Span, op: &str) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("`nocase` means nothing after `{op}`"))
        .at(span, "")
        .help("`nocase` belongs to `==`, `!=`, `in`, `contains`, `starts with`, `ends with`, `matches` and `has`")
}
