//! Correlations: takes the alerts of rules and signals, gives those of the correlations over them. Read it to learn what a correlation means.
//!
//! Everything goes by an alert's `first` and `last`, never by how long it stayed open. Alerts of a member are in the order of (last, rule,
//! keys); what one alert of a correlation was about is spent, and part of no other of the same correlation.

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
        let mut found = correlate(one, alerts, pack, end);
        alerts.append(&mut found.alerts);
        all.push((one.name.clone(), found));
    }
    alerts.sort_by(|a, b| a.order().cmp(&b.order()));
    all
}

/// Runs a correlation over all alerts of a pack's rules and of the correlations that it reads; those of others are passed over. Data ends at
/// `end`.
#[must_use]
pub fn correlate(correlation: &Correlation, alerts: &[Alert], pack: &str, end: i64) -> Correlated {
    let mut found = Correlated::default();
    let mut groups: BTreeMap<Vec<Value>, Vec<Candidate<'_>>> = BTreeMap::new();
    for alert in alerts {
        let members = correlation.members.iter().enumerate().filter(|(_, member)| member.name == alert.rule);
        for (member, of) in members {
            let keys: Option<Vec<Value>> = of.keys.iter().map(|key| key_of(alert, *key)).collect();
            match keys {
                Some(keys) => groups.entry(keys).or_default().push(Candidate { alert, member }),
                None => found.lost_to_missing_keys += 1,
            }
        }
    }
    for (keys, mut candidates) in groups {
        candidates.sort_by(|a, b| by_last(a.alert).cmp(&by_last(b.alert)));
        let longest = candidates.iter().map(|c| c.alert.last.saturating_sub(c.alert.first)).max().unwrap_or_default();
        let mut group = Group { correlation, keys, candidates, spent: BTreeSet::new(), longest };
        match &correlation.occurs {
            Occurs::AtLeast(least) => group.at_least(*least, &mut found),
            Occurs::Chain { steps, without } => group.chain(steps, *without, end, &mut found),
        }
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
    /// The longest time from an alert's first event to its last.
    longest: i64,
}

impl Group<'_> {
    /// From a place on those whose last event is not behind a time.
    fn near(&self, start: usize, until: i64) -> impl Iterator<Item = (usize, Candidate<'_>)> {
        let from = self.candidates.iter().copied().enumerate().skip(start);
        from.take_while(move |(_, candidate)| candidate.alert.last <= until)
    }

    /// The same, without those that are spent.
    fn unspent(&self, start: usize, until: i64) -> impl Iterator<Item = (usize, Candidate<'_>)> {
        self.near(start, until).filter(|(at, _)| !self.spent.contains(at))
    }

    /// From the earliest alert on whose `within` has alerts of so many members: at the one that completes them.
    fn at_least(&mut self, least: usize, found: &mut Correlated) {
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
            let Some((_, complete)) = complete else { continue };
            let to = complete.alert.last;
            let about: Vec<usize> = self.unspent(start, to).map(|(at, _)| at).collect();
            self.alert(&about, Interval { start: from, end: to }, found);
        }
    }

    /// From each alert of the first step the earliest of the next, and so on; those of one moment are one.
    fn chain(&mut self, steps: &[usize], without: Option<usize>, end: i64, found: &mut Correlated) {
        let Some((first, later)) = steps.split_first() else { return };
        for start in 0..self.candidates.len() {
            let of_first = |candidate: &&Candidate<'_>| candidate.member == *first && !self.spent.contains(&start);
            let Some(from) = self.candidates.get(start).filter(of_first).map(|c| c.alert.last) else { continue };
            let until = from.saturating_add(self.correlation.within);
            // What begins in time may end behind it.
            let ended = until.saturating_add(self.longest);
            let at_once = self.unspent(start, from).filter(|(_, c)| c.member == *first);
            let mut about: Vec<usize> = at_once.map(|(at, _)| at).collect();
            let mut last = Some(from);
            for step in later {
                let Some(before) = last else { break };
                let next = self.unspent(start, ended).filter(|(at, c)| c.member == *step && !about.contains(at));
                let next: Vec<(usize, Candidate<'_>)> = next.filter(|(_, c)| c.alert.first <= until).collect();
                let following = next.iter().find(|(_, candidate)| candidate.alert.first > before);
                if following.is_none() && next.iter().any(|(_, candidate)| candidate.alert.first == before) {
                    found.equal_times += 1;
                }
                last = following.map(|(_, candidate)| candidate.alert.last);
                about.extend(following.map(|(at, _)| *at));
            }
            let Some(last) = last else { continue };
            match without {
                None => self.alert(&about, Interval { start: from, end: last }, found),
                Some(step) => {
                    let behind = |c: Candidate<'_>| last < c.alert.first && c.alert.first <= until;
                    if self.near(start, ended).any(|(_, c)| c.member == step && behind(c)) {
                        continue;
                    }
                    if until >= end {
                        found.undecided += 1;
                        continue;
                    }
                    self.alert(&about, Interval { start: from, end: until }, found);
                }
            }
        }
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
