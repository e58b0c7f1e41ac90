//! The command line: the only place that touches arguments, terminal and environment.
//!
//! Exit status: 0; 1 where a check, test or `--fail-on` says no; 2 for packs with errors, unreadable input and bad usage.

#[cfg(feature = "engine")]
mod archive;
#[cfg(feature = "engine")]
mod backtest;
mod check;
mod completions;
#[cfg(feature = "engine")]
mod cost;
mod coverage;
mod diff;
mod doc;
mod emit;
mod emulate;
mod explain;
mod fmt;
#[cfg(feature = "engine")]
mod ingest;
#[cfg(feature = "engine")]
mod keys;
mod man;
mod new;
#[cfg(feature = "engine")]
mod over;
#[cfg(feature = "engine")]
mod private;
mod revision;
mod rewrite;
mod run;
mod test;
mod watch;

use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, Subcommand, ValueEnum};

use crate::diag::{Code, Diagnostic, render};
use crate::pack::{Pack, load_together};
use crate::source::SourceMap;

/// All went well.
const GOOD: u8 = 0;
/// A check said no.
const NO: u8 = 1;
/// Unusable input.
const UNUSABLE: u8 = 2;

/// Detection rules for AI services: written once, run on archives, emitted as queries of the clouds.
#[derive(Debug, Parser)]
#[command(
    name = "skywatch",
    version,
    about,
    after_help = "Examples:
  skywatch check rulepacks/ai-security
  skywatch new my-rules
  skywatch emit rulepacks/ai-security --to kql --rule guardrail_changed
  skywatch coverage rulepacks/ai-security --by target
  skywatch ingest --source aws.bedrock logs/*.json.gz --archive archive
  skywatch run rulepacks/ai-security --archive archive
  skywatch explain E0401"
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[cfg(feature = "engine")]
    Archive(archive::Arguments),
    #[cfg(feature = "engine")]
    Backtest(backtest::Arguments),
    Check(check::Arguments),
    Completions(completions::Arguments),
    Coverage(coverage::Arguments),
    Diff(diff::Arguments),
    Doc(doc::Arguments),
    Emit(emit::Arguments),
    Emulate(emulate::Arguments),
    Explain(explain::Arguments),
    Fmt(fmt::Arguments),
    #[cfg(feature = "engine")]
    Ingest(ingest::Arguments),
    Man(man::Arguments),
    New(new::Arguments),
    #[cfg(feature = "engine")]
    Retain(archive::Retain),
    Run(run::Arguments),
    Test(test::Arguments),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// For programs.
    Json,
}

/// How reports are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// Reads the arguments, does what they say, gives the exit status.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let status = match arguments.verb {
        #[cfg(feature = "engine")]
        Verb::Archive(arguments) => archive::run(&arguments),
        #[cfg(feature = "engine")]
        Verb::Backtest(arguments) => backtest::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Completions(arguments) => completions::run(&arguments),
        Verb::Coverage(arguments) => coverage::run(&arguments),
        Verb::Diff(arguments) => diff::run(&arguments),
        Verb::Doc(arguments) => doc::run(&arguments),
        Verb::Emit(arguments) => emit::run(&arguments),
        Verb::Emulate(arguments) => emulate::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Fmt(arguments) => fmt::run(&arguments),
        #[cfg(feature = "engine")]
        Verb::Ingest(arguments) => ingest::run(&arguments),
        Verb::Man(arguments) => man::run(&arguments),
        Verb::New(arguments) => new::run(&arguments),
        #[cfg(feature = "engine")]
        Verb::Retain(arguments) => archive::run_retain(&arguments),
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Test(arguments) => test::run(&arguments),
    };
    ExitCode::from(if UNSAID.load(Ordering::Relaxed) { UNUSABLE } else { status })
}

/// Whether something could not be printed, so that the exit status must not promise anything.
static UNSAID: AtomicBool = AtomicBool::new(false);

/// Prints to standard output. A reader that went away needs no more of it, and changes nothing about the exit status.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = said.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
        && !UNSAID.swap(true, Ordering::Relaxed)
    {
        complain(&format!("standard output: can't be written: {error}\n"));
    }
}

/// Prints a report; whether it could be written as XML.
fn say_xml(report: Result<String, quick_junit::SerializeError>) -> bool {
    match report {
        Ok(report) => {
            say(&report);
            true
        }
        Err(error) => {
            complain(&format!("the report can't be written as XML: {error}\n"));
            false
        }
    }
}

/// Prints to standard error.
fn complain(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn complain_of(diagnostics: &[Diagnostic], sources: &SourceMap) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    complain(&render(diagnostics, sources, color));
}

/// What was found is printed; where it says no, so does the exit status.
#[cfg(feature = "engine")]
fn finish(done: Result<(String, bool), Diagnostic>) -> u8 {
    match done {
        Ok((text, good)) => {
            say(&text);
            if good { GOOD } else { NO }
        }
        Err(diagnostic) => {
            complain_of(&[diagnostic], &SourceMap::default());
            UNUSABLE
        }
    }
}

/// Reads packs that a verb needs whole; those with errors are complained of, and then there is nothing.
fn packs(paths: &[PathBuf]) -> Option<Vec<Pack>> {
    let packs = load_together(paths);
    let mut broken = false;
    for pack in &packs {
        complain_of(&pack.diagnostics, &pack.sources);
        broken |= crate::diag::has_errors(&pack.diagnostics);
    }
    let mut ids = BTreeSet::new();
    for pack in packs.iter().filter(|pack| !ids.insert(pack.id.as_str())) {
        // Alerts and files carry the id: two packs of one name could not be told apart.
        let twice = Diagnostic::error(Code::BadArgument, format!("two packs have the id `{}`", pack.id))
            .help("name each pack once; `id` in pack.toml tells packs apart");
        complain_of(&[twice], &SourceMap::default());
        broken = true;
    }
    (!broken).then_some(packs)
}

/// Reads one state of a pack, together with packs whose exceptions act on it.
fn state(path: &std::path::Path, beside: &[PathBuf]) -> Option<Pack> {
    let paths: Vec<PathBuf> = [path.to_owned()].into_iter().chain(beside.iter().cloned()).collect();
    packs(&paths)?.into_iter().next()
}

/// Reads a time argument: `2026-01-31` or RFC 3339, in UTC; microseconds.
fn time(text: &str) -> Result<i64, String> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .and_then(|d| d.and_hms_opt(0, 0, 0))
        .map(|t| t.and_utc());
    let minute = || chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").ok().map(|t| t.and_utc());
    date.or_else(minute)
        .or_else(|| chrono::DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc()))
        .map(|t| t.timestamp_micros())
        .ok_or_else(|| "expected `2026-01-31` or `2026-01-31T23:59:00Z`".to_owned())
}
