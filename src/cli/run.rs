//! `skywatch run`: rules over an archive.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::keys::Keys;
use super::private::no_core_dump;
use super::{Format, GOOD, NO, UNUSABLE, complain, complain_of, packs, say, time};
use crate::archive::{Archive, day_text};
use crate::diag::{Code, Diagnostic, to_json};
use crate::engine::{Engine, Limits, Period, RuleRun, Skipped};
use crate::eval::Alert;
use crate::ir::{Level, Rule};
use crate::pack::Pack;
use crate::report::{json_lines, table};
use crate::source::SourceMap;

/// Run rules over an archive.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  skywatch run rulepacks/ai-security --archive archive
  skywatch run rulepacks/ai-security --archive archive --from 2026-11-02 --to 2026-11-03 --format json
  skywatch run rulepacks/ai-security --archive archive --at 2026-11-02T10:07:00Z --fail-on high

Windows that end in (from, to] are judged. The result depends on the archive and the arguments only.")]
pub(super) struct Arguments {
    /// Folders with a pack.toml, or single .sky files.
    #[arg(required = true, value_name = "PACK")]
    packs: Vec<PathBuf>,
    /// The archive's folder.
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    #[command(flatten)]
    keys: Keys,
    /// Judge windows that end after this time; without, from the archive's first day on.
    #[arg(long, value_parser = time)]
    from: Option<i64>,
    /// Judge windows that end by this time; without, to the end of the archive's last day.
    #[arg(long, value_parser = time)]
    to: Option<i64>,
    /// Judge, for each rule, the last window that ended by this time; for a rule without `over`, the last five minutes that did.
    #[arg(long, value_parser = time, conflicts_with_all = ["from", "to"])]
    at: Option<i64>,
    /// Only this rule.
    #[arg(long)]
    rule: Option<String>,
    /// How alerts are printed: a table, or one JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 1 where an alert is at least this severe.
    #[arg(long, value_name = "SEVERITY", value_parser = level)]
    fail_on: Option<Level>,
    /// Write the end report as JSON into this file.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

fn level(text: &str) -> Result<Level, String> {
    Level::find(text).ok_or_else(|| format!("expected {}", Level::ALL.map(Level::text).join(", ")))
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    no_core_dump();
    let Some(packs) = packs(&arguments.packs) else { return UNUSABLE };
    let rules = || packs.iter().flat_map(|pack| &pack.resolved.rules);
    if let Some(name) = arguments.rule.as_ref().filter(|name| !rules().any(|rule| rule.name == **name)) {
        let known = rules().map(|rule| rule.name.as_str());
        let diagnostic = Diagnostic::error(Code::BadArgument, format!("unknown rule `{name}`")).suggest(name, known);
        complain_of(&[diagnostic], &SourceMap::default());
        return UNUSABLE;
    }
    let (mut alerts, mut runs) = (Vec::new(), Vec::new());
    for pack in &packs {
        match judge(arguments, pack) {
            Ok((mut some, of_pack)) => {
                alerts.append(&mut some);
                runs.extend(of_pack.into_iter().map(|run| (pack, run)));
            }
            Err(diagnostic) => {
                complain_of(&[diagnostic], &pack.sources);
                return UNUSABLE;
            }
        }
    }
    // Packs share one order, whatever their own is.
    if packs.len() > 1 {
        alerts.sort_by(|a, b| a.order().cmp(&b.order()));
    }
    match arguments.format {
        Format::Json => say(&json_lines(&alerts)),
        Format::Text if alerts.is_empty() => {}
        Format::Text => say(&table(&alerts)),
    }
    complain(&report(&alerts, &runs));
    if let Some(path) = &arguments.summary
        && let Err(error) = std::fs::write(path, format!("{}\n", summary(&alerts, &runs)))
    {
        complain(&format!("{}: can't be written: {error}\n", path.display()));
        return UNUSABLE;
    }
    let failed = arguments.fail_on.is_some_and(|level| alerts.iter().any(|alert| alert.severity >= level));
    if failed { NO } else { GOOD }
}

fn judge(arguments: &Arguments, pack: &Pack) -> Result<(Vec<Alert>, Vec<RuleRun>), Diagnostic> {
    let chosen = |rule: &&Rule| arguments.rule.as_ref().is_none_or(|name| rule.name == *name);
    let rules: Vec<Rule> = pack.resolved.rules.iter().filter(chosen).cloned().collect();
    let period = match arguments.at {
        Some(at) => Period::At(at),
        None => Period::Between { from: arguments.from, to: arguments.to },
    };
    let archive = Archive::open(&arguments.archive, &pack.resolved.schema, arguments.keys.content()?)?;
    let engine = Engine::open(archive, &pack.resolved.schema, Limits::default())?;
    let outcome = engine.run(&rules, &pack.id, period)?;
    Ok((outcome.alerts, outcome.runs))
}

/// The end report: how many alerts, what was lost to missing keys, and what was not run and why.
fn report(alerts: &[Alert], runs: &[(&Pack, RuleRun)]) -> String {
    let counts: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|level| (level, alerts.iter().filter(|alert| alert.severity == *level).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(level, count)| format!("{count} {}", level.text()))
        .collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    let mut text = format!("{} alerts{counts}\n", alerts.len());
    for (_, run) in runs.iter().filter(|(_, run)| run.lost_to_missing_keys > 0) {
        let lost = match run.lost_to_missing_keys {
            1 => "1 event lacks a group key and was".to_owned(),
            lost => format!("{lost} events lack a group key and were"),
        };
        text.push_str(&format!("{} on {}: {lost} not counted\n", run.rule, run.source));
    }
    for (_, run) in runs.iter().filter(|(_, run)| !run.left_out.is_empty()) {
        let names = run.left_out.join(", ");
        text.push_str(&format!("{} on {}: without {names}, which these logs do not carry\n", run.rule, run.source));
    }
    for (_, run) in runs.iter().filter(|(_, run)| !run.undecided.is_empty()) {
        text.push_str(&format!("{} on {}: undecided on {}\n", run.rule, run.source, undecided(run)));
    }
    for (_, run) in runs {
        match &run.skipped {
            Some(Skipped::Absent(reasons)) => {
                for reason in reasons {
                    let why = reason.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default();
                    text.push_str(&format!("{} not run on {}: {}{why}\n", run.rule, run.source, reason.message));
                }
            }
            Some(Skipped::Failed(reason)) => {
                text.push_str(&format!("{} FAILED on {}: {}\n", run.rule, run.source, reason.message));
            }
            Some(Skipped::NoRows | Skipped::NeverFires) | None => {}
        }
    }
    text
}

/// Days on which a rule can't be judged, with the fields that the archive lacks there.
fn undecided(run: &RuleRun) -> String {
    let days = run.undecided.iter().map(|(day, field)| format!("{} (no `{field}`)", day_text(*day)));
    days.collect::<Vec<_>>().join(", ")
}

fn summary(alerts: &[Alert], runs: &[(&Pack, RuleRun)]) -> Value {
    let run = |(pack, run): &(&Pack, RuleRun)| {
        let (skipped, reasons) = match &run.skipped {
            None => (Value::Null, Vec::new()),
            Some(Skipped::NoRows) => (json!("no rows"), Vec::new()),
            Some(Skipped::NeverFires) => (json!("never fires"), Vec::new()),
            Some(Skipped::Absent(reasons)) => (json!("absent"), to_json(reasons, &pack.sources)),
            Some(Skipped::Failed(reason)) => (json!("failed"), to_json(std::slice::from_ref(reason), &pack.sources)),
        };
        json!({
            "pack": pack.id, "rule": run.rule, "source": run.source, "lost_to_missing_keys": run.lost_to_missing_keys,
            "left_out": run.left_out,
            "undecided": run.undecided.iter().map(|(day, field)| json!({ "day": day_text(*day), "lacks": field })).collect::<Vec<_>>(),
            "skipped": skipped, "reasons": reasons,
        })
    };
    json!({ "format": 1, "alerts": alerts.len(), "runs": runs.iter().map(run).collect::<Vec<_>>() })
}
