//! `skywatch test`: the unit tests that stand beside the rules.

use std::path::PathBuf;

use serde_json::json;

use super::{Format, GOOD, NO, UNUSABLE, packs, say};
use crate::ruletest::{Outcome, brief, run as run_tests};

/// Run the unit tests of rule packs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch test rulepacks/ai-security
  skywatch test my-pack --format json")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    let outcomes: Vec<(&str, Outcome)> =
        packs.iter().flat_map(|pack| run_tests(pack).into_iter().map(|outcome| (pack.id.as_str(), outcome))).collect();
    let failed = outcomes.iter().filter(|(_, outcome)| !outcome.passed()).count();
    let untested: Vec<&str> = packs
        .iter()
        .flat_map(|pack| pack.resolved.rules.iter())
        .map(|rule| rule.name.as_str())
        .filter(|rule| !outcomes.iter().any(|(_, outcome)| outcome.rule == *rule))
        .collect();
    match arguments.format {
        Format::Json => {
            let tests: Vec<_> = outcomes
                .iter()
                .map(|(pack, o)| json!({ "pack": pack, "rule": o.rule, "test": o.title, "passed": o.passed(), "problems": o.problems, "alerts": o.alerts }))
                .collect();
            let value = json!({ "format": 1, "passed": outcomes.len() - failed, "failed": failed, "untested": untested, "tests": tests });
            say(&format!("{value}\n"));
        }
        Format::Text => {
            for (_, outcome) in &outcomes {
                say(&shown(outcome));
            }
            for rule in &untested {
                say(&format!("no test   {rule}\n"));
            }
            say(&format!(
                "{} passed, {failed} failed, {} rules without a test\n",
                outcomes.len() - failed,
                untested.len()
            ));
        }
    }
    // A run without a test shows nothing: it is no success.
    if failed > 0 || outcomes.is_empty() { NO } else { GOOD }
}

fn shown(outcome: &Outcome) -> String {
    let word = if outcome.passed() { "passed" } else { "FAILED" };
    let mut text = format!("{word}    {}: {}\n", outcome.rule, outcome.title);
    for problem in &outcome.problems {
        text.push_str(&format!("            {problem}\n"));
    }
    if !outcome.passed() {
        for alert in &outcome.alerts {
            text.push_str(&format!("            came: {}\n", brief(alert)));
        }
        if outcome.alerts.is_empty() {
            text.push_str("            no alert came\n");
        }
    }
    text
}
