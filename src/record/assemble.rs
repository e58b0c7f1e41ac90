//! Several records to one event: takes the records of a source that says `assemble`, gives one record for each event, an object with a member
//! for each part that is there.
//!
//! Records of one key, in the order of (time, bytes), belong to the event that began last if they lie at most `within` behind its first
//! record; else they begin another. Of records with equal bytes in one event one counts. A part is its first record, or with `lists` the
//! elements of all its records, in the order of (`order`, time, bytes). Neither the order of files nor that of records in them matters.
//! All records are held in memory until the last one is read, at most [`Limits::assembled`] bytes of them.
//!
//! [`Limits::assembled`]: super::Limits::assembled

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Reason;
use super::keys::Keys;
use super::otlp::spans_of;
use super::split::Piece;
use crate::diag::Diagnostic;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::eval::{Json, Value};
use crate::ir::{Assemble, FileFormat, Source};

/// What a record is, before others are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It plays a part.
    Part,
    /// It plays none.
    Other,
    /// It can't be read.
    Rejected(Reason),
}

/// An event's record, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assembled {
    /// An object with the parts; none where a part is missing that must be there.
    pub(super) record: Option<Json>,
    /// The number of the record that plays the first part that each event has, else of the first record.
    pub(super) number: u64,
    /// That record's bytes and place.
    pub(super) piece: Piece,
    /// How many records the event has.
    pub(super) records: u64,
    /// How many more had the bytes of one of them.
    pub(super) copies: u64,
}

/// A record that plays a part. Ordered as the records of an event are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    time: i64,
    piece: Piece,
    number: u64,
    /// By part: whether it plays it, its place in the order, and the elements that it gives.
    plays: Vec<Option<(Option<i64>, Vec<Json>)>>,
}

/// Puts records together.
#[derive(Debug)]
pub(super) struct Assembler<'a> {
    source: &'a Source,
    assemble: &'a Assemble,
    keys: Option<Keys>,
    patterns: Patterns,
    rows: BTreeMap<Arc<str>, Vec<Row>>,
    held: u64,
}

impl<'a> Assembler<'a> {
    /// For a source that assembles; none for any other.
    pub(super) fn new(source: &'a Source) -> Option<Assembler<'a>> {
        let assemble = source.assemble.as_ref()?;
        let keys = Keys::of(source);
        Some(Assembler { source, assemble, keys, patterns: Patterns::default(), rows: BTreeMap::new(), held: 0 })
    }

    /// Takes a record.
    pub(super) fn take(&mut self, record: &Json, number: u64, piece: &Piece) -> Taken {
        if !matches!(record, Json::Object(_)) {
            return Taken::Rejected(Reason::NotAnObject);
        }
        let record = self.keys.as_ref().map_or_else(|| record.clone(), |keys| keys.spelled(record));
        let subject = Subject { source: &self.source.name, fields: &[], record: &record };
        let mut scope = Scope::new(subject, &self.patterns);
        let mut plays = Vec::with_capacity(self.assemble.parts.len());
        for part in &self.assemble.parts {
            if !part.filter.iter().all(|pred| scope.holds(pred)) {
                plays.push(None);
                continue;
            }
            let order = part.order.as_ref().and_then(|order| scope.value(order).as_int());
            let elements = match &part.lists {
                Some(lists) => raw_elements(scope.value(lists)),
                None => vec![record.clone()],
            };
            plays.push(Some((order, elements)));
        }
        let Value::Text(key) = scope.value(&self.assemble.key) else { return Taken::Other };
        if plays.iter().all(Option::is_none) {
            return Taken::Other;
        }
        let Some(time) = scope.value(&self.assemble.time).as_time() else { return Taken::Rejected(Reason::NoTime) };
        self.held += piece.bytes.len() as u64;
        self.rows.entry(key).or_default().push(Row { time, piece: piece.clone(), number, plays });
        Taken::Part
    }

    /// How many bytes of records are held.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// The events, by key and time.
    ///
    /// # Errors
    /// A pattern of the source that grows too large to run: what was taken is then wrong.
    pub(super) fn finish(self) -> Result<Vec<Assembled>, Diagnostic> {
        let mut out = Vec::new();
        for mut rows in self.rows.into_values() {
            rows.sort_unstable();
            let mut begun = 0;
            for end in 1..=rows.len() {
                let (Some(first), next) = (rows.get(begun), rows.get(end)) else { break };
                if next.is_none_or(|next| next.time.saturating_sub(first.time) > self.assemble.within) {
                    out.push(event(self.assemble, rows.get(begun..end).unwrap_or_default()));
                    begun = end;
                }
            }
        }
        self.patterns.check().map(|()| out)
    }
}

/// Raw records that are at hand as the source's expressions read them: spans of requests one by one, keys in the source's spelling, and put
/// together where it says so. Gives the numbers of those that could not be put together too, from 0.
#[must_use]
pub fn as_read(source: &Source, records: &[Json]) -> (Vec<Json>, Vec<(u64, Reason)>) {
    let records: Vec<Json> = match source.files {
        Some(FileFormat::Otlp) => records.iter().flat_map(spans_of).collect(),
        _ => records.to_vec(),
    };
    let Some(mut assembler) = Assembler::new(source) else {
        let Some(keys) = Keys::of(source) else { return (records, Vec::new()) };
        return (records.iter().map(|record| keys.spelled(record)).collect(), Vec::new());
    };
    let mut rejected = Vec::new();
    for (number, record) in (0..).zip(&records) {
        // Records of equal bytes are one: what these hold stands for their bytes.
        let piece = Piece { bytes: record.to_string().into_bytes(), ..Piece::default() };
        if let Taken::Rejected(reason) = assembler.take(record, number, &piece) {
            rejected.push((number, reason));
        }
    }
    let events = assembler.finish().unwrap_or_default();
    (events.into_iter().filter_map(|event| event.record).collect(), rejected)
}

/// The elements of a list of raw values.
fn raw_elements(list: Value) -> Vec<Json> {
    match list {
        Value::List(elements) => elements.iter().filter_map(raw).collect(),
        one => raw(&one).into_iter().collect(),
    }
}

fn raw(value: &Value) -> Option<Json> {
    match value {
        Value::Raw(json) if *json != Json::Null => Some(json.clone()),
        _ => None,
    }
}

/// One event of its records, which are in order.
fn event(assemble: &Assemble, rows: &[Row]) -> Assembled {
    let mut different: Vec<&Row> = rows.iter().collect();
    different.dedup_by(|a, b| (a.time, &a.piece.bytes) == (b.time, &b.piece.bytes));
    let copies = (rows.len() - different.len()) as u64;
    let mut members: BTreeMap<Arc<str>, Json> = BTreeMap::new();
    let mut head: Option<&Row> = None;
    let mut whole = true;
    for (at, part) in assemble.parts.iter().enumerate() {
        let mut playing: Vec<(&Row, &Option<i64>, &[Json])> = different
            .iter()
            .filter_map(|row| row.plays.get(at)?.as_ref().map(|(order, elements)| (*row, order, elements.as_slice())))
            .collect();
        playing.sort_by(|(a, one, _), (b, other, _)| one.cmp(other).then_with(|| a.cmp(b)));
        let Some((first, ..)) = playing.first() else {
            whole &= part.optional;
            continue;
        };
        if !part.optional {
            head = head.or(Some(first));
        }
        let value = if part.lists.is_some() {
            Json::List(playing.iter().flat_map(|(_, _, elements)| elements.iter().cloned()).collect())
        } else {
            playing.first().and_then(|(_, _, elements)| elements.first()).cloned().unwrap_or_default()
        };
        members.insert(part.name.as_str().into(), value);
    }
    let head = head.or(different.first().copied());
    Assembled {
        record: whole.then(|| Json::Object(Arc::new(members))),
        number: head.map_or(0, |row| row.number),
        piece: head.map(|row| row.piece.clone()).unwrap_or_default(),
        records: different.len() as u64,
        copies,
    }
}
