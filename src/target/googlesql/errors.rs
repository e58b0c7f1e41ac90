//! What this target says when it can't say something.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Place, Source, Step, path_text};
use crate::source::Span;

/// A part of the record that no column holds.
pub(super) fn no_column(source: &Source, place: &Place, steps: &[Step], span: Span) -> Diagnostic {
    let path = path_text(steps);
    Diagnostic::error(Code::NoColumn, format!("`{}` has no column for `{path}`", place.name))
        .at(span, "read here")
        .help(format!(
            "name the column in source `{}`: `at googlesql {} {{ {path} = COLUMN }}`",
            source.name, place.name
        ))
}

/// A construct that has no counterpart, or none that gives the same answers.
pub(super) fn cannot(span: Span, what: impl AsRef<str>, way_out: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, format!("GoogleSQL can't say this: {}", what.as_ref()))
        .at(span, "")
        .help(way_out)
}

/// A text or time that a typed column no longer has as it was written.
pub(super) fn not_as_written(span: Span, column: &str) -> Diagnostic {
    cannot(
        span,
        format!("`{column}` is typed, and the text that the record held is gone"),
        "read it as the column's type, or map the path to a text column",
    )
}

/// Row values that grow too large once written out.
pub(super) fn too_large(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TooLong, "the values named by `with` grow too large where they are used")
        .at(span, "")
        .help("use fewer values inside one another")
}
