//! The conformance cases under tests/conformance/: files of rules with their tests → cases that whatever runs rules can run, and what is
//! wrong with the alerts that came of one.
//!
//! A case's expectations are whole: an alert has exactly the keys, measures and shown items that one of them names, so that what none names
//! is missing. Alerts come in their order, each with an id of its own, and carry what the rule says about itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use skywatch::diag::render;
use skywatch::eval::clock::parse_time;
use skywatch::eval::{Alert, Range};
use skywatch::ir::Expected;
use skywatch::pack::{Pack, load};
use skywatch::ruletest::{Case, brief, cases};

/// The line that gives the range over which the test below it is judged.
const JUDGED: &str = "// judged from ";

/// Every file, by name and as a pack of its own; fails where one has errors.
pub(crate) fn conformance_files() -> &'static [(String, Pack)] {
    static FILES: LazyLock<Vec<(String, Pack)>> = LazyLock::new(read);
    &FILES
}

fn read() -> Vec<(String, Pack)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "sky"));
    paths.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let packs: Vec<(String, Pack)> = paths.iter().map(|path| (name(path), load(path))).collect();
    let wrong = packs.iter().map(|(_, pack)| render(&pack.diagnostics, &pack.sources, false)).collect::<String>();
    assert!(wrong.is_empty(), "{wrong}");
    packs
}

/// The cases of a file, in their order.
pub(crate) fn conformance_cases(pack: &Pack) -> Vec<Case<'_>> {
    let judged = |case: Case<'_>| Range { ..judged(pack, &case).unwrap_or(case.range) };
    cases(pack).map(|case| Case { range: judged(case.clone()), ..case }).collect()
}

/// The range that the line above a test gives.
fn judged(pack: &Pack, case: &Case<'_>) -> Option<Range> {
    let span = case.test.span;
    let before = &pack.sources.get(span.source)?.text[..span.start as usize];
    let (from, to) = before.lines().rev().nth(1)?.strip_prefix(JUDGED)?.split_once(" to ")?;
    Some(Range { from: parse_time(from).unwrap(), to: parse_time(to).unwrap() })
}

/// What is wrong with the alerts of a case.
pub(crate) fn differences(case: &Case<'_>, alerts: &[Alert]) -> Vec<String> {
    let mut out = case.unread.clone();
    out.append(&mut case.differences(alerts));
    let whole = |alert: &Alert, expected: &Expected| case.fits(expected, alert) && names_all(expected, alert);
    for alert in alerts {
        if !case.test.alerts.iter().any(|expected| whole(alert, expected)) {
            out.push(format!("an alert with values that no expectation names: {}", brief(alert)));
        }
        let said = (&alert.rule, &alert.title, &alert.tags, alert.partial);
        if said != (&case.rule.name, &case.rule.title, &case.rule.tags, false) {
            out.push(format!("an alert that says something else about itself: {said:?}"));
        }
        if case.rule.severity.arms.is_empty() && alert.severity != case.rule.severity.default {
            out.push(format!("severity {}", alert.severity.text()));
        }
    }
    let ids: BTreeSet<&str> = alerts.iter().map(|alert| alert.id.as_str()).collect();
    if ids.len() < alerts.len() {
        out.push("alerts with one id".to_owned());
    }
    if !alerts.is_sorted_by_key(|alert| (alert.window.start, &alert.source)) {
        out.push("alerts out of order".to_owned());
    }
    out
}

/// Whether an expectation names every value that an alert has.
fn names_all(expected: &Expected, alert: &Alert) -> bool {
    let named = |name: &str| expected.values.iter().any(|(known, _)| known == name);
    let values = alert.keys.iter().chain(&alert.measures).chain(&alert.show);
    values.filter(|(_, value)| value.is_present()).all(|(name, _)| named(name))
}
