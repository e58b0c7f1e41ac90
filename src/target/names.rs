//! The names of an emitted query's columns: the same on every target, so that a row can be read as an alert.
//!
//! A row of a rule with `over` has `window_start`, then its keys, measures and shown items; without, `time` and `event_id`, then the
//! shown items. Dots become underscores; a name that is taken gets a number.

use crate::ir::{Correlation, Rule};

/// Column of a window's start.
pub const WINDOW_START: &str = "window_start";
/// Column of an event's time, for rules without `over`.
pub const TIME: &str = "time";
/// Column of an event's id, for rules without `over`.
pub const EVENT_ID: &str = "event_id";
/// Column of a severity that a rule decides by case.
pub const SEVERITY: &str = "severity";

/// Column of the end of what an alert of a correlation is about, whose start is [`WINDOW_START`].
pub const WINDOW_END: &str = "window_end";

/// The names given to a rule's outputs, by their numbers in the rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outputs {
    /// Of the window's keys.
    pub keys: Vec<String>,
    /// Of the measures.
    pub measures: Vec<String>,
    /// Of the shown items.
    pub show: Vec<String>,
}

impl Outputs {
    /// Names for the outputs of a rule (bound or not: binding leaves items of `show` out, which changes no other name).
    #[must_use]
    pub fn of(rule: &Rule) -> Outputs {
        let mut taken: Vec<String> = [WINDOW_START, TIME, EVENT_ID, SEVERITY].map(str::to_owned).to_vec();
        let mut name = |wanted: &str| free(wanted, &mut taken);
        Outputs {
            keys: rule.window.iter().flat_map(|window| &window.keys).map(|key| name(&key.name)).collect(),
            measures: rule.measures.iter().map(|measure| name(&measure.name)).collect(),
            show: rule.show.iter().map(|item| name(&item.name)).collect(),
        }
    }
}

/// The names of a correlation's keys, which stand behind [`WINDOW_START`] and [`WINDOW_END`].
#[must_use]
pub fn key_names(correlation: &Correlation) -> Vec<String> {
    let mut taken = [WINDOW_START, WINDOW_END].map(str::to_owned).to_vec();
    correlation.keys.iter().map(|(name, _)| free(name, &mut taken)).collect()
}

/// The wanted name without dots, with a number where it is taken; it is taken from now on.
fn free(wanted: &str, taken: &mut Vec<String>) -> String {
    let base = wanted.replace('.', "_");
    let mut name = base.clone();
    let mut number = 2;
    // GoogleSQL's columns differ by more than case.
    while taken.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
        name = format!("{base}_{number}");
        number += 1;
    }
    taken.push(name.clone());
    name
}
