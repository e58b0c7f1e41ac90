//! Findings as GitLab's code quality report: takes findings, gives its list.

use serde_json::{Value, json};

use super::{Finding, Severity};

/// One object a finding: `description`, `check_name`, `fingerprint`, `severity`, `location`. What has no place is of the first line of `pack.toml`,
/// for GitLab shows none without.
#[must_use]
pub fn to_gitlab(findings: &[Finding]) -> Value {
    let issue = |finding: &Finding| {
        let place = finding.places.first();
        json!({
            "description": finding.sentence(),
            "check_name": finding.code.as_str(),
            "fingerprint": finding.fingerprint,
            "severity": match finding.severity { Severity::Error => "major", Severity::Warning => "minor" },
            "location": {
                "path": place.map_or("pack.toml", |place| place.file.as_str()),
                "lines": { "begin": place.map_or(1, |place| place.start.0) },
            },
        })
    };
    findings.iter().map(issue).collect()
}
