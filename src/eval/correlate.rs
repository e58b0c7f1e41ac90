//! Correlations: takes the alerts of rules and signals, gives those of the correlations over them. Read it to learn what a correlation means.
//!
//! Everything goes by an alert's `first` and `last`, never by how long it stayed open. Alerts of a member are in the order of (last, rule,
//! keys); what one alert of a correlation was about is spent, and part of no other of the same correlation.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::alert::{Alert, Interval, finish};
use super::by_rule::ByRule;
use super::value::Value;
use crate::ir::{CORRELATION, Correlation, MemberKey, Occurs};

/// What a correlation found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Correlated {
    /// In their order, with ids; taken out by [`correlate_all`].
    pub alerts: Vec<Alert>,
    /// Alerts of members that lack a key.
    pub lost_to_missing_keys: u64,
    /// Alerts that would have been followed by another, had its first event not been at the very moment of their last: no order is known then.
    pub equal_times: u64,
    /// Alerts behind which something must not come and still may, because the data ends before that.
    pub undecided: u64,
    /// What alerts that are still to come may complete.
    pub open: Vec<Held>,
}

/// An alert of a member that is kept for those that are still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The alert.
    pub alert: Alert,
    /// Whether an alert of the correlation was about it.
    pub spent: bool,
}

/// How far alerts are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Every alert of a member whose `last` is up to here is there.
    pub until: i64,
    /// Where the data ends: nothing that must not come can come behind that, and nobody knows whether it would have.
    pub end: i64,
}

impl Known {
    /// All alerts that there will ever be.
    #[must_use]
    pub fn all(end: i64) -> Known {
        Known { until: i64::MAX, end }
    }
}

/// Runs correlations over the alerts of a pack's rules, to which theirs are added; those that others read come first. What each found besides.
/// Those that read none of one another run at once, on all processors.
pub fn correlate_all(
    correlations: &[Correlation],
    alerts: &mut Vec<Alert>,
    pack: &str,
    end: i64,
) -> Vec<(String, Correlated)> {
    let mut of_rules = ByRule::from(std::mem::take(alerts));
    let mut all = Vec::with_capacity(correlations.len());
    let mut rest = correlations;
    while !rest.is_empty() {
        let (these, later) = rest.split_at(independent(rest));
        let run = |one| correlate(one, Vec::new(), &of_rules, pack, Known::all(end));
        let found: Vec<Correlated> = these.par_iter().map(run).collect();
        for (one, mut found) in these.iter().zip(found) {
            of_rules.add(std::mem::take(&mut found.alerts));
            all.push((one.name.clone(), found));
        }
        rest = later;
    }
    *alerts = of_rules.in_order();
    all
}

/// How many of them, from the first on, read none of one another: at least one.
fn independent(correlations: &[Correlation]) -> usize {
    let reads = |one: &Correlation, name: &str| one.members.iter().any(|member| member.name == name);
    let later = correlations.iter().enumerate().skip(1);
    let mut reading = later.filter(|(at, one)| correlations.iter().take(*at).any(|before| reads(one, &before.name)));
    reading.next().map_or(correlations.len(), |(at, _)| at)
}

/// Runs a correlation over the alerts of a pack's rules and of the correlations that it reads, and over those that were kept from before; those
/// of others are passed over. What alerts that are not known yet could change is left open.
#[must_use]
pub fn correlate(correlation: &Correlation, open: Vec<Held>, alerts: &ByRule, pack: &str, known: Known) -> Correlated {
    let mut found = Correlated::default();
    let mut groups: IndexMap<Vec<&Value>, Vec<Candidate<'_>>> = IndexMap::new();
    for (member, of) in correlation.members.iter().enumerate() {
        let before = open.iter().filter(|held| held.alert.rule == of.name).map(|held| (&held.alert, held.spent));
        for (alert, spent) in before.chain(alerts.of(&of.name).map(|alert| (alert, false))) {
            let keys: Option<Vec<&Value>> = of.keys.iter().map(|key| key_of(alert, *key)).collect();
            match keys {
                Some(keys) => {
                    groups.entry(keys).or_default().push(Candidate { last: alert.last, alert, spent, member })
                }
                None => found.lost_to_missing_keys += 1,
            }
        }
    }
    for (keys, mut candidates) in groups {
        candidates.sort_by(|a, b| a.last.cmp(&b.last).then_with(|| a.alert.by_last(b.alert)));
        let mut group = Group { correlation, keys, candidates, known };
        let undecided = match &correlation.occurs {
            Occurs::AtLeast(least) => group.at_least(*least, &mut found),
            Occurs::Chain { steps, without } => group.chain(steps, *without, &mut found),
        };
        // What lies behind the end of what is known may follow an alert that is still to come.
        let behind = group.candidates.partition_point(|candidate| candidate.last <= known.until);
        let kept = group.candidates.into_iter().skip(undecided.min(behind));
        found.open.extend(kept.map(|one| Held { alert: one.alert.clone(), spent: one.spent }));
    }
    finish(pack, &mut found.alerts);
    found
}

/// The value of a key; none where it is missing.
fn key_of(alert: &Alert, key: MemberKey) -> Option<&Value> {
    let value = match key {
        MemberKey::Key(at) => alert.keys.get(at).map(|(_, value)| value),
        MemberKey::Carried(at) => alert.carried.get(at),
    };
    value.filter(|value| value.is_present())
}

/// An alert of a member.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    /// The alert's, which nearly every comparison is about: held here, it needs no look at an alert elsewhere in memory.
    last: i64,
    alert: &'a Alert,
    /// Whether an alert of the correlation was about it.
    spent: bool,
    /// The place of its member.
    member: usize,
}

/// Alerts of all members that share the keys, in their order.
struct Group<'a> {
    correlation: &'a Correlation,
    keys: Vec<&'a Value>,
    candidates: Vec<Candidate<'a>>,
    known: Known,
}

impl Group<'_> {
    /// From a place on those whose last event is not behind a time, as far as all of them are known.
    fn near(&self, start: usize, until: i64) -> impl Iterator<Item = (usize, Candidate<'_>)> {
        let until = until.min(self.known.until);
        let from = self.candidates.iter().copied().enumerate().skip(start);
        from.take_while(move |(_, candidate)| candidate.last <= until)
    }

    /// The same, without those that are spent.
    fn unspent(&self, start: usize, until: i64) -> impl Iterator<Item = (usize, Candidate<'_>)> {
        self.near(start, until).filter(|(_, candidate)| !candidate.spent)
    }

    /// From the earliest alert on whose `within` has alerts of so many members: at the one that completes them. Gives the first place of which
    /// nothing can be said yet.
    fn at_least(&mut self, least: usize, found: &mut Correlated) -> usize {
        // By member, how many unspent alerts lie from `start` to before `end`: where too few members do, nothing is gone through again.
        let mut near = vec![0_usize; self.correlation.members.len()];
        let mut end = 0;
        for start in 0..self.candidates.len() {
            let Some(first) = self.candidates.get(start).copied() else { break };
            let from = first.last;
            let until = from.saturating_add(self.correlation.within);
            let known = until.min(self.known.until);
            while let Some(next) = self.candidates.get(end).filter(|candidate| candidate.last <= known) {
                if let Some(count) = near.get_mut(next.member).filter(|_| !next.spent) {
                    *count += 1;
                }
                end += 1;
            }
            if first.spent {
                continue;
            }
            let mut gone = vec![start];
            if near.iter().filter(|count| **count > 0).count() >= least {
                let mut members = BTreeSet::new();
                let mut completes = |member| members.insert(member) && members.len() >= least;
                let complete = self.unspent(start, until).find(|(_, candidate)| completes(candidate.member));
                let to = complete.map_or(from, |(_, candidate)| candidate.last);
                gone = self.unspent(start, to).map(|(at, _)| at).collect();
                self.alert(&gone, Interval { start: from, end: to }, found);
            } else if until > self.known.until {
                return start;
            }
            for member in gone.iter().filter_map(|at| self.candidates.get(*at)).map(|candidate| candidate.member) {
                if let Some(count) = near.get_mut(member) {
                    *count -= 1;
                }
            }
        }
        self.candidates.len()
    }

    /// From each alert of the first step the earliest of the next, and so on; those of one moment are one. Gives the first place of which
    /// nothing can be said yet.
    fn chain(&mut self, steps: &[usize], without: Option<usize>, found: &mut Correlated) -> usize {
        let Some((first, later)) = steps.split_first() else { return self.candidates.len() };
        let mut tried = None;
        for start in 0..self.candidates.len() {
            let of_first = |candidate: &&Candidate<'_>| candidate.member == *first && !candidate.spent;
            let Some(from) = self.candidates.get(start).filter(of_first).map(|c| c.last) else { continue };
            if tried.replace(from) == Some(from) {
                continue;
            }
            let until = from.saturating_add(self.correlation.within);
            // What begins in time may end behind it.
            let ended = until.saturating_add(self.correlation.longest);
            let at_once = self.unspent(start, from).filter(|(_, c)| c.member == *first);
            let mut about: Vec<usize> = at_once.map(|(at, _)| at).collect();
            let mut last = Some(from).filter(|from| *from <= self.known.until);
            let mut equal = 0;
            for step in later {
                let Some(before) = last else { break };
                let next = || self.unspent(start, ended).filter(|(_, c)| c.member == *step && c.alert.first <= until);
                let following = next().find(|(_, candidate)| candidate.alert.first > before);
                let at_once = |(at, c): &(usize, Candidate<'_>)| c.alert.first == before && !about.contains(at);
                equal += u64::from(following.is_none() && next().any(|candidate| at_once(&candidate)));
                last = following.map(|(_, candidate)| candidate.last);
                about.extend(following.map(|(at, _)| at));
            }
            let settled = ended <= self.known.until;
            match (last, without) {
                (Some(last), None) => self.alert(&about, Interval { start: from, end: last }, found),
                _ if !settled => return start,
                (None, _) => found.equal_times += equal,
                (Some(last), Some(step)) => {
                    let behind = |c: Candidate<'_>| last < c.alert.first && c.alert.first <= until;
                    if self.near(start, ended).any(|(_, c)| c.member == step && behind(c)) {
                        continue;
                    }
                    // What begins in time may have been in a window that has not ended.
                    if ended >= self.known.end {
                        found.undecided += 1;
                        continue;
                    }
                    self.alert(&about, Interval { start: from, end: until }, found);
                }
            }
        }
        self.candidates.len()
    }

    fn alert(&mut self, about: &[usize], window: Interval, found: &mut Correlated) {
        let Correlation { name, title, severity, tags, keys, .. } = self.correlation;
        let mut members: Vec<&Alert> =
            about.iter().filter_map(|at| self.candidates.get(*at)).map(|c| c.alert).collect();
        members.dedup_by_key(|alert| &alert.id);
        found.alerts.push(Alert {
            id: String::new(),
            rule: name.clone(),
            title: title.clone(),
            severity: *severity,
            tags: tags.clone(),
            source: CORRELATION.to_owned(),
            window,
            until: window.end,
            first: window.start,
            last: window.end,
            keys: keys.iter().map(|(name, _)| name.clone()).zip(self.keys.iter().copied().cloned()).collect(),
            measures: Vec::new(),
            show: Vec::new(),
            partial: members.iter().any(|alert| alert.partial),
            event: None,
            carried: Vec::new(),
            muted: false,
            members: members.into_iter().map(|alert| alert.id.clone()).collect(),
        });
        for at in about {
            if let Some(candidate) = self.candidates.get_mut(*at) {
                candidate.spent = true;
            }
        }
    }
}
