//! What became of the records that were read.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::envelope::Envelope;
use super::split::Piece;
use super::unpack::Packing;
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
    /// The byte at which it begins, of the file's unpacked text.
    pub offset: u64,
    /// Its place in the list of records or messages, from 0, where it stands in one.
    pub element: Option<u64>,
    /// What is wrong with it.
    pub reason: Reason,
    /// Its bytes; of one that is too long, the first.
    pub raw: Vec<u8>,
}

impl Quarantined {
    pub(super) fn new(file: &str, piece: Piece, reason: Reason) -> Quarantined {
        let Piece { bytes: raw, line, offset, element, .. } = piece;
        Quarantined { file: file.to_owned(), line, offset, element, reason, raw }
    }
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
    /// More keys than are taken in one object, or in all: how many are.
    TooManyKeys(usize),
    /// A message that is not JSON, in an envelope.
    MessageNotJson(Envelope),
    /// An envelope without the message that belongs there.
    BadEnvelope(Envelope),
    /// A file that can't be unpacked from about here on: of how many stored bytes. What was read before may be wrong too, for such files are
    /// checked at their end.
    Damaged(Packing, u64),
    /// The rest of a file that holds more than this many bytes once unpacked.
    TooLarge(u64),
    /// The rest of a file that unpacks to more than this many times its bytes.
    TooPacked(u64),
    /// A record that is as well one source's as another's.
    Ambiguous,
}

impl From<JsonError> for Reason {
    fn from(error: JsonError) -> Self {
        match error.most_keys {
            Some(most) => Reason::TooManyKeys(most),
            None => Reason::NotJson(error.expected, error.at),
        }
    }
}

impl Reason {
    /// One word, for counts by reason.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Reason::NotUtf8 => "not_utf8",
            Reason::NotJson(..) | Reason::MessageNotJson(_) => "not_json",
            Reason::NotAnObject => "not_an_object",
            Reason::NoTime => "no_time",
            Reason::TooLong(_) => "too_long",
            Reason::Unended => "unended",
            Reason::TooManyKeys(_) => "too_many_keys",
            Reason::BadEnvelope(_) => "bad_envelope",
            Reason::Damaged(..) => "damaged",
            Reason::TooLarge(_) => "too_large",
            Reason::TooPacked(_) => "too_packed",
            Reason::Ambiguous => "ambiguous",
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
            Reason::TooManyKeys(most) => write!(f, "more than {most} keys"),
            Reason::MessageNotJson(envelope) => write!(f, "the message in {envelope} is not JSON"),
            Reason::BadEnvelope(envelope) => write!(f, "{envelope} without a message that can be read"),
            Reason::Damaged(packing, at) => {
                write!(f, "damaged {packing}, after at most {at} bytes of the file: what follows is not read")
            }
            Reason::TooLarge(most) => {
                write!(f, "the file holds more than {most} bytes once unpacked: what follows is not read")
            }
            Reason::TooPacked(ratio) => {
                write!(f, "the file unpacks to more than {ratio} times its bytes: what follows is not read")
            }
            Reason::Ambiguous => f.write_str("more than one source takes it: name one instead of `auto`"),
        }
    }
}
