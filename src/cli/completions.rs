//! `skywatch completions`: what a shell needs to complete verbs and flags.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{GOOD, say};

/// Print a script that completes verbs and flags in a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch completions bash > ~/.local/share/bash-completion/completions/skywatch
  skywatch completions zsh > ~/.zfunc/_skywatch
  skywatch completions fish > ~/.config/fish/completions/skywatch.fish")]
pub(super) struct Arguments {
    /// For which shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let mut script = Vec::new();
    let mut command = super::Arguments::command();
    let name = command.get_name().to_owned();
    generate(arguments.shell, &mut command, name, &mut script);
    say(&String::from_utf8_lossy(&script));
    GOOD
}
