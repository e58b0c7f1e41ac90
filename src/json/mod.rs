//! JSON as a raw record holds it: takes text, gives a tree whose parts are shared, so that taking one out copies nothing.
//!
//! A number keeps the text it was written in (a text field reads it as that text, and no digit of an int is lost). Where an object has a
//! key twice the last one counts. A `\u` escape that is half of a pair stands for U+FFFD, so that such a record is read and not put aside.

mod read;
mod wanted;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use read::MAX_DEPTH;
pub use wanted::Wanted;

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
        Json::parse_within(text, MostKeys { object: usize::MAX, all: usize::MAX }, &Wanted::All)
    }

    /// The same, of no more keys than this: each takes many times the memory of its text. What is not wanted is read, and errors are the
    /// same, but not kept.
    ///
    /// # Errors
    /// As [`Json::parse`], and where there are more keys.
    pub fn parse_within(text: &str, most: MostKeys, wanted: &Wanted) -> Result<Json, JsonError> {
        read::Reader::new(text, most).whole(wanted)
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
    fn what_stands_for_itself_ends_where_it_ends() {
        for before in 0..20 {
            for (special, is) in
                [("", ""), (r#"\""#, "\""), (r"\\", "\\"), (r"\n", "\n"), ("\u{7f}", "\u{7f}"), ("é", "é")]
            {
                let plain = "a!#[]^~ z".chars().cycle().take(before).collect::<String>();
                let json = format!("\"{plain}{special}{plain}\"");
                assert_eq!(text(&json), Some(format!("{plain}{is}{plain}")), "{json}");
            }
            for control in ["\u{0}", "\u{1f}", "\n"] {
                let json = format!("\"{}{control}b\"", "é".repeat(before));
                assert_eq!(Json::parse(&json).map_err(|error| error.at), Err(1 + 2 * before), "{json:?}");
            }
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
            Json::parse_within(text, MostKeys { object: 2, all: 4 }, &Wanted::All)
                .map_err(|error| (error.most_keys, error.at))
                .err()
        };
        assert_eq!(most(r#"[{"a":1,"b":2},{"a":1,"b":2}]"#), None);
        assert_eq!(most(r#"{"a":1,"b":2,"b":3}"#), Some((Some(2), 13)));
        assert_eq!(most(r#"[{"a":{"b":2}},{"a":{"b":2}},{"a":5}]"#), Some((Some(4), 30)));
        assert_eq!(most(r#"{"a":1"#), Some((None, 6)));
    }

    #[test]
    fn only_what_is_wanted_is_kept() {
        let mut wanted = Wanted::Nothing;
        for path in ["a.b", "a.c.d", "l.x", "a.c", "t.y"] {
            wanted.add(path.split('.'));
        }
        let most = MostKeys { object: 20, all: 40 };
        let read = |text: &str| Json::parse_within(text, most, &wanted);
        let text = r#"{"a":{"b":[1,{"k":2}],"c":{"d":3,"e":4},"f":["\n",{"g":{}}]},"l":[{"x":1,"z":2}],"t":"s","u":-1.5e3,"a2":null}"#;
        let kept = r#"{"a":{"b":[1,{"k":2}],"c":{"d":3,"e":4}},"l":[{"x":1,"z":2}],"t":"s"}"#;
        assert_eq!(read(text), Json::parse(kept));
        assert_eq!(read("[]"), Ok(Json::List([].into())));
        // What nobody reads is an error where it is one.
        for text in
            [r#"{"u":01}"#, r#"{"u":"\x"}"#, r#"{"u":["a" 1]}"#, r#"{"u":{"v":nul}}"#, "{\"u\":\"\n\"}", r#"{"u":1,}"#]
        {
            assert_eq!(read(text), Json::parse(text), "{text}");
            assert!(read(text).is_err());
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
        assert!(Json::parse(&nested(MAX_DEPTH + 1)).is_err());
    }
}
