//! `join` of sources: takes the events of all logs, gives those of one stream with what their sources borrow. The definition of its meaning.
//!
//! INVARIANT (one lender): all that an event borrows by a join is of one event: of the lender's with an equal text in `on` and a time at most
//! `within` before or after, the first by time, then id, then the lent values as texts; what is missing comes first. Without one nothing is
//! borrowed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Event, Value};
use crate::ir::{FieldId, Join, Stream};
use crate::schema::Schema;

/// Events by their stream's place in [`Schema::streams`].
pub type Logs = BTreeMap<usize, Vec<Event>>;

/// The events of a stream, in their order, with what their sources borrow from others among `logs`.
#[must_use]
pub fn borrowed(schema: &Schema, stream: usize, logs: &Logs) -> Vec<Event> {
    let mut events = logs.get(&stream).cloned().unwrap_or_default();
    let Some(borrowing) = schema.stream_of(stream) else { return events };
    for source in schema.sources.iter().filter(|source| source.stream == stream) {
        for join in &source.joins {
            let Some(lending) = schema.stream_of(join.stream) else { continue };
            let lenders = Lenders::new(join, lending, logs.get(&join.stream).map_or(&[], Vec::as_slice));
            for event in events.iter_mut().filter(|event| *event.source == *source.name) {
                lenders.lend(join, borrowing, event);
            }
        }
    }
    events
}

/// The events of a lending source by what they are joined on, in their order.
struct Lenders<'a>(BTreeMap<&'a str, Vec<Lender<'a>>>);

/// One of them; the order of the members is theirs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Lender<'a> {
    time: i64,
    id: Option<&'a str>,
    /// As texts, in the order of the join.
    texts: Vec<Option<Cow<'a, str>>>,
    /// By lent field.
    values: Vec<&'a Value>,
}

impl<'a> Lenders<'a> {
    fn new(join: &Join, stream: &Stream, events: &'a [Event]) -> Lenders<'a> {
        let mut all: BTreeMap<&str, Vec<Lender<'_>>> = BTreeMap::new();
        for event in events.iter().filter(|event| *event.source == *join.lender) {
            let text = |field| value(event, field).as_text();
            let (Some(on), Some(time)) = (text(join.lender_on), value(event, stream.time()).as_time()) else {
                continue;
            };
            let values: Vec<&Value> = join.fields.iter().map(|lent| value(event, lent.lender)).collect();
            let texts = values.iter().map(|value| as_text(value)).collect();
            all.entry(on).or_default().push(Lender { time, id: text(stream.event_id()), texts, values });
        }
        all.values_mut().for_each(|lenders| lenders.sort());
        Lenders(all)
    }

    /// Fills what the event borrows, if there is anybody who lends it.
    fn lend(&self, join: &Join, stream: &Stream, event: &mut Event) {
        let (on, time) = (value(event, join.on).as_text(), value(event, stream.time()).as_time());
        let (Some(lenders), Some(time)) = (on.and_then(|on| self.0.get(on)), time) else { return };
        let near = lenders.partition_point(|lender| lender.time < time.saturating_sub(join.within));
        let Some(lender) = lenders.get(near).filter(|one| one.time <= time.saturating_add(join.within)) else { return };
        for (lent, value) in join.fields.iter().zip(&lender.values) {
            if let Some(field) = event.fields.get_mut(lent.field.index()) {
                *field = (*value).clone();
            }
        }
    }
}

fn value(event: &Event, field: FieldId) -> &Value {
    event.fields.get(field.index()).unwrap_or(&Value::Missing)
}

/// A value that can be lent, as text.
fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Ip(ip) => Some(Cow::Owned(ip.to_string())),
        Value::Int(int) => Some(Cow::Owned(int.to_string())),
        _ => None,
    }
}
