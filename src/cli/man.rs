//! `skywatch man`: a manual page for the program and one for each verb.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_mangen::generate_to;

use super::{GOOD, UNUSABLE, complain};

/// Write manual pages: `skywatch.1`, and one for each verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch man --out ~/.local/share/man/man1
  skywatch man --out man && man -l man/skywatch-check.1")]
pub(super) struct Arguments {
    /// The folder that the pages are written into.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let program = super::Arguments::command().disable_help_subcommand(true);
    let written = std::fs::create_dir_all(&arguments.out).and_then(|()| generate_to(program, &arguments.out));
    match written {
        Ok(()) => GOOD,
        Err(error) => {
            complain(&format!("{}: can't be written: {error}\n", arguments.out.display()));
            UNUSABLE
        }
    }
}
