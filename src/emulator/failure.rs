//! Why a query gives no rows.

use std::fmt;
use std::ops::Range;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The system rejects the text: syntax, names, types, a documented limit of queries.
    Rejected,
    /// The system may know it, this emulator does not.
    Unknown,
    /// The system stops while it runs, by its documentation.
    Stopped,
    /// The documentation leaves open what decides the answer.
    Ambiguous,
    /// The records can't be what that system holds.
    BadLogs,
}

/// Why a query gives no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind it is.
    pub kind: Kind,
    /// For people: what is wrong, quoting it, and what was expected.
    pub message: String,
    /// Where in the query, in bytes.
    pub at: Option<Range<usize>>,
    /// Of [`Kind::Ambiguous`]: the names of the readings that decide.
    pub readings: Vec<&'static str>,
}

impl Failure {
    /// The system rejects the text.
    #[must_use]
    pub fn rejected(message: impl Into<String>, at: Range<usize>) -> Failure {
        Failure { kind: Kind::Rejected, message: message.into(), at: Some(at), readings: Vec::new() }
    }

    /// This emulator does not know what the text says.
    #[must_use]
    pub fn unknown(message: impl Into<String>, at: Range<usize>) -> Failure {
        Failure { kind: Kind::Unknown, message: message.into(), at: Some(at), readings: Vec::new() }
    }

    /// The system stops while it runs.
    #[must_use]
    pub fn stopped(message: impl Into<String>, at: Option<Range<usize>>) -> Failure {
        Failure { kind: Kind::Stopped, message: message.into(), at, readings: Vec::new() }
    }

    /// The records can't be what that system holds.
    #[must_use]
    pub fn bad_logs(message: impl Into<String>) -> Failure {
        Failure { kind: Kind::BadLogs, message: message.into(), at: None, readings: Vec::new() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
