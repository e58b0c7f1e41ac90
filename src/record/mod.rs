//! Raw logs in, events of a stream out: takes files of a source as its cloud delivers them, gives normalized events and says what became of
//! every record.
//!
//! ```text
//! arguments ──walk──▶ inputs ──unpack──▶ text ──split──▶ what stands there ──envelope, otlp──▶ one record's bytes ──▶ JSON
//!
//! JSON ──recognize──▶ its source ──map──▶ event │ other │ quarantined ──duplicates──▶ rows
//!                                   └──assemble──┘ (where a source makes events of several records)
//! ```
//!
//! A [`Reader`] is of one source; [`MixedReader`] asks for each record whose it is. Nothing is lost:
//! `read = rows + merged + duplicates + other + quarantined`. Memory holds one record (at most [`Limits::record`] bytes) and 48 bytes for each
//! record with an id, and the records of sources that make events of several (at most [`Limits::assembled`] bytes each); events and what is
//! put aside are handed on one by one. Neither the order of the files nor that of the records in them changes which events remain. Error
//! messages never hold text of a record.

mod assemble;
mod cut;
mod duplicates;
mod envelope;
mod input;
mod keys;
mod map;
mod mixed;
mod otlp;
mod pieces;
mod raw;
mod reader;
mod recognize;
mod report;
mod split;
mod unpack;
mod walk;

use crate::json::MostKeys;

pub use assemble::as_read;
pub use duplicates::Known;
pub use envelope::Envelope;
pub use input::Input;
pub use map::{Mapped, Mapper};
pub use mixed::{MixedBatch, MixedReader, OfSource, Opened, read_mixed};
pub use pieces::{Checkpoint, Extent, Reading, Unfinished};
pub use raw::raw_records;
pub use reader::{Batch, Item, Reader, read_files, read_inputs};
pub use recognize::{Recognized, Recognizer};
pub use report::{Quarantined, Reason, Report};
pub use unpack::{Packing, Sha};
pub use walk::{Inputs, Skip, Skipped, inputs};

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a record; a longer one is quarantined, cut to [`Limits::kept`].
    pub record: usize,
    /// Most bytes that are kept of a record that is too long.
    pub kept: usize,
    /// Most keys of a record; one with more is quarantined.
    pub keys: MostKeys,
    /// Most bytes of a file once it is unpacked; the rest of a longer one is not read, which is quarantined.
    pub file: u64,
    /// How many times its bytes a file may be once unpacked, looked at from 1 MiB on; else as if it were too long.
    pub ratio: u64,
    /// Most bytes of records that are held to be put together; more are an error.
    pub assembled: u64,
    /// Most files that are found in folders; more are an error.
    pub files: usize,
    /// Most folders inside one another that are looked into; more are an error.
    pub depth: usize,
    /// Most bytes of a file's or folder's name in folders; more are an error.
    pub name: usize,
}

impl Limits {
    /// Most keys of what holds many records; one with more is taken for a record, and so for one with too many.
    fn keys_of_many(self) -> MostKeys {
        MostKeys { all: self.keys.all.saturating_mul(10), ..self.keys }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            record: 16 << 20,
            kept: 64 << 10,
            // The clouds' own objects have dozens. A streamed answer is a list of thousands of chunks with five to eight keys each.
            keys: MostKeys { object: 10_000, all: 100_000 },
            file: 16 << 30,
            // JSON logs pack at 10 to 30 times; a bomb of gzip reaches 1,000.
            ratio: 200,
            assembled: 4 << 30,
            // A year of CloudTrail in ten Regions; their list takes some 500 MB.
            files: 1_000_000,
            // Azure's keys, the deepest, are 15 long.
            depth: 64,
            // What file systems take.
            name: 255,
        }
    }
}
