//! Takes a query as it is written, gives it bound: every name resolved, every type known, what GoogleSQL rejects rejected.

mod call;
mod coerce;
mod compound;
mod expr;
mod from;
mod literal;
mod scope;
mod select;
mod set;
mod window;

use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast;
use sqlparser::tokenizer::Span;

use self::scope::Scope;
use super::lexer;
use super::tree::{Aggregate, Expr, Node, Plan, Window};
use super::types::{Field, Type};
use crate::emulator::{Failure, Readings};

/// How deep expressions may stand in one another.
const MAX_DEPTH: usize = 60;

/// A bound query with the queries of its WITH clauses, by number.
pub(super) struct Bound {
    pub(super) plan: Plan,
    pub(super) columns: Arc<[Field]>,
    pub(super) ctes: Vec<Plan>,
}

/// Binds a query.
///
/// # Errors
/// Where GoogleSQL rejects it or this emulator does not know it.
pub(super) fn query(query: &ast::Query, readings: &Readings) -> Result<Bound, Failure> {
    let mut binder =
        Binder { readings, visible: Vec::new(), ctes: Vec::new(), depth: 0, trailing: 0, named: Vec::new() };
    let mut rows = binder.query(query, None)?;
    // A result of structs is shown as their fields.
    if rows.is_value
        && let [Field { ty: Type::Struct(fields), .. }] = &*rows.columns
    {
        let of = Expr::new(Node::Column { up: 0, index: 0 }, Type::Struct(fields.clone()), 0..0);
        let field = |(index, field): (usize, &Field)| {
            Expr::new(Node::Field(Box::new(of.clone()), index), field.ty.clone(), 0..0)
        };
        let columns = fields.iter().enumerate().map(field).collect();
        let fields = fields.clone();
        rows = Rows { plan: Plan::Project(Box::new(rows.plan), columns), columns: fields, is_value: false };
    }
    let ctes = binder.ctes.into_iter().map(|cte| cte.plan).collect();
    Ok(Bound { plan: rows.plan, columns: rows.columns, ctes })
}

/// Rows with their columns.
#[derive(Clone)]
struct Rows {
    plan: Plan,
    columns: Arc<[Field]>,
    /// Whether its only column is the row itself, as of SELECT AS STRUCT.
    is_value: bool,
}

struct Binder<'a> {
    readings: &'a Readings,
    /// The names of WITH that can be seen, innermost last, and which query they are.
    visible: Vec<(String, usize)>,
    ctes: Vec<Rows>,
    depth: usize,
    /// How many calls at the end of an argument have the IGNORE NULLS of the call around them.
    trailing: usize,
    /// The WINDOW clause of the SELECT that is bound.
    named: NamedWindows,
}

/// Windows by name.
type NamedWindows = Vec<(String, ast::WindowSpec)>;

/// The aggregate and window functions that a SELECT calls; none where they may not stand.
struct Calls {
    aggregates: Option<Vec<Aggregate>>,
    windows: Option<Vec<Window>>,
    /// Where this is, for messages.
    place: &'static str,
}

impl Calls {
    /// Where neither may stand.
    fn none(place: &'static str) -> Calls {
        Calls { aggregates: None, windows: None, place }
    }
}

/// Bytes of a span.
fn at(span: Span) -> Range<usize> {
    lexer::bytes(span)
}

/// From the start of one to the end of another.
fn over(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
}

/// Whether two names are one: columns, fields, aliases and functions do not heed case.
fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

impl Binder<'_> {
    /// One level deeper.
    fn deeper<T>(&mut self, bind: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        self.depth += 1;
        let bound = if self.depth > MAX_DEPTH {
            Err(Failure::unknown(format!("expressions nested deeper than {MAX_DEPTH}"), 0..0))
        } else {
            bind(self)
        };
        self.depth -= 1;
        bound
    }

    /// A query with its WITH, ORDER BY and LIMIT.
    fn query(&mut self, query: &ast::Query, outer: Option<&Scope<'_>>) -> Result<Rows, Failure> {
        self.deeper(|binder| {
            let visible = binder.visible.len();
            let bound = binder.query_inside(query, outer);
            binder.visible.truncate(visible);
            // Columns of NULL alone are INT64: nothing else gave them a type.
            bound.map(|rows| Rows { columns: rows.columns.iter().map(Field::settled).collect(), ..rows })
        })
    }

    fn query_inside(&mut self, query: &ast::Query, outer: Option<&Scope<'_>>) -> Result<Rows, Failure> {
        let ast::Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if fetch.is_some() || !locks.is_empty() || for_clause.is_some() || settings.is_some() || format_clause.is_some()
        {
            return Err(Failure::rejected("FETCH, FOR, SETTINGS and FORMAT are no clauses of GoogleSQL", 0..0));
        }
        if !pipe_operators.is_empty() {
            return Err(Failure::unknown("pipe syntax: `|>`", 0..0));
        }
        if let Some(with) = with {
            self.with(with)?;
        }
        let order: &[ast::OrderByExpr] = match order_by {
            None => &[],
            Some(ast::OrderBy { kind: ast::OrderByKind::Expressions(order), interpolate: None }) => order,
            Some(_) => return Err(Failure::rejected("ORDER BY ALL and INTERPOLATE are not of GoogleSQL", 0..0)),
        };
        let (mut rows, trimmed) = match &**body {
            ast::SetExpr::Select(select) => self.select(select, order, outer)?,
            body => (self.set(body, order, outer)?, None),
        };
        if let Some(limit) = limit_clause {
            let (limit, offset) = limits(limit)?;
            rows.plan = Plan::Limit { input: Box::new(rows.plan), limit, offset };
        }
        // What was only there to sort by goes last.
        if let Some(columns) = trimmed {
            rows.plan = Plan::Project(Box::new(rows.plan), columns);
        }
        Ok(rows)
    }

    /// The queries of a WITH clause, which see the ones before them and no row around them.
    fn with(&mut self, with: &ast::With) -> Result<(), Failure> {
        if with.recursive {
            return Err(Failure::unknown("WITH RECURSIVE", at(with.with_token.0.span)));
        }
        let mut own: Vec<&str> = Vec::new();
        for cte in &with.cte_tables {
            let name = &cte.alias.name;
            if !cte.alias.columns.is_empty() || cte.from.is_some() || cte.materialized.is_some() {
                return Err(Failure::rejected(
                    format!("WITH {} takes a name and a query only", name.value),
                    at(name.span),
                ));
            }
            if own.iter().any(|other| same_name(other, &name.value)) {
                return Err(Failure::rejected(format!("WITH names {} twice", name.value), at(name.span)));
            }
            let rows = self.query(&cte.query, None)?;
            own.push(&name.value);
            self.ctes.push(rows);
            self.visible.push((name.value.clone(), self.ctes.len() - 1));
        }
        Ok(())
    }
}

/// How many rows a LIMIT clause keeps, and how many it skips.
fn limits(clause: &ast::LimitClause) -> Result<(Option<usize>, usize), Failure> {
    let number = |expr: &ast::Expr, of: &str| match expr {
        ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(text, _), span }) => {
            text.parse::<i64>().ok().and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
                Failure::rejected(format!("{of} takes a whole number of 64 bits that is not negative"), at(*span))
            })
        }
        _ => Err(Failure::rejected(format!("{of} takes a whole number"), 0..0)),
    };
    match clause {
        ast::LimitClause::LimitOffset { limit, offset, limit_by } if limit_by.is_empty() => {
            let Some(limit) = limit else {
                return Err(Failure::rejected("OFFSET without LIMIT", 0..0));
            };
            let offset = offset.as_ref().map(|offset| number(&offset.value, "OFFSET")).transpose()?;
            Ok((Some(number(limit, "LIMIT")?), offset.unwrap_or_default()))
        }
        _ => Err(Failure::rejected("LIMIT takes a number, and OFFSET another", 0..0)),
    }
}
