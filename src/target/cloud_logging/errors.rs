//! What this target says when it can't say something.

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// A construct that the filter language has no counterpart for.
pub(super) fn cannot(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, format!("a Cloud Logging filter has no {what}"))
        .at(span, "")
        .help("use --to googlesql, which queries the same log")
}

/// A rule that counts.
pub(super) fn selects_only(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::SelectsOnly,
        "a Cloud Logging filter selects events: it can't group, count or compare windows",
    )
    .at(span, "grouped here")
    .help("use --to googlesql, or count the selected entries with a log-based metric")
}

/// A path that begins with nothing an entry has.
pub(super) fn no_entry_field(span: Span, key: &str) -> Diagnostic {
    Diagnostic::error(Code::NoColumn, format!("`{key}` is no field of a log entry"))
        .at(span, "read here")
        .help("an entry's parts begin with protoPayload, jsonPayload, labels, resource and their like; rename it in the source's `at cloud_logging`")
}

/// A number of a payload that may be a fraction.
pub(super) fn fractions(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::Weaker,
        "numbers of jsonPayload are compared as they are: a fraction, which is no int, counts too",
    )
    .at(span, "")
    .help("use --to googlesql, or declare the field as float")
}
