//! Runs: takes rules and an archive and a period, gives alerts, and of each rule what it lost and why it was not run.

use std::collections::BTreeMap;

use datafusion::common::DataFusionError;

use super::held::Held;
use super::plan::{self, RulePlan};
use super::session::{Limits, Session};
use super::{errors, findings, table, windows};
use crate::archive::{Archive, ArchiveFile, DAY};
use crate::bind::{ForSource, admits};
use crate::diag::Diagnostic;
use crate::eval::alert::{Alert, finish};
use crate::eval::clock::time_text;
use crate::eval::{Outcome, Range, Run};
use crate::ir::{EVENT_RULE_STEP, Rule, Source, Stream};
use crate::schema::Schema;

/// Which windows, and for rules without `over` which events, a run judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Windows that end in (from, to], events in [from, to). What is not given is the first or last end of the archive's whole days.
    Between {
        /// The start.
        from: Option<i64>,
        /// The end.
        to: Option<i64>,
    },
    /// For each rule the last window that ended by this time; for rules without `over` the events of the last whole five minutes.
    At(i64),
}

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunOutcome {
    /// In their order.
    pub alerts: Vec<Alert>,
    /// Every rule on every source of its stream that it admits, in the order of the rules, then by source.
    pub runs: Vec<RuleRun>,
}

/// What became of a rule on a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRun {
    /// The rule's name.
    pub rule: String,
    /// The source's name.
    pub source: String,
    /// Events of judged windows that were not counted because they lack a group key.
    pub lost_to_missing_keys: u64,
    /// What the source can't show or measure, by name; alerts have it missing.
    pub left_out: Vec<String>,
    /// Days since 1970 that it can't be judged on, each with the field that its logs were archived without.
    pub undecided: BTreeMap<i64, String>,
    /// Why it was not run, or not to its end; it has no alerts then.
    pub skipped: Option<Skipped>,
}

/// Why a rule has nothing to say of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// The archive has no rows of it in the period.
    NoRows,
    /// None of its operations is of the source's cloud.
    NeverFires,
    /// It reads what the source does not carry.
    Absent(Vec<Diagnostic>),
    /// It could not be run to its end.
    Failed(Diagnostic),
}

/// What [`Engine::judge`] gives.
type Judged = (Outcome, Vec<String>, BTreeMap<i64, String>);

/// An archive, open to rules.
#[derive(Debug)]
pub struct Engine<'s> {
    schema: &'s Schema,
    archive: Archive,
    session: Session,
    limits: Limits,
}

impl<'s> Engine<'s> {
    /// Rules over an archive, which was opened with this schema.
    ///
    /// # Errors
    /// A machine without threads or temporary files.
    pub fn open(archive: Archive, schema: &'s Schema, limits: Limits) -> Result<Engine<'s>, Diagnostic> {
        let session = Session::new(limits, Some(&archive)).map_err(|cause| errors::no_session(&cause))?;
        Ok(Engine { schema, archive, session, limits })
    }

    /// The archive.
    #[must_use]
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Runs rules of a pack over the archive.
    ///
    /// # Errors
    /// A period without time in it.
    pub fn run(&self, rules: &[Rule], pack: &str, period: Period) -> Result<RunOutcome, Diagnostic> {
        let sources = self.archive.sources();
        let coverage = sources.iter().map(|source| (source.source.clone(), source.days.0)).collect();
        let whole = self.archive.days().unwrap_or_default();
        if let Period::Between { from, to } = period {
            let (from, to) = (from.unwrap_or(whole.0), to.unwrap_or(whole.1));
            if from >= to && self.archive.days().is_some() {
                return Err(errors::empty_range(&time_text(from), &time_text(to)));
            }
        }
        let mut outcome = RunOutcome::default();
        for rule in rules {
            let run = Run { pack, range: range(rule, period, whole), coverage: &coverage };
            for source in self.schema.sources.iter().filter(|source| admits(rule, source)) {
                let ((found, left_out, undecided), skipped) = match self.judge(rule, source, &run) {
                    Ok(found) => (found, None),
                    Err(why) => (Default::default(), Some(why)),
                };
                outcome.alerts.extend(found.alerts);
                outcome.runs.push(RuleRun {
                    rule: rule.name.clone(),
                    source: source.name.clone(),
                    lost_to_missing_keys: found.lost_to_missing_keys,
                    left_out,
                    undecided,
                    skipped,
                });
            }
        }
        finish(pack, &mut outcome.alerts);
        Ok(outcome)
    }

    /// How DataFusion would run a rule on a source: its physical plan as text.
    ///
    /// # Errors
    /// Why it would not run.
    pub fn explain(&self, rule: &Rule, source: &Source, period: Period) -> Result<String, Skipped> {
        let range = range(rule, period, self.archive.days().unwrap_or_default());
        let prepared = self.prepare(rule, source, range)?;
        self.session.explain(&prepared.plan).map_err(|cause| self.failed(rule, source, &cause))
    }

    /// What was found, the names of what was left out, and the days that were.
    fn judge(&self, rule: &Rule, source: &Source, run: &Run<'_>) -> Result<Judged, Skipped> {
        let prepared = self.prepare(rule, source, run.range)?;
        let rows = self.session.collect(&prepared.plan);
        let found = rows.and_then(|rows| findings::outcome(&prepared.rule, prepared.stream, &source.name, run, &rows));
        let mut found = found.map_err(|cause| self.failed(rule, source, &cause))?;
        found.alerts.retain(|alert| prepared.decides(alert));
        Ok((found, prepared.left_out, prepared.undecided))
    }

    fn failed(&self, rule: &Rule, source: &Source, cause: &DataFusionError) -> Skipped {
        Skipped::Failed(errors::failed(rule, &source.name, self.limits.memory, cause))
    }

    /// The rule as it is judged on the source, and its plan over the files that have rows for it.
    fn prepare(&self, rule: &Rule, source: &Source, range: Range) -> Result<Prepared<'_>, Skipped> {
        let Some(stream) = self.schema.stream_of(rule.stream) else { return Err(Skipped::NoRows) };
        let (from, to) = windows::times(rule, range);
        let holds = |file: &&ArchiveFile| {
            let coverage = &file.entry.coverage;
            coverage.source == source.name && coverage.first < to && coverage.last >= from
        };
        let files: Vec<&ArchiveFile> = self.archive.files(rule.stream).iter().filter(holds).collect();
        let held = Held::new(&self.archive, source, stream, files);
        let (rule, left_out) = match held.rule(rule) {
            ForSource::Rule(rule, left_out) => (rule, left_out),
            ForSource::Refused(why) => return Err(Skipped::Absent(why)),
            ForSource::Never => return Err(Skipped::NeverFires),
        };
        let (files, undecided) = held.files(&rule);
        if files.is_empty() {
            return Err(Skipped::NoRows);
        }
        let tier = plan::tier(&rule, stream);
        let plan = table::files(self.archive.root(), &files, stream, tier, &self.session.parquet_options())
            .and_then(|table| RulePlan::new(&rule, stream, &source.name, table, range));
        match plan {
            Ok(plan) => Ok(Prepared { rule, stream, plan, left_out, undecided }),
            Err(cause) => Err(self.failed(&rule, source, &cause)),
        }
    }
}

/// A rule on a source, ready to run.
struct Prepared<'s> {
    rule: Box<Rule>,
    stream: &'s Stream,
    plan: RulePlan,
    /// By name.
    left_out: Vec<String>,
    /// Days since 1970, each with a field that it lacks.
    undecided: BTreeMap<i64, String>,
}

impl Prepared<'_> {
    /// Whether an alert rests on no day that can't be judged.
    fn decides(&self, alert: &Alert) -> bool {
        let step = self.rule.window.as_ref().filter(|window| window.merges).map_or(0, |window| window.step);
        let first = alert.window.start.saturating_sub(step).div_euclid(DAY);
        let last = alert.window.end.saturating_sub(1).max(alert.window.start).div_euclid(DAY);
        self.undecided.range(first..=last).next().is_none()
    }
}

/// What is judged of a rule.
fn range(rule: &Rule, period: Period, whole: (i64, i64)) -> Range {
    match period {
        Period::Between { from, to } => Range { from: from.unwrap_or(whole.0), to: to.unwrap_or(whole.1) },
        Period::At(time) => {
            let step = rule.window.as_ref().map_or(EVENT_RULE_STEP, |window| window.step.max(1));
            let to = time.div_euclid(step).saturating_mul(step);
            Range { from: to.saturating_sub(step), to }
        }
    }
}
