//! Files of any sources to events: takes inputs, gives each record to the reader of the source that it is of.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rayon::prelude::*;

use super::duplicates::Known;
use super::input::Input;
use super::map::Read;
use super::pieces::{Apart, Extent, Pieces, Reading, parsed};
use super::reader::{Batch, Begun, Item, Prints, Reader, batch};
use super::recognize::{Recognized, Recognizer};
use super::split::{Piece, What};
use super::{Limits, Quarantined, Reason, Report};
use crate::diag::Diagnostic;
use crate::ir::{FieldId, Source};
use crate::json::{Json, Wanted};
use crate::schema::Schema;

/// Reads files whose records are of any sources of a schema: one reader for each source that is found.
#[derive(Debug)]
pub struct MixedReader<'a> {
    schema: &'a Schema,
    whose: Whose<'a>,
    limits: Limits,
    /// What is read of each record.
    wanted: Wanted,
    readers: BTreeMap<usize, Reader<'a>>,
    /// Counts of the records that are no source's.
    unrecognized: Report,
    read: u64,
}

/// Whose records are.
#[derive(Debug)]
enum Whose<'a> {
    /// Each is asked.
    Any(Box<Recognizer<'a>>),
    /// All are of the source at this place of the schema.
    One(usize),
}

impl Whose<'_> {
    /// The sources that a record is of; or why that can't be said.
    fn of(&self, piece: &Piece, json: &Result<Json, Reason>) -> Result<Vec<usize>, Reason> {
        match self {
            Whose::One(place) => Ok(vec![*place]),
            Whose::Any(_) if piece.what == What::Other => Ok(Vec::new()),
            Whose::Any(recognizer) => match recognizer.recognize(json.as_ref().map_err(|reason| *reason)?) {
                Recognized::Of(places) => Ok(places),
                Recognized::None => Ok(Vec::new()),
                Recognized::Ambiguous(_) => Err(Reason::Ambiguous),
            },
        }
    }
}

/// What was read of one source.
#[derive(Debug)]
pub struct OfSource<'a> {
    /// Which.
    pub source: &'a Source,
    /// Its counts. A record that several sources put together with their own counts for each of them.
    pub report: Report,
    /// The numbers of its events that are duplicates of others.
    pub duplicates: BTreeSet<u64>,
}

/// About how many bytes of records are read at a time, on all processors.
const AHEAD: usize = 1 << 20;

/// A record, as far as it can be read without those before it.
struct Ahead<'a> {
    piece: Piece,
    json: Result<Json, Reason>,
    /// The sources that it is of; or why that can't be said.
    whose: Result<Vec<usize>, Reason>,
    /// What it is to each of them.
    read: Vec<Option<(Read<'a>, Prints)>>,
}

/// An input that is being read.
pub struct Opened<'i, 'a> {
    begun: Arc<Begun>,
    pieces: Pieces<'i>,
    /// Those that come next, cut off.
    next: Vec<Piece>,
    /// Records that were read and not handed on yet.
    ahead: VecDeque<Ahead<'a>>,
    /// Why the input can't be read any further than that.
    failed: Option<Diagnostic>,
}

impl Opened<'_, '_> {
    /// Cuts off the next records; none at the end.
    fn cut(&mut self) -> Vec<Piece> {
        let (mut pieces, mut bytes) = (Vec::new(), 0);
        while bytes < AHEAD && self.failed.is_none() {
            match self.pieces.next() {
                Ok(Some(piece)) => {
                    bytes += piece.bytes.len();
                    pieces.push(piece);
                }
                Ok(None) => break,
                Err(failed) => self.failed = Some(failed),
            }
        }
        pieces
    }
}

impl<'a> MixedReader<'a> {
    /// Nothing read yet; each record is asked whose it is.
    #[must_use]
    pub fn new(schema: &'a Schema, limits: Limits) -> MixedReader<'a> {
        MixedReader::whose(schema, Whose::Any(Box::new(Recognizer::new(schema))), limits)
    }

    /// Nothing read yet; every record is of the source with this name, if the schema has one.
    #[must_use]
    pub fn of(schema: &'a Schema, source: &str, limits: Limits) -> Option<MixedReader<'a>> {
        let place = schema.sources.iter().position(|known| known.name == source)?;
        let source = schema.sources.get(place)?;
        let mut reader = MixedReader::whose(schema, Whose::One(place), limits);
        // It has counts, even where there is nothing to count.
        reader.readers.insert(place, Reader::new(source, schema.stream_of(source.stream)?, limits));
        Some(reader)
    }

    fn whose(schema: &'a Schema, whose: Whose<'a>, limits: Limits) -> MixedReader<'a> {
        let (readers, unrecognized) = (BTreeMap::new(), Report::default());
        MixedReader { schema, whose, limits, wanted: Wanted::All, readers, unrecognized, read: 0 }
    }

    /// Makes only these fields of the events of the one source, with their time and id, and keeps no more of records than that takes. Of the
    /// records of one id and time the first counts, whatever they hold.
    #[must_use]
    pub fn only(mut self, fields: &BTreeSet<FieldId>) -> MixedReader<'a> {
        let Whose::One(_) = self.whose else { return self };
        self.readers = self.readers.into_iter().map(|(place, reader)| (place, reader.only(fields))).collect();
        if let Some(reader) = self.readers.values().next() {
            self.wanted = reader.wanted();
        }
        self
    }

    /// Opens an input; several are read one after the other.
    ///
    /// # Errors
    /// What can't be read.
    pub fn open<'i>(&mut self, input: &'i Input, reading: &Reading) -> Result<Opened<'i, 'a>, Diagnostic> {
        let begun = Arc::new(Begun { input: input.clone(), reading: reading.clone(), first: self.read });
        let apart = match &self.whose {
            Whose::Any(_) => Apart::Spans,
            Whose::One(place) => {
                let files = self.schema.sources.get(*place).and_then(|source| source.files);
                self.readers.values_mut().for_each(|reader| reader.begin(&begun));
                files.map_or(Apart::Records, Apart::of)
            }
        };
        if matches!(self.whose, Whose::Any(_)) {
            self.unrecognized.files += 1;
        }
        let pieces = Pieces::of(input, reading, apart, self.limits)?;
        Ok(Opened { begun, pieces, next: Vec::new(), ahead: VecDeque::new(), failed: None })
    }

    /// Reads the next record and hands on what it is, with the source; none where that can't be said. Whether there was one.
    ///
    /// # Errors
    /// As [`Reader::input`].
    pub fn advance(
        &mut self,
        opened: &mut Opened<'_, 'a>,
        take: &mut impl FnMut(Option<&'a Source>, Item),
    ) -> Result<bool, Diagnostic> {
        if opened.ahead.is_empty() {
            // While records are read, the next ones are cut off.
            let now = std::mem::take(&mut opened.next);
            let now = if now.is_empty() { opened.cut() } else { now };
            let (next, ahead) = rayon::join(|| opened.cut(), || self.ahead(now));
            (opened.next, opened.ahead) = (next, ahead.into());
        }
        let Some(Ahead { piece, json, whose, read }) = opened.ahead.pop_front() else {
            return opened.failed.take().map_or(Ok(false), Err);
        };
        let number = self.read;
        self.read += 1;
        let places = match whose {
            Ok(places) => places,
            Err(reason) => {
                self.put_aside(opened, piece, reason, take);
                return Ok(true);
            }
        };
        if places.is_empty() {
            self.unrecognized.read += 1;
            self.unrecognized.other += 1;
        }
        for (place, read) in places.into_iter().zip(read) {
            let Some(source) = self.schema.sources.get(place) else { continue };
            let Some(reader) = self.readers.get_mut(&place) else { continue };
            reader.begin(&opened.begun);
            reader.record(number, &piece, &json, read, &mut |item| take(Some(source), item))?;
        }
        Ok(true)
    }

    /// Reads records as far as each can be read alone, on all processors.
    fn ahead(&mut self, pieces: Vec<Piece>) -> Vec<Ahead<'a>> {
        let (limits, whose, wanted) = (self.limits, &self.whose, &self.wanted);
        let parse = |piece: Piece| {
            let json = parsed(&piece, limits, wanted);
            let whose = whose.of(&piece, &json);
            Ahead { piece, json, whose, read: Vec::new() }
        };
        let mut ahead: Vec<Ahead<'a>> = pieces.into_par_iter().map(parse).collect();
        let schema = self.schema;
        for place in ahead.iter().flat_map(|record| record.whose.iter().flatten()) {
            if !self.readers.contains_key(place)
                && let Some(source) = schema.sources.get(*place)
                && let Some(stream) = schema.stream_of(source.stream)
            {
                self.readers.insert(*place, Reader::new(source, stream, limits).mixed());
            }
        }
        let readers = &self.readers;
        ahead.par_iter_mut().for_each(|record| {
            let Ahead { piece, json, whose, .. } = record;
            let read = |place: &usize| json.as_ref().ok().and_then(|json| readers.get(place)?.read(json, &piece.bytes));
            record.read = whose.iter().flatten().map(read).collect();
            // What nobody asks for any more goes where it came about.
            if record.read.iter().all(Option::is_some) {
                record.json = Ok(Json::Null);
            }
        });
        ahead
    }

    fn put_aside(
        &mut self,
        opened: &Opened<'_, 'a>,
        piece: Piece,
        reason: Reason,
        take: &mut impl FnMut(Option<&'a Source>, Item),
    ) {
        self.unrecognized.read += 1;
        self.unrecognized.quarantined += 1;
        take(None, Item::Quarantined(Quarantined::new(opened.begun.input.name(), piece, reason)));
    }

    /// How far an input was read, after its last record.
    ///
    /// # Errors
    /// What can't be read any more.
    pub fn close(&mut self, opened: Opened<'_, 'a>) -> Result<Extent, Diagnostic> {
        opened.pieces.extent()
    }

    /// Whether records are held that are still to be put together with others.
    #[must_use]
    pub fn holds_parts(&self) -> bool {
        self.readers.values().any(Reader::assembles)
    }

    /// The counts and duplicates of what was handed on since the last time, so that the caller need not hold it any longer. `archived` says
    /// which ids are known from before of a source, for a span of time. Sources that put events together are left for [`MixedReader::finish`].
    ///
    /// # Errors
    /// As [`Reader::finish`].
    pub fn settle<K: Borrow<Known>>(
        &mut self,
        mut archived: impl FnMut(&'a Source, (i64, i64)) -> Result<K, Diagnostic>,
    ) -> Result<Vec<OfSource<'a>>, Diagnostic> {
        let schema = self.schema;
        let mut settled = Vec::new();
        // What is put together from several records is handed on at the end, and counted then.
        for (place, reader) in self.readers.iter_mut().filter(|(_, reader)| !reader.assembles()) {
            let Some(source) = schema.sources.get(*place) else { continue };
            let (report, duplicates) = reader.settle(|span| archived(source, span))?;
            settled.push(OfSource { source, report, duplicates });
        }
        Ok(settled)
    }

    /// Hands on what is put together from several records, and gives the counts of each source that was found, and those of the records that
    /// are no source's. All counts together are those of the records, but for what [`OfSource::report`] says.
    ///
    /// # Errors
    /// As [`Reader::finish`].
    pub fn finish<K: Borrow<Known>>(
        self,
        mut take: impl FnMut(Option<&'a Source>, Item),
        mut archived: impl FnMut(&'a Source, (i64, i64)) -> Result<K, Diagnostic>,
    ) -> Result<(Vec<OfSource<'a>>, Report), Diagnostic> {
        if let Whose::Any(recognizer) = &self.whose {
            recognizer.check()?;
        }
        let mut found = Vec::new();
        for (place, reader) in self.readers {
            let Some(source) = self.schema.sources.get(place) else { continue };
            let (report, duplicates) = reader.finish(|item| take(Some(source), item), |span| archived(source, span))?;
            found.push(OfSource { source, report, duplicates });
        }
        Ok((found, self.unrecognized))
    }
}

/// Everything read of any sources, where it may be held in memory.
#[derive(Debug)]
pub struct MixedBatch<'a> {
    /// By source, in the schema's order.
    pub of: Vec<(&'a Source, Batch)>,
    /// What is no source's. Its report counts all files.
    pub unrecognized: Batch,
}

/// Reads inputs of any sources into memory.
///
/// # Errors
/// As [`MixedReader::input`] and [`MixedReader::finish`].
pub fn read_mixed<'a>(schema: &'a Schema, inputs: &[Input], limits: Limits) -> Result<MixedBatch<'a>, Diagnostic> {
    let mut reader = MixedReader::new(schema, limits);
    let mut items: BTreeMap<Option<&str>, Vec<Item>> = BTreeMap::new();
    let mut take = |source: Option<&'a Source>, item| {
        items.entry(source.map(|source| source.name.as_str())).or_default().push(item);
    };
    for input in inputs {
        let mut opened = reader.open(input, &Reading::default())?;
        while reader.advance(&mut opened, &mut take)? {}
        reader.close(opened)?;
    }
    let (found, unrecognized) = reader.finish(&mut take, |_, _| Ok(Known::default()))?;
    let of_source = |OfSource { source, report, duplicates }: OfSource<'a>| {
        let items = items.remove(&Some(source.name.as_str())).unwrap_or_default();
        let batch = batch(schema.stream_of(source.stream), items, report, &duplicates);
        (source, batch)
    };
    let of = found.into_iter().map(of_source).collect();
    let unrecognized = batch(None, items.remove(&None).unwrap_or_default(), unrecognized, &BTreeSet::new());
    Ok(MixedBatch { of, unrecognized })
}
