//! The text of a filter → its tokens.
//!
//! Which characters an unquoted text may have, and which escapes a quoted one knows, is said in parts by "Logging query language" (Values and
//! conversions) and in full by the grammar that Google publishes with the Ops Agent, whose filters are the same language. What neither names
//! is refused.

use super::tree::{Op, Place};
use crate::emulator::Failure;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// Unquoted text, also `AND`, `OR` and `NOT`.
    Word(String),
    /// An unsigned number.
    Number(String),
    /// Without its quotes and escapes.
    Quoted(String),
    Op(Op),
    Dot,
    Comma,
    Open,
    Close,
    Minus,
    Star,
}

/// A token with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) at: Place,
}

const OPERATORS: &[(&str, Op)] = &[
    (">=", Op::GreaterOrEqual),
    ("<=", Op::LessOrEqual),
    ("!=", Op::Unequal),
    ("=~", Op::Matches),
    ("!~", Op::MatchesNot),
    ("=", Op::Equal),
    (":", Op::Has),
    ("<", Op::Less),
    (">", Op::Greater),
];

const SIGNS: &[(char, Token)] = &[
    ('.', Token::Dot),
    (',', Token::Comma),
    ('(', Token::Open),
    (')', Token::Close),
    ('-', Token::Minus),
    ('*', Token::Star),
];

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Lexeme>, Failure> {
    let mut lexer = Lexer { text, at: 0 };
    let mut out = Vec::new();
    while let Some(first) = lexer.skip_to_next() {
        let start = lexer.at;
        let token = lexer.token(first)?;
        out.push(Lexeme { token, at: start..lexer.at });
    }
    Ok(out)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Goes over white space and comments.
    fn skip_to_next(&mut self) -> Option<char> {
        loop {
            let next = self.peek()?;
            if matches!(next, ' ' | '\t' | '\r' | '\n' | '\u{c}' | '\u{a0}') {
                self.at += next.len_utf8();
            } else if self.rest().starts_with("--") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else {
                return Some(next);
            }
        }
    }

    fn token(&mut self, first: char) -> Result<Token, Failure> {
        let start = self.at;
        if first == '"' {
            return self.quoted();
        }
        if let Some((text, op)) = OPERATORS.iter().find(|(text, _)| self.rest().starts_with(text)) {
            self.at += text.len();
            return Ok(Token::Op(*op));
        }
        if let Some((_, token)) = SIGNS.iter().find(|(sign, _)| *sign == first) {
            self.at += 1;
            return Ok(token.clone());
        }
        if starts_word(first) {
            return self.word();
        }
        let place = start..start + first.len_utf8();
        Err(match first {
            '+' if !self.rest().chars().nth(1).is_some_and(|c| c.is_ascii_digit()) => {
                Failure::rejected("a text that begins with `+` must be in double quotes", place)
            }
            '~' => Failure::rejected("`~` stands only in `=~` and `!~`; in a text it needs double quotes", place),
            '\\' => Failure::rejected("an escape stands only in double quotes", place),
            _ => Failure::unknown(format!("whether {first:?} may stand outside of double quotes is not known"), place),
        })
    }

    fn word(&mut self) -> Result<Token, Failure> {
        let rest = self.rest();
        let length = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        if let Some(number) = number_of(rest) {
            let number = number.to_owned();
            self.at += number.len();
            return Ok(Token::Number(number));
        }
        if let Some(dashes) = word.find("--") {
            let place = self.at + dashes..self.at + dashes + 2;
            return Err(Failure::unknown("whether `--` within an unquoted text begins a comment is not known", place));
        }
        let word = word.to_owned();
        self.at += length;
        Ok(Token::Word(word))
    }

    fn quoted(&mut self) -> Result<Token, Failure> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            match self.take() {
                Some('"') => return Ok(Token::Quoted(out)),
                Some('\\') => out.push(self.escape()?),
                Some(other) => out.push(other),
                None => return Err(Failure::rejected("this text has no closing double quote", start..self.text.len())),
            }
        }
    }

    /// After a backslash.
    fn escape(&mut self) -> Result<char, Failure> {
        let start = self.at - 1;
        let Some(letter) = self.take() else {
            return Err(Failure::rejected("this text has no closing double quote", start..self.text.len()));
        };
        let code = match letter {
            ',' | ':' | '=' | '<' | '>' | '+' | '~' | '"' | '\\' | '.' | '*' => return Ok(letter),
            'a' => return Ok('\u{7}'),
            'b' => return Ok('\u{8}'),
            'f' => return Ok('\u{c}'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\u{b}'),
            'u' => self.digits(16, 4, 4),
            // Two digits or three are a byte: one past ASCII is only a part of a character.
            'x' => self.digits(16, 2, 2).filter(|code| *code < 0x80),
            '0'..='7' => {
                self.at -= 1;
                let most = if letter > '3' { 2 } else { 3 };
                self.digits(8, 1, most).filter(|code| *code < 0x80)
            }
            _ => None,
        };
        let place = start..self.at;
        code.and_then(char::from_u32).ok_or_else(|| {
            let written = self.text.get(place.clone()).unwrap_or_default();
            Failure::unknown(format!("the escape `{written}` is not known in a text"), place)
        })
    }

    fn digits(&mut self, radix: u32, least: usize, most: usize) -> Option<u32> {
        let rest = self.rest();
        let length = rest.chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let code = rest.get(..length).filter(|_| length >= least).and_then(|d| u32::from_str_radix(d, radix).ok())?;
        self.at += length;
        Some(code)
    }
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '#' | '$' | '%' | '@' | ';') || c >= '\u{a1}'
}

fn in_word(c: char) -> bool {
    starts_word(c) || matches!(c, '-' | '+')
}

/// The number that a text begins with, if it is no part of a longer word.
fn number_of(text: &str) -> Option<&str> {
    let digits = |from: usize| -> usize {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let starts = |from: usize, signs: &[char]| text.get(from..).is_some_and(|rest| rest.starts_with(signs));
    let mut end = digits(0);
    if end == 0 {
        return None;
    }
    if starts(end, &['.']) && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    if starts(end, &['e', 'E']) {
        let from = end + 1 + usize::from(starts(end + 1, &['+', '-']));
        if digits(from) > from {
            end = digits(from);
        }
    }
    let next = text.get(end..).and_then(|rest| rest.chars().next());
    if next.is_some_and(|c| in_word(c) || c == '.') { None } else { text.get(..end) }
}
