//! `skywatch backtest`: how many alerts a pack gives over past days, against its budget, and against another state of it.

use std::path::PathBuf;

use super::over::Over;
use super::private::no_core_dump;
use super::revision::State;
use super::{GOOD, NO, Report, UNUSABLE, complain, complain_of, say, state};
use crate::backtest::{Backtest, markdown, text, to_json};
use crate::changes::{AlertChanges, Changes};
use crate::diag::{Code, Diagnostic};
use crate::pack::Pack;
use crate::source::SourceMap;

/// Count the alerts of a pack over an archive, by rule and day. Where `[budget]` in pack.toml allows fewer, the exit status is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch backtest rulepacks/ai-security --archive archive
  skywatch backtest my-pack --archive archive --from 2026-11-01 --to 2026-12-01 --format markdown
  skywatch backtest my-pack --archive archive --against main        beside the state of a git revision

In pack.toml:
  [budget]
  day = 40                     of the whole pack, on any day
  rule = 5                     of each rule
  rules.token_use = 200        of this one")]
pub(super) struct Arguments {
    /// A folder with a pack.toml, or a .sky file.
    pack: String,
    #[command(flatten)]
    over: Over,
    /// Another state of the pack: a path, a git revision, or REVISION:PATH. Says which alerts are there in one state only.
    #[arg(long, value_name = "STATE")]
    against: Option<String>,
    /// Packs that are used together with it, whose exceptions act on its rules.
    #[arg(long, value_name = "PACK")]
    with: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Report,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    no_core_dump();
    if arguments.over.archive.is_none() {
        let message = "a backtest is over an archive";
        let diagnostic =
            Diagnostic::error(Code::BadArgument, message).help("`--archive DIR`; `skywatch ingest` makes one");
        complain_of(&[diagnostic], &SourceMap::default());
        return UNUSABLE;
    }
    let states = State::find(&arguments.pack, &arguments.pack).and_then(|now| {
        Ok((now, arguments.against.as_ref().map(|state| State::find(state, &arguments.pack)).transpose()?))
    });
    let (now, before) = match states {
        Ok(states) => states,
        Err(diagnostic) => {
            complain_of(&[*diagnostic], &SourceMap::default());
            return UNUSABLE;
        }
    };
    let Some(pack) = state(&now.path, &arguments.with) else { return UNUSABLE };
    let other = before.as_ref().map(|before| state(&before.path, &arguments.with));
    if matches!(other, Some(None)) {
        return UNUSABLE;
    }
    match judged(arguments, &pack, other.flatten().as_ref()) {
        Ok(good) => good,
        Err((diagnostic, pack)) => {
            complain_of(&[*diagnostic], &pack.sources);
            UNUSABLE
        }
    }
}

fn judged<'a>(
    arguments: &Arguments,
    pack: &'a Pack,
    other: Option<&'a Pack>,
) -> Result<u8, (Box<Diagnostic>, &'a Pack)> {
    let over = |pack: &'a Pack, state: &str| {
        arguments.over.alerts(pack, state).map_err(|diagnostic| (Box::new(diagnostic), pack))
    };
    let told = over(pack, &arguments.pack)?;
    let mut whole = told.whole;
    let test = Backtest::of(pack, &told.alerts, told.period.0, told.period.1);
    let against = match other {
        None => None,
        Some(other) => {
            let renamed = Changes::between(other, pack).renamed();
            let before = over(other, arguments.against.as_deref().unwrap_or_default())?;
            whole &= before.whole;
            Some(AlertChanges::between(before.alerts, told.alerts, &renamed))
        }
    };
    match arguments.format {
        Report::Text => say(&text(&test, against.as_ref())),
        Report::Json => say(&format!("{}\n", to_json(&test, against.as_ref()))),
        Report::Markdown => say(&markdown(&test, against.as_ref())),
    }
    let over = test.over_budget();
    over.iter().for_each(|line| complain(&format!("{line}\n")));
    // What could not be judged may be too loud as well.
    Ok(if !whole {
        UNUSABLE
    } else if over.is_empty() {
        GOOD
    } else {
        NO
    })
}
