//! Takes a text, gives its `//` comments with their places, so that formatting can put them back.

use std::ops::Range;

/// A `//` comment: its bytes, without the line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// Whether code stands before it on its line.
    pub(super) trailing: bool,
    /// Whether an empty line stands before it.
    pub(super) after_blank: bool,
}

/// What a place in a text is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A character of code.
    Code(char),
    /// The start of a word: its first byte follows a non-word byte.
    Word,
    /// A whole string, pattern, comment or doc comment: skip to the byte.
    Skip(Kind, usize),
}

/// What is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `"…"`
    Text,
    /// `/…/`
    Pattern,
    /// `// …`
    Comment,
    /// `/// …`
    Doc,
}

/// What stands at byte `at`, where `value_may_begin` tells `/` of a pattern from a division.
pub(super) fn token(text: &str, at: usize, value_may_begin: bool) -> Option<Token> {
    let rest = text.get(at..)?;
    let c = rest.chars().next()?;
    let line_end = || at + rest.find('\n').unwrap_or(rest.len());
    Some(match c {
        '"' => Token::Skip(Kind::Text, at + delimited(rest, '"')),
        '/' if rest.starts_with("///") && !rest.starts_with("////") => Token::Skip(Kind::Doc, line_end()),
        '/' if rest.starts_with("//") => Token::Skip(Kind::Comment, line_end()),
        '/' if value_may_begin && !rest.starts_with("/ ") => Token::Skip(Kind::Pattern, at + delimited(rest, '/')),
        c if c.is_ascii_alphabetic() || c == '_' => Token::Word,
        c => Token::Code(c),
    })
}

/// The length of what begins with a delimiter and ends with the next one that has no backslash before it, or with its line.
fn delimited(rest: &str, delimiter: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == delimiter => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Whether a pattern may begin after this text: nothing but an operator, an opening bracket, a comma or a word that takes a value precedes.
pub(super) fn value_may_begin(before: &str) -> bool {
    let before = before.trim_end();
    let Some(last) = before.chars().next_back() else { return false };
    if "=([{,>".contains(last) {
        return true;
    }
    let word = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
    matches!(word, "matches" | "of" | "in")
}

/// All `//` comments of a text, in order.
pub(super) fn comments(text: &str) -> Vec<Comment> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(token) = token(text, at, value_may_begin(text.get(line_start(text, at)..at).unwrap_or_default())) {
        at = match token {
            Token::Skip(Kind::Comment, end) => {
                let line = text.get(line_start(text, at)..at).unwrap_or_default();
                let above = text.get(..line_start(text, at)).unwrap_or_default();
                out.push(Comment {
                    range: at..end,
                    trailing: !line.trim().is_empty(),
                    after_blank: above.ends_with("\n\n") || above.ends_with("\n\r\n"),
                });
                end
            }
            Token::Skip(_, end) => end,
            Token::Code(c) => at + c.len_utf8(),
            Token::Word => word_end(text, at),
        };
    }
    out
}

/// One past the word that begins at `at`.
pub(super) fn word_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1)
}
