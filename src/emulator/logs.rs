//! What a query runs over: raw records as they were exported, and the moment and range of the run.

/// A record of a log, as an export holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Where it is stored: a log group, a table; none where the record itself says it.
    pub place: Option<String>,
    /// The record's text: mostly one JSON object.
    pub text: String,
    /// When it was stored, in microseconds since 1970 (UTC); none: at its own time.
    pub arrived: Option<i64>,
}

/// When a query runs, and over what range. All in microseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The current time; what arrives later is not seen.
    pub now: i64,
    /// The first moment of the range that the console or the API call names; none where the query alone decides.
    pub from: Option<i64>,
    /// The moment after the range.
    pub until: Option<i64>,
}
