//! A query as a tree: what the parser gives and the binder takes.

use std::ops::Range;

use super::value::{Cell, Type};

/// A name and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) at: Range<usize>,
}

/// An expression, scalar or tabular.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) at: Range<usize>,
    pub(super) kind: ExprKind,
}

#[derive(Debug, Clone)]
pub(super) enum ExprKind {
    Literal(Cell, Type),
    /// `typeof(TYPE)`
    TypeOf(Type),
    Name(String),
    /// `x.NAME`
    Member(Box<Expr>, Name),
    /// `x[…]`
    Index(Box<Expr>, Box<Expr>),
    Call(Name, Vec<Named>),
    Minus(Box<Expr>),
    /// `word` is the operator.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// Operands of `and` or of `or`.
    Chain(&'static str, Vec<Expr>),
    List(ListTest, Box<Expr>, Vec<Expr>),
    /// `x between (low .. high)`, and its negation.
    Between {
        negated: bool,
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `*`
    Star,
    Pipe(Box<Expr>, Vec<Operator>),
    Datatable(Vec<Column>, Vec<Expr>),
    Range {
        name: Name,
        from: Box<Expr>,
        to: Box<Expr>,
        step: Box<Expr>,
    },
    Print(Vec<Named>),
    Union(Union),
}

/// A test against several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListTest {
    In { negated: bool, nocase: bool },
    HasAny,
    HasAll,
}

/// A declared column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: Name,
    pub(super) kind: Type,
}

/// `[NAME =] x`, or `(NAME, …) = x`.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) names: Vec<Name>,
    pub(super) value: Expr,
}

/// `let NAME = …`
#[derive(Debug, Clone)]
pub(super) struct Let {
    pub(super) name: Name,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Expr(Expr),
    Function(Function),
}

/// `(…) { … }`
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) parameters: Vec<Parameter>,
    pub(super) lets: Vec<Let>,
    pub(super) body: Expr,
}

#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: Name,
    pub(super) kind: ParameterKind,
}

#[derive(Debug, Clone)]
pub(super) enum ParameterKind {
    Scalar(Type, Option<Expr>),
    /// The columns that it needs.
    Tabular(Vec<Column>),
}

/// The lets of a query, and its one table.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) lets: Vec<Let>,
    pub(super) body: Expr,
}

#[derive(Debug, Clone)]
pub(super) struct Operator {
    pub(super) at: Range<usize>,
    pub(super) kind: OperatorKind,
}

#[derive(Debug, Clone)]
pub(super) enum OperatorKind {
    Where(Expr),
    Extend(Vec<Named>),
    Project(Vec<Named>),
    Away(Vec<Pattern>),
    Keep(Vec<Pattern>),
    Reorder(Vec<(Pattern, Option<bool>)>),
    /// New and old names.
    Rename(Vec<(Name, Name)>),
    Summarize {
        aggregates: Vec<Named>,
        by: Vec<Named>,
    },
    Sort(Vec<Ordering>),
    Top(Expr, Ordering),
    Take(Expr),
    Distinct(Vec<Named>),
    Count(Option<Name>),
    Serialize(Vec<Named>),
    Union(Union),
    Join(Join),
    Expand(Expand),
    Apply(Expand, Vec<Operator>),
    Parse(Parse),
    /// `as`, `render`: the rows stay as they are.
    Nothing,
}

/// A column's name, with `*` for any letters.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) at: Range<usize>,
}

/// A key of an order.
#[derive(Debug, Clone)]
pub(super) struct Ordering {
    pub(super) value: Expr,
    pub(super) ascending: bool,
    pub(super) nulls_first: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Union {
    pub(super) inner: bool,
    pub(super) source: Option<Name>,
    pub(super) fuzzy: bool,
    pub(super) tables: Vec<Expr>,
}

/// `join` and `lookup`.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) kind: JoinKind,
    pub(super) lookup: bool,
    pub(super) right: Box<Expr>,
    pub(super) on: Vec<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    RightSemi,
    LeftAnti,
    RightAnti,
}

/// `mv-expand` and the first part of `mv-apply`.
#[derive(Debug, Clone)]
pub(super) struct Expand {
    pub(super) pairs: bool,
    pub(super) index: Option<Name>,
    pub(super) columns: Vec<(Named, Option<Type>)>,
    pub(super) limit: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(super) struct Parse {
    pub(super) relaxed: bool,
    pub(super) only_matches: bool,
    pub(super) value: Expr,
    pub(super) parts: Vec<ParsePart>,
}

#[derive(Debug, Clone)]
pub(super) enum ParsePart {
    Skip,
    Text(String),
    Column(Column),
}
