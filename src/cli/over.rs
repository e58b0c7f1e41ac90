//! Packs over an archive, for verbs that compare and count alerts: takes the archive's arguments, gives the alerts that reach somebody.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::keys::Keys;
use super::run::{content_told, size, withhold};
use super::{complain, time};
use crate::archive::Archive;
use crate::backtest::delivered;
use crate::diag::Diagnostic;
use crate::engine::{Engine, Limits, MEMORY, Period};
use crate::eval::correlate::correlate_all;
use crate::eval::mute::{Delivered, mute};
use crate::eval::{Alert, Range, RuleRun, Skipped};
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
    /// From when to when was judged, in microseconds.
    pub(super) period: (i64, i64),
}

impl Over {
    fn engine<'p>(&self, pack: &'p Pack) -> Result<Engine<'p>, Diagnostic> {
        let folder = self.archive.as_deref().unwrap_or_else(|| std::path::Path::new(""));
        let archive = Archive::open(folder, &pack.resolved.schema, self.keys.content()?)?;
        let limits = Limits { memory: self.memory.unwrap_or(MEMORY), ..Limits::default() };
        Engine::open(archive, &pack.resolved.schema, limits)
    }

    /// Says why an alert came, whose id begins so; of a correlation's why its members did.
    pub(super) fn explained(&self, pack: &Pack, id: &str) -> Result<Option<String>, Diagnostic> {
        let resolved = &pack.resolved;
        content_told(false, pack, &resolved.rules)?;
        let engine = self.engine(pack)?;
        let outcome = engine.run(&resolved.rules, &pack.id, Period::Between { from: self.from, to: self.to })?;
        let mut alerts = outcome.alerts;
        let end = self.to.or(engine.archive().days().map(|days| days.1)).unwrap_or_default();
        correlate_all(&resolved.correlations, &mut alerts, &pack.id, end);
        mute(&mut alerts, &resolved.mutes(), &mut Delivered::new());
        let Some(wanted) = alerts.iter().find(|alert| alert.id.starts_with(id)) else { return Ok(None) };
        let mut out = String::new();
        let mut open = vec![wanted];
        // Correlations of correlations end at rules: none reads itself.
        while let Some(alert) = open.pop() {
            let muted = if alert.muted { ", and is muted: one before it was delivered" } else { "" };
            out.push_str(&format!("{} of {} at {}{muted}\n", alert.id, alert.rule, moment(alert.window.start)));
            open.extend(alert.members.iter().rev().filter_map(|id| alerts.iter().find(|other| other.id == *id)));
            if let Some(one) = resolved.correlations.iter().find(|one| one.name == alert.rule) {
                out.push_str(&format!("  {}\n", of_correlation(one).join("\n  ")));
            }
            let rule = resolved.rules.iter().find(|rule| rule.name == alert.rule);
            let Some((rule, stream)) = rule.and_then(|r| Some((r, resolved.schema.stream_of(r.stream)?))) else {
                continue;
            };
            // A window counts where it ends, an event where it is.
            let range = match rule.window.is_some() {
                true => Range { from: alert.window.end - 1, to: alert.window.end },
                false => Range { from: alert.window.start, to: alert.window.start + 1 },
            };
            let mut answer = why(&engine, pack, rule, &Given::of_alert(alert, rule, stream), range, false);
            answer.cases.retain(|case| case.source == alert.source);
            answer.unasked.clear();
            out.push_str(&text(&rule.name, &answer));
        }
        Ok(Some(out))
    }

    /// Runs a pack, and complains of what could not be judged.
    pub(super) fn alerts(&self, pack: &Pack) -> Result<Told, Diagnostic> {
        let told = content_told(false, pack, &pack.resolved.rules)?;
        let engine = self.engine(pack)?;
        let whole = engine.archive().days().unwrap_or_default();
        let period = (self.from.unwrap_or(whole.0), self.to.unwrap_or(whole.1));
        let outcome = engine.run(&pack.resolved.rules, &pack.id, Period::Between { from: self.from, to: self.to })?;
        let mut alerts = delivered(pack, outcome.alerts, period.1);
        withhold(&mut alerts, &told);
        complain(&unjudged(&pack.id, &outcome.runs));
        Ok(Told { alerts, period })
    }
}

/// Rules that could not be judged to their end, and those that no log of the archive can show.
fn unjudged(pack: &str, runs: &[RuleRun]) -> String {
    let mut out = String::new();
    let mut judged: BTreeMap<&str, bool> = BTreeMap::new();
    for run in runs {
        *judged.entry(&run.rule).or_default() |= run.skipped.is_none();
        if let Some(Skipped::Failed(why)) = &run.skipped {
            out.push_str(&format!("{pack}: {} FAILED on {}: {}\n", run.rule, run.source, why.message));
        }
    }
    let never: Vec<&str> = judged.iter().filter(|(_, judged)| !**judged).map(|(rule, _)| *rule).collect();
    if !never.is_empty() {
        out.push_str(&format!("{pack}: not judged on any log, `skywatch run` says why: {}\n", never.join(", ")));
    }
    out
}
