//! Findings as JUnit's XML, which every CI server reads: takes the names of files and findings, gives one suite.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::finding::file_name;
use super::{Finding, Severity};

/// A case for each error, which fails, for each warning, which does not and says it, and for each file without any, which passes.
///
/// # Errors
/// What can't be written as XML.
pub fn to_junit<'f>(
    files: impl IntoIterator<Item = &'f str>,
    findings: &[Finding],
) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new("check");
    for finding in findings {
        suite.add_test_case(case(finding));
    }
    for file in files.into_iter().map(file_name) {
        if findings.iter().all(|finding| finding.file() != file) {
            let mut case = TestCase::new("check", TestCaseStatus::success());
            case.set_classname(file);
            suite.add_test_case(case);
        }
    }
    let mut report = Report::new("skywatch check");
    report.add_test_suite(suite);
    report.to_string()
}

fn case(finding: &Finding) -> TestCase {
    let code = finding.code.as_str();
    let status = match finding.severity {
        Severity::Error => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(code).set_message(finding.message.as_str()).set_description(finding.sentence());
            status
        }
        Severity::Warning => TestCaseStatus::success(),
    };
    let line = finding.places.first().map(|place| format!(" line {}", place.start.0)).unwrap_or_default();
    let mut case = TestCase::new(format!("{code}{line}"), status);
    case.set_classname(finding.file());
    if finding.severity == Severity::Warning {
        case.set_system_out(format!("{code}: {}", finding.sentence()));
    }
    case
}
