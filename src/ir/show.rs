//! A rule's meaning as stable text: for snapshots and for people who want to see what was understood.

use super::Rule;

/// The rule, one clause a line.
#[must_use]
pub fn show_rule(rule: &Rule) -> String {
    format!("{rule:?}")
}
