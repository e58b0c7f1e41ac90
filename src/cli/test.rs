//! `skywatch test`: the unit tests that stand beside the rules, on the evaluator, on DataFusion and on what is emitted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ValueEnum;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::watch::Watch;
use super::{GOOD, NO, UNUSABLE, complain, complain_of, packs, say, say_xml};
use crate::pack::Pack;
use crate::resolve::Resolved;
use crate::ruletest::emitted::{Agreement, Line};
use crate::ruletest::{Outcome, brief, run_everywhere};
use crate::target::TARGETS;

/// Run the unit tests of rule packs: on the evaluator, on DataFusion, and on the texts that are emitted for each cloud.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch test rulepacks/ai-security
  skywatch test my-pack --format junit
  skywatch test my-pack --watch

Emitted texts run on emulators of the clouds' query languages, over raw records that the tests give, or that are made of the events that
they give. A text that only claims to be wider has to hold the local alerts, one that claims to be exact has to give the same ones.")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Run again whenever a file of the packs changes, until you stop it.
    #[arg(long)]
    watch: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// For programs.
    Json,
    /// For CI systems.
    Junit,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let mut watch = arguments.watch.then(|| Watch::new(&arguments.packs));
    loop {
        let status = run_once(arguments);
        let Some(watch) = &mut watch else { return status };
        complain("waiting for changes\n");
        watch.wait();
    }
}

fn run_once(arguments: &Arguments) -> u8 {
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    let mut outcomes: Vec<(&Pack, Outcome)> = Vec::new();
    for pack in &packs {
        match run_everywhere(pack) {
            Ok(some) => outcomes.extend(some.into_iter().map(|outcome| (pack, outcome))),
            Err(diagnostic) => {
                complain_of(&[diagnostic], &pack.sources);
                return UNUSABLE;
            }
        }
    }
    let failed = outcomes.iter().filter(|(_, outcome)| !outcome.passed()).count();
    let untested: Vec<&str> = packs.iter().flat_map(|pack| untested(pack, &outcomes)).collect();
    match arguments.format {
        Format::Text => say(&text(&outcomes, failed, &untested)),
        Format::Json => say(&format!("{}\n", json(&outcomes, failed, &untested))),
        Format::Junit => {
            if !say_xml(junit(&outcomes)) {
                return UNUSABLE;
            }
        }
    }
    // A run without a test shows nothing: it is no success.
    if failed > 0 || outcomes.is_empty() { NO } else { GOOD }
}

/// Rules and correlations of a pack without a test; a signal is tested with what reads it.
fn untested<'a>(pack: &'a Pack, outcomes: &[(&Pack, Outcome)]) -> Vec<&'a str> {
    let Resolved { rules, correlations, .. } = &pack.resolved;
    let tested = |name: &str| outcomes.iter().any(|(of, outcome)| of.id == pack.id && outcome.rule == name);
    let readers = correlations.iter().filter(|one| tested(&one.name));
    let read: BTreeSet<&str> = readers.flat_map(|one| one.reads(correlations)).collect();
    let names = rules.iter().filter(|rule| !(rule.signal && read.contains(rule.name.as_str()))).map(|rule| &rule.name);
    names.chain(correlations.iter().map(|one| &one.name)).map(String::as_str).filter(|name| !tested(name)).collect()
}

fn text(outcomes: &[(&Pack, Outcome)], failed: usize, untested: &[&str]) -> String {
    let mut out: String = outcomes.iter().map(|(_, outcome)| shown(outcome)).collect();
    out.push_str(&everywhere(outcomes));
    for rule in untested {
        out.push_str(&format!("no test   {rule}\n"));
    }
    let passed = outcomes.len() - failed;
    out.push_str(&format!("{passed} passed, {failed} failed, {} rules without a test\n", untested.len()));
    out
}

fn shown(outcome: &Outcome) -> String {
    let word = if outcome.passed() { "passed" } else { "FAILED" };
    let mut text = format!("{word}    {}: {}\n", outcome.rule, outcome.title);
    for problem in &outcome.problems {
        text.push_str(&format!("            {problem}\n"));
    }
    for line in &outcome.lines {
        if let Agreement::Differs(how) = &line.agreement {
            text.push_str(&format!("            {} DIFFERS: {}\n", place(line), how.replace('\n', "\n            ")));
        }
    }
    if !outcome.problems.is_empty() {
        for alert in &outcome.alerts {
            text.push_str(&format!("            came: {}\n", brief(alert)));
        }
        if outcome.alerts.is_empty() {
            text.push_str("            no alert came\n");
        }
    }
    text
}

fn place(line: &Line) -> String {
    line.source.as_ref().map_or_else(|| line.target.to_owned(), |source| format!("{} on {source}", line.target))
}

/// A line a rule: how many of its tests ran where, and how; then why some did not.
fn everywhere(outcomes: &[(&Pack, Outcome)]) -> String {
    let places: Vec<&str> = ["datafusion"].into_iter().chain(TARGETS.iter().map(|target| target.info().name)).collect();
    let mut header = vec!["RULE", "evaluator"];
    header.extend(&places);
    let mut table: Vec<Vec<String>> = vec![header.into_iter().map(str::to_owned).collect()];
    let mut reasons: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut rules: Vec<(&str, &str)> = Vec::new();
    for (pack, outcome) in outcomes {
        if !rules.contains(&(pack.id.as_str(), outcome.rule.as_str())) {
            rules.push((&pack.id, &outcome.rule));
        }
    }
    for (pack, rule) in rules {
        let of_rule = || outcomes.iter().filter(|(of, outcome)| of.id == pack && outcome.rule == rule);
        let good = of_rule().filter(|(_, outcome)| outcome.problems.is_empty()).count();
        let bad = of_rule().count() - good;
        let mut row = vec![rule.to_owned(), counted(&[(good, "passed"), (bad, "FAILED")])];
        for place in &places {
            let lines = || of_rule().flat_map(|(_, outcome)| &outcome.lines).filter(|line| line.target == *place);
            let count = |is: fn(&Agreement) -> bool| lines().filter(|line| is(&line.agreement)).count();
            row.push(counted(&[
                (count(|a| matches!(a, Agreement::Agrees(_))), "agree"),
                (count(|a| matches!(a, Agreement::Differs(_))), "DIFFER"),
                (count(|a| matches!(a, Agreement::Refused(_))), "refused"),
                (count(|a| matches!(a, Agreement::NotRun(_))), "not run"),
            ]));
        }
        for line in of_rule().flat_map(|(_, outcome)| &outcome.lines) {
            let why = match &line.agreement {
                Agreement::NotRun(why) => format!("not run on {}: {why}", place(line)),
                // What is refused, and why, `coverage` says.
                Agreement::Refused(_) | Agreement::Agrees(_) | Agreement::Differs(_) => continue,
            };
            *reasons.entry((rule, why)).or_default() += 1;
        }
        table.push(row);
    }
    let widest = |n: usize| table.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..places.len() + 2).map(|n| widest(n).unwrap_or_default()).collect();
    let mut out = String::from("\n");
    for row in &table {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out.push('\n');
    for ((rule, why), count) in reasons {
        let times = if count > 1 { format!(" ({count} tests)") } else { String::new() };
        out.push_str(&format!("{rule}: {why}{times}\n"));
    }
    out
}

/// The counts that are not 0; `-` where all are.
fn counted(counts: &[(usize, &str)]) -> String {
    let some: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if some.is_empty() { "-".to_owned() } else { some.join(", ") }
}

/// A word for an agreement, and what there is to say of it.
fn said(agreement: &Agreement) -> (&'static str, &str) {
    match agreement {
        Agreement::Agrees(_) => ("agrees", ""),
        Agreement::Differs(how) => ("differs", how),
        Agreement::Refused(why) => ("refused", why),
        Agreement::NotRun(why) => ("not run", why),
    }
}

fn json(outcomes: &[(&Pack, Outcome)], failed: usize, untested: &[&str]) -> Value {
    let line = |line: &Line| {
        let (result, reason) = said(&line.agreement);
        json!({ "target": line.target, "source": line.source, "result": result, "reason": reason })
    };
    let test = |(pack, o): &(&Pack, Outcome)| {
        let lines: Vec<Value> = o.lines.iter().map(line).collect();
        json!({
            "pack": pack.id, "rule": o.rule, "test": o.title, "passed": o.passed(), "problems": o.problems, "alerts": o.alerts,
            "lines": lines,
        })
    };
    let tests: Vec<Value> = outcomes.iter().map(test).collect();
    json!({ "format": 1, "passed": outcomes.len() - failed, "failed": failed, "untested": untested, "tests": tests })
}

/// A suite a pack, a case a test and place.
fn junit(outcomes: &[(&Pack, Outcome)]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("skywatch");
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for (pack, outcome) in outcomes {
        let suite = suites.entry(&pack.id).or_insert_with(|| TestSuite::new(pack.id.as_str()));
        let mut add = |name: String, status: TestCaseStatus| {
            let mut case = TestCase::new(name, status);
            case.set_classname(outcome.rule.as_str());
            suite.add_test_case(case);
        };
        let status = match outcome.problems.as_slice() {
            [] => TestCaseStatus::success(),
            problems => failure(&problems.join("\n")),
        };
        add(outcome.title.clone(), status);
        for line in &outcome.lines {
            let status = match said(&line.agreement) {
                ("agrees", _) => TestCaseStatus::success(),
                ("differs", how) => failure(how),
                (word, why) => {
                    let mut status = TestCaseStatus::skipped();
                    status.set_message(format!("{word}: {why}"));
                    status
                }
            };
            add(format!("{} ({})", outcome.title, place(line)), status);
        }
    }
    suites.into_values().for_each(|suite| _ = report.add_test_suite(suite));
    report.to_string()
}

fn failure(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message);
    status
}
