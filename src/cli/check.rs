//! `skywatch check`: parses, resolves, type-checks and lints packs, and mends what a program can mend.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::rewrite::{patch, replace};
use super::{GOOD, NO, UNUSABLE, complain, complain_of, say, say_xml};
use crate::diag::{Finding, Severity, has_errors, to_github, to_gitlab, to_json, to_junit, to_sarif};
use crate::lint::{fixed, lint};
use crate::pack::{Pack, load_edited};

/// Most rounds of fixes: one may make room for the next.
const MAX_ROUNDS: usize = 8;

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Commands of GitHub Actions, shown beside the changed lines.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML.
    Junit,
}

/// Find what is wrong with rule packs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch check rulepacks/ai-security
  skywatch check my-pack other-pack --format json
  skywatch check my-pack --format sarif > skywatch.sarif
  skywatch check my-pack --diff             what could be mended by itself
  skywatch check one-rule.sky")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show what would take findings away without changing what rules mean, as a patch; write nothing.
    #[arg(long, conflicts_with_all = ["format", "fail_on"])]
    diff: bool,
    /// Show the same and write it.
    #[arg(long, conflicts_with_all = ["format", "fail_on", "diff"])]
    fix: bool,
    /// Exit with 1 from this on.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
}

/// From which severity on findings say no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Errors only.
    Error,
    /// Warnings too.
    Warning,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    if arguments.fix || arguments.diff {
        return mend(arguments);
    }
    let packs = linted(&arguments.packs, &BTreeMap::new());
    let count = |severity| packs.iter().flat_map(|p| &p.diagnostics).filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let findings = || {
        Finding::all(
            packs.iter().flat_map(|pack| pack.diagnostics.iter().map(|diagnostic| (diagnostic, &pack.sources))),
        )
    };
    match arguments.format {
        Format::Sarif => say(&format!("{:#}\n", to_sarif(&findings()))),
        Format::Gitlab => say(&format!("{:#}\n", to_gitlab(&findings()))),
        Format::Github => say(&to_github(&findings())),
        Format::Junit => {
            let files = packs.iter().flat_map(|pack| &pack.files).map(|file| file.path.display().to_string());
            let files: Vec<String> = files.collect();
            if !say_xml(to_junit(files.iter().map(String::as_str), &findings())) {
                return UNUSABLE;
            }
        }
        Format::Json => {
            let findings: Vec<_> = packs.iter().flat_map(|p| to_json(&p.diagnostics, &p.sources)).collect();
            say(&format!("{}\n", json!({ "format": 1, "errors": errors, "warnings": warnings, "findings": findings })));
        }
        Format::Text => {
            for pack in &packs {
                complain_of(&pack.diagnostics, &pack.sources);
            }
            let rules: usize = packs.iter().map(|p| p.resolved.rules.len()).sum();
            let tests: usize = packs.iter().map(|p| p.resolved.tests.len()).sum();
            let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
            let (rules, tests) = (many(rules, "rule"), many(tests, "test"));
            let line = format!("{rules}, {tests}: {}, {}\n", many(errors, "error"), many(warnings, "warning"));
            if errors > 0 { complain(&line) } else { say(&line) }
        }
    }
    if packs.iter().any(|p| p.files.is_empty()) {
        return UNUSABLE;
    }
    let wrong = if arguments.fail_on == FailOn::Warning { errors + warnings } else { errors };
    if wrong > 0 { NO } else { GOOD }
}

/// Packs with what the lints find in them among their findings.
fn linted(paths: &[PathBuf], edited: &BTreeMap<PathBuf, String>) -> Vec<Pack> {
    let mut packs = load_edited(paths, edited);
    for pack in &mut packs {
        let found = lint(pack);
        pack.add(found);
    }
    packs
}

/// Makes the fixes of all findings, as long as there are any.
fn mend(arguments: &Arguments) -> u8 {
    let mut edited = BTreeMap::new();
    let packs = linted(&arguments.packs, &edited);
    let mut last = packs.clone();
    for _ in 0..MAX_ROUNDS {
        let mut next = edited.clone();
        next.extend(last.iter().flat_map(|pack| fixed(pack, &pack.diagnostics)));
        if next == edited {
            break;
        }
        let mended = linted(&arguments.packs, &next);
        // A fix that breaks something must not be written, whatever it is.
        let errors = |packs: &[Pack]| {
            packs.iter().flat_map(|pack| &pack.diagnostics).filter(|d| d.severity == Severity::Error).count()
        };
        if errors(&mended) > errors(&last) {
            break;
        }
        (edited, last) = (next, mended);
    }
    let mut status = GOOD;
    for pack in &packs {
        if has_errors(&pack.diagnostics) {
            complain_of(&pack.diagnostics, &pack.sources);
            status = NO;
        }
        for file in &pack.files {
            let (Some(text), Some(source)) = (edited.get(&file.path), pack.sources.get(file.id)) else { continue };
            say(&patch(&file.path, &source.text, text));
            if arguments.fix
                && let Err(error) = replace(&file.path, text)
            {
                complain(&format!("{}: can't be written: {error}\n", file.path.display()));
                status = UNUSABLE;
            }
        }
    }
    status
}
