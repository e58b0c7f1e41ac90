//! `skywatch coverage`: which rules see what on which logs and targets, and what the logs lack.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{GOOD, UNUSABLE, packs, say};
use crate::coverage::{By, Coverage, markdown, text, to_json};

/// Show what rules see: each on each log, locally and on each target; what the logs lack, and what must be switched on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch coverage rulepacks/ai-security
  skywatch coverage rulepacks/ai-security --by target
  skywatch coverage my-pack other-pack --format json
  skywatch coverage my-pack --format markdown > coverage.md

The exit status says whether the packs could be read, not how much is seen.")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// What a block of the text is about.
    #[arg(long, value_enum, default_value = "source")]
    by: Arranged,
    /// How results are printed; JSON has everything at once.
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Arranged {
    /// A target: its sources across.
    Target,
    /// A source: the targets across, then what it lacks, its switches and its traps.
    Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// For programs.
    Json,
    /// For a wiki or a pull request.
    Markdown,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    let maps: Vec<Coverage<'_>> = packs.iter().map(Coverage::of).collect();
    let by = match arguments.by {
        Arranged::Target => By::Target,
        Arranged::Source => By::Source,
    };
    let joined =
        |print: fn(&Coverage<'_>, By) -> String| maps.iter().map(|map| print(map, by)).collect::<Vec<_>>().join("\n");
    match arguments.format {
        Form::Text => say(&joined(text)),
        Form::Markdown => say(&joined(markdown)),
        Form::Json => say(&format!("{}\n", to_json(&maps))),
    }
    GOOD
}
