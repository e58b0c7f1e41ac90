//! A correlation: a detection over the alerts of rules, signals and other correlations.

use std::collections::BTreeSet;

use super::{Level, Texts, Type};
use crate::source::Span;

/// The source of a correlation's alerts; no source has this name.
pub const CORRELATION: &str = "correlation";

/// A detection over alerts that share keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// Its name, unique among the rules and correlations of a pack.
    pub name: String,
    /// First line of the doc comment; the name with spaces where there is none.
    pub title: String,
    /// The rest of the doc comment.
    pub description: String,
    /// How bad an alert is.
    pub severity: Level,
    /// `atlas:AML.T0051`, checked.
    pub tags: Vec<String>,
    /// Names and types of the keys that alerts share; one at least.
    pub keys: Vec<(String, Type)>,
    /// Whose alerts it reads, each once.
    pub members: Vec<Member>,
    /// Microseconds, over 0.
    pub within: i64,
    /// The longest time from the first event of a member's alert to its last, in microseconds.
    pub longest: i64,
    /// What it waits for.
    pub occurs: Occurs,
    /// How long alerts of the same keys are silent after one.
    pub mute: Option<Mute>,
    /// What is carried into alerts.
    pub texts: Texts,
    /// Its name in its text.
    pub span: Span,
}

impl Correlation {
    /// The names of all rules, signals and correlations that it reads, also through other correlations.
    #[must_use]
    pub fn reads<'a>(&'a self, all: &'a [Correlation]) -> BTreeSet<&'a str> {
        let mut read = BTreeSet::new();
        let mut open: Vec<&Correlation> = vec![self];
        while let Some(one) = open.pop() {
            for member in one.members.iter().filter(|member| read.insert(member.name.as_str())) {
                open.extend(all.iter().filter(|other| other.name == member.name));
            }
        }
        read
    }
}

/// A rule, signal or correlation whose alerts are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where its alerts have the correlation's keys, in their order.
    pub keys: Vec<MemberKey>,
}

/// Where an alert has a key of a correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKey {
    /// The n-th of its keys.
    Key(usize),
    /// The n-th value that it carries: alerts of rules without `over` have no keys.
    Carried(usize),
}

/// What a correlation waits for; members by their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occurs {
    /// Alerts of so many different members; at least 1, at most all of them.
    AtLeast(usize),
    /// An alert of each, one after the other; two at least.
    Chain {
        /// In their order; a member may come twice.
        steps: Vec<usize>,
        /// Whose alert must not come behind them.
        without: Option<usize>,
    },
}

/// `mute LENGTH by KEYS`: how long alerts are not delivered after one that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// Microseconds, over 0.
    pub length: i64,
    /// The places of the keys that tell alerts apart; without `by`, all of them and the source.
    pub keys: Option<Vec<usize>>,
}
