//! `skywatch diff`: what changed in meaning between two states of a pack.

use std::path::PathBuf;

#[cfg(feature = "engine")]
use super::over::Over;
#[cfg(feature = "engine")]
use super::private::no_core_dump;
use super::revision::State;
use super::{GOOD, NO, Report, UNUSABLE, complain_of, say, state};
#[cfg(feature = "engine")]
use crate::changes::AlertChanges;
use crate::changes::{Changes, markdown, text, to_json};
use crate::pack::Pack;
use crate::source::SourceMap;

/// Say what changed in meaning between two states of a pack: which rules, which emitted queries and verdicts, and, over an archive, which alerts
/// appear and disappear. What is only written otherwise is no change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch diff old-pack new-pack
  skywatch diff main rulepacks/ai-security                         the pack in a git revision, and now
  skywatch diff v1.0:rulepacks/ai-security v1.1:rulepacks/ai-security
  skywatch diff main my-pack --format markdown > comment.md        for a pull request
  skywatch diff main my-pack --archive archive                     and what its alerts become")]
pub(super) struct Arguments {
    /// A path, a git revision, or REVISION:PATH.
    old: String,
    /// Likewise.
    new: String,
    #[cfg(feature = "engine")]
    #[command(flatten)]
    over: Over,
    /// Packs that are used together with it, whose exceptions act on its rules.
    #[arg(long, value_name = "PACK")]
    with: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Report,
    /// Exit with 1 where something changed.
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    #[cfg(feature = "engine")]
    no_core_dump();
    let Arguments { old, new, .. } = arguments;
    let states = State::find(old, new).and_then(|before| Ok((before, State::find(new, old)?)));
    let (before, after) = match states {
        Ok(states) => states,
        Err(diagnostic) => {
            complain_of(&[*diagnostic], &SourceMap::default());
            return UNUSABLE;
        }
    };
    let load = |at: &State| state(&at.path, &arguments.with);
    let (Some(before), Some(after)) = (load(&before), load(&after)) else { return UNUSABLE };
    let mut changes = Changes::between(&before, &after);
    if let Err(status) = compare_alerts(arguments, &before, &after, &mut changes) {
        return status;
    }
    match arguments.format {
        Report::Text => say(&text(&changes)),
        Report::Json => say(&format!("{}\n", to_json(&changes))),
        Report::Markdown => say(&markdown(&changes)),
    }
    if arguments.exit_code && !changes.is_empty() { NO } else { GOOD }
}

/// Runs both states over the archive, where one is given.
#[cfg(feature = "engine")]
fn compare_alerts(arguments: &Arguments, before: &Pack, after: &Pack, changes: &mut Changes) -> Result<(), u8> {
    if arguments.over.archive.is_none() {
        return Ok(());
    }
    let over = |pack: &Pack, state: &str| {
        arguments.over.alerts(pack, state).map_err(|diagnostic| {
            complain_of(&[diagnostic], &pack.sources);
            UNUSABLE
        })
    };
    let (before, after) = (over(before, &arguments.old)?, over(after, &arguments.new)?);
    if !(before.whole && after.whole) {
        return Err(UNUSABLE);
    }
    let (before, after) = (before.alerts, after.alerts);
    changes.alerts = Some(AlertChanges::between(before, after, &changes.renamed()));
    Ok(())
}

/// Without the engine there are no archives.
#[cfg(not(feature = "engine"))]
fn compare_alerts(_: &Arguments, _: &Pack, _: &Pack, _: &mut Changes) -> Result<(), u8> {
    Ok(())
}
