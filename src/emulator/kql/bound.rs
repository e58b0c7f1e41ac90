//! A scalar expression whose names and types are settled: what the binder gives and the evaluator takes.

use std::ops::Range;
use std::rc::Rc;

use super::functions::Function;
use super::text::Test;
use super::tree::ListTest;
use super::value::{Cell, Type};

/// An expression of a type.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) kind: Type,
    pub(super) at: Range<usize>,
    pub(super) node: Node,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Constant(Cell),
    Column(usize),
    /// When the row was stored.
    Arrival,
    /// What a parameter stands for.
    Shared(Rc<Bound>),
    /// To the expression's own type: a whole number to a real, anything to dynamic.
    Widen(Box<Bound>),
    Minus(Box<Bound>),
    Arithmetic(&'static str, Box<Bound>, Box<Bound>),
    Compare(&'static str, Box<Bound>, Box<Bound>),
    /// Operands of `and` (true) or `or`.
    Chain(bool, Vec<Bound>),
    Test(Test, Box<Bound>, Box<Bound>),
    Matches(Box<Bound>, Box<Bound>),
    List(ListTest, Box<Bound>, Vec<Bound>),
    Between {
        negated: bool,
        value: Box<Bound>,
        low: Box<Bound>,
        high: Box<Bound>,
    },
    Member(Box<Bound>, String),
    Index(Box<Bound>, Box<Bound>),
    Call(&'static Function, Vec<Bound>),
    /// Conditions with their values, and the value where none holds.
    Choose(Vec<(Bound, Bound)>, Box<Bound>),
    Coalesce(Vec<Bound>),
    Window(Window),
}

/// What looks at other rows.
#[derive(Debug, Clone)]
pub(super) enum Window {
    /// `prev` (a negative distance) and `next`.
    Neighbour { value: Box<Bound>, distance: i64, default: Cell },
    /// `row_number`: the first number, and where it starts again.
    Number { first: i64, restart: Option<Box<Bound>> },
    /// `row_cumsum`
    Sum { value: Box<Bound>, restart: Option<Box<Bound>> },
}

impl Bound {
    pub(super) fn constant(value: Cell, kind: Type, at: Range<usize>) -> Bound {
        Bound { kind, at, node: Node::Constant(value) }
    }

    /// The value of an expression that needs no row, where it is a constant already.
    pub(super) fn value(&self) -> Option<&Cell> {
        match &self.node {
            Node::Constant(value) => Some(value),
            Node::Shared(inner) => inner.value(),
            _ => None,
        }
    }

    /// The text of a constant.
    pub(super) fn constant_text(&self) -> Option<&str> {
        match self.value() {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// As a value of a wider type.
    pub(super) fn widened(self, kind: Type) -> Bound {
        if self.kind == kind {
            return self;
        }
        Bound { kind, at: self.at.clone(), node: Node::Widen(Box::new(self)) }
    }

    /// Whether it needs rows in an order.
    pub(super) fn looks_around(&self) -> bool {
        match &self.node {
            Node::Window(_) => true,
            Node::Constant(_) | Node::Column(_) | Node::Arrival => false,
            Node::Shared(inner) => inner.looks_around(),
            Node::Widen(one) | Node::Minus(one) | Node::Member(one, _) => one.looks_around(),
            Node::Arithmetic(_, one, other)
            | Node::Compare(_, one, other)
            | Node::Test(_, one, other)
            | Node::Matches(one, other)
            | Node::Index(one, other) => one.looks_around() || other.looks_around(),
            Node::Chain(_, many) | Node::Call(_, many) | Node::Coalesce(many) => many.iter().any(Bound::looks_around),
            Node::List(_, value, many) => value.looks_around() || many.iter().any(Bound::looks_around),
            Node::Between { value, low, high, .. } => [value, low, high].iter().any(|one| one.looks_around()),
            Node::Choose(arms, last) => {
                last.looks_around() || arms.iter().any(|(test, value)| test.looks_around() || value.looks_around())
            }
        }
    }
}
