//! Every sentence that reading text says.

use crate::diag::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::RESERVED;

/// Forms that people know from elsewhere, and what to write here.
const SLIPS: [(&str, &str); 26] = [
    ("--", "comments begin with `//`"),
    ("/*", "comments begin with `//` and end with their line"),
    ("#", "comments begin with `//`"),
    (";", "clauses need no semicolon: each begins with its own word"),
    ("'", "text stands in double quotes: `\"…\"`"),
    ("“", "text stands in straight double quotes: `\"…\"`"),
    ("”", "text stands in straight double quotes: `\"…\"`"),
    ("„", "text stands in straight double quotes: `\"…\"`"),
    ("‘", "text stands in straight double quotes: `\"…\"`"),
    ("’", "text stands in straight double quotes: `\"…\"`"),
    ("–", "this is a dash: write `-`"),
    ("—", "this is a dash: write `-`"),
    ("≥", "write `>=`"),
    ("≤", "write `<=`"),
    ("≠", "write `!=`"),
    ("<>", "write `!=`"),
    ("!", "write `not`, or `!=` between two values"),
    ("=~", "write `matches /…/`"),
    ("!~", "write `not x matches /…/`"),
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("|", "write `or` between conditions"),
    ("&", "write `and` between conditions"),
    ("///", "a `///` comment documents the item or field that follows it; elsewhere write `//`"),
    ("%", "there is no `%` operator"),
    ("$", "names have no `$`"),
];

/// Words that begin something elsewhere, and what to write here.
const ELSEWHERE: [(&str, &str); 36] = [
    ("by", "keys stand behind the length: `over 1h by caller.id`"),
    ("group", "keys stand behind the length: `over 1h by caller.id`"),
    ("bin", "a window is `over 1h by caller.id`"),
    ("window", "a window is `over 1h by caller.id`"),
    ("timeframe", "a window is `over 1h by caller.id`"),
    ("timespan", "a window is `over 1h by caller.id`"),
    ("having", "what a window must reach stands in `when`: `when calls > 5`"),
    ("condition", "events are kept by `where`, windows by `when`"),
    ("filter", "events are kept by `where`"),
    ("detection", "events are kept by `where`"),
    ("select", "what is shown stands in `show`"),
    ("fields", "what is shown stands in `show`"),
    ("project", "what is shown stands in `show`"),
    ("stats", "measures stand in `let`: `let calls = count()`"),
    ("summarize", "measures stand in `let`: `let calls = count()`"),
    ("aggregate", "measures stand in `let`: `let calls = count()`"),
    ("extend", "values of an event are named by `with`"),
    ("level", "how bad it is stands in `severity`"),
    ("title", "the first line of the `///` comment above the rule is its title"),
    ("name", "the first line of the `///` comment above the rule is its title"),
    ("description", "the `///` comment above the rule describes it"),
    ("meta", "title and description are the `///` comment above the rule; tags stand in `tags`"),
    ("author", "who keeps the rule stands in `owner`"),
    ("falsepositives", "what looks the same and is harmless stands in `benign`"),
    ("logsource", "which log is read stands in `from`"),
    ("limit", "a rule gives every alert: there is no `limit`"),
    ("like", "write `contains \"…\"`, `starts with`, `ends with` or `matches /…/`"),
    ("ilike", "write `contains \"…\" nocase`, or `matches /…/ nocase`"),
    ("startswith", "write `starts with`"),
    ("endswith", "write `ends with`"),
    ("regex", "write `matches /…/`"),
    ("rlike", "write `matches /…/`"),
    ("equals", "write `==`"),
    ("between", "write `x >= 1 and x <= 5`"),
    ("has_any", "write `contains any of` for a text, `has any of` for a list"),
    ("given", "all `given` stand before the first `expect`"),
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

pub(super) fn too_many_mistakes(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("more than {most} mistakes: the rest of the file is not read"))
        .at(span, "reading stopped here")
        .help("is this a file of rules? `skywatch explain E0101` shows the shape of one")
}

pub(super) fn too_many_levels(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TooDeep, "expression of more than 100 levels")
        .at(span, "each `not`, each operand of a chain and each bracket is one level")
        .help("name a part with `with` or `let`; to add up many values, write `sum_of(a, b, …)`")
}

pub(super) fn too_many_steps(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TooDeep, "this can't be read in a reasonable time")
        .at(span, "reading stopped here")
        .help("split the file: a pack may have any number of files")
}

/// What stands where something else was expected; `words` are those that could be meant.
pub(super) fn unexpected(
    span: Span,
    text: &str,
    at: usize,
    expected: &[&'static str],
    words: &[&'static str],
) -> Diagnostic {
    let (before, rest) = (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default());
    if rest.starts_with("///") {
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        return stray_doc(Span { end: span.start + len(line), ..span });
    }
    // The reader got through the first characters of an operator that has more here than it may have: `=` of `=~`.
    let read = before.len() - before.trim_end_matches(['=', '<', '>', '!']).len();
    let operator = text.get(at - read..).unwrap_or_default();
    // The longest slip that fits: `--` before `-`.
    let longest = |text: &str, least: usize| {
        let fits = SLIPS.iter().filter(|(slip, _)| text.starts_with(slip) && slip.len() > least);
        fits.max_by_key(|(slip, _)| slip.len())
    };
    let behind = longest(operator, read).filter(|_| read > 0);
    let slip = behind.or_else(|| longest(rest, 0));
    let span = if behind.is_some() { Span { start: span.start - len(operator) + len(rest), ..span } } else { span };
    let word = found(rest);
    let shown = slip.map_or_else(|| visible(word), |(slip, _)| (*slip).to_owned());
    let span = Span { end: span.end.max(span.start + u32::try_from(shown.len()).unwrap_or(0)), ..span };
    let span = if slip.is_some() { span } else { Span { end: span.start + len(word), ..span } };
    let known: Vec<&str> = expected.iter().filter_map(|e| e.strip_prefix('`')?.strip_suffix('`')).collect();
    let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let wants_value =
        expected.iter().any(|e| ["a value", "a condition or value", "a name", "`name = value`", "a key"].contains(e));
    let hint = if let Some((_, help)) = slip {
        Some((*help).to_owned())
    } else if rest.starts_with('"') && !closes(rest, '"') {
        Some("the text has no closing `\"` on its line".to_owned())
    } else if rest.starts_with('/') && wants_value {
        Some("a pattern ends with `/` on its own line, is not empty and begins with no blank".to_owned())
    } else if let Some(c) = rest.chars().next().filter(|c| !c.is_ascii() && (c.is_whitespace() || !c.is_alphanumeric()))
    {
        Some(format!("this character is U+{:04X}, and only looks like one of the language: type it anew", u32::from(c)))
    } else if expected.contains(&"a duration like `5m`") && word.starts_with(|c: char| c.is_ascii_digit()) {
        let whole = word.bytes().all(|b| b.is_ascii_digit() || b == b'_')
            && !rest.get(word.len()..).unwrap_or_default().starts_with('.');
        Some(if whole {
            format!("write a unit: `{word}s`, `{word}m`, `{word}h` or `{word}d`")
        } else {
            "a duration is a whole number and one unit, ms, s, m, h or d: `90m`, `7d`".to_owned()
        })
    } else if before.ends_with('/') && word.bytes().all(|b| b"gimsux".contains(&b)) && !word.is_empty() {
        Some("patterns have no flags: `nocase` behind one ignores the case of A–Z".to_owned())
    } else if let Some((_, here)) = ELSEWHERE.iter().find(|(other, _)| is_name && word.eq_ignore_ascii_case(other)) {
        Some((*here).to_owned())
    } else if word.starts_with(|c: char| c.is_ascii_digit()) && word.len() > 1 && wants_value {
        Some("the units are ms, s, m, h and d; digits are grouped with `_`: `500_000`".to_owned())
    } else if RESERVED.contains(&word) && wants_value {
        Some(format!("`{word}` is a word of the language: for a name, put it in backticks or take another one"))
    } else if let Some(near) = Some(word).filter(|word| is_name && word.len() > 1).and_then(|word| {
        nearest(word, known.iter().copied().chain(words.iter().copied()).filter(|known| *known != word))
    }) {
        Some(format!("did you mean `{near}`?"))
    } else {
        layout_hint(before, rest, word)
    };
    let diagnostic = Diagnostic::error(Code::Syntax, format!("unexpected `{shown}`")).at(span, expected_text(expected));
    match hint {
        Some(hint) => diagnostic.help(hint),
        None => diagnostic.help(EXAMPLE),
    }
}

/// What to do where nothing better is known.
const EXAMPLE: &str = "`skywatch explain E0101` shows the shape of a rule";

/// What is wrong with blanks, commas and brackets before what was found.
fn layout_hint(before: &str, rest: &str, word: &str) -> Option<String> {
    let last = before.trim_end();
    let previous = last.chars().next_back()?;
    let joined = last.len() == before.len();
    if rest.starts_with(')') && previous == ',' {
        return Some("a comma may stand last only before `]` and `}`".to_owned());
    }
    if rest.starts_with('}') {
        return Some("there is one `}` too many here, or something is missing before it".to_owned());
    }
    if rest.starts_with(['(', '[', '.']) && !joined && previous.is_ascii_alphanumeric() {
        return Some(format!("calls and paths are tight: no blank stands before `{}`", rest.get(..1)?));
    }
    if rest.starts_with('.') && joined && previous.is_ascii_digit() {
        return Some("an IPv4 address has four parts, and a network its length behind them: `10.0.0.0/8`".to_owned());
    }
    if rest.starts_with('-') && joined && previous.is_ascii_alphanumeric() {
        return Some("names are made of letters, digits and `_`".to_owned());
    }
    if rest.starts_with(',') {
        return Some(
            "commas separate what stands in brackets, and names, keys and texts: is a bracket missing?".to_owned(),
        );
    }
    let value = rest.starts_with(['"', '{', '.']) || word.starts_with(|c: char| c.is_ascii_alphanumeric());
    let after_value = previous.is_ascii_alphanumeric() || "\"])}/".contains(previous);
    let closing = open_bracket(last).filter(|_| value && after_value)?;
    let own_line = before.trim_end_matches([' ', '\t']).ends_with('\n');
    Some(if own_line {
        format!("is a comma missing before it, or a `{closing}`?")
    } else {
        "is a comma missing before it?".to_owned()
    })
}

/// What would close the innermost bracket that is open at the end of a text.
fn open_bracket(text: &str) -> Option<char> {
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => _ = open.pop(),
            _ => {}
        }
    }
    // A brace of a rule's body is open all along.
    open.pop().filter(|c| *c != '}' || open.len() > 1)
}

/// Whether what a delimiter opens is closed on its line.
fn closes(rest: &str, delimiter: char) -> bool {
    rest.get(1..).is_some_and(|r| r.split('\n').next().is_some_and(|line| line.contains(delimiter)))
}

/// What can be seen of a word: characters without a shape by their number.
fn visible(word: &str) -> String {
    match word.chars().next() {
        Some(c) if c.is_control() || (c.is_whitespace() && c != ' ') || c == '\u{feff}' => {
            format!("U+{:04X}", u32::from(c))
        }
        _ => word.to_owned(),
    }
}

fn len(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(0)
}

/// A piece that ends where something was still to come.
pub(super) fn ends_early(span: Span, what: &str, expected: &[&'static str]) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("`{what}` ends too early"))
        .at(span, format!("{} behind this", expected_text(expected)))
        .help(format!("write the rest of it, or take `{what}` out"))
}

/// A bracket without its partner.
pub(super) fn unclosed(span: Span, bracket: char) -> Diagnostic {
    let closing = match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    };
    Diagnostic::error(Code::Syntax, format!("`{bracket}` is never closed"))
        .at(span, "opened here")
        .help(format!("write `{closing}` where it ends"))
}

/// A word where a clause should begin.
pub(super) fn unknown_clause(span: Span, text: &str, at: usize, words: &[&'static str]) -> Diagnostic {
    let word = found(text.get(at..).unwrap_or_default());
    let diagnostic =
        Diagnostic::error(Code::Syntax, format!("`{word}` begins no clause")).at(span, "expected a clause");
    match ELSEWHERE.iter().find(|(other, _)| word.eq_ignore_ascii_case(other)) {
        Some((_, here)) => diagnostic.help(*here),
        None => diagnostic.suggest(word, words.iter().copied()),
    }
}

/// A word where an item should begin.
pub(super) fn unknown_item(span: Span, word: &str, words: &[&'static str]) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("`{word}` begins no item"))
        .at(span, "expected an item")
        .suggest(word, words.iter().copied().take(11))
}

/// The word that a text begins with, or its first character.
fn found(rest: &str) -> &str {
    let word = rest.get(..crate::syntax::comments::word_end(rest, 0)).unwrap_or_default();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    if word.is_empty() { rest.get(..first).unwrap_or_default() } else { word }
}

fn expected_text(expected: &[&'static str]) -> String {
    match expected {
        [] => "expected something else".to_owned(),
        [one] => format!("expected {one}"),
        [firsts @ .., last] => format!("expected {} or {last}", firsts.join(", ")),
    }
}

pub(super) fn not_yet(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::NotYet, format!("`{what}` is not in this version yet"))
        .at(span, "reserved for a later version")
        .help("leave it out for now: the word stays reserved, so what you write will mean the same later")
}

pub(super) fn clause_order(span: Span, word: &str, after: &str, order: &[&str]) -> Diagnostic {
    Diagnostic::error(Code::ClauseOrder, format!("`{word}` stands after `{after}`"))
        .at(span, "too late")
        .help(format!("the order is {}", order.join(", ")))
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

pub(super) fn escape(span: Span, written: &str) -> Diagnostic {
    let known = r#"known are `\"`, `\\`, `\n`, `\t` and `\u{e9}`; in patterns `/…/` nothing is escaped twice"#;
    let message = if written.starts_with(r"\u{") {
        format!("`{written}` stands for no character")
    } else {
        format!("unknown escape `{written}`")
    };
    Diagnostic::error(Code::BadLiteral, message).at(span, "").help(known)
}

pub(super) fn minus(span: Span, operand: &str) -> Diagnostic {
    literal(span, "a minus stands only before a number", format!("write `0 - {operand}`"))
}

pub(super) fn time(span: Span, written: &str, meant: Option<&str>) -> Diagnostic {
    match meant {
        Some(meant) => literal(span, "times are in UTC and end with `Z`", format!("write `{meant}`")),
        None => literal(span, format!("`{written}` is no time"), "write `2026-01-31` or `2026-01-31T23:59:00Z`"),
    }
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
