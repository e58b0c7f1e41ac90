//! A query's text → its tokens, each with its place. Comments and white space fall away here; escapes of texts are read here.

use std::ops::Range;

use super::moment::{self, Unit};
use crate::emulator::Failure;

/// A part of a query that has no parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A name or a keyword.
    Word(&'a str),
    /// A text, unescaped.
    Text(String),
    /// A whole number.
    Long(i64),
    /// A number with a point or an exponent.
    Real(f64),
    /// A length of time with its unit, in ticks.
    Span(i64),
    /// `TYPE(…)`, whose inside has a grammar of its own.
    Typed(&'a str, &'a str),
    /// Anything else.
    Mark(&'static str),
    /// After the last one.
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub(super) token: Token<'a>,
    pub(super) at: Range<usize>,
}

/// Longer ones first.
const MARKS: &[&str] = &[
    "..", "==", "!=", "<>", "<=", ">=", "=~", "!~", "=>", "|", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "=",
    "<", ">", "+", "-", "*", "/", "%", "!", "~",
];

/// Words with a hyphen; elsewhere it is a minus.
const HYPHENATED: &[&str] = &[
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "project-by-names",
    "mv-expand",
    "mv-apply",
    "parse-where",
    "parse-kv",
    "make-series",
    "make-graph",
    "graph-match",
    "top-nested",
    "top-hitters",
    "sample-distinct",
    "partition-by",
];

/// Names of types whose literals are `TYPE(…)`. A dynamic literal is no such token: it has tokens inside.
const TYPED: &[&str] = &[
    "datetime", "date", "timespan", "time", "guid", "uniqueid", "long", "int", "real", "double", "bool", "boolean",
    "decimal",
];

/// Reads a whole query.
pub(super) fn tokens(query: &str) -> Result<Vec<Placed<'_>>, Failure> {
    let mut lexer = Lexer { query, at: 0 };
    let mut out = Vec::new();
    loop {
        lexer.space();
        let start = lexer.at;
        let token = lexer.token()?;
        let last = token == Token::End;
        out.push(Placed { token, at: start..lexer.at });
        if last {
            return Ok(out);
        }
    }
}

struct Lexer<'a> {
    query: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes while a test holds.
    fn while_(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !test(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn take(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        self.at += if there { text.len() } else { 0 };
        there
    }

    fn space(&mut self) {
        loop {
            self.while_(char::is_whitespace);
            if !self.rest().starts_with("//") {
                return;
            }
            self.while_(|c| !ends_line(c));
        }
    }

    fn token(&mut self) -> Result<Token<'a>, Failure> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if let Some(text) = self.text()? {
            return Ok(Token::Text(text));
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' || first == '$' {
            return Ok(self.word());
        }
        if first == '!' && self.rest().chars().nth(1).is_some_and(char::is_alphabetic) {
            // A negated operator, `!has`, is one word.
            let start = self.at;
            self.at += 1;
            self.while_(|c| c.is_alphanumeric() || c == '_');
            self.take("~");
            return Ok(Token::Word(self.query.get(start..self.at).unwrap_or_default()));
        }
        let mark = MARKS.iter().find(|mark| self.take(mark));
        mark.map(|mark| Token::Mark(mark))
            .ok_or_else(|| Failure::rejected(format!("`{first}` begins nothing"), self.at..self.at + first.len_utf8()))
    }

    fn word(&mut self) -> Token<'a> {
        let start = self.at;
        if let Some(word) = HYPHENATED.iter().find(|word| {
            let after = self.rest().strip_prefix(**word);
            after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        }) {
            self.at += word.len();
            return Token::Word(word);
        }
        self.take("$");
        let mut word = self.while_(|c| c.is_alphanumeric() || c == '_');
        if word == "in" && self.take("~") {
            return Token::Word("in~");
        }
        if TYPED.contains(&word) {
            let opens = self.rest().trim_start().starts_with('(');
            if let Some(inside) = opens.then(|| self.inside()).flatten() {
                return Token::Typed(word, inside);
            }
        }
        word = self.query.get(start..self.at).unwrap_or_default();
        Token::Word(word)
    }

    /// What stands in the brackets that follow, up to the first that closes.
    fn inside(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let open = rest.find('(')? + 1;
        let close = open + rest.get(open..)?.find(')')?;
        self.at += close + 1;
        rest.get(open..close).map(str::trim)
    }

    fn number(&mut self) -> Result<Token<'a>, Failure> {
        let start = self.at;
        let number = |lexer: &Self| lexer.query.get(start..lexer.at).unwrap_or_default();
        if self.take("0x") || self.take("0X") {
            let digits = self.while_(|c| c.is_ascii_hexdigit());
            let value = u64::from_str_radix(digits, 16).map(u64::cast_signed);
            return value.map(Token::Long).map_err(|_| self.no_number(start));
        }
        self.while_(|c| c.is_ascii_digit());
        let mut real = false;
        if self.rest().starts_with('.') && self.rest().chars().nth(1).is_some_and(|c| c.is_ascii_digit()) {
            real = true;
            self.at += 1;
            self.while_(|c| c.is_ascii_digit());
        }
        let exponent = self.rest().strip_prefix(['e', 'E']);
        let digits = exponent.map(|after| after.strip_prefix(['+', '-']).unwrap_or(after));
        if digits.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
            real = true;
            self.at += 2;
            self.while_(|c| c.is_ascii_digit());
        }
        let (text, end) = (number(self), self.at);
        let unit = self.while_(|c| c.is_alphanumeric() || c == '_');
        if !unit.is_empty() {
            let unit = Unit::named(unit).ok_or_else(|| self.no_number(start))?;
            let ticks = moment::ticks_of(text, unit);
            return ticks.map(Token::Span).ok_or_else(|| self.no_number(start));
        }
        self.at = end;
        let token = if real { text.parse().ok().map(Token::Real) } else { text.parse().ok().map(Token::Long) };
        token.ok_or_else(|| Failure::unknown(format!("a number as large as `{text}` is not known here"), start..end))
    }

    fn no_number(&self, start: usize) -> Failure {
        let text = self.query.get(start..self.at).unwrap_or_default();
        Failure::rejected(format!("`{text}` is no number, and no name as it begins with a digit"), start..self.at)
    }

    /// A text literal, where one begins here.
    fn text(&mut self) -> Result<Option<String>, Failure> {
        let start = self.at;
        let rest = self.rest();
        let hidden = usize::from(rest.starts_with(['h', 'H']));
        let after = rest.get(hidden..).unwrap_or_default();
        let verbatim = after.starts_with('@');
        let body = after.get(usize::from(verbatim)..).unwrap_or_default();
        let unclosed = |lexer: &Self| Failure::rejected("this text has no end", start..lexer.query.len());
        if let Some(lines) = body.strip_prefix("```").filter(|_| !verbatim) {
            let length = lines.find("```").ok_or_else(|| unclosed(self))?;
            self.at += hidden + 3 + length + 3;
            return Ok(Some(lines.get(..length).unwrap_or_default().to_owned()));
        }
        let Some(quote) = body.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return Ok(None) };
        self.at += hidden + usize::from(verbatim) + 1;
        let mut out = String::new();
        loop {
            let plain = self.while_(|c| c != quote && !ends_line(c) && (verbatim || c != '\\'));
            out.push_str(plain);
            match self.peek() {
                Some('\\') => out.push(self.escape()?),
                Some(c) if c == quote => {
                    self.at += 1;
                    if !(verbatim && self.peek() == Some(quote)) {
                        return Ok(Some(out));
                    }
                    out.push(quote);
                    self.at += 1;
                }
                _ => return Err(unclosed(self)),
            }
        }
    }

    /// At a backslash.
    fn escape(&mut self) -> Result<char, Failure> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += letter.map_or(0, char::len_utf8);
        let plain = match letter {
            Some(c @ ('\\' | '"' | '\'')) => Some(c),
            Some('t') => Some('\t'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('a') => Some('\u{7}'),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('v') => Some('\u{b}'),
            Some('0') => Some('\0'),
            Some('x') => self.coded(2),
            Some('u') => self.utf16(),
            Some('U') => self.coded(8),
            Some('1'..='7') => {
                return Err(Failure::unknown("an octal escape is not known here", start..self.at));
            }
            _ => None,
        };
        let text = self.query.get(start..self.at).unwrap_or_default();
        plain.ok_or_else(|| Failure::rejected(format!("`{text}` is no escape of a text"), start..self.at))
    }

    fn code(&mut self, digits: usize) -> Option<u32> {
        let text = self.rest().get(..digits).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += digits;
        u32::from_str_radix(text, 16).ok()
    }

    fn coded(&mut self, digits: usize) -> Option<char> {
        self.code(digits).and_then(char::from_u32)
    }

    /// Four digits; a character past U+FFFF is two such escapes.
    fn utf16(&mut self) -> Option<char> {
        let first = self.code(4)?;
        if (0xD800..0xDC00).contains(&first) && self.take("\\u") {
            let second = self.code(4)?.checked_sub(0xDC00)?;
            return char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + second);
        }
        char::from_u32(first)
    }
}

/// Whether a character ends a line, and with it a comment and a text that is not between triple backticks.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}
