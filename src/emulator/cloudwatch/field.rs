//! The fields that CloudWatch Logs discovers in an event: takes its text, gives the leaves of its JSON object by their names, in their order.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::reading::Question;
use super::tree::Place;
use super::value::Cell;
use crate::emulator::{Failure, Readings};
use crate::json::Json;

/// Most fields that are discovered in an event.
const MOST: usize = 200;

/// The fields of an event.
#[derive(Debug, Default)]
pub(super) struct Fields {
    leaves: BTreeMap<String, Leaf>,
    /// Objects and lists, with the keys that lead to them.
    inner: BTreeMap<String, Vec<String>>,
    /// How many leaves there are, those of one name each for itself.
    count: usize,
}

#[derive(Debug)]
struct Leaf {
    /// How many stand before it in the record, and how many by name.
    position: usize,
    by_name: usize,
    value: Json,
    /// Whether there are several of this name.
    several: bool,
}

impl Fields {
    /// Nothing where the text is no JSON object.
    pub(super) fn discover(text: &str) -> Fields {
        let mut fields = Fields::default();
        if text.trim_start().starts_with('{') {
            let mut reader = serde_json::Deserializer::from_str(text);
            let node = Node { fields: &mut fields, name: String::new(), keys: Vec::new() };
            if node.deserialize(&mut reader).is_err() || reader.end().is_err() {
                return Fields::default();
            }
        }
        for (number, leaf) in fields.leaves.values_mut().enumerate() {
            leaf.by_name = number;
        }
        fields
    }

    /// Whether there are more than are discovered.
    pub(super) fn too_many(&self) -> bool {
        self.count > MOST
    }

    /// The value of a leaf, whether it is discovered or not.
    pub(super) fn leaf(&self, name: &str) -> Option<&Json> {
        self.leaves.get(name).map(|leaf| &leaf.value)
    }

    /// Whether there are no others than these.
    pub(super) fn are_among(&self, names: &[&str]) -> bool {
        self.inner.is_empty() && self.leaves.keys().all(|name| names.contains(&name.as_str()))
    }

    /// Whether there is a field of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.leaves.get(name).is_some_and(|leaf| leaf.position < MOST)
    }

    /// The value of a field.
    pub(super) fn value(&self, name: &str, message: &str, readings: &Readings, at: &Place) -> Result<Cell, Failure> {
        if let Some(leaf) = self.leaves.get(name) {
            let (first, other) = (leaf.position < MOST, leaf.by_name < MOST);
            let discovered = if first != other && readings.other(Question::FieldCap as usize) { other } else { first };
            if !discovered {
                return Ok(Cell::Missing);
            }
            if leaf.several {
                return Err(Failure::unknown(format!("which of several fields `{name}` is"), at.clone()));
            }
            return Ok(Cell::of_json(&leaf.value, readings));
        }
        let Some(keys) = self.inner.get(name) else { return Ok(Cell::Missing) };
        if !readings.other(Question::StructureName as usize) {
            return Ok(Cell::Missing);
        }
        let whole = Json::parse(message).unwrap_or_default();
        let step = |of: Json, key: &String| match &of {
            Json::List(list) => key.parse::<usize>().ok().and_then(|at| list.get(at)).cloned().unwrap_or_default(),
            _ => of.member(key).cloned().unwrap_or_default(),
        };
        Ok(Cell::text(keys.iter().fold(whole, step).to_string()))
    }

    fn push(&mut self, name: String, value: Json) {
        let position = self.count;
        self.count += 1;
        let several = self.leaves.contains_key(&name);
        self.leaves.insert(name, Leaf { position, by_name: 0, value, several });
    }
}

/// Where reading stands: below the keys.
struct Node<'a> {
    fields: &'a mut Fields,
    name: String,
    keys: Vec<String>,
}

impl Node<'_> {
    fn leaf(self, value: Json) {
        self.fields.push(self.name, value);
    }

    /// What stands under a key. A field whose name begins with `@` gets another before it.
    fn below(&mut self, key: &str) -> Node<'_> {
        let name = match (self.name.is_empty(), key.starts_with('@')) {
            (true, true) => format!("@{key}"),
            (true, false) => key.to_owned(),
            (false, _) => format!("{}.{key}", self.name),
        };
        let mut keys = self.keys.clone();
        keys.push(key.to_owned());
        Node { fields: self.fields, name, keys }
    }

    fn enter(&mut self) {
        if !self.name.is_empty() {
            self.fields.inner.insert(self.name.clone(), self.keys.clone());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.leaf(Json::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.leaf(Json::Number(value.to_string().into()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.leaf(Json::Number(value.to_string().into()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.leaf(Json::Number(value.to_string().into()));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.leaf(Json::Text(value.into()));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.leaf(Json::Null);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        self.enter();
        let mut index = 0_usize;
        while elements.next_element_seed(self.below(&index.to_string()))?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.enter();
        while let Some(key) = members.next_key::<String>()? {
            members.next_value_seed(self.below(&key))?;
        }
        Ok(())
    }
}
