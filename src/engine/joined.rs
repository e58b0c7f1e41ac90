//! Borrowed fields: takes a table of events, and of each join where the lender's events are, gives the table with what was borrowed in it.
//!
//! ```text
//! lender ──semi join──▶ events that somebody asks for ──lag──▶ from when to when each lends ──right join──▶ every event, once
//! ```
//!
//! Of the lender's events of one key each lends from `within` behind the one before it on, and before that none: the times are disjoint, so
//! that no event finds two. What is held in memory is the keys of the borrowing events, and the lender's events that have one of them.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::common::{Column, JoinType, Result, ScalarValue};
use datafusion::datasource::ViewTable;
use datafusion::functions_window::lead_lag::lag;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, ExprFunctionExt as _, LogicalPlanBuilder, TableSource, cast, lit, when};

use super::lower::column;
use super::plan::near_times;
use crate::archive::SOURCE;
use crate::ir::{FieldId, Join, Stream};

/// What a source borrows by one join, and from where.
pub(super) struct Borrowing<'a> {
    /// The borrowing source.
    pub(super) source: &'a str,
    pub(super) join: &'a Join,
    /// The lender's stream.
    pub(super) lending: &'a Stream,
    /// The lender's events; none where none are archived.
    pub(super) lenders: Option<Arc<dyn TableSource>>,
}

/// A table of a stream's events, with what their sources borrow. `times` are those of the events that are needed, half open.
pub(super) fn joined(
    table: Arc<dyn TableSource>,
    stream: &Stream,
    borrowings: &[Borrowing<'_>],
    times: (i64, i64),
) -> Result<Arc<dyn TableSource>> {
    const EVENTS: &str = "borrowing";
    let mut plan = LogicalPlanBuilder::scan(EVENTS, Arc::clone(&table), None)?;
    for (n, borrowing) in borrowings.iter().enumerate() {
        let Some(lenders) = &borrowing.lenders else { continue };
        let lent = borrowing.lent(n, lenders, (&table, stream), times)?;
        let on = Column::new(Some(EVENTS), name(stream, borrowing.join.on));
        let time = micros(stream);
        let near = borrowing
            .is_source()
            .and(time.clone().gt_eq(column(lent_column(n, "from"))))
            .and(time.lt_eq(column(lent_column(n, "to"))));
        let key = Column::new_unqualified(lent_column(n, "key"));
        plan = lent.join(plan.build()?, JoinType::Right, (vec![key], vec![on]), Some(near))?;
    }
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| {
        let mut value = column(field.name());
        for (n, borrowing) in borrowings.iter().enumerate() {
            let fields = &borrowing.join.fields;
            let Some(at) = fields.iter().position(|lent| name(stream, lent.field) == *field.name()) else { continue };
            let lent = match borrowing.lenders {
                Some(_) => column(lent_column(n, at)),
                None => lit(ScalarValue::try_from(field.data_type())?),
            };
            value = when(borrowing.is_source(), lent).otherwise(value)?;
        }
        Ok(value.alias(field.name()))
    });
    let plan = plan.project(columns.collect::<Result<Vec<_>>>()?)?.build()?;
    Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))))
}

impl Borrowing<'_> {
    fn is_source(&self) -> Expr {
        column(SOURCE).eq(lit(ScalarValue::Utf8View(Some(self.source.to_owned()))))
    }

    /// The lender's events that borrowing ones ask for: their key, from when to when each lends, and what.
    fn lent(
        &self,
        n: usize,
        lenders: &Arc<dyn TableSource>,
        (table, stream): (&Arc<dyn TableSource>, &Stream),
        (from, to): (i64, i64),
    ) -> Result<LogicalPlanBuilder> {
        let Borrowing { source, join, lending, .. } = self;
        let near = (from.saturating_sub(join.within), to.saturating_add(join.within));
        let own = |part: &str| lent_column(n, part);
        let sought = rows("sought", table, (stream, source), join.on, (from, to))?
            .project([column(name(stream, join.on)).alias(own("sought"))])?;
        let key = column(name(lending, join.lender_on)).alias(own("key"));
        let id = column(name(lending, lending.event_id())).alias(own("id"));
        let mut columns = vec![key, micros(lending).alias(own("time")), id];
        for (at, lent) in join.fields.iter().enumerate() {
            columns.push(column(name(lending, lent.lender)).alias(lent_column(n, at)));
        }
        let all = rows("lending", lenders, (lending, &join.lender), join.lender_on, near)?.project(columns)?;
        let keys = ["sought", "key"].map(|part| vec![Column::new_unqualified(own(part))]).into();
        let asked_for = sought.join(all.build()?, JoinType::RightSemi, keys, None)?;
        let texts = (0..join.fields.len()).map(|at| cast(column(lent_column(n, at)), DataType::Utf8View));
        let order = [column(own("time")), column(own("id"))].into_iter().chain(texts).map(|by| by.sort(true, true));
        let before = lag(column(own("time")), Some(1), None)
            .partition_by(vec![column(own("key"))])
            .order_by(order.collect())
            .build()?
            .alias(own("before"));
        let (time, before_it) = (|| column(own("time")), || column(own("before")));
        let behind = before_it() + lit(join.within.saturating_add(1));
        let begin = time() - lit(join.within);
        let is_first = before_it().is_null();
        let from = when(is_first.clone().or(behind.clone().lt(begin.clone())), begin).otherwise(behind)?;
        let lent = (0..join.fields.len()).map(|at| column(lent_column(n, at)));
        let columns = [column(own("key")), from.alias(own("from")), (time() + lit(join.within)).alias(own("to"))];
        asked_for
            .window([before])?
            // Of events of one time the first lends.
            .filter(is_first.or(before_it().lt(time())))?
            .project(columns.into_iter().chain(lent).collect::<Vec<_>>())
    }
}

/// The rows of a source in a span of time that have a field.
fn rows(
    scan: &str,
    table: &Arc<dyn TableSource>,
    (stream, source): (&Stream, &str),
    field: FieldId,
    times: (i64, i64),
) -> Result<LogicalPlanBuilder> {
    let mut kept = near_times(stream, &[source], times, None);
    kept.push(column(name(stream, field)).is_not_null());
    let builder = LogicalPlanBuilder::scan(scan, Arc::clone(table), None)?;
    match conjunction(kept) {
        Some(kept) => builder.filter(kept),
        None => Ok(builder),
    }
}

fn name(stream: &Stream, field: FieldId) -> String {
    stream.get(field).map(|field| field.name.clone()).unwrap_or_default()
}

/// An event's time, an int.
fn micros(stream: &Stream) -> Expr {
    cast(column(name(stream, stream.time())), DataType::Int64)
}

/// A column of the n-th join: one of its own, or by number a lent field's.
fn lent_column(n: usize, part: impl std::fmt::Display) -> String {
    format!("#join.{n}.{part}")
}
