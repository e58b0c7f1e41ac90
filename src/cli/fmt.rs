//! `skywatch fmt`: rewrites `.sky` files in the canonical form.

use std::path::PathBuf;

use super::rewrite::{patch, replace};
use super::{GOOD, NO, UNUSABLE, complain, complain_of, say};
use crate::pack::load;
use crate::source::SourceId;
use crate::syntax::ast::File;
use crate::syntax::{parse, print_file};

/// Rewrite rule files in the canonical form.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch fmt rulepacks/ai-security
  skywatch fmt --check rulepacks/ai-security      exit 1 where a file would change
  skywatch fmt --diff rulepacks/ai-security       and show how")]
pub(super) struct Arguments {
    /// Packs or single .sky files.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; name the files that would change.
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change, as a patch.
    #[arg(long, conflicts_with = "check")]
    diff: bool,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let looks_only = arguments.check || arguments.diff;
    let (mut changed, mut unusable) = (0, false);
    for path in &arguments.paths {
        let pack = load(path);
        if pack.files.is_empty() {
            complain_of(&pack.diagnostics, &pack.sources);
            unusable = true;
        }
        for file in &pack.files {
            let original = pack.sources.get(file.id).map_or("", |s| s.text.as_str());
            // A file that was not read whole is never rewritten: what was not understood would be lost.
            if !file.whole {
                unusable = true;
                let own: Vec<_> = pack
                    .diagnostics
                    .iter()
                    .filter(|d| d.labels.iter().any(|l| l.span.source == file.id))
                    .cloned()
                    .collect();
                complain_of(&own, &pack.sources);
                complain(&format!("{}: left as it is\n", file.path.display()));
                continue;
            }
            let text = canonical(&file.file, original);
            if text == original {
                continue;
            }
            changed += 1;
            say(&match arguments.diff {
                true => patch(&file.path, original, &text),
                false => format!("{}\n", file.path.display()),
            });
            if !looks_only && let Err(error) = replace(&file.path, &text) {
                complain(&format!("{}: can't be written: {error}\n", file.path.display()));
                unusable = true;
            }
        }
    }
    match (unusable, changed > 0 && looks_only) {
        (true, _) => UNUSABLE,
        (false, true) => NO,
        (false, false) => GOOD,
    }
}

/// The text that formatting leaves as it is. A comment may stand elsewhere in the printed text, where it asks for another break of the line.
fn canonical(file: &File, original: &str) -> String {
    let mut text = print_file(file, original);
    // Each pass moves comments outwards only, so few are needed.
    for _ in 0..8 {
        let (file, slips) = parse(SourceId::default(), &text);
        // What does not read as it did must not take its place.
        if !slips.is_empty() {
            return original.to_owned();
        }
        let again = print_file(&file, &text);
        if again == text {
            break;
        }
        text = again;
    }
    text
}
