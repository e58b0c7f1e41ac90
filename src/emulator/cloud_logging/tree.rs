//! The syntax tree of a filter, as it is written: names and values are not yet looked at.

use std::ops::Range;

/// A place in the query, in bytes.
pub(super) type Place = Range<usize>;

/// A filter or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// Holds where all hold; of an empty filter: always.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// A value alone, which is looked for in every field.
    Global(Literal),
    /// A function as a condition.
    Call(Call),
    Comparison {
        left: Operand,
        op: Op,
        right: Values,
        at: Place,
    },
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    Call(Call),
}

/// What it is compared with. The comparison applies to each value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    One(Literal),
    /// `*`, which asks whether the field exists.
    Star(Place),
    And(Vec<Values>),
    Or(Vec<Values>),
    Not(Box<Values>),
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Has,
    Matches,
    MatchesNot,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Quoted,
    Word,
    Number,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Literal {
    /// Without quotes and escapes.
    pub(super) text: String,
    pub(super) form: Form,
    pub(super) at: Place,
}

/// The name of a field, in its parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    pub(super) parts: Vec<Part>,
    pub(super) at: Place,
}

/// A part of a field's name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) at: Place,
}

/// A function with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) at: Place,
}

/// An argument. A word alone is a path of one part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Path(Path),
    Literal(Literal),
    Call(Call),
}

impl Argument {
    pub(super) fn at(&self) -> Place {
        match self {
            Argument::Path(path) => path.at.clone(),
            Argument::Literal(literal) => literal.at.clone(),
            Argument::Call(call) => call.at.clone(),
        }
    }
}
