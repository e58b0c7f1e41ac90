//! Stream events in, Parquet files out, and back: what `ingest` writes and `run` reads.
//!
//! ```text
//! <archive>/<stream>/metadata/<name>.parquet   one file a run; fields that are always kept
//! <archive>/<stream>/content/<name>.parquet    the same rows with every field, for streams that have text of users
//! <archive>/quarantine/<name>.jsonl            what could not be read, with reason and place
//! ```
//!
//! INVARIANT (named by content): a name is the digest of the bytes of the fullest file, so equal input gives equal bytes under equal names.
//! INVARIANT (whole or not): a file gets its name after it is synced, the metadata file last; readers take only rows that it names.
//! INVARIANT (one tier a rule): the content file repeats the metadata columns, so a rule that reads content scans it alone and joins nothing;
//! a rule that reads none never opens it.

mod columns;
mod commit;
mod errors;
mod footer;
mod open;
mod quarantine;
mod read;
mod values;
mod write;

pub use columns::{SOURCE, arrow_type, columns, has_content};
pub use footer::Coverage;
pub use open::{Archive, ArchiveFile, MAX_FILES, SourceDays};
pub use quarantine::quarantine;
pub use values::{decode, encode};
pub use write::{Writer, batch};

/// Folder of the metadata tier.
const METADATA: &str = "metadata";
/// Folder of the content tier.
const CONTENT: &str = "content";
/// Folder of what could not be read.
const QUARANTINE: &str = "quarantine";
/// Ending of a tier's files.
const PARQUET: &str = ".parquet";
