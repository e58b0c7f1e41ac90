//! Rules over events as they come: takes rules of one source and whoever hands on its events, gives what each rule finds, from one pass.
//!
//! Events are read, and handed to the plans of the rules, while the plans run: what is held is what the plans hold.

use std::collections::BTreeSet;
use std::thread;

use datafusion::common::{DataFusionError, Result, exec_datafusion_err};

use super::cost::PassCost;
use super::feed::Outlet;
use super::pass::{self, Member, Scanned};
use super::plan::tier;
use super::session::{Limits, Rows, Session};
use super::{errors, findings, table};
use crate::diag::Diagnostic;
use crate::eval::{Event, Outcome, Range, Run};
use crate::ir::{Rule, Stream, Tier};

/// Takes events; whether it wants more of them.
pub type Take<'t> = dyn FnMut(Vec<Event>) -> bool + 't;

/// What the plans of rules gave.
pub struct PipedRows<'a> {
    stream: &'a Stream,
    source: &'a str,
    limits: Limits,
    rows: Vec<(Rule, Result<Rows>)>,
    /// What the pass cost.
    pub cost: PassCost,
}

/// Runs rules, as they are judged on a source, over the events of that source which `read` hands on; gives what `read` gives, and the rows.
///
/// # Errors
/// Those of `read`; plans that can't be made; a machine without threads or temporary files.
pub fn piped<'a, T: Send>(
    rules: &[Rule],
    stream: &'a Stream,
    source: &'a str,
    range: Range,
    limits: Limits,
    read: impl FnOnce(&mut Take<'_>) -> std::result::Result<T, Diagnostic> + Send,
) -> std::result::Result<(T, PipedRows<'a>), Diagnostic> {
    let session = Session::new(limits, None).map_err(|cause| errors::no_session(&cause))?;
    // Whatever the rules read, and were there none: the input is read to its end.
    let own = [stream.time(), stream.event_id()];
    let fields: BTreeSet<_> = rules.iter().flat_map(|rule| rule.fields(stream)).chain(own).collect();
    let content = rules.iter().any(|rule| tier(rule, stream) == Tier::Content);
    let not_run = |cause: &DataFusionError| errors::not_run(source, limits.memory, cause);
    let schema = table::columns_of(stream, &fields).map_err(|cause| not_run(&cause))?;
    let all = (0..schema.fields().len()).collect();
    let (outlet, table) = Outlet::new(&schema, all, 1, limits.batch).map_err(|cause| not_run(&cause))?;
    let tier = if content { Tier::Content } else { Tier::Metadata };
    let scanned = Scanned { table, files: 0, extent: None, stream, tier };
    let members: Vec<Member<'_>> = rules.iter().map(|rule| Member { rule, sources: vec![source], range }).collect();
    let (read, passed) = thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut take = |events: Vec<Event>| {
                let events: Vec<&Event> = events.iter().collect();
                outlet.hand(table::batch(&schema, stream, &events))
            };
            let read = read(&mut take);
            if read.is_err() {
                // Nobody must take what was read so far for all there is.
                outlet.hand(Err(exec_datafusion_err!("the events could not be read to their end")));
            }
            read
        });
        let passed = pass::run(&session, &scanned, &members);
        // Whoever still hands on is told that nobody takes.
        drop(scanned);
        (reading.join(), passed)
    });
    let read = read.map_err(|_| errors::not_run(source, limits.memory, &exec_datafusion_err!("reading ended")))??;
    let pass::Outcome { rows, cost } = passed.map_err(|cause| not_run(&cause))?;
    Ok((read, PipedRows { stream, source, limits, rows, cost }))
}

impl PipedRows<'_> {
    /// By rule, what it found.
    #[must_use]
    pub fn outcomes(self, run: &Run<'_>) -> Vec<std::result::Result<Outcome, Diagnostic>> {
        let PipedRows { stream, source, limits, rows, .. } = self;
        let of_rule = |(rule, rows): (Rule, Result<Rows>)| {
            let found = rows.and_then(|rows| findings::outcome(&rule, stream, source, run, &rows.batches));
            found.map_err(|cause| errors::failed(&rule, source, limits.memory, &cause))
        };
        rows.into_iter().map(of_rule).collect()
    }
}
