//! Numbers: ints, floats, decimals, durations (microseconds) and times (microseconds since 1970).
//!
//! Raw numbers are tested by arithmetic, which is documented on text of digits too: `x % 1 = 0` is an int, `x * 0 = 0` a number; of
//! other text arithmetic gives nothing, and `coalesce` makes that a value.

use super::outputs::as_number;
use super::plan::{Plan, Said};
use super::values::{Lack, Value};
use crate::ir::{self, Arithmetic, ExprKind, Function as F, Literal, Type};
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Function, Operator, Term};

/// One billion: decimals are kept in billionths.
const BILLION: i128 = 1_000_000_000;

/// Up to here floats hold every int.
const LARGEST_INT: u64 = 1 << 53;

/// A constant as a term; none where the target's numbers, which are floats, can't hold it.
pub(super) fn number_literal(literal: &Literal) -> Option<Term> {
    Some(match literal {
        Literal::Int(n) if n.unsigned_abs() > LARGEST_INT => return None,
        Literal::Int(n) | Literal::Duration(n) | Literal::Time(n) => Term::Int(i128::from(*n)),
        Literal::Float(n) => float(*n),
        Literal::Decimal(n) if n % BILLION == 0 => Term::Int(n / BILLION),
        #[expect(clippy::cast_precision_loss, reason = "the target's numbers are floats")]
        Literal::Decimal(n) => float(*n as f64 / BILLION as f64),
        _ => return None,
    })
}

fn float(n: f64) -> Term {
    // There is no documented negative literal.
    if n < 0.0 { Term::Int(0).binary(Operator::Subtract, Term::Float(-n)) } else { Term::Float(n) }
}

impl Plan<'_> {
    /// A number.
    pub(super) fn number(&mut self, expr: &ir::Expr) -> Said<Value> {
        let computed = matches!(expr.kind, ExprKind::Literal(_) | ExprKind::Arithmetic(..));
        if expr.ty == Type::Time && !computed && self.grouped_scale(expr) == 1 {
            return self.microseconds(expr);
        }
        if let Some(column) = self.grouped_column(expr)? {
            return Ok(column);
        }
        if let Some(inner) = self.stands_for(expr) {
            return self.number(&inner);
        }
        if let Some(field) = self.field_of(expr)? {
            // Text of a number, as `"5.0"`, is a number to it, and `true` is 1.
            self.untyped = true;
            let as_number = |ty: &Type| *ty == expr.ty || (*ty == Type::Int && expr.ty == Type::Float);
            if self.known.iter().any(|(known, ty)| *known == field && as_number(ty)) {
                return Ok(Value::always(Term::Field(field)));
            }
            if self.is_behind_a_key(&field) {
                // Its pattern takes numbers alone.
                return Ok(Value { term: Term::Field(field), lack: Lack::Null });
            }
            let field = Term::Field(field);
            // What is missing gives 1, so that both tests have one reading.
            let test = match expr.ty {
                Type::Int => field.clone().binary(Operator::Remainder, Term::Int(1)),
                _ => field.clone().binary(Operator::Multiply, Term::Int(0)),
            };
            let present = test.clone().binary(Operator::Equal, Term::Int(0));
            let absent = test.or(Term::Int(1)).binary(Operator::NotEqual, Term::Int(0));
            return Ok(Value { term: field, lack: Lack::When { present, absent, zero: false } });
        }
        match &expr.kind {
            ExprKind::Literal(literal) => match number_literal(literal) {
                Some(term) => Ok(Value::always(term)),
                None => Err(errors::expression(expr.span, "an int beyond 2^53, where its numbers are floats")),
            },
            ExprKind::Arithmetic(op, left, right) => {
                let rounds = *op == Arithmetic::Divide || left.ty == Type::Float || right.ty == Type::Float;
                if expr.ty == Type::Duration && rounds {
                    return Err(errors::rounded_duration(expr.span));
                }
                self.arithmetic(*op, left, right)
            }
            ExprKind::Call(function, args) => self.number_call(expr, function, args),
            ExprKind::Case(arms, default) => {
                let case = self.arms(expr, arms, default.as_deref(), &mut |plan, arm| {
                    Ok(as_number(plan.number(arm)?).or_null())
                })?;
                Ok(Value { term: case, lack: Lack::Null })
            }
            ExprKind::Read(_) => Err(errors::list_here(expr.span)),
            _ => Err(errors::expression(expr.span, "this number")),
        }
    }

    fn arithmetic(&mut self, op: Arithmetic, left: &ir::Expr, right: &ir::Expr) -> Said<Value> {
        let (left, right) = (self.number(left)?, self.number(right)?);
        let operator = match op {
            Arithmetic::Add => Operator::Add,
            Arithmetic::Subtract => Operator::Subtract,
            Arithmetic::Multiply => Operator::Multiply,
            Arithmetic::Divide => Operator::Divide,
        };
        let mut present = vec![left.present(), right.present()];
        let mut absent = vec![left.absent(), right.absent()];
        if op == Arithmetic::Divide {
            let never_zero = match &right.term {
                Term::Int(n) => *n != 0,
                Term::Float(n) => *n != 0.0,
                term => self.counts_rows(term),
            };
            if !never_zero {
                // What a division by zero gives is not documented.
                present.push(right.term.clone().binary(Operator::NotEqual, Term::Int(0)));
                absent.push(right.term.clone().binary(Operator::Equal, Term::Int(0)));
            }
        }
        let term = left.term.binary(operator, right.term);
        let (present, absent) = (Term::all(present), Term::any(absent));
        let lack =
            if present == Term::constant(true) { Lack::Never } else { Lack::When { present, absent, zero: false } };
        Ok(Value { term, lack })
    }

    fn number_call(&mut self, expr: &ir::Expr, function: &F, args: &[ir::Expr]) -> Said<Value> {
        match (function, args) {
            (F::ToFloat | F::ToDecimal, [inner]) => self.number(inner),
            (F::SumOf, parts) => {
                let parts = parts.iter().map(|part| self.number(part)).collect::<Said<Vec<_>>>()?;
                Ok(sum_of(&parts))
            }
            (F::Coalesce, parts) => {
                let parts = parts.iter().map(|part| self.number(part)).collect::<Said<Vec<_>>>()?;
                Ok(one_of(&parts, Function::Coalesce))
            }
            (F::Greatest | F::Least, parts) => {
                let parts = parts.iter().map(|part| self.number(part)).collect::<Said<Vec<_>>>()?;
                let function = if *function == F::Greatest { Function::Greatest } else { Function::Least };
                Ok(one_of(&parts, function))
            }
            (F::Length, [text]) => {
                let text = self.text(text)?;
                let length = Term::call(Function::Strlen, [text.or_empty()]);
                Ok(match text.lack {
                    Lack::Never => Value::always(length),
                    _ => Value {
                        lack: Lack::When {
                            present: length.clone().binary(Operator::Greater, Term::Int(0)),
                            absent: length.clone().binary(Operator::Equal, Term::Int(0)),
                            zero: true,
                        },
                        term: length,
                    },
                })
            }
            (F::Size, [list]) => {
                let list = self.list_text(list)?;
                let size = Term::call(Function::JsonArraySize, [list]);
                Ok(Value::always(size.or(Term::Int(0))))
            }
            (F::Hour, [time]) => self.hour(time),
            (F::Weekday, [time]) => self.weekday(time),
            _ => Err(errors::function(expr.span, function.name())),
        }
    }

    /// The number, and 0 where it is missing: what a sum skips.
    pub(super) fn or_zero(value: &Value) -> Term {
        match &value.lack {
            Lack::When { zero: true, .. } | Lack::Never => value.term.clone(),
            Lack::Null => value.term.clone().or(Term::Int(0)),
            _ => Term::call(Function::If, [value.present(), value.term.clone(), Term::Int(0)]),
        }
    }
}

/// The sum of those that are there.
fn sum_of(parts: &[Value]) -> Value {
    let present = Term::any(parts.iter().map(Value::present).collect());
    let absent = Term::all(parts.iter().map(Value::absent).collect());
    let term =
        parts.iter().map(Plan::or_zero).reduce(|sum, part| sum.binary(Operator::Add, part)).unwrap_or(Term::Int(0));
    let lack = if present == Term::constant(true) { Lack::Never } else { Lack::When { present, absent, zero: true } };
    Value { term, lack }
}

/// One of those that are there: each argument falls back on the others, so that none is null unless all are.
fn one_of(parts: &[Value], function: Function) -> Value {
    let present = Term::any(parts.iter().map(Value::present).collect());
    let absent = Term::all(parts.iter().map(Value::absent).collect());
    let nulls: Vec<Term> = parts.iter().map(Value::or_null).collect();
    let always = parts.iter().all(|part| matches!(part.lack, Lack::Never));
    let args = if always || function == Function::Coalesce {
        nulls
    } else {
        let rotated = |n: usize| nulls.iter().cycle().skip(n).take(nulls.len()).cloned().collect::<Vec<_>>();
        (0..nulls.len()).map(|n| Term::call(Function::Coalesce, rotated(n))).collect()
    };
    let lack = if present == Term::constant(true) { Lack::Never } else { Lack::When { present, absent, zero: false } };
    Value { term: Term::call(function, args), lack }
}
