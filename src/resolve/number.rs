//! Numbers: arithmetic gets its types, and values that stand side by side become one type.

use super::errors;
use super::expr::is_raw;
use super::scope::Resolver;
use crate::ir::{Arithmetic, Expr, ExprKind, Function, Literal, Type};
use crate::source::Span;
use crate::syntax::ast::{self, ArithmeticOp};

impl Resolver<'_> {
    pub(super) fn arithmetic(
        &mut self,
        left: &ast::Expr,
        op: ArithmeticOp,
        right: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let (left_want, right_want) = (literal_first(left), literal_first(right));
        // A literal takes the type of what it stands beside, so the other side is resolved first.
        let (l, r) = if left_want {
            let r = self.expr(right, None)?;
            (self.expr(left, Some(&r.ty))?, r)
        } else {
            let l = self.expr(left, None)?;
            let want = l.ty.clone();
            (l, self.expr(right, Some(&want).filter(|_| right_want))?)
        };
        let l = self.read_operand(l, &r.ty)?;
        let r = self.read_operand(r, &l.ty)?;
        let (l, r) = same_number(l, r);
        use Type::{Decimal, Duration, Float, Int, Time};
        let (op, l, r, ty) = match (op, &l.ty, &r.ty) {
            (ArithmeticOp::Add, Int, Int) => (Arithmetic::Add, l, r, Int),
            (ArithmeticOp::Subtract, Int, Int) => (Arithmetic::Subtract, l, r, Int),
            (ArithmeticOp::Multiply, Int, Int) => (Arithmetic::Multiply, l, r, Int),
            (ArithmeticOp::Divide, Int, Int) => (Arithmetic::Divide, to_float(l), to_float(r), Float),
            (op, Float, Float) => (kind(op), l, r, Float),
            (op, Decimal, Decimal) => (kind(op), l, r, Decimal),
            (ArithmeticOp::Add, Time, Duration) => (Arithmetic::Add, l, r, Time),
            (ArithmeticOp::Add, Duration, Time) => (Arithmetic::Add, r, l, Time),
            (ArithmeticOp::Subtract, Time, Time) => (Arithmetic::Subtract, l, r, Duration),
            (ArithmeticOp::Subtract, Time, Duration) => (Arithmetic::Subtract, l, r, Time),
            (ArithmeticOp::Add, Duration, Duration) => (Arithmetic::Add, l, r, Duration),
            (ArithmeticOp::Subtract, Duration, Duration) => (Arithmetic::Subtract, l, r, Duration),
            (ArithmeticOp::Multiply, Duration, Int | Float) => (Arithmetic::Multiply, l, r, Duration),
            (ArithmeticOp::Multiply, Int | Float, Duration) => (Arithmetic::Multiply, r, l, Duration),
            (ArithmeticOp::Divide, Duration, Duration) => (Arithmetic::Divide, l, r, Float),
            (ArithmeticOp::Divide, Duration, Int | Float) => (Arithmetic::Divide, l, r, Duration),
            _ => {
                let diagnostic = errors::incomparable(span, op.text(), &l.ty, &r.ty);
                let message = format!("`{}` has no meaning between {} and {}", op.text(), l.ty, r.ty);
                return self.wrong(ir_message(diagnostic, message));
            }
        };
        Some(Expr::new(ExprKind::Arithmetic(op, Box::new(l), Box::new(r)), ty, span))
    }

    /// A raw operand is read as an int, or as a float beside a float.
    fn read_operand(&mut self, expr: Expr, other: &Type) -> Option<Expr> {
        if expr.ty != Type::Raw {
            return Some(expr);
        }
        let want = if *other == Type::Float { Type::Float } else { Type::Int };
        self.coerce(expr, &want)
    }

    /// Values of one type. It is that of those that are neither literals nor raw (decimal before float before int), else that which is
    /// wanted, else that of the literals; where all are raw they stay so.
    pub(super) fn same_type(&mut self, parts: &[&ast::Expr], want: Option<&Type>) -> Option<Vec<Expr>> {
        let resolved: Vec<Option<Expr>> = parts.iter().map(|p| self.expr(p, want)).collect();
        let resolved = resolved.into_iter().collect::<Option<Vec<_>>>()?;
        let widest = |literals: bool| {
            let own = resolved.iter().filter(|e| !is_raw(&e.ty) && e.as_literal().is_some() == literals).map(|e| &e.ty);
            let number = [Type::Decimal, Type::Float].into_iter().find(|ty| own.clone().any(|own| own == ty));
            number.or_else(|| own.clone().next().cloned())
        };
        let want = want.filter(|ty| !is_raw(ty)).cloned();
        let ty = match widest(false) {
            // A part that is a whole record of one field means that field: see `coerce`.
            Some(Type::Record(_)) => want.or(Some(Type::Text)),
            // Among ints, one literal with a point makes them floats.
            Some(Type::Int) if widest(true) == Some(Type::Float) => Some(Type::Float),
            Some(ty) => Some(ty),
            // A literal beside raw parts takes the type that is wanted, where it can.
            None => match (want, widest(true)) {
                (Some(want), Some(own)) if want == own || fits_number(&own, &want) => Some(want),
                (want, own) => own.or(want),
            },
        };
        let Some(ty) = ty else { return Some(resolved) };
        let coerced: Vec<Option<Expr>> = resolved
            .into_iter()
            .zip(parts)
            .map(|(value, written)| {
                // A literal is read again as the type that came out: `0.5` beside a decimal is a decimal.
                let value = if value.as_literal().is_some() { self.expr(written, Some(&ty))? } else { value };
                self.coerce(value, &ty)
            })
            .collect();
        coerced.into_iter().collect()
    }
}

/// Whether a number of one type stands for one of another.
fn fits_number(own: &Type, want: &Type) -> bool {
    own.is_number() && want.is_number() && (*own == Type::Int || *want != Type::Int)
}

fn ir_message(diagnostic: crate::diag::Diagnostic, message: String) -> crate::diag::Diagnostic {
    crate::diag::Diagnostic { message, ..diagnostic }
}

fn kind(op: ArithmeticOp) -> Arithmetic {
    match op {
        ArithmeticOp::Add => Arithmetic::Add,
        ArithmeticOp::Subtract => Arithmetic::Subtract,
        ArithmeticOp::Multiply => Arithmetic::Multiply,
        ArithmeticOp::Divide => Arithmetic::Divide,
    }
}

/// Whether an expression is a literal, which takes the type of the other side.
pub(super) fn literal_first(expr: &ast::Expr) -> bool {
    matches!(&*expr.node, ast::ExprKind::Literal(_))
}

/// Two numbers of different types as two of the wider one; other pairs as they are.
fn same_number(left: Expr, right: Expr) -> (Expr, Expr) {
    let to_decimal = |expr: Expr| {
        let span = expr.span;
        Expr::new(ExprKind::Call(Function::ToDecimal, vec![expr]), Type::Decimal, span)
    };
    match (&left.ty, &right.ty) {
        (Type::Int, Type::Float) => (to_float(left), right),
        (Type::Float, Type::Int) => (left, to_float(right)),
        (Type::Int, Type::Decimal) => (to_decimal(left), right),
        (Type::Decimal, Type::Int) => (left, to_decimal(right)),
        _ => (left, right),
    }
}

/// An int as a float; a literal is converted at once.
pub(super) fn to_float(expr: Expr) -> Expr {
    let span = expr.span;
    match expr.kind {
        #[expect(clippy::cast_precision_loss, reason = "`float` of an int rounds to nearest: that is its meaning")]
        ExprKind::Literal(Literal::Int(value)) => Expr::literal(Literal::Float(value as f64), span),
        _ => Expr::new(ExprKind::Call(Function::ToFloat, vec![expr]), Type::Float, span),
    }
}

/// Billionths of a number's text, if it has at most nine places.
pub(super) fn decimal(text: &str) -> Option<i128> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    if places.len() > 9 {
        return None;
    }
    let scale = 10_i128.pow(9 - u32::try_from(places.len()).ok()?);
    let places = if places.is_empty() { 0 } else { places.parse::<i128>().ok()? };
    let value = whole.parse::<i128>().ok()?.checked_mul(1_000_000_000)?.checked_add(places * scale)?;
    Some(if negative { -value } else { value })
}
