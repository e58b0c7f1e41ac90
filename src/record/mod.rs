//! Raw logs in, events of a stream out: takes files of a source as its cloud delivers them, gives normalized events and says what became of
//! every record.
//!
//! ```text
//! path ──file──▶ bytes, unpacked ──split──▶ one record's bytes ──map──▶ event │ other │ quarantined ──duplicates──▶ rows
//!                                      └─otlp─▶ one span's bytes ┘  └──assemble──┘ (where a source makes events of several records)
//! ```
//!
//! Nothing is lost: `read = rows + merged + duplicates + other + quarantined`. Memory holds one record (at most [`Limits::record`] bytes) and
//! 48 bytes for each record with an id, and the records of a source that makes events of several (at most [`Limits::assembled`] bytes); events and what is put aside are handed on one by one. Neither the order of the files nor that of the
//! records in them changes which events remain. Error messages never hold text of a record.

mod assemble;
mod duplicates;
mod file;
mod keys;
mod map;
mod otlp;
mod raw;
mod reader;
mod report;
mod split;

pub use assemble::as_read;
pub use duplicates::Known;
pub use map::{Mapped, Mapper};
pub use raw::raw_records;
pub use reader::{Batch, Item, Reader, read_files};
pub use report::{Quarantined, Reason, Report};

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a record; a longer one is quarantined, cut to [`Limits::kept`].
    pub record: usize,
    /// Most bytes that are kept of a record that is too long.
    pub kept: usize,
    /// Most bytes of a file once it is unpacked; a longer one is an error.
    pub file: u64,
    /// Most bytes of records that are held to be put together; more are an error.
    pub assembled: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { record: 16 << 20, kept: 64 << 10, file: 16 << 30, assembled: 4 << 30 }
    }
}
