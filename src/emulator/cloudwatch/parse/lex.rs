//! Takes the text of a query, gives its tokens one after another; a pattern is read where the parser asks for one.

use crate::emulator::cloudwatch::reading::Question;
use crate::emulator::cloudwatch::tree::{Period, Place};
use crate::emulator::{Failure, Readings};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name of segments joined by points; `quoted` where one stood in backticks.
    Path {
        segments: Vec<String>,
        quoted: bool,
    },
    Number(String),
    Period(Period),
    Text(String),
    Symbol(&'static str),
    End,
}

const SYMBOLS: [&str; 24] = [
    "!=", "<=", ">=", "=~", "=", "<", ">", "!", "+", "-", "*", "/", "^", "%", "(", ")", "[", "]", ",", "|", ":", ".",
    "{", "}",
];

/// Units of periods by their names, in milliseconds, with the most that may be asked for and the next longer unit.
const UNITS: [(&[&str], i64, i64, i64); 5] = [
    (&["ms", "msec", "msecs", "millisecond", "milliseconds"], 1, 1000, 1000),
    (&["s", "sec", "secs", "second", "seconds"], 1000, 60, 60_000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000, 60, 3_600_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000, 24, 86_400_000),
    (&["d", "day", "days"], 86_400_000, 100_000, i64::MAX),
];

/// Units that `bin` has, but whose first moment is not documented.
const UNALIGNED: [&str; 14] =
    ["w", "week", "weeks", "mo", "mon", "mons", "month", "months", "q", "qtr", "qtrs", "y", "yr", "yrs"];

/// Reads tokens from a text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    readings: &'a Readings,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, readings: &'a Readings) -> Lexer<'a> {
        Lexer { text, at: 0, readings }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, holds: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !holds(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// White space, and comments where a `#` stands at a line's start or after white space.
    fn skip(&mut self) {
        loop {
            let blank = !self.take(char::is_whitespace).is_empty();
            if !self.rest().starts_with('#') || !(blank || self.at == 0) {
                return;
            }
            self.take(|c| c != '\n');
        }
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token, Place), Failure> {
        self.skip();
        let start = self.at;
        let token = match self.rest().chars().next() {
            None => Token::End,
            Some('"' | '\'') => Token::Text(self.text_token()?),
            Some(c) if c.is_ascii_digit() => self.number()?,
            Some(c) if is_name(c) || c == '`' => self.path()?,
            Some(c) => {
                let symbol = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| {
                    let after = start..start + c.len_utf8();
                    Failure::rejected(
                        format!("`{c}` is no part of the language; names with it stand in backticks"),
                        after,
                    )
                })?;
                self.at += symbol.len();
                Token::Symbol(symbol)
            }
        };
        Ok((token, start..self.at))
    }

    /// A pattern between slashes, from the first of them on, without them; an escaped slash is one.
    pub(super) fn pattern(&mut self, start: usize) -> Result<(String, Place), Failure> {
        self.at = start + 1;
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices() {
            match c {
                '/' if !escaped => {
                    let text = self.rest().get(..offset).unwrap_or_default().to_owned();
                    self.at += offset + 1;
                    return Ok((text, start..self.at));
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        Err(Failure::rejected("a pattern does not end: expected `/`", start..self.text.len()))
    }

    fn text_token(&mut self) -> Result<String, Failure> {
        let start = self.at;
        let quote = self.rest().chars().next().unwrap_or('"');
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            if c == quote {
                self.at += offset + 1;
                return Ok(out);
            }
            let next = chars.peek().map(|(_, next)| *next);
            let escape = c == '\\' && !self.readings.other(Question::Backslash as usize);
            match next {
                Some(next @ ('"' | '\'' | '\\')) if escape => {
                    out.push(next);
                    chars.next();
                }
                _ => out.push(c),
            }
        }
        Err(Failure::rejected(format!("a text does not end: expected `{quote}`"), start..self.text.len()))
    }

    fn number(&mut self) -> Result<Token, Failure> {
        let start = self.at;
        self.take(|c| c.is_ascii_digit());
        let mut fraction = self.rest().chars();
        if fraction.next() == Some('.') && fraction.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take(|c| c.is_ascii_digit());
        }
        let number = self.text.get(start..self.at).unwrap_or_default().to_owned();
        let unit = self.take(is_name);
        let place = start..self.at;
        if unit.is_empty() {
            return Ok(Token::Number(number));
        }
        let lower = unit.to_ascii_lowercase();
        if UNALIGNED.contains(&lower.as_str()) {
            return Err(Failure::unknown(format!("where a period of `{unit}` starts is not documented"), place));
        }
        let known = UNITS.iter().find(|(names, ..)| names.contains(&lower.as_str()));
        let count = number.parse::<i64>().ok().filter(|count| *count > 0);
        match (known, count) {
            (Some((_, unit, cap, longer)), Some(count)) => {
                Ok(Token::Period(Period { count: count.min(*cap), unit: *unit, longer: *longer }))
            }
            _ => Err(Failure::rejected(format!("`{number}{unit}` is neither a number nor a period"), place)),
        }
    }

    fn path(&mut self) -> Result<Token, Failure> {
        let start = self.at;
        let (mut segments, mut quoted) = (Vec::new(), false);
        loop {
            if self.rest().starts_with('`') {
                let opening = self.at;
                self.at += 1;
                let name = self.take(|c| c != '`').to_owned();
                if !self.rest().starts_with('`') || name.is_empty() {
                    return Err(Failure::rejected("a name in backticks does not end, or is empty", opening..self.at));
                }
                if name.contains('\\') {
                    return Err(Failure::unknown("a backslash in backticks", opening..self.at));
                }
                self.at += 1;
                quoted = true;
                segments.push(name);
            } else {
                segments.push(self.take(is_name).to_owned());
            }
            if segments.last().is_none_or(String::is_empty) {
                return Err(Failure::rejected("expected a name after `.`", start..self.at));
            }
            if !self.rest().starts_with('.') {
                return Ok(Token::Path { segments, quoted });
            }
            self.at += 1;
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '@'
}
