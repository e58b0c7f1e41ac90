//! The IR's expressions in, DataFusion's out, over the columns of one plan node.
//!
//! Where DataFusion's own expressions mean exactly the same they are used; the rest are kernels. Missing is null; text is `Utf8View`, times
//! and durations are `Int64`, and a list holds its elements as the archive does.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, Result, ScalarValue, plan_datafusion_err};
use datafusion::logical_expr::{Case, Expr, ExprSchemable, cast, lit};

use super::{functions, numbers, records};
use crate::archive::arrow_type;
use crate::ir::{self, ExprKind, Function, Literal, Stream, Type};

/// What names stand for at one node of a plan.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The rule's stream.
    pub stream: &'a Stream,
    /// The sources that the plan is for; one, but for rules that unite several. Empty for events of no source.
    pub sources: &'a [&'a str],
    /// The node's columns.
    pub columns: &'a DFSchema,
}

/// The column of the n-th row value of `with`.
pub(super) fn with_column(n: usize) -> String {
    format!("#with.{n}")
}

/// The column of a list's element, by its binder's number.
pub(super) fn element_column(n: usize) -> String {
    format!("#element.{n}")
}

/// The column of the n-th aggregate.
pub(super) fn aggregate_column(n: usize) -> String {
    format!("#aggregate.{n}")
}

/// The column of the n-th group key.
pub(super) fn key_column(n: usize) -> String {
    format!("#key.{n}")
}

/// The column of the n-th measure.
pub(super) fn measure_column(n: usize) -> String {
    format!("#measure.{n}")
}

/// A column by its name, whatever dots are in it.
pub(super) fn column(name: impl Into<String>) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// How plans hold values of a type.
pub(super) fn plan_type(ty: &Type) -> DataType {
    match ty {
        Type::Text | Type::Ip | Type::Raw => DataType::Utf8View,
        Type::Time => DataType::Int64,
        Type::Int | Type::Duration | Type::Float | Type::Decimal | Type::Bool | Type::List(_) | Type::Record(_) => {
            arrow_type(ty)
        }
    }
}

/// A value as the archive or a list holds it, as plans hold it.
pub(super) fn taken(expr: Expr, ty: &Type) -> Expr {
    let (held, wanted) = (arrow_type(ty), plan_type(ty));
    if held == wanted { expr } else { cast(expr, wanted) }
}

/// A constant.
pub(super) fn constant(literal: &Literal) -> Expr {
    lit(match literal {
        Literal::Text(text) => ScalarValue::Utf8View(Some(text.clone())),
        Literal::Ip(ip) => ScalarValue::Utf8View(Some(ip.to_canonical().to_string())),
        Literal::Int(value) | Literal::Time(value) | Literal::Duration(value) => ScalarValue::Int64(Some(*value)),
        // Zero has one sign, or else it would not equal itself.
        Literal::Float(value) => ScalarValue::Float64(Some(*value + 0.0)),
        Literal::Decimal(value) => ScalarValue::Decimal128(Some(*value), 38, 9),
        Literal::Bool(value) => ScalarValue::Boolean(Some(*value)),
    })
}

/// What is missing, of a type.
pub(super) fn missing(ty: &Type) -> Result<Expr> {
    Ok(lit(ScalarValue::try_from(plan_type(ty))?))
}

impl Scope<'_> {
    /// The type of an expression over this node's columns.
    pub(super) fn type_of(&self, expr: &Expr) -> Result<DataType> {
        expr.get_type(self.columns)
    }

    /// An expression over this node's columns.
    pub(super) fn expr(&self, expr: &ir::Expr) -> Result<Expr> {
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(constant(literal)),
            ExprKind::Field(field) => {
                let name = self.stream.get(*field).map(|field| field.name.as_str()).unwrap_or_default();
                // The archive holds a time as a time, so that other tools read it; text comes as views from the scan.
                Ok(if expr.ty == Type::Time { cast(column(name), DataType::Int64) } else { column(name) })
            }
            ExprKind::With(n) => Ok(column(with_column(*n))),
            ExprKind::Element(n) => Ok(taken(column(element_column(*n)), &expr.ty)),
            ExprKind::Member(record, n) => Ok(taken(records::member(self.expr(record)?, *n, &expr.ty), &expr.ty)),
            ExprKind::Arithmetic(operation, left, right) => {
                numbers::arithmetic(*operation, self.typed(left)?, self.typed(right)?, &expr.ty)
            }
            ExprKind::Call(function, args) => self.call(function, args, &expr.ty),
            ExprKind::Case(arms, default) => self.case(arms, default.as_deref(), &expr.ty),
            ExprKind::Aggregate(n) => match expr.ty {
                // `values` and `top` also say whether there were more.
                Type::List(_) => Ok(records::listed(column(aggregate_column(*n)), &expr.ty)),
                _ => Ok(column(aggregate_column(*n))),
            },
            ExprKind::Key(n) => Ok(column(key_column(*n))),
            ExprKind::Measure(n) => Ok(column(measure_column(*n))),
            // Asked of the windows that the plan gives.
            ExprKind::Look(_) => Err(plan_datafusion_err!("look-back is no part of a plan")),
            ExprKind::Record
            | ExprKind::Path(..)
            | ExprKind::Read(_)
            | ExprKind::Json(_)
            | ExprKind::Entries(..)
            | ExprKind::Rows(_) => Err(plan_datafusion_err!("raw records are read at ingest only")),
        }
    }

    /// An expression with its type.
    pub(super) fn typed<'e>(&self, expr: &'e ir::Expr) -> Result<(Expr, &'e Type)> {
        Ok((self.expr(expr)?, &expr.ty))
    }

    fn call(&self, function: &Function, args: &[ir::Expr], ty: &Type) -> Result<Expr> {
        let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
        let args = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
        functions::call(function, args, types, ty)
    }

    fn case(&self, arms: &[(ir::Pred, ir::Expr)], default: Option<&ir::Expr>, ty: &Type) -> Result<Expr> {
        let default = match default {
            Some(default) => self.expr(default)?,
            None => missing(ty)?,
        };
        if arms.is_empty() {
            return Ok(default);
        }
        let arms = arms
            .iter()
            .map(|(pred, value)| Ok((Box::new(self.pred(pred)?), Box::new(self.expr(value)?))))
            .collect::<Result<Vec<_>>>()?;
        Ok(Expr::Case(Case::new(None, arms, Some(Box::new(default)))))
    }
}
