//! Muting: takes alerts, marks those that are not delivered. It is delivery and no meaning: what is muted still feeds correlations.

use std::collections::BTreeMap;

use super::alert::{Alert, by_last};
use super::value::Value;
use crate::ir::Mute;

/// What is silent after one alert: a rule, its source, and the keys that tell its alerts apart.
type Silenced<'a> = (&'a str, Option<&'a str>, Vec<&'a Value>);

/// Marks the alerts that are not delivered. In the order of (last, rule, keys), an alert is muted that comes less than the mute's length after
/// one of the same rule, source and keys that was not; a muted one does not prolong it. `mutes` has those of rules and correlations by name.
pub fn mute(alerts: &mut [Alert], mutes: &BTreeMap<&str, &Mute>) {
    let of_rules =
        alerts.iter().enumerate().filter_map(|(at, alert)| Some((at, alert, *mutes.get(alert.rule.as_str())?)));
    let mut of_rules: Vec<(usize, &Alert, &Mute)> = of_rules.collect();
    of_rules.sort_by(|(_, a, _), (_, b, _)| by_last(a).cmp(&by_last(b)));
    let mut delivered: BTreeMap<Silenced<'_>, i64> = BTreeMap::new();
    let mut muted = Vec::new();
    for (at, alert, mute) in of_rules {
        let told_apart = match &mute.keys {
            None => (alert.rule.as_str(), Some(alert.source.as_str()), alert.key_values()),
            Some(places) => {
                let values = places.iter().filter_map(|at| alert.keys.get(*at)).map(|(_, value)| value);
                (alert.rule.as_str(), None, values.collect())
            }
        };
        let silent = delivered.get(&told_apart).is_some_and(|last| alert.last.saturating_sub(*last) < mute.length);
        if silent {
            muted.push(at);
        } else {
            delivered.insert(told_apart, alert.last);
        }
    }
    for at in muted {
        if let Some(alert) = alerts.get_mut(at) {
            alert.muted = true;
        }
    }
}
