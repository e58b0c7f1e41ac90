//! Runs: takes rules and an archive and a period, gives alerts, and of each rule what it lost and why it was not run.

use std::collections::BTreeMap;

use datafusion::common::DataFusionError;

use super::asked::of_counts;
use super::cost::PassCost;
use super::held::Held;
use super::joined::{Borrowing, joined};
use super::pass::{self, Member, Scanned};
use super::plan::{self, Extent, RulePlan, near};
use super::select::seeks;
use super::session::{Limits, Rows, Session};
use super::{errors, findings, table, windows};
use crate::archive::{Archive, ArchiveFile, DAY};
use crate::bind::{ForSource, admits};
use crate::diag::Diagnostic;
use crate::eval::alert::{Alert, finish};
use crate::eval::clock::time_text;
use crate::eval::{Range, RuleRun, Run, Skipped};
use crate::ir::{ACROSS, EVENT_RULE_STEP, Join, Rule, Source, Stream, Tier};
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
    /// What it cost.
    pub costs: Costs,
}

/// What a run cost, pass by pass; of rules that were run alone nothing. Two runs are equal whatever they cost.
#[derive(Debug, Clone, Default)]
pub struct Costs(pub Vec<PassCost>);

impl PartialEq for Costs {
    fn eq(&self, _: &Costs) -> bool {
        true
    }
}

impl Eq for Costs {}

/// An archive, open to rules.
#[derive(Debug)]
pub struct Engine<'s> {
    pub(super) schema: &'s Schema,
    pub(super) archive: Archive,
    pub(super) session: Session,
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
        let mut judged = Vec::new();
        for rule in rules {
            let admitted: Vec<&Source> = self.schema.sources.iter().filter(|source| admits(rule, source)).collect();
            let of_one = if rule.is_across() { vec![admitted.as_slice()] } else { admitted.chunks(1).collect() };
            for sources in of_one {
                let name =
                    if rule.is_across() { ACROSS } else { sources.first().map_or("", |source| source.name.as_str()) };
                let range = range(rule, name);
                if range.from < range.to {
                    judged.push(self.prepare(rule, sources, range));
                }
            }
        }
        let mut outcome = RunOutcome::default();
        let mut passed = self.passes(&judged, &mut outcome.costs.0);
        let mut judged: Vec<(usize, Judged<'_>)> = judged.into_iter().enumerate().collect();
        // Those that passes gave rows for come first, and let them go: who has to run alone may need the memory.
        judged.sort_by_key(|(n, _)| !passed.contains_key(n));
        let mut concluded = BTreeMap::new();
        for (n, Judged { runs, prepared }) in judged {
            let found = prepared.map(|prepared| self.conclude(prepared, passed.remove(&n), pack, &coverage));
            concluded.insert(n, (runs, found));
        }
        for (runs, found) in concluded.into_values() {
            outcome.runs.extend(runs);
            if let Some((alerts, run)) = found {
                // Those of the first rule, perhaps the only one, are moved and not copied.
                match outcome.alerts.is_empty() {
                    true => outcome.alerts = alerts,
                    false => outcome.alerts.extend(alerts),
                }
                outcome.runs.push(run);
            }
        }
        finish(pack, &mut outcome.alerts);
        outcome
    }

    /// How DataFusion would run a rule on a source alone: its physical plan as text.
    ///
    /// # Errors
    /// Why it would not run.
    pub fn explain(&self, rule: &Rule, source: &Source, period: Period) -> Result<String, Skipped> {
        let range = range(rule, period, self.archive.days().unwrap_or_default());
        let Judged { mut runs, prepared } = self.prepare(rule, &[source], range);
        let Some(prepared) = prepared else {
            return Err(runs.pop().and_then(|run| run.skipped).unwrap_or(Skipped::NoRows));
        };
        let plan = self.plan(&prepared).and_then(|plan| self.session.explain(&plan));
        plan.map_err(|cause| self.failed(rule, &source.name, &cause))
    }

    /// A rule as it is judged on sources together; those that it is not run on are said why.
    fn prepare<'a>(&'a self, rule: &Rule, sources: &[&'a Source], range: Range) -> Judged<'a> {
        let (mut held, mut runs) = (Vec::new(), Vec::new());
        for source in sources {
            match self.held(rule, source, range) {
                Ok(one) => held.push(one),
                Err(why) => runs.push(RuleRun { skipped: Some(why), ..RuleRun::new(rule, &source.name) }),
            }
        }
        let (mut sources, mut files, mut left_out, mut undecided) =
            (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        let mut borrowed = Vec::new();
        let mut of_one = None;
        let Some(stream) = held.first().map(|one| one.stream) else { return Judged { runs, prepared: None } };
        for one in held {
            borrowed.extend(one.borrowed);
            sources.push(one.source);
            files.extend(one.files);
            left_out.extend(one.left_out);
            undecided.extend(one.undecided);
            of_one = Some(one.rule);
        }
        left_out.sort();
        left_out.dedup();
        // What one source lacks another has: where several are judged together nothing is left out, it is missing.
        let here = of_one.filter(|_| sources.len() == 1).unwrap_or_else(|| Box::new(of_counts(rule, stream)));
        let name = if rule.is_across() { ACROSS.to_owned() } else { sources.concat() };
        let tier = plan::tier(&here, stream);
        let prepared =
            Prepared { name, sources, rule: here, stream, tier, files, borrowed, range, left_out, undecided };
        Judged { runs, prepared: Some(prepared) }
    }

    /// The rows of rules that share a scan, by their place. What is not there is run alone: it has nobody to share with, or it failed so far.
    fn passes(&self, judged: &[Judged<'_>], costs: &mut Vec<PassCost>) -> BTreeMap<usize, (Rule, Rows)> {
        let mut sharing: BTreeMap<(usize, bool), Vec<(usize, &Prepared<'_>)>> = BTreeMap::new();
        for (n, one) in judged.iter().enumerate() {
            // What borrows reads other files beside its own.
            if let Some(one) = one.prepared.as_ref().filter(|one| one.borrowed.is_empty()) {
                sharing.entry((one.rule.stream, one.tier == Tier::Content)).or_default().push((n, one));
            }
        }
        let mut rows = BTreeMap::new();
        let most = self.limits.rules.max(1);
        let chunks = |all: Vec<_>| all.chunks(most).map(<[_]>::to_vec).collect::<Vec<_>>();
        let mut open: Vec<_> = sharing.into_values().rev().flat_map(chunks).collect();
        while let Some(mut of_one) = open.pop() {
            let Some((_, first)) = of_one.first() else { continue };
            let (stream, tier) = (first.stream, first.tier);
            // Alone is not sharing; but a pass seeks text faster than a plan does.
            if of_one.len() == 1 && !seeks(&first.rule) {
                continue;
            }
            let files = of_one.iter().flat_map(|(_, one)| one.files.iter().copied());
            let files: BTreeMap<&str, &ArchiveFile> =
                files.map(|file| (file.entry.metadata.path.as_str(), file)).collect();
            let files: Vec<&ArchiveFile> = files.into_values().collect();
            let extent = Extent::of(files.iter().copied());
            let mut times = of_one.iter().map(|(_, one)| windows::times(&one.rule, one.range));
            let options = self.session.parquet_options(times.all(|times| extent.exceeds(times)));
            let Ok(table) = table::files(self.archive.root(), &files, stream, tier, &options) else { continue };
            let scanned = Scanned { table, files: files.len(), extent: Some(extent), stream, tier };
            let members = of_one.iter().map(|(_, one)| Member {
                rule: &one.rule,
                sources: one.sources.iter().map(String::as_str).collect(),
                range: one.range,
            });
            // A file that can't be read fails those rules only that read it, and says of which: alone.
            let Ok(outcome) = pass::run(&self.session, &scanned, &members.collect::<Vec<_>>()) else { continue };
            costs.push(outcome.cost);
            let (all, mut failed) = (of_one.len(), Vec::new());
            for ((n, one), (rule, found)) in of_one.drain(..).zip(outcome.rows) {
                match found {
                    Ok(found) => _ = rows.insert(n, (rule, found)),
                    Err(_) => failed.push((n, one)),
                }
            }
            // Fewer of them may find the memory that all of them did not.
            let rest = if failed.len() == all { failed.split_off(all.div_ceil(2)) } else { Vec::new() };
            open.extend([failed, rest].into_iter().filter(|part| part.len() < all));
        }
        rows
    }

    /// What a rule found, from the rows that a pass gave it, or else from a run of its own.
    fn conclude(
        &self,
        prepared: Prepared<'_>,
        passed: Option<(Rule, Rows)>,
        pack: &str,
        coverage: &BTreeMap<String, i64>,
    ) -> (Vec<Alert>, RuleRun) {
        let mut run = RuleRun::new(&prepared.rule, &prepared.name);
        let of_held = |(source, _): &(&String, &i64)| prepared.sources.contains(source);
        let coverage = coverage.iter().filter(of_held).map(|(source, begins)| (source.clone(), *begins)).collect();
        let judged = Run { pack, range: prepared.range, coverage: &coverage };
        let rows = match passed {
            Some((rule, rows)) => Ok((rule, rows)),
            None => {
                self.plan(&prepared).and_then(|plan| Ok((prepared.rule.as_ref().clone(), self.session.collect(&plan)?)))
            }
        };
        let found = rows
            .and_then(|(rule, rows)| findings::outcome(&rule, prepared.stream, &prepared.name, &judged, &rows.batches));
        match found {
            Ok(mut found) => {
                found.alerts.retain(|alert| prepared.decides(alert));
                run.lost_to_missing_keys = found.lost_to_missing_keys;
                run.short_past = found.undecided;
                (run.left_out, run.undecided) = (prepared.left_out, prepared.undecided);
                (found.alerts, run)
            }
            Err(cause) => {
                run.skipped = Some(self.failed(&prepared.rule, &prepared.name, &cause));
                (Vec::new(), run)
            }
        }
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
        let joins = source.joins_read(&rule, stream).into_iter();
        let borrowed = joins.map(|join| self.lent(source, join, (from, to))).collect();
        Ok(OnSource { source: source.name.clone(), rule, stream, files, borrowed, left_out, undecided })
    }

    /// What a source borrows by a join for its events of a span of time, half open.
    fn lent<'a>(&'a self, source: &'a Source, join: &'a Join, (from, to): (i64, i64)) -> Borrowed<'a> {
        let near = |file: &&ArchiveFile| {
            let coverage = &file.entry.coverage;
            let (first, last) = (coverage.first.saturating_sub(join.within), coverage.last.saturating_add(join.within));
            coverage.source == join.lender && first < to && last >= from
        };
        let files = self.archive.files(join.stream).iter().filter(near).collect();
        Borrowed { source: &source.name, join, files }
    }

    /// The plan of a rule by itself.
    fn plan(&self, prepared: &Prepared<'_>) -> datafusion::common::Result<RulePlan> {
        let Prepared { rule, stream, tier, files, range, .. } = prepared;
        let sources: Vec<&str> = prepared.sources.iter().map(String::as_str).collect();
        let (times, extent) = (windows::times(rule, *range), Extent::of(files.iter().copied()));
        let (root, options) = (self.archive.root(), self.session.parquet_options(extent.exceeds(times)));
        let mut table = table::files(root, files, stream, *tier, &options)?;
        let mut borrowings = Vec::new();
        for Borrowed { source, join, files } in &prepared.borrowed {
            let Some(lending) = self.schema.stream_of(join.stream) else { continue };
            // What is lent is in no other tier.
            let lenders = (!files.is_empty()).then(|| table::files(root, files, lending, Tier::Metadata, &options));
            borrowings.push(Borrowing { source, join, lending, lenders: lenders.transpose()? });
        }
        if !borrowings.is_empty() {
            table = joined(table, stream, &borrowings, times)?;
        }
        let near = near(rule, stream, &sources, *range, Some(&extent));
        let plan = RulePlan::new(rule, stream, &sources, table, *range, near)?;
        // A lender's event may be of another day.
        Ok(RulePlan { by_day: plan.by_day && borrowings.is_empty(), ..plan })
    }
}

/// A rule on a source, and what the archive holds for it.
struct OnSource<'s> {
    source: String,
    rule: Box<Rule>,
    stream: &'s Stream,
    files: Vec<&'s ArchiveFile>,
    borrowed: Vec<Borrowed<'s>>,
    /// By name.
    left_out: Vec<String>,
    /// Days since 1970, each with a field that it lacks.
    undecided: BTreeMap<i64, String>,
}

/// What a rule reads of another source's events.
struct Borrowed<'s> {
    /// The borrowing source's name.
    source: &'s str,
    join: &'s Join,
    /// Those that have rows of the lender.
    files: Vec<&'s ArchiveFile>,
}

/// A rule on sources that are judged together: what became of it where it is not run, and what is needed to run it on the others.
struct Judged<'s> {
    runs: Vec<RuleRun>,
    prepared: Option<Prepared<'s>>,
}

/// A rule on one source or several, ready to run.
struct Prepared<'s> {
    /// Of the source, or [`ACROSS`].
    name: String,
    sources: Vec<String>,
    rule: Box<Rule>,
    stream: &'s Stream,
    tier: Tier,
    files: Vec<&'s ArchiveFile>,
    borrowed: Vec<Borrowed<'s>>,
    range: Range,
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
