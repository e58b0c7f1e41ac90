//! FROM: tables, subqueries, arrays, and how they are joined.

use std::sync::Arc;

use sqlparser::ast::{
    self, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableFactor, TableWithJoins,
};

use super::scope::{Column, RangeVariable, Scope, not_reserved};
use super::{Binder, Calls, Rows, at, same_name};
use crate::emulator::Failure;
use crate::emulator::googlesql::store::{self, Table};
use crate::emulator::googlesql::tree::{Comparison, Expr, Keep, Node, Plan};
use crate::emulator::googlesql::types::{Field, Type};

/// Rows that a FROM clause has so far, and what can be named of them.
type Source<'a> = (Plan, Scope<'a>);

const NEITHER: Keep = Keep { left: false, right: false };

impl Binder<'_> {
    /// A whole FROM clause.
    pub(super) fn from<'s>(
        &mut self,
        tables: &[TableWithJoins],
        outer: Option<&'s Scope<'s>>,
    ) -> Result<Source<'s>, Failure> {
        let mut source = (Plan::Once, Scope { outer, ..Scope::default() });
        for table in tables {
            source = self.joined(source, &table.relation, NEITHER, None)?;
            for join in &table.joins {
                let (keep, constraint) = kind(&join.join_operator)?;
                source = self.joined(source, &join.relation, keep, constraint)?;
            }
        }
        Ok(source)
    }

    fn joined<'s>(
        &mut self,
        left: Source<'s>,
        factor: &TableFactor,
        keep: Keep,
        constraint: Option<&JoinConstraint>,
    ) -> Result<Source<'s>, Failure> {
        self.deeper(|binder| match factor {
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality: false } => {
                let [array] = array_exprs.as_slice() else {
                    return Err(Failure::unknown("UNNEST of several arrays", 0..0));
                };
                let array = binder.expr(array, &left.1, &mut Calls::none("UNNEST"))?;
                let offset = with_offset.then(|| with_offset_alias.clone().unwrap_or_else(|| Ident::new("offset")));
                binder.expanded(left, array, alias_of(alias.as_ref())?, offset, keep, constraint)
            }
            TableFactor::Table { name, alias, .. } => {
                check_plain(factor)?;
                let parts = parts(name)?;
                let alias = alias_of(alias.as_ref())?;
                match parts.as_slice() {
                    [first, _, ..] if left.1.range(&first.value).is_some() => {
                        let array = left.1.path(&parts)?;
                        binder.expanded(left, array, alias.or_else(|| parts.last()), None, keep, constraint)
                    }
                    _ => {
                        let (rows, table) = binder.table(&parts)?;
                        let name = alias.map_or_else(|| implicit_alias(&parts), |alias| alias.value.clone());
                        let right = source(rows, Some(name), table, left.1.outer);
                        binder.join(left, right, keep, constraint)
                    }
                }
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                let rows = binder.query(subquery, left.1.outer)?;
                let alias = alias_of(alias.as_ref())?.map(|alias| alias.value.clone());
                let right = source(rows, alias, None, left.1.outer);
                binder.join(left, right, keep, constraint)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let right = binder.from(std::slice::from_ref(table_with_joins), left.1.outer)?;
                binder.join(left, right, keep, constraint)
            }
            _ => Err(Failure::unknown("a FROM clause of another form than tables, subqueries and UNNEST", 0..0)),
        })
    }

    /// A table, or a query of WITH.
    fn table(&self, parts: &[Ident]) -> Result<(Rows, Option<&'static Table>), Failure> {
        if let [name] = parts
            && let Some((_, number)) = self.visible.iter().rev().find(|(visible, _)| same_name(visible, &name.value))
            && let Some(rows) = self.ctes.get(*number)
        {
            return Ok((Rows { plan: Plan::Cte(*number), ..rows.clone() }, None));
        }
        let path = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        let span = parts.first().map_or(0..0, |part| at(part.span));
        let table = store::table(&path).ok_or_else(|| Failure::unknown(format!("the table `{path}`"), span.clone()))?;
        if !path.contains('.') {
            return Err(Failure::rejected(
                format!("the table `{path}` must be named with its dataset or bucket"),
                span,
            ));
        }
        Ok((Rows { plan: Plan::Table(table), columns: table.columns(), is_value: false }, Some(table)))
    }

    /// Every row of the left side with every element of an array.
    fn expanded<'s>(
        &mut self,
        (plan, scope): Source<'s>,
        array: Expr,
        alias: Option<&Ident>,
        offset: Option<Ident>,
        keep: Keep,
        constraint: Option<&JoinConstraint>,
    ) -> Result<Source<'s>, Failure> {
        let array = self.typed(array)?;
        let Type::Array(element) = &array.ty else {
            return Err(Failure::rejected(format!("UNNEST wants an array, not {}", array.ty), array.at));
        };
        if keep.right {
            return Err(Failure::rejected("RIGHT and FULL JOIN take no array of the left side", array.at));
        }
        let (element, with_offset) = ((**element).clone(), offset.is_some());
        let outer = scope.outer;
        let mut right = Scope { width: 1 + usize::from(with_offset), outer, ..Scope::default() };
        right.columns = value_columns(&element, alias.map(|alias| alias.value.clone()));
        if let Some(alias) = alias {
            let value = Some((0, element.clone()));
            right.ranges.push(RangeVariable {
                name: alias.value.clone(),
                columns: 0..right.columns.len(),
                value,
                table: None,
            });
        }
        if let Some(offset) = offset {
            right.columns.push(Column {
                name: Some(offset.value),
                ty: Type::Int64,
                index: 1,
                field: None,
                hidden: false,
            });
        }
        let scope = beside(scope, right)?;
        let on = match constraint {
            Some(JoinConstraint::On(on)) => Some(self.condition(on, &scope, &mut Calls::none("ON"), "ON")?),
            Some(JoinConstraint::Using(_)) => return Err(Failure::unknown("USING with UNNEST", array.at)),
            _ => None,
        };
        Ok((Plan::Expand { input: Box::new(plan), array, offset: with_offset, outer: keep.left, on }, scope))
    }

    fn join<'s>(
        &mut self,
        (left, left_scope): Source<'s>,
        (right, right_scope): Source<'s>,
        keep: Keep,
        constraint: Option<&JoinConstraint>,
    ) -> Result<Source<'s>, Failure> {
        if left == Plan::Once && left_scope.width == 0 {
            return Ok((right, right_scope));
        }
        let widths = (left_scope.width, right_scope.width);
        let split = left_scope.columns.len();
        let mut scope = beside(left_scope, right_scope)?;
        let on = match constraint {
            Some(JoinConstraint::On(on)) => Some(self.condition(on, &scope, &mut Calls::none("ON"), "ON")?),
            Some(JoinConstraint::Using(names)) => Some(self.using(names, &mut scope, split, keep)?),
            _ => None,
        };
        Ok((Plan::Join { left: Box::new(left), right: Box::new(right), keep, widths, on }, scope))
    }

    /// Columns of one name on both sides are equal, and one of them is seen.
    fn using(&self, names: &[ObjectName], scope: &mut Scope<'_>, split: usize, keep: Keep) -> Result<Expr, Failure> {
        let mut equal = Vec::new();
        for name in names {
            let parts = parts(name)?;
            let [name] = parts.as_slice() else {
                return Err(Failure::rejected("USING takes names of columns", 0..0));
            };
            if keep.left && keep.right {
                return Err(Failure::unknown("FULL JOIN with USING", at(name.span)));
            }
            let find = |columns: &[Column], from: usize| {
                let named = |column: &Column| {
                    !column.hidden && column.name.as_deref().is_some_and(|other| same_name(other, &name.value))
                };
                let mut found =
                    columns.iter().enumerate().filter(|(_, column)| named(column)).map(|(index, _)| index + from);
                let first = found.next();
                first.filter(|_| found.next().is_none())
            };
            let (left, right) = scope.columns.split_at(split);
            let (Some(left), Some(right)) = (find(left, 0), find(right, split)) else {
                return Err(Failure::rejected(
                    format!("USING: {} is not one column of each side", name.value),
                    at(name.span),
                ));
            };
            let exprs = [left, right].map(|index| scope.columns.get(index).map(|column| column.expr(0, at(name.span))));
            let [Some(one), Some(other)] = exprs else { continue };
            let (one, other) = self.pair(one, other)?;
            equal.push(Expr::new(
                Node::Compare(Comparison::Equal, Box::new(one), Box::new(other)),
                Type::Bool,
                at(name.span),
            ));
            if let Some(column) = scope.columns.get_mut(if keep.right { left } else { right }) {
                column.hidden = true;
            }
        }
        Ok(Expr::new(Node::And(equal), Type::Bool, 0..0))
    }
}

/// Which rows a join keeps, and on what it joins.
fn kind(operator: &JoinOperator) -> Result<(Keep, Option<&JoinConstraint>), Failure> {
    let (keep, constraint, cross) = match operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => (NEITHER, constraint, false),
        JoinOperator::CrossJoin(constraint) => (NEITHER, constraint, true),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
            (Keep { left: true, right: false }, constraint, false)
        }
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            (Keep { left: false, right: true }, constraint, false)
        }
        JoinOperator::FullOuter(constraint) => (Keep { left: true, right: true }, constraint, false),
        _ => return Err(Failure::rejected("this join is not of GoogleSQL", 0..0)),
    };
    match constraint {
        JoinConstraint::None => Ok((keep, None)),
        JoinConstraint::Natural => Err(Failure::rejected("NATURAL JOIN is not of GoogleSQL", 0..0)),
        _ if cross => Err(Failure::rejected("CROSS JOIN takes no condition", 0..0)),
        _ => Ok((keep, Some(constraint))),
    }
}

/// A table without what only other languages have, or what this emulator does not know.
fn check_plain(factor: &TableFactor) -> Result<(), Failure> {
    match factor {
        TableFactor::Table {
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
            ..
        } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => Ok(()),
        _ => Err(Failure::unknown("a table with arguments, a version or a sample", 0..0)),
    }
}

/// The name behind AS.
fn alias_of(alias: Option<&ast::TableAlias>) -> Result<Option<&Ident>, Failure> {
    match alias {
        Some(alias) if !alias.columns.is_empty() || alias.at.is_some() => {
            Err(Failure::rejected("an alias of a table names no columns in GoogleSQL", at(alias.name.span)))
        }
        alias => {
            alias.map_or(Ok(()), |alias| not_reserved(&alias.name))?;
            Ok(alias.map(|alias| &alias.name))
        }
    }
}

/// The names of a path; one pair of backticks may hold several.
fn parts(name: &ObjectName) -> Result<Vec<Ident>, Failure> {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => Ok(ident.clone()),
        ObjectNamePart::Function(_) => Err(Failure::rejected("a function in a name", 0..0)),
    };
    name.0.iter().map(part).collect()
}

/// The last part of a path.
fn implicit_alias(parts: &[Ident]) -> String {
    parts.last().and_then(|part| part.value.rsplit('.').next()).unwrap_or_default().to_owned()
}

/// What can be named of an element or of a row that is a value.
fn value_columns(ty: &Type, name: Option<String>) -> Vec<Column> {
    match ty {
        Type::Struct(fields) => {
            let column = |(at, field): (usize, &Field)| Column {
                name: field.name.clone(),
                ty: field.ty.clone(),
                index: 0,
                field: Some(at),
                hidden: false,
            };
            fields.iter().enumerate().map(column).collect()
        }
        _ => vec![Column { name, ty: ty.clone(), index: 0, field: None, hidden: false }],
    }
}

/// Rows under a name.
fn source<'s>(
    rows: Rows,
    name: Option<String>,
    table: Option<&'static Table>,
    outer: Option<&'s Scope<'s>>,
) -> Source<'s> {
    let fields: Arc<[Field]> = rows.columns;
    let mut scope = Scope { width: fields.len(), outer, ..Scope::default() };
    let mut value = None;
    if rows.is_value
        && let Some(field) = fields.first()
    {
        scope.columns = value_columns(&field.ty, name.clone());
        value = Some((0, field.ty.clone()));
    } else {
        let column = |(index, field): (usize, &Field)| Column {
            name: field.name.clone(),
            ty: field.ty.clone(),
            index,
            field: None,
            hidden: false,
        };
        scope.columns = fields.iter().enumerate().map(column).collect();
    }
    scope.ranges = name
        .into_iter()
        .map(|name| RangeVariable { name, columns: 0..scope.columns.len(), value: value.clone(), table })
        .collect();
    (rows.plan, scope)
}

/// The columns of both sides, the right ones behind the left ones.
fn beside<'s>(mut left: Scope<'s>, right: Scope<'s>) -> Result<Scope<'s>, Failure> {
    let (width, count) = (left.width, left.columns.len());
    for mut range in right.ranges {
        if left.range(&range.name).is_some() {
            return Err(Failure::rejected(format!("two tables are called {}", range.name), 0..0));
        }
        range.columns = range.columns.start + count..range.columns.end + count;
        range.value = range.value.map(|(index, ty)| (index + width, ty));
        left.ranges.push(range);
    }
    left.columns.extend(right.columns.into_iter().map(|column| Column { index: column.index + width, ..column }));
    left.width += right.width;
    Ok(left)
}
