//! A raw record under construction: takes values and where they belong, gives JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::json::Json;

/// One step to a place in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hop {
    /// A key of an object.
    Key(String),
    /// An element of a list.
    Index(usize),
    /// Into the JSON that a text holds.
    Inside,
}

/// A part of a record, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Draft {
    /// Nothing said yet: left out.
    #[default]
    Unset,
    /// A whole value.
    Value(Json),
    /// Some members.
    Object(BTreeMap<String, Draft>),
    /// Some elements.
    List(Vec<Draft>),
    /// A text that holds JSON.
    Text(Box<Draft>),
}

/// Most elements of a list that is written.
const MOST_ELEMENTS: usize = 10_000;

impl Draft {
    /// Puts a value at a place. Whether it could be put there: a place holds one value, and is of one kind.
    pub(super) fn set(&mut self, place: &[Hop], value: &Json) -> bool {
        let Some((hop, rest)) = place.split_first() else {
            if *self == Draft::Unset {
                *self = Draft::Value(value.clone());
            }
            return *self == Draft::Value(value.clone());
        };
        if *self == Draft::Unset {
            *self = match hop {
                Hop::Key(_) => Draft::Object(BTreeMap::new()),
                Hop::Index(_) => Draft::List(Vec::new()),
                Hop::Inside => Draft::Text(Box::default()),
            };
        }
        match (self, hop) {
            (Draft::Object(members), Hop::Key(key)) => members.entry(key.clone()).or_default().set(rest, value),
            (Draft::List(elements), Hop::Index(at)) if *at < MOST_ELEMENTS => {
                if elements.len() <= *at {
                    elements.resize(at + 1, Draft::Unset);
                }
                elements.get_mut(*at).is_some_and(|element| element.set(rest, value))
            }
            (Draft::Text(inner), Hop::Inside) => inner.set(rest, value),
            _ => false,
        }
    }

    /// What is known as JSON; an element of which nothing is known is null.
    pub(super) fn json(&self) -> Json {
        match self {
            Draft::Unset => Json::Null,
            Draft::Value(value) => value.clone(),
            Draft::Object(members) => {
                let known = members.iter().filter(|(_, member)| **member != Draft::Unset);
                Json::Object(Arc::new(known.map(|(key, member)| (key.as_str().into(), member.json())).collect()))
            }
            Draft::List(elements) => Json::List(elements.iter().map(Draft::json).collect()),
            Draft::Text(inner) => Json::Text(inner.json().to_string().into()),
        }
    }

    /// The JSON at a place, texts of JSON opened.
    pub(super) fn at(&self, place: &[Hop]) -> Json {
        let Some((hop, rest)) = place.split_first() else { return self.json() };
        match (self, hop) {
            (Draft::Object(members), Hop::Key(key)) => members.get(key).map(|member| member.at(rest)),
            (Draft::List(elements), Hop::Index(at)) => elements.get(*at).map(|element| element.at(rest)),
            (Draft::Text(inner), Hop::Inside) => Some(inner.at(rest)),
            _ => None,
        }
        .unwrap_or_default()
    }
}

impl Draft {
    /// What JSON says, as a draft to which more can be added.
    pub(super) fn of(json: &Json) -> Draft {
        match json {
            Json::Object(members) => {
                Draft::Object(members.iter().map(|(key, member)| (key.to_string(), Draft::of(member))).collect())
            }
            Json::List(elements) => Draft::List(elements.iter().map(Draft::of).collect()),
            value => Draft::Value(value.clone()),
        }
    }
}
