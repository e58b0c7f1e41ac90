//! A query as it was read: commands in their order, with expressions whose names are still those of the text.

use std::ops::Range;

use super::functions::Function;
use super::pattern::Pattern;
use super::stats::Measure;
use super::value::Number;

/// A place in the query, in bytes.
pub(super) type Place = Range<usize>;

/// A command and where it stands.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) at: Place,
    pub(super) does: Does,
}

/// What a command does.
#[derive(Debug)]
pub(super) enum Does {
    /// Takes the records of these log groups alone.
    Source(Vec<Group>),
    Fields(Vec<Item>),
    Display(Vec<Item>),
    Filter(Expr),
    Parse {
        /// None: the message.
        from: Option<Expr>,
        pattern: Pattern,
        /// Names of what the stars of a glob or the named groups of a pattern took, in their order.
        names: Vec<Name>,
    },
    Stats {
        measures: Vec<Item>,
        keys: Vec<Item>,
    },
    Sort(Vec<SortKey>),
    Limit {
        most: usize,
        /// Any rows, not the first ones.
        any: bool,
    },
    Dedup(Vec<Expr>),
    Unnest {
        list: Expr,
        into: Name,
    },
    Join(Join),
}

/// A `join` with the events of another log group.
#[derive(Debug)]
pub(super) struct Join {
    /// Whether rows without a match stay.
    pub(super) outer: bool,
    pub(super) left: Side,
    pub(super) right: Side,
    /// The log group on the right.
    pub(super) group: String,
}

/// A side of a `join`: what its fields are called by, and its key.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) alias: String,
    pub(super) key: Vec<String>,
}

/// The log groups that a `SOURCE` names.
#[derive(Debug)]
pub(super) enum Group {
    Named(String),
    WithPrefix(String),
}

/// A name that the query defines.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) at: Place,
}

/// What is shown or grouped: an expression and what it is called.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) value: Expr,
    /// The alias, else the text of the expression.
    pub(super) name: Name,
    /// Whether the query gave the name.
    pub(super) alias: bool,
}

/// A key of `sort`.
#[derive(Debug)]
pub(super) struct SortKey {
    pub(super) value: Expr,
    /// None where the query does not say.
    pub(super) descending: Option<bool>,
}

/// An expression and where it stands.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) node: Node,
    pub(super) at: Place,
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Number(Number),
    Period(Period),
    /// A name of one or more segments.
    Path(Vec<String>),
    /// A column that an earlier command left unnamed, by the text that made it.
    Column(String),
    Member(Box<Expr>, String),
    Index(Box<Expr>, i64),
    Call(Function, Vec<Expr>),
    Measure(Measure, Vec<Expr>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In {
        value: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    Like {
        value: Box<Expr>,
        pattern: Pattern,
        negated: bool,
    },
}

/// A length of time of the query, its cap applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    /// How many units.
    pub(super) count: i64,
    /// The unit, in milliseconds.
    pub(super) unit: i64,
    /// The next longer unit, in milliseconds.
    pub(super) longer: i64,
}

/// An operator between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// An operator that compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A path as a name: its segments joined by points, one with points of its own in backticks where it is not alone.
pub(super) fn written(path: &[String]) -> String {
    match path {
        [name] => name.clone(),
        _ => {
            let segment = |name: &String| if name.contains('.') { format!("`{name}`") } else { name.clone() };
            path.iter().map(segment).collect::<Vec<String>>().join(".")
        }
    }
}
