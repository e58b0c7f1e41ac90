//! A text to JSON: one walk over its bytes, in which what nobody wants is checked and not kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Json, JsonError, MostKeys, Wanted};

/// Most lists and objects inside one another.
pub const MAX_DEPTH: usize = 128;

/// A text, and how far it was read.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    keys: usize,
    most: MostKeys,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, most: MostKeys) -> Reader<'a> {
        Reader { text, at: 0, depth: 0, keys: 0, most }
    }

    /// One value, with nothing but white space around it.
    pub(super) fn whole(mut self, wanted: &Wanted) -> Result<Json, JsonError> {
        let value = self.value(wanted)?;
        self.space();
        if self.at < self.text.len() { Err(self.error("the end")) } else { Ok(value) }
    }

    fn error(&self, expected: &'static str) -> JsonError {
        JsonError { at: self.at, expected, most_keys: None }
    }

    /// One key more, in an object that had some before.
    fn count_key(&mut self, before: usize) -> Result<(), JsonError> {
        self.keys += 1;
        let passed =
            [(before + 1, self.most.object), (self.keys, self.most.all)].into_iter().find(|(n, most)| n > most);
        passed.map_or(Ok(()), |(_, most)| Err(JsonError { most_keys: Some(most), ..self.error("no more keys") }))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, wanted: &Wanted) -> Result<Json, JsonError> {
        self.space();
        let keep = *wanted != Wanted::Nothing;
        match self.peek() {
            Some(b'{') => self.nested(wanted, Reader::object),
            Some(b'[') => self.nested(wanted, Reader::list),
            Some(b'"') if keep => Ok(Json::Text(self.string()?.into())),
            Some(b'"') => self.pass_over_string().map(|()| Json::Null),
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                Ok(if keep { Json::Number(number.into()) } else { Json::Null })
            }
            _ => [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
                .into_iter()
                .find(|(word, _)| self.rest().starts_with(word))
                .map(|(word, value)| {
                    self.at += word.len();
                    value
                })
                .ok_or_else(|| self.error("a value")),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn nested(
        &mut self,
        wanted: &Wanted,
        read: fn(&mut Self, &Wanted) -> Result<Json, JsonError>,
    ) -> Result<Json, JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("at most 128 lists and objects inside one another"));
        }
        self.at += 1;
        let value = read(self, wanted)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self, wanted: &Wanted) -> Result<Json, JsonError> {
        let mut members = BTreeMap::new();
        self.space();
        let mut before = 0;
        while before > 0 || !self.take(b'}') {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("a key"));
            }
            self.count_key(before)?;
            before += 1;
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(self.error("`:`"));
            }
            let (known, below) = wanted.member(&key);
            let value = self.value(below)?;
            if *below != Wanted::Nothing {
                members.insert(known.map_or_else(|| key.into(), Arc::clone), value);
            }
            self.space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.error("`,` or `}`"));
            }
        }
        Ok(if *wanted == Wanted::Nothing { Json::Null } else { Json::Object(Arc::new(members)) })
    }

    fn list(&mut self, wanted: &Wanted) -> Result<Json, JsonError> {
        let mut elements = Vec::new();
        let of_element = wanted.element();
        self.space();
        let mut empty = true;
        while !empty || !self.take(b']') {
            empty = false;
            let element = self.value(of_element)?;
            if *of_element != Wanted::Nothing {
                elements.push(element);
            }
            self.space();
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return Err(self.error("`,` or `]`"));
            }
        }
        Ok(Json::List(elements.into()))
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("a digit")) } else { Ok(()) }
    }

    /// Most texts have no escape, and are not copied.
    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let mut out = Cow::Borrowed("");
        loop {
            out += self.plain();
            if self.take(b'"') {
                return Ok(out);
            }
            out.to_mut().push(self.escaped()?);
        }
    }

    fn pass_over_string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            self.plain();
            if self.take(b'"') {
                return Ok(());
            }
            self.escaped()?;
        }
    }

    /// What stands for itself in a text.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let plain = rest.get(..plain_length(rest.as_bytes())).unwrap_or_default();
        self.at += plain.len();
        plain
    }

    /// In a text, what neither stands for itself nor ends it.
    fn escaped(&mut self) -> Result<char, JsonError> {
        match self.peek() {
            Some(b'\\') => self.escape(),
            Some(_) => Err(self.error("an escaped control character")),
            None => Err(self.error("the text's end")),
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let letter = self.peek().ok_or_else(|| self.error("an escape"))?;
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.error("an escape")),
        };
        self.at += 1;
        Ok(plain)
    }

    /// After a backslash, at the `u`. Characters past U+FFFF are written as two escapes.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex()?;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let back = self.at;
            self.at += 1;
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at + 1..self.at + 5).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.error("four hexadecimal digits"))?;
        self.at += 5;
        Ok(code)
    }
}

/// How many bytes stand for themselves in a text before the first that does not: a quote, a backslash or a control character. Eight at a time.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    // Of each byte the highest bit, if it is below another that is at most 128. What is above the first such byte may be wrong.
    let below = |word: u64, least: u64| word.wrapping_sub(ONES * least) & !word & HIGH;
    let mut at = 0;
    for word in bytes.chunks_exact(8) {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        let special = below(word, u64::from(b' '))
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < b' ';
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(special).unwrap_or(rest.len())
}
