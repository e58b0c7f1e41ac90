//! The page on sources: takes the built-in `.sky` files and the sample logs, gives a section a source.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skywatch::coverage::page::page;
use skywatch::eval::Json;
use skywatch::ir::{Source, Stream};
use skywatch::pack::built_in;
use skywatch::record::{Mapped, Mapper, as_read};
use skywatch::schema::BUILTIN;
use skywatch::source::SourceId;
use skywatch::syntax::{ast::File, parse};

use crate::samples::{all, records};

/// Sources that have no samples yet.
const WITHOUT: [&str; 2] = ["azure.apim", "otel.genai"];
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
    let mut without = Vec::new();
    for source in &schema.sources {
        let stream = schema.stream_of(source.stream).unwrap();
        let records = files.get(&source.name).into_iter().flatten().flat_map(|file| records(file));
        let record = records.into_iter().find(|record| is_event(source, stream, record));
        let sample = record.map(|record| serde_json::to_string_pretty(&shortened(record)).unwrap());
        if sample.is_none() {
            without.push(source.name.as_str());
        }
        out.push_str(&page(source, stream, &trees, sample.as_deref()));
    }
    assert_eq!(without, WITHOUT, "sources without an event among the files that samples/sources.json names");
    out
}

/// Whether a record is an event by itself.
fn is_event(source: &Source, stream: &Stream, record: &Value) -> bool {
    let (read, _) = as_read(source, &[Json::from(record)]);
    read.iter().any(|record| matches!(Mapper::new(source, stream).map(record), Mapped::Event(..)))
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
