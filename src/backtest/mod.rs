//! How loud a pack is: takes the alerts that it gave over past days, counts them by rule and day, and holds them against the pack's budget.

mod print;

use std::collections::BTreeMap;

pub use print::{markdown, text, to_json};

use crate::eval::Alert;
use crate::eval::correlate::correlate_all;
use crate::eval::mute::{Delivered, mute};
use crate::ir::SECOND;
use crate::pack::{Budget, Pack};

/// A day in microseconds.
const DAY: i64 = 86_400 * SECOND;

/// The alerts that reach somebody, of those of a pack's rules over logs that end at `end`: with those of its correlations, without signals and what is
/// muted.
#[must_use]
pub fn delivered(pack: &Pack, mut alerts: Vec<Alert>, end: i64) -> Vec<Alert> {
    correlate_all(&pack.resolved.correlations, &mut alerts, &pack.id, end);
    mute(&mut alerts, &pack.resolved.mutes(), &mut Delivered::new());
    let signal = |name: &str| pack.resolved.rules.iter().any(|rule| rule.signal && rule.name == name);
    let signals: BTreeMap<String, bool> =
        alerts.iter().map(|alert| (alert.rule.clone(), signal(&alert.rule))).collect();
    alerts.retain(|alert| !alert.muted && !signals.get(&alert.rule).copied().unwrap_or_default());
    alerts
}

/// Alerts by rule and day.
#[derive(Debug)]
pub struct Backtest {
    /// The pack's id.
    pub pack: String,
    /// The days since 1970 that were judged, one after the other.
    pub days: Vec<i64>,
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
    /// Counts alerts whose windows begin from one moment up to another, in microseconds.
    #[must_use]
    pub fn of(pack: &Pack, alerts: &[Alert], from: i64, to: i64) -> Backtest {
        let days: Vec<i64> = (from.div_euclid(DAY)..to.saturating_add(DAY - 1).div_euclid(DAY)).collect();
        let resolved = &pack.resolved;
        let rules = resolved.rules.iter().filter(|rule| !rule.signal).map(|rule| rule.name.as_str());
        let names = rules.chain(resolved.correlations.iter().map(|one| one.name.as_str()));
        let mut counts: BTreeMap<&str, Vec<u64>> = names.map(|name| (name, vec![0; days.len()])).collect();
        for alert in alerts {
            // A window may begin before the period and end in it: then it is of its first day.
            let day = alert.window.start.max(from).div_euclid(DAY);
            let at = days.first().and_then(|first| usize::try_from(day - first).ok());
            let count = at.and_then(|at| counts.get_mut(alert.rule.as_str())?.get_mut(at));
            count.into_iter().for_each(|count| *count += 1);
        }
        let Budget { day, rule: each, rules } = &pack.budget;
        let counted = |(rule, by_day): (&str, Vec<u64>)| {
            let budget = rules.get(rule).map(|allowed| allowed.node).or(*each);
            Counted { rule: rule.to_owned(), by_day, budget }
        };
        Backtest { pack: pack.id.clone(), days, rules: counts.into_iter().map(counted).collect(), budget: *day }
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
        let (at, most) = loudest(by_day)?;
        let days = by_day.iter().filter(|count| **count > budget).count();
        let day = self.days.get(at).map(|day| crate::eval::clock::day_text(*day)).unwrap_or_default();
        let more = if days > 1 { format!(", and over it on {days} days in all") } else { String::new() };
        (most > budget).then(|| format!("{name} may alert {budget} times a day: {most} times on {day}{more}"))
    }
}

/// The first of the days with the most alerts, and how many it has.
fn loudest(by_day: &[u64]) -> Option<(usize, u64)> {
    by_day.iter().copied().enumerate().max_by_key(|(at, count)| (*count, std::cmp::Reverse(*at)))
}
