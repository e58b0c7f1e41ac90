//! Windows judged: takes what the windows of a rule's groups hold, gives the alerts of those for which `when` holds, and what can't be said.

use rayon::prelude::*;

use super::alert::{Alert, Interval};
use super::expr::{Answers, Scope, Subject};
use super::past::{Groups, Past};
use super::pattern::Patterns;
use super::rule::{Contents, Run, Undecided, described, measure};
use super::value::Value;
use super::window::Range;
use crate::ir::{Rule, Window};
use crate::json::Json;

/// A rule with `over` on one source, or on all of them together.
#[derive(Debug, Clone, Copy)]
pub struct Windowed<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its `over`.
    pub window: &'a Window,
    /// The source's name.
    pub source: &'a str,
    /// What the rule is run under.
    pub run: &'a Run<'a>,
    /// The patterns of this evaluation.
    pub patterns: &'a Patterns,
}

/// What came of judging the windows of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// By window, then by keys.
    pub alerts: Vec<Alert>,
    /// Windows whose past is not known.
    pub undecided: Option<Undecided>,
    /// Windows for which `when` does not hold.
    pub passed_over: u64,
}

/// How many groups a thread judges at a time.
const AT_ONCE: usize = 64;

impl Windowed<'_> {
    /// Judges the windows of a run; the groups hold those of [`reach`](super::rule::reach).
    #[must_use]
    pub fn judge(&self, groups: &Groups) -> Judged {
        let past = Past::new(self.rule, self.window, self.source, groups, self.run, self.patterns);
        // Groups don't ask one another: what they share is in `past`.
        let parts = (0..groups.len()).step_by(AT_ONCE).collect::<Vec<_>>().into_par_iter();
        let parts = parts.map(|from| {
            let (mut judged, mut of_groups) = (Judged::default(), Vec::new());
            for (keys, windows) in groups.iter().skip(from).take(AT_ONCE) {
                let alerts = self.judge_group(&past, keys, windows, &mut judged);
                of_groups.extend((!alerts.is_empty()).then_some((keys, alerts)));
            }
            (judged, of_groups)
        });
        let (mut judged, mut of_groups) = (Judged::default(), Vec::new());
        for (part, of_part) in parts.collect::<Vec<_>>() {
            judged.undecided = Undecided::both(judged.undecided, part.undecided);
            judged.passed_over += part.passed_over;
            of_groups.extend(of_part);
        }
        judged.alerts = in_order(of_groups);
        judged
    }

    fn judge_group(&self, past: &Past<'_>, keys: &[Value], windows: &[Contents], judged: &mut Judged) -> Vec<Alert> {
        let Range { from, to } = self.run.range;
        let before = from.saturating_sub(self.window.step);
        let end = |held: &Contents| held.start.saturating_add(self.window.length);
        let held = windows.iter().filter(|held| before < end(held) && end(held) <= to).cloned();
        let mut held: Vec<Contents> = held.collect();
        if self.rule.asks_for_silence() {
            held.extend(past.silent(windows, (before, to)));
            held.sort_by_key(|held| held.start);
        }
        let group = past.of(keys, windows);
        let nothing = Subject { source: self.source, fields: &[], record: &Json::Null };
        let mut scope = Scope::new(nothing, self.patterns);
        scope.of_group(keys.to_vec());
        let alert = |held: Contents| {
            let answers = past.answers(&group, held.start);
            self.window_alert(&mut scope, held, answers, judged)
        };
        opened(self.window, self.run.range, held.into_iter().filter_map(alert))
    }

    /// The alert of one window, if `when` holds there.
    fn window_alert(
        &self,
        scope: &mut Scope<'_>,
        held: Contents,
        answers: Answers,
        judged: &mut Judged,
    ) -> Option<Alert> {
        let window = Interval { start: held.start, end: held.start.saturating_add(self.window.length) };
        measure(self.rule, scope, held.aggregates);
        scope.answer(answers);
        match scope.decided(&self.rule.when) {
            Some(true) => {}
            Some(false) => {
                judged.passed_over += 1;
                return None;
            }
            None => {
                if self.run.range.judges(window.end) {
                    Undecided::add(&mut judged.undecided, window);
                }
                return None;
            }
        }
        let names = self.window.keys.iter().map(|key| key.name.clone());
        Some(Alert {
            window,
            until: window.end,
            first: held.first,
            last: held.last,
            keys: names.zip(scope.group().keys.iter().cloned()).collect(),
            partial: self.run.begins(self.rule, self.source).is_some_and(|begins| window.start < begins),
            ..described(self.rule, scope)
        })
    }
}

/// Alerts by window, then by keys, of those of each group by window. Alerts are large and lie apart, so their places are sorted, by the moments
/// and the ranks of their keys, and each alert is moved once.
fn in_order(mut of_groups: Vec<(&Vec<Value>, Vec<Alert>)>) -> Vec<Alert> {
    of_groups.par_sort_by_key(|(keys, _)| *keys);
    let starts = |(rank, (_, alerts)): (usize, &(&Vec<Value>, Vec<Alert>))| -> Vec<(i64, usize)> {
        alerts.iter().map(|alert| (alert.window.start, rank)).collect()
    };
    let mut order: Vec<(i64, usize)> = of_groups.iter().enumerate().flat_map(starts).collect();
    order.par_sort_unstable();
    let mut left: Vec<_> = of_groups.into_iter().map(|(_, alerts)| alerts.into_iter()).collect();
    let mut alerts = Vec::with_capacity(order.len());
    alerts.extend(order.into_iter().filter_map(|(_, rank)| left.get_mut(rank)?.next()));
    alerts
}

/// The alerts that a run reports, of a group's true windows in their order. With `every`, a true window right after a true window only
/// moves `until` on, and what opened before the range is not reported.
pub fn opened(window: &Window, range: Range, alerts: impl IntoIterator<Item = Alert>) -> Vec<Alert> {
    let mut out: Vec<Alert> = Vec::new();
    // The start that would continue the open run of true windows, and whether its alert is the last of `out`.
    let mut open: Option<(i64, bool)> = None;
    for alert in alerts {
        let judged = range.judges(alert.window.end);
        let next = alert.window.start.saturating_add(window.step);
        let continued = open.filter(|(start, _)| window.merges && *start == alert.window.start);
        let reported = match continued {
            Some((_, reported)) => {
                if let Some(open) = out.last_mut().filter(|_| reported) {
                    open.until = alert.window.end;
                }
                reported
            }
            None => {
                out.extend(judged.then_some(alert));
                judged
            }
        };
        open = Some((next, reported));
    }
    out
}
