//! A rule's unit test, resolved: events or raw records, and what must come out.

use super::{FieldId, Literal, Type};
use crate::source::Span;

/// A unit test of one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The rule's name.
    pub rule: String,
    /// What it shows.
    pub title: String,
    /// Events and records, in order.
    pub given: Vec<Given>,
    /// The alerts that must come, each with the keys and measures that are checked; n of them need n different alerts.
    pub alerts: Vec<Expected>,
    /// Whether alerts besides those are an error.
    pub no_other: bool,
    /// The rule's name in the test.
    pub span: Span,
}

/// Where a test's events come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Events of a stream: an unnamed source that lacks nothing. What is not named is missing.
    Events {
        /// The stream's place in the schema.
        stream: usize,
        /// One list an event.
        events: Vec<Vec<(FieldId, Constant)>>,
    },
    /// Raw records, which go through a source's mapping.
    Records {
        /// The source's name.
        source: String,
        /// JSON objects.
        records: Vec<serde_json::Value>,
    },
    /// A file of raw records, beside the pack.
    File {
        /// The source's name.
        source: String,
        /// As written, relative to the pack.
        path: String,
        /// Where it is named.
        span: Span,
    },
}

/// An alert that must come.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Key, measure, shown item or one of [`Expected::OF_ALERTS`], and its value.
    pub values: Vec<(String, Constant)>,
    /// Where it is asked for.
    pub span: Span,
}

impl Expected {
    /// What every alert has and a test may name; a key, measure or shown item of that name stands before it.
    pub const OF_ALERTS: [(&'static str, Type); 7] = [
        ("severity", Type::Text),
        ("source", Type::Text),
        ("window.start", Type::Time),
        ("window.end", Type::Time),
        ("until", Type::Time),
        ("first", Type::Time),
        ("last", Type::Time),
    ];
}

/// A constant that may be a list or a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// One value.
    One(Literal),
    /// Never empty.
    List(Vec<Constant>),
    /// By the fields of the record type; what is not named is missing.
    Record(Vec<Option<Constant>>),
}
