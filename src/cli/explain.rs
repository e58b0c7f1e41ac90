//! `skywatch explain`: the page of a code.

use super::{GOOD, UNUSABLE, complain, complain_of, say};
use crate::diag::{Code, Diagnostic};
use crate::source::SourceMap;

/// Say what a finding's code means and what to do about it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch explain E0203
  skywatch explain          all codes")]
pub(super) struct Arguments {
    /// As a finding shows it: `E0203`. Without, all codes are listed.
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(wanted) = &arguments.code else {
        let lines: Vec<String> =
            Code::ALL.iter().map(|code| format!("{}  {}\n", code.as_str(), code.title())).collect();
        say(&lines.concat());
        return GOOD;
    };
    if let Some(code) = Code::find(wanted) {
        say(code.page());
        return GOOD;
    }
    let known = Code::ALL.iter().map(|code| code.as_str());
    let diagnostic =
        Diagnostic::error(Code::BadArgument, format!("unknown code `{wanted}`")).suggest(&wanted.to_uppercase(), known);
    complain_of(&[diagnostic], &SourceMap::default());
    complain("");
    UNUSABLE
}
