//! `skywatch explain`: the page of a code, or what a rule means.

use std::path::PathBuf;

#[cfg(feature = "engine")]
use super::over::Over;
use super::{GOOD, UNUSABLE, complain, complain_of, say};
use crate::diag::{Code, Diagnostic};
use crate::lint::{LINTS, find};
use crate::meaning;
use crate::pack::{Pack, load_together};
use crate::source::SourceMap;

/// Say what a finding's code or a lint means and what to do about it, or what a rule means, a sentence a clause.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch explain E0203
  skywatch explain untested-rule
  skywatch explain guardrail_changed rulepacks/ai-security
  skywatch explain 3f1c9a02 my-pack --archive archive      why this alert came, by the start of its id
  skywatch explain          all codes")]
pub(super) struct Arguments {
    /// A code as a finding shows it, `E0203`, the name of a lint, that of a rule or correlation, or, with `--archive`, an alert's id or eight
    /// characters or more of its start. Without, all codes are listed.
    name: Option<String>,
    /// The packs that have the rule.
    #[arg(value_name = "PACK")]
    packs: Vec<PathBuf>,
    #[cfg(feature = "engine")]
    #[command(flatten)]
    over: Over,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(wanted) = &arguments.name else {
        let lints = LINTS.iter().map(|lint| Code::Lint(&lint.about));
        let codes = Code::ALL.iter().copied().chain(lints);
        say(&codes.map(|code| format!("{}  {}\n", code.as_str(), code.title())).collect::<String>());
        return GOOD;
    };
    let lint = || find(wanted).map(|lint| Code::Lint(&lint.about));
    if let Some(code) = Code::find(wanted).or_else(lint) {
        say(&code.page());
        return GOOD;
    }
    let packs = load_together(&arguments.packs);
    let mut found = false;
    for sentences in packs.iter().filter_map(|pack| sentences(pack, wanted)) {
        say(&format!("{wanted}: {}\n", sentences.join("\n  ")));
        found = true;
    }
    if found {
        return GOOD;
    }
    #[cfg(feature = "engine")]
    if arguments.over.archive.is_some() {
        return of_alert(arguments, wanted);
    }
    for pack in &packs {
        complain_of(&pack.diagnostics, &pack.sources);
    }
    let unknown = |what: &str| Diagnostic::error(Code::BadArgument, format!("unknown {what} `{wanted}`"));
    let diagnostic = match packs.as_slice() {
        [] if wanted.starts_with(['E', 'e', 'W', 'w']) && wanted.ends_with(|c: char| c.is_ascii_digit()) => {
            let codes = Code::ALL.iter().map(|code| code.as_str());
            unknown("code").suggest(&wanted.to_uppercase(), codes.chain(LINTS.iter().map(|lint| lint.about.code)))
        }
        [] => unknown("code").help(format!("a rule is explained with its pack: `skywatch explain {wanted} PACK`")),
        packs => unknown("rule").suggest(wanted, packs.iter().flat_map(names)),
    };
    complain_of(&[diagnostic], &SourceMap::default());
    complain("");
    UNUSABLE
}

fn sentences(pack: &Pack, name: &str) -> Option<Vec<String>> {
    let rule = pack.resolved.rules.iter().find(|rule| rule.name == name);
    let correlation = pack.resolved.correlations.iter().find(|one| one.name == name);
    rule.map(|rule| meaning::of_rule(rule, pack)).or_else(|| correlation.map(meaning::of_correlation))
}

fn names(pack: &Pack) -> impl Iterator<Item = &str> {
    let rules = pack.resolved.rules.iter().map(|rule| rule.name.as_str());
    rules.chain(pack.resolved.correlations.iter().map(|one| one.name.as_str()))
}

/// Says why an alert of the packs came.
#[cfg(feature = "engine")]
fn of_alert(arguments: &Arguments, id: &str) -> u8 {
    super::private::no_core_dump();
    if arguments.packs.is_empty() {
        let message = "an alert is explained with the packs that gave it";
        let help = format!("`skywatch explain {id} PACK --archive DIR`");
        complain_of(&[Diagnostic::error(Code::BadArgument, message).help(help)], &SourceMap::default());
        return UNUSABLE;
    }
    let Some(packs) = super::packs(&arguments.packs) else { return UNUSABLE };
    let id = &id.to_lowercase();
    let short = id.len() < 8 || !id.chars().all(|c| c.is_ascii_hexdigit());
    for pack in packs.iter().filter(|_| !short) {
        match arguments.over.explained(pack, id) {
            Ok(None) => {}
            Ok(Some(text)) => {
                say(&text);
                return GOOD;
            }
            Err(diagnostic) => {
                complain_of(&[diagnostic], &pack.sources);
                return UNUSABLE;
            }
        }
    }
    let message = format!("the packs give no alert `{id}` over this archive");
    let help = "an id is 32 hexadecimal digits, of which eight are enough; the archive, its keys and the period must be those of the run";
    complain_of(&[Diagnostic::error(Code::BadArgument, message).help(help)], &SourceMap::default());
    UNUSABLE
}
