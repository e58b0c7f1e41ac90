//! Logs into an archive: takes a claim and inputs, gives the counts by source.
//!
//! Events are held until they fill a portion, then they are written; memory is bounded whatever the inputs are. What was written counts from the
//! next commit on, which comes at the end of an input: its events, and how far it was read, are one manifest entry. A run that is cut off is
//! resumed by running it again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::claim::{Claim, now};
use super::errors;
use super::keys::{ContentKey, DigestKey};
use super::locate::Locate;
use super::manifest::{Change, Checkpoint, Deed, FileEntry, ResumeAt};
use super::mapping::mapping;
use super::protect::Protect;
use super::quarantine::{Line, lines, put_lines, quarantine};
use super::read::known;
use super::write::{Arrived, Layout, check_columns, size, write};
use crate::diag::Diagnostic;
use crate::eval::Event;
use crate::eval::clock::day_text;
use crate::ir::{Source, Stream};
use crate::networks::Networks;
use crate::record::{Extent, Input, Item, Known, Limits, MixedReader, OfSource, Quarantined, Reading, Report};
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
    /// Where callers are, by these databases.
    pub networks: Option<Arc<Networks>>,
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
    /// Whether the days that the inputs have of the source take the place of what is archived of them, all at once.
    pub rebuild: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { source: None, limits: Limits::default(), portion: PORTION, rebuild: false }
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
    let reader = reader(schema, options.source, options.limits)?;
    let mut ingest = Ingest::new(claim, schema, keep, options);
    ingest.inputs(reader, inputs, &mut after)?;
    Ok(ingest.reports)
}

/// A reader of one source's logs, or of any.
fn reader<'a>(schema: &'a Schema, source: Option<&str>, limits: Limits) -> Result<MixedReader<'a>, Diagnostic> {
    match source {
        None => Ok(MixedReader::new(schema, limits)),
        Some(name) => MixedReader::of(schema, name, limits).ok_or_else(|| errors::unknown_source(name, schema)),
    }
}

/// What came of reading the quarantine again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requeued {
    /// Of the records that were read again, by source.
    pub reports: Reports,
    /// Records whose file is not there any more, or not as it was: they stay in quarantine.
    pub kept: u64,
}

/// Reads the records of the quarantine once more, from the files that they stand in: after an upgrade, or once a source was mended. What can be
/// read is archived, what can't is put aside anew; the old entries go.
///
/// # Errors
/// A quarantine file that is damaged; an archive that can't be written.
pub fn requeue(claim: &mut Claim, schema: &Schema, keep: &Keep, limits: Limits) -> Result<Requeued, Diagnostic> {
    let (lines, files) = lines(claim.root(), claim.manifest().quarantine.values())?;
    let mut requeued = Requeued::default();
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut done = Vec::new();
    for (source, of_source) in lines {
        let whose = Some(source.as_str()).filter(|source| !source.is_empty());
        // A source that the schema lost stays where it is.
        let Ok(mut reader) = reader(schema, whose, limits) else {
            kept.entry(source).or_default().extend(of_source.into_iter().map(|line| line.text));
            continue;
        };
        let mut ingest = Ingest::new(claim, schema, keep, Options { source: whose, limits, ..Options::default() });
        let mut of_file: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        of_source.into_iter().for_each(|line| of_file.entry(line.file.clone()).or_default().push(line));
        for (file, lines) in of_file {
            let only = lines.iter().map(|line| (line.line, line.element)).collect();
            let reading = Reading { only: Some(only), ..Reading::default() };
            match Input::file(Path::new(&file)) {
                Ok(input) => _ = ingest.input(&mut reader, &input, &reading)?,
                Err(_) => kept.entry(source.clone()).or_default().extend(lines.into_iter().map(|line| line.text)),
            }
        }
        ingest.close(reader)?;
        done.push((std::mem::replace(&mut ingest.change, Change::new(Deed::Ingest)), ingest.reports));
    }
    let mut change = Change::new(Deed::Requeue);
    for (part, reports) in done {
        change.mappings.extend(part.mappings);
        change.add.extend(part.add);
        change.quarantine.extend(part.quarantine);
        for (source, report) in reports {
            requeued.reports.entry(source).or_default().add(report);
        }
    }
    for (source, lines) in kept {
        requeued.kept += lines.len() as u64;
        change.quarantine.extend(put_lines(claim, &source, &lines, change.quarantine.len())?);
    }
    change.drop = files;
    if !change.drop.is_empty() {
        claim.commit(change)?;
    }
    Ok(requeued)
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

impl<'a> Ingest<'a> {
    fn new(claim: &'a mut Claim, schema: &'a Schema, keep: &'a Keep, options: Options<'a>) -> Ingest<'a> {
        let (held, change, reports) = (Held::default(), Change::new(Deed::Ingest), Reports::new());
        Ingest { claim, schema, keep, options, held, change, reports, written: 0 }
    }

    fn inputs(
        &mut self,
        mut reader: MixedReader<'_>,
        inputs: &[Input],
        after: &mut dyn FnMut(&Input) -> bool,
    ) -> Result<(), Diagnostic> {
        for input in inputs {
            let before =
                self.claim.manifest().inputs.get(&self.checkpoint_key(input)).filter(|_| !self.options.rebuild);
            if before.is_some_and(|before| unchanged(input, before)) {
                let name = self.options.source.unwrap_or_default().to_owned();
                self.reports.entry(name).or_default().unchanged += 1;
            } else {
                let reading = Reading { from: before.and_then(Checkpoint::resume), ..Reading::default() };
                let extent = self.input(&mut reader, input, &reading)?;
                self.change.inputs.extend(checkpoint(self.checkpoint_key(input), input, &extent));
            }
            // Parts of events that are still to be put together were read and are not written: nothing is said of their inputs before.
            let later = reader.holds_parts() || self.options.rebuild;
            if self.held.bytes + self.written >= self.options.portion && !later {
                self.portion(&mut reader)?;
                self.commit()?;
            }
            if !after(input) {
                break;
            }
        }
        self.finish(reader)
    }

    /// Writes what is left, and commits it.
    fn finish(&mut self, reader: MixedReader<'_>) -> Result<(), Diagnostic> {
        self.close(reader)?;
        if self.options.rebuild {
            self.change.did = Deed::Rebuild;
            self.change.drop = self.replaced()?;
        }
        self.commit()
    }

    /// The files that what was read takes the place of. A day of which less was read than is archived is none that can be replaced.
    fn replaced(&self) -> Result<Vec<String>, Diagnostic> {
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        self.change.add.iter().for_each(|file| *days.entry(file.day).or_default() += file.rows);
        let of_source = |file: &&FileEntry| Some(file.coverage.source.as_str()) == self.options.source;
        let files = self.claim.manifest().files.values().filter(of_source).filter(|file| days.contains_key(&file.day));
        let files: Vec<&FileEntry> = files.collect();
        for (day, rows) in &days {
            let archived = files.iter().filter(|file| file.day == *day).map(|file| file.rows).sum::<u64>();
            if *rows < archived {
                return Err(errors::fewer_rows(&day_text(*day), *rows, archived));
            }
        }
        Ok(files.into_iter().map(|file| file.metadata.path.clone()).collect())
    }

    /// Writes what is left.
    fn close(&mut self, reader: MixedReader<'_>) -> Result<(), Diagnostic> {
        let arrived = now();
        let (schema, rebuild) = (self.schema, self.options.rebuild);
        let Ingest { held, claim, change, .. } = &mut *self;
        let archived = |source: &Source, span| archived(claim, &change.add, rebuild, schema, source, span);
        let (settled, unrecognized) = reader.finish(|source, item| held.take(source, item, arrived), archived)?;
        self.write(settled)?;
        if unrecognized != Report::default() {
            self.reports.entry(String::new()).or_default().add(unrecognized);
        }
        Ok(())
    }

    fn input(&mut self, reader: &mut MixedReader<'_>, input: &Input, reading: &Reading) -> Result<Extent, Diagnostic> {
        let at = input.modified().unwrap_or_else(now);
        let mut opened = reader.open(input, reading)?;
        while reader.advance(&mut opened, &mut |source, item| self.held.take(source, item, at))? {
            if self.held.bytes >= self.options.portion {
                self.portion(reader)?;
            }
        }
        reader.close(opened)
    }

    /// Writes what is held.
    fn portion(&mut self, reader: &mut MixedReader<'_>) -> Result<(), Diagnostic> {
        let (schema, claim, added) = (self.schema, &*self.claim, &self.change.add);
        let rebuild = self.options.rebuild;
        let settled = reader.settle(|source, span| archived(claim, added, rebuild, schema, source, span))?;
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
    rebuild: bool,
    schema: &Schema,
    source: &Source,
    span: (i64, i64),
) -> Result<Known, Diagnostic> {
    let Some(stream) = schema.stream_of(source.stream) else { return Ok(Known::default()) };
    // What is to be replaced is not there.
    let before = claim.manifest().files.values().filter(|_| !rebuild);
    known(claim.root(), before.chain(added), source, stream, span)
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
    let locate = keep.networks.as_ref().and_then(|networks| Locate::new(stream, networks));
    if let Some(locate) = &locate {
        locate.events(&mut events)?;
    }
    protect.events(&mut events);
    let mut mappings = BTreeMap::new();
    for source in sources {
        let located = locate.as_ref().map(|locate| locate.given(source, stream)).unwrap_or_default();
        let networks = keep.networks.as_deref().filter(|_| !located.is_empty()).map(Networks::digest);
        let added: Vec<&str> = protect.given().into_iter().chain(located).collect();
        let (digest, mapping) = mapping(source, stream, &without, &added, networks);
        mappings.insert(source.name.clone(), digest.clone());
        change.mappings.insert(digest, mapping);
    }
    let layout = Layout { stream, mappings: &mappings, content: keep.content.as_ref(), without: &without };
    change.add.extend(write(claim, &layout, events, change.add.len())?);
    Ok(())
}
