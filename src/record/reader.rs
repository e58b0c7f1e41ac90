//! Files of a source to events: takes paths, gives events and what was put aside one by one, and at the end what is to be dropped and the counts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::duplicates::{Fingerprint, Seen, duplicates, fingerprint};
use super::file::open;
use super::map::{Mapped, Mapper};
use super::split::{Piece, Splitter};
use super::{Limits, Quarantined, Reason, Report};
use crate::diag::{Code, Diagnostic};
use crate::eval::{Event, Json};
use crate::ir::{Source, Stream};

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
        let mapper = Mapper::new(source, stream);
        Reader { stream, mapper, limits, report: Report::default(), seen: Vec::new(), files: Vec::new() }
    }

    /// Reads a file and hands on what its records are.
    ///
    /// # Errors
    /// A file that can't be read, is damaged gzip, or is longer than the limit. What was handed on before is then not to be used.
    pub fn file(&mut self, path: &Path, mut take: impl FnMut(Item)) -> Result<(), Diagnostic> {
        self.report.files += 1;
        self.files.push((path.to_owned(), self.report.read));
        let mut pieces =
            open(path, self.limits.file).map(|input| Splitter::new(input, self.limits)).map_err(unreadable(path))?;
        while let Some(piece) = pieces.next_piece().map_err(unreadable(path))? {
            let number = self.report.read;
            self.report.read += 1;
            match self.record(&piece) {
                Mapped::Event(event, time) => {
                    self.note(number, &event, time, &piece);
                    take(Item::Event(number, event));
                }
                Mapped::Other => self.report.other += 1,
                Mapped::Rejected(reason) => {
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

    /// The counts, and the numbers of the events that are duplicates of others. Files in which records of one id and time have different
    /// bytes are read once more.
    ///
    /// # Errors
    /// Such a file that can no more be read, or has changed; a pattern of the source that grows too large to run.
    pub fn finish(self) -> Result<(Report, BTreeSet<u64>), Diagnostic> {
        let Reader { mapper, limits, mut report, seen, files, .. } = self;
        let events = report.read - report.other - report.quarantined;
        let dropped = duplicates(seen, |wanted| bytes_of(wanted, &files, limits))?;
        report.duplicates = dropped.len() as u64;
        report.rows = events - report.duplicates;
        report.unreadable = mapper.finish()?;
        Ok((report, dropped))
    }

    fn record(&mut self, piece: &Piece) -> Mapped {
        let parsed = match piece {
            Piece { unended: true, .. } => Err(Reason::Unended),
            Piece { too_long: true, .. } => Err(Reason::TooLong(self.limits.record)),
            Piece { bytes, .. } => std::str::from_utf8(bytes)
                .map_err(|_| Reason::NotUtf8)
                .and_then(|text| Json::parse(text).map_err(Reason::from)),
        };
        parsed.map_or_else(Mapped::Rejected, |json| self.mapper.map(&json))
    }

    fn note(&mut self, number: u64, event: &Event, time: i64, piece: &Piece) {
        match event.fields.get(self.stream.event_id().index()).and_then(crate::eval::Value::as_text) {
            Some(id) => {
                self.seen.push(Seen { id: fingerprint(id.as_bytes()), time, bytes: fingerprint(&piece.bytes), number })
            }
            None => self.report.without_id += 1,
        }
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
    for path in paths {
        reader.file(path.as_ref(), |item| match item {
            Item::Event(number, event) => numbered.push((number, event)),
            Item::Quarantined(record) => quarantined.push(record),
        })?;
    }
    let (report, dropped) = reader.finish()?;
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
    limits: Limits,
) -> Result<BTreeMap<u64, Vec<u8>>, Diagnostic> {
    let mut found = BTreeMap::new();
    for (at, (path, first)) in files.iter().enumerate() {
        let next = files.get(at + 1).map_or(u64::MAX, |(_, next)| *next);
        let Some((last, _)) = wanted.range(*first..next).next_back() else { continue };
        let mut pieces = open(path, limits.file).map(|input| Splitter::new(input, limits)).map_err(unreadable(path))?;
        for number in *first..=*last {
            let piece = pieces.next_piece().map_err(unreadable(path))?.unwrap_or_default();
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
