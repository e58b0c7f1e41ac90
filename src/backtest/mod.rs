//! How loud a pack is: takes the alerts that it gave over past days, counts them by rule and day, and holds them against the pack's budget.

mod print;

use std::collections::{BTreeMap, BTreeSet};

pub use print::{markdown, text, to_json};

use crate::eval::clock::day_text;
use crate::eval::{Alert, conclude};
use crate::ir::SECOND;
use crate::pack::{Budget, Pack};

/// A day in microseconds.
const DAY: i64 = 86_400 * SECOND;

/// The alerts that reach somebody, of those of a pack's rules over logs that end at `end`: with those of its correlations, without signals and what is
/// muted.
#[must_use]
pub fn delivered(pack: &Pack, mut alerts: Vec<Alert>, end: i64) -> Vec<Alert> {
    let resolved = &pack.resolved;
    conclude(&mut alerts, &resolved.correlations, &resolved.mutes(), &pack.id, end);
    let signals = resolved.rules.iter().filter(|rule| rule.signal);
    let signals: BTreeSet<&str> = signals.map(|rule| rule.name.as_str()).collect();
    alerts.retain(|alert| !alert.muted && !signals.contains(alert.rule.as_str()));
    alerts
}

/// Alerts by rule and day.
#[derive(Debug)]
pub struct Backtest {
    /// The pack's id.
    pub pack: String,
    /// The days since 1970 that were judged, one after the other.
    pub days: Vec<i64>,
    /// Whether each of them was judged from its start to its end: a budget is for whole days.
    pub whole: Vec<bool>,
    /// Each rule and correlation that can alert, in the order of their names.
    pub rules: Vec<Counted>,
    /// What the pack allows in all a day.
    pub budget: Option<u64>,
}

/// The alerts of a rule.
#[derive(Debug)]
pub struct Counted {
    /// Its name.
    pub rule: String,
    /// By day, in the order of the days.
    pub by_day: Vec<u64>,
    /// What the pack allows it a day.
    pub budget: Option<u64>,
}

impl Backtest {
    /// Counts alerts whose windows end behind one moment and by another, in microseconds: each on the day on which its window, or its event, ends.
    #[must_use]
    pub fn of(pack: &Pack, alerts: &[Alert], from: i64, to: i64) -> Backtest {
        let days: Vec<i64> = (from.div_euclid(DAY)..to.saturating_add(DAY - 1).div_euclid(DAY)).collect();
        let whole = days.iter().map(|day| from <= day * DAY && (day + 1) * DAY <= to).collect();
        let resolved = &pack.resolved;
        let rules = resolved.rules.iter().filter(|rule| !rule.signal).map(|rule| rule.name.as_str());
        let names = rules.chain(resolved.correlations.iter().map(|one| one.name.as_str()));
        let mut counts: BTreeMap<&str, Vec<u64>> = names.map(|name| (name, vec![0; days.len()])).collect();
        for alert in alerts {
            // A window that ends at midnight is of the day before; an event is of its own.
            let last = if alert.window.start == alert.window.end { alert.window.end } else { alert.window.end - 1 };
            let at = days.first().and_then(|first| usize::try_from(last.div_euclid(DAY) - first).ok());
            let count = at.and_then(|at| counts.get_mut(alert.rule.as_str())?.get_mut(at));
            count.into_iter().for_each(|count| *count += 1);
        }
        let Budget { day, rule: each, rules } = &pack.budget;
        let counted = |(rule, by_day): (&str, Vec<u64>)| {
            let budget = rules.get(rule).map(|allowed| allowed.node).or(*each);
            Counted { rule: rule.to_owned(), by_day, budget }
        };
        Backtest { pack: pack.id.clone(), days, whole, rules: counts.into_iter().map(counted).collect(), budget: *day }
    }

    /// Of all rules, by day.
    #[must_use]
    pub fn by_day(&self) -> Vec<u64> {
        let of = |at: usize| self.rules.iter().filter_map(|rule| rule.by_day.get(at)).sum();
        (0..self.days.len()).map(of).collect()
    }

    /// What is louder than it may be, a sentence each.
    #[must_use]
    pub fn over_budget(&self) -> Vec<String> {
        let all = self.by_day();
        let whole = [(format!("the pack `{}`", self.pack), &all, self.budget)];
        let each = self.rules.iter().map(|rule| (format!("`{}`", rule.rule), &rule.by_day, rule.budget));
        whole.into_iter().chain(each).filter_map(|(name, by_day, budget)| self.over(&name, by_day, budget?)).collect()
    }

    fn over(&self, name: &str, by_day: &[u64], budget: u64) -> Option<String> {
        let judged = by_day.iter().zip(&self.whole).map(|(count, whole)| if *whole { *count } else { 0 });
        let judged: Vec<u64> = judged.collect();
        let (at, most) = loudest(&judged)?;
        let days = judged.iter().filter(|count| **count > budget).count();
        let day = self.days.get(at).map(|day| day_text(*day)).unwrap_or_default();
        let more = if days > 1 { format!(", and over it on {days} days in all") } else { String::new() };
        let times = |n: u64| if n == 1 { "once".to_owned() } else { format!("{n} times") };
        (most > budget).then(|| format!("{name} may alert {} a day: {} on {day}{more}", times(budget), times(most)))
    }
}

/// The first of the days with the most alerts, and how many it has.
fn loudest(by_day: &[u64]) -> Option<(usize, u64)> {
    by_day.iter().copied().enumerate().max_by_key(|(at, count)| (*count, std::cmp::Reverse(*at)))
}
