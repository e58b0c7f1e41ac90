//! Runs: takes rules and an archive and a period, gives alerts, and of each rule what it lost and why it was not run.

use std::collections::BTreeMap;

use datafusion::common::DataFusionError;

use super::asked::of_counts;
use super::held::Held;
use super::plan::{self, RulePlan};
use super::session::{Limits, Session};
use super::{errors, findings, table, windows};
use crate::archive::{Archive, ArchiveFile, DAY};
use crate::bind::{ForSource, admits};
use crate::diag::Diagnostic;
use crate::eval::alert::{Alert, finish};
use crate::eval::clock::time_text;
use crate::eval::{Range, Run, Undecided};
use crate::ir::{ACROSS, EVENT_RULE_STEP, Rule, Source, Stream};
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
    /// The source's name; [`ACROSS`] where several are judged together.
    pub source: String,
    /// Events of judged windows that were not counted because they lack a group key.
    pub lost_to_missing_keys: u64,
    /// What the source can't show or measure, by name; alerts have it missing.
    pub left_out: Vec<String>,
    /// Days since 1970 that it can't be judged on, each with the field that its logs were archived without.
    pub undecided: BTreeMap<i64, String>,
    /// Windows that hang on a past which the archive does not hold.
    pub short_past: Option<Undecided>,
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

impl RuleRun {
    /// Nothing known of it yet.
    fn new(rule: &Rule, source: &str) -> RuleRun {
        RuleRun {
            rule: rule.name.clone(),
            source: source.to_owned(),
            lost_to_missing_keys: 0,
            left_out: Vec::new(),
            undecided: BTreeMap::new(),
            short_past: None,
            skipped: None,
        }
    }
}

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
        let whole = self.archive.days().unwrap_or_default();
        if let Period::Between { from, to } = period {
            let (from, to) = (from.unwrap_or(whole.0), to.unwrap_or(whole.1));
            if from >= to && self.archive.days().is_some() {
                return Err(errors::empty_range(&time_text(from), &time_text(to)));
            }
        }
        Ok(self.run_over(rules, pack, &|rule, _| range(rule, period, whole)))
    }

    /// Runs rules of a pack over the archive, each for a range of its own on each source ([`ACROSS`] for those that are judged together); where
    /// that has no time in it nothing is judged.
    pub fn run_over(&self, rules: &[Rule], pack: &str, range: &dyn Fn(&Rule, &str) -> Range) -> RunOutcome {
        let sources = self.archive.sources();
        let coverage = sources.iter().map(|source| (source.source.clone(), source.days.0)).collect();
        let mut outcome = RunOutcome::default();
        for rule in rules {
            let admitted: Vec<&Source> = self.schema.sources.iter().filter(|source| admits(rule, source)).collect();
            let together = rule.window.as_ref().is_some_and(|window| window.across);
            let judged = if together { vec![admitted.as_slice()] } else { admitted.chunks(1).collect() };
            for sources in judged {
                let name = if together { ACROSS } else { sources.first().map_or("", |source| source.name.as_str()) };
                let range = range(rule, name);
                if range.from >= range.to {
                    continue;
                }
                let (found, mut runs) = self.judge(rule, sources, &Run { pack, range, coverage: &coverage });
                outcome.alerts.extend(found);
                outcome.runs.append(&mut runs);
            }
        }
        finish(pack, &mut outcome.alerts);
        outcome
    }

    /// How DataFusion would run a rule on a source: its physical plan as text.
    ///
    /// # Errors
    /// Why it would not run.
    pub fn explain(&self, rule: &Rule, source: &Source, period: Period) -> Result<String, Skipped> {
        let range = range(rule, period, self.archive.days().unwrap_or_default());
        let prepared = self.plan(rule, vec![self.held(rule, source, range)?], range)?;
        self.session.explain(&prepared.plan).map_err(|cause| self.failed(rule, &source.name, &cause))
    }

    /// What a rule finds on sources, which it judges together, and what became of it: of each source that it is not run on, and of the others.
    fn judge(&self, rule: &Rule, sources: &[&Source], run: &Run<'_>) -> (Vec<Alert>, Vec<RuleRun>) {
        let (mut held, mut runs) = (Vec::new(), Vec::new());
        for source in sources {
            match self.held(rule, source, run.range) {
                Ok(one) => held.push(one),
                Err(why) => runs.push(RuleRun { skipped: Some(why), ..RuleRun::new(rule, &source.name) }),
            }
        }
        if held.is_empty() {
            return (Vec::new(), runs);
        }
        let together = rule.window.as_ref().is_some_and(|window| window.across);
        let name = if together { ACROSS.to_owned() } else { held.iter().map(|one| one.source.as_str()).collect() };
        let mut of_all = RuleRun::new(rule, &name);
        let of_held = |(source, _): &(&String, &i64)| held.iter().any(|one| one.source == **source);
        let coverage = run.coverage.iter().filter(of_held).map(|(source, begins)| (source.clone(), *begins)).collect();
        let run = &Run { coverage: &coverage, ..*run };
        let found = self.plan(rule, held, run.range).and_then(|prepared| {
            let rows = self.session.collect(&prepared.plan);
            let found = rows.and_then(|rows| findings::outcome(&prepared.rule, prepared.stream, &name, run, &rows));
            let mut found = found.map_err(|cause| self.failed(rule, &name, &cause))?;
            found.alerts.retain(|alert| prepared.decides(alert));
            Ok((found, prepared))
        });
        let mut alerts = Vec::new();
        match found {
            Ok((found, prepared)) => {
                alerts = found.alerts;
                of_all.lost_to_missing_keys = found.lost_to_missing_keys;
                of_all.short_past = found.undecided;
                (of_all.left_out, of_all.undecided) = (prepared.left_out, prepared.undecided);
            }
            Err(why) => of_all.skipped = Some(why),
        }
        runs.push(of_all);
        (alerts, runs)
    }

    fn failed(&self, rule: &Rule, source: &str, cause: &DataFusionError) -> Skipped {
        Skipped::Failed(errors::failed(rule, source, self.limits.memory, cause))
    }

    /// The rule as it is judged on a source, and the files that have rows for it.
    fn held<'a>(&'a self, rule: &Rule, source: &'a Source, range: Range) -> Result<OnSource<'a>, Skipped> {
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
        Ok(OnSource { source: source.name.clone(), rule, stream, files, left_out, undecided })
    }

    /// The plan of a rule over the rows of sources, one at least.
    fn plan<'a>(&'a self, rule: &Rule, held: Vec<OnSource<'a>>, range: Range) -> Result<Prepared<'a>, Skipped> {
        let names: Vec<String> = held.iter().map(|one| one.source.clone()).collect();
        let sources: Vec<&str> = names.iter().map(String::as_str).collect();
        let (mut files, mut left_out, mut undecided) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut of_one = None;
        let Some(stream) = held.first().map(|one| one.stream) else { return Err(Skipped::NoRows) };
        for one in held {
            files.extend(one.files);
            left_out.extend(one.left_out);
            undecided.extend(one.undecided);
            of_one = Some(one.rule);
        }
        left_out.sort();
        left_out.dedup();
        // What one source lacks another has: where several are judged together nothing is left out, it is missing.
        let rule_here = of_one.filter(|_| sources.len() == 1).unwrap_or_else(|| Box::new(of_counts(rule, stream)));
        let tier = plan::tier(&rule_here, stream);
        let plan = table::files(self.archive.root(), &files, stream, tier, &self.session.parquet_options())
            .and_then(|table| RulePlan::new(&rule_here, stream, &sources, table, range));
        match plan {
            Ok(plan) => Ok(Prepared { rule: rule_here, stream, plan, left_out, undecided }),
            Err(cause) => Err(self.failed(rule, &sources.join(", "), &cause)),
        }
    }
}

/// A rule on a source, and what the archive holds for it.
struct OnSource<'s> {
    source: String,
    rule: Box<Rule>,
    stream: &'s Stream,
    files: Vec<&'s ArchiveFile>,
    /// By name.
    left_out: Vec<String>,
    /// Days since 1970, each with a field that it lacks.
    undecided: BTreeMap<i64, String>,
}

/// A rule on one source or several, ready to run.
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
        let before = step.max(self.rule.looks_back());
        let first = alert.window.start.saturating_sub(before).div_euclid(DAY);
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
