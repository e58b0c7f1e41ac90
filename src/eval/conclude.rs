//! From the alerts of rules to those that reach somebody: takes them with a pack's correlations and mutes, adds what came together and marks what is
//! not delivered.

use std::collections::BTreeMap;

use super::alert::Alert;
use super::correlate::{Correlated, correlate_all};
use super::mute::{Delivered, mute};
use crate::ir::{Correlation, Mute};

/// Adds the alerts of correlations and marks those that are muted; gives what became of each correlation, by name. The data ends at `end`.
pub fn conclude(
    alerts: &mut Vec<Alert>,
    correlations: &[Correlation],
    mutes: &BTreeMap<&str, &Mute>,
    pack: &str,
    end: i64,
) -> Vec<(String, Correlated)> {
    let correlated = correlate_all(correlations, alerts, pack, end);
    mute(alerts, mutes, &mut Delivered::new());
    correlated
}
