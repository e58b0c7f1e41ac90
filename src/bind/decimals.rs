//! Decimals as ints: takes a bound rule, gives one that means the same and computes with ints of a power of ten where that is exact.
//!
//! What a call costs is tokens × a price of few places ÷ a million: an int, so many places behind the point. A target that has no decimals, or
//! others, sums and compares that int. What the language may have to round stays a decimal. Ints have 64 bits and decimals 38 digits: what the
//! rule becomes means the same as long as its ints fit.

use crate::ir::{
    AggregateFunction, Arithmetic, Binding, Expr, ExprKind, Function, Literal, Pred, PredKind, Rewrite, Rule, Type,
};
use crate::source::Span;

/// Most places behind the point that a decimal has.
const PLACES: u32 = 9;

/// The rule with ints in place of decimals, and whether there were any that could be replaced.
#[must_use]
pub fn decimals_as_ints(rule: &Rule) -> (Rule, bool) {
    let mut changed = rule.clone();
    let mut places: Vec<Option<u32>> = Vec::new();
    for aggregate in &mut changed.aggregates {
        let kept = [AggregateFunction::Sum, AggregateFunction::Min, AggregateFunction::Max];
        let whole = match aggregate.args.as_slice() {
            [arg] if arg.ty == Type::Decimal && kept.contains(&aggregate.function) => whole(arg, rule),
            _ => None,
        };
        places.push(whole.as_ref().map(|whole| whole.places));
        if let Some(Whole { value, .. }) = whole {
            (aggregate.args, aggregate.ty) = (vec![value], Type::Int);
        }
    }
    let aggregated = changed.rewrite(&mut Aggregates(&places));
    let mut compared = aggregated.clone().rewrite(&mut Compared(&aggregated));
    // What is told is the quotient.
    for Binding { value, .. } in compared.measures.iter_mut().chain(&mut compared.show) {
        if let Some(whole) = whole(value, &aggregated).filter(|_| value.ty == Type::Decimal) {
            *value = whole.quotient(value.span);
        }
    }
    // What could not be said so reads decimals that are none any more.
    let mut left = false;
    compared.walk(&mut |expr| {
        left |= expr.ty == Type::Decimal && matches!(expr.kind, ExprKind::Aggregate(_) | ExprKind::Measure(_));
    });
    if left || compared == *rule { (rule.clone(), false) } else { (compared, true) }
}

/// An int that stands for a decimal with so many places behind the point.
struct Whole {
    value: Expr,
    places: u32,
}

impl Whole {
    /// The decimal's value as a float.
    fn quotient(self, span: Span) -> Expr {
        let divisor = Expr::literal(Literal::Int(ten_to(self.places)), span);
        Expr::new(ExprKind::Arithmetic(Arithmetic::Divide, Box::new(self.value), Box::new(divisor)), Type::Float, span)
    }

    /// The same decimal with at least as many places.
    fn with_places(self, places: u32) -> Option<Expr> {
        times(self.value, 10_i64.checked_pow(places.checked_sub(self.places)?)?)
    }
}

fn ten_to(places: u32) -> i64 {
    10_i64.saturating_pow(places)
}

/// A number as an int, where nothing of it can need rounding.
fn whole(expr: &Expr, rule: &Rule) -> Option<Whole> {
    let with_value = |value: Expr, places| Some(Whole { value, places });
    let int = |kind| Expr::new(kind, Type::Int, expr.span);
    match &expr.kind {
        ExprKind::Literal(Literal::Decimal(billionths)) => {
            let (mut value, mut places) = (*billionths, PLACES);
            while places > 0 && value % 10 == 0 {
                (value, places) = (value / 10, places - 1);
            }
            with_value(Expr::literal(Literal::Int(i64::try_from(value).ok()?), expr.span), places)
        }
        ExprKind::Call(Function::ToDecimal, args) => match args.as_slice() {
            [inner] if inner.ty == Type::Int => with_value(inner.clone(), 0),
            _ => None,
        },
        _ if expr.ty == Type::Int => with_value(expr.clone(), 0),
        _ if expr.ty != Type::Decimal => None,
        ExprKind::With(n) => whole(&rule.with.get(*n)?.value, rule),
        ExprKind::Measure(n) => whole(&rule.measures.get(*n)?.value, rule),
        ExprKind::Call(
            function @ (Function::SumOf | Function::Greatest | Function::Least | Function::Coalesce),
            args,
        ) => {
            let (args, places) = alike(args.iter(), rule)?;
            with_value(int(ExprKind::Call(function.clone(), args)), places)
        }
        ExprKind::Arithmetic(operation @ (Arithmetic::Add | Arithmetic::Subtract), left, right) => {
            let (sides, places) = alike([&**left, &**right].into_iter(), rule)?;
            let [left, right] = <[Expr; 2]>::try_from(sides).ok()?;
            with_value(int(ExprKind::Arithmetic(*operation, Box::new(left), Box::new(right))), places)
        }
        ExprKind::Arithmetic(Arithmetic::Multiply, left, right) => {
            let (left, right) = (whole(left, rule)?, whole(right, rule)?);
            let places = Some(left.places + right.places).filter(|places| *places <= PLACES)?;
            let value = match (left.value.as_literal(), right.value.as_literal()) {
                (Some(Literal::Int(factor)), _) => times(right.value, *factor)?,
                (_, Some(Literal::Int(factor))) => times(left.value, *factor)?,
                _ => int(ExprKind::Arithmetic(Arithmetic::Multiply, Box::new(left.value), Box::new(right.value))),
            };
            with_value(value, places)
        }
        ExprKind::Arithmetic(Arithmetic::Divide, left, right) => {
            let (left, right) = (whole(left, rule)?, whole(right, rule)?);
            let Some(Literal::Int(divisor)) = right.value.as_literal() else { return None };
            let power = (0..=PLACES).find(|power| ten_to(*power) == *divisor && right.places == 0)?;
            let places = Some(left.places + power).filter(|places| *places <= PLACES)?;
            with_value(left.value, places)
        }
        ExprKind::Case(arms, default) => {
            let values = arms.iter().map(|(_, value)| value).chain(default.as_deref());
            let (values, places) = alike(values, rule)?;
            let mut values = values.into_iter();
            let arms =
                arms.iter().zip(values.by_ref().take(arms.len())).map(|((when, _), value)| (when.clone(), value));
            let arms = arms.collect();
            with_value(int(ExprKind::Case(arms, values.next().map(Box::new))), places)
        }
        _ => None,
    }
}

/// Numbers with as many places as the one that has most.
fn alike<'a>(exprs: impl Iterator<Item = &'a Expr>, rule: &Rule) -> Option<(Vec<Expr>, u32)> {
    let wholes: Vec<Whole> = exprs.map(|expr| whole(expr, rule)).collect::<Option<_>>()?;
    let places = wholes.iter().map(|whole| whole.places).max()?;
    Some((wholes.into_iter().map(|whole| whole.with_places(places)).collect::<Option<_>>()?, places))
}

/// An int so many times.
fn times(value: Expr, factor: i64) -> Option<Expr> {
    let span = value.span;
    if factor == 1 {
        return Some(value);
    }
    if let Some(Literal::Int(n)) = value.as_literal() {
        return Some(Expr::literal(Literal::Int(n.checked_mul(factor)?), span));
    }
    if let ExprKind::Arithmetic(Arithmetic::Multiply, inner, right) = &value.kind
        && let Some(Literal::Int(n)) = right.as_literal()
    {
        return times((**inner).clone(), n.checked_mul(factor)?);
    }
    let factor = Box::new(Expr::literal(Literal::Int(factor), span));
    Some(Expr::new(ExprKind::Arithmetic(Arithmetic::Multiply, Box::new(value), factor), Type::Int, span))
}

/// Aggregates that are ints now, by their number and places, as the decimals that they stand for.
struct Aggregates<'a>(&'a [Option<u32>]);

impl Rewrite for Aggregates<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        let ExprKind::Aggregate(n) = expr.kind else { return expr };
        let Some(Some(places)) = self.0.get(n) else { return expr };
        let span = expr.span;
        let decimal = |kind| Expr::new(kind, Type::Decimal, span);
        let int = Expr { ty: Type::Int, ..expr };
        let value = decimal(ExprKind::Call(Function::ToDecimal, vec![int]));
        let divisor = Literal::Decimal(i128::from(ten_to(*places)) * 1_000_000_000);
        let divisor = Box::new(Expr::literal(divisor, span));
        decimal(ExprKind::Arithmetic(Arithmetic::Divide, Box::new(value), divisor))
    }
}

/// Comparisons of ints in place of decimals.
struct Compared<'a>(&'a Rule);

impl Rewrite for Compared<'_> {
    fn pred(&mut self, pred: Pred) -> Pred {
        let kind = match &pred.kind {
            PredKind::Compare(comparison, left, right) if [&left.ty, &right.ty].contains(&&Type::Decimal) => {
                alike([left, right].into_iter(), self.0).and_then(|(sides, _)| {
                    let [left, right] = <[Expr; 2]>::try_from(sides).ok()?;
                    Some(PredKind::Compare(*comparison, left, right))
                })
            }
            PredKind::Present(value) if value.ty == Type::Decimal => {
                whole(value, self.0).map(|whole| PredKind::Present(whole.value))
            }
            _ => None,
        };
        kind.map_or(pred.clone(), |kind| Pred { kind, ..pred })
    }
}
