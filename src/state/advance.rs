//! One run from where the last one ended: takes an archive, a pack and what is remembered of it, gives what is new and what is remembered next.
//!
//! INVARIANT (same alerts): runs one after the other find what one run over all their time finds, but for how long an alert stayed open. Each
//! window is judged once; a correlation decides only what no alert that is still to come can change.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counted, Memory};
use crate::bind::admits;
use crate::engine::{Engine, RunOutcome};
use crate::eval::correlate::{Correlated, Known, correlate};
use crate::eval::mute::mute;
use crate::eval::{ByRule, Range, Skipped};
use crate::ir::{ACROSS, Correlation, Join, Rule, Source};
use crate::resolve::Resolved;

/// From when to when a run judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where a rule begins that was never judged; without, the archive's first day.
    pub from: Option<i64>,
    /// The end; without, so long before `now` that a source's events are there.
    pub to: Option<i64>,
    /// Microseconds since 1970.
    pub now: i64,
    /// How late events are, in microseconds; without, what each source says.
    pub lateness: Option<i64>,
}

/// What a run found, and what became of its correlations.
#[derive(Debug)]
pub struct Advanced {
    /// Alerts, muted ones and those of signals among them, and what became of each rule.
    pub outcome: RunOutcome,
    /// By correlation.
    pub correlated: Vec<(String, Correlated)>,
    /// By source, how many events came after their time had been judged, and up to when it had.
    pub late: BTreeMap<String, (u64, i64)>,
    /// What the next run goes on with.
    pub memory: Memory,
}

/// Runs a pack from where `memory` ends.
#[must_use]
pub fn advance(engine: &Engine<'_>, resolved: &Resolved, pack: &str, mut memory: Memory, span: Span) -> Advanced {
    let whole = engine.archive().days().unwrap_or_default();
    let first = span.from.unwrap_or(whole.0);
    // Of a source that has no events yet nothing can be judged: they may still be read in.
    let archived: BTreeSet<String> = engine.archive().sources().into_iter().map(|source| source.source).collect();
    let of = |rule: &Rule, source: &str| -> Vec<&Source> {
        let sources = resolved.schema.sources.iter().filter(|one| admits(rule, one) && archived.contains(&one.name));
        sources.filter(|one| source == ACROSS || one.name == source).collect()
    };
    let begun = |rule: &Rule, source: &str| memory.judged.get(&rule.name).and_then(|of| of.get(source)).copied();
    let settled =
        |source: &Source| span.to.unwrap_or_else(|| span.now - span.lateness.unwrap_or_else(|| source.settled()));
    // What is borrowed is known once the lender's events are there, of as long a time behind.
    let known = |rule: &Rule, source: &Source| {
        let lenders = joins_read(resolved, rule, source).into_iter().filter_map(|join| {
            let lender = resolved.schema.source(&join.lender)?;
            Some(settled(lender).saturating_sub(join.within))
        });
        lenders.fold(settled(source), i64::min)
    };
    let end = |rule: &Rule, source: &str| {
        of(rule, source).into_iter().map(|source| known(rule, source)).min().unwrap_or(first)
    };
    let range = |rule: &Rule, source: &str| {
        let from = begun(rule, source).unwrap_or(first);
        Range { from, to: end(rule, source).max(from) }
    };
    let RunOutcome { alerts, runs, costs } = engine.run_over(&resolved.rules, pack, &range);
    let failed = |rule: &Rule, source: &str| {
        runs.iter()
            .any(|run| run.rule == rule.name && run.source == source && matches!(run.skipped, Some(Skipped::Failed(_))))
    };
    let mut judged: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for rule in &resolved.rules {
        let sources =
            resolved.schema.sources.iter().filter(|source| admits(rule, source)).map(|source| source.name.as_str());
        let sources: Vec<&str> = if rule.is_across() { vec![ACROSS] } else { sources.collect() };
        for source in sources.into_iter().filter(|source| !of(rule, source).is_empty()) {
            let Range { from, to } = range(rule, source);
            // What could not be run to its end is judged by the next run.
            let until = if failed(rule, source) { from } else { to };
            judged.entry(rule.name.clone()).or_default().insert(source.to_owned(), until);
        }
    }
    let mut alerts = ByRule::from(alerts);
    let mut read: BTreeSet<&str> = judged.values().flat_map(|sources| sources.keys().map(String::as_str)).collect();
    for rule in &resolved.rules {
        let joins = of(rule, ACROSS).into_iter().flat_map(|source| joins_read(resolved, rule, source));
        read.extend(joins.map(|join| join.lender.as_str()));
    }
    let across = read.contains(ACROSS);
    let counting = resolved.schema.sources.iter().filter(|source| archived.contains(&source.name));
    let counting = counting.filter(|source| across || read.contains(source.name.as_str()));
    let (mut late, mut counted) = (BTreeMap::new(), memory.counted);
    for source in counting {
        let came = counted.get(&source.name).and_then(|before| came_late(engine, source, before));
        late.extend(came.map(|came| (source.name.clone(), came)));
        let until = settled(source);
        match engine.before(source, until) {
            Some(days) => _ = counted.insert(source.name.clone(), Counted { until, days }),
            None => _ = counted.remove(&source.name),
        }
    }
    let (mut correlated, mut open) = (Vec::new(), BTreeMap::new());
    let mut known: BTreeMap<&str, i64> = BTreeMap::new();
    for one in &resolved.correlations {
        let until = known_until(one, resolved, &judged, &known);
        let before = memory.open.remove(&one.name).unwrap_or_default();
        let mut found = correlate(one, before, &alerts, pack, Known { until, end: i64::MAX });
        open.insert(one.name.clone(), std::mem::take(&mut found.open));
        alerts.add(std::mem::take(&mut found.alerts));
        // An alert that is still to come begins with one that is not decided yet.
        known.insert(&one.name, until.saturating_sub(one.within).saturating_sub(one.longest));
        correlated.push((one.name.clone(), found));
    }
    let mut alerts = alerts.in_order();
    let mut delivered = memory.delivered;
    let mutes = resolved.mutes();
    mute(&mut alerts, &mutes, &mut delivered);
    // What no alert that is still to come can be muted by is forgotten; a rule that is not there may come back.
    let gone = |name: &str| memory.judged.contains_key(name) && resolved.rules.iter().all(|rule| rule.name != name);
    delivered.retain(|(rule, ..), last| {
        let to_come = rules_known(resolved, &judged, rule).or_else(|| known.get(rule.as_str()).copied());
        let length = mutes.get(rule.as_str()).map(|mute| mute.length);
        gone(rule) || length.zip(to_come).is_some_and(|(length, to_come)| last.saturating_add(length) > to_come)
    });
    // A rule that comes back goes on where it was.
    let mut all = memory.judged;
    judged.into_iter().for_each(|(rule, sources)| all.entry(rule).or_default().extend(sources));
    let memory = Memory { archive: memory.archive, judged: all, counted, open, delivered };
    Advanced { outcome: RunOutcome { alerts, runs, costs }, correlated, late, memory }
}

/// The joins of a source of which a rule reads something.
fn joins_read<'a>(resolved: &Resolved, rule: &Rule, source: &'a Source) -> Vec<&'a Join> {
    resolved.schema.stream_of(rule.stream).map(|stream| source.joins_read(rule, stream)).unwrap_or_default()
}

/// How many events there are now that were not there when a source was judged last, of days that are still there, and up to when that was.
fn came_late(engine: &Engine<'_>, source: &Source, before: &Counted) -> Option<(u64, i64)> {
    let now = engine.before(source, before.until)?;
    let late = now.iter().map(|(day, rows)| rows.saturating_sub(before.days.get(day).copied().unwrap_or_default()));
    Some((late.sum(), before.until)).filter(|(late, _)| *late > 0)
}

/// Up to which `last` all alerts of a correlation's members are there.
fn known_until(
    correlation: &Correlation,
    resolved: &Resolved,
    judged: &BTreeMap<String, BTreeMap<String, i64>>,
    known: &BTreeMap<&str, i64>,
) -> i64 {
    let of = |name: &str| rules_known(resolved, judged, name).or_else(|| known.get(name).copied()).unwrap_or(i64::MAX);
    correlation.members.iter().map(|member| of(&member.name)).min().unwrap_or(i64::MAX)
}

/// Up to which `last` all alerts of a rule are there; none of what is no rule.
fn rules_known(resolved: &Resolved, judged: &BTreeMap<String, BTreeMap<String, i64>>, name: &str) -> Option<i64> {
    let rule = resolved.rules.iter().find(|rule| rule.name == name)?;
    // A window is judged once it has ended, an event once the end is behind it.
    let length = rule.window.as_ref().map_or(1, |window| window.length);
    let until = judged.get(name).into_iter().flat_map(BTreeMap::values).min().copied();
    Some(until.map_or(i64::MAX, |until| until.saturating_sub(length)))
}
