//! The lexical structure of GoogleSQL: takes a query's text, gives sqlparser's tokens, whose places are bytes of the text.
//!
//! sqlparser's own tokenizer reads escapes and raw strings otherwise than GoogleSQL does, so strings come out of here as they are meant:
//! a text literal unescaped, a bytes literal with one character a byte.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use crate::emulator::Failure;

/// Most tokens of a query: what is built of them stays within the stack.
const MAX_TOKENS: usize = 20_000;

/// How deep types may stand in one another.
const MAX_TYPES: usize = 15;

/// A span of sqlparser whose columns are bytes.
fn span(at: &Range<usize>) -> Span {
    let location = |byte: usize| Location { line: 1, column: byte as u64 + 1 };
    Span { start: location(at.start), end: location(at.end) }
}

/// The bytes of a span; an empty range at the start where sqlparser gives none.
pub(super) fn bytes(span: Span) -> Range<usize> {
    let byte = |location: Location| usize::try_from(location.column).unwrap_or_default().saturating_sub(1);
    byte(span.start)..byte(span.end)
}

/// All tokens of a query.
///
/// # Errors
/// Where the text is none of GoogleSQL's tokens.
pub(super) fn tokens(query: &str) -> Result<Vec<TokenWithSpan>, Failure> {
    let mut lexer = Lexer { query, at: 0 };
    let mut out: Vec<TokenWithSpan> = Vec::new();
    let mut types = 0_usize;
    while let Some(token) = lexer.token(out.last().is_some_and(|before| before.token == Token::Period))? {
        // sqlparser limits how deep expressions are nested, and forgets types.
        types = match (&token.token, out.last().map(|before| &before.token)) {
            (Token::Lt, Some(Token::Word(word))) if matches!(word.keyword, Keyword::ARRAY | Keyword::STRUCT) => {
                types + 1
            }
            (Token::Gt, _) => types.saturating_sub(1),
            (Token::ShiftRight, _) => types.saturating_sub(2),
            _ => types,
        };
        if types > MAX_TYPES {
            return Err(Failure::unknown(format!("types nested deeper than {MAX_TYPES}"), bytes(token.span)));
        }
        out.push(token);
        if out.len() > MAX_TOKENS {
            return Err(Failure::unknown(format!("a query of more than {MAX_TOKENS} tokens"), 0..query.len()));
        }
    }
    Ok(out)
}

struct Lexer<'a> {
    query: &'a str,
    at: usize,
}

/// How a quoted literal starts.
struct Quote {
    raw: bool,
    bytes: bool,
    mark: &'static str,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accept(c)).unwrap_or(rest.len());
    }

    /// The next token; `after_point`: what stands before it.
    fn token(&mut self, after_point: bool) -> Result<Option<TokenWithSpan>, Failure> {
        self.space()?;
        let Some(first) = self.peek() else { return Ok(None) };
        let start = self.at;
        let token = if let Some(quote) = self.quote() {
            let text = self.quoted(&quote)?;
            if quote.bytes { Token::SingleQuotedByteStringLiteral(text) } else { Token::SingleQuotedString(text) }
        } else if first == '`' {
            let name = self.quoted(&Quote { raw: false, bytes: false, mark: "`" })?;
            if name.is_empty() {
                return Err(Failure::rejected("an empty identifier: ``", start..self.at));
            }
            Token::make_word(&name, Some('`'))
        } else if first.is_ascii_alphabetic() || first == '_' {
            self.skip_while(|c| c.is_ascii_alphanumeric() || c == '_');
            // Behind a point every word is a name, which sqlparser takes for one in backticks only.
            let quote = after_point.then_some('`');
            Token::make_word(self.query.get(start..self.at).unwrap_or_default(), quote)
        } else if first.is_ascii_digit() || (first == '.' && self.digit_after(1)) {
            self.number()?
        } else {
            self.symbol()?
        };
        Ok(Some(TokenWithSpan { token, span: span(&(start..self.at)) }))
    }

    /// White space and comments: from `#` or `--` to the line's end, or between `/*` and `*/`.
    fn space(&mut self) -> Result<(), Failure> {
        loop {
            self.skip_while(char::is_whitespace);
            if self.rest().starts_with('#') || self.rest().starts_with("--") {
                self.skip_while(|c| !ends_line(c));
            } else if self.rest().starts_with("/*") {
                let length = self.rest().find("*/");
                let length =
                    length.ok_or_else(|| Failure::rejected("a comment without an end", self.at..self.query.len()))?;
                self.at += length + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn digit_after(&self, skipped: usize) -> bool {
        self.rest().as_bytes().get(skipped).is_some_and(u8::is_ascii_digit)
    }

    fn number(&mut self) -> Result<Token, Failure> {
        let start = self.at;
        let hexadecimal = self.rest().get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"));
        if hexadecimal {
            self.at += 2;
            self.skip_while(|c| c.is_ascii_hexdigit());
        } else {
            self.skip_while(|c| c.is_ascii_digit());
            if self.peek() == Some('.') {
                self.at += 1;
                self.skip_while(|c| c.is_ascii_digit());
            }
            if self.rest().starts_with(['e', 'E']) {
                let signed = usize::from(self.rest().get(1..).is_some_and(|rest| rest.starts_with(['+', '-'])));
                if self.digit_after(1 + signed) {
                    self.at += 1 + signed;
                    self.skip_while(|c| c.is_ascii_digit());
                }
            }
        }
        if self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Failure::rejected("white space is missing between a number and a name", start..self.at + 1));
        }
        Ok(Token::Number(self.query.get(start..self.at).unwrap_or_default().to_owned(), false))
    }

    fn symbol(&mut self) -> Result<Token, Failure> {
        const SYMBOLS: &[(&str, Token)] = &[
            ("<=", Token::LtEq),
            (">=", Token::GtEq),
            ("<>", Token::Neq),
            ("!=", Token::Neq),
            ("||", Token::StringConcat),
            ("<<", Token::ShiftLeft),
            (">>", Token::ShiftRight),
            ("=>", Token::RArrow),
            ("|>", Token::VerticalBarRightAngleBracket),
            ("=", Token::Eq),
            ("<", Token::Lt),
            (">", Token::Gt),
            ("+", Token::Plus),
            ("-", Token::Minus),
            ("*", Token::Mul),
            ("/", Token::Div),
            (",", Token::Comma),
            ("(", Token::LParen),
            (")", Token::RParen),
            ("[", Token::LBracket),
            ("]", Token::RBracket),
            (".", Token::Period),
            (";", Token::SemiColon),
            ("|", Token::Pipe),
            ("&", Token::Ampersand),
            ("^", Token::Caret),
            ("~", Token::Tilde),
        ];
        if let Some((text, token)) = SYMBOLS.iter().find(|(text, _)| self.rest().starts_with(text)) {
            self.at += text.len();
            return Ok(token.clone());
        }
        let char = self.peek().unwrap_or_default();
        let at = self.at..self.at + char.len_utf8();
        if char == '@' || char == '?' {
            return Err(Failure::unknown(format!("query parameters and system variables: `{char}`"), at));
        }
        Err(Failure::rejected(format!("`{char}` starts nothing in GoogleSQL"), at))
    }

    /// How the literal here starts, if one does.
    fn quote(&self) -> Option<Quote> {
        let rest = self.rest();
        let letters = rest.bytes().take(2).take_while(|b| matches!(b, b'r' | b'R' | b'b' | b'B')).count();
        let prefix = rest.get(..letters)?.to_ascii_lowercase();
        let rest = rest.get(letters..)?;
        let mark = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| rest.starts_with(mark))?;
        let (raw, bytes) = (prefix.contains('r'), prefix.contains('b'));
        (prefix != "rr" && prefix != "bb").then_some(Quote { raw, bytes, mark })
    }

    /// A quoted literal or identifier, without its quotes.
    fn quoted(&mut self, quote: &Quote) -> Result<String, Failure> {
        let start = self.at;
        self.at += usize::from(quote.raw) + usize::from(quote.bytes) + quote.mark.len();
        let mut out = String::new();
        loop {
            if self.rest().starts_with(quote.mark) {
                self.at += quote.mark.len();
                return Ok(out);
            }
            let Some(char) = self.peek() else {
                return Err(Failure::rejected("a literal without its closing quote", start..self.at));
            };
            if ends_line(char) && quote.mark.len() == 1 {
                return Err(Failure::rejected("a line break in a literal that is not triple-quoted", start..self.at));
            }
            self.at += char.len_utf8();
            match char {
                '\\' if quote.raw => {
                    // In a raw literal a backslash keeps the quote after it from closing, and stays.
                    let next = self
                        .peek()
                        .ok_or_else(|| Failure::rejected("a literal without its closing quote", start..self.at))?;
                    self.at += next.len_utf8();
                    push(&mut out, quote.bytes, '\\');
                    push(&mut out, quote.bytes, next);
                }
                '\\' => {
                    let char = self.escape(quote.bytes)?;
                    out.push(char);
                }
                _ => push(&mut out, quote.bytes, char),
            }
        }
    }

    /// After a backslash.
    fn escape(&mut self, bytes: bool) -> Result<char, Failure> {
        let start = self.at - 1;
        let wrong = |end: usize, why: &str| Failure::rejected(format!("an illegal escape sequence: {why}"), start..end);
        let letter = self.peek().ok_or_else(|| wrong(self.at, "the literal ends"))?;
        let simple = match letter {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' | '?' | '"' | '\'' | '`' => letter,
            _ => {
                let (skipped, digits, radix) = match letter {
                    '0'..='3' => (0, 3, 8),
                    'x' | 'X' => (1, 2, 16),
                    'u' if !bytes => (1, 4, 16),
                    'U' if !bytes => (1, 8, 16),
                    _ => return Err(wrong(self.at + letter.len_utf8(), &format!("\\{letter}"))),
                };
                let text = self.rest().get(skipped..skipped + digits).unwrap_or_default().to_owned();
                let end = self.at + skipped + text.len();
                let code = text.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(&text, radix));
                let code = code.and_then(Result::ok).filter(|_| text.len() == digits);
                let code = code.ok_or_else(|| wrong(end, &format!("\\{letter} wants {digits} digits")))?;
                if !bytes && digits < 4 && code > 127 {
                    return Err(Failure::unknown(
                        format!("an escape of a byte over 127 in a STRING: {code:#x}"),
                        start..end,
                    ));
                }
                self.at = end;
                return char::from_u32(code).ok_or_else(|| wrong(end, "no such code point"));
            }
        };
        self.at += 1;
        Ok(simple)
    }
}

/// Whether a character ends a line.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// A character of a text, or its bytes.
fn push(out: &mut String, bytes: bool, char: char) {
    if bytes {
        out.extend(char.encode_utf8(&mut [0; 4]).bytes().map(char::from));
    } else {
        out.push(char);
    }
}
