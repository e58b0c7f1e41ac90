//! Unit tests of correlations: runs the rules that a correlation reads over a test's events, then the correlation, and compares.
//!
//! In a test time goes on behind the last event: what must not come within an hour has not come.

use std::collections::BTreeMap;

use super::{Outcome, compare, type_of_alerts, whole_range};
use crate::diag::Diagnostic;
use crate::eval::borrow::borrowed;
use crate::eval::correlate::{Known, correlate, correlate_all};
use crate::eval::{self, Alert, ByRule, Event, Range, Run};
use crate::ir::{Correlation, Rule, Stream, Test, Type};
use crate::pack::Pack;

/// A test of a correlation made ready.
pub(super) struct Case<'a> {
    pack: &'a Pack,
    test: &'a Test,
    correlation: &'a Correlation,
    /// Those that it reads, each with the events of its stream and a range over all of them.
    rules: Vec<(&'a Rule, &'a Stream, Vec<Event>, Range)>,
    unread: Vec<String>,
}

/// All tests of correlations of a pack, in order.
pub(super) fn cases(pack: &Pack) -> impl Iterator<Item = Case<'_>> {
    let resolved = &pack.resolved;
    resolved.tests.iter().filter_map(move |test| {
        let correlation = resolved.correlations.iter().find(|one| one.name == test.rule)?;
        Some(Case::new(pack, test, correlation))
    })
}

impl<'a> Case<'a> {
    fn new(pack: &'a Pack, test: &'a Test, correlation: &'a Correlation) -> Case<'a> {
        let resolved = &pack.resolved;
        let (logs, unread) = super::logs(pack, test);
        let read = correlation.reads(&resolved.correlations);
        let rules = resolved.rules.iter().filter(|rule| read.contains(rule.name.as_str())).filter_map(|rule| {
            let stream = resolved.schema.stream_of(rule.stream)?;
            let events = borrowed(&resolved.schema, rule.stream, &logs);
            let range = whole_range(rule, stream, &events);
            Some((rule, stream, events, range))
        });
        Case { pack, test, correlation, rules: rules.collect(), unread }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let mut problems = self.unread.clone();
        let mut alerts = Vec::new();
        match self.alerts(eval::run) {
            Ok(found) => alerts = found,
            Err(diagnostic) => problems.push(diagnostic.message),
        }
        let type_of = |name: &str| {
            let key = self.correlation.keys.iter().find(|(key, _)| key == name).map(|(_, ty)| ty.clone());
            key.unwrap_or_else(|| type_of_alerts(name))
        };
        problems.append(&mut compare(self.test, &type_of as &dyn Fn(&str) -> Type, &alerts));
        let (rule, title) = (self.correlation.name.clone(), self.test.title.clone());
        Outcome { rule, title, problems, alerts, lines: Vec::new() }
    }

    /// The alerts of the correlation, where `run` runs its rules.
    fn alerts(
        &self,
        run: impl Fn(&Rule, &Stream, &[Event], &Run<'_>) -> Result<eval::Outcome, Diagnostic>,
    ) -> Result<Vec<Alert>, Diagnostic> {
        let coverage = BTreeMap::new();
        let mut alerts = Vec::new();
        for (rule, stream, events, range) in &self.rules {
            let under = Run { pack: &self.pack.id, range: *range, coverage: &coverage };
            alerts.append(&mut run(rule, stream, events, &under)?.alerts);
        }
        let correlations = &self.pack.resolved.correlations;
        let read = self.correlation.reads(correlations);
        let below = correlations.iter().filter(|one| read.contains(one.name.as_str())).cloned();
        correlate_all(&below.collect::<Vec<_>>(), &mut alerts, &self.pack.id, i64::MAX);
        let alerts = ByRule::from(alerts);
        Ok(correlate(self.correlation, Vec::new(), &alerts, &self.pack.id, Known::all(i64::MAX)).alerts)
    }

    /// Whether DataFusion gives the alerts that the evaluator gave.
    #[cfg(feature = "engine")]
    pub(super) fn on_engine(&self, bench: &crate::engine::Bench, alerts: &[Alert]) -> super::emitted::Line {
        use super::emitted::{Agreement, Line};
        let found = self.alerts(|rule, stream, events, run| bench.run(rule, stream, events, run));
        let agreement = match found {
            Ok(found) if found == alerts => Agreement::Agrees(alerts.len()),
            Ok(_) => Agreement::Differs("its alerts are others".to_owned()),
            Err(diagnostic) => Agreement::Differs(diagnostic.message),
        };
        Line { source: None, target: "datafusion", agreement }
    }
}
