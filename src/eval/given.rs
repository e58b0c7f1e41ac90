//! Events as tests write them: takes a stream and the named fields' constants, gives an event of no source.

use std::sync::Arc;

use super::Event;
use super::expr::{Scope, Subject};
use super::pattern::Patterns;
use super::value::Value;
use crate::ir::{Constant, FieldId, Stream, Type};
use crate::json::Json;

/// The event with these fields. A field that is not named has the stream's default, which reads those that are; else it is missing.
#[must_use]
pub fn event(stream: &Stream, named: &[(FieldId, Constant)]) -> Event {
    let given = |field: FieldId| named.iter().find(|(name, _)| *name == field).map(|(_, constant)| constant);
    let plain: Vec<Value> = stream
        .ids()
        .zip(&stream.fields)
        .map(|(id, field)| given(id).map(|constant| value(constant, &field.ty)).unwrap_or_default())
        .collect();
    let patterns = Patterns::default();
    let subject = Subject { source: "", fields: &plain, record: &Json::Null };
    let of_field = |(id, field): (FieldId, &crate::ir::Field)| match (&field.default, given(id)) {
        (Some(default), None) => Scope::new(subject, &patterns).value(default),
        _ => plain.get(id.index()).cloned().unwrap_or_default(),
    };
    let fields = stream.ids().zip(&stream.fields).map(of_field).collect();
    Event { source: Arc::from(""), fields }
}

/// A constant of a type as a value.
#[must_use]
pub fn value(constant: &Constant, ty: &Type) -> Value {
    match (constant, ty) {
        (Constant::One(literal), _) => Value::literal(literal),
        (Constant::List(elements), Type::List(element)) => {
            Value::list(elements.iter().map(|constant| value(constant, element)).collect())
        }
        (Constant::Record(fields), Type::Record(record)) => {
            let of = |(field, (_, ty)): (&Option<Constant>, &(String, Type))| {
                field.as_ref().map(|constant| value(constant, ty)).unwrap_or_default()
            };
            Value::Record(Arc::clone(record), fields.iter().zip(&record.fields).map(of).collect())
        }
        _ => Value::Missing,
    }
}
