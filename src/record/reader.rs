//! Files of a source to events: takes paths, gives events and what was put aside one by one, and at the end what is to be dropped and the counts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use super::assemble::{Assembled, Assembler, Taken};
use super::duplicates::{Fingerprint, Known, Seen, duplicates, fingerprint};
use super::file::open;
use super::map::{Mapped, Mapper};
use super::otlp::spans;
use super::split::{Piece, Splitter};
use super::{Limits, Quarantined, Reason, Report};
use crate::diag::{Code, Diagnostic};
use crate::eval::{Event, Json};
use crate::ir::{FileFormat, Source, Stream};

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
    source: &'a Source,
    mapper: Mapper<'a>,
    assembler: Option<Assembler<'a>>,
    limits: Limits,
    report: Report,
    seen: Vec<Seen>,
    /// Each file and the number of its first record.
    files: Vec<(PathBuf, u64)>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(source: &'a Source, stream: &'a Stream, limits: Limits) -> Reader<'a> {
        let (mapper, assembler) = (Mapper::new(source, stream), Assembler::new(source));
        let report = Report::default();
        Reader { stream, source, mapper, assembler, limits, report, seen: Vec::new(), files: Vec::new() }
    }

    /// How many records have been read.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.report.read
    }

    /// Reads a file and hands on what its records are.
    ///
    /// # Errors
    /// A file that can't be read, is damaged gzip, or is longer than the limit. What was handed on before is then not to be used.
    pub fn file(&mut self, path: &Path, mut take: impl FnMut(Item)) -> Result<(), Diagnostic> {
        self.report.files += 1;
        self.files.push((path.to_owned(), self.report.read));
        let mut pieces = Pieces::of(path, self.source.files, self.limits)?;
        while let Some(piece) = pieces.next()? {
            let number = self.report.read;
            self.report.read += 1;
            match self.record(&piece, number) {
                Found::Part => self.held(path)?,
                Found::Alone(Mapped::Event(event, time)) => {
                    self.note(number, &event, time, &piece.bytes);
                    take(Item::Event(number, event));
                }
                Found::Alone(Mapped::Other) => self.report.other += 1,
                Found::Alone(Mapped::Rejected(reason)) => {
                    self.report.quarantined += 1;
                    let Piece { bytes: raw, line, element, .. } = piece;
                    take(Item::Quarantined(Quarantined {
                        file: path.display().to_string(),
                        line,
                        element,
                        reason,
                        raw,
                    }));
                }
            }
        }
        Ok(())
    }

    /// Hands on the events that are put together from several records, and gives the counts and the numbers of the events that are
    /// duplicates of others, or of what `archived` gives for the first and last time of an event. Files in which records of one id and time
    /// have different bytes are read once more.
    ///
    /// # Errors
    /// Such a file that can no more be read, or has changed; a pattern of the source that grows too large to run; those of `archived`.
    pub fn finish(
        mut self,
        mut take: impl FnMut(Item),
        archived: impl FnOnce((i64, i64)) -> Result<Known, Diagnostic>,
    ) -> Result<(Report, BTreeSet<u64>), Diagnostic> {
        let assembled = self.assembler.take().map_or(Ok(Vec::new()), Assembler::finish)?;
        for event in assembled {
            self.assembled(event, &mut take);
        }
        let Reader { source, mapper, limits, mut report, seen, files, .. } = self;
        let events = report.read - report.merged - report.duplicates - report.other - report.quarantined;
        let times = seen.iter().map(|record| (record.time, record.time));
        let span = times.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
        let known = span.map_or_else(|| Ok(Known::default()), archived)?;
        let dropped = duplicates(seen, &known, |wanted| bytes_of(wanted, &files, source, limits))?;
        report.duplicates += dropped.len() as u64;
        report.rows = events - dropped.len() as u64;
        report.unreadable = mapper.finish()?;
        Ok((report, dropped))
    }

    fn assembled(&mut self, event: Assembled, take: &mut impl FnMut(Item)) {
        let Assembled { record, number, piece, records, copies } = event;
        self.report.duplicates += copies;
        let mapped = record.map_or(Mapped::Other, |record| self.mapper.map(&record));
        match mapped {
            Mapped::Event(event, time) => {
                self.report.merged += records - 1;
                self.note(number, &event, time, &piece.bytes);
                take(Item::Event(number, event));
            }
            Mapped::Other => self.report.other += records,
            Mapped::Rejected(reason) => {
                self.report.merged += records - 1;
                self.report.quarantined += 1;
                let file = self.files.iter().rev().find(|(_, first)| *first <= number);
                let file = file.map(|(path, _)| path.display().to_string()).unwrap_or_default();
                let Piece { bytes: raw, line, element, .. } = piece;
                take(Item::Quarantined(Quarantined { file, line, element, reason, raw }));
            }
        }
    }

    /// Records that are held to be put together must not take more memory than is allowed.
    fn held(&self, path: &Path) -> Result<(), Diagnostic> {
        let held = self.assembler.as_ref().map_or(0, Assembler::held);
        if held <= self.limits.assembled {
            return Ok(());
        }
        let most = self.limits.assembled;
        let message = format!("`{}`: records that are to be put together take more than {most} bytes", path.display());
        let way_out = "read fewer files at once: those of one day, with all its logs";
        Err(Diagnostic::error(Code::UnreadableFile, message).help(way_out))
    }

    fn record(&mut self, piece: &Piece, number: u64) -> Found {
        let parsed = match piece {
            Piece { unended: true, .. } => Err(Reason::Unended),
            Piece { too_long: true, .. } => Err(Reason::TooLong(self.limits.record)),
            Piece { bytes, .. } => std::str::from_utf8(bytes)
                .map_err(|_| Reason::NotUtf8)
                .and_then(|text| Json::parse(text).map_err(Reason::from)),
        };
        let json = match parsed {
            Ok(json) => json,
            Err(reason) => return Found::Alone(Mapped::Rejected(reason)),
        };
        match &mut self.assembler {
            None => Found::Alone(self.mapper.map(&json)),
            Some(assembler) => match assembler.take(&json, number, piece) {
                Taken::Part => Found::Part,
                Taken::Other => Found::Alone(Mapped::Other),
                Taken::Rejected(reason) => Found::Alone(Mapped::Rejected(reason)),
            },
        }
    }

    fn note(&mut self, number: u64, event: &Event, time: i64, bytes: &[u8]) {
        match event.fields.get(self.stream.event_id().index()).and_then(crate::eval::Value::as_text) {
            Some(id) => {
                self.seen.push(Seen { id: fingerprint(id.as_bytes()), time, bytes: fingerprint(bytes), number })
            }
            None => self.report.without_id += 1,
        }
    }
}

/// What a record is once it is read.
enum Found {
    /// All there is to know of it.
    Alone(Mapped),
    /// A part of an event.
    Part,
}

/// The records of a file, one after the other.
pub(super) struct Pieces<'a> {
    path: &'a Path,
    splitter: Splitter<Box<dyn BufRead>>,
    otlp: bool,
    ready: VecDeque<Piece>,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(path: &'a Path, format: Option<FileFormat>, limits: Limits) -> Result<Pieces<'a>, Diagnostic> {
        let splitter = open(path, limits.file).map(|input| Splitter::new(input, limits)).map_err(unreadable(path))?;
        Ok(Pieces { path, splitter, otlp: format == Some(FileFormat::Otlp), ready: VecDeque::new() })
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>, Diagnostic> {
        if self.ready.is_empty() {
            let piece = self.splitter.next_piece().map_err(unreadable(self.path))?;
            self.ready = match piece {
                Some(piece) if self.otlp => spans(piece),
                piece => piece.into_iter().collect(),
            };
        }
        Ok(self.ready.pop_front())
    }
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
    let mut reader = Reader::new(source, stream, limits);
    let mut numbered = Vec::new();
    let mut quarantined = Vec::new();
    let mut take = |item| match item {
        Item::Event(number, event) => numbered.push((number, event)),
        Item::Quarantined(record) => quarantined.push(record),
    };
    for path in paths {
        reader.file(path.as_ref(), &mut take)?;
    }
    let (report, dropped) = reader.finish(&mut take, |_| Ok(Known::default()))?;
    let mut events: Vec<Event> =
        numbered.into_iter().filter(|(number, _)| !dropped.contains(number)).map(|(_, event)| event).collect();
    let (time, id) = (stream.time().index(), stream.event_id().index());
    let first = |event: &Event| (event.fields.get(time).cloned(), event.fields.get(id).cloned());
    events.sort_by(|a, b| first(a).cmp(&first(b)).then_with(|| a.cmp(b)));
    quarantined.sort();
    Ok(Batch { events, quarantined, report })
}

/// The bytes of records by number, read once more.
fn bytes_of(
    wanted: &BTreeMap<u64, Fingerprint>,
    files: &[(PathBuf, u64)],
    source: &Source,
    limits: Limits,
) -> Result<BTreeMap<u64, Vec<u8>>, Diagnostic> {
    let mut found = BTreeMap::new();
    for (at, (path, first)) in files.iter().enumerate() {
        let next = files.get(at + 1).map_or(u64::MAX, |(_, next)| *next);
        let Some((last, _)) = wanted.range(*first..next).next_back() else { continue };
        let mut pieces = Pieces::of(path, source.files, limits)?;
        for number in *first..=*last {
            let piece = pieces.next()?.unwrap_or_default();
            match wanted.get(&number) {
                Some(print) if *print == fingerprint(&piece.bytes) => _ = found.insert(number, piece.bytes),
                Some(_) => return Err(unreadable(path)(io::Error::other("it changed while it was being read"))),
                None => {}
            }
        }
    }
    Ok(found)
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> Diagnostic {
    move |error| Diagnostic::error(Code::UnreadableFile, format!("`{}` can't be read: {error}", path.display()))
}
