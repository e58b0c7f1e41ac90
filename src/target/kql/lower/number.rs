//! Numbers, times and durations: arithmetic that is missing where it overflows, and comparisons that are exact.
//!
//! KQL's ints wrap around and its floats become infinite, so results that may do so are guarded, and what can't is not: the range of an int
//! expression is worked out first.

use super::super::errors;
use super::super::library::Own;
use super::super::tree::{Infix, Scalar, Type};
use super::window::uncut;
use super::{Lower, Truth, Value, refuse};
use crate::ir::{AggregateFunction, Arithmetic, Comparison, Expr, ExprKind, Function, Literal, Type as Ty};
use crate::source::Span;
use crate::target::Condition;
use crate::target::said::{Said, gather};

/// The least and the greatest value of an int expression.
type Bounds = (i128, i128);

const INT: Bounds = (i64::MIN as i128, i64::MAX as i128);
/// More elements or characters than a list or text of KQL holds: these end at a megabyte.
const WITHIN_A_VALUE: Bounds = (0, 1 << 30);
/// More rows than any query reads.
const ROWS: Bounds = (0, 1 << 50);

impl Lower<'_> {
    pub(super) fn arithmetic(&mut self, operation: Arithmetic, left: &Expr, right: &Expr, whole: &Expr) -> Said<Value> {
        let mut sides = gather([left, right].map(|side| self.value(side)))?.into_iter();
        let (Some(one), Some(other)) = (sides.next(), sides.next()) else { return refuse(errors::unbound(whole.span)) };
        match (&left.ty, &right.ty) {
            (Ty::Int, Ty::Int) => {
                let bounds = (self.bounds(left), self.bounds(right));
                self.ints(operation, one, other, bounds)
            }
            (Ty::Float, Ty::Float) => Ok(floats(operation, one, other)),
            (Ty::Duration, Ty::Int | Ty::Float) | (Ty::Int | Ty::Float, Ty::Duration) => {
                self.scaled(operation, one, other, whole.span)
            }
            (Ty::Duration, Ty::Duration) if operation == Arithmetic::Divide => Ok(span_ratio(one, other)),
            _ => Ok(spans(operation, one, other)),
        }
    }

    fn ints(&mut self, operation: Arithmetic, one: Value, other: Value, (a, b): (Bounds, Bounds)) -> Said<Value> {
        let optional = one.optional || other.optional;
        let fits = |(low, high): Bounds| INT.0 <= low && high <= INT.1;
        let products = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
        let products = products.iter().fold((i128::MAX, i128::MIN), |(low, high), n| (low.min(*n), high.max(*n)));
        let (fits, infix, own) = match operation {
            Arithmetic::Add => (fits((a.0 + b.0, a.1 + b.1)), Infix::Add, Own::SumOrNull),
            Arithmetic::Subtract => (fits((a.0 - b.1, a.1 - b.0)), Infix::Subtract, Own::DifferenceOrNull),
            Arithmetic::Multiply => (fits(products), Infix::Multiply, Own::ProductOrNull),
            Arithmetic::Divide => return Ok(int_ratio(one, other)),
        };
        if fits {
            return Ok(Value::new(Scalar::infix(one.scalar, infix, other.scalar), Type::Long, optional));
        }
        let (factor, value) = match (&one.scalar, &other.scalar, operation) {
            (Scalar::Long(factor), _, Arithmetic::Multiply) => (*factor, other),
            (_, Scalar::Long(factor), Arithmetic::Multiply) => (*factor, one),
            _ => return Ok(Value::new(Scalar::Own(own, vec![one.scalar, other.scalar]), Type::Long, true)),
        };
        let value = self.once(value.scalar, "number_value");
        let [low, high] = quotients(INT, i128::from(factor)).map(Scalar::Long);
        let product = Scalar::infix(value.clone(), Infix::Multiply, Scalar::Long(factor));
        let possible = Scalar::Between(Box::new(value), Box::new(low), Box::new(high));
        Ok(Value::new(Scalar::iff(possible, product, Scalar::Null(Type::Long)), Type::Long, true))
    }

    /// A duration times an int, one of them a constant.
    fn scaled(&mut self, operation: Arithmetic, one: Value, other: Value, span: Span) -> Said<Value> {
        /// Timespans count in tenths of microseconds.
        const TICKS: Bounds = (INT.0 / 10, INT.1 / 10);
        if operation != Arithmetic::Multiply {
            return refuse(errors::rounded_duration(span));
        }
        let (length, number) = if one.ty == Type::Timespan { (one, other) } else { (other, one) };
        let optional = length.optional || number.optional;
        let number = match number.scalar {
            // 1.5 hours are rounded by nobody as long as they stay whole microseconds.
            Scalar::Real(n) if n.fract() == 0.0 && n.abs() < 1e15 => Scalar::Long(n as i64),
            _ if number.ty == Type::Real => return refuse(errors::rounded_duration(span)),
            scalar => scalar,
        };
        let (value, bounds) = match (&length.scalar, &number) {
            (Scalar::Timespan(0), _) | (_, Scalar::Long(0)) => {
                return Ok(Value::new(Scalar::infix(number, Infix::Multiply, length.scalar), Type::Timespan, optional));
            }
            (Scalar::Timespan(micros), _) => (&number, quotients(TICKS, i128::from(*micros)).map(Scalar::Long)),
            (_, Scalar::Long(factor)) => (&length.scalar, quotients(TICKS, i128::from(*factor)).map(Scalar::Timespan)),
            _ => return refuse(errors::product(span)),
        };
        let held = self.once(value.clone(), "number_value");
        let product = if *value == number {
            Scalar::infix(held.clone(), Infix::Multiply, length.scalar)
        } else {
            Scalar::infix(number, Infix::Multiply, held.clone())
        };
        let [low, high] = bounds;
        let possible = Scalar::Between(Box::new(held), Box::new(low), Box::new(high));
        Ok(Value::new(Scalar::iff(possible, product, Scalar::Null(Type::Timespan)), Type::Timespan, true))
    }

    /// The sum of what is present.
    pub(super) fn sum_of(&mut self, args: &[Expr], whole: &Expr) -> Said<Value> {
        let values = gather(args.iter().map(|arg| self.value(arg)))?;
        let Some(ty) = values.first().map(|value| value.ty) else { return refuse(errors::unbound(whole.span)) };
        let all_missing = values.iter().all(|value| value.optional);
        let zero = match ty {
            Type::Real => Scalar::Real(0.0),
            Type::Timespan => Scalar::Timespan(0),
            _ => Scalar::Long(0),
        };
        let mut nulls = Vec::new();
        let mut sum: Option<(Value, Bounds)> = None;
        for (value, arg) in values.into_iter().zip(args) {
            let (low, high) = self.bounds(arg);
            let mut bounds = (low, high);
            let mut scalar = value.scalar;
            if value.optional {
                if all_missing && args.len() > 1 {
                    scalar = self.once(scalar, "part_value");
                    nulls.push(Scalar::call("isnull", [scalar.clone()]));
                }
                if args.len() > 1 {
                    scalar = Scalar::call("coalesce", [scalar, zero.clone()]);
                    bounds = (low.min(0), high.max(0));
                }
            }
            let value = Value::new(scalar, ty, value.optional && args.len() == 1);
            sum = Some(match sum {
                None => (value, bounds),
                Some((sum, before)) => {
                    let total = (before.0 + bounds.0, before.1 + bounds.1);
                    let value = match ty {
                        Type::Long => self.ints(Arithmetic::Add, sum, value, (before, bounds))?,
                        Type::Real => floats(Arithmetic::Add, sum, value),
                        _ => spans(Arithmetic::Add, sum, value),
                    };
                    (value, (total.0.max(INT.0), total.1.min(INT.1)))
                }
            });
        }
        let Some((sum, _)) = sum else { return refuse(errors::unbound(whole.span)) };
        if nulls.is_empty() {
            return Ok(sum);
        }
        Ok(Value::new(Scalar::iff(Scalar::all(nulls), Scalar::Null(ty), sum.scalar), ty, true))
    }

    /// `left ? right` of two values of one type, or of an int and a float.
    pub(super) fn compare(&mut self, comparison: Comparison, left: &Expr, right: &Expr) -> Said<Truth> {
        if left.as_literal().is_some() && right.as_literal().is_none() {
            return self.compare(comparison.flipped(), right, left);
        }
        if left.ty == Ty::Ip {
            return self.equal_addresses(left, right);
        }
        match (&left.ty, &right.ty, right.as_literal()) {
            (Ty::Int, Ty::Float, Some(Literal::Float(limit))) => {
                let value = self.value(left)?;
                return Ok(int_with_float(comparison, value, *limit));
            }
            (Ty::Int, Ty::Float, _) | (Ty::Float, Ty::Int, _) => {
                self.effects.provided.push(Condition::RoundingDoesNotDecide)
            }
            _ => {}
        }
        if let (Some((count, unit)), Some(Literal::Duration(limit))) = (counted_units(left), right.as_literal()) {
            // `n * 1ms > 5s` as a range of `n`: nothing can overflow, and nothing needs a guard.
            let value = self.value(count)?;
            return Ok(int_with_ratio(comparison, value, i128::from(*limit), unit));
        }
        if let (ExprKind::Call(Function::Length, args), Some(Literal::Int(limit))) = (&left.kind, right.as_literal()) {
            // The empty text, which is missing, has length 0.
            let empty_fails = match comparison {
                Comparison::Greater => *limit >= 0,
                Comparison::GreaterEqual | Comparison::Equal => *limit >= 1,
                Comparison::Less | Comparison::LessEqual => false,
            };
            if let (true, [text]) = (empty_fails, args.as_slice()) {
                let length = Scalar::call("strlen", [self.value(text)?.scalar]);
                return Ok(Truth::plain(Scalar::infix(length, infix(comparison), Scalar::Long(*limit))));
            }
        }
        let mut sides = gather([left, right].map(|side| self.value(side)))?.into_iter();
        let (Some(one), Some(other)) = (sides.next(), sides.next()) else { return refuse(errors::unbound(left.span)) };
        let nullable = one.ty != Type::String && (one.optional || other.optional);
        let half_open = matches!(comparison, Comparison::Less | Comparison::GreaterEqual);
        let one_scalar = match (&other.scalar, half_open) {
            (Scalar::Datetime(_), true) => uncut(one.scalar.clone()),
            _ => one.scalar.clone(),
        };
        let compared = Scalar::infix(one_scalar, infix(comparison), other.scalar.clone());
        if one.ty == Type::String && one.optional && other.optional {
            // Two missing texts are equal to KQL.
            let text = self.once(one.scalar, "text_value");
            let compared = Scalar::infix(text.clone(), infix(comparison), other.scalar);
            return Ok(Truth::plain(Scalar::all(vec![Scalar::call("isnotempty", [text]), compared])));
        }
        Ok(Truth::nullable(compared, nullable))
    }

    /// Whether sums of it stay within 64 bits, whatever the rows.
    pub(super) fn is_small(&self, expr: &Expr) -> bool {
        let (low, high) = self.bounds(expr);
        -WITHIN_A_VALUE.1 <= low && high <= WITHIN_A_VALUE.1
    }

    fn bounds(&self, expr: &Expr) -> Bounds {
        let all = |bounds: &mut dyn Iterator<Item = Bounds>| {
            bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0))
        };
        let found = match &expr.kind {
            ExprKind::Literal(Literal::Int(n)) => (i128::from(*n), i128::from(*n)),
            ExprKind::With(n) => self.rule.with.get(*n).map_or(INT, |binding| self.bounds(&binding.value)),
            ExprKind::Call(Function::Length | Function::Size, _) => WITHIN_A_VALUE,
            ExprKind::Call(Function::Hour, _) => (0, 23),
            ExprKind::Call(Function::Weekday, _) => (1, 7),
            ExprKind::Call(Function::Coalesce | Function::Greatest | Function::Least, args) => {
                all(&mut args.iter().map(|arg| self.bounds(arg)))
            }
            ExprKind::Call(Function::SumOf, args) => args.iter().fold((0, 0), |(low, high), arg| {
                let (least, most) = self.bounds(arg);
                (low + least.min(0), high + most.max(0))
            }),
            ExprKind::Case(arms, default) => {
                let values = arms.iter().map(|(_, value)| value).chain(default.as_deref());
                all(&mut values.map(|value| self.bounds(value)))
            }
            ExprKind::Arithmetic(operation, left, right) => {
                let (a, b) = (self.bounds(left), self.bounds(right));
                let products = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
                match operation {
                    Arithmetic::Add => (a.0 + b.0, a.1 + b.1),
                    Arithmetic::Subtract => (a.0 - b.1, a.1 - b.0),
                    Arithmetic::Multiply => all(&mut products.iter().map(|n| (*n, *n))),
                    Arithmetic::Divide => INT,
                }
            }
            ExprKind::Aggregate(n) => match self.rule.aggregates.get(*n).map(|aggregate| &aggregate.function) {
                Some(AggregateFunction::Count | AggregateFunction::Distinct) => ROWS,
                _ => INT,
            },
            ExprKind::Measure(n) => self.rule.measures.get(*n).map_or(INT, |measure| self.bounds(&measure.value)),
            _ => INT,
        };
        // What leaves 64 bits is missing.
        (found.0.clamp(INT.0, INT.1), found.1.clamp(INT.0, INT.1))
    }
}

/// The least and the greatest int that stays within the bounds once multiplied; the factor is not 0.
fn quotients((low, high): Bounds, factor: i128) -> [i64; 2] {
    let (low, high) = if factor < 0 { (high, low) } else { (low, high) };
    // Rust cuts towards zero, which is inwards: the bounds lie on both sides of it.
    [low / factor, high / factor].map(|n| i64::try_from(n.clamp(INT.0, INT.1)).unwrap_or_default())
}

/// Real division of ints.
fn int_ratio(one: Value, other: Value) -> Value {
    let optional = one.optional || other.optional;
    let real = |scalar| Scalar::call("todouble", [scalar]);
    match other.scalar {
        Scalar::Long(n) if n != 0 => {
            Value::new(Scalar::infix(real(one.scalar), Infix::Divide, Scalar::Long(n)), Type::Real, optional)
        }
        divisor => Value::new(Scalar::Own(Own::RatioOrNull, vec![real(one.scalar), real(divisor)]), Type::Real, true),
    }
}

/// One duration by another.
fn span_ratio(one: Value, other: Value) -> Value {
    if matches!(other.scalar, Scalar::Timespan(micros) if micros != 0) {
        let optional = one.optional || other.optional;
        return Value::new(Scalar::infix(one.scalar, Infix::Divide, other.scalar), Type::Real, optional);
    }
    let micros = |scalar| Scalar::infix(scalar, Infix::Divide, Scalar::Timespan(1));
    Value::new(Scalar::Own(Own::RatioOrNull, vec![micros(one.scalar), micros(other.scalar)]), Type::Real, true)
}

fn floats(operation: Arithmetic, one: Value, other: Value) -> Value {
    let optional = one.optional || other.optional;
    // A finite number can't grow past all bounds by these.
    let shrinks = match (operation, &one.scalar, &other.scalar) {
        (Arithmetic::Divide, _, Scalar::Real(n)) => n.abs() >= 1.0,
        (Arithmetic::Multiply, Scalar::Real(n), _) | (Arithmetic::Multiply, _, Scalar::Real(n)) => n.abs() <= 1.0,
        _ => false,
    };
    let infix = match operation {
        Arithmetic::Add => Infix::Add,
        Arithmetic::Subtract => Infix::Subtract,
        Arithmetic::Multiply => Infix::Multiply,
        Arithmetic::Divide if shrinks => Infix::Divide,
        Arithmetic::Divide => {
            return Value::new(Scalar::Own(Own::RatioOrNull, vec![one.scalar, other.scalar]), Type::Real, true);
        }
    };
    let result = Scalar::infix(one.scalar, infix, other.scalar);
    if shrinks { Value::new(result, Type::Real, optional) } else { finite(result) }
}

fn finite(scalar: Scalar) -> Value {
    Value::new(Scalar::Own(Own::FiniteOrNull, vec![scalar]), Type::Real, true)
}

/// Times and durations: sums and differences.
fn spans(operation: Arithmetic, one: Value, other: Value) -> Value {
    let optional = one.optional || other.optional;
    let ty = match (one.ty, other.ty) {
        (Type::Datetime, Type::Datetime) | (Type::Timespan, Type::Timespan) => Type::Timespan,
        _ => Type::Datetime,
    };
    let infix = if operation == Arithmetic::Add { Infix::Add } else { Infix::Subtract };
    Value::new(Scalar::infix(one.scalar, infix, other.scalar), ty, optional)
}

/// An int times a positive constant duration: a duration in that unit.
fn counted_units(expr: &Expr) -> Option<(&Expr, i128)> {
    let ExprKind::Arithmetic(Arithmetic::Multiply, left, right) = &expr.kind else { return None };
    let unit = |side: &Expr| match side.as_literal() {
        Some(Literal::Duration(micros)) if *micros > 0 => Some(i128::from(*micros)),
        _ => None,
    };
    match (unit(left), unit(right)) {
        (None, Some(unit)) if left.ty == Ty::Int => Some((left, unit)),
        (Some(unit), None) if right.ty == Ty::Int => Some((right, unit)),
        _ => None,
    }
}

/// An int times a unit with a constant.
fn int_with_ratio(comparison: Comparison, value: Value, limit: i128, unit: i128) -> Truth {
    let floor = limit.div_euclid(unit);
    let ceiling = floor + i128::from(limit.rem_euclid(unit) != 0);
    if comparison == Comparison::Equal && floor != ceiling {
        return Truth::plain(Scalar::Bool(false));
    }
    // Past these the duration leaves 64 bits, and is missing.
    let [least, most] = quotients(INT, unit);
    // A quotient of two numbers of 64 bits, the divisor positive, is one too.
    let [floor, ceiling] = [floor, ceiling].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    let (low, high) = match comparison {
        Comparison::Equal => (floor, floor),
        Comparison::Less => (least, ceiling.saturating_sub(1)),
        Comparison::LessEqual => (least, floor),
        Comparison::Greater => (floor.saturating_add(1), most),
        Comparison::GreaterEqual => (ceiling, most),
    };
    let (optional, value) = (value.optional, Box::new(value.scalar));
    let within = match low.cmp(&high) {
        std::cmp::Ordering::Less => Scalar::Between(value, Box::new(Scalar::Long(low)), Box::new(Scalar::Long(high))),
        std::cmp::Ordering::Equal => Scalar::Infix(value, Infix::Equal, Box::new(Scalar::Long(low))),
        std::cmp::Ordering::Greater => return Truth::plain(Scalar::Bool(false)),
    };
    Truth::nullable(within, optional)
}

/// An int with a constant that is a float, as ints: KQL would round the int first.
fn int_with_float(comparison: Comparison, value: Value, limit: f64) -> Truth {
    let (comparison, whole) = match comparison {
        Comparison::Less => (Comparison::Less, limit.ceil()),
        Comparison::LessEqual => (Comparison::LessEqual, limit.floor()),
        Comparison::Greater => (Comparison::Greater, limit.floor()),
        Comparison::GreaterEqual => (Comparison::GreaterEqual, limit.ceil()),
        Comparison::Equal => (Comparison::Equal, limit),
    };
    /// 2^63: the first float past the ints.
    const PAST: f64 = 9_223_372_036_854_775_808.0;
    let never = comparison == Comparison::Equal && limit.fract() != 0.0;
    let below = matches!(comparison, Comparison::Less | Comparison::LessEqual);
    if never || !(-PAST..PAST).contains(&whole) {
        let always = !never && comparison != Comparison::Equal && (below == (whole > 0.0));
        return Truth::plain(if always { value.present() } else { Scalar::Bool(false) });
    }
    let limit = Scalar::Long(whole as i64);
    Truth::nullable(Scalar::infix(value.scalar, infix(comparison), limit), value.optional)
}

fn infix(comparison: Comparison) -> Infix {
    match comparison {
        Comparison::Equal => Infix::Equal,
        Comparison::Less => Infix::Less,
        Comparison::LessEqual => Infix::LessEqual,
        Comparison::Greater => Infix::Greater,
        Comparison::GreaterEqual => Infix::GreaterEqual,
    }
}
