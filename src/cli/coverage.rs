//! `skywatch coverage`: which rules see what on which logs and targets, what the logs lack, and which known attacks rules look for.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{GOOD, NO, UNUSABLE, complain, complain_of, packs, say};
use crate::coverage::{
    By, Catalogue, Coverage, Tagged, markdown, tagged_markdown, tagged_text, tagged_to_json, text, to_json,
    to_navigator,
};
use crate::diag::{Code, Diagnostic};
use crate::source::SourceMap;

/// Show what rules see: each on each log, locally and on each target; what the logs lack, and what must be switched on. Or which entries of a
/// catalogue of attacks they look for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch coverage rulepacks/ai-security
  skywatch coverage rulepacks/ai-security --by target
  skywatch coverage my-pack other-pack --format json
  skywatch coverage my-pack --format markdown > coverage.md
  skywatch coverage my-pack --by owasp --fail-under 40
  skywatch coverage my-pack --by atlas --format navigator > layer.json

Without --fail-under the exit status says whether the packs could be read, not how much is seen.")]
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
    /// Exit with 1 where less of the catalogue is covered.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_under: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Arranged {
    /// A target: its sources across.
    Target,
    /// A source: the targets across, then what it lacks, its switches and its traps.
    Source,
    /// Techniques of MITRE ATLAS: the clouds across.
    Atlas,
    /// Techniques of MITRE ATT&CK: the clouds across.
    Attack,
    /// Risks of OWASP's Top 10 for LLM Applications: the clouds across.
    Owasp,
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
    /// A layer of MITRE's Navigator; of ATLAS and ATT&CK.
    Navigator,
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.ok_or_else(|| "expected a number from 0 to 100".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    let maps: Vec<Coverage<'_>> = packs.iter().map(Coverage::of).collect();
    let by = match arguments.by {
        Arranged::Target => By::Target,
        Arranged::Source => By::Source,
        Arranged::Atlas => return tagged(&maps, Catalogue::Atlas, arguments),
        Arranged::Attack => return tagged(&maps, Catalogue::Attack, arguments),
        Arranged::Owasp => return tagged(&maps, Catalogue::Owasp, arguments),
    };
    if arguments.fail_under.is_some() {
        return unfit("`--fail-under` is about a catalogue");
    }
    let joined =
        |print: fn(&Coverage<'_>, By) -> String| maps.iter().map(|map| print(map, by)).collect::<Vec<_>>().join("\n");
    match arguments.format {
        Form::Text => say(&joined(text)),
        Form::Markdown => say(&joined(markdown)),
        Form::Json => say(&format!("{}\n", to_json(&maps))),
        Form::Navigator => return unfit("a Navigator's layer is about a catalogue"),
    }
    GOOD
}

/// Prints which entries of a catalogue the packs look for.
fn tagged(maps: &[Coverage<'_>], catalogue: Catalogue, arguments: &Arguments) -> u8 {
    let tagged = Tagged::of(maps, catalogue);
    match arguments.format {
        Form::Text => say(&tagged_text(&tagged)),
        Form::Markdown => say(&tagged_markdown(&tagged)),
        Form::Json => say(&format!("{}\n", tagged_to_json(&tagged))),
        Form::Navigator => match to_navigator(&tagged) {
            Some(layer) => say(&format!("{layer:#}\n")),
            None => return unfit("OWASP's list has no Navigator"),
        },
    }
    let (covered, all) = tagged.covered();
    match arguments.fail_under {
        Some(least) if tagged.percent() < least => {
            complain(&format!("{covered} of {all} are {:.1} %, less than {least} %\n", tagged.percent()));
            NO
        }
        _ => GOOD,
    }
}

fn unfit(message: &str) -> u8 {
    let diagnostic = Diagnostic::error(Code::BadArgument, message).help("add `--by atlas`, or `--by attack`");
    complain_of(&[diagnostic], &SourceMap::default());
    UNUSABLE
}
