//! The rows that a plan leaves in, alerts out: the evaluator's own last steps, on what DataFusion scanned, filtered and aggregated.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::common::{Result, internal_datafusion_err};

use super::lower::{aggregate_column, element_column, key_column, with_column};
use super::plan::{FIRST, ID, LAST, LOST, POSITION, TIME, WINDOW};
use crate::archive::decode;
use crate::eval::alert::EventRow;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::eval::rule::{Contents, Windowed, event_alert, looked_back};
use crate::eval::{Groups, Json, Outcome, Run, Value};
use crate::ir::{AggregateFunction, Rule, Stream, Type, Window};

/// What a rule found on one source.
pub(super) fn outcome(
    rule: &Rule,
    stream: &Stream,
    source: &str,
    run: &Run<'_>,
    batches: &[RecordBatch],
) -> Result<Outcome> {
    let patterns = Patterns::default();
    let found = Found { rule, stream, source, run, patterns: &patterns };
    match &rule.window {
        None => found.events(batches),
        Some(window) => found.windows(window, batches),
    }
}

struct Found<'a> {
    rule: &'a Rule,
    stream: &'a Stream,
    source: &'a str,
    run: &'a Run<'a>,
    patterns: &'a Patterns,
}

impl Found<'_> {
    /// One alert a row.
    fn events(&self, batches: &[RecordBatch]) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let missing = vec![Value::Missing; self.stream.fields.len()];
        for batch in batches {
            let (times, ids) = (column(batch, TIME)?, column(batch, ID)?);
            let fields = self.rule.fields(self.stream).into_iter().filter_map(|id| {
                let field = self.stream.get(id)?;
                Some(column(batch, &field.name).map(|column| (id.index(), &field.ty, column)))
            });
            let fields = fields.collect::<Result<Vec<_>>>()?;
            let with = self.rule.with.iter().enumerate();
            let with = with.map(|(n, binding)| Ok((&binding.value.ty, column(batch, &with_column(n))?)));
            let with = with.collect::<Result<Vec<_>>>()?;
            let each = match &self.rule.each {
                None => None,
                Some(each) => {
                    let ty = each.list.ty.element().unwrap_or(&Type::Text);
                    let elements = column(batch, &element_column(each.element))?;
                    Some((each.element, ty, elements, column(batch, POSITION)?))
                }
            };
            for row in 0..batch.num_rows() {
                let mut values = missing.clone();
                for (at, ty, column) in &fields {
                    if let Some(value) = values.get_mut(*at) {
                        *value = decode(ty, column, row);
                    }
                }
                let subject = Subject { source: self.source, fields: &values, record: &Json::Null };
                let mut scope = Scope::new(subject, self.patterns);
                with.iter().for_each(|(ty, column)| scope.bind_value(decode(ty, column, row)));
                let time = decode(&Type::Time, times, row).as_time().unwrap_or_default();
                let id = decode(&Type::Text, ids, row);
                let alert = match &each {
                    None => event_alert(self.rule, &mut scope, time, EventRow { id, element: None }),
                    Some((number, ty, elements, positions)) => {
                        let position = decode(&Type::Int, positions, row).as_int();
                        let event = EventRow { id, element: position.and_then(|at| u64::try_from(at).ok()) };
                        let element = decode(ty, elements, row);
                        scope.with_element(*number, &element, |scope| event_alert(self.rule, scope, time, event))
                    }
                };
                outcome.alerts.extend(alert);
            }
        }
        (outcome.alerts, outcome.undecided) =
            looked_back(self.rule, self.source, outcome.alerts, self.run, self.patterns);
        Ok(outcome)
    }

    /// One alert for each run of consecutive windows of the same keys.
    fn windows(&self, window: &Window, batches: &[RecordBatch]) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        // By keys, then by start: the plan's own order is not one.
        let (mut groups, mut texts) = (Groups::new(), Texts::default());
        for batch in batches {
            let (starts, firsts, lasts) = (column(batch, WINDOW)?, column(batch, FIRST)?, column(batch, LAST)?);
            let lost = batch.column_by_name(LOST);
            let keys = window.keys.iter().enumerate();
            let keys = keys.map(|(n, key)| Ok((&key.value.ty, column(batch, &key_column(n))?)));
            let keys = keys.collect::<Result<Vec<_>>>()?;
            let aggregates = self.rule.aggregates.iter().enumerate();
            let aggregates = aggregates.map(|(n, a)| Ok((&a.function, &a.ty, column(batch, &aggregate_column(n))?)));
            let aggregates = aggregates.collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                let time = |column: &ArrayRef| decode(&Type::Time, column, row).as_time();
                let Some(start) = time(starts) else {
                    let events = lost.and_then(|lost| decode(&Type::Int, lost, row).as_int());
                    outcome.lost_to_missing_keys += events.and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
                    continue;
                };
                let contents = Contents {
                    start,
                    first: time(firsts).unwrap_or(start),
                    last: time(lasts).unwrap_or(start),
                    aggregates: aggregates.iter().map(|(f, ty, column)| aggregate(f, ty, column, row)).collect(),
                };
                let keys = keys.iter().map(|(ty, column)| texts.once(decode(ty, column, row))).collect();
                groups.entry(keys).or_default().push(contents);
            }
        }
        groups.values_mut().for_each(|windows| windows.sort_unstable_by_key(|held| held.start));
        let Found { rule, source, run, patterns, .. } = *self;
        let judged = Windowed { rule, window, source, run, patterns }.judge(&groups);
        // The plan's `when` has let the windows through, so the evaluator's must.
        if rule.looks.is_empty() && judged.passed_over > 0 {
            return Err(internal_datafusion_err!("plan and evaluator disagree on `{}`", rule.name));
        }
        outcome.alerts = judged.alerts;
        outcome.undecided = judged.undecided;
        Ok(outcome)
    }
}

/// The texts of keys, each of them once in memory: a million groups are of few callers, and to compare keys that lie apart is to wait for memory.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn once(&mut self, value: Value) -> Value {
        let Value::Text(text) = value else { return value };
        if let Some(known) = self.0.get(&text) {
            return Value::Text(Arc::clone(known));
        }
        self.0.insert(Arc::clone(&text));
        Value::Text(text)
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| internal_datafusion_err!("the plan gave no column `{name}`"))
}

/// The value of an aggregate: that of `values` and `top` says whether there were more.
fn aggregate(function: &AggregateFunction, ty: &Type, column: &ArrayRef, row: usize) -> Value {
    match function {
        AggregateFunction::Values(_) | AggregateFunction::Top(_) => super::records::listing(ty, column, row),
        _ => decode(ty, column, row),
    }
}
