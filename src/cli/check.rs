//! `skywatch check`: parses, resolves and type-checks packs.

use std::path::PathBuf;

use serde_json::json;

use super::{GOOD, NO, UNUSABLE, complain, complain_of, say, say_xml};
use crate::diag::{Finding, Severity, to_github, to_gitlab, to_json, to_junit, to_sarif};
use crate::pack::load_together;

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
  skywatch check one-rule.sky")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let packs = load_together(&arguments.packs);
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
    if errors > 0 { NO } else { GOOD }
}
