//! UNION, INTERSECT and EXCEPT, and queries in parentheses.

use std::sync::Arc;

use sqlparser::ast::{self, SetExpr, SetOperator, SetQuantifier};

use super::scope::{Column, Scope};
use super::{Binder, Calls, Rows};
use crate::emulator::Failure;
use crate::emulator::googlesql::tree::{Combine, Expr, Node, Plan};
use crate::emulator::googlesql::types::{Field, Type};

impl Binder<'_> {
    /// A body that is no SELECT, with its ORDER BY, which sees the columns' names only.
    pub(super) fn set(
        &mut self,
        body: &SetExpr,
        order: &[ast::OrderByExpr],
        outer: Option<&Scope<'_>>,
    ) -> Result<Rows, Failure> {
        let mut rows = self.set_body(body, outer)?;
        if order.is_empty() {
            return Ok(rows);
        }
        let columns = rows.columns.iter().enumerate().map(|(index, field)| Column {
            name: field.name.clone(),
            ty: field.ty.clone(),
            index,
            field: None,
            hidden: false,
        });
        let scope = Scope { width: rows.columns.len(), columns: columns.collect(), outer, ..Scope::default() };
        let mut keys = Vec::new();
        for key in order {
            let by = match self.ordinal(&key.expr, rows.columns.len())? {
                Some(index) => {
                    let ty = rows.columns.get(index).map_or(Type::Untyped, |field| field.ty.clone());
                    Expr::new(Node::Column { up: 0, index }, ty, 0..0)
                }
                None => self.expr(&key.expr, &scope, &mut Calls::none("ORDER BY of a set operation"))?,
            };
            keys.push(self.sort_key(by, &key.options)?);
        }
        rows.plan = Plan::Sort(Box::new(rows.plan), keys);
        Ok(rows)
    }

    fn set_body(&mut self, body: &SetExpr, outer: Option<&Scope<'_>>) -> Result<Rows, Failure> {
        match body {
            SetExpr::Select(select) => {
                let (rows, _) = self.select(select, &[], outer)?;
                Ok(rows)
            }
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                if let SetExpr::SetOperation { op: inner, set_quantifier: quantifier, .. } = &**left
                    && (inner != op || quantifier != set_quantifier)
                {
                    return Err(Failure::rejected("different set operations need parentheses", 0..0));
                }
                let (how, distinct) = match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => (Combine::All, false),
                    (SetOperator::Union, SetQuantifier::Distinct) => (Combine::All, true),
                    (SetOperator::Intersect, SetQuantifier::Distinct) => (Combine::Intersect, true),
                    (SetOperator::Except, SetQuantifier::Distinct) => (Combine::Except, true),
                    (_, SetQuantifier::None) => {
                        return Err(Failure::rejected(format!("{op} wants ALL or DISTINCT behind it"), 0..0));
                    }
                    _ => return Err(Failure::rejected(format!("{op} {set_quantifier} is not of GoogleSQL"), 0..0)),
                };
                let left = self.deeper(|binder| binder.set_body(left, outer))?;
                let right = self.deeper(|binder| binder.set_body(right, outer))?;
                self.combined(left, right, how, distinct, &op.to_string())
            }
            SetExpr::Values(_) | SetExpr::Table(_) => {
                Err(Failure::rejected("VALUES and TABLE are no queries of GoogleSQL", 0..0))
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Failure::rejected("only queries run here", 0..0))
            }
        }
    }

    fn combined(&self, left: Rows, right: Rows, how: Combine, distinct: bool, op: &str) -> Result<Rows, Failure> {
        if left.columns.len() != right.columns.len() {
            let counts = format!("{} and {}", left.columns.len(), right.columns.len());
            return Err(Failure::rejected(format!("the queries of {op} have {counts} columns"), 0..0));
        }
        let mut fields = Vec::new();
        for (one, other) in left.columns.iter().zip(right.columns.iter()) {
            let Some(ty) = Type::common(&one.ty, false, &other.ty, false) else {
                return Err(Failure::rejected(
                    format!("columns of {op} have no common type: {} and {}", one.ty, other.ty),
                    0..0,
                ));
            };
            if distinct && !ty.is_comparable() {
                return Err(Failure::rejected(format!("{op} DISTINCT of {ty}"), 0..0));
            }
            fields.push(Field { name: one.name.clone(), ty });
        }
        let fields: Arc<[Field]> = fields.into();
        let sides = [left, right].map(|rows| {
            let columns = rows.columns.iter().zip(fields.iter()).enumerate().map(|(index, (has, wanted))| {
                let column = Expr::new(Node::Column { up: 0, index }, has.ty.clone(), 0..0);
                self.coerced(column, &wanted.ty, "a column")
            });
            Ok(Box::new(Plan::Project(Box::new(rows.plan), columns.collect::<Result<_, Failure>>()?)))
        });
        let [left, right] = sides;
        let plan = Plan::Combine { left: left?, right: right?, how };
        let plan = if distinct { Plan::Distinct(Box::new(plan)) } else { plan };
        Ok(Rows { plan, columns: fields, is_value: false })
    }
}
