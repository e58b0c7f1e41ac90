//! Files of any sources to events: takes inputs, gives each record to the reader of the source that it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::input::Input;
use super::pieces::{Apart, Extent, Pieces, Reading, parsed};
use super::reader::{Batch, Item, Opened, Reader, batch};
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
    recognizer: Recognizer<'a>,
    limits: Limits,
    readers: BTreeMap<usize, Reader<'a>>,
    /// Counts of the records that are no source's.
    unrecognized: Report,
    read: u64,
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

impl<'a> MixedReader<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(schema: &'a Schema, limits: Limits) -> MixedReader<'a> {
        let (readers, unrecognized) = (BTreeMap::new(), Report::default());
        MixedReader { schema, recognizer: Recognizer::new(schema), limits, readers, unrecognized, read: 0 }
    }

    /// Reads an input and hands on what its records are, with the source; none where that can't be said.
    ///
    /// # Errors
    /// As [`Reader::input`].
    pub fn input(
        &mut self,
        input: &Input,
        reading: &Reading,
        mut take: impl FnMut(Option<&'a Source>, Item),
    ) -> Result<Extent, Diagnostic> {
        self.unrecognized.files += 1;
        let opened = Arc::new(Opened { input: input.clone(), reading: reading.clone(), first: self.read });
        let mut pieces = Pieces::of(input, reading, Apart::Spans, self.limits)?;
        while let Some(piece) = pieces.next()? {
            let number = self.read;
            self.read += 1;
            let json = parsed(&piece, self.limits);
            let whose = match &json {
                _ if piece.what == What::Other => Ok(Recognized::None),
                Ok(json) => Ok(self.recognizer.recognize(json)),
                Err(reason) => Err(*reason),
            };
            let reason = match whose {
                Ok(Recognized::Of(places)) => {
                    self.give(&places, &opened, number, &piece, &json, &mut take)?;
                    continue;
                }
                Ok(Recognized::None) => None,
                Ok(Recognized::Ambiguous(_)) => Some(Reason::Ambiguous),
                Err(reason) => Some(reason),
            };
            self.unrecognized.read += 1;
            match reason {
                None => self.unrecognized.other += 1,
                Some(reason) => {
                    self.unrecognized.quarantined += 1;
                    take(None, Item::Quarantined(Quarantined::new(input.name(), piece, reason)));
                }
            }
        }
        pieces.extent()
    }

    /// Gives a record to the readers of these sources.
    fn give(
        &mut self,
        places: &[usize],
        opened: &Arc<Opened>,
        number: u64,
        piece: &Piece,
        json: &Result<Json, Reason>,
        take: &mut impl FnMut(Option<&'a Source>, Item),
    ) -> Result<(), Diagnostic> {
        for place in places {
            let Some(source) = self.schema.sources.get(*place) else { continue };
            let Some(stream) = self.schema.stream_of(source.stream) else { continue };
            let limits = self.limits;
            let reader = self.readers.entry(*place).or_insert_with(|| Reader::new(source, stream, limits).mixed());
            reader.begin(opened);
            reader.record(number, piece, json, &mut |item| take(Some(source), item))?;
        }
        Ok(())
    }

    /// Hands on what is put together from several records, and gives the counts of each source that was found, and those of the records that
    /// are no source's. All counts together are those of the records, but for what [`OfSource::report`] says.
    ///
    /// # Errors
    /// As [`Reader::finish`].
    pub fn finish(
        self,
        mut take: impl FnMut(Option<&'a Source>, Item),
    ) -> Result<(Vec<OfSource<'a>>, Report), Diagnostic> {
        self.recognizer.check()?;
        let mut found = Vec::new();
        for (place, reader) in self.readers {
            let Some(source) = self.schema.sources.get(place) else { continue };
            let (report, duplicates) = reader.finish(|item| take(Some(source), item))?;
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
        reader.input(input, &Reading::default(), &mut take)?;
    }
    let (found, unrecognized) = reader.finish(&mut take)?;
    let of_source = |OfSource { source, report, duplicates }: OfSource<'a>| {
        let items = items.remove(&Some(source.name.as_str())).unwrap_or_default();
        let batch = batch(schema.stream_of(source.stream), items, report, &duplicates);
        (source, batch)
    };
    let of = found.into_iter().map(of_source).collect();
    let unrecognized = batch(None, items.remove(&None).unwrap_or_default(), unrecognized, &BTreeSet::new());
    Ok(MixedBatch { of, unrecognized })
}
