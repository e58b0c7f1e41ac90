//! What is left of calls when they go: takes events of a stream of calls, gives hourly sums by source, account, caller and model. Whoever pays
//! for models wants to know that for longer than anybody needs single calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::manifest::Mapping;
use super::write::Arrived;
use crate::eval::{Event, Value};
use crate::ir::{Field, SECOND, Stream, Tier, Type};

/// The stream's name in archives. Rules don't read it: no log has it.
pub const USAGE: &str = "usage";
/// What calls are summed by, beside the hour and the source.
const KEYS: [&str; 3] = ["account", "caller.id", "model.id"];
/// What is summed.
const SUMS: [&str; 3] = ["tokens.input", "tokens.output", "tokens.total"];
const HOUR: i64 = 3_600 * SECOND;

/// The stream of sums: `time` is the start of the hour, `calls` how many there were; a sum is missing where no call had the field.
#[must_use]
pub fn usage() -> Stream {
    let field = |name: &str, ty: Type| Field {
        name: name.to_owned(),
        ty,
        tier: Tier::Metadata,
        unit: None,
        doc: String::new(),
        otel: None,
        ocsf: None,
        default: None,
    };
    let mut fields = vec![field("time", Type::Time), field("event.id", Type::Text)];
    fields.extend(KEYS.map(|key| field(key, Type::Text)));
    fields.push(field("calls", Type::Int));
    fields.extend(SUMS.map(|sum| field(sum, Type::Int)));
    Stream { name: USAGE.to_owned(), doc: String::new(), fields }
}

/// Whether a stream's events are calls that can be summed.
pub(super) fn sums_up(stream: &Stream) -> bool {
    KEYS.iter().chain(&SUMS).all(|name| stream.field(name).is_some())
}

/// Source, start of the hour, and the values of [`KEYS`].
type Group = (Arc<str>, i64, Vec<Value>);
/// How many calls, and the sums of [`SUMS`].
type Sum = (i64, [Option<i64>; SUMS.len()]);

/// Sums of calls.
#[derive(Debug, Default)]
pub(super) struct Sums(BTreeMap<Group, Sum>);

impl Sums {
    /// Adds a call of a stream.
    pub(super) fn add(&mut self, stream: &Stream, event: &Event) {
        let value =
            |name: &str| stream.field(name).and_then(|id| event.fields.get(id.index())).cloned().unwrap_or_default();
        let Some(time) = event.fields.get(stream.time().index()).and_then(Value::as_time) else { return };
        let hour = time.div_euclid(HOUR).saturating_mul(HOUR);
        let (calls, sums) = self.0.entry((Arc::clone(&event.source), hour, KEYS.map(value).into())).or_default();
        *calls += 1;
        for (sum, name) in sums.iter_mut().zip(SUMS) {
            if let Value::Int(tokens) = value(name) {
                *sum = Some(sum.unwrap_or_default().saturating_add(tokens));
            }
        }
    }

    /// The sums as events of [`usage`].
    pub(super) fn events(self) -> Vec<Arrived> {
        let sum = |sum: Option<i64>| sum.map_or(Value::Missing, Value::Int);
        let event = |((source, hour, keys), (calls, sums))| {
            let mut fields = vec![Value::Time(hour), Value::Missing];
            fields.extend::<Vec<Value>>(keys);
            fields.push(Value::Int(calls));
            fields.extend(<[Option<i64>; SUMS.len()]>::map(sums, sum));
            Arrived { event: Event { source, fields }, at: hour }
        };
        self.0.into_iter().map(event).collect()
    }
}

/// How sums of a source are said to have been read.
pub(super) fn mapping(source: &str) -> (String, Mapping) {
    let fields = usage().fields.into_iter().map(|field| (field.name, field.ty.to_string())).collect();
    (format!("{USAGE} {source}"), Mapping { source: source.to_owned(), fields })
}
