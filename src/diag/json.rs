//! Takes diagnostics and the texts they point into, gives the JSON that tools read.

use serde_json::{Value, json};

use super::{Diagnostic, Severity};
use crate::source::SourceMap;

/// One object a finding, for whoever wants to know why and not where: `code`, `message`, `help`.
#[must_use]
pub fn reasons(diagnostics: &[Diagnostic]) -> Vec<Value> {
    diagnostics.iter().map(|d| json!({ "code": d.code.as_str(), "message": d.message, "help": d.help })).collect()
}

/// One object a finding: `code`, `severity`, `message`, `help`, and `labels` with file, line, column, byte range and text.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], sources: &SourceMap) -> Vec<Value> {
    let labels = |diagnostic: &Diagnostic| -> Vec<Value> {
        let place = |label: &super::Label| {
            let (line, column) = sources.line_column(label.span);
            json!({
                "file": sources.get(label.span.source).map(|s| s.name.as_str()),
                "line": line, "column": column,
                "start": label.span.start, "end": label.span.end,
                "text": label.text,
            })
        };
        diagnostic.labels.iter().map(place).collect()
    };
    diagnostics
        .iter()
        .map(|d| {
            json!({
                "code": d.code.as_str(),
                "severity": match d.severity { Severity::Warning => "warning", Severity::Error => "error" },
                "message": d.message,
                "help": d.help,
                "labels": labels(d),
            })
        })
        .collect()
}
