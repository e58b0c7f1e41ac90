//! Stream events in, Parquet files out, and back: what `ingest` writes and `run` reads.
//!
//! ```text
//! <archive>/manifest/<number>.json                             what the archive holds: readers know only files that it names
//! <archive>/<stream>/metadata/day=<day>/<name>.parquet         fields that are always kept
//! <archive>/<stream>/content/day=<day>/<name>.parquet          the same rows with every field: opt-in, redacted, encrypted
//! <archive>/keys/<name>.json                                   the data key of a content file, wrapped
//! <archive>/quarantine/day=<day>/<name>.jsonl                  what could not be read: reason and place
//! <archive>/lock                                               held by the one that writes
//!
//! logs ──record──▶ events ──locate, protect──▶ what may be kept ──write──▶ files ──claim, manifest──▶ one entry
//! ```
//!
//! INVARIANT (whole or not): files get their names after they are synced, and count once a manifest entry names them, all of a run's at once.
//! INVARIANT (once): an event with an id is archived once; inputs that were read to their end are not read again.
//! INVARIANT (one tier a rule): the content file repeats the metadata columns, so a rule that reads content scans it alone and joins nothing;
//! a rule that reads none never opens it.

mod claim;
mod columns;
mod commit;
mod disk;
mod errors;
mod footer;
mod ingest;
mod keys;
mod locate;
mod maintain;
mod manifest;
mod mapping;
mod open;
mod protect;
mod quarantine;
mod read;
mod retain;
mod seal;
mod usage;
mod values;
mod verify;
mod write;

pub use claim::{Claim, now};
pub use columns::{SOURCE, arrow_type, columns, has_content};
pub use disk::{Disk, LocalDisk, Output};
pub use ingest::{Keep, Options, PORTION, Reports, Requeued, append, ingest, requeue};
pub use keys::{ContentKey, DigestKey, KeyPlace};
pub use maintain::{Compacted, compact, gc, rotate, shred};
pub use manifest::{Coverage, Deed, FileEntry, Hour, Manifest, Mapping, Stored};
pub use open::{Archive, ArchiveFile, MAX_FILES, SourceDays};
pub use retain::{Retained, retain};
pub use usage::{USAGE, usage};
pub use values::{decode, encode};
pub use verify::{Flaw, Verified, verify};
pub use write::{Arrived, DAY};

/// Folder of the metadata tier.
const METADATA: &str = "metadata";
/// Folder of the content tier.
const CONTENT: &str = "content";
/// Folder of what could not be read.
const QUARANTINE: &str = "quarantine";
/// Ending of a tier's files.
const PARQUET: &str = ".parquet";
