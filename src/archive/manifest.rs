//! The manifest: takes changes of an archive, gives numbered entries, each one file that is never rewritten; and from the entries what the
//! archive holds. What no entry names is not there for any reader.
//!
//! INVARIANT (one step): a change is one entry, and its files have their names before it: a crash leaves the archive before or after it.
//! INVARIANT (a chain): an entry holds the digest of the one before it, so that none can be changed, taken out or put in unnoticed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::commit::{Pending, hex};
use super::disk::Disk;
use super::errors;
use crate::diag::Diagnostic;
use crate::record;

/// The folder of the entries.
pub(super) const MANIFEST: &str = "manifest";
/// The version of this layout.
const FORMAT: u32 = 2;
/// Most bytes of an entry.
const MAX_ENTRY: u64 = 64 << 20;
/// Most entries since the last whole one.
const MAX_ENTRIES: usize = 100_000;

/// One change of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The version of the layout.
    pub(super) format: u32,
    /// From 1, without gaps.
    pub(super) number: u64,
    /// The archive's own id, random.
    pub(super) archive: String,
    /// SHA-256 of the entry before it, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<String>,
    /// When, in microseconds since 1970.
    pub(super) written: i64,
    /// By which program.
    pub(super) by: String,
    /// What was changed.
    pub(super) change: Change,
}

/// What an entry changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Why.
    pub did: Deed,
    /// Whether it says all that the archive holds, so that entries before it are history.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// How sources were read, by digest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mappings: BTreeMap<String, Mapping>,
    /// Files that are there from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<FileEntry>,
    /// Files of what could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<QuarantineFile>,
    /// Paths of metadata files, with their content, and of quarantine files, that are gone from now on. Comes before `add`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// How far inputs have been read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Checkpoint>,
}

impl Change {
    /// A change of nothing yet.
    #[must_use]
    pub fn new(did: Deed) -> Change {
        let (mappings, add, quarantine, drop, inputs) = Default::default();
        Change { did, whole: false, mappings, add, quarantine, drop, inputs }
    }
}

/// Why an archive was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Logs were read.
    Ingest,
    /// What could not be read was read again.
    Requeue,
    /// Days were read again from their logs.
    Rebuild,
    /// Small files were put together.
    Compact,
    /// What was old enough was removed.
    Retain,
    /// Content keys were changed or destroyed.
    Keys,
}

/// How records of a source were read: enough to know whether a rule can be judged on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The source's name.
    pub source: String,
    /// The fields that it gave, with their types.
    pub fields: BTreeMap<String, String>,
}

/// Rows of one source and day: the metadata tier's file, and the content tier's where it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The stream's name.
    pub stream: String,
    /// The day of all its events, as days since 1970.
    pub day: i64,
    /// How many events.
    pub rows: u64,
    /// The metadata tier.
    pub metadata: Stored,
    /// The content tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Stored>,
    /// Of which source, and when.
    pub coverage: Coverage,
}

/// A file as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// From the archive's folder, with `/`.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub digest: String,
}

/// What the rows of a file are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The source's name.
    pub source: String,
    /// The digest of its [`Mapping`].
    pub mapping: String,
    /// The earliest time, in microseconds since 1970.
    pub first: i64,
    /// The latest.
    pub last: i64,
    /// By hour of the day that has events.
    pub hours: BTreeMap<u8, Hour>,
}

/// What of a source lies in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hour {
    /// How many events.
    pub rows: u64,
    /// The longest that one of them took to be delivered, in microseconds: from its time to that of its file.
    pub lag: i64,
}

/// Records that one run could not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineFile {
    /// The file.
    pub file: Stored,
    /// The source that they were read as.
    pub source: String,
    /// The day on which, as days since 1970.
    pub day: i64,
    /// How many.
    pub records: u64,
}

/// How far an input has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// By which source.
    pub source: String,
    /// The file's whole path.
    pub input: String,
    /// How long it was.
    pub size: u64,
    /// When it was last changed, in microseconds since 1970.
    pub modified: i64,
    /// Where to go on once it has grown; without, all of it is read again, and what was read before are duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeAt>,
}

/// The end of the last whole record of a file that grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeAt {
    /// Bytes before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
    /// SHA-256 of the bytes before it, in hex.
    pub digest: String,
}

impl ResumeAt {
    /// Of a reading.
    #[must_use]
    pub fn new(checkpoint: &record::Checkpoint) -> ResumeAt {
        ResumeAt { offset: checkpoint.offset, line: checkpoint.line, digest: hex(&checkpoint.sha256) }
    }
}

impl Checkpoint {
    /// For the next reading.
    #[must_use]
    pub fn resume(&self) -> Option<record::Checkpoint> {
        let ResumeAt { offset, line, digest } = self.resume.as_ref()?;
        let mut sha256 = record::Sha::default();
        for (at, byte) in sha256.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digest.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(record::Checkpoint { offset: *offset, line: *line, sha256 })
    }
}

/// What an archive holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The archive's own id; of an archive without an entry, none.
    pub archive: Option<String>,
    /// The number of the last entry; 0 of none.
    pub number: u64,
    /// SHA-256 of the last entry.
    tip: Option<String>,
    /// When the last entry was written, in microseconds since 1970.
    pub written: i64,
    /// The number of the last entry that says all; 0 of none.
    pub whole_since: u64,
    /// By the metadata tier's path.
    pub files: BTreeMap<String, FileEntry>,
    /// By path.
    pub quarantine: BTreeMap<String, QuarantineFile>,
    /// By source and input.
    pub inputs: BTreeMap<(String, String), Checkpoint>,
    /// By digest.
    pub mappings: BTreeMap<String, Mapping>,
}

impl Coverage {
    /// What two files of one source, day and mapping cover together.
    #[must_use]
    pub fn with(mut self, other: Coverage) -> Coverage {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (hour, Hour { rows, lag }) in other.hours {
            let of_hour = self.hours.entry(hour).or_default();
            *of_hour = Hour { rows: of_hour.rows + rows, lag: of_hour.lag.max(lag) };
        }
        self
    }
}

impl FileEntry {
    /// Both of its files.
    pub fn stored(&self) -> impl Iterator<Item = &Stored> {
        self.content.iter().chain([&self.metadata])
    }
}

impl Manifest {
    /// Reads the entries of an archive's folder; of a folder without any, an empty one.
    ///
    /// # Errors
    /// An entry that is damaged, foreign, of a newer program, or that does not follow the one before it.
    pub fn read(root: &Path) -> Result<Manifest, Diagnostic> {
        let folder = root.join(MANIFEST);
        let mut manifest = Manifest::empty();
        let Some(last) = last_number(&folder)? else { return Ok(manifest) };
        // From the last one back to one that says all.
        let mut entries = Vec::new();
        let mut number = last;
        loop {
            let (entry, digest) = read_entry(&folder, number)?;
            let done = entry.change.whole || number == 1;
            entries.push((entry, digest));
            if done {
                break;
            }
            if entries.len() > MAX_ENTRIES {
                return Err(errors::too_many_entries(&folder, MAX_ENTRIES));
            }
            number -= 1;
        }
        for (entry, digest) in entries.into_iter().rev() {
            if manifest.tip.is_some() && manifest.tip != entry.previous {
                return Err(errors::broken_chain(&entry_path(root, entry.number)));
            }
            manifest.apply(entry, digest);
        }
        Ok(manifest)
    }

    /// The same, of a folder that has to be an archive.
    ///
    /// # Errors
    /// As [`Manifest::read`]; a folder without an entry.
    pub fn existing(root: &Path) -> Result<Manifest, Diagnostic> {
        let manifest = Manifest::read(root)?;
        if manifest.number == 0 { Err(errors::no_archive(root)) } else { Ok(manifest) }
    }

    fn empty() -> Manifest {
        let (files, quarantine, inputs, mappings) = Default::default();
        Manifest {
            archive: None,
            number: 0,
            tip: None,
            written: i64::MIN,
            whole_since: 0,
            files,
            quarantine,
            inputs,
            mappings,
        }
    }

    /// Writes a change as the next entry. The caller holds the archive's lock, and the entry's files have their names.
    pub(super) fn commit(
        &mut self,
        root: &Path,
        disk: &dyn Disk,
        archive: &str,
        written: i64,
        change: Change,
    ) -> Result<(), Diagnostic> {
        let entry = Entry {
            format: FORMAT,
            number: self.number + 1,
            archive: archive.to_owned(),
            previous: self.tip.clone(),
            written,
            by: concat!("skywatch ", env!("CARGO_PKG_VERSION")).to_owned(),
            change,
        };
        let folder = root.join(MANIFEST);
        let write = || {
            if entry_path(root, entry.number).try_exists()? {
                return Err(std::io::ErrorKind::AlreadyExists.into());
            }
            let mut pending = Pending::create(disk, &folder)?;
            pending.write_all(&serde_json::to_vec(&entry)?)?;
            pending.commit(&entry_name(entry.number))
        };
        let committed = write().map_err(|e| errors::unwritable(&folder, e))?;
        self.apply(entry, committed.digest);
        Ok(())
    }

    fn apply(&mut self, entry: Entry, digest: String) {
        let Entry { number, archive, written, change, .. } = entry;
        if change.whole {
            *self = Manifest { whole_since: number, ..Manifest::empty() };
        }
        (self.number, self.archive, self.tip, self.written) = (number, Some(archive), Some(digest), written);
        self.mappings.extend(change.mappings);
        for path in change.drop {
            self.files.remove(&path);
            self.quarantine.remove(&path);
        }
        self.quarantine.extend(change.quarantine.into_iter().map(|aside| (aside.file.path.clone(), aside)));
        self.files.extend(change.add.into_iter().map(|file| (file.metadata.path.clone(), file)));
        let inputs = change.inputs.into_iter();
        self.inputs.extend(inputs.map(|input| ((input.source.clone(), input.input.clone()), input)));
    }

    /// All that it holds, as one change.
    #[must_use]
    pub fn whole(&self, did: Deed) -> Change {
        Change {
            did,
            whole: true,
            mappings: self.mappings.clone(),
            add: self.files.values().cloned().collect(),
            quarantine: self.quarantine.values().cloned().collect(),
            drop: Vec::new(),
            inputs: self.inputs.values().cloned().collect(),
        }
    }
}

fn entry_name(number: u64) -> String {
    format!("{number:010}.json")
}

/// The number of the entry at a path.
pub(super) fn entry_number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let number = name.strip_suffix(".json")?.parse().ok()?;
    (number > 0 && entry_name(number) == name).then_some(number)
}

/// Where an entry lies.
pub(super) fn entry_path(root: &Path, number: u64) -> PathBuf {
    root.join(MANIFEST).join(entry_name(number))
}

/// The number of the newest entry in a folder.
fn last_number(folder: &Path) -> Result<Option<u64>, Diagnostic> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut last = None;
    for entry in fs::read_dir(folder).map_err(|e| errors::unreadable(folder, e))? {
        last = last.max(entry_number(&entry.map_err(|e| errors::unreadable(folder, e))?.path()));
    }
    Ok(last)
}

pub(super) fn read_entry(folder: &Path, number: u64) -> Result<(Entry, String), Diagnostic> {
    let path = folder.join(entry_name(number));
    let length = fs::metadata(&path).map_err(|e| errors::unreadable(&path, e))?.len();
    if length > MAX_ENTRY {
        return Err(errors::broken_entry(&path, format!("it is longer than {MAX_ENTRY} bytes")));
    }
    let bytes = fs::read(&path).map_err(|e| errors::unreadable(&path, e))?;
    let format = serde_json::from_slice::<serde_json::Value>(&bytes).map_err(|e| errors::broken_entry(&path, e))?;
    let format = format.get("format").and_then(serde_json::Value::as_u64);
    if format.is_some_and(|format| format > u64::from(FORMAT)) {
        return Err(errors::newer_format(&path));
    }
    let entry: Entry = serde_json::from_slice(&bytes).map_err(|e| errors::broken_entry(&path, e))?;
    let aside = entry.change.quarantine.iter().map(|aside| &aside.file);
    let fits = entry.change.add.iter().flat_map(FileEntry::stored).chain(aside).all(|stored| inside(&stored.path));
    if entry.number != number || !fits {
        return Err(errors::broken_entry(&path, "it names what can't be of this archive"));
    }
    Ok((entry, hex(&Sha256::digest(&bytes))))
}

/// Whether a path stays below the archive's folder.
fn inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)))
}
