//! A rule, one source and a range in, a logical plan out: scan → `with` → `each` → `where` → windows and keys → aggregates → `when`.
//!
//! What follows on the few rows that are left (measures, severity, shown items, merging of windows) is the part of `findings`.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{Column, NullHandling, Result, ScalarValue, UnnestOptions};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableSource, cast, lit, when};

use super::aggregates::{different, filtered};
use super::lower::{Scope, aggregate_column, column, element_column, key_column, measure_column, with_column};
use super::{elements, windows};
use crate::archive::{ArchiveFile, SOURCE};
use crate::bind::deciding;
use crate::eval::Range;
use crate::ir::{Binding, ExprKind, FieldId, PredKind, Rule, Stream, Tier, Window};

/// The event's time, an int.
pub(super) const TIME: &str = "#time";
/// The event's id.
pub(super) const ID: &str = "#id";
/// The element's place in the list of `each`.
pub(super) const POSITION: &str = "#position";
/// A number that only one event of a plan has.
pub(super) const ROW: &str = "#row";
/// The start of a row's window; null in rows that lack a group key.
pub(super) const WINDOW: &str = "#window";
/// The time of a group's first row, and of its last.
pub(super) const FIRST: &str = "#first";
/// See [`FIRST`].
pub(super) const LAST: &str = "#last";
/// How many events lack a group key.
pub(super) const LOST: &str = "#lost";

/// The tier that has every field that a rule reads.
pub(super) fn tier(rule: &Rule, stream: &Stream) -> Tier {
    let content = |id: &FieldId| stream.get(*id).is_some_and(|field| field.tier == Tier::Content);
    if rule.fields(stream).iter().any(content) { Tier::Content } else { Tier::Metadata }
}

/// A rule's plan over the rows of one source in a table, and what running it asks for.
#[derive(Debug)]
pub(super) struct RulePlan {
    /// The plan.
    pub plan: LogicalPlan,
    /// What it reads; content never spills.
    pub tier: Tier,
    /// Into how many windows a row goes at most.
    pub windows: usize,
    /// Whether it may read the archive's files a day at a time: no group has rows of two days.
    pub by_day: bool,
}

impl RulePlan {
    /// The plan of a rule over a table of these sources' rows. `near` is what else must hold of rows: that of [`near`], unless the table holds
    /// no others.
    pub(super) fn new(
        rule: &Rule,
        stream: &Stream,
        sources: &[&str],
        table: Arc<dyn TableSource>,
        range: Range,
        near: Vec<Expr>,
    ) -> Result<RulePlan> {
        let columns = columns_read(&table.schema(), rule, stream)?;
        let builder = LogicalPlanBuilder::scan("events", table, Some(columns))?;
        let steps = Steps { rule, stream, sources, builder };
        let rows = steps.near(near)?.bound()?.taken_apart()?.filtered()?;
        let plan = match &rule.window {
            None => rows.builder.build()?,
            Some(window) => rows.grouped(window, range)?.judged()?.builder.build()?,
        };
        let in_windows = rule.window.as_ref().map_or(1, windows::count);
        Ok(RulePlan { plan, tier: tier(rule, stream), windows: in_windows, by_day: windows::within_days(rule) })
    }
}

/// The places of a rule's columns in a table, the source's first.
pub(super) fn columns_read(schema: &Schema, rule: &Rule, stream: &Stream) -> Result<Vec<usize>> {
    let names = rule.fields(stream).into_iter().filter_map(|id| stream.get(id)).map(|field| field.name.as_str());
    [SOURCE].into_iter().chain(names).map(|name| Ok(schema.index_of(name)?)).collect()
}

/// What a table's rows are of: these sources, and no time before the first or behind the last.
#[derive(Debug, Clone)]
pub(super) struct Extent<'a> {
    sources: BTreeSet<&'a str>,
    times: (i64, i64),
}

impl<'a> Extent<'a> {
    /// Of what files hold.
    pub(super) fn of(files: impl IntoIterator<Item = &'a ArchiveFile>) -> Extent<'a> {
        let mut extent = Extent { sources: BTreeSet::new(), times: (i64::MAX, i64::MIN) };
        for coverage in files.into_iter().map(|file| &file.entry.coverage) {
            extent.sources.insert(&coverage.source);
            extent.times = (extent.times.0.min(coverage.first), extent.times.1.max(coverage.last));
        }
        extent
    }

    /// Whether there may be rows outside a span of time, half open.
    pub(super) fn exceeds(&self, (from, to): (i64, i64)) -> bool {
        self.times.0 < from || self.times.1 >= to
    }
}

/// What must be asked so that of the rows of a table only those of sources are left that a rule needs to be judged in a range; of a table that
/// has no others by its extent, where that is known, nothing.
pub(super) fn near(
    rule: &Rule,
    stream: &Stream,
    sources: &[&str],
    range: Range,
    extent: Option<&Extent<'_>>,
) -> Vec<Expr> {
    near_times(stream, sources, windows::times(rule, range), extent)
}

/// The same for a span of time, half open.
pub(super) fn near_times(
    stream: &Stream,
    sources: &[&str],
    (from, to): (i64, i64),
    extent: Option<&Extent<'_>>,
) -> Vec<Expr> {
    let time = column(stream.get(stream.time()).map(|field| field.name.clone()).unwrap_or_default());
    let at = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some(Arc::from("UTC"))));
    let mut near = Vec::new();
    if extent.is_none_or(|extent| !extent.sources.iter().all(|source| sources.contains(source))) {
        let name = |source: &&str| lit(ScalarValue::Utf8View(Some((*source).to_owned())));
        near.push(column(SOURCE).in_list(sources.iter().map(name).collect(), false));
    }
    let (first, last) = extent.map_or((i64::MIN, i64::MAX), |extent| extent.times);
    near.extend((first < from).then(|| time.clone().gt_eq(at(from))));
    near.extend((last >= to).then(|| time.lt(at(to))));
    near
}

struct Steps<'a> {
    rule: &'a Rule,
    stream: &'a Stream,
    sources: &'a [&'a str],
    builder: LogicalPlanBuilder,
}

impl Steps<'_> {
    fn scope(&self) -> Scope<'_> {
        Scope { stream: self.stream, sources: self.sources, columns: self.builder.schema() }
    }

    fn add(mut self, columns: Vec<(String, Expr)>) -> Result<Self> {
        let there = self.builder.schema().columns().into_iter().map(Expr::Column);
        let all: Vec<Expr> = there.chain(columns.into_iter().map(|(name, expr)| expr.alias(name))).collect();
        self.builder = self.builder.project(all)?;
        Ok(self)
    }

    fn keep(mut self, predicate: Expr) -> Result<Self> {
        self.builder = self.builder.filter(predicate)?;
        Ok(self)
    }

    /// One row for each element; none where there are none.
    fn unnest(mut self, name: &str) -> Result<Self> {
        let options = UnnestOptions { null_handling: NullHandling::Drop, recursions: Vec::new() };
        self.builder = self.builder.unnest_column_with_options(Column::new_unqualified(name), options)?;
        Ok(self)
    }

    /// Rows for which all of this holds, with their time and id.
    fn near(self, near: Vec<Expr>) -> Result<Self> {
        let field = |id| self.stream.get(id).map(|field| field.name.clone()).unwrap_or_default();
        let (time, id) = (column(field(self.stream.time())), column(field(self.stream.event_id())));
        let kept = match conjunction(near) {
            Some(near) => self.keep(near)?,
            None => self,
        };
        kept.add(vec![(TIME.to_owned(), cast(time, DataType::Int64)), (ID.to_owned(), id)])
    }

    /// `with`
    fn bound(self) -> Result<Self> {
        let with = &self.rule.with;
        let read = |kind: &ExprKind| if let ExprKind::With(n) = kind { Some(*n) } else { None };
        self.staged(with, (0..with.len()).collect(), read, with_column)
    }

    /// Adds values that may read one another: those that read none first.
    fn staged(
        mut self,
        bindings: &[Binding],
        wanted: BTreeSet<usize>,
        read: fn(&ExprKind) -> Option<usize>,
        name: fn(usize) -> String,
    ) -> Result<Self> {
        let mut left = wanted;
        while !left.is_empty() {
            let ready = |n: &usize| {
                let mut ready = true;
                if let Some(binding) = bindings.get(*n) {
                    binding
                        .value
                        .walk(&mut |expr| ready &= read(&expr.kind).is_none_or(|other| !left.contains(&other)));
                }
                ready
            };
            let (now, later): (BTreeSet<usize>, BTreeSet<usize>) = left.iter().partition(|n| ready(n));
            let scope = self.scope();
            let columns = now.iter().filter_map(|n| bindings.get(*n).map(|b| Ok((name(*n), scope.expr(&b.value)?))));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            if columns.is_empty() {
                break;
            }
            self = self.add(columns)?;
            left = later;
        }
        Ok(self)
    }

    /// `each`
    fn taken_apart(self) -> Result<Self> {
        let Some(each) = &self.rule.each else { return Ok(self) };
        let name = element_column(each.element);
        let list = self.scope().expr(&each.list)?;
        if self.rule.window.is_some() {
            return self
                .add(vec![(name.clone(), list), (ROW.to_owned(), elements::row_number(column(TIME)))])?
                .unnest(&name);
        }
        // An alert of an element names its place in the list.
        let numbered = "#numbered";
        let list_type = self.scope().type_of(&list)?;
        let steps = self.add(vec![(numbered.to_owned(), elements::numbered(list, &list_type)?)])?.unnest(numbered)?;
        let element = elements::element_of(column(numbered), &list_type)?;
        steps.add(vec![(name, element), (POSITION.to_owned(), elements::position_of(column(numbered)))])
    }

    /// `where`
    fn filtered(self) -> Result<Self> {
        let scope = self.scope();
        let tests = self.rule.filter.iter().map(|pred| scope.pred(pred)).collect::<Result<Vec<_>>>()?;
        match conjunction(tests) {
            Some(all) => self.keep(all),
            None => Ok(self),
        }
    }

    /// `over` and the aggregates: one row for each window and combination of keys, and one for the rows that lack a key.
    fn grouped(self, window: &Window, range: Range) -> Result<Self> {
        let scope = self.scope();
        let mut keys = Vec::new();
        let mut present = Vec::new();
        for key in &window.keys {
            let value = scope.expr(&key.value)?;
            keys.push(match &key.default {
                Some(default) => {
                    let default = lit(ScalarValue::Utf8View(Some(default.clone())));
                    when(value.clone().is_not_null(), value).otherwise(default)?
                }
                None => {
                    present.push(value.clone().is_not_null());
                    value
                }
            });
        }
        let complete = conjunction(present);
        let plain = windows::is_plain(window);
        let mut steps = self;
        if let Some(complete) = complete.as_ref().filter(|_| plain && !steps.rule.looks.is_empty()) {
            // What lacks a key is counted where a window is judged, not where it is only looked back at.
            let (from, to) = windows::judged(window, range);
            let judged = column(TIME).gt_eq(lit(from)).and(column(TIME).lt(lit(to)));
            steps = steps.keep(complete.clone().or(judged))?;
        }
        if let Some(complete) = complete.as_ref().filter(|_| keys.len() > 1) {
            // All rows that lack a key make one group; of one key they do anyway.
            for key in &mut keys {
                *key = when(complete.clone(), key.clone()).end()?;
            }
        }
        let start = if plain {
            let start = windows::only_start(column(TIME), window);
            match &complete {
                Some(complete) => when(complete.clone(), start).end()?,
                None => start,
            }
        } else {
            windows::all_starts(column(TIME), complete.clone().unwrap_or_else(|| lit(true)), steps.rule, window, range)
        };
        let named = keys.into_iter().enumerate().map(|(n, key)| (key_column(n), key));
        let columns = named.chain([(WINDOW.to_owned(), start)]).collect();
        steps = steps.add(columns)?;
        if !plain {
            steps = steps.unnest(WINDOW)?;
        }
        steps.aggregated(window, complete.is_some())
    }

    fn aggregated(mut self, window: &Window, some_lack_a_key: bool) -> Result<Self> {
        let scope = self.scope();
        let counted = some_lack_a_key.then(|| column(WINDOW).is_not_null());
        let mut folded = vec![min(column(TIME)).alias(FIRST), max(column(TIME)).alias(LAST)];
        if some_lack_a_key {
            // Several elements of one event are one event.
            let rows = if self.rule.each.is_some() { different(column(ROW))? } else { count(lit(1_i64)) };
            folded.push(filtered(rows, Some(column(WINDOW).is_null()))?.alias(LOST));
        }
        for (n, aggregate) in self.rule.aggregates.iter().enumerate() {
            folded.push(scope.aggregate(aggregate, counted.as_ref())?.alias(aggregate_column(n)));
        }
        let keys = (0..window.keys.len()).map(|n| column(key_column(n)));
        let keys: Vec<Expr> = keys.chain([column(WINDOW)]).collect();
        self.builder = self.builder.aggregate(keys, folded)?;
        Ok(self)
    }

    /// `when`; the group of rows that lack a key stays. What asks the past is asked of all windows together, in `findings`.
    fn judged(self) -> Result<Self> {
        if self.rule.when.kind == PredKind::Const(true) || !self.rule.looks.is_empty() {
            return Ok(self);
        }
        let rule = self.rule;
        let read = |kind: &ExprKind| if let ExprKind::Measure(n) = kind { Some(*n) } else { None };
        let steps = self.staged(&rule.measures, deciding(rule).1, read, measure_column)?;
        let holds = steps.scope().pred(&rule.when)?;
        steps.keep(column(WINDOW).is_null().or(holds))
    }
}
