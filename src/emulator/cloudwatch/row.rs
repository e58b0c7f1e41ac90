//! A row on its way through the commands: an event of the store, or what a `stats` made, with what the query added.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::reading::Question;
use super::store::Event;
use super::tree::{Place, written};
use super::value::Cell;
use crate::emulator::{Failure, Readings};
use crate::json::Json;

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// None after a `stats`.
    pub(super) event: Option<Rc<Event>>,
    /// What the query defined, by name; also what is missing, which hides a field.
    pub(super) cells: BTreeMap<Arc<str>, Cell>,
    /// Equal in rows whose order is not documented.
    pub(super) rank: usize,
    /// What a `join` put together: rows by the aliases of their sides; none where nothing matched.
    pub(super) sides: Vec<(Arc<str>, Option<Rc<Row>>)>,
}

impl Row {
    /// The value of a name: what the query defined, else a field of the event.
    pub(super) fn value(&self, segments: &[String], readings: &Readings, at: &Place) -> Result<Cell, Failure> {
        let name = segments.join(".");
        for taken in (1..=segments.len()).rev() {
            let (head, rest) = segments.split_at_checked(taken).unwrap_or((segments, &[]));
            if let Some(cell) = self.cells.get(written(head).as_str()) {
                return rest.iter().try_fold(cell.clone(), |of, key| member(&of, key, readings, at));
            }
        }
        if let Some((alias, rest)) = segments.split_first()
            && let Some((_, side)) = self.sides.iter().find(|(side, _)| **side == **alias)
        {
            return side.as_ref().map_or(Ok(Cell::Missing), |side| side.value(rest, readings, at));
        }
        let Some(event) = &self.event else { return Ok(Cell::Missing) };
        match name.as_str() {
            "@timestamp" => Ok(Cell::Time(event.time)),
            "@ingestionTime" => Ok(Cell::Time(event.ingested)),
            "@message" => Ok(Cell::Text(event.message.clone())),
            "@logStream" => event
                .stream
                .clone()
                .map(Cell::Text)
                .ok_or_else(|| Failure::bad_logs("`@logStream` is read, and a record does not say its log stream")),
            "@log" => match &event.group {
                Some(group) if group.contains(':') => Ok(Cell::Text(group.clone())),
                _ => Err(Failure::bad_logs("`@log` is read, and the account of a log group is not said")),
            },
            _ if name.starts_with('@') && !name.starts_with("@@") => {
                Err(Failure::unknown(format!("the field `{name}`"), at.clone()))
            }
            _ => event.fields.value(&name, &event.message, readings, at),
        }
    }
}

/// What stands under a key of a map.
pub(super) fn member(of: &Cell, key: &str, readings: &Readings, at: &Place) -> Result<Cell, Failure> {
    match of {
        Cell::Structure(map @ Json::Object(_)) => {
            Ok(map.member(key).map_or(Cell::Missing, |value| Cell::of_json(value, readings)))
        }
        Cell::Structure(_) if key.parse::<usize>().is_ok() => Err(Failure::unknown(
            format!("`.{key}` of a list that `jsonParse` gave; `[{key}]` is documented"),
            at.clone(),
        )),
        _ => Ok(Cell::Missing),
    }
}

/// What stands at an index of a list.
pub(super) fn element(of: &Cell, index: i64, readings: &Readings) -> Cell {
    let Cell::Structure(Json::List(list)) = of else { return Cell::Missing };
    let first = i64::from(readings.other(Question::ListIndex as usize));
    let index = index.checked_sub(first).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| list.get(index)).map_or(Cell::Missing, |value| Cell::of_json(value, readings))
}
