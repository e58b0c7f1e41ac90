//! JSON as a raw record holds it: takes text, gives a tree whose parts are shared, so that taking one out copies nothing.
//!
//! A number keeps the text it was written in (a text field reads it as that text, and no digit of an int is lost). Where an object has a
//! key twice the last one counts. A `\u` escape that is half of a pair stands for U+FFFD, so that such a record is read and not put aside.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Most lists and objects inside one another.
pub const MAX_DEPTH: usize = 128;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As it was written.
    Number(Arc<str>),
    /// Unescaped.
    Text(Arc<str>),
    /// Elements in their order.
    List(Arc<[Json]>),
    /// Members by key, in the order of code points.
    Object(Arc<BTreeMap<Arc<str>, Json>>),
}

/// Why a text is no JSON. It never holds any of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// The byte at which reading stopped.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
    /// Where it is that there are more keys than were to be read: how many those are.
    pub most_keys: Option<usize>,
}

/// How many keys are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MostKeys {
    /// In one object.
    pub object: usize,
    /// In all.
    pub all: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.at)
    }
}

impl Json {
    /// Reads one JSON value, with nothing but white space around it.
    ///
    /// # Errors
    /// Where the text is no JSON, or is nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Json, JsonError> {
        Json::parse_within(text, MostKeys { object: usize::MAX, all: usize::MAX })
    }

    /// The same, of no more keys than this: each takes many times the memory of its text.
    ///
    /// # Errors
    /// As [`Json::parse`], and where there are more keys.
    pub fn parse_within(text: &str, most: MostKeys) -> Result<Json, JsonError> {
        let mut reader = Reader { text, at: 0, depth: 0, keys: 0, most };
        let value = reader.value()?;
        reader.space();
        if reader.at < text.len() { Err(reader.error("the end")) } else { Ok(value) }
    }

    /// Whether there is a value: not null, not empty text, not an empty list.
    #[must_use]
    pub fn is_present(&self) -> bool {
        match self {
            Json::Null => false,
            Json::Text(text) => !text.is_empty(),
            Json::List(elements) => !elements.is_empty(),
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => true,
        }
    }

    /// The member of an object.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(key),
            _ => None,
        }
    }
}

/// JSON without white space: members by key, numbers as they were written.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(number) => f.write_str(number),
            Json::Text(text) => quoted(f, text),
            Json::List(elements) => {
                f.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if at > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (at, (key, value)) in members.iter().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    quoted(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "{}", serde_json::Value::from(text))
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(value) => Json::Bool(*value),
            serde_json::Value::Number(number) => Json::Number(number.to_string().into()),
            serde_json::Value::String(text) => Json::Text(text.as_str().into()),
            serde_json::Value::Array(elements) => Json::List(elements.iter().map(Json::from).collect()),
            serde_json::Value::Object(members) => {
                let members = members.iter().map(|(key, value)| (key.as_str().into(), Json::from(value)));
                Json::Object(Arc::new(members.collect()))
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    keys: usize,
    most: MostKeys,
}

impl<'a> Reader<'a> {
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

    fn value(&mut self) -> Result<Json, JsonError> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Reader::object),
            Some(b'[') => self.nested(Reader::list),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
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

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, JsonError>) -> Result<Json, JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("at most 128 lists and objects inside one another"));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Json, JsonError> {
        let mut members = BTreeMap::new();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(Arc::new(members)));
        }
        let mut before = 0;
        loop {
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
            members.insert(key, self.value()?);
            self.space();
            if self.take(b'}') {
                return Ok(Json::Object(Arc::new(members)));
            }
            if !self.take(b',') {
                return Err(self.error("`,` or `}`"));
            }
        }
    }

    fn list(&mut self) -> Result<Json, JsonError> {
        let mut elements = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::List(elements.into()));
        }
        loop {
            elements.push(self.value()?);
            self.space();
            if self.take(b']') {
                return Ok(Json::List(elements.into()));
            }
            if !self.take(b',') {
                return Err(self.error("`,` or `]`"));
            }
        }
    }

    fn number(&mut self) -> Result<Json, JsonError> {
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
        Ok(Json::Number(self.text.get(start..self.at).unwrap_or_default().into()))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Arc<str>, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let special = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
            let plain = rest.bytes().position(special).unwrap_or(rest.len());
            let text = rest.get(..plain).unwrap_or_default();
            self.at += plain;
            if self.take(b'"') {
                // Most texts have no escape, and are copied once.
                return Ok(if out.is_empty() { text.into() } else { (out + text).into() });
            }
            out.push_str(text);
            match self.peek() {
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(self.error("an escaped control character")),
                None => return Err(self.error("the text's end")),
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Option<String> {
        match Json::parse(json) {
            Ok(Json::Text(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    #[test]
    fn agrees_with_another_reader() {
        for json in [
            r#"{"a":[1,-2.5,true,false,null,"x"],"b":{},"c":[],"":0}"#,
            " [ 1 , { \"k\" : \"v\" } ] ",
            r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#,
            "0",
            "12345678901234567",
        ] {
            let other: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
            assert_eq!(Json::parse(json), Ok(Json::from(&other)), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for json in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "NaN",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "1 2",
            "{} {}",
            "[1 2]",
            "{\"a\" 1}",
            "'a'",
            "\u{feff}1",
            "truefalse",
        ] {
            assert!(Json::parse(json).is_err(), "{json}");
            assert!(serde_json::from_str::<serde_json::Value>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn numbers_keep_their_text() {
        for number in ["1.50", "18446744073709551616", "-0.0", "1E5"] {
            assert_eq!(Json::parse(number), Ok(Json::Number(number.into())));
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let json = Json::parse(r#"{"a":1,"a":2}"#).unwrap_or_default();
        assert_eq!(json.member("a"), Some(&Json::Number("2".into())));
    }

    #[test]
    fn half_a_pair_stands_for_the_replacement_character() {
        assert_eq!(text(r#""\ud800x""#).as_deref(), Some("\u{fffd}x"));
        assert_eq!(text(r#""\ud800\ud83d\ude00""#).as_deref(), Some("\u{fffd}😀"));
        assert_eq!(text(r#""\udc00\n""#).as_deref(), Some("\u{fffd}\n"));
        assert_eq!(text(r#""\ud800\n""#).as_deref(), Some("\u{fffd}\n"));
    }

    #[test]
    fn keys_have_limits() {
        let most = |text: &str| {
            Json::parse_within(text, MostKeys { object: 2, all: 4 }).map_err(|error| (error.most_keys, error.at)).err()
        };
        assert_eq!(most(r#"[{"a":1,"b":2},{"a":1,"b":2}]"#), None);
        assert_eq!(most(r#"{"a":1,"b":2,"b":3}"#), Some((Some(2), 13)));
        assert_eq!(most(r#"[{"a":{"b":2}},{"a":{"b":2}},{"a":5}]"#), Some((Some(4), 30)));
        assert_eq!(most(r#"{"a":1"#), Some((None, 6)));
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
        assert!(Json::parse(&nested(MAX_DEPTH + 1)).is_err());
    }
}
