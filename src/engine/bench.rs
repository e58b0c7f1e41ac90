//! Rules over events in memory, by the same plans as over an archive: to hold the engine against the evaluator.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{RulePlan, near};
use super::session::{Limits, Session};
use super::{errors, findings, table};
use crate::diag::Diagnostic;
use crate::eval::alert::finish;
use crate::eval::{Event, Outcome, Run, Undecided};
use crate::ir::{ACROSS, Rule, Stream};

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
        let mut judged: BTreeMap<&str, (BTreeSet<&str>, Vec<&Event>)> = BTreeMap::new();
        for event in events.iter().filter(|event| event.source.is_empty() || rule.admits(&event.source)) {
            let (sources, events) = judged.entry(if rule.is_across() { ACROSS } else { &event.source }).or_default();
            sources.insert(&event.source);
            events.push(event);
        }
        let mut outcome = Outcome::default();
        for (source, (sources, events)) in judged {
            let sources: Vec<&str> = sources.into_iter().collect();
            let found = table::events(&events, stream, self.limits.batch, self.limits.partitions)
                .and_then(|table| {
                    RulePlan::new(
                        rule,
                        stream,
                        &sources,
                        table,
                        run.range,
                        near(rule, stream, &sources, run.range, None),
                    )
                })
                .and_then(|plan| self.session.collect(&plan))
                .and_then(|rows| findings::outcome(rule, stream, source, run, &rows.batches))
                .map_err(|cause| errors::failed(rule, source, self.limits.memory, &cause))?;
            outcome.alerts.extend(found.alerts);
            outcome.lost_to_missing_keys += found.lost_to_missing_keys;
            outcome.undecided = Undecided::both(outcome.undecided, found.undecided);
        }
        finish(run.pack, &mut outcome.alerts);
        Ok(outcome)
    }
}
