//! Packs over an archive, for verbs that compare, count and explain alerts: takes the archive's arguments, gives the alerts that reach somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::keys::Keys;
use super::run::{content_told, size, withhold};
use super::{complain, time};
use crate::archive::Archive;
use crate::backtest::delivered;
use crate::diag::{Code, Diagnostic};
use crate::engine::{Engine, Limits, MEMORY, Period};
use crate::eval::{Alert, Range, RuleRun, Skipped, conclude};
use crate::ir::Rule;
use crate::meaning::of_correlation;
use crate::pack::Pack;
use crate::report::moment;
use crate::why::{Given, text, why};

/// Which logs.
#[derive(Debug, clap::Args)]
pub(super) struct Over {
    /// The archive's folder.
    #[arg(long, value_name = "DIR")]
    pub(super) archive: Option<PathBuf>,
    #[command(flatten)]
    keys: Keys,
    /// Judge windows that end after this time; without, from the archive's first day on.
    #[arg(long, value_parser = time, requires = "archive")]
    from: Option<i64>,
    /// Judge windows that end by this time; without, to the end of the archive's last day.
    #[arg(long, value_parser = time, requires = "archive")]
    to: Option<i64>,
    /// Most memory that the plans of a run may hold together. Without, 2 GiB.
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "archive")]
    memory: Option<usize>,
}

/// What a pack gave.
pub(super) struct Told {
    /// In their order; text of users is taken out.
    pub(super) alerts: Vec<Alert>,
    /// From when to when was judged, in microseconds: no further than the archive reaches.
    pub(super) period: (i64, i64),
    /// Whether every rule could be judged to its end.
    pub(super) whole: bool,
}

/// Opens an archive for a pack's rules.
pub(super) fn open<'p>(folder: &Path, keys: &Keys, limits: Limits, pack: &'p Pack) -> Result<Engine<'p>, Diagnostic> {
    let archive = Archive::open(folder, &pack.resolved.schema, keys.content()?)?;
    Engine::open(archive, &pack.resolved.schema, limits)
}

impl Over {
    fn engine<'p>(&self, pack: &'p Pack) -> Result<Engine<'p>, Diagnostic> {
        let limits = Limits { memory: self.memory.unwrap_or(MEMORY), ..Limits::default() };
        open(self.archive.as_deref().unwrap_or(Path::new("")), &self.keys, limits, pack)
    }

    fn period(&self) -> Period {
        Period::Between { from: self.from, to: self.to }
    }

    /// Runs a pack, and complains of what could not be judged. `state` names it where several are run.
    pub(super) fn alerts(&self, pack: &Pack, state: &str) -> Result<Told, Diagnostic> {
        let (rules, told) = showable(pack);
        if rules.len() < pack.resolved.rules.len() {
            let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            let out = pack.resolved.rules.iter().map(|rule| rule.name.as_str()).filter(|name| !names.contains(name));
            let out: Vec<&str> = out.collect();
            complain(&format!("{state}: left out, their alerts are told apart by text of users: {}\n", out.join(", ")));
        }
        let engine = self.engine(pack)?;
        let (first, last) = engine.archive().days().unwrap_or_default();
        let period = (self.from.unwrap_or(first).max(first), self.to.unwrap_or(last).min(last));
        let outcome = engine.run(&rules, &pack.id, self.period())?;
        let mut alerts = delivered(pack, outcome.alerts, period.1);
        withhold(&mut alerts, &told);
        complain(&unjudged(state, &outcome.runs));
        let whole = !outcome.runs.iter().any(|run| matches!(run.skipped, Some(Skipped::Failed(_))));
        Ok(Told { alerts, period, whole })
    }

    /// Says why an alert came, whose id begins so; of a correlation's why its members did.
    pub(super) fn explained(&self, pack: &Pack, id: &str) -> Result<Option<String>, Diagnostic> {
        let resolved = &pack.resolved;
        let (rules, _) = showable(pack);
        let engine = self.engine(pack)?;
        let mut alerts = engine.run(&rules, &pack.id, self.period())?.alerts;
        let end = self.to.or(engine.archive().days().map(|days| days.1)).unwrap_or_default();
        conclude(&mut alerts, &resolved.correlations, &resolved.mutes(), &pack.id, end);
        let mut wanted = alerts.iter().filter(|alert| alert.id.starts_with(id));
        let Some(first) = wanted.next() else { return Ok(None) };
        if wanted.next().is_some() {
            let message = format!("several alerts have an id that begins with `{id}`");
            return Err(Diagnostic::error(Code::BadArgument, message).help("give more of it"));
        }
        let mut out = String::new();
        let mut open = vec![first];
        // Correlations of correlations end at rules: none reads itself.
        while let Some(alert) = open.pop() {
            let muted = if alert.muted { ", muted: one before it was delivered" } else { "" };
            out.push_str(&format!("{} of {} at {}{muted}\n", alert.id, alert.rule, moment(alert.window.start)));
            open.extend(alert.members.iter().rev().filter_map(|id| alerts.iter().find(|other| other.id == *id)));
            if let Some(one) = resolved.correlations.iter().find(|one| one.name == alert.rule) {
                out.push_str(&format!("  {}\n", of_correlation(one).join("\n  ")));
            }
            if let Some(rule) = resolved.rules.iter().find(|rule| rule.name == alert.rule) {
                out.push_str(&of_alert(&engine, pack, rule, alert));
            }
        }
        Ok(Some(out))
    }
}

/// Why a rule's alert came.
fn of_alert(engine: &Engine<'_>, pack: &Pack, rule: &Rule, alert: &Alert) -> String {
    let Some(stream) = pack.resolved.schema.stream_of(rule.stream) else { return String::new() };
    // A window counts where it ends, an event where it is.
    let range = match rule.window.is_some() {
        true => Range { from: alert.window.end - 1, to: alert.window.end },
        false => Range { from: alert.window.start, to: alert.window.start + 1 },
    };
    let mut answer = why(engine, pack, rule, &Given::of_alert(alert, rule, stream), range, false);
    answer.cases.retain(|case| case.source == alert.source && case.event == alert.event && case.keys == alert.keys);
    answer.unasked.clear();
    answer.fewer.clear();
    text(&rule.name, &answer)
}

/// The rules that tell alerts apart by nothing that is to stay in its tier, and what else of their alerts is to be taken out.
fn showable(pack: &Pack) -> (Vec<Rule>, BTreeMap<String, Vec<String>>) {
    let mut rules = Vec::new();
    let mut told = BTreeMap::new();
    for rule in &pack.resolved.rules {
        if let Ok(of_rule) = content_told(false, pack, std::slice::from_ref(rule)) {
            told.extend(of_rule);
            rules.push(rule.clone());
        }
    }
    (rules, told)
}

/// Rules that could not be judged to their end, or not everywhere, and those that no log of the archive can show.
fn unjudged(state: &str, runs: &[RuleRun]) -> String {
    let mut out = String::new();
    let mut judged: BTreeMap<&str, bool> = BTreeMap::new();
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    for run in runs {
        *judged.entry(&run.rule).or_default() |= run.skipped.is_none();
        if run.short_past.is_some() || !run.undecided.is_empty() {
            unknown.insert(&run.rule);
        }
        if let Some(Skipped::Failed(why)) = &run.skipped {
            out.push_str(&format!("{state}: {} FAILED on {}: {}\n", run.rule, run.source, why.message));
        }
    }
    let never: BTreeSet<&str> = judged.iter().filter(|(_, judged)| !**judged).map(|(rule, _)| *rule).collect();
    for (what, names) in [
        ("undecided for a part of the time, `skywatch run` says when and why", unknown),
        ("not judged, this archive has no log that shows it", never),
    ] {
        if !names.is_empty() {
            out.push_str(&format!("{state}: {what}: {}\n", names.into_iter().collect::<Vec<_>>().join(", ")));
        }
    }
    out
}
