//! Files in, events out: for the evaluator, for compaction, and to know which ids are there already.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;

use super::columns::{SOURCE, has_content};
use super::errors;
use super::manifest::{FileEntry, Stored};
use super::open::Archive;
use super::values::{decode, text};
use super::write::DAY;
use crate::diag::Diagnostic;
use crate::eval::{Event, Value};
use crate::ir::{Source, Stream};
use crate::record::Known;

impl Archive {
    /// All events of a stream, by its place in the schema: day by day, each file in the order of time; with text of users where it was kept
    /// and there is a key.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn events(&self, index: usize, stream: &Stream) -> Result<Vec<Event>, Diagnostic> {
        let mut events = Vec::new();
        for file in self.files(index) {
            self.read_entry(&file.entry, stream, &mut events)?;
        }
        Ok(events)
    }

    pub(super) fn read_entry(
        &self,
        file: &FileEntry,
        stream: &Stream,
        events: &mut Vec<Event>,
    ) -> Result<(), Diagnostic> {
        match file.content.as_ref().filter(|_| has_content(stream) && self.has_key()) {
            Some(Stored { path, .. }) => read(&self.root().join(path), stream, Some(self.decryption(path)?), events),
            None => read(&self.root().join(&file.metadata.path), stream, None, events),
        }
    }
}

fn reader(
    path: &Path,
    decryption: Option<Arc<FileDecryptionProperties>>,
) -> Result<ParquetRecordBatchReaderBuilder<File>, Diagnostic> {
    let file = File::open(path).map_err(|e| errors::unreadable(path, e))?;
    let mut options = ArrowReaderOptions::new();
    if let Some(decryption) = decryption {
        options = options.with_file_decryption_properties(decryption);
    }
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|e| errors::broken(path, e))
}

fn read(
    path: &Path,
    stream: &Stream,
    decryption: Option<Arc<FileDecryptionProperties>>,
    events: &mut Vec<Event>,
) -> Result<(), Diagnostic> {
    let reader = reader(path, decryption)?.build();
    for batch in reader.map_err(|e| errors::broken(path, e))? {
        let batch = batch.map_err(|e| errors::broken(path, e))?;
        events.extend((0..batch.num_rows()).map(|row| event(&batch, row, stream)));
    }
    Ok(())
}

fn event(batch: &RecordBatch, row: usize, stream: &Stream) -> Event {
    let source = batch.column_by_name(SOURCE).filter(|column| column.is_valid(row));
    let source = source.and_then(|column| text(column, row)).unwrap_or_default();
    let fields = stream.fields.iter().map(|field| match batch.column_by_name(&field.name) {
        Some(column) => decode(&field.ty, column, row),
        None => Value::Missing,
    });
    Event { source: Arc::from(source), fields: fields.collect() }
}

/// The ids that an archive has of a source, with their times, on the days around a span of time.
pub(super) fn known<'a>(
    root: &Path,
    files: impl Iterator<Item = &'a FileEntry>,
    source: &Source,
    stream: &Stream,
    (first, last): (i64, i64),
) -> Result<Known, Diagnostic> {
    let days = first.div_euclid(DAY) - 1..=last.div_euclid(DAY) + 1;
    let mut known = Known::default();
    let of_source = files.filter(|file| file.stream == stream.name && file.coverage.source == source.name);
    for file in of_source.filter(|file| days.contains(&file.day)) {
        ids(&root.join(&file.metadata.path), stream, &mut known)?;
    }
    Ok(known)
}

fn ids(path: &Path, stream: &Stream, known: &mut Known) -> Result<(), Diagnostic> {
    let name = |id| stream.get(id).map_or("", |field| field.name.as_str());
    let (time, id) = (name(stream.time()), name(stream.event_id()));
    let builder = reader(path, None)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), [time, id]);
    for batch in builder.with_projection(columns).build().map_err(|e| errors::broken(path, e))? {
        let batch = batch.map_err(|e| errors::broken(path, e))?;
        let column = |name: &str| batch.column_by_name(name);
        let (Some(times), Some(ids)) = (column(time), column(id)) else { continue };
        let Some(times) = times.as_primitive_opt::<TimestampMicrosecondType>() else { continue };
        for row in 0..batch.num_rows() {
            if let Some(id) = text(ids, row).filter(|_| times.is_valid(row)) {
                known.add(id, times.value(row));
            }
        }
    }
    Ok(())
}
