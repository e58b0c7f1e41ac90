//! tests/shapes/SOURCE.json: what random raw records of a source look like, which of its fields random rules may read, and, by target, why
//! no query over it can be compared with another engine's answer (`not_compared`).
//!
//! A template is JSON: an object has its keys, each with a template; a scalar is itself; an array that begins with a word is
//!
//! | array | becomes |
//! |---|---|
//! | `["$one", t, …]` | one of them |
//! | `["$maybe", t, …]` | usually one of them; else left out, or null, `""`, a number, a bool, `{}` or `[]` |
//! | `["$list", t, most]` | a list of up to `most` of them |
//! | `["$json", t]` | t as JSON text; null stays null |
//! | `["$text", part, …]` | texts and numbers one behind the other |
//! | `["$number"]` | the record's number; inside `$text`, `"$number"` is the same |
//! | `["$nth", t, …]` | the one of the record's number, so that all of its parts take the same |
//! | `["$slip", t, other, …]` | t; where records are only read, now and then another: what breaks the conditions of a query |
//! | any other array | a list of templates |
//!
//! Where an event is made of several records, `record` is `["$rows", common, part, …]`: each part becomes a record, with what is common where
//! it has nothing of its own; a list becomes as many; null, or what is left out, none. They share their number.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::random::Fields;
use super::samples::parsed;

pub(crate) struct Shape {
    source: String,
    /// What random rules over the source may read.
    pub(crate) fields: Fields,
    /// By target, why no query over the source can be compared with another engine's answer.
    pub(crate) not_compared: BTreeMap<String, String>,
    record: Value,
}

impl Shape {
    /// The shape of a source; fails where it has none.
    pub(crate) fn of(source: &str) -> Shape {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shapes/{source}.json"));
        let mut read = parsed(&path);
        let texts = |value: &Value| -> Vec<String> {
            let each = value.as_array().into_iter().flatten();
            each.map(|text| text.as_str().unwrap_or_else(|| panic!("{source}: {text} is no text")).to_owned()).collect()
        };
        let mut fields = Fields {
            stream: read["stream"].as_str().unwrap_or_else(|| panic!("{source} names no stream")).to_owned(),
            only: source.to_owned(),
            words: texts(&read["words"]),
            ..Fields::default()
        };
        for (kind, names) in read["fields"].as_object().unwrap_or_else(|| panic!("{source} names no fields")) {
            let list = match kind.as_str() {
                "text" => &mut fields.text,
                "int" => &mut fields.int,
                "float" => &mut fields.float,
                "bool" => &mut fields.bool,
                "time" => &mut fields.time,
                "duration" => &mut fields.duration,
                "ip" => &mut fields.ip,
                "texts" => &mut fields.texts,
                "ints" => &mut fields.ints,
                _ => panic!("{source}: no fields are of the type `{kind}`"),
            };
            *list = texts(names);
        }
        let reasons = read["not_compared"].as_object().into_iter().flatten();
        let not_compared = reasons
            .map(|(target, why)| (target.clone(), why.as_str().expect("a reason is a sentence").to_owned()))
            .collect();
        let record = read["record"].take();
        assert!(
            record.is_object() || ["$one", "$rows"].iter().any(|word| record[0] == *word),
            "{source}: `record` is the template of objects"
        );
        assert!(![&fields.text, &fields.time, &fields.words].contains(&&Vec::new()), "{source}: text, time and words");
        Shape { source: source.to_owned(), fields, not_compared, record }
    }

    /// What there may be to read under a number: one record, or those of an event.
    pub(crate) fn to_read(&self, choices: &mut Choices, number: usize) -> Vec<Value> {
        Maker { source: &self.source, choices, number, slips: true }.rows(&self.record)
    }

    /// The records of one to `most` numbers, as the conditions of a query want them.
    pub(crate) fn to_query(&self, choices: &mut Choices, most: usize) -> Vec<Value> {
        self.to_query_from(choices, 0, most)
    }

    /// The same of numbers from the first on.
    pub(crate) fn to_query_from(&self, choices: &mut Choices, first: usize, most: usize) -> Vec<Value> {
        let numbers = first..first + 1 + choices.below(most);
        let rows = |number| Maker { source: &self.source, choices, number, slips: false }.rows(&self.record);
        numbers.flat_map(rows).collect()
    }
}

/// What a template of an object becomes.
pub(crate) fn make(source: &str, template: &Value, choices: &mut Choices, number: usize) -> Vec<Value> {
    Maker { source, choices, number, slips: true }.rows(template)
}

struct Maker<'a> {
    source: &'a str,
    choices: &'a mut Choices,
    number: usize,
    slips: bool,
}

impl Maker<'_> {
    /// The records that a template becomes.
    fn rows(&mut self, template: &Value) -> Vec<Value> {
        let (common, parts) = match template.as_array().map(Vec::as_slice) {
            Some([word, common, parts @ ..]) if word == "$rows" => (common, parts),
            _ => return self.make(template, "record").into_iter().collect(),
        };
        let mut rows = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            match self.make(part, &format!("record[{at}]")) {
                None | Some(Value::Null) => {}
                Some(Value::Array(several)) => rows.extend(several),
                Some(row) => rows.push(row),
            }
        }
        for row in &mut rows {
            if let (Some(row), Some(Value::Object(common))) = (row.as_object_mut(), self.make(common, "record")) {
                common.into_iter().for_each(|(key, value)| _ = row.entry(key).or_insert(value));
            }
        }
        rows
    }

    /// What a template becomes; none where it is left out. The place is for messages.
    fn make(&mut self, template: &Value, place: &str) -> Option<Value> {
        let (word, rest) = match template {
            Value::Object(members) => {
                let mut made = Map::new();
                for (key, member) in members {
                    made.extend(self.make(member, &format!("{place}.{key}")).map(|value| (key.clone(), value)));
                }
                return Some(Value::Object(made));
            }
            Value::Array(elements) => match elements.split_first() {
                Some((Value::String(word), rest)) if word.starts_with('$') => (word.as_str(), rest),
                _ => return Some(self.list(elements, place)),
            },
            scalar => return Some(scalar.clone()),
        };
        match (word, rest) {
            ("$one", [_, ..]) => self.one(rest, place),
            ("$maybe", [_, ..]) => match self.choices.below(32) {
                25 => None,
                26 => Some(Value::Null),
                27 => Some(json!("")),
                28 => Some([json!(5), json!(-0.5)][self.choices.below(2)].clone()),
                29 => Some(json!(true)),
                30 => Some(json!({})),
                31 => Some(json!([])),
                _ => self.one(rest, place),
            },
            ("$list", [element, most]) => {
                let most = most.as_u64().unwrap_or_else(|| self.wrong(place, "`$list` ends in a count"));
                let elements = vec![element.clone(); self.choices.below(most as usize + 1)];
                Some(self.list(&elements, place))
            }
            ("$json", [inner]) => {
                let value = self.make(inner, place)?;
                Some(if value.is_null() { value } else { json!(value.to_string()) })
            }
            ("$text", [_, ..]) => Some(json!(rest.iter().map(|part| self.text(part, place)).collect::<String>())),
            ("$number", []) => Some(json!(self.number)),
            ("$nth", [_, ..]) => self.make(&rest[self.number % rest.len()], place),
            ("$slip", [usual, others @ ..]) => {
                if self.slips && !others.is_empty() && self.choices.below(16) == 1 {
                    self.one(others, place)
                } else {
                    self.make(usual, place)
                }
            }
            _ => self.wrong(place, &format!("`{word}` is no word of templates, or lacks something")),
        }
    }

    fn one(&mut self, templates: &[Value], place: &str) -> Option<Value> {
        let at = self.choices.below(templates.len());
        self.make(&templates[at], &format!("{place}|{at}"))
    }

    fn list(&mut self, elements: &[Value], place: &str) -> Value {
        let make = |(at, element): (usize, &Value)| self.make(element, &format!("{place}[{at}]"));
        elements.iter().enumerate().filter_map(make).collect()
    }

    /// A part of a text; nothing where it is left out or null.
    fn text(&mut self, part: &Value, place: &str) -> String {
        if part == "$number" {
            return self.number.to_string();
        }
        match self.make(part, place) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        }
    }

    fn wrong(&self, place: &str, what: &str) -> ! {
        panic!("tests/shapes/{}.json, {place}: {what}", self.source)
    }
}
