//! Takes a text, gives its tokens as far as they can be told without reading it, and its `//` comments with their places, so that
//! formatting can put them back.

use std::ops::Range;

use super::RESERVED;

/// A `//` comment: its bytes, without the line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands.
    pub range: Range<usize>,
    /// Whether code stands before it on its line.
    pub trailing: bool,
}

/// What a place in a text is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A character of code.
    Code(char),
    /// A whole word.
    Word,
    /// A whole string, pattern, comment or doc comment.
    Skip(Kind),
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

/// A walk over a text, token by token, that knows a pattern's slash from a division's by what stands before it.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// The byte at which the next token begins.
    pub(super) at: usize,
    /// Whether a value may begin there.
    value: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Tokens { text, at: 0, value: false }
    }
}

impl Iterator for Tokens<'_> {
    /// The token and where it begins; it ends where the next one begins.
    type Item = (usize, Token);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = self.text.get(start..)?;
        let c = rest.chars().next()?;
        let line = || rest.find('\n').unwrap_or(rest.len());
        let (token, length) = match c {
            '"' => (Token::Skip(Kind::Text), delimited(rest, '"')),
            '/' if rest.starts_with("///") && !rest.starts_with("////") => (Token::Skip(Kind::Doc), line()),
            '/' if rest.starts_with("//") => (Token::Skip(Kind::Comment), line()),
            '/' if self.value && !rest.starts_with("/ ") => (Token::Skip(Kind::Pattern), delimited(rest, '/')),
            c if c.is_ascii_alphabetic() || c == '_' => (Token::Word, word_end(rest, 0)),
            c => (Token::Code(c), c.len_utf8()),
        };
        self.value = match token {
            Token::Skip(Kind::Comment | Kind::Doc) => self.value,
            Token::Skip(Kind::Text | Kind::Pattern) => false,
            Token::Code(c) if c.is_whitespace() => self.value,
            Token::Code(c) => !c.is_ascii_alphanumeric() && !")]}.:`\"".contains(c),
            // Behind a word of the language comes a value, unless it ends one.
            Token::Word => {
                let word = rest.get(..length).unwrap_or_default();
                RESERVED.contains(&word) && !["true", "false", "nocase"].contains(&word)
            }
        };
        self.at = start + length.max(1);
        Some((start, token))
    }
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

/// All `//` comments of a text, in order.
#[must_use]
pub fn comments(text: &str) -> Vec<Comment> {
    let mut out = Vec::new();
    let mut tokens = Tokens::new(text);
    while let Some((start, token)) = tokens.next() {
        if token == Token::Skip(Kind::Comment) {
            let before = text.get(..start).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            out.push(Comment { range: start..tokens.at, trailing: !line.trim().is_empty() });
        }
    }
    out
}

/// One past the word that begins at `at`.
pub(super) fn word_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
}
