//! Alerts of many rules: takes them in any order, gives those of one rule without looking at the others, and in the end all of them in order.

use std::collections::HashMap;

use super::alert::Alert;

/// Alerts, and where those of each rule are.
#[derive(Debug, Clone, Default)]
pub struct ByRule {
    alerts: Vec<Alert>,
    /// Places among the alerts, by rule.
    of: HashMap<String, Vec<usize>>,
}

impl ByRule {
    /// Adds alerts.
    pub fn add(&mut self, alerts: Vec<Alert>) {
        for (at, alert) in (self.alerts.len()..).zip(&alerts) {
            match self.of.get_mut(&alert.rule) {
                Some(places) => places.push(at),
                None => _ = self.of.insert(alert.rule.clone(), vec![at]),
            }
        }
        self.alerts.extend(alerts);
    }

    /// Those of a rule, signal or correlation, in the order in which they were added.
    pub fn of(&self, rule: &str) -> impl Iterator<Item = &Alert> {
        self.of.get(rule).into_iter().flatten().filter_map(|at| self.alerts.get(*at))
    }

    /// All of them, in the order in which alerts are reported.
    #[must_use]
    pub fn in_order(self) -> Vec<Alert> {
        let mut alerts = self.alerts;
        alerts.sort_by(Alert::in_order);
        alerts
    }
}

impl From<Vec<Alert>> for ByRule {
    fn from(alerts: Vec<Alert>) -> ByRule {
        let mut all = ByRule::default();
        all.add(alerts);
        all
    }
}
