//! The rows that a plan leaves in, alerts out: the evaluator's own last steps, on what DataFusion scanned, filtered and aggregated.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;
use rayon::prelude::*;

use super::kernel::array;
use super::lower::{aggregate_column, element_column, key_column, with_column};
use super::plan::{FIRST, ID, LAST, LOST, POSITION, TIME, WINDOW};
use crate::archive::decode;
use crate::eval::alert::EventRow;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::eval::rule::{Contents, event_alert, looked_back};
use crate::eval::windowed::Windowed;
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
        let Found { rule, source, run, patterns, .. } = *self;
        // Each processor puts some of the rows into groups; few groups are in one part only.
        let some = batches.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts = batches.par_chunks(some).map(|some| Grouped::of(rule, window, some));
        let mut parts = parts.collect::<Result<Vec<_>>>()?.into_iter();
        let mut grouped = parts.next().unwrap_or_else(|| Grouped::new(window));
        parts.try_for_each(|part| grouped.add(part))?;
        let (groups, lost_to_missing_keys) = (grouped.groups()?, grouped.lost);
        let judged = Windowed { rule, window, source, run, patterns }.judge(&groups);
        // The plan's `when` has let the windows through, so the evaluator's must.
        if rule.looks.is_empty() && judged.passed_over > 0 {
            return Err(internal_datafusion_err!("plan and evaluator disagree on `{}`", rule.name));
        }
        Ok(Outcome { alerts: judged.alerts, lost_to_missing_keys, undecided: judged.undecided })
    }
}

/// Rows of a plan as windows of groups.
struct Grouped<'a> {
    window: &'a Window,
    /// DataFusion's own table of keys; none before the first row, and where there are no keys.
    keys: Option<Box<dyn GroupValues>>,
    /// By group.
    windows: Vec<Vec<Contents>>,
    /// Events that lack a key.
    lost: u64,
}

impl<'a> Grouped<'a> {
    fn new(window: &'a Window) -> Grouped<'a> {
        Grouped { window, keys: None, windows: Vec::new(), lost: 0 }
    }

    fn of(rule: &Rule, window: &'a Window, batches: &[RecordBatch]) -> Result<Grouped<'a>> {
        let (mut grouped, mut of_rows) = (Grouped::new(window), Vec::new());
        for batch in batches {
            let time = |name: &str| array::<Int64Array>(column(batch, name)?);
            let (starts, firsts, lasts) = (time(WINDOW)?, time(FIRST)?, time(LAST)?);
            let lost = batch.column_by_name(LOST);
            let aggregates = rule.aggregates.iter().enumerate();
            let aggregates = aggregates.map(|(n, a)| Ok((&a.function, &a.ty, column(batch, &aggregate_column(n))?)));
            let aggregates = aggregates.collect::<Result<Vec<_>>>()?;
            let keys = (0..window.keys.len()).map(|n| column(batch, &key_column(n)).cloned());
            grouped.places(&keys.collect::<Result<Vec<_>>>()?, batch.num_rows(), &mut of_rows)?;
            for (row, group) in of_rows.iter().enumerate() {
                if starts.is_null(row) {
                    let events = lost.and_then(|lost| decode(&Type::Int, lost, row).as_int());
                    grouped.lost += events.and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
                } else if let Some(windows) = grouped.windows.get_mut(*group) {
                    windows.push(Contents {
                        start: starts.value(row),
                        first: firsts.value(row),
                        last: lasts.value(row),
                        aggregates: aggregates.iter().map(|(f, ty, column)| aggregate(f, ty, column, row)).collect(),
                    });
                }
            }
        }
        Ok(grouped)
    }

    /// The group of each row, by its keys.
    fn places(&mut self, keys: &[ArrayRef], rows: usize, of_rows: &mut Vec<usize>) -> Result<()> {
        if keys.is_empty() {
            of_rows.clear();
            of_rows.resize(rows, 0);
            self.windows.resize_with(1, Vec::new);
            return Ok(());
        }
        let table = match &mut self.keys {
            Some(table) => table,
            none => {
                let field = |(n, key): (usize, &ArrayRef)| Field::new(key_column(n), key.data_type().clone(), true);
                let schema = Schema::new(keys.iter().enumerate().map(field).collect::<Vec<_>>());
                none.insert(new_group_values(Arc::new(schema), &GroupOrdering::None)?)
            }
        };
        table.intern(keys, of_rows)?;
        self.windows.resize_with(table.len(), Vec::new);
        Ok(())
    }

    /// The columns of keys, a row for each group.
    fn keys(&mut self) -> Result<Vec<ArrayRef>> {
        self.keys.as_mut().map_or(Ok(Vec::new()), |table| table.emit(EmitTo::All))
    }

    /// Adds others of the same rule.
    fn add(&mut self, mut others: Grouped<'_>) -> Result<()> {
        let mut places = Vec::new();
        self.places(&others.keys()?, others.windows.len(), &mut places)?;
        for (windows, group) in others.windows.into_iter().zip(places) {
            if let Some(all) = self.windows.get_mut(group) {
                all.extend(windows);
            }
        }
        self.lost += others.lost;
        Ok(())
    }

    /// The windows by the values of their keys, each group's by their start: a plan's own order is not one.
    fn groups(&mut self) -> Result<Groups> {
        let (columns, mut texts) = (self.keys()?, Texts::default());
        let mut groups = Groups::new();
        for (row, mut windows) in std::mem::take(&mut self.windows).into_iter().enumerate() {
            let keys = self.window.keys.iter().zip(&columns);
            let keys = keys.map(|(key, column)| texts.once(decode(&key.value.ty, column, row))).collect();
            if !windows.is_empty() {
                windows.sort_unstable_by_key(|held| held.start);
                groups.insert(keys, windows);
            }
        }
        Ok(groups)
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
