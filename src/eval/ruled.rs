//! What became of a rule on a source, besides its alerts: what it lost, and why it was not run.

use std::collections::BTreeMap;

use super::rule::Undecided;
use crate::diag::Diagnostic;
use crate::ir::Rule;

/// What became of a rule on a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRun {
    /// The rule's name.
    pub rule: String,
    /// The source's name; [`ACROSS`](crate::ir::ACROSS) where several are judged together.
    pub source: String,
    /// Events of judged windows that were not counted because they lack a group key.
    pub lost_to_missing_keys: u64,
    /// What the source can't show or measure, by name; alerts have it missing.
    pub left_out: Vec<String>,
    /// Days since 1970 that it can't be judged on, each with the field that its logs were archived without.
    pub undecided: BTreeMap<i64, String>,
    /// Windows that hang on a past which is not known.
    pub short_past: Option<Undecided>,
    /// Why it was not run, or not to its end; it has no alerts then.
    pub skipped: Option<Skipped>,
}

/// Why a rule has nothing to say of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// The archive has no rows of it in the period.
    NoRows,
    /// None of its operations is of the source's cloud.
    NeverFires,
    /// It reads what the source does not carry.
    Absent(Vec<Diagnostic>),
    /// It could not be run to its end.
    Failed(Diagnostic),
}

impl RuleRun {
    /// Nothing known of it yet.
    #[must_use]
    pub fn new(rule: &Rule, source: &str) -> RuleRun {
        RuleRun {
            rule: rule.name.clone(),
            source: source.to_owned(),
            lost_to_missing_keys: 0,
            left_out: Vec::new(),
            undecided: BTreeMap::new(),
            short_past: None,
            skipped: None,
        }
    }
}
