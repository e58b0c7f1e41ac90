//! Alerts of two states of a pack over the same logs: takes both lists, says which came, which went, and which say something else.

use std::collections::BTreeMap;

use crate::eval::alert::EventRow;
use crate::eval::{Alert, Value};

/// What became of alerts, each list in its order.
#[derive(Debug, Default)]
pub struct AlertChanges {
    /// Only the new state gives them.
    pub appear: Vec<Alert>,
    /// Only the old state gave them.
    pub disappear: Vec<Alert>,
    /// Of the same rule, source, keys and time, with other values or another severity; before and after.
    pub differ: Vec<[Alert; 2]>,
    /// How many both states give alike.
    pub same: usize,
}

/// What an alert is told from others by, whatever its pack is called.
type Identity = (String, String, i64, Vec<Value>, Option<EventRow>);

impl AlertChanges {
    /// Compares alerts. Rules of `renamed` are sought under their new names.
    #[must_use]
    pub fn between(old: Vec<Alert>, new: Vec<Alert>, renamed: &BTreeMap<String, String>) -> AlertChanges {
        let identity = |alert: &Alert, name: &str| -> Identity {
            let keys = alert.keys.iter().map(|(_, value)| value.clone()).collect();
            (name.to_owned(), alert.source.clone(), alert.window.start, keys, alert.event.clone())
        };
        // Events without an id can't be told apart: there may be several alerts of one identity.
        let mut before: BTreeMap<Identity, Vec<Alert>> = BTreeMap::new();
        for alert in old.into_iter().rev() {
            let name = renamed.get(&alert.rule).unwrap_or(&alert.rule).clone();
            before.entry(identity(&alert, &name)).or_default().push(alert);
        }
        let mut out = AlertChanges::default();
        for alert in new {
            match before.get_mut(&identity(&alert, &alert.rule)).and_then(Vec::pop) {
                None => out.appear.push(alert),
                Some(was) if says_the_same(&was, &alert) => out.same += 1,
                Some(was) => out.differ.push([was, alert]),
            }
        }
        out.disappear = before.into_values().flatten().collect();
        out.disappear.sort_by(Alert::in_order);
        out
    }

    /// Whether both states give the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.appear.is_empty() && self.disappear.is_empty() && self.differ.is_empty()
    }

    /// `3 appear, 1 disappears …`
    #[must_use]
    pub fn summary(&self) -> String {
        let AlertChanges { appear, disappear, differ, same } = self;
        format!("{} appear, {} disappear, {} differ, {same} are the same", appear.len(), disappear.len(), differ.len())
    }
}

fn says_the_same(one: &Alert, other: &Alert) -> bool {
    one.severity == other.severity
        && one.until == other.until
        && one.measures == other.measures
        && one.show == other.show
        && one.members.len() == other.members.len()
}
