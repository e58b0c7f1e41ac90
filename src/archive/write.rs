//! Events in, files of one stream out: sorted, with statistics, and all of a run's files under their names only at its end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::columns::{SOURCE, columns, has_content};
use super::commit::Pending;
use super::footer::{self, Coverage};
use super::values::encode;
use super::{CONTENT, METADATA, PARQUET, errors};
use crate::diag::Diagnostic;
use crate::eval::{Event, Value};
use crate::ir::{Stream, Tier};

/// Rows of a row group: what statistics can pass over at a time.
const GROUP_ROWS: usize = 65_536;
/// Bytes of a row group before compression; text fills it before the rows do.
const GROUP_BYTES: usize = 128 << 20;
/// Rows, and bytes of text, of a batch on the way to a file: far below what one array can address.
const BATCH: (usize, usize) = (8_192, 64 << 20);
/// About how many bytes of events are held before a file is written.
const HELD: usize = 1 << 30;

/// Writes one run's events of one stream.
#[derive(Debug)]
pub struct Writer<'s> {
    root: PathBuf,
    stream: &'s Stream,
    events: Vec<Event>,
    bytes: usize,
    /// Name, then the content tier's file and the metadata tier's.
    pending: Vec<(String, Option<Pending>, Pending)>,
}

impl<'s> Writer<'s> {
    /// A writer into an archive's folder, which is made where it is not there.
    ///
    /// # Errors
    /// A stream with a field that takes the name of the archive's own column.
    pub fn new(root: &Path, stream: &'s Stream) -> Result<Writer<'s>, Diagnostic> {
        if stream.field(SOURCE).is_some() {
            return Err(errors::reserved_column(&stream.name, SOURCE));
        }
        Ok(Writer { root: root.to_owned(), stream, events: Vec::new(), bytes: 0, pending: Vec::new() })
    }

    /// Takes an event. It has a time: records without one are quarantined before.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn push(&mut self, event: Event) -> Result<(), Diagnostic> {
        self.bytes += size(&event);
        self.events.push(event);
        if self.bytes >= HELD { self.flush() } else { Ok(()) }
    }

    /// Gives all files their names; gives those of the metadata tier.
    ///
    /// # Errors
    /// A file that can't be written; those that got their names stay.
    pub fn finish(mut self) -> Result<Vec<PathBuf>, Diagnostic> {
        if !self.events.is_empty() {
            self.flush()?;
        }
        let mut paths = Vec::new();
        for (name, content, metadata) in self.pending {
            let file_name = format!("{name}{PARQUET}");
            // Readers go by the metadata tier, so its file comes last.
            if let Some(content) = content {
                content.commit(&file_name).map_err(|e| errors::unwritable(&self.root, e))?;
            }
            paths.push(metadata.commit(&file_name).map_err(|e| errors::unwritable(&self.root, e))?);
        }
        Ok(paths)
    }

    fn flush(&mut self) -> Result<(), Diagnostic> {
        let mut events = std::mem::take(&mut self.events);
        self.bytes = 0;
        self.sort(&mut events);
        let content = has_content(self.stream).then(|| self.tier(Tier::Content, &events)).transpose()?;
        let metadata = self.tier(Tier::Metadata, &events)?;
        let name = content.as_ref().unwrap_or(&metadata).name();
        self.pending.push((name, content, metadata));
        Ok(())
    }

    /// By time, source and id; then by all fields, so that the order of reading changes no byte.
    fn sort(&self, events: &mut [Event]) {
        let (time, id) = (self.stream.time().index(), self.stream.event_id().index());
        events.sort_by(|a, b| {
            let time = a.fields.get(time).cmp(&b.fields.get(time));
            let id = || a.fields.get(id).cmp(&b.fields.get(id));
            time.then_with(|| a.source.cmp(&b.source)).then_with(id).then_with(|| a.fields.cmp(&b.fields))
        });
    }

    fn tier(&self, tier: Tier, events: &[Event]) -> Result<Pending, Diagnostic> {
        let folder = self.root.join(&self.stream.name).join(if tier == Tier::Content { CONTENT } else { METADATA });
        let time = self.stream.time().index();
        let times = events.iter().map(|event| (&*event.source, event.fields.get(time).and_then(Value::as_time)));
        let coverage = Coverage::of(times);
        let pending = Pending::create(&folder).map_err(|e| errors::unwritable(&folder, e))?;
        write(pending, self.stream, tier, events, &coverage).map_err(|e| errors::unwritable(&folder, e))
    }
}

fn write(
    pending: Pending,
    stream: &Stream,
    tier: Tier,
    events: &[Event],
    coverage: &[Coverage],
) -> Result<Pending, ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_created_by(concat!("skywatch ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(footer::entries(stream, coverage)))
        .build();
    let mut writer = ArrowWriter::try_new(pending, columns(stream, tier), Some(properties))?;
    let mut rest = events;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(batch_length(rest));
        writer.write(&batch(stream, tier, &now.iter().collect::<Vec<_>>())?)?;
        rest = later;
    }
    let mut pending = writer.into_inner()?;
    pending.flush()?;
    Ok(pending)
}

/// How many of the events make the next batch; at least one.
fn batch_length(events: &[Event]) -> usize {
    let (rows, bytes) = BATCH;
    let mut held = 0;
    let fit = events.iter().take(rows).take_while(|event| {
        held += size(event);
        held <= bytes
    });
    fit.count().max(1)
}

/// Events of a stream as one batch of a tier's columns.
///
/// # Errors
/// More text than one array holds.
pub fn batch(stream: &Stream, tier: Tier, events: &[&Event]) -> Result<RecordBatch, ArrowError> {
    let schema = columns(stream, tier);
    let sources = events.iter().map(|event| Some(&*event.source)).collect::<StringArray>();
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(sources)];
    for (at, field) in stream.fields.iter().enumerate() {
        if tier == Tier::Content || field.tier == tier {
            let values = events.iter().map(|event| event.fields.get(at).unwrap_or(&Value::Missing));
            arrays.push(encode(&field.ty, &values.collect::<Vec<_>>())?);
        }
    }
    RecordBatch::try_new(schema, arrays)
}

/// About how many bytes an event takes in memory.
fn size(event: &Event) -> usize {
    event.fields.iter().map(value_size).sum()
}

fn value_size(value: &Value) -> usize {
    let inside = match value {
        Value::Text(text) => text.len(),
        Value::List(values) | Value::Listing { values, .. } | Value::Record(_, values) => {
            values.iter().map(value_size).sum()
        }
        _ => 0,
    };
    size_of::<Value>() + inside
}
