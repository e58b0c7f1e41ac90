//! Files of a source to events: takes inputs, gives events and what was put aside one by one, and at the end what is to be dropped and the
//! counts.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::assemble::{Assembled, Assembler, Taken};
use super::duplicates::{Fingerprint, Known, Seen, duplicates, fingerprint};
use super::input::Input;
use super::map::{Mapped, Mapper, Read};
use super::pieces::{Apart, Extent, Pieces, Reading, parsed, unreadable};
use super::split::{Piece, What};
use super::{Limits, Quarantined, Reason, Report};
use crate::diag::{Code, Diagnostic};
use crate::eval::{Event, Json, Value};
use crate::ir::{FieldId, Source, Stream};
use crate::json::Wanted;

/// What a record became, as far as is known before all of them are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An event, and the number of its record; [`Reader::finish`] says which numbers are duplicates.
    Event(u64, Event),
    /// What is to be put aside.
    Quarantined(Quarantined),
}

/// Everything read, where it may be held in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// By time, then id, then their other fields: the order of reading does not show.
    pub events: Vec<Event>,
    /// By file and place.
    pub quarantined: Vec<Quarantined>,
    /// The counts.
    pub report: Report,
}

/// Reads files of one source.
#[derive(Debug)]
pub struct Reader<'a> {
    stream: &'a Stream,
    mapper: Mapper<'a>,
    assembler: Option<Assembler<'a>>,
    limits: Limits,
    report: Report,
    /// By field, as [`Read::unreadable`], in how many events.
    unreadable: BTreeMap<&'a str, u64>,
    seen: Vec<Seen>,
    /// Those in which there were records.
    files: Vec<Arc<Begun>>,
    apart: Apart,
    /// Whether of the records of one id and time the first counts, whatever they hold.
    first_counts: bool,
}

/// An input that is being read, and the number of its first record.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) input: Input,
    pub(super) reading: Reading,
    pub(super) first: u64,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(source: &'a Source, stream: &'a Stream, limits: Limits) -> Reader<'a> {
        let (mapper, assembler) = (Mapper::new(source, stream), Assembler::new(source));
        let (report, apart) = (Report::default(), source.files.map_or(Apart::Records, Apart::of));
        let (unreadable, seen, files) = (BTreeMap::new(), Vec::new(), Vec::new());
        Reader { stream, mapper, assembler, limits, report, unreadable, seen, files, apart, first_counts: false }
    }

    /// For files that hold records of other sources too, whose numbers are those among all.
    pub(super) fn mixed(self) -> Reader<'a> {
        Reader { apart: Apart::Spans, ..self }
    }

    /// Makes only these fields of events; the others are missing. Of the records of one id and time the first counts.
    pub(super) fn only(self, fields: &BTreeSet<FieldId>) -> Reader<'a> {
        Reader { mapper: self.mapper.only(fields), first_counts: true, ..self }
    }

    /// What is read of a record.
    pub(super) fn wanted(&self) -> Wanted {
        self.mapper.wanted()
    }

    /// Reads a file from its start and hands on what its records are.
    ///
    /// # Errors
    /// As [`Reader::input`].
    pub fn file(&mut self, path: &Path, take: impl FnMut(Item)) -> Result<(), Diagnostic> {
        self.input(&Input::file(path)?, &Reading::default(), take).map(|_| ())
    }

    /// Reads an input and hands on what its records are. What is wrong with its content is put aside, and the next input can be read.
    ///
    /// # Errors
    /// What can't be read; records to be put together that take more memory than the limit. What was handed on before is then not to be used.
    pub fn input(
        &mut self,
        input: &Input,
        reading: &Reading,
        mut take: impl FnMut(Item),
    ) -> Result<Extent, Diagnostic> {
        self.begin(&Arc::new(Begun { input: input.clone(), reading: reading.clone(), first: self.report.read }));
        let mut pieces = Pieces::of(input, reading, self.apart, self.limits)?;
        while let Some(piece) = pieces.next()? {
            let json = parsed(&piece, self.limits, &Wanted::All);
            let read = json.as_ref().ok().and_then(|json| self.read(json, &piece.bytes));
            self.record(self.report.read, &piece, &json, read, &mut take)?;
        }
        pieces.extent()
    }

    /// What follows is of this input.
    pub(super) fn begin(&mut self, opened: &Arc<Begun>) {
        if !self.files.last().is_some_and(|last| Arc::ptr_eq(last, opened)) {
            self.report.files += 1;
            self.files.push(Arc::clone(opened));
        }
    }

    /// What a record is, where that is known from it alone. Several can be asked for at a time.
    pub(super) fn read(&self, record: &Json, bytes: &[u8]) -> Option<(Read<'a>, Prints)> {
        self.assembler.is_none().then(|| self.read_alone(record, bytes))
    }

    fn read_alone(&self, record: &Json, bytes: &[u8]) -> (Read<'a>, Prints) {
        let read = self.mapper.read(record);
        let prints = self.prints(&read.mapped, bytes);
        (read, prints)
    }

    /// The fingerprints of an event's id and of its record; none of what has no id.
    fn prints(&self, mapped: &Mapped, bytes: &[u8]) -> Prints {
        let Mapped::Event(event, _) = mapped else { return None };
        let id = event.fields.get(self.stream.event_id().index()).and_then(Value::as_text)?;
        let of_bytes = if self.first_counts { Fingerprint::default() } else { fingerprint(bytes) };
        Some((fingerprint(id.as_bytes()), of_bytes))
    }

    /// Takes a record of the input that was begun, with what [`Reader::read`] said of it.
    pub(super) fn record(
        &mut self,
        number: u64,
        piece: &Piece,
        json: &Result<Json, Reason>,
        read: Option<(Read<'a>, Prints)>,
        take: &mut impl FnMut(Item),
    ) -> Result<(), Diagnostic> {
        self.report.read += 1;
        match self.found(piece, number, json, read) {
            Found::Part => self.held()?,
            Found::Alone(Mapped::Event(event, time), prints) => {
                self.note(number, prints, time);
                take(Item::Event(number, event));
            }
            Found::Alone(Mapped::Other, _) => self.report.other += 1,
            Found::Alone(Mapped::Rejected(reason), _) => self.put_aside(number, piece.clone(), reason, take),
        }
        Ok(())
    }

    fn put_aside(&mut self, number: u64, piece: Piece, reason: Reason, take: &mut impl FnMut(Item)) {
        self.report.quarantined += 1;
        let file = self.files.iter().rev().find(|file| file.first <= number);
        let name = file.map(|file| file.input.name()).unwrap_or_default();
        take(Item::Quarantined(Quarantined::new(name, piece, reason)));
    }

    /// Hands on the events that are put together from several records, and gives the counts and the numbers of the events that are
    /// duplicates of others, or of what `archived` has for the first and last time of an event. Files in which records of one id and time have
    /// different bytes are read once more, as far as they can be.
    ///
    /// # Errors
    /// Such a file that can no more be read, or has changed; a pattern of the source that grows too large to run; those of `archived`.
    pub fn finish<K: Borrow<Known>>(
        mut self,
        mut take: impl FnMut(Item),
        archived: impl FnOnce((i64, i64)) -> Result<K, Diagnostic>,
    ) -> Result<(Report, BTreeSet<u64>), Diagnostic> {
        let assembled = self.assembler.take().map_or(Ok(Vec::new()), Assembler::finish)?;
        for event in assembled {
            self.assembled(event, &mut take);
        }
        let (mut report, dropped) = self.settle(archived)?;
        self.mapper.check()?;
        report.unreadable = self.unreadable.into_iter().map(|(field, count)| (field.to_owned(), count)).collect();
        Ok((report, dropped))
    }

    /// The counts and the duplicates of what was handed on since the last time: what follows is compared with it only as `archived` has it.
    pub(super) fn settle<K: Borrow<Known>>(
        &mut self,
        archived: impl FnOnce((i64, i64)) -> Result<K, Diagnostic>,
    ) -> Result<(Report, BTreeSet<u64>), Diagnostic> {
        let (mut report, seen) = (std::mem::take(&mut self.report), std::mem::take(&mut self.seen));
        // The file that is being read is still asked for.
        let last = self.files.len().saturating_sub(1);
        let files = self.files.clone();
        self.files.drain(..last);
        let events = report.read - report.merged - report.duplicates - report.other - report.quarantined;
        let times = seen.iter().map(|record| (record.time, record.time));
        let span = times.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
        let (nothing, known) = (Known::default(), span.map(archived).transpose()?);
        let known = known.as_ref().map_or(&nothing, K::borrow);
        let (apart, limits) = (self.apart, self.limits);
        let dropped = duplicates(seen, known, |wanted| bytes_of(wanted, &files, apart, limits))?;
        report.duplicates += dropped.len() as u64;
        report.rows = events - dropped.len() as u64;
        Ok((report, dropped))
    }

    /// Whether it holds records that are still to be put together.
    pub(super) fn assembles(&self) -> bool {
        self.assembler.is_some()
    }

    fn assembled(&mut self, event: Assembled, take: &mut impl FnMut(Item)) {
        let Assembled { record, number, piece, records, copies } = event;
        self.report.duplicates += copies;
        let mapped = record.map_or(Mapped::Other, |record| self.mapped(self.mapper.read(&record)));
        let prints = self.prints(&mapped, &piece.bytes);
        match mapped {
            Mapped::Event(event, time) => {
                self.report.merged += records - 1;
                self.note(number, prints, time);
                take(Item::Event(number, event));
            }
            Mapped::Other => self.report.other += records,
            Mapped::Rejected(reason) => {
                self.report.merged += records - 1;
                self.put_aside(number, piece, reason, take);
            }
        }
    }

    /// Records that are held to be put together must not take more memory than is allowed.
    fn held(&self) -> Result<(), Diagnostic> {
        let held = self.assembler.as_ref().map_or(0, Assembler::held);
        if held <= self.limits.assembled {
            return Ok(());
        }
        let most = self.limits.assembled;
        let name = self.files.last().map(|file| file.input.name()).unwrap_or_default();
        let message = format!("`{name}`: records that are to be put together take more than {most} bytes");
        let way_out = "read fewer files at once: those of one day, with all its logs";
        Err(Diagnostic::error(Code::UnreadableFile, message).help(way_out))
    }

    /// What a record is; what did not read is counted.
    fn mapped(&mut self, read: Read<'a>) -> Mapped {
        for field in read.unreadable {
            *self.unreadable.entry(field).or_default() += 1;
        }
        read.mapped
    }

    fn found(
        &mut self,
        piece: &Piece,
        number: u64,
        json: &Result<Json, Reason>,
        read: Option<(Read<'a>, Prints)>,
    ) -> Found {
        let json = match json {
            _ if piece.what == What::Other => return Found::Alone(Mapped::Other, None),
            Ok(json) => json,
            Err(reason) => return Found::Alone(Mapped::Rejected(*reason), None),
        };
        match &mut self.assembler {
            None => {
                let (read, prints) = read.unwrap_or_else(|| self.read_alone(json, &piece.bytes));
                Found::Alone(self.mapped(read), prints)
            }
            Some(assembler) => match assembler.take(json, number, piece) {
                Taken::Part => Found::Part,
                Taken::Other => Found::Alone(Mapped::Other, None),
                Taken::Rejected(reason) => Found::Alone(Mapped::Rejected(reason), None),
            },
        }
    }

    fn note(&mut self, number: u64, prints: Prints, time: i64) {
        match prints {
            Some((id, bytes)) => self.seen.push(Seen { id, time, bytes, number }),
            None => self.report.without_id += 1,
        }
    }
}

/// Of an event's id, and of the bytes of its record.
pub(super) type Prints = Option<(Fingerprint, Fingerprint)>;

/// What a record is once it is read.
enum Found {
    /// All there is to know of it.
    Alone(Mapped, Prints),
    /// A part of an event.
    Part,
}

/// Reads files of a source into memory.
///
/// # Errors
/// As [`Reader::file`] and [`Reader::finish`].
pub fn read_files<P: AsRef<Path>>(
    source: &Source,
    stream: &Stream,
    paths: impl IntoIterator<Item = P>,
    limits: Limits,
) -> Result<Batch, Diagnostic> {
    let inputs: Result<Vec<Input>, _> = paths.into_iter().map(|path| Input::file(path.as_ref())).collect();
    read_inputs(source, stream, &inputs?, limits)
}

/// Reads inputs of a source into memory.
///
/// # Errors
/// As [`Reader::input`] and [`Reader::finish`].
pub fn read_inputs(source: &Source, stream: &Stream, inputs: &[Input], limits: Limits) -> Result<Batch, Diagnostic> {
    let mut reader = Reader::new(source, stream, limits);
    let mut items = Vec::new();
    for input in inputs {
        reader.input(input, &Reading::default(), |item| items.push(item))?;
    }
    let (report, dropped) = reader.finish(|item| items.push(item), |_| Ok(Known::default()))?;
    Ok(batch(Some(stream), items, report, &dropped))
}

/// What was read, in order.
pub(super) fn batch(stream: Option<&Stream>, items: Vec<Item>, report: Report, dropped: &BTreeSet<u64>) -> Batch {
    let mut batch = Batch { report, ..Batch::default() };
    for item in items {
        match item {
            Item::Event(number, _) if dropped.contains(&number) => {}
            Item::Event(_, event) => batch.events.push(event),
            Item::Quarantined(record) => batch.quarantined.push(record),
        }
    }
    let (time, id) = stream.map_or((0, 0), |stream| (stream.time().index(), stream.event_id().index()));
    let first = |event: &Event| (event.fields.get(time).cloned(), event.fields.get(id).cloned());
    batch.events.sort_by(|a, b| first(a).cmp(&first(b)).then_with(|| a.cmp(b)));
    batch.quarantined.sort();
    batch
}

/// The bytes of records by number, read once more; not those of what can be read only once.
fn bytes_of(
    wanted: &BTreeMap<u64, Fingerprint>,
    files: &[Arc<Begun>],
    apart: Apart,
    limits: Limits,
) -> Result<BTreeMap<u64, Vec<u8>>, Diagnostic> {
    let mut found = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        let next = files.get(at + 1).map_or(u64::MAX, |next| next.first);
        let Some((last, _)) = wanted.range(file.first..next).next_back() else { continue };
        if !file.input.repeats() {
            continue;
        }
        let mut pieces = Pieces::of(&file.input, &file.reading, apart, limits)?;
        for number in file.first..=*last {
            let piece = pieces.next()?.unwrap_or_default();
            match wanted.get(&number) {
                Some(print) if *print == fingerprint(&piece.bytes) => _ = found.insert(number, piece.bytes),
                Some(_) => {
                    return Err(unreadable(&file.input, &io::Error::other("it changed while it was being read")));
                }
                None => {}
            }
        }
    }
    Ok(found)
}
