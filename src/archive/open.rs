//! An archive's folder in, the files that a run may read out: which sources they have, and of what time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;

use super::errors;
use super::keys::ContentKey;
use super::manifest::{Coverage, FileEntry, Manifest, Stored};
use super::seal;
use super::write::DAY;
use crate::diag::Diagnostic;
use crate::ir::{Stream, Tier};
use crate::schema::Schema;

/// Most files of one stream.
pub const MAX_FILES: usize = 20_000;

/// An archive whose files have been found.
#[derive(Debug, Clone)]
pub struct Archive {
    root: PathBuf,
    manifest: Manifest,
    key: Option<ContentKey>,
    /// By the stream's place in the schema; sorted by day, source and name.
    files: BTreeMap<usize, Vec<ArchiveFile>>,
}

/// What one run archived of one stream and day.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchiveFile {
    /// What the manifest says of it.
    pub entry: FileEntry,
    metadata: PathBuf,
    content: Option<PathBuf>,
}

impl ArchiveFile {
    /// Where a tier's rows are; none where that tier was not kept. What has no text of users has all of its fields in the metadata tier.
    #[must_use]
    pub fn path(&self, tier: Tier) -> Option<&Path> {
        match tier {
            Tier::Metadata => Some(&self.metadata),
            Tier::Content => self.content.as_deref(),
        }
    }
}

impl Archive {
    /// Finds the files of the schema's streams. `key` opens the content tier; without it, or where none was kept, the metadata tier is all there
    /// is.
    ///
    /// # Errors
    /// A path without an archive; a manifest that is damaged; a file that is gone or cut; one whose source was read otherwise than the stream is
    /// declared now.
    pub fn open(root: &Path, schema: &Schema, key: Option<ContentKey>) -> Result<Archive, Diagnostic> {
        let manifest = Manifest::existing(root)?;
        let mut files: BTreeMap<usize, Vec<ArchiveFile>> = BTreeMap::new();
        for entry in manifest.files.values() {
            // What a pack's own streams have is there for runs of that pack.
            let Some(index) = schema.stream(&entry.stream) else { continue };
            let stream = schema.streams.get(index).ok_or_else(|| errors::no_archive(root))?;
            let file = found(root, &manifest, stream, entry)?;
            let of_stream = files.entry(index).or_default();
            of_stream.push(file);
            if of_stream.len() > MAX_FILES {
                return Err(errors::too_many_files(&entry.stream, MAX_FILES));
            }
        }
        for of_stream in files.values_mut() {
            let place =
                |file: &ArchiveFile| (file.entry.day, file.entry.coverage.source.clone(), file.metadata.clone());
            of_stream.sort_by_cached_key(place);
        }
        Ok(Archive { root: root.to_owned(), manifest, key, files })
    }

    /// An archive of which only single files are asked for.
    pub(super) fn without_files(root: &Path, manifest: Manifest, key: Option<ContentKey>) -> Archive {
        Archive { root: root.to_owned(), manifest, key, files: BTreeMap::new() }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What it holds.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether a key was given for text of users.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// A stream's files, by the stream's place in the schema.
    #[must_use]
    pub fn files(&self, stream: usize) -> &[ArchiveFile] {
        self.files.get(&stream).map(Vec::as_slice).unwrap_or_default()
    }

    /// What opens the content file at a path, which is given from the archive's folder.
    ///
    /// # Errors
    /// No key, another key, or a data key that was destroyed.
    pub fn decryption(&self, path: &str) -> Result<Arc<FileDecryptionProperties>, Diagnostic> {
        let key = self.key.as_ref().ok_or_else(|| errors::no_content_key(&self.root))?;
        seal::decryption(&self.root, self.manifest.archive.as_deref().unwrap_or_default(), path, key)
    }

    /// The sources that have rows, by stream, with the whole UTC days that these rows lie in.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceDays> {
        let mut found: BTreeMap<(usize, &str), SourceDays> = BTreeMap::new();
        for (stream, files) in &self.files {
            for (coverage, rows) in files.iter().map(|file| (&file.entry.coverage, file.entry.rows)) {
                let days = whole_days(coverage);
                let entry = found.entry((*stream, &coverage.source)).or_insert_with(|| SourceDays {
                    stream: *stream,
                    source: coverage.source.clone(),
                    rows: 0,
                    days,
                });
                entry.rows += rows;
                entry.days = (entry.days.0.min(days.0), entry.days.1.max(days.1));
            }
        }
        found.into_values().collect()
    }

    /// The whole UTC days that hold every row; none where there is no row.
    #[must_use]
    pub fn days(&self) -> Option<(i64, i64)> {
        self.sources().into_iter().map(|source| source.days).reduce(|all, days| (all.0.min(days.0), all.1.max(days.1)))
    }
}

/// What an archive has of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDays {
    /// The stream's place in the schema.
    pub stream: usize,
    /// The source's name.
    pub source: String,
    /// How many rows.
    pub rows: u64,
    /// From the start of the first day to the end of the last, half open, in microseconds since 1970.
    pub days: (i64, i64),
}

fn whole_days(coverage: &Coverage) -> (i64, i64) {
    let start = |time: i64| time.div_euclid(DAY).saturating_mul(DAY);
    (start(coverage.first), start(coverage.last).saturating_add(DAY))
}

fn found(root: &Path, manifest: &Manifest, stream: &Stream, entry: &FileEntry) -> Result<ArchiveFile, Diagnostic> {
    let there = |stored: &Stored| {
        let path = root.join(&stored.path);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() == stored.bytes => Ok(path),
            Ok(metadata) => Err(errors::wrong_length(&path, metadata.len(), stored.bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(errors::missing(&path)),
            Err(error) => Err(errors::unreadable(&path, error)),
        }
    };
    let metadata = there(&entry.metadata)?;
    let content = entry.content.as_ref().map(there).transpose()?;
    let mapping = manifest.mappings.get(&entry.coverage.mapping);
    for (name, found) in mapping.into_iter().flat_map(|mapping| &mapping.fields) {
        // A field that the stream has no more is read by no rule.
        let Some(field) = stream.field(name).and_then(|id| stream.get(id)) else { continue };
        if field.ty.to_string() != *found {
            return Err(errors::wrong_type(&metadata, name, found, &field.ty.to_string()));
        }
    }
    Ok(ArchiveFile { entry: entry.clone(), metadata, content })
}
