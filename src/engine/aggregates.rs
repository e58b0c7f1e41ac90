//! The IR's aggregates in, DataFusion's aggregate expressions out.

use datafusion::arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::{Expr, ExprFunctionExt, lit};

use super::collections::{Distinct, FirstValues, Frequent, Outermost};
use super::fold::fold_expr;
use super::lower::{Scope, column, plan_type};
use super::plan::{ID, TIME};
use super::records::listing_type;
use super::sums::{Ranked, Totals, WholeAverage, WholeSum};
use crate::ir::{Aggregate, AggregateFunction, Type};

impl Scope<'_> {
    /// An aggregate over the rows of a group for which `counted` holds, where one is given.
    pub(super) fn aggregate(&self, aggregate: &Aggregate, counted: Option<&Expr>) -> Result<Expr> {
        let args = aggregate.args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
        let types: Vec<&Type> = aggregate.args.iter().map(|arg| &arg.ty).collect();
        let folded = folded(aggregate, args, &types)?;
        let own = aggregate.filter.as_ref().map(|filter| self.pred(filter)).transpose()?;
        filtered(folded, own.into_iter().chain(counted.cloned()).reduce(Expr::and))
    }
}

/// How many different values a column of ints has in a group.
pub(super) fn different(ints: Expr) -> Result<Expr> {
    let distinct = Distinct::new(vec![plan_type(&Type::Int)])?;
    Ok(fold_expr("different", "", plan_type(&Type::Int), vec![ints], distinct))
}

/// An aggregate over those rows of a group for which a predicate holds.
pub(super) fn filtered(aggregate: Expr, filter: Option<Expr>) -> Result<Expr> {
    match filter {
        Some(filter) => aggregate.filter(filter).build(),
        None => Ok(aggregate),
    }
}

fn folded(aggregate: &Aggregate, args: Vec<Expr>, types: &[&Type]) -> Result<Expr> {
    let function = &aggregate.function;
    let (label, returns, identity) = (function.name(), plan_type(&aggregate.ty), format!("{function:?} {types:?}"));
    let single = args.first().cloned().zip(types.first().map(|ty| (*ty).clone()));
    let (arg, of) = match (function, single) {
        (AggregateFunction::Count, _) => return Ok(count(lit(1_i64))),
        (_, Some(single)) => single,
        (_, None) => return Err(plan_datafusion_err!("`{label}` without an argument")),
    };
    Ok(match function {
        AggregateFunction::Min => min(arg),
        AggregateFunction::Max => max(arg),
        AggregateFunction::Sum if matches!(of, Type::Int | Type::Duration) => {
            fold_expr(label, &identity, returns, args, WholeSum)
        }
        AggregateFunction::Avg if matches!(of, Type::Int | Type::Duration) => {
            let average = WholeAverage { of, result: aggregate.ty.clone() };
            fold_expr(label, &identity, returns, args, average)
        }
        AggregateFunction::Sum | AggregateFunction::Avg | AggregateFunction::Stddev => {
            let totals = Totals { function: function.clone(), of, result: aggregate.ty.clone() };
            fold_expr(label, &identity, returns, args, totals)
        }
        AggregateFunction::Percentile(billionths) => match of {
            Type::Float => fold_expr(label, &identity, returns, args, Ranked::<Float64Type>::new(*billionths)),
            Type::Decimal => fold_expr(label, &identity, returns, args, Ranked::<Decimal128Type>::new(*billionths)),
            _ => fold_expr(label, &identity, returns, args, Ranked::<Int64Type>::new(*billionths)),
        },
        AggregateFunction::Distinct => {
            let distinct = Distinct::new(types.iter().map(|ty| plan_type(ty)).collect())?;
            fold_expr(label, &identity, returns, args, distinct)
        }
        AggregateFunction::Values(most) => {
            fold_expr(label, &identity, listing_type(&aggregate.ty), args, FirstValues { of, most: *most })
        }
        AggregateFunction::Top(most) => {
            fold_expr(label, &identity, listing_type(&aggregate.ty), args, Frequent { of, most: *most })
        }
        AggregateFunction::First | AggregateFunction::Last | AggregateFunction::Count => {
            let outermost = Outermost { of, last: *function == AggregateFunction::Last };
            fold_expr(label, &identity, returns, vec![column(TIME), column(ID), arg], outermost)
        }
    })
}
