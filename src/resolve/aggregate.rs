//! Calls of aggregates: what each takes and gives; those that are the same get one number.

use super::errors;
use super::scope::{Phase, Resolver};
use crate::ir::{Aggregate, AggregateFunction, Expr, ExprKind, Literal, Type};
use crate::source::Span;
use crate::syntax::ast::{self, Argument};

/// Most elements that `values` and `top` give.
const MAX_VALUES: i64 = 1_000;

impl Resolver<'_> {
    pub(super) fn aggregate(
        &mut self,
        name: &ast::Name,
        usage: &str,
        arguments: &[Argument],
        span: Span,
    ) -> Option<Expr> {
        let word = name.node.as_str();
        if self.scope.in_aggregate {
            return self.wrong(errors::aggregate_in_aggregate(span, word));
        }
        if self.scope.phase == Phase::Row {
            return self.wrong(errors::aggregate_here(span, word));
        }
        self.scope.phase = Phase::Row;
        self.scope.in_aggregate = true;
        let aggregate = self.aggregate_inside(word, usage, arguments, span);
        self.scope.phase = Phase::Window;
        self.scope.in_aggregate = false;
        let aggregate = aggregate?;
        let ty = aggregate.ty.clone();
        let same = |other: &Aggregate| {
            other.function == aggregate.function
                && same_shape(&other.args, &aggregate.args)
                && other.filter.is_none()
                && aggregate.filter.is_none()
        };
        let number = self.scope.aggregates.iter().position(same).unwrap_or_else(|| {
            self.scope.aggregates.push(aggregate);
            self.scope.aggregates.len() - 1
        });
        Some(Expr::new(ExprKind::Aggregate(number), ty, span))
    }

    fn aggregate_inside(&mut self, word: &str, usage: &str, arguments: &[Argument], span: Span) -> Option<Aggregate> {
        let mut filter = None;
        let mut values = Vec::new();
        for argument in arguments {
            values.extend(argument.value.as_ref());
            if let Some(condition) = &argument.filter {
                if filter.is_some() {
                    return self.wrong(errors::arguments(span, word, usage, arguments.len()));
                }
                filter = Some(self.pred(condition));
            }
        }
        let arity = match word {
            "count" => 0..=0,
            "percentile" | "values" | "top" => 2..=2,
            "distinct" => 1..=8,
            _ => 1..=1,
        };
        if !arity.contains(&values.len()) {
            return self.wrong(errors::arguments(span, word, usage, values.len()));
        }
        let read = |v: &&ast::Expr| if word == "distinct" { self.digest_or(v) } else { self.expr(v, None) };
        let args: Vec<Option<Expr>> = values.iter().take(if word == "distinct" { 8 } else { 1 }).map(read).collect();
        let args = args.into_iter().collect::<Option<Vec<_>>>()?;
        let ty = args.first().map_or(Type::Int, |a| a.ty.clone());
        let measurable = |ty: &Type| ty.is_number() || *ty == Type::Duration;
        let fits = match word {
            "sum" | "avg" | "percentile" => measurable(&ty),
            "stddev" => ty.is_number(),
            "min" | "max" => measurable(&ty) || ty == Type::Time,
            _ => args.iter().all(|a| a.ty.is_scalar()),
        };
        if !fits {
            let at = args.first().map_or(span, |a| a.span);
            let expected = match word {
                "min" | "max" => "a number, a time or a duration",
                "sum" | "avg" | "percentile" => "a number or a duration",
                "stddev" => "a number",
                _ => "a single value",
            };
            return self.wrong(errors::not_measurable(at, expected, &ty, word));
        }
        let (function, result) = match word {
            "count" => (AggregateFunction::Count, Type::Int),
            "sum" => (AggregateFunction::Sum, ty),
            "avg" => (AggregateFunction::Avg, if ty == Type::Int { Type::Float } else { ty }),
            "min" => (AggregateFunction::Min, ty),
            "max" => (AggregateFunction::Max, ty),
            "stddev" => (AggregateFunction::Stddev, Type::Float),
            "percentile" => (AggregateFunction::Percentile(self.rank(values.get(1).copied()?)?), ty),
            "distinct" => (AggregateFunction::Distinct, Type::Int),
            "values" => {
                (AggregateFunction::Values(self.how_many(word, values.get(1).copied()?)?), Type::List(Box::new(ty)))
            }
            "top" => (AggregateFunction::Top(self.how_many(word, values.get(1).copied()?)?), Type::List(Box::new(ty))),
            "first" => (AggregateFunction::First, ty),
            _ => (AggregateFunction::Last, ty),
        };
        let filter = match filter {
            Some(filter) => Some(filter?),
            None => None,
        };
        Some(Aggregate { function, args, filter, ty: result, span })
    }

    /// The p of `percentile(x, p)` in billionths.
    fn rank(&mut self, expr: &ast::Expr) -> Option<u64> {
        let percent = match &*expr.node {
            ast::ExprKind::Literal(ast::Literal::Int(n, _)) => {
                u64::try_from(*n).ok().and_then(|n| n.checked_mul(1_000_000_000))
            }
            ast::ExprKind::Literal(ast::Literal::Float(..)) => match self.expr(expr, Some(&Type::Decimal))?.kind {
                ExprKind::Literal(Literal::Decimal(value)) => u64::try_from(value).ok(),
                _ => None,
            },
            _ => None,
        };
        match percent.filter(|p| (1..=100_000_000_000).contains(p)) {
            Some(percent) => Some(percent),
            None => self.wrong(errors::bad_argument(
                expr.span,
                "percentile",
                "a number over 0 and at most 100",
                "percentile(x, 95)",
            )),
        }
    }

    fn how_many(&mut self, word: &str, expr: &ast::Expr) -> Option<u32> {
        let n = match &*expr.node {
            ast::ExprKind::Literal(ast::Literal::Int(n, _)) if (1..=MAX_VALUES).contains(n) => u32::try_from(*n).ok(),
            _ => None,
        };
        let usage = format!("{word}(x, 10)");
        n.or_else(|| self.wrong(errors::bad_argument(expr.span, word, "a number from 1 to 1000", &usage)))
    }
}

/// Whether two lists of expressions read the same but for where they were written.
fn same_shape(a: &[Expr], b: &[Expr]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| match (&a.kind, &b.kind) {
            (ExprKind::Field(a), ExprKind::Field(b)) => a == b,
            (ExprKind::With(a), ExprKind::With(b)) | (ExprKind::Element(a), ExprKind::Element(b)) => a == b,
            _ => false,
        })
}
