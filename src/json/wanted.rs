//! What is asked of a record: takes paths of keys, says of each member whether anybody reads it. The rest need not be kept.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    All,
    /// Of an object these members, of anything else all of it.
    Members(BTreeMap<Arc<str>, Wanted>),
    /// Nothing.
    Nothing,
}

impl Wanted {
    /// Adds what stands at a path, and all below it.
    pub fn add<'a>(&mut self, mut path: impl Iterator<Item = &'a str>) {
        let key = match (&self, path.next()) {
            (Wanted::All, _) => return,
            (_, None) => {
                *self = Wanted::All;
                return;
            }
            (_, Some(key)) => key,
        };
        if let Wanted::Nothing = self {
            *self = Wanted::Members(BTreeMap::new());
        }
        if let Wanted::Members(members) = self {
            members.entry(key.into()).or_insert(Wanted::Nothing).add(path);
        }
    }

    /// What is wanted of a member, and its key where that is known, which every record then shares.
    pub(super) fn member(&self, key: &str) -> (Option<&Arc<str>>, &Wanted) {
        match self {
            Wanted::All => (None, &Wanted::All),
            Wanted::Members(members) => {
                members.get_key_value(key).map_or((None, &Wanted::Nothing), |(key, below)| (Some(key), below))
            }
            Wanted::Nothing => (None, &Wanted::Nothing),
        }
    }

    /// What is wanted of an element.
    pub(super) fn element(&self) -> &Wanted {
        if *self == Wanted::Nothing { self } else { &Wanted::All }
    }
}
