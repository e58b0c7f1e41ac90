//! What became of the records that were read.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::json::{JsonError, MAX_DEPTH};

/// Counts of one reading. `read = rows + merged + duplicates + other + quarantined`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Files.
    pub files: u64,
    /// Files that were read before and have not changed since: none of their records was read.
    pub unchanged: u64,
    /// Records: those of a list one by one, blank lines not at all.
    pub read: u64,
    /// Events that remain.
    pub rows: u64,
    /// Records that became part of another's event.
    pub merged: u64,
    /// Records that had the id of another one within 24 hours.
    pub duplicates: u64,
    /// Records that the source's `where` excludes.
    pub other: u64,
    /// Records that could not be read.
    pub quarantined: u64,
    /// Events, duplicates among them, without an id: they are never duplicates.
    pub without_id: u64,
    /// By field, in how many events (duplicates among them) something existed that could not be read as its type.
    pub unreadable: BTreeMap<String, u64>,
}

impl Report {
    /// Adds the counts of another reading of the same source.
    pub fn add(&mut self, other: Report) {
        let Report { files, unchanged, read, rows, merged, duplicates, other, quarantined, without_id, unreadable } =
            other;
        for (to, count) in [
            (&mut self.files, files),
            (&mut self.unchanged, unchanged),
            (&mut self.read, read),
            (&mut self.rows, rows),
            (&mut self.merged, merged),
            (&mut self.duplicates, duplicates),
            (&mut self.other, other),
            (&mut self.quarantined, quarantined),
            (&mut self.without_id, without_id),
        ] {
            *to += count;
        }
        for (field, count) in unreadable {
            *self.unreadable.entry(field).or_default() += count;
        }
    }
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarantined {
    /// The file as it was named.
    pub file: String,
    /// The line in which it begins, from 1.
    pub line: u64,
    /// Its place in the list of records, from 0, where it stands in one.
    pub element: Option<u64>,
    /// What is wrong with it.
    pub reason: Reason,
    /// Its bytes; of one that is too long, the first.
    pub raw: Vec<u8>,
}

/// Why a record could not be read. Its text never holds any of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// Not JSON, or nested too deep: what was expected, and at which byte of the record.
    NotJson(&'static str, usize),
    /// JSON, but no object.
    NotAnObject,
    /// No time that can be read.
    NoTime,
    /// More bytes than are taken: how many are.
    TooLong(usize),
    /// A list of records that the file breaks off.
    Unended,
}

impl From<JsonError> for Reason {
    fn from(error: JsonError) -> Self {
        Reason::NotJson(error.expected, error.at)
    }
}

impl Reason {
    /// One word, for counts by reason.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Reason::NotUtf8 => "not_utf8",
            Reason::NotJson(..) => "not_json",
            Reason::NotAnObject => "not_an_object",
            Reason::NoTime => "no_time",
            Reason::TooLong(_) => "too_long",
            Reason::Unended => "unended",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotUtf8 => f.write_str("not UTF-8"),
            Reason::NotJson(expected, at) => {
                write!(f, "not JSON of at most {MAX_DEPTH} levels: expected {expected} at byte {at}")
            }
            Reason::NotAnObject => f.write_str("JSON, but no object"),
            Reason::NoTime => f.write_str("no time that can be read"),
            Reason::TooLong(most) => write!(f, "more than {most} bytes"),
            Reason::Unended => f.write_str("the file breaks off inside a list of records"),
        }
    }
}
