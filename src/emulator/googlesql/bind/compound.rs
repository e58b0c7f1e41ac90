//! Values of several parts: structs, and the elements of arrays and of JSON.

use sqlparser::ast;

use super::scope::{Scope, not_reserved};
use super::{Binder, Calls, over};
use crate::emulator::Failure;
use crate::emulator::googlesql::tree::{Element, Expr, Node};
use crate::emulator::googlesql::types::{Field, Type};

/// The written type and the array of `ARRAY<T>[…]`, which sqlparser reads as `ARRAY < T > […]`.
pub(super) fn typed_array(expr: &ast::Expr) -> Option<(&ast::Expr, &ast::Expr)> {
    let ast::Expr::BinaryOp { left, op: ast::BinaryOperator::Gt, right } = expr else { return None };
    let ast::Expr::BinaryOp { left: word, op: ast::BinaryOperator::Lt, right: element } = &**left else { return None };
    let is_array = |word: &ast::Ident| word.quote_style.is_none() && word.value.eq_ignore_ascii_case("ARRAY");
    matches!(&**word, ast::Expr::Identifier(word) if is_array(word)).then_some((&**element, &**right))
}

impl Binder<'_> {
    /// An array with its type.
    pub(super) fn array_of(
        &mut self,
        element: &ast::Expr,
        array: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let element = match element {
            ast::Expr::Identifier(name) => Type::named(&name.value),
            _ => None,
        };
        let array = self.expr(array, scope, calls)?;
        let (Some(element), Type::Array(_)) = (element, &array.ty) else {
            return Err(Failure::unknown("an array with its type", array.at));
        };
        self.coerced(array, &Type::Array(Box::new(element)), "the array")
    }

    /// Values in parentheses: a struct without names.
    pub(super) fn tuple(
        &mut self,
        values: &[ast::Expr],
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let mut bound = Vec::new();
        for value in values {
            let value = self.expr(value, scope, calls)?;
            bound.push(self.typed(value)?);
        }
        let span = bound.first().map_or(0..0, |value| value.at.clone());
        let fields = bound.iter().map(|value| Field { name: None, ty: value.ty.clone() }).collect();
        Ok(Expr::new(Node::Struct(bound), Type::Struct(fields), span))
    }

    /// A struct of values, whose names are their own where they have one.
    pub(super) fn structure(
        &mut self,
        values: &[ast::Expr],
        fields: &[ast::StructField],
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        if !fields.is_empty() {
            return Err(Failure::unknown("STRUCT with its types", 0..0));
        }
        let (mut bound, mut types) = (Vec::new(), Vec::new());
        for value in values {
            let (value, name) = match value {
                ast::Expr::Named { expr, name } => {
                    not_reserved(name)?;
                    (&**expr, Some(name.value.clone()))
                }
                ast::Expr::Identifier(name) => (value, Some(name.value.clone())),
                ast::Expr::CompoundIdentifier(path) => (value, path.last().map(|name| name.value.clone())),
                _ => (value, None),
            };
            let value = self.expr(value, scope, calls)?;
            let value = self.typed(value)?;
            types.push(Field { name, ty: value.ty.clone() });
            bound.push(value);
        }
        let span = bound.first().map_or(0..0, |value| value.at.clone());
        Ok(Expr::new(Node::Struct(bound), Type::Struct(types.into()), span))
    }

    /// `[OFFSET(0)]` and its sisters, or a key or place of JSON.
    pub(super) fn element(
        &mut self,
        of: Expr,
        index: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let (kind, index) = match (&of.ty, index) {
            (Type::Json, index) => (Element::Json, index),
            (Type::Array(_), ast::Expr::Function(function)) => {
                let name = function.name.to_string().to_ascii_uppercase();
                let kind = match name.as_str() {
                    "OFFSET" => Some(Element::Array { base: 0, safe: false }),
                    "ORDINAL" => Some(Element::Array { base: 1, safe: false }),
                    "SAFE_OFFSET" => Some(Element::Array { base: 0, safe: true }),
                    "SAFE_ORDINAL" => Some(Element::Array { base: 1, safe: true }),
                    _ => None,
                };
                match (kind, &function.args) {
                    (Some(kind), ast::FunctionArguments::List(list)) => match list.args.as_slice() {
                        [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(index))] => (kind, index),
                        _ => return Err(Failure::rejected(format!("{name} takes one number"), of.at)),
                    },
                    _ => (Element::Array { base: 0, safe: false }, index),
                }
            }
            (Type::Array(_), index) => (Element::Array { base: 0, safe: false }, index),
            (other, _) => return Err(Failure::rejected(format!("a value of {other} has no elements"), of.at)),
        };
        let index = self.expr(index, scope, calls)?;
        let (index, ty) = match (&of.ty, &index.ty) {
            (Type::Array(element), _) => {
                (self.coerced(index, &Type::Int64, "the place of an element")?, (**element).clone())
            }
            (_, Type::String | Type::Int64) => (index, Type::Json),
            (_, other) => {
                return Err(Failure::rejected(format!("JSON has no element at a value of {other}"), index.at));
            }
        };
        let span = over(&of.at, &index.at);
        Ok(Expr::new(Node::Element { of: Box::new(of), index: Box::new(index), kind }, ty, span))
    }
}
