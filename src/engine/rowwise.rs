//! Kernels that take one row at a time: the evaluator's own functions inside a plan, where no column-wise form is worth its code.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::cast;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;

use super::kernel::kernel;
use super::lower::plan_type;
use crate::archive::{decode, encode};
use crate::eval::Value;
use crate::ir::Type;

/// The expression that gives, for each row, what `act` gives for the values of its arguments.
pub(super) fn rowwise(
    label: &str,
    identity: String,
    args: Vec<(Expr, Type)>,
    ty: &Type,
    act: impl Fn(&[Value]) -> Value + Send + Sync + 'static,
) -> Expr {
    let (args, types): (Vec<Expr>, Vec<Type>) = args.into_iter().unzip();
    let identity = format!("{identity} {types:?}");
    let result_type = ty.clone();
    kernel(label, identity, plan_type(ty), args, move |arrays| {
        let rows = arrays.first().map_or(0, |array| array.len());
        let mut values = Vec::with_capacity(types.len());
        let results: Vec<Value> = (0..rows)
            .map(|row| {
                values.clear();
                values.extend(types.iter().zip(arrays).map(|(ty, array)| decode(ty, array, row)));
                act(&values)
            })
            .collect();
        in_plan(&result_type, &results.iter().collect::<Vec<_>>())
    })
}

/// Values as a column of a plan.
pub(super) fn in_plan(ty: &Type, values: &[&Value]) -> Result<ArrayRef> {
    Ok(cast(&encode(ty, values)?, &plan_type(ty))?)
}
