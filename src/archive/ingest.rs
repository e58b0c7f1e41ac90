//! Logs of one source into an archive: takes a claim and paths, gives the counts. Inputs are taken in portions that fit into memory; each
//! portion is one manifest entry, with its events and how far its inputs were read, so that a run that is cut off is resumed by running it again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::claim::{Claim, now};
use super::errors;
use super::keys::{ContentKey, DigestKey};
use super::manifest::{Change, Checkpoint, Deed};
use super::mapping::mapping;
use super::protect::Protect;
use super::quarantine::quarantine;
use super::read::known;
use super::write::{Arrived, Layout, check_columns, size, write};
use crate::diag::Diagnostic;
use crate::eval::Event;
use crate::ir::{Source, Stream};
use crate::record::{Item, Limits, Quarantined, Reader, Report};

/// About how many bytes of events a portion has.
const PORTION: usize = 256 << 20;

/// What is kept of logs beyond the metadata that always is.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// Text of users, under this key.
    pub content: Option<ContentKey>,
    /// Digests of prompts, by this key.
    pub digest: Option<DigestKey>,
}

/// Reads logs of one source into an archive.
#[derive(Debug)]
pub struct Ingest<'a> {
    claim: &'a mut Claim,
    source: &'a Source,
    stream: &'a Stream,
    keep: &'a Keep,
    limits: Limits,
    /// Most bytes of events that are held before they are written.
    portion: usize,
}

/// What is to be archived at once.
#[derive(Debug, Default)]
struct Portion {
    /// By number of the record, with the time of its file.
    events: Vec<(u64, Event, i64)>,
    quarantined: Vec<Quarantined>,
    inputs: Vec<Checkpoint>,
    bytes: usize,
}

impl<'a> Ingest<'a> {
    /// Of a source, into a claimed archive.
    ///
    /// # Errors
    /// A stream with a field that takes the name of the archive's own column.
    pub fn new(
        claim: &'a mut Claim,
        source: &'a Source,
        stream: &'a Stream,
        keep: &'a Keep,
        limits: Limits,
    ) -> Result<Ingest<'a>, Diagnostic> {
        check_columns(stream)?;
        Ok(Ingest { claim, source, stream, keep, limits, portion: PORTION })
    }

    /// Reads files; those that were read before and have not changed are passed over, and counted.
    ///
    /// # Errors
    /// A file that can't be read, an archive that can't be written. What was committed before stays.
    pub fn files(&mut self, paths: &[PathBuf]) -> Result<Report, Diagnostic> {
        let mut whole = Report::default();
        let mut paths = paths.iter().peekable();
        while paths.peek().is_some() {
            let mut reader = Reader::new(self.source, self.stream, self.limits);
            let mut portion = Portion::default();
            // Records that are put together are looked for in all that was given.
            while portion.bytes < self.portion || self.source.assemble.is_some() {
                let Some(path) = paths.next() else { break };
                let input = input(path)?;
                if self
                    .claim
                    .manifest()
                    .inputs
                    .get(&(self.source.name.clone(), input.path.clone()))
                    .is_some_and(|c| input.unchanged(c))
                {
                    whole.unchanged += 1;
                    continue;
                }
                let before = reader.read();
                reader.file(path, |item| portion.take(item, input.modified))?;
                portion.inputs.push(input.checkpoint(&self.source.name, reader.read() - before));
            }
            let arrived = now();
            let root = self.claim.root().to_owned();
            let manifest = self.claim.manifest();
            let archived = |days| known(&root, manifest, self.source, self.stream, days);
            let (report, dropped) = reader.finish(|item| portion.take(item, arrived), archived)?;
            whole.add(report);
            portion.events.retain(|(number, ..)| !dropped.contains(number));
            self.commit(portion)?;
        }
        Ok(whole)
    }

    fn commit(&mut self, portion: Portion) -> Result<(), Diagnostic> {
        let Portion { events, quarantined, inputs, .. } = portion;
        if inputs.is_empty() && events.is_empty() && quarantined.is_empty() {
            return Ok(());
        }
        let arrived = events.into_iter().map(|(_, event, at)| Arrived { event, at }).collect();
        let mut change = change(self.claim, &[self.source], self.stream, self.keep, arrived)?;
        change.quarantine.extend(quarantine(self.claim, &self.source.name, &quarantined)?);
        change.inputs = inputs;
        self.claim.commit(change)
    }
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
    let change = change(claim, sources, stream, keep, events)?;
    claim.commit(change)
}

/// The files of events, written, and what the manifest has to say of them.
fn change(
    claim: &Claim,
    sources: &[&Source],
    stream: &Stream,
    keep: &Keep,
    mut events: Vec<Arrived>,
) -> Result<Change, Diagnostic> {
    let protect = Protect::new(stream, keep.digest.as_ref());
    let without = protect.without();
    events.iter_mut().for_each(|arrived| protect.event(&mut arrived.event));
    let mut change = Change::new(Deed::Ingest);
    let mut mappings = BTreeMap::new();
    for source in sources {
        let (digest, mapping) = mapping(source, stream, &without, protect.given());
        mappings.insert(source.name.clone(), digest.clone());
        change.mappings.insert(digest, mapping);
    }
    let layout = Layout { stream, mappings: &mappings, content: keep.content.as_ref(), without: &without };
    change.add = write(claim, &layout, events)?;
    Ok(change)
}

impl Portion {
    fn take(&mut self, item: Item, at: i64) {
        match item {
            Item::Event(number, event) => {
                self.bytes += size(&event);
                self.events.push((number, event, at));
            }
            Item::Quarantined(record) => self.quarantined.push(record),
        }
    }
}

/// A file as it is found.
struct Input {
    path: String,
    size: u64,
    modified: i64,
}

impl Input {
    fn unchanged(&self, before: &Checkpoint) -> bool {
        (self.size, self.modified) == (before.size, before.modified)
    }

    fn checkpoint(self, source: &str, records: u64) -> Checkpoint {
        let Input { path: input, size, modified } = self;
        Checkpoint { source: source.to_owned(), input, size, modified, records }
    }
}

fn input(path: &Path) -> Result<Input, Diagnostic> {
    let unreadable = |e| errors::unreadable(path, e);
    let whole = fs::canonicalize(path).map_err(unreadable)?;
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let modified = i64::try_from(modified.as_micros()).unwrap_or(i64::MAX);
    Ok(Input { path: whole.display().to_string(), size: metadata.len(), modified })
}
