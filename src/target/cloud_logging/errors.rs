//! What this target says when it can't say something.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Source, Step, path_text};
use crate::source::Span;
use crate::target::Verdict;

/// The way out of most refusals.
const USE_SQL: &str = "use --to googlesql: Log Analytics holds the same entries";

/// A construct that filters lack.
pub(super) fn cannot(span: Span, what: impl AsRef<str>) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, format!("a Cloud Logging filter has no {}", what.as_ref()))
        .at(span, "")
        .help(USE_SQL)
}

/// A construct that no query of this cloud has.
pub(super) fn local_only(span: Span, what: impl AsRef<str>) -> Diagnostic {
    cannot(span, what).help("run the rule on the archive")
}

/// A path that does not begin with a field of log entries.
pub(super) fn no_field(source: &Source, steps: &[Step], span: Span) -> Diagnostic {
    let path = path_text(steps);
    Diagnostic::error(Code::NoColumn, format!("log entries have no field `{path}`")).at(span, "read here").help(
        format!(
            "say where entries hold it in source `{}`: `at cloud_logging \"all\" {{ {path} = jsonPayload.NAME }}`",
            source.name
        ),
    )
}

/// A rule that counts: the filter gives the events that it counts.
pub(super) fn selects_only(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::SelectsOnly,
        "a Cloud Logging filter cannot count or group: it selects the events that the rule counts",
    )
    .at(span, "")
    .help("use --to googlesql, or count in a log-based metric on this filter")
}

/// Text in base64, which can't be searched as what it stands for.
pub(super) fn undecoded(span: Span, verdict: Verdict) -> Diagnostic {
    let what = if verdict == Verdict::Wider { "are all kept" } else { "are not found" };
    Diagnostic::warning(
        Code::Weaker,
        format!("a Cloud Logging filter cannot decode base64: entries with their text in it {what}"),
    )
    .at(span, "")
    .help(USE_SQL)
}

/// A range of times that is not of the entries' own time.
pub(super) fn other_time(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, "a Cloud Logging filter can limit the entry's own timestamp only")
        .at(span, "this is the event's time")
        .help("leave --from and --to out and give the range where the filter is run, or use --to googlesql")
}

/// Row values that grow too large once written out.
pub(super) fn too_large(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TooLong, "the values named by `with` grow too large where they are used")
        .at(span, "")
        .help("use fewer values inside one another")
}
