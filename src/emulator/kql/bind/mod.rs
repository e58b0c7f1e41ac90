//! A scalar expression of the tree → one whose names and types are settled; what does not fit is rejected here.

mod call;
mod operators;

use std::ops::Range;
use std::rc::Rc;

use super::bound::{Bound, Node};
use super::engine::Engine;
use super::scope::{Meaning, Scope};
use super::tree::{Expr, ExprKind, ListTest};
use super::value::{Cell, Type};
use crate::emulator::Failure;

/// Most groups of a pattern of `matches regex`.
const MOST_GROUPS: usize = 16;

pub(super) use operators::is_ordered;

pub(super) type Binding = Result<Bound, Failure>;

impl Engine<'_> {
    /// Binds an expression.
    pub(super) fn bind(&self, expr: &Expr, scope: Scope<'_>) -> Binding {
        self.nested(&expr.at, || self.bind_kind(expr, scope))
    }

    fn bind_kind(&self, expr: &Expr, scope: Scope<'_>) -> Binding {
        let at = expr.at.clone();
        match &expr.kind {
            ExprKind::Literal(value, kind) => Ok(Bound::constant(value.clone(), *kind, at)),
            ExprKind::Name(name) => self.bind_name(name, &at, scope),
            ExprKind::Member(value, name) => {
                let value = self.bind(value, scope)?;
                if value.kind != Type::Dynamic {
                    let message = format!("`.{}`: a {} has no members", name.text, value.kind.name());
                    return Err(Failure::rejected(message, name.at.clone()));
                }
                Ok(Bound { kind: Type::Dynamic, at, node: Node::Member(Box::new(value), name.text.clone()) })
            }
            ExprKind::Index(value, index) => {
                let value = self.bind(value, scope)?;
                let index = self.bind(index, scope)?;
                if value.kind != Type::Dynamic {
                    return Err(Failure::rejected(format!("a {} has no elements", value.kind.name()), at));
                }
                if !(index.kind.is_whole() || index.kind == Type::Text) {
                    let message = format!("an index is a long or a string, not a {}", index.kind.name());
                    return Err(Failure::rejected(message, index.at));
                }
                Ok(Bound { kind: Type::Dynamic, at, node: Node::Index(Box::new(value), Box::new(index)) })
            }
            ExprKind::Call(name, arguments) => self.bind_call(name, arguments, &at, scope),
            ExprKind::Minus(value) => self.bind_minus(value, &at, scope),
            ExprKind::Chain(word, operands) => {
                let operands: Result<Vec<Bound>, Failure> = operands.iter().map(|one| self.bind(one, scope)).collect();
                let operands = operands?;
                let any_bool = operands.iter().any(|one| one.kind == Type::Bool);
                if let Some(odd) = operands.iter().find(|one| !matches!(one.kind, Type::Bool | Type::Dynamic)) {
                    let message = format!("`{word}` is between bools, not a {}", odd.kind.name());
                    return Err(Failure::rejected(message, odd.at.clone()));
                }
                if !any_bool || operands.iter().any(|one| one.kind == Type::Dynamic) {
                    return Err(Failure::unknown(format!("`{word}` of dynamic values is not known here"), at));
                }
                Ok(Bound { kind: Type::Bool, at, node: Node::Chain(*word == "and", operands) })
            }
            ExprKind::Binary(word, left, right) => {
                let (left, right) = (self.bind(left, scope)?, self.bind(right, scope)?);
                self.bind_binary(word, left, right, at)
            }
            ExprKind::List(test, value, items) => self.bind_list(*test, value, items, &at, scope),
            ExprKind::Between { negated, value, low, high } => {
                let parts = (self.bind(value, scope)?, self.bind(low, scope)?, self.bind(high, scope)?);
                self.bind_between(*negated, parts, at)
            }
            ExprKind::Star => Err(Failure::unknown("`*` is not known here", at)),
            ExprKind::TypeOf(_) => Err(Failure::rejected("`typeof` is no value", at)),
            ExprKind::Pipe(..)
            | ExprKind::Datatable(..)
            | ExprKind::Range { .. }
            | ExprKind::Print(_)
            | ExprKind::Union(_) => Err(Failure::rejected("a table where a scalar is expected", at)),
        }
    }

    fn bind_name(&self, name: &str, at: &Range<usize>, scope: Scope<'_>) -> Binding {
        if let Some((number, field)) = scope.column(name) {
            return Ok(Bound { kind: field.kind, at: at.clone(), node: Node::Column(number) });
        }
        match scope.names.get(name) {
            Some(Meaning::Scalar(value)) => {
                Ok(Bound { kind: value.kind, at: at.clone(), node: Node::Shared(Rc::clone(value)) })
            }
            Some(Meaning::Table(_)) => Err(Failure::rejected(format!("`{name}` is a table, no scalar"), at.clone())),
            Some(Meaning::Function(..)) => {
                Err(Failure::rejected(format!("`{name}` is a function and needs its arguments"), at.clone()))
            }
            None => Err(Failure::rejected(format!("there is no column and no variable `{name}`"), at.clone())),
        }
    }

    /// Binds what must be a bool.
    pub(super) fn bind_bool(&self, expr: &Expr, scope: Scope<'_>) -> Binding {
        let bound = self.bind(expr, scope)?;
        if bound.kind != Type::Bool {
            let message = format!("a bool is expected, not a {}", bound.kind.name());
            return Err(Failure::rejected(message, bound.at));
        }
        Ok(bound)
    }

    /// The value of an expression that needs no row.
    pub(super) fn constant(&self, expr: &Expr, scope: Scope<'_>) -> Result<(Cell, Type), Failure> {
        let bound = self.bind(expr, Scope::bare(scope.names))?;
        let kind = bound.kind;
        Ok((self.value_alone(&bound)?, kind))
    }

    /// A whole number that needs no row; none where it is null.
    pub(super) fn constant_whole(&self, expr: &Expr, scope: Scope<'_>) -> Result<Option<i64>, Failure> {
        match self.constant(expr, scope)? {
            (Cell::Long(value), Type::Int | Type::Long) => Ok(Some(value)),
            (_, Type::Int | Type::Long) => Ok(None),
            (_, kind) => {
                Err(Failure::rejected(format!("a whole number is expected, not a {}", kind.name()), expr.at.clone()))
            }
        }
    }

    fn bind_list(&self, test: ListTest, value: &Expr, items: &[Expr], at: &Range<usize>, scope: Scope<'_>) -> Binding {
        let value = self.bind(value, scope)?;
        let of_texts = !matches!(test, ListTest::In { nocase: false, .. });
        if of_texts && !matches!(value.kind, Type::Text | Type::Dynamic) {
            return Err(Failure::rejected(format!("a string is expected, not a {}", value.kind.name()), value.at));
        }
        let mut bound = Vec::new();
        for item in items {
            if !self.is_tabular(item, scope.names) {
                bound.push(self.bind(item, scope)?);
                continue;
            }
            if items.len() > 1 {
                return Err(Failure::unknown("a table among other values is not known here", item.at.clone()));
            }
            let table = self.table(item, scope.names)?;
            let Some(first) = table.columns.first() else {
                return Err(Failure::rejected("a table without columns", item.at.clone()));
            };
            let cell = |cell: Cell| Bound::constant(cell, first.kind, item.at.clone());
            // The type is checked even where there are no rows.
            fits_list(&value, &cell(Cell::Null), of_texts)?;
            bound.extend(table.rows.iter().map(|row| cell(row.cell(0))));
        }
        for item in &bound {
            fits_list(&value, item, of_texts)?;
        }
        Ok(Bound { kind: Type::Bool, at: at.clone(), node: Node::List(test, Box::new(value), bound) })
    }

    /// A pattern of a regular expression; a constant one is read here.
    fn check_pattern(&self, pattern: &Bound) -> Result<(), Failure> {
        let Some(text) = pattern.constant_text() else { return Ok(()) };
        let read = self.pattern(text, &pattern.at)?;
        // The whole match is a group, too.
        if read.captures_len() > MOST_GROUPS + 1 {
            return Err(Failure::rejected(format!("more than {MOST_GROUPS} groups"), pattern.at.clone()));
        }
        Ok(())
    }
}

/// Whether a value can be looked for among items of a type.
fn fits_list(value: &Bound, item: &Bound, of_texts: bool) -> Result<(), Failure> {
    let fits = if of_texts {
        matches!(item.kind, Type::Text | Type::Dynamic)
    } else {
        operators::comparable(value.kind, item.kind)
    };
    if fits {
        return Ok(());
    }
    let message = format!("a {} among values of {} is not known here", item.kind.name(), value.kind.name());
    Err(Failure::unknown(message, item.at.clone()))
}
