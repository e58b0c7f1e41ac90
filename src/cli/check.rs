//! `skywatch check`: parses, resolves and type-checks packs.

use std::path::PathBuf;

use serde_json::json;

use super::{Format, GOOD, NO, UNUSABLE, complain, complain_of, say};
use crate::diag::{Severity, to_json};
use crate::pack::load_together;

/// Find what is wrong with rule packs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch check rulepacks/ai-security
  skywatch check my-pack other-pack --format json
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
    match arguments.format {
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
