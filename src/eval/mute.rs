//! Muting: takes alerts, marks those that are not delivered. It is delivery and no meaning: what is muted still feeds correlations.

use std::collections::BTreeMap;

use super::alert::Alert;
use super::value::Value;
use crate::ir::Mute;

/// What tells alerts apart: a rule, its source where the mute does not say by what, and the keys.
pub type Apart = (String, Option<String>, Vec<Value>);

/// When the last alert was delivered, of each rule, source and keys.
pub type Delivered = BTreeMap<Apart, i64>;

/// Marks the alerts that are not delivered. In the order of (last, rule, keys), an alert is muted that comes less than the mute's length after
/// one of the same rule, source and keys that was not, here or `before`; a muted one does not prolong it. `mutes` has those of rules and
/// correlations by name.
pub fn mute(alerts: &mut [Alert], mutes: &BTreeMap<&str, &Mute>, before: &mut Delivered) {
    let of_rules = alerts.iter_mut().filter_map(|alert| mutes.get(alert.rule.as_str()).map(|mute| (alert, *mute)));
    let mut of_rules: Vec<(&mut Alert, &Mute)> = of_rules.collect();
    of_rules.sort_by(|(a, _), (b, _)| a.by_last(b));
    for (alert, mute) in of_rules {
        let apart = match &mute.keys {
            None => (alert.rule.clone(), Some(alert.source.clone()), alert.key_values().cloned().collect()),
            Some(places) => {
                let keys = places.iter().filter_map(|at| alert.keys.get(*at));
                (alert.rule.clone(), None, keys.map(|(_, value)| value.clone()).collect())
            }
        };
        // What is told later and is older comes before it.
        let after = |last: &i64| (0..mute.length).contains(&alert.last.saturating_sub(*last));
        if before.get(&apart).is_some_and(after) {
            alert.muted = true;
        } else {
            let last = before.entry(apart).or_insert(alert.last);
            *last = alert.last.max(*last);
        }
    }
}
