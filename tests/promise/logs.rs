//! A source's log in a target's tables: takes raw records, gives those that the place can hold and the events that the reader makes of them.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde_json::Value;
use skywatch::emulator::Record;
use skywatch::eval::clock::parse_sql_time;
use skywatch::eval::{self, Event, Range};
use skywatch::ir::{ColumnKind, FileFormat, Place, PlaceKind, SECOND, Source, Step};
use skywatch::record::{Item, Known, Limits, Reader, raw_records};
use skywatch::schema::Schema;
use skywatch::target::{TARGETS, Target};

use crate::support::choices::Choices;
use crate::support::samples::{self, Samples};

pub(crate) const DAY: i64 = 86_400 * SECOND;
/// 2026-11-01T00:00:00Z, a day before the first sample.
pub(crate) const FROM: i64 = 1_793_491_200 * SECOND;
pub(crate) const RANGE: Range = Range { from: FROM, to: FROM + 5 * DAY };

pub(crate) fn target(name: &str) -> &'static dyn Target {
    *TARGETS.iter().find(|target| target.info().name == name).expect("a target of that name")
}

/// The registered sources that have a place on a target.
pub(crate) fn sources_on(target_name: &str, schema: &Schema) -> Vec<Samples> {
    let kind = target(target_name).info().place;
    let has_place =
        |samples: &Samples| schema.source(&samples.source).is_some_and(|source| source.place(kind).is_some());
    samples::all().into_iter().filter(has_place).collect()
}

/// The tables that a place names, by the last part of their paths.
pub(crate) fn tables(place: &Place) -> impl Iterator<Item = &str> {
    place.name.split(',').map(|table| table.trim().trim_matches('`').rsplit('.').next().unwrap_or_default())
}

/// The places of a source on a target: its own, and those of the parts of its events.
pub(crate) fn places(source: &Source, kind: PlaceKind) -> Vec<&Place> {
    let parts = source.assemble.iter().flat_map(|assemble| &assemble.parts).flat_map(|part| &part.places);
    source.place(kind).into_iter().chain(parts.filter(|place| place.kind == kind)).collect()
}

/// A random record as the table can hold it; none where it can't. A column takes no value of another type: such values are taken out, and
/// without its times there is no row. What is in no table stays as it is.
pub(crate) fn storable(mut record: Value, places: &[&Place]) -> Option<Value> {
    let mut constant = |(path, text): &(Vec<Step>, String)| part(&mut record, path).is_some_and(|part| *part == **text);
    let Some(place) = places.iter().find(|place| place.constants.iter().all(&mut constant)) else {
        return Some(record);
    };
    for column in &place.columns {
        let value = part(&mut record, &column.path);
        let fits = |value: &Value| match column.kind {
            ColumnKind::Text => value.is_string(),
            ColumnKind::Time => value.as_str().is_some_and(|text| parse_sql_time(text).is_some()),
            ColumnKind::Int => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
            ColumnKind::Float => value.is_number(),
            ColumnKind::Bool => value.is_boolean(),
            ColumnKind::Dynamic | ColumnKind::Json => true,
        };
        match value.filter(|value| fits(value)) {
            Some(_) => {}
            None if column.kind == ColumnKind::Time => return None,
            None => part(&mut record, &column.path).into_iter().for_each(|value| *value = Value::Null),
        }
    }
    Some(record)
}

/// The part of a record that a path leads to; a log may write its keys in another case.
pub(crate) fn part<'a>(record: &'a mut Value, path: &[Step]) -> Option<&'a mut Value> {
    path.iter().try_fold(record, |value, step| match step {
        Step::Key(key) => {
            let mut members = value.as_object_mut()?.iter_mut();
            members.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
        }
        Step::Index(index) => value.as_array_mut()?.get_mut(usize::try_from(*index).ok()?),
        Step::Elements | Step::Values => None,
    })
}

/// A source's log: its events, and the records of which the table makes its rows.
pub(crate) struct Log {
    pub(crate) events: Vec<Event>,
    pub(crate) records: Vec<Value>,
    /// Of each record, the time of its first event; none where it makes none.
    pub(crate) times: Vec<Option<i64>>,
    /// Whether records are stamped by whoever delivers them, and are no records of a log without a stamp.
    stamped: bool,
}

impl Log {
    /// What is put aside is in no table, and what is a duplicate neither: `provided: no duplicates`.
    pub(crate) fn of(source: &Source, schema: &Schema, records: &[Value]) -> Log {
        let stream = schema.stream_of(source.stream).expect("a source has a stream");
        let mut records = records.to_vec();
        if source.files == Some(FileFormat::Otlp) {
            // Of export requests the spans are the records.
            records = spans(&records);
        }
        if source.assemble.is_some() {
            // Which part is a copy the reader does not say.
            let mut known = BTreeSet::new();
            records.retain(|record| known.insert(record.to_string()));
        }
        let file = written(&records);
        let mut reader = Reader::new(source, stream, Limits::default());
        let (mut events, mut aside) = (Vec::new(), BTreeSet::new());
        let mut take = |item| match item {
            Item::Event(number, event) => events.push((number, event)),
            Item::Quarantined(record) => _ = aside.insert(record.line - 1),
        };
        reader.file(file.path(), &mut take).expect("the file is read");
        let (_, dropped) = reader.finish(&mut take, |_| Ok(Known::default())).expect("the file did not change");
        aside.extend(&dropped);
        events.retain(|(number, _)| !dropped.contains(number));
        let time = |event: &Event| event.fields.get(stream.time().index()).and_then(eval::Value::as_time);
        let first = |number| events.iter().find(|(of, _)| *of == number).and_then(|(_, event)| time(event));
        let kept: Vec<u64> =
            (0..).zip(&records).map(|(number, _)| number).filter(|number| !aside.contains(number)).collect();
        let record = |number: &u64| records.get(usize::try_from(*number).ok()?).cloned();
        Log {
            records: kept.iter().filter_map(record).collect(),
            times: kept.into_iter().map(first).collect(),
            events: events.into_iter().map(|(_, event)| event).collect(),
            stamped: source.files == Some(FileFormat::Otlp),
        }
    }

    /// The records as they are exported: without the moments at which they arrived, unless these are what their log has for a time.
    pub(crate) fn exported(&self) -> Vec<Record> {
        let record = |(record, time): (&Value, &Option<i64>)| Record {
            place: None,
            text: record.to_string(),
            arrived: time.filter(|_| self.stamped),
        };
        self.records.iter().zip(&self.times).map(record).collect()
    }

    /// The records as they arrive, some at once and some as late as the delay allows.
    pub(crate) fn arriving(&self, delay: i64, choices: &mut Choices) -> Vec<Record> {
        let mut late = || match choices.below(3) {
            0 => 0,
            1 => delay,
            _ => i64::try_from(choices.below(1_000)).unwrap_or_default() * delay / 1_000,
        };
        let mut records = self.exported();
        for (record, time) in records.iter_mut().zip(&self.times) {
            record.arrived = time.map(|time| time + late());
        }
        records
    }
}

/// A file with records, one a line.
pub(crate) fn written(records: &[Value]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    file.write_all(lines.as_bytes()).expect("it can be written");
    file
}

fn spans(records: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    let take = |_, text: String| out.extend(serde_json::from_str::<Value>(&text));
    raw_records(written(records).path(), Some(FileFormat::Otlp), Limits::default(), take).expect("records are read");
    out
}
