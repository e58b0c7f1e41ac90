//! One input's records: takes an input and where to begin, gives its records' bytes one after the other, out of their envelopes, and at the
//! end how far it was read.
//!
//! Where the content fails (damaged, too large, packed as a trap) the records before that are given, then a piece that says so, then no more:
//! one bad file must not cost the others of a run.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead};

use sha2::{Digest as _, Sha256};

use super::envelope::unwrapped;
use super::input::{Input, begun};
use super::otlp::spans;
use super::split::{Mark, Piece, Splitter, What};
use super::unpack::{Failure, Sha, Unpacked};
use super::{Limits, Reason};
use crate::diag::{Code, Diagnostic};
use crate::ir::FileFormat;
use crate::json::{Json, Wanted};

/// How an input is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Where to go on, if the file still begins as it did, which is read to be sure; else, and without one, it is read from its start.
    pub from: Option<Checkpoint>,
    /// What is done with a last line that is no whole record.
    pub unfinished: Unfinished,
    /// Only the records that begin in these lines, at these places of their lists; without, all.
    pub only: Option<BTreeSet<(u64, Option<u64>)>>,
    /// Whether nobody will ask for it again: nothing is kept to know it by then, neither its digest nor where it could be gone on with.
    pub once: bool,
}

/// What becomes of a last line that is no whole record, in a file of one record a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unfinished {
    /// It is put aside. If the file grows the line is read again, whole.
    #[default]
    PutAside,
    /// It is left until the rest is there: for files that are still written to.
    Leave,
}

/// Where reading a file can go on when it has grown: the end of its last whole record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Bytes before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
    /// The digest of the bytes before it.
    pub sha256: Sha,
}

/// How far an input was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Bytes as they are stored, up to the end that it had.
    pub bytes: u64,
    /// Their digest; none of a file that holds more than is taken.
    pub sha256: Option<Sha>,
    /// Where a later reading can go on; none of what is packed, of lists, of records over several lines and of what could not be read to its
    /// end: such a file is read whole again, and what was there before are duplicates.
    pub checkpoint: Option<Checkpoint>,
    /// Whether this reading went on from a checkpoint.
    pub resumed: bool,
    /// Bytes at the end that were left, see [`Unfinished::Leave`].
    pub left: u64,
    /// Why the rest could not be read.
    pub failed: Option<Reason>,
}

/// How far what stands in a file is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// As it stands there.
    Not,
    /// Records, out of their envelopes.
    Records,
    /// The same, and of OpenTelemetry's export requests their spans.
    Spans,
}

impl Apart {
    /// What a source's records are.
    pub(super) fn of(format: FileFormat) -> Apart {
        if format == FileFormat::Otlp { Apart::Spans } else { Apart::Records }
    }
}

/// The records of an input.
pub(super) struct Pieces<'a> {
    input: &'a Input,
    limits: Limits,
    apart: Apart,
    splitter: Splitter<Box<dyn BufRead + Send>>,
    /// Of a reading from the start: how it is packed, and what its errors mean.
    unpacked: Option<Unpacked>,
    failed: Option<Reason>,
    only: Option<BTreeSet<(u64, Option<u64>)>>,
    ready: VecDeque<Piece>,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(
        input: &'a Input,
        reading: &Reading,
        apart: Apart,
        limits: Limits,
    ) -> Result<Pieces<'a>, Diagnostic> {
        let failed = |error| unreadable(input, &error);
        let resumed = match &reading.from {
            Some(from) if input.repeats() => resumed(input, from, limits, reading.unfinished).map_err(failed)?,
            _ => None,
        };
        let (splitter, unpacked) = match resumed {
            Some(splitter) => (splitter, None),
            None => {
                let mut unpacked = input.open().and_then(|bytes| Unpacked::open(bytes, limits)).map_err(failed)?;
                let text = std::mem::replace(&mut unpacked.text, Box::new(io::empty()));
                (fresh(text, &unpacked, limits, reading), Some(unpacked))
            }
        };
        let only = reading.only.clone();
        Ok(Pieces { input, limits, apart, splitter, unpacked, failed: None, only, ready: VecDeque::new() })
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>, Diagnostic> {
        while self.ready.is_empty() {
            let Some(piece) = self.split()? else { return Ok(None) };
            self.ready = match self.apart {
                Apart::Not => VecDeque::from([piece]),
                Apart::Records => unwrapped(piece, self.limits),
                Apart::Spans => {
                    unwrapped(piece, self.limits).into_iter().flat_map(|piece| spans(piece, self.limits)).collect()
                }
            };
            if let Some(only) = &self.only {
                self.ready.retain(|piece| only.contains(&(piece.line, piece.element)));
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The next piece as it stands in the file.
    fn split(&mut self) -> Result<Option<Piece>, Diagnostic> {
        let error = match self.splitter.next_piece() {
            Ok(piece) => return Ok(piece),
            Err(error) => error,
        };
        let failure = match &self.unpacked {
            Some(unpacked) => unpacked.failure(error),
            None => Failure::Access(error),
        };
        match failure {
            Failure::Access(error) => Err(unreadable(self.input, &error)),
            Failure::Content(reason) => {
                self.failed = Some(reason);
                Ok(Some(self.splitter.broken(reason)))
            }
        }
    }

    /// How far the input was read, after its last record.
    pub(super) fn extent(self) -> Result<Extent, Diagnostic> {
        let Pieces { input, limits, splitter, unpacked, failed, .. } = self;
        let resumed = unpacked.is_none();
        let (left, read) = (splitter.left(), splitter.read());
        let mark = splitter.mark().filter(|_| failed.is_none() && input.repeats());
        let hashes = splitter.hashes();
        let (bytes, sha256) = match (unpacked, &hashes) {
            // What is read as it is stored is known to the splitter; what is packed, to whoever unpacks it.
            (Some(unpacked), None) => unpacked.digest(limits).map_err(|error| unreadable(input, &error))?,
            (_, Some((all, _))) if failed.is_none() => (read, Some(all.clone().finalize().into())),
            _ => (read, None),
        };
        let checkpoint = mark.zip(hashes).map(|(Mark { offset, line }, (_, whole))| Checkpoint {
            offset,
            line,
            sha256: whole.finalize().into(),
        });
        Ok(Extent { bytes, sha256, checkpoint, resumed, left, failed })
    }
}

/// The splitter of a text from its start. Only what is stored as it is read can be gone on with.
fn fresh(
    text: Box<dyn BufRead + Send>,
    unpacked: &Unpacked,
    limits: Limits,
    reading: &Reading,
) -> Splitter<Box<dyn BufRead + Send>> {
    if unpacked.packing.is_some() || reading.once {
        return Splitter::new(text, limits);
    }
    let before = Sha256::new_with_prefix(unpacked.mark);
    let start = Mark { offset: unpacked.mark.len() as u64, line: 1 };
    Splitter::new(text, limits).hashing(start, before, reading.unfinished == Unfinished::Leave)
}

/// The splitter of a text from a checkpoint on, if what stands before that is what stood there.
fn resumed(
    input: &Input,
    from: &Checkpoint,
    limits: Limits,
    unfinished: Unfinished,
) -> io::Result<Option<Splitter<Box<dyn BufRead + Send>>>> {
    let mut bytes = input.open()?;
    let Some(before) = begun(&mut *bytes, from.offset)? else { return Ok(None) };
    if Sha::from(before.clone().finalize()) != from.sha256 || from.offset == 0 {
        return Ok(None);
    }
    let text: Box<dyn BufRead + Send> = Box::new(io::BufReader::with_capacity(64 << 10, bytes));
    let mark = Mark { offset: from.offset, line: from.line };
    let leave = unfinished == Unfinished::Leave;
    Ok(Some(Splitter::new(text, limits).going_on().hashing(mark, before, leave)))
}

/// A piece read as JSON, as far as it is wanted.
pub(super) fn parsed(piece: &Piece, limits: Limits, wanted: &Wanted) -> Result<Json, Reason> {
    if let What::Broken(reason) = piece.what {
        return Err(reason);
    }
    let text = std::str::from_utf8(&piece.bytes).map_err(|_| Reason::NotUtf8)?;
    Json::parse_within(text, limits.keys, wanted).map_err(|error| match (Reason::from(error), piece.within) {
        (Reason::NotJson(..), Some(envelope)) => Reason::MessageNotJson(envelope),
        (reason, _) => reason,
    })
}

pub(super) fn unreadable(input: &Input, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::UnreadableFile, format!("`{}` can't be read: {error}", input.name()))
}
