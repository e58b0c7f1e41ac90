//! How long what is kept of an archive: days by kind of data, and what is held whatever its age. Declared in `pack.toml`, applied by `retain`.

use std::collections::BTreeMap;

/// Days that kinds are kept where nothing else is said.
const DEFAULT: [(&str, i64); 4] = [("activity", 365), ("usage", 365), (CONTENT, 30), (QUARANTINE, 30)];
/// Days of everything else.
const OTHERS: i64 = 90;
/// Most days that text of users is kept, whatever is said.
pub const MAX_CONTENT_DAYS: i64 = 90;
/// Text of users, of whatever stream.
const CONTENT: &str = "content";
/// Records that could not be read.
const QUARANTINE: &str = "quarantine";

/// How long what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    /// By stream; also of `content` and `quarantine`.
    pub days: BTreeMap<String, i64>,
    /// What is kept whatever its age.
    pub holds: Vec<Hold>,
}

/// What has to be kept for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Only this stream; without, all.
    pub stream: Option<String>,
    /// The first day, since 1970.
    pub from: i64,
    /// The last, which is kept too.
    pub to: i64,
    /// Why.
    pub because: String,
}

impl Retention {
    /// How many days a kind is kept: the metadata of a stream, `content`, or `quarantine`.
    #[must_use]
    pub fn kept(&self, kind: &str) -> i64 {
        let default = || DEFAULT.iter().find(|(name, _)| *name == kind).map_or(OTHERS, |(_, days)| *days);
        let days = self.days.get(kind).copied().unwrap_or_else(default);
        if kind == CONTENT { days.min(MAX_CONTENT_DAYS) } else { days }
    }

    /// Whether a day of a stream is held.
    #[must_use]
    pub fn held(&self, stream: &str, day: i64) -> bool {
        let of = |hold: &&Hold| hold.stream.as_deref().is_none_or(|name| name == stream);
        self.holds.iter().filter(of).any(|hold| (hold.from..=hold.to).contains(&day))
    }
}
