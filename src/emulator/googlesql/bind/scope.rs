//! What names stand for: the columns and range variables of a FROM clause, the aliases of a SELECT, and what lies around a subquery.

use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast::Ident;

use super::{at, same_name};
use crate::emulator::Failure;
use crate::emulator::googlesql::store::Table;
use crate::emulator::googlesql::tree::{Expr, Node};
use crate::emulator::googlesql::types::{Field, Type};

/// What can be named at a place of a query.
#[derive(Default)]
pub(super) struct Scope<'a> {
    /// How many values a row has.
    pub(super) width: usize,
    pub(super) columns: Vec<Column>,
    pub(super) ranges: Vec<RangeVariable>,
    /// The aliases of the SELECT, where they can be seen.
    pub(super) aliases: Vec<(String, Expr)>,
    /// The row that a subquery stands in.
    pub(super) outer: Option<&'a Scope<'a>>,
}

/// A name for a value of a row, or for a field of one.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: Option<String>,
    pub(super) ty: Type,
    pub(super) index: usize,
    /// The field of the value that is meant.
    pub(super) field: Option<usize>,
    /// The other side of a USING: seen only with its range variable's name.
    pub(super) hidden: bool,
}

/// A name of a table, a subquery or an element.
#[derive(Debug, Clone)]
pub(super) struct RangeVariable {
    pub(super) name: String,
    /// Which of the scope's columns are its own.
    pub(super) columns: Range<usize>,
    /// Where it is a value itself: its place and its type.
    pub(super) value: Option<(usize, Type)>,
    pub(super) table: Option<&'static Table>,
}

impl Column {
    pub(super) fn expr(&self, up: usize, at: Range<usize>) -> Expr {
        let node = Node::Column { up, index: self.index };
        match self.field {
            None => Expr::new(node, self.ty.clone(), at),
            Some(field) => {
                // The value's own type does not matter once a field of it is taken.
                let of = Expr::new(node, Type::Struct(Arc::default()), at.clone());
                Expr::new(Node::Field(Box::new(of), field), self.ty.clone(), at)
            }
        }
    }
}

impl Scope<'_> {
    /// The columns that a name without a range variable can mean.
    fn named(&self, name: &str) -> Vec<&Column> {
        let named =
            |column: &&Column| !column.hidden && column.name.as_deref().is_some_and(|other| same_name(other, name));
        self.columns.iter().filter(named).collect()
    }

    pub(super) fn range(&self, name: &str) -> Option<&RangeVariable> {
        self.ranges.iter().find(|range| same_name(&range.name, name))
    }

    /// The column of a name, here only.
    pub(super) fn own_column(&self, name: &str) -> Option<Expr> {
        self.named(name).first().map(|column| column.expr(0, 0..0))
    }

    /// What a path of names means.
    pub(super) fn path(&self, path: &[Ident]) -> Result<Expr, Failure> {
        let [first, rest @ ..] = path else { return Err(Failure::rejected("an empty name", 0..0)) };
        not_reserved(first)?;
        let mut here = Some(self);
        let mut up = 0;
        while let Some(scope) = here {
            if let Some((start, used, table)) = scope.start(first, rest.first(), up)? {
                return rest.get(used..).unwrap_or_default().iter().try_fold(start, |of, name| field(of, name, table));
            }
            here = scope.outer;
            up += 1;
        }
        Err(Failure::rejected(format!("unrecognized name: {}", first.value), at(first.span)))
    }

    /// What the first name of a path means here, and whether it took the next one.
    fn start(&self, first: &Ident, next: Option<&Ident>, up: usize) -> Result<Option<Start>, Failure> {
        let span = at(first.span);
        let columns = self.named(&first.value);
        if columns.len() > 1 {
            return Err(Failure::rejected(format!("the column name {} is ambiguous", first.value), span));
        }
        let range = self.range(&first.value);
        match (columns.first(), range) {
            (Some(_), Some(range)) if range.value.is_none() => {
                Err(Failure::unknown(format!("{} is a column and a range variable", first.value), span))
            }
            (Some(column), _) => {
                let table = self.ranges.iter().find(|range| {
                    range.columns.clone().filter_map(|at| self.columns.get(at)).any(|own| own.index == column.index)
                });
                Ok(Some((column.expr(up, span), 0, table.and_then(|range| range.table))))
            }
            (None, Some(range)) => match (&range.value, next) {
                (Some((index, ty)), _) => {
                    Ok(Some((Expr::new(Node::Column { up, index: *index }, ty.clone(), span), 0, None)))
                }
                (None, Some(next)) => self.column_of(range, next, up).map(|column| Some((column, 1, range.table))),
                (None, None) => Ok(Some((self.whole(range, up, span), 0, range.table))),
            },
            (None, None) => Ok(None),
        }
    }

    fn column_of(&self, range: &RangeVariable, name: &Ident, up: usize) -> Result<Expr, Failure> {
        let own = range.columns.clone().filter_map(|at| self.columns.get(at));
        let mut found = own.filter(|column| column.name.as_deref().is_some_and(|other| same_name(other, &name.value)));
        let not_found = || unknown_or(range.table, name, format!("{} has no column {}", range.name, name.value));
        let column = found.next().ok_or_else(not_found)?;
        if found.next().is_some() {
            return Err(Failure::rejected(format!("the column name {} is ambiguous", name.value), at(name.span)));
        }
        Ok(column.expr(up, at(name.span)))
    }

    /// A range variable as a struct of its columns.
    fn whole(&self, range: &RangeVariable, up: usize, span: Range<usize>) -> Expr {
        let own: Vec<&Column> = range.columns.clone().filter_map(|at| self.columns.get(at)).collect();
        let fields = own.iter().map(|column| Field { name: column.name.clone(), ty: column.ty.clone() }).collect();
        let values = own.iter().map(|column| column.expr(up, span.clone())).collect();
        Expr::new(Node::Struct(values), Type::Struct(fields), span)
    }
}

/// An expression, how many further names it took, and the table it is of.
type Start = (Expr, usize, Option<&'static Table>);

/// A field of a struct, or a member of JSON.
pub(super) fn field(of: Expr, name: &Ident, table: Option<&'static Table>) -> Result<Expr, Failure> {
    let span = super::over(&of.at, &at(name.span));
    match &of.ty {
        Type::Struct(fields) => {
            let named =
                |field: &&(usize, &Field)| field.1.name.as_deref().is_some_and(|other| same_name(other, &name.value));
            let found: Vec<(usize, &Field)> = fields.iter().enumerate().filter(|field| named(&field)).collect();
            match found.as_slice() {
                [(index, field)] => {
                    let (index, ty) = (*index, field.ty.clone());
                    Ok(Expr::new(Node::Field(Box::new(of), index), ty, span))
                }
                [] => Err(unknown_or(table, name, format!("the field {} is not in {}", name.value, of.ty))),
                _ => Err(Failure::rejected(format!("the field {} is ambiguous in {}", name.value, of.ty), span)),
            }
        }
        Type::Json => {
            let member = Node::Member(Box::new(of), name.value.as_str().into());
            Ok(Expr::new(member, Type::Json, span))
        }
        other => Err(Failure::rejected(format!("a value of {other} has no field {}", name.value), span)),
    }
}

/// Words that are no names without backticks.
const RESERVED: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASSERT_ROWS_MODIFIED",
    "AT",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CONTAINS",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DEFAULT",
    "DEFINE",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ENUM",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HASH",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOOKUP",
    "MERGE",
    "NATURAL",
    "NEW",
    "NO",
    "NOT",
    "NULL",
    "NULLS",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PROTO",
    "QUALIFY",
    "RANGE",
    "RECURSIVE",
    "RESPECT",
    "RIGHT",
    "ROLLUP",
    "ROWS",
    "SELECT",
    "SET",
    "SOME",
    "STRUCT",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TREAT",
    "TRUE",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHIN",
];

/// A name of one's own is no reserved word, unless it stands in backticks.
pub(super) fn not_reserved(name: &Ident) -> Result<(), Failure> {
    let reserved = name.quote_style.is_none() && RESERVED.iter().any(|word| same_name(word, &name.value));
    if reserved { Err(Failure::rejected(format!("{} is a reserved word", name.value), at(name.span))) } else { Ok(()) }
}

/// A table may have what this emulator leaves out.
fn unknown_or(table: Option<&'static Table>, name: &Ident, otherwise: String) -> Failure {
    if table.is_some_and(|table| table.unknown.iter().any(|unknown| same_name(unknown, &name.value))) {
        return Failure::unknown(format!("the field {}", name.value), at(name.span));
    }
    Failure::rejected(otherwise, at(name.span))
}
