//! Rules over events in memory, by the same plans as over an archive: to hold the engine against the evaluator.

use std::collections::BTreeMap;

use super::plan::RulePlan;
use super::session::{Limits, Session};
use super::{errors, findings, table};
use crate::diag::Diagnostic;
use crate::eval::alert::finish;
use crate::eval::{Event, Outcome, Run};
use crate::ir::{Rule, Stream};

/// Runs rules over events in memory as [`super::Engine::run`] does over an archive.
#[derive(Debug)]
pub struct Bench {
    session: Session,
    limits: Limits,
}

impl Bench {
    /// A bench with these limits, of which batches and partitions cut the events too.
    ///
    /// # Errors
    /// A machine without threads or temporary files.
    pub fn new(limits: Limits) -> Result<Bench, Diagnostic> {
        let session = Session::new(limits, None).map_err(|cause| errors::no_session(&cause))?;
        Ok(Bench { session, limits })
    }

    /// What [`crate::eval::run`] gives for the same arguments.
    ///
    /// # Errors
    /// A plan that can't be made or run to its end.
    pub fn run(&self, rule: &Rule, stream: &Stream, events: &[Event], run: &Run<'_>) -> Result<Outcome, Diagnostic> {
        let mut sources: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.source.is_empty() || rule.admits(&event.source)) {
            sources.entry(&event.source).or_default().push(event);
        }
        let mut outcome = Outcome::default();
        for (source, events) in sources {
            let found = table::events(&events, stream, self.limits.batch, self.limits.partitions)
                .and_then(|table| RulePlan::new(rule, stream, source, table, run.range))
                .and_then(|plan| self.session.collect(&plan))
                .and_then(|rows| findings::outcome(rule, stream, source, run, &rows))
                .map_err(|cause| errors::failed(rule, source, self.limits.memory, &cause))?;
            outcome.alerts.extend(found.alerts);
            outcome.lost_to_missing_keys += found.lost_to_missing_keys;
        }
        finish(run.pack, &mut outcome.alerts);
        Ok(outcome)
    }
}
