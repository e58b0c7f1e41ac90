//! Functions of property bags.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Call, Function, Needs, list_cell};
use crate::emulator::Failure;
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::readings::BAG_ORDER;
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("bag_keys", &[Needs::Dynamic], Type::Dynamic, keys),
    Function::new("bag_has_key", &[Needs::Dynamic, Needs::Text], Type::Bool, has_key),
    Function::new("bag_pack", &[Needs::Text, Needs::Any], Type::Dynamic, pack).repeats().takes_null(),
    Function::new("pack", &[Needs::Text, Needs::Any], Type::Dynamic, pack).repeats().takes_null(),
    Function::new("pack_dictionary", &[Needs::Text, Needs::Any], Type::Dynamic, pack).repeats().takes_null(),
    Function::new("bag_merge", &[Needs::Dynamic, Needs::Dynamic], Type::Dynamic, merge).repeats().takes_null(),
];

type Bag = Arc<BTreeMap<Arc<str>, Json>>;

fn bag(json: Json) -> Option<Bag> {
    match json {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

fn keys(call: &Call<'_>) -> Evaluated {
    let Some(members) = bag(call.json(0)) else { return Ok(Cell::Null) };
    let mut keys: Vec<Json> = members.keys().map(|key| Json::Text(key.clone())).collect();
    if keys.len() > 1 && call.engine.reads_other(BAG_ORDER) {
        keys.reverse();
    }
    Ok(list_cell(keys))
}

/// A key may be a path.
fn has_key(call: &Call<'_>) -> Evaluated {
    let key = call.text(1)?;
    if key.starts_with('$') {
        return Err(call.unknown("a path as a key"));
    }
    Ok(bag(call.json(0)).map(|members| Cell::Bool(members.contains_key(&key))).unwrap_or_default())
}

fn pack(call: &Call<'_>) -> Evaluated {
    if call.given.len() % 2 == 1 {
        return Err(Failure::rejected("keys and values come in pairs", call.at.clone()));
    }
    let mut members = BTreeMap::new();
    for number in (0..call.given.len()).step_by(2) {
        members.insert(call.text(number)?, call.json(number + 1));
    }
    Ok(Cell::Dynamic(Json::Object(Arc::new(members))))
}

/// Of a key with several values an arbitrary one is chosen.
fn merge(call: &Call<'_>) -> Evaluated {
    let mut members: BTreeMap<Arc<str>, Json> = BTreeMap::new();
    for number in 0..call.given.len() {
        for (key, value) in bag(call.json(number)).iter().flat_map(|more| more.iter()) {
            if members.insert(key.clone(), value.clone()).is_some_and(|before| before != *value) {
                return Err(call.unknown("a key with several values in bag_merge"));
            }
        }
    }
    Ok(Cell::Dynamic(Json::Object(Arc::new(members))))
}
