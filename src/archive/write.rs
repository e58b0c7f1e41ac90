//! Events in, files of one stream out: one pair of tiers a day, sorted, with statistics. The files have their names, but no reader knows them
//! before the manifest does.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use rayon::prelude::*;

use super::claim::Claim;
use super::columns::{SOURCE, columns, has_content};
use super::commit::{Committed, Pending};
use super::footer;
use super::keys::ContentKey;
use super::manifest::{Coverage, FileEntry, Hour, Stored};
use super::seal::Seal;
use super::values::encode;
use super::{CONTENT, METADATA, PARQUET, errors};
use crate::diag::Diagnostic;
use crate::eval::clock::day_text;
use crate::eval::{Event, Value};
use crate::ir::{SECOND, Stream, Tier};
use crate::redact::VERSION;

/// Rows of a row group: what statistics can pass over at a time.
const GROUP_ROWS: usize = 65_536;
/// Bytes of a row group before compression; text fills it before the rows do.
const GROUP_BYTES: usize = 128 << 20;
/// Rows, and bytes of text, of a batch on the way to a file: far below what one array can address.
const BATCH: (usize, usize) = (8_192, 64 << 20);
/// The unit of files, and of retention, in microseconds.
pub const DAY: i64 = 86_400 * SECOND;

/// An event, and when the log delivered it, in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// It has a time: records without one are quarantined before.
    pub event: Event,
    /// When its file was last changed.
    pub at: i64,
}

/// What files of a stream are written with.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) stream: &'a Stream,
    /// The digest of each source's mapping, by source.
    pub(super) mappings: &'a BTreeMap<String, String>,
    /// For the content tier, where there is to be one.
    pub(super) content: Option<&'a ContentKey>,
    /// Fields that are not written, because nothing gave them.
    pub(super) without: &'a [String],
}

/// Writes events, a pair of files a source and day. `before` is how many the same change has already.
pub(super) fn write(
    claim: &Claim,
    layout: &Layout<'_>,
    mut events: Vec<Arrived>,
    before: usize,
) -> Result<Vec<FileEntry>, Diagnostic> {
    let (time, id) = (layout.stream.time().index(), layout.stream.event_id().index());
    // By source, time and id; then by all fields, so that the order of reading changes no byte.
    events.sort_by(|Arrived { event: a, .. }, Arrived { event: b, .. }| {
        let time = || a.fields.get(time).cmp(&b.fields.get(time));
        let id = || a.fields.get(id).cmp(&b.fields.get(id));
        a.source.cmp(&b.source).then_with(time).then_with(id).then_with(|| a.fields.cmp(&b.fields))
    });
    let place =
        |arrived: &Arrived| (arrived.event.source.clone(), time_of(layout.stream, &arrived.event).div_euclid(DAY));
    let of_day = events.chunk_by(|a, b| place(a) == place(b));
    let of_day = (before..).zip(of_day).filter_map(|(nth, events)| Some((nth, place(events.first()?).1, events)));
    let of_day: Vec<(usize, i64, &[Arrived])> = of_day.collect();
    of_day.into_par_iter().map(|(nth, day, events)| files(claim, layout, nth, day, events)).collect()
}

fn time_of(stream: &Stream, event: &Event) -> i64 {
    event.fields.get(stream.time().index()).and_then(Value::as_time).unwrap_or_default()
}

fn files(
    claim: &Claim,
    layout: &Layout<'_>,
    nth: usize,
    day: i64,
    events: &[Arrived],
) -> Result<FileEntry, Diagnostic> {
    let Layout { stream, content, .. } = layout;
    let coverage = coverage(layout, events);
    let folder = |tier: &str| format!("{}/{tier}/day={}", stream.name, day_text(day));
    let unwritable = |folder: &str, e: &dyn std::fmt::Display| errors::unwritable(&claim.root().join(folder), e);
    let tier = |folder: &str, tier: Tier, seal: Option<&Seal>| {
        let pending = Pending::create(claim.disk(), &claim.root().join(folder)).map_err(|e| unwritable(folder, &e))?;
        parquet(pending, layout, tier, events, &coverage, seal).map_err(|e| unwritable(folder, &e))
    };
    let (to_metadata, to_content) = (folder(METADATA), folder(CONTENT));
    let metadata = tier(&to_metadata, Tier::Metadata, None)?;
    let name = name(claim, nth, &metadata, PARQUET);
    let content = match content.filter(|_| has_content(stream)) {
        None => None,
        Some(key) => {
            let path = format!("{to_content}/{name}");
            let seal = Seal::new(claim.archive(), &path)?;
            let pending = tier(&to_content, Tier::Content, Some(&seal))?;
            seal.keep(claim.disk(), claim.root(), &path, key)?;
            let committed = pending.commit(&name).map_err(|e| unwritable(&to_content, &e))?;
            Some(stored(path, committed))
        }
    };
    let committed = metadata.commit(&name).map_err(|e| unwritable(&to_metadata, &e))?;
    let metadata = stored(format!("{to_metadata}/{name}"), committed);
    Ok(FileEntry { stream: stream.name.clone(), day, rows: events.len() as u64, metadata, content, coverage })
}

/// A file that has its name.
pub(super) fn stored(path: String, Committed { bytes, digest }: Committed) -> Stored {
    Stored { path, bytes, digest }
}

/// What the events of one source and day cover, which are sorted by time.
fn coverage(layout: &Layout<'_>, events: &[Arrived]) -> Coverage {
    let time =
        |arrived: Option<&Arrived>| arrived.map(|arrived| time_of(layout.stream, &arrived.event)).unwrap_or_default();
    let source = events.first().map(|arrived| arrived.event.source.to_string()).unwrap_or_default();
    let mut coverage = Coverage {
        mapping: layout.mappings.get(&source).cloned().unwrap_or_default(),
        source,
        first: time(events.first()),
        last: time(events.last()),
        hours: BTreeMap::new(),
    };
    for Arrived { event, at } in events {
        let time = time_of(layout.stream, event);
        let hour = u8::try_from(time.rem_euclid(DAY) / (3_600 * SECOND)).unwrap_or_default();
        let Hour { rows, lag } = coverage.hours.entry(hour).or_default();
        *rows += 1;
        *lag = (*lag).max(at.saturating_sub(time));
    }
    coverage
}

fn parquet(
    pending: Pending,
    layout: &Layout<'_>,
    tier: Tier,
    events: &[Arrived],
    coverage: &Coverage,
    seal: Option<&Seal>,
) -> Result<Pending, ParquetError> {
    let Layout { stream, without, .. } = layout;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_created_by(concat!("skywatch ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(footer::entries(
            &stream.name,
            coverage,
            (tier == Tier::Content).then_some(VERSION),
        )));
    if let Some(seal) = seal {
        // Never with Bloom filters: the format writes them in clear.
        properties = properties.set_bloom_filter_enabled(false).with_file_encryption_properties(seal.encryption()?);
    }
    let kept = |schema: &datafusion::arrow::datatypes::Schema| -> Vec<usize> {
        let fields = schema.fields().iter().enumerate();
        fields.filter(|(_, field)| !without.contains(field.name())).map(|(at, _)| at).collect()
    };
    let schema = columns(stream, tier);
    let kept = kept(&schema);
    let mut writer = ArrowWriter::try_new(pending, Arc::new(schema.project(&kept)?), Some(properties.build()))?;
    let mut rest = events;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(batch_length(rest));
        let events: Vec<&Event> = now.iter().map(|arrived| &arrived.event).collect();
        writer.write(&batch(stream, tier, &events)?.project(&kept)?)?;
        rest = later;
    }
    let mut pending = writer.into_inner()?;
    pending.flush()?;
    Ok(pending)
}

/// How many of the events make the next batch; at least one.
fn batch_length(events: &[Arrived]) -> usize {
    let (rows, bytes) = BATCH;
    let mut held = 0;
    let fit = events.iter().take(rows).take_while(|arrived| {
        held += size(&arrived.event);
        held <= bytes
    });
    fit.count().max(1)
}

/// Events of a stream as one batch of a tier's columns.
///
/// # Errors
/// More text than one array holds.
pub(super) fn batch(stream: &Stream, tier: Tier, events: &[&Event]) -> Result<RecordBatch, ArrowError> {
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

/// Whether a stream's fields leave the archive's own column name free.
pub(super) fn check_columns(stream: &Stream) -> Result<(), Diagnostic> {
    match stream.field(SOURCE) {
        Some(_) => Err(errors::reserved_column(&stream.name, SOURCE)),
        None => Ok(()),
    }
}

/// A file's name. The number of its manifest entry and its place there make it unique in the archive; by the digest, a run that was cut off and
/// is run again writes the same file.
fn name(claim: &Claim, nth: usize, pending: &Pending, ending: &str) -> String {
    let digest = pending.digest();
    format!("{:010}-{}{nth:04x}{ending}", claim.manifest().number + 1, digest.get(..12).unwrap_or(&digest))
}

/// A small file with its whole content at hand; `nth` as in [`write()`].
pub(super) fn put(
    claim: &Claim,
    nth: usize,
    folder: &str,
    ending: &str,
    content: impl FnOnce(&mut Pending) -> io::Result<()>,
) -> Result<Stored, Diagnostic> {
    let place: &Path = &claim.root().join(folder);
    let write = || {
        let mut pending = Pending::create(claim.disk(), place)?;
        content(&mut pending)?;
        let name = name(claim, nth, &pending, ending);
        Ok((pending.commit(&name)?, name))
    };
    let (committed, name) = write().map_err(|e: io::Error| errors::unwritable(place, e))?;
    Ok(stored(format!("{folder}/{name}"), committed))
}

/// About how many bytes an event takes in memory.
pub(super) fn size(event: &Event) -> usize {
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
