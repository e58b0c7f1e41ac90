//! Arithmetic and comparison of columns: what overflows, or is not finite, is missing.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::kernel::{argument, kernel};
use super::lower::plan_type;
use super::rowwise::rowwise;
use crate::eval;
use crate::eval::Value;
use crate::ir::{Arithmetic, Comparison, Type};

/// `left operation right`; each side with its type.
pub(super) fn arithmetic(
    operation: Arithmetic,
    (left, left_type): (Expr, &Type),
    (right, right_type): (Expr, &Type),
    ty: &Type,
) -> Result<Expr> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    let whole = |ty: &Type| plan_type(ty) == DataType::Int64;
    let float = |ty: &Type| *ty == Type::Float;
    let name = format!("{operation:?}").to_lowercase();
    let (all_whole, all_float) =
        (whole(left_type) && whole(right_type), float(left_type) && float(right_type) && float(ty));
    let args = vec![left, right];
    let both_ints = *left_type == Type::Int && *right_type == Type::Int;
    let expr = match operation {
        Add if all_whole => wholes(&name, args, i64::checked_add),
        Subtract if all_whole => wholes(&name, args, i64::checked_sub),
        Multiply if both_ints => wholes(&name, args, i64::checked_mul),
        Add if all_float => floats(&name, args, |a, b| a + b),
        Subtract if all_float => floats(&name, args, |a, b| a - b),
        Multiply if all_float => floats(&name, args, |a, b| a * b),
        Divide if all_float => floats(&name, args, |a, b| a / b),
        Divide if both_ints => kernel("divide_ints", String::new(), DataType::Float64, args, |args| {
            let (left, right) = (argument::<Int64Array>(args, 0)?, argument::<Int64Array>(args, 1)?);
            let quotients = left.iter().zip(right).map(|(a, b)| finite(a? as f64 / b? as f64));
            Ok(Arc::new(quotients.collect::<Float64Array>()) as ArrayRef)
        }),
        _ => {
            let typed = args.into_iter().zip([left_type.clone(), right_type.clone()]).collect();
            rowwise(&name, format!("{ty:?}"), typed, ty, move |values| match values {
                [left, right] => eval::number::arithmetic(operation, left, right),
                _ => Value::Missing,
            })
        }
    };
    Ok(expr)
}

fn wholes(name: &str, args: Vec<Expr>, act: fn(i64, i64) -> Option<i64>) -> Expr {
    kernel(&format!("{name}_ints"), String::new(), DataType::Int64, args, move |args| {
        let (left, right) = (argument::<Int64Array>(args, 0)?, argument::<Int64Array>(args, 1)?);
        Ok(Arc::new(left.iter().zip(right).map(|(a, b)| act(a?, b?)).collect::<Int64Array>()) as ArrayRef)
    })
}

fn floats(name: &str, args: Vec<Expr>, act: fn(f64, f64) -> f64) -> Expr {
    kernel(&format!("{name}_floats"), String::new(), DataType::Float64, args, move |args| {
        let (left, right) = (argument::<Float64Array>(args, 0)?, argument::<Float64Array>(args, 1)?);
        let results = left.iter().zip(right).map(|(a, b)| finite(act(a?, b?)));
        Ok(Arc::new(results.collect::<Float64Array>()) as ArrayRef)
    })
}

/// A float as the language has them: zero has no sign, and there is no infinity.
fn finite(float: f64) -> Option<f64> {
    float.is_finite().then_some(float + 0.0)
}

/// `left comparison right`. Columns of one type compare natively: floats are finite and zero has one sign, so every order is the same.
pub(super) fn compare(
    comparison: Comparison,
    (left, left_type): (Expr, &Type),
    (right, right_type): (Expr, &Type),
) -> Expr {
    if left_type == right_type {
        let operator = match comparison {
            Comparison::Equal => Operator::Eq,
            Comparison::Less => Operator::Lt,
            Comparison::LessEqual => Operator::LtEq,
            Comparison::Greater => Operator::Gt,
            Comparison::GreaterEqual => Operator::GtEq,
        };
        return binary_expr(left, operator, right);
    }
    let args = vec![(left, left_type.clone()), (right, right_type.clone())];
    rowwise("compare", format!("{comparison:?}"), args, &Type::Bool, move |values| match values {
        [left, right] => {
            eval::number::compare(left, right).map_or(Value::Missing, |order| Value::Bool(holds(comparison, order)))
        }
        _ => Value::Missing,
    })
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
    }
}
