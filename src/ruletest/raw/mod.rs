//! Events the other way round: takes an event of a stream and a source, gives raw records of which the source makes that event.
//!
//! The source's expressions are turned round into an empty record, the shortest first; then what its `where` needs is added. It is no
//! inverse of its own accord: whoever uses the records reads them back, and takes them only where the event comes back.

mod draft;
mod hold;
mod witness;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use write::Writer;

use crate::bind::field_expr;
use crate::eval::pattern::Patterns;
use crate::eval::{Event, Json, Value};
use crate::ir::{Assemble, Expr, ExprKind, FieldId, Source, Step, Stream};

/// Raw records of which a source makes an event with these fields and this id.
///
/// # Errors
/// Why there are none, in words.
pub fn records_of(source: &Source, stream: &Stream, event: &Event, id: &str) -> Result<Vec<Json>, String> {
    let patterns = Patterns::default();
    let mut writer = Writer::new(source, &patterns);
    let mut wanted: Vec<(usize, FieldId, Expr, Value)> = Vec::new();
    for field in stream.ids().filter(|field| *field != stream.event_id()) {
        let value = event.fields.get(field.index()).filter(|value| value.is_present());
        let Some(value) = value else { continue };
        let name = stream.get(field).map_or("", |field| &field.name);
        let expr = field_expr(source, stream, field).ok_or_else(|| format!("this log does not carry `{name}`"))?;
        wanted.push((size(&expr), field, expr, value.clone()));
    }
    wanted.sort_by_key(|(size, field, ..)| (*size, field.index()));
    for (_, field, expr, value) in &wanted {
        if !writer.write(expr, value) {
            let name = stream.get(*field).map_or("", |field| &field.name);
            return Err(format!("`{name}` can't be written back into a record"));
        }
    }
    if !source.unique.as_ref().is_none_or(|unique| writer.identify(unique, &Value::text(id))) {
        return Err("the record's id can't be written".to_owned());
    }
    if !source.filter.iter().all(|pred| writer.hold(pred, true)) {
        return Err("what the source's `where` asks for can't be written".to_owned());
    }
    let record = writer.draft.json();
    match &source.assemble {
        None => Ok(vec![record]),
        Some(assemble) => parts(source, assemble, &record, &patterns, event, stream, id),
    }
}

fn size(expr: &Expr) -> usize {
    let mut size = 0;
    expr.walk(&mut |_| size += 1);
    size
}

/// The records of the parts of an assembled event.
fn parts(
    source: &Source,
    assemble: &Assemble,
    event_record: &Json,
    patterns: &Patterns,
    event: &Event,
    stream: &Stream,
    id: &str,
) -> Result<Vec<Json>, String> {
    let time = event.fields.get(stream.time().index()).cloned().unwrap_or_default();
    let mut records = Vec::new();
    for part in &assemble.parts {
        let Some(content) = event_record.member(&part.name) else {
            if part.optional {
                continue;
            }
            return Err(format!("nothing says what the part `{}` holds", part.name));
        };
        // A part is a record, or the elements of a list in one.
        let content = match &part.lists {
            None => content.clone(),
            Some(list) => below(list, content).ok_or_else(|| format!("`{}` can't be written back", part.name))?,
        };
        let mut writer = Writer::new(source, patterns);
        writer.draft = draft::Draft::of(&content);
        let whole = writer.write(&assemble.key, &Value::text(id))
            && writer.write(&assemble.time, &time)
            && part.filter.iter().all(|pred| writer.hold(pred, true));
        if !whole {
            return Err(format!("what the part `{}` asks for can't be written", part.name));
        }
        records.push(writer.draft.json());
    }
    Ok(records)
}

/// The record in which a list stands at the place of an expression.
fn below(list: &Expr, elements: &Json) -> Option<Json> {
    match &list.kind {
        ExprKind::Record => Some(elements.clone()),
        ExprKind::Read(inner) | ExprKind::Json(inner) => below(inner, elements),
        ExprKind::Path(inner, steps) => {
            let within = steps.iter().rev().try_fold(elements.clone(), |value, step| match step {
                Step::Key(key) => Some(Json::Object(Arc::new(BTreeMap::from([(key.as_str().into(), value)])))),
                Step::Elements => Some(value),
                Step::Index(_) | Step::Values => None,
            })?;
            below(inner, &within)
        }
        _ => None,
    }
}
