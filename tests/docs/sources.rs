//! The page on sources: takes the built-in `.sky` files and the sample logs, gives a section a source.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skywatch::coverage::page::page;
use skywatch::eval::{Event, Json};
use skywatch::ir::{Source, Stream};
use skywatch::pack::built_in;
use skywatch::record::{Mapped, Mapper, as_read};
use skywatch::schema::BUILTIN;
use skywatch::source::SourceId;
use skywatch::syntax::{ast::File, parse};

use crate::samples::{all, records};

/// Longest text of a sample record, in characters.
const LONGEST: usize = 60;
/// Most elements of a list of a sample record.
const MOST: usize = 2;

/// All built-in sources, in the order of the schema.
pub(crate) fn sources() -> String {
    let schema = built_in();
    let trees: Vec<File> = BUILTIN.iter().map(|(_, text)| parse(SourceId(0), text).0).collect();
    let files: BTreeMap<String, _> = all().into_iter().map(|samples| (samples.source, samples.files)).collect();
    let mut out = String::new();
    for source in &schema.sources {
        let stream = schema.stream_of(source.stream).unwrap();
        let records = files.get(&source.name).into_iter().flatten().flat_map(|file| records(file));
        let sample = if source.assemble.is_some() {
            let records = of_an_event(source, stream, records.collect());
            Value::Array(records.into_iter().map(shortened).collect())
        } else {
            let is_event = |record: &Value| {
                let (read, _) = as_read(source, &[Json::from(record)]);
                read.iter().any(|record| event(source, stream, record).is_some())
            };
            let record = records.into_iter().find(is_event);
            shortened(record.unwrap_or_else(|| panic!("no sample of {} is an event", source.name)))
        };
        let sample = serde_json::to_string_pretty(&sample).unwrap();
        out.push_str(&page(source, stream, &trees, Some(&sample)));
    }
    out
}

/// The records of the first event that has all its parts: those that name its id.
fn of_an_event(source: &Source, stream: &Stream, records: Vec<Value>) -> Vec<Value> {
    let parts = source.assemble.iter().flat_map(|assemble| &assemble.parts).count();
    let (events, _) = as_read(source, &records.iter().map(Json::from).collect::<Vec<_>>());
    let whole = events.into_iter().find(|event| matches!(event, Json::Object(members) if members.len() == parts));
    let whole = whole.unwrap_or_else(|| panic!("no event of {} has all parts", source.name));
    let event = event(source, stream, &whole).unwrap();
    let id = event.fields[stream.event_id().index()].as_text().unwrap().to_owned();
    records.into_iter().filter(|record| record.to_string().contains(&id)).collect()
}

/// The event that a record is, if it is one.
fn event(source: &Source, stream: &Stream, record: &Json) -> Option<Event> {
    match Mapper::new(source, stream).map(record) {
        Mapped::Event(event, _) => Some(event),
        Mapped::Other | Mapped::Rejected(_) => None,
    }
}

/// A record that can be read at a glance: long texts and lists are cut, and its keys are in order, whatever the features of the JSON crate.
fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LONGEST => {
            Value::String(text.chars().take(LONGEST - 1).chain(['…']).collect())
        }
        Value::Array(values) => {
            let more = values.len() > MOST;
            let rest = more.then(|| Value::String("…".to_owned()));
            Value::Array(values.into_iter().take(MOST).map(shortened).chain(rest).collect())
        }
        Value::Object(members) => {
            let sorted: BTreeMap<String, Value> = members.into_iter().map(|(k, v)| (k, shortened(v))).collect();
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
        other => other,
    }
}
