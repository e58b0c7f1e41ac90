//! Files of any sources to events: takes inputs, gives each record to the reader of the source that it is of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rayon::prelude::*;

use super::duplicates::Known;
use super::input::Input;
use super::pieces::{Apart, Extent, Pieces, Reading, parsed};
use super::reader::{Batch, Begun, Item, Reader, batch};
use super::recognize::{Recognized, Recognizer};
use super::split::{Piece, What};
use super::{Limits, Quarantined, Reason, Report};
use crate::diag::Diagnostic;
use crate::ir::Source;
use crate::json::Json;
use crate::schema::Schema;

/// Reads files whose records are of any sources of a schema: one reader for each source that is found.
#[derive(Debug)]
pub struct MixedReader<'a> {
    schema: &'a Schema,
    whose: Whose<'a>,
    limits: Limits,
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

/// About how many bytes of records are parsed at a time, on all processors.
const AHEAD: usize = 1 << 20;

/// A record, and what it reads as.
type Parsed = (Piece, Result<Json, Reason>);

/// An input that is being read.
pub struct Opened<'i> {
    begun: Arc<Begun>,
    pieces: Pieces<'i>,
    /// Records that were parsed and not handed on yet.
    parsed: VecDeque<Parsed>,
    /// Why the input can't be read any further than that.
    failed: Option<Diagnostic>,
}

impl Opened<'_> {
    /// The next record, parsed; several are parsed at a time.
    fn next(&mut self, limits: Limits) -> Result<Option<Parsed>, Diagnostic> {
        if self.parsed.is_empty() && self.failed.is_none() {
            let (mut pieces, mut bytes) = (Vec::new(), 0);
            while bytes < AHEAD {
                match self.pieces.next() {
                    Ok(Some(piece)) => {
                        bytes += piece.bytes.len();
                        pieces.push(piece);
                    }
                    Ok(None) => break,
                    Err(failed) => {
                        self.failed = Some(failed);
                        break;
                    }
                }
            }
            let parse = |piece: Piece| {
                let json = parsed(&piece, limits);
                (piece, json)
            };
            self.parsed = pieces.into_par_iter().map(parse).collect::<Vec<_>>().into();
        }
        match self.parsed.pop_front() {
            Some(next) => Ok(Some(next)),
            None => self.failed.take().map_or(Ok(None), Err),
        }
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
        MixedReader { schema, whose, limits, readers, unrecognized, read: 0 }
    }

    /// Opens an input; several are read one after the other.
    ///
    /// # Errors
    /// What can't be read.
    pub fn open<'i>(&mut self, input: &'i Input, reading: &Reading) -> Result<Opened<'i>, Diagnostic> {
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
        Ok(Opened { begun, pieces, parsed: VecDeque::new(), failed: None })
    }

    /// Reads the next record and hands on what it is, with the source; none where that can't be said. Whether there was one.
    ///
    /// # Errors
    /// As [`Reader::input`].
    pub fn advance(
        &mut self,
        opened: &mut Opened<'_>,
        take: &mut impl FnMut(Option<&'a Source>, Item),
    ) -> Result<bool, Diagnostic> {
        let Some((piece, json)) = opened.next(self.limits)? else { return Ok(false) };
        let number = self.read;
        self.read += 1;
        let places = match &self.whose {
            Whose::One(place) => vec![*place],
            Whose::Any(_) if piece.what == What::Other => Vec::new(),
            Whose::Any(recognizer) => match &json {
                Err(reason) => {
                    let reason = *reason;
                    self.put_aside(opened, piece, reason, take);
                    return Ok(true);
                }
                Ok(json) => match recognizer.recognize(json) {
                    Recognized::Of(places) => places,
                    Recognized::None => Vec::new(),
                    Recognized::Ambiguous(_) => {
                        self.put_aside(opened, piece, Reason::Ambiguous, take);
                        return Ok(true);
                    }
                },
            },
        };
        if places.is_empty() {
            self.unrecognized.read += 1;
            self.unrecognized.other += 1;
        }
        let (schema, limits) = (self.schema, self.limits);
        for place in places {
            let Some(source) = schema.sources.get(place) else { continue };
            let Some(stream) = schema.stream_of(source.stream) else { continue };
            let reader = self.readers.entry(place).or_insert_with(|| Reader::new(source, stream, limits).mixed());
            reader.begin(&opened.begun);
            reader.record(number, &piece, &json, &mut |item| take(Some(source), item))?;
        }
        Ok(true)
    }

    fn put_aside(
        &mut self,
        opened: &Opened<'_>,
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
    pub fn close(&mut self, opened: Opened<'_>) -> Result<Extent, Diagnostic> {
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
    pub fn settle(
        &mut self,
        mut archived: impl FnMut(&'a Source, (i64, i64)) -> Result<Known, Diagnostic>,
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
    pub fn finish(
        self,
        mut take: impl FnMut(Option<&'a Source>, Item),
        mut archived: impl FnMut(&'a Source, (i64, i64)) -> Result<Known, Diagnostic>,
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
