//! An archive's folder in, the files that a run may read out: which sources they have, and of what time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::columns::has_content;
use super::commit::is_name;
use super::footer::{self, Coverage};
use super::{CONTENT, METADATA, PARQUET, errors};
use crate::diag::Diagnostic;
use crate::ir::{SECOND, Stream, Tier};
use crate::schema::Schema;

/// Most files of one stream.
pub const MAX_FILES: usize = 10_000;
/// The unit of an archive's coverage.
const DAY: i64 = 86_400 * SECOND;

/// An archive whose files have been found and checked.
#[derive(Debug, Clone)]
pub struct Archive {
    root: PathBuf,
    /// By the stream's place in the schema; sorted by name.
    files: BTreeMap<usize, Vec<ArchiveFile>>,
}

/// What one run archived of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// The metadata tier.
    pub metadata: PathBuf,
    /// The content tier, where the stream has one.
    pub content: Option<PathBuf>,
    /// By source.
    pub coverage: Vec<Coverage>,
}

impl ArchiveFile {
    /// Where a tier's rows are. A stream without content has all of its fields in the metadata tier.
    #[must_use]
    pub fn path(&self, tier: Tier) -> &Path {
        match (tier, &self.content) {
            (Tier::Content, Some(content)) => content,
            _ => &self.metadata,
        }
    }
}

impl Archive {
    /// Finds the files of the schema's streams and reads their footers.
    ///
    /// # Errors
    /// A path without an archive; a file that is damaged, foreign, or of another shape than its stream.
    pub fn open(root: &Path, schema: &Schema) -> Result<Archive, Diagnostic> {
        let mut files = BTreeMap::new();
        for (index, stream) in schema.streams.iter().enumerate() {
            let folder = root.join(&stream.name).join(METADATA);
            if folder.is_dir() {
                files.insert(index, stream_files(&folder, stream)?);
            }
        }
        if files.is_empty() {
            return Err(errors::no_archive(root));
        }
        Ok(Archive { root: root.to_owned(), files })
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A stream's files, by the stream's place in the schema.
    #[must_use]
    pub fn files(&self, stream: usize) -> &[ArchiveFile] {
        self.files.get(&stream).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sources that have rows, by stream, with the whole UTC days that these rows lie in.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceDays> {
        let mut found: BTreeMap<(usize, &str), SourceDays> = BTreeMap::new();
        for (stream, files) in &self.files {
            for coverage in files.iter().flat_map(|file| &file.coverage) {
                let days = whole_days(coverage.first, coverage.last);
                let entry = found.entry((*stream, &coverage.source)).or_insert_with(|| SourceDays {
                    stream: *stream,
                    source: coverage.source.clone(),
                    rows: 0,
                    days,
                });
                entry.rows += coverage.rows;
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

fn whole_days(first: i64, last: i64) -> (i64, i64) {
    let start = |time: i64| time.div_euclid(DAY).saturating_mul(DAY);
    (start(first), start(last).saturating_add(DAY))
}

fn stream_files(folder: &Path, stream: &Stream) -> Result<Vec<ArchiveFile>, Diagnostic> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| errors::unreadable(folder, e))? {
        let entry = entry.map_err(|e| errors::unreadable(folder, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(PARQUET) {
            // Temporary files of a run that was cut off, and what systems leave in folders.
            continue;
        }
        if !is_name(&name, PARQUET) {
            return Err(errors::foreign(&entry.path()));
        }
        names.push(name);
        if names.len() > MAX_FILES {
            return Err(errors::too_many_files(folder, MAX_FILES));
        }
    }
    names.sort();
    names.into_iter().map(|name| stream_file(folder, &name, stream)).collect()
}

fn stream_file(folder: &Path, name: &str, stream: &Stream) -> Result<ArchiveFile, Diagnostic> {
    let metadata = folder.join(name);
    let coverage = footer::read(&metadata, stream, Tier::Metadata)?;
    let content = has_content(stream).then(|| folder.with_file_name(CONTENT).join(name));
    if let Some(content) = &content {
        if !content.is_file() {
            return Err(errors::no_content(content));
        }
        footer::read(content, stream, Tier::Content)?;
    }
    Ok(ArchiveFile { metadata, content, coverage })
}
