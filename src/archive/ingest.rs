//! Logs into an archive: takes a claim and inputs, gives the counts by source.
//!
//! Events are held until they fill a portion, then they are written; memory is bounded whatever the inputs are. What was written counts from the
//! next commit on, which comes at the end of an input: its events, and how far it was read, are one manifest entry. A run that is cut off is
//! resumed by running it again.

use std::collections::BTreeMap;

use super::claim::{Claim, now};
use super::keys::{ContentKey, DigestKey};
use super::manifest::{Change, Checkpoint, Deed, FileEntry, ResumeAt};
use super::mapping::mapping;
use super::protect::Protect;
use super::quarantine::quarantine;
use super::read::known;
use super::write::{Arrived, Layout, check_columns, size, write};
use crate::diag::Diagnostic;
use crate::eval::Event;
use crate::ir::{Source, Stream};
use crate::record::{
    Extent, Input, Item, Known, Limits, MixedReader, OfSource, Quarantined, Reading, Report, Unfinished,
};
use crate::schema::Schema;

/// About how many bytes of events are held, and about how many make a commit.
pub const PORTION: usize = 256 << 20;

/// What is kept of logs beyond the metadata that always is.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// Text of users, under this key.
    pub content: Option<ContentKey>,
    /// Digests of prompts, by this key.
    pub digest: Option<DigestKey>,
}

/// How logs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options<'a> {
    /// Whose all records are; without, each is asked.
    pub source: Option<&'a str>,
    /// How much is taken.
    pub limits: Limits,
    /// About how many bytes of events are held.
    pub portion: usize,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { source: None, limits: Limits::default(), portion: PORTION }
    }
}

/// What became of the records, by source; under the empty name those of no source.
pub type Reports = BTreeMap<String, Report>;

/// Reads inputs into an archive; those that were read to their end and have not changed are passed over, and counted. `after` is told of each
/// input that is done, and whether to go on: what was read so far is committed either way.
///
/// # Errors
/// An unknown source; an input that can't be read; an archive that can't be written. What was committed before stays.
pub fn ingest(
    claim: &mut Claim,
    schema: &Schema,
    keep: &Keep,
    options: Options<'_>,
    inputs: &[Input],
    mut after: impl FnMut(&Input) -> bool,
) -> Result<Reports, Diagnostic> {
    schema.streams.iter().try_for_each(check_columns)?;
    let reader = match options.source {
        None => MixedReader::new(schema, options.limits),
        Some(name) => {
            MixedReader::of(schema, name, options.limits).ok_or_else(|| super::errors::unknown_source(name, schema))?
        }
    };
    let mut ingest = Ingest {
        claim,
        schema,
        keep,
        options,
        held: Held::default(),
        change: Change::new(Deed::Ingest),
        reports: Reports::new(),
        written: 0,
    };
    ingest.inputs(reader, inputs, &mut after)?;
    Ok(ingest.reports)
}

/// An ingest under way.
struct Ingest<'a> {
    claim: &'a mut Claim,
    schema: &'a Schema,
    keep: &'a Keep,
    options: Options<'a>,
    held: Held,
    /// What the next commit says.
    change: Change,
    reports: Reports,
    /// Bytes of events that were written since the last commit.
    written: usize,
}

/// What was read and is not written yet.
#[derive(Default)]
struct Held {
    /// By source, with the number of the record and the time of its file.
    events: BTreeMap<String, Vec<(u64, Event, i64)>>,
    /// By source.
    quarantined: BTreeMap<String, Vec<Quarantined>>,
    bytes: usize,
}

impl Ingest<'_> {
    fn inputs(
        &mut self,
        mut reader: MixedReader<'_>,
        inputs: &[Input],
        after: &mut dyn FnMut(&Input) -> bool,
    ) -> Result<(), Diagnostic> {
        for input in inputs {
            let before = self.claim.manifest().inputs.get(&self.checkpoint_key(input));
            if before.is_some_and(|before| unchanged(input, before)) {
                let name = self.options.source.unwrap_or_default().to_owned();
                self.reports.entry(name).or_default().unchanged += 1;
            } else {
                let reading = Reading { from: before.and_then(Checkpoint::resume), unfinished: Unfinished::PutAside };
                self.input(&mut reader, input, &reading)?;
            }
            // Parts of events that are still to be put together were read and are not written: nothing is said of their inputs before.
            if self.held.bytes + self.written >= self.options.portion && !reader.holds_parts() {
                self.portion(&mut reader)?;
                self.commit()?;
            }
            if !after(input) {
                break;
            }
        }
        let arrived = now();
        let (schema, Ingest { held, claim, change, .. }) = (self.schema, &mut *self);
        let archived = |source: &Source, span| archived(claim, &change.add, schema, source, span);
        let (settled, unrecognized) = reader.finish(|source, item| held.take(source, item, arrived), archived)?;
        self.write(settled)?;
        if unrecognized != Report::default() {
            self.reports.entry(String::new()).or_default().add(unrecognized);
        }
        self.commit()
    }

    fn input(&mut self, reader: &mut MixedReader<'_>, input: &Input, reading: &Reading) -> Result<(), Diagnostic> {
        let at = input.modified().unwrap_or_else(now);
        let mut opened = reader.open(input, reading)?;
        while reader.advance(&mut opened, &mut |source, item| self.held.take(source, item, at))? {
            if self.held.bytes >= self.options.portion {
                self.portion(reader)?;
            }
        }
        let extent = reader.close(opened)?;
        let key = self.checkpoint_key(input);
        self.change.inputs.extend(checkpoint(key, input, &extent));
        Ok(())
    }

    /// Writes what is held.
    fn portion(&mut self, reader: &mut MixedReader<'_>) -> Result<(), Diagnostic> {
        let (schema, claim, added) = (self.schema, &*self.claim, &self.change.add);
        let settled = reader.settle(|source, span| archived(claim, added, schema, source, span))?;
        self.write(settled)
    }

    fn write(&mut self, settled: Vec<OfSource<'_>>) -> Result<(), Diagnostic> {
        let Held { mut events, quarantined, bytes } = std::mem::take(&mut self.held);
        self.written += bytes;
        for OfSource { source, report, duplicates } in settled {
            self.reports.entry(source.name.clone()).or_default().add(report);
            let Some(stream) = self.schema.stream_of(source.stream) else { continue };
            let kept = events.remove(&source.name).unwrap_or_default().into_iter();
            let kept = kept.filter(|(number, ..)| !duplicates.contains(number));
            let arrived: Vec<Arrived> = kept.map(|(_, event, at)| Arrived { event, at }).collect();
            if !arrived.is_empty() {
                add(self.claim, &mut self.change, &[source], stream, self.keep, arrived)?;
            }
        }
        for (source, records) in quarantined {
            self.change.quarantine.extend(quarantine(self.claim, &source, &records, self.change.quarantine.len())?);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Diagnostic> {
        let change = std::mem::replace(&mut self.change, Change::new(Deed::Ingest));
        self.written = 0;
        let empty = change.add.is_empty() && change.quarantine.is_empty() && change.inputs.is_empty();
        if empty && self.claim.manifest().number > 0 { Ok(()) } else { self.claim.commit(change) }
    }

    fn checkpoint_key(&self, input: &Input) -> (String, String) {
        (self.options.source.unwrap_or_default().to_owned(), input.identity().to_owned())
    }
}

impl Held {
    fn take(&mut self, source: Option<&Source>, item: Item, at: i64) {
        let name = source.map(|source| source.name.as_str()).unwrap_or_default();
        match item {
            Item::Event(number, event) => {
                self.bytes += size(&event);
                match self.events.get_mut(name) {
                    Some(events) => events.push((number, event, at)),
                    None => _ = self.events.insert(name.to_owned(), vec![(number, event, at)]),
                }
            }
            Item::Quarantined(record) => {
                self.bytes += record.raw.len();
                self.quarantined.entry(name.to_owned()).or_default().push(record);
            }
        }
    }
}

/// The ids of a source that are archived, or are once this change is made.
fn archived(
    claim: &Claim,
    added: &[FileEntry],
    schema: &Schema,
    source: &Source,
    span: (i64, i64),
) -> Result<Known, Diagnostic> {
    let Some(stream) = schema.stream_of(source.stream) else { return Ok(Known::default()) };
    known(claim.root(), claim.manifest().files.values().chain(added), source, stream, span)
}

/// Whether an input is as it was when it was read to its end.
fn unchanged(input: &Input, before: &Checkpoint) -> bool {
    (input.size(), input.modified()) == (Some(before.size), Some(before.modified))
}

/// What is remembered of an input. A pipe can't be known again.
fn checkpoint((source, name): (String, String), input: &Input, extent: &Extent) -> Option<Checkpoint> {
    let resume = extent.checkpoint.as_ref().map(ResumeAt::new);
    // Of a file that has grown meanwhile the rest is read the next time.
    let size = input.size()?.min(extent.bytes);
    Some(Checkpoint { source, input: name, size, modified: input.modified()?, resume })
}

/// Archives events of a stream as one change.
///
/// # Errors
/// A stream with a field that takes the name of the archive's own column; an archive that can't be written.
pub fn append(
    claim: &mut Claim,
    sources: &[&Source],
    stream: &Stream,
    keep: &Keep,
    events: Vec<Arrived>,
) -> Result<(), Diagnostic> {
    check_columns(stream)?;
    let mut change = Change::new(Deed::Ingest);
    add(claim, &mut change, sources, stream, keep, events)?;
    claim.commit(change)
}

/// Writes the files of events, and adds to a change what the manifest has to say of them.
fn add(
    claim: &Claim,
    change: &mut Change,
    sources: &[&Source],
    stream: &Stream,
    keep: &Keep,
    mut events: Vec<Arrived>,
) -> Result<(), Diagnostic> {
    let protect = Protect::new(stream, keep.digest.as_ref());
    let without = protect.without();
    events.iter_mut().for_each(|arrived| protect.event(&mut arrived.event));
    let mut mappings = BTreeMap::new();
    for source in sources {
        let (digest, mapping) = mapping(source, stream, &without, protect.given());
        mappings.insert(source.name.clone(), digest.clone());
        change.mappings.insert(digest, mapping);
    }
    let layout = Layout { stream, mappings: &mappings, content: keep.content.as_ref(), without: &without };
    change.add.extend(write(claim, &layout, events, change.add.len())?);
    Ok(())
}
