//! Functions of lists.

use super::{Call, Function, Needs, list_cell};
use crate::emulator::Failure;
use crate::emulator::kql::dynamic::plain;
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::readings::SET_ORDER;
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("array_length", &[Needs::Dynamic], Type::Long, length),
    Function::new("array_index_of", &[Needs::Dynamic, Needs::Any], Type::Long, index_of),
    Function::new("set_has_element", &[Needs::Dynamic, Needs::Any], Type::Bool, has),
    Function::new("array_concat", &[Needs::Dynamic, Needs::Dynamic], Type::Dynamic, concat).repeats(),
    Function::new("array_slice", &[Needs::Dynamic, Needs::Whole, Needs::Whole], Type::Dynamic, slice),
    Function::new("array_sort_asc", &[Needs::Dynamic], Type::Dynamic, |call| sorted(call, false)),
    Function::new("array_sort_desc", &[Needs::Dynamic], Type::Dynamic, |call| sorted(call, true)),
    Function::new("array_sum", &[Needs::Dynamic], Type::Real, sum),
    Function::new("array_strcat", &[Needs::Dynamic, Needs::Text], Type::Text, strcat),
    Function::new("strcat_array", &[Needs::Dynamic, Needs::Text], Type::Text, strcat),
    Function::new("pack_array", &[Needs::Any], Type::Dynamic, |call| {
        Ok(list_cell((0..call.given.len()).map(|number| call.json(number)).collect()))
    })
    .repeats()
    .takes_null(),
    Function::new("set_union", &[Needs::Dynamic, Needs::Dynamic], Type::Dynamic, union).repeats(),
    Function::new("set_intersect", &[Needs::Dynamic, Needs::Dynamic], Type::Dynamic, intersect).repeats(),
    Function::new("set_difference", &[Needs::Dynamic, Needs::Dynamic], Type::Dynamic, difference).repeats(),
    Function::new("range", &[Needs::Any, Needs::Any, Needs::Any], Type::Dynamic, range).optional(1),
];

fn length(call: &Call<'_>) -> Evaluated {
    let count = call.list(0).map(|elements| i64::try_from(elements.len()).unwrap_or(i64::MAX));
    Ok(count.map(Cell::Long).unwrap_or_default())
}

/// Where an element stands: one of the same type and value.
fn position(call: &Call<'_>) -> Option<Option<usize>> {
    let wanted = plain(call.cell(1).clone());
    let same = |element: &Json| {
        let element = plain(Cell::of_json(element));
        element == wanted || element.number().is_some_and(|number| wanted.number() == Some(number))
    };
    call.list(0).map(|elements| elements.iter().position(same))
}

fn index_of(call: &Call<'_>) -> Evaluated {
    let at = |at: Option<usize>| at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1);
    Ok(position(call).map(|found| Cell::Long(at(found))).unwrap_or_default())
}

fn has(call: &Call<'_>) -> Evaluated {
    Ok(position(call).map(|found| Cell::Bool(found.is_some())).unwrap_or_default())
}

/// The elements of every argument; none where one is no list.
fn lists(call: &Call<'_>) -> Option<Vec<Vec<Json>>> {
    (0..call.given.len()).map(|number| call.list(number).map(|elements| elements.to_vec())).collect()
}

fn concat(call: &Call<'_>) -> Evaluated {
    Ok(lists(call).map(|lists| list_cell(lists.concat())).unwrap_or_default())
}

/// From an element to an element, the last one within; negative numbers count from the end.
fn slice(call: &Call<'_>) -> Evaluated {
    let Some(elements) = call.list(0) else { return Ok(Cell::Null) };
    let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let place = |number: i64| if number < 0 { number.saturating_add(length) } else { number };
    let (first, last) = (place(call.whole(1)).max(0), place(call.whole(2)).min(length - 1));
    let (first, end) = (usize::try_from(first).unwrap_or(0), usize::try_from(last.saturating_add(1)).unwrap_or(0));
    Ok(list_cell(elements.get(first..end).unwrap_or_default().to_vec()))
}

/// Of one type; nulls go last.
fn sorted(call: &Call<'_>, descending: bool) -> Evaluated {
    let Some(elements) = call.list(0) else { return Ok(Cell::Null) };
    let (nulls, values): (Vec<Json>, Vec<Json>) = elements.iter().cloned().partition(|one| *one == Json::Null);
    let mut cells: Vec<Cell> = values.iter().map(|one| plain(Cell::of_json(one))).collect();
    let numbers = cells.iter().all(|cell| cell.number().is_some());
    let texts = cells.iter().all(|cell| matches!(cell, Cell::Text(_)));
    if !(numbers || texts) {
        return Err(call.unknown("an order of elements of several types"));
    }
    cells.sort_by(Cell::order);
    if descending {
        cells.reverse();
    }
    Ok(list_cell(cells.iter().map(Cell::json).chain(nulls).collect()))
}

fn sum(call: &Call<'_>) -> Evaluated {
    let Some(elements) = call.list(0) else { return Ok(Cell::Null) };
    let numbers: Option<Vec<f64>> = elements.iter().map(|one| plain(Cell::of_json(one)).number()).collect();
    match numbers {
        Some(numbers) if !numbers.is_empty() => Ok(Cell::Real(numbers.iter().sum())),
        _ => Err(call.unknown("a sum of elements that are no numbers")),
    }
}

fn strcat(call: &Call<'_>) -> Evaluated {
    let between = call.text(1)?;
    let Some(elements) = call.list(0) else { return Ok(Cell::text("")) };
    let unknown = || call.unknown("how a real of this size is written");
    let parts: Result<Vec<_>, Failure> =
        elements.iter().map(|one| call.engine.text_of(&Cell::of_json(one)).ok_or_else(unknown)).collect();
    Ok(Cell::text(&parts?.join(&*between)))
}

/// Elements once, in an order that is not documented.
fn set(call: &Call<'_>, elements: impl IntoIterator<Item = Json>) -> Cell {
    let mut once: Vec<Json> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for element in elements {
        if seen.insert(element.to_string()) {
            once.push(element);
        }
    }
    if once.len() > 1 && call.engine.reads_other(SET_ORDER) {
        once.reverse();
    }
    list_cell(once)
}

fn union(call: &Call<'_>) -> Evaluated {
    Ok(lists(call).map(|lists| set(call, lists.concat())).unwrap_or_default())
}

fn intersect(call: &Call<'_>) -> Evaluated {
    let Some(lists) = lists(call) else { return Ok(Cell::Null) };
    let Some((first, rest)) = lists.split_first() else { return Ok(Cell::Null) };
    Ok(set(call, first.iter().filter(|one| rest.iter().all(|list| list.contains(one))).cloned()))
}

fn difference(call: &Call<'_>) -> Evaluated {
    let Some(lists) = lists(call) else { return Ok(Cell::Null) };
    let Some((first, rest)) = lists.split_first() else { return Ok(Cell::Null) };
    Ok(set(call, first.iter().filter(|one| !rest.iter().any(|list| list.contains(one))).cloned()))
}

/// Most elements of a range.
const MOST: i64 = 1_048_576;

/// From a number to a number, the last one within.
fn range(call: &Call<'_>) -> Evaluated {
    if !(0..call.given.len()).all(|number| call.kind(number).is_whole()) {
        return Err(call.unknown("a range of values that are no whole numbers"));
    }
    let (from, to, step) = (call.whole(0), call.whole(1), if call.has(2) { call.whole(2) } else { 1 });
    if step == 0 {
        return Err(call.unknown("a range without steps"));
    }
    let mut out = Vec::new();
    let mut next = Some(from);
    while let Some(value) = next.filter(|value| if step > 0 { *value <= to } else { *value >= to }) {
        if i64::try_from(out.len()).is_ok_and(|length| length >= MOST) {
            // Longer ones are cut.
            break;
        }
        out.push(Cell::Long(value).json());
        next = value.checked_add(step);
    }
    Ok(list_cell(out))
}
