//! Types that become others by themselves.

use super::{Binder, over};
use crate::emulator::Failure;
use crate::emulator::googlesql::cast::cast;
use crate::emulator::googlesql::functions::Trouble;
use crate::emulator::googlesql::tree::{Expr, Node};
use crate::emulator::googlesql::types::Type;
use crate::emulator::googlesql::value::Val;

impl Binder<'_> {
    /// An expression as one of a type that it becomes by itself.
    pub(super) fn coerced(&self, expr: Expr, to: &Type, what: &str) -> Result<Expr, Failure> {
        if expr.ty == *to {
            return Ok(expr);
        }
        if !expr.ty.coerces(to, expr.is_literal()) {
            return Err(Failure::rejected(format!("{what} is {}, wanted is {to}", expr.ty), expr.at));
        }
        self.converted(expr, to)
    }

    /// An expression cast to a type; a literal at once.
    fn converted(&self, expr: Expr, to: &Type) -> Result<Expr, Failure> {
        let at = expr.at.clone();
        match expr.node {
            Node::Literal(value) => {
                let value = cast(&value, &expr.ty, to).map_err(|trouble| match trouble {
                    Trouble::Stops(why) => Failure::rejected(why, at.clone()),
                    Trouble::Unknown(why) => Failure::unknown(why, at.clone()),
                })?;
                Ok(Expr::new(Node::Literal(value), to.clone(), at))
            }
            Node::Array(elements) => {
                let Type::Array(wanted) = to else {
                    return Err(Failure::rejected(format!("an array is no {to}"), at));
                };
                let elements = elements.into_iter().map(|element| self.coerced(element, wanted, "an element"));
                Ok(Expr::new(Node::Array(elements.collect::<Result<_, _>>()?), to.clone(), at))
            }
            node => {
                let of = Box::new(Expr { node, ty: expr.ty, at: at.clone() });
                Ok(Expr::new(Node::Cast { of, safe: false }, to.clone(), at))
            }
        }
    }

    /// The type that all expressions become by themselves.
    pub(super) fn common(&self, exprs: &[&Expr], what: &str) -> Result<Type, Failure> {
        let mut common = (Type::Untyped, true);
        for expr in exprs {
            let literal = expr.is_literal();
            let joined = Type::common(&common.0, common.1, &expr.ty, literal);
            let Some(joined) = joined else {
                return Err(Failure::rejected(
                    format!("{what} have no common type: {} and {}", common.0, expr.ty),
                    expr.at.clone(),
                ));
            };
            common = (joined, common.1 && literal);
        }
        Ok(common.0)
    }

    /// All expressions as ones of their common type; INT64 where they are all NULL.
    pub(super) fn unified(&self, exprs: Vec<Expr>, what: &str) -> Result<(Vec<Expr>, Type), Failure> {
        let ty = match self.common(&exprs.iter().collect::<Vec<_>>(), what)? {
            Type::Untyped => Type::Int64,
            ty => ty,
        };
        let exprs = exprs.into_iter().map(|expr| self.coerced(expr, &ty, what)).collect::<Result<_, _>>()?;
        Ok((exprs, ty))
    }

    /// An expression with a type of its own.
    pub(super) fn typed(&self, expr: Expr) -> Result<Expr, Failure> {
        match &expr.ty {
            Type::Untyped => self.coerced(expr, &Type::Int64, "NULL"),
            Type::Array(element) if **element == Type::Untyped => {
                self.coerced(expr, &Type::Array(Box::new(Type::Int64)), "an array")
            }
            _ => Ok(expr),
        }
    }

    /// Two sides of a comparison.
    pub(super) fn pair(&self, one: Expr, other: Expr) -> Result<(Expr, Expr), Failure> {
        let at = over(&one.at, &other.at);
        let Some(common) = Type::common(&one.ty, one.is_literal(), &other.ty, other.is_literal()) else {
            return Err(Failure::rejected(format!("{} and {} can't be compared", one.ty, other.ty), at));
        };
        let common = if common == Type::Untyped { Type::Int64 } else { common };
        if !common.is_comparable() {
            return Err(Failure::rejected(format!("equality is not defined for {common}"), at));
        }
        Ok((self.coerced(one, &common, "a side")?, self.coerced(other, &common, "a side")?))
    }
}

/// NULL of a type that is not yet known.
pub(super) fn null() -> Expr {
    Expr::new(Node::Literal(Val::Null), Type::Untyped, 0..0)
}
