//! Correlations: takes the alerts of rules and signals, gives those of the correlations over them. Read it to learn what a correlation means.
//!
//! Everything goes by an alert's `first` and `last`, never by how long it stayed open. Alerts of a member are in the order of (last, rule,
//! keys); what one alert of a correlation was about is spent, and part of no other of the same correlation.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::alert::{Alert, Interval, by_last, finish};
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
pub fn correlate_all(
    correlations: &[Correlation],
    alerts: &mut Vec<Alert>,
    pack: &str,
    end: i64,
) -> Vec<(String, Correlated)> {
    let mut all = Vec::new();
    for one in correlations {
        let mut found = correlate(one, Vec::new(), alerts, pack, Known::all(end));
        alerts.append(&mut found.alerts);
        all.push((one.name.clone(), found));
    }
    alerts.sort_by(|a, b| a.order().cmp(&b.order()));
    all
}

/// An alert, whether it is spent, and the place of its member.
type Of<'a> = (Cow<'a, Alert>, bool, usize);

/// Runs a correlation over the alerts of a pack's rules and of the correlations that it reads, and over those that were kept from before; those
/// of others are passed over. What alerts that are not known yet could change is left open.
#[must_use]
pub fn correlate(correlation: &Correlation, open: Vec<Held>, alerts: &[Alert], pack: &str, known: Known) -> Correlated {
    let mut found = Correlated::default();
    let mut groups: BTreeMap<Vec<Value>, Vec<Of<'_>>> = BTreeMap::new();
    let new = alerts.iter().map(|alert| (Cow::Borrowed(alert), false));
    let before = open.into_iter().map(|Held { alert, spent }| (Cow::Owned(alert), spent));
    for (alert, spent) in before.chain(new) {
        let members = correlation.members.iter().enumerate();
        let Some((member, of)) = members.into_iter().find(|(_, member)| member.name == alert.rule) else { continue };
        let keys: Option<Vec<Value>> = of.keys.iter().map(|key| key_of(&alert, *key)).collect();
        match keys {
            Some(keys) => groups.entry(keys).or_default().push((alert, spent, member)),
            None => found.lost_to_missing_keys += 1,
        }
    }
    for (keys, mut held) in groups {
        held.sort_by(|(a, ..), (b, ..)| by_last(a).cmp(&by_last(b)));
        let candidates = held.iter().map(|(alert, _, member)| Candidate { alert, member: *member }).collect();
        let spent = held.iter().enumerate().filter(|(_, (_, spent, _))| *spent).map(|(at, _)| at).collect();
        let mut group = Group { correlation, keys, candidates, spent, known };
        let undecided = match &correlation.occurs {
            Occurs::AtLeast(least) => group.at_least(*least, &mut found),
            Occurs::Chain { steps, without } => group.chain(steps, *without, &mut found),
        };
        let Group { spent, .. } = group;
        // What lies behind the end of what is known may follow an alert that is still to come.
        let behind = held.partition_point(|(alert, ..)| alert.last <= known.until);
        let kept = held.into_iter().enumerate().skip(undecided.min(behind));
        found.open.extend(kept.map(|(at, (alert, ..))| Held { alert: alert.into_owned(), spent: spent.contains(&at) }));
    }
    finish(pack, &mut found.alerts);
    found
}

/// The value of a key; none where it is missing.
fn key_of(alert: &Alert, key: MemberKey) -> Option<Value> {
    let value = match key {
        MemberKey::Key(at) => alert.keys.get(at).map(|(_, value)| value),
        MemberKey::Carried(at) => alert.carried.get(at),
    };
    value.filter(|value| value.is_present()).cloned()
}

/// An alert of a member.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    alert: &'a Alert,
    member: usize,
}

/// Alerts of all members that share the keys, in their order.
struct Group<'a> {
    correlation: &'a Correlation,
    keys: Vec<Value>,
    candidates: Vec<Candidate<'a>>,
    /// Places among the candidates.
    spent: BTreeSet<usize>,
    known: Known,
}

impl Group<'_> {
    /// From a place on those whose last event is not behind a time, as far as all of them are known.
    fn near(&self, start: usize, until: i64) -> impl Iterator<Item = (usize, Candidate<'_>)> {
        let until = until.min(self.known.until);
        let from = self.candidates.iter().copied().enumerate().skip(start);
        from.take_while(move |(_, candidate)| candidate.alert.last <= until)
    }

    /// The same, without those that are spent.
    fn unspent(&self, start: usize, until: i64) -> impl Iterator<Item = (usize, Candidate<'_>)> {
        self.near(start, until).filter(|(at, _)| !self.spent.contains(at))
    }

    /// From the earliest alert on whose `within` has alerts of so many members: at the one that completes them. Gives the first place of which
    /// nothing can be said yet.
    fn at_least(&mut self, least: usize, found: &mut Correlated) -> usize {
        for start in 0..self.candidates.len() {
            let Some(from) = self.candidates.get(start).filter(|_| !self.spent.contains(&start)).map(|c| c.alert.last)
            else {
                continue;
            };
            let until = from.saturating_add(self.correlation.within);
            let mut members = BTreeSet::new();
            let complete = self
                .unspent(start, until)
                .find(|(_, candidate)| members.insert(candidate.member) && members.len() >= least);
            match complete.map(|(_, candidate)| candidate.alert.last) {
                Some(to) => {
                    let about: Vec<usize> = self.unspent(start, to).map(|(at, _)| at).collect();
                    self.alert(&about, Interval { start: from, end: to }, found);
                }
                None if until > self.known.until => return start,
                None => {}
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
            let of_first = |candidate: &&Candidate<'_>| candidate.member == *first && !self.spent.contains(&start);
            let Some(from) = self.candidates.get(start).filter(of_first).map(|c| c.alert.last) else { continue };
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
                last = following.map(|(_, candidate)| candidate.alert.last);
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
            keys: keys.iter().map(|(name, _)| name.clone()).zip(self.keys.iter().cloned()).collect(),
            measures: Vec::new(),
            show: Vec::new(),
            partial: members.iter().any(|alert| alert.partial),
            event: None,
            carried: Vec::new(),
            muted: false,
            members: members.into_iter().map(|alert| alert.id.clone()).collect(),
        });
        self.spent.extend(about);
    }
}
