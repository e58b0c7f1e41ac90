//! Findings as commands of GitHub Actions: takes findings, gives a line for each, which a job's log shows beside the changed line.

use super::{Finding, Severity};

/// `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::message`, a line each.
#[must_use]
pub fn to_github(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let title = format!("title={}", property(&format!("{} {}", finding.code.as_str(), finding.code.title())));
        let place = finding.places.first().map(|place| {
            let ((line, column), (end_line, end_column)) = (place.start, place.end);
            let file = property(&place.file);
            // Columns are of one line only.
            let columns =
                if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
            format!("file={file},line={line},endLine={end_line}{columns},")
        });
        format!("::{level} {}{title}::{}\n", place.unwrap_or_default(), data(&finding.sentence()))
    };
    findings.iter().map(line).collect()
}

/// What stands behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
