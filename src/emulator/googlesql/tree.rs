//! A bound query: names are places, calls are functions, every expression has its type.

use std::ops::Range;
use std::sync::Arc;

use super::aggregates::AggregateFunction;
use super::functions::Function;
use super::store::Table;
use super::types::Type;
use super::value::Val;

/// An expression of a known type.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) node: Node,
    pub(super) ty: Type,
    /// Where in the query, in bytes.
    pub(super) at: Range<usize>,
}

/// Two expressions are one wherever they stand.
impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.node == other.node && self.ty == other.ty
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Val),
    /// A column of the current row (0) or of the row that a subquery stands in (1 and more).
    Column {
        up: usize,
        index: usize,
    },
    Field(Box<Expr>, usize),
    /// `.name` of JSON.
    Member(Box<Expr>, Arc<str>),
    Element {
        of: Box<Expr>,
        index: Box<Expr>,
        kind: Element,
    },
    /// A CAST or a coercion to the expression's type.
    Cast {
        of: Box<Expr>,
        safe: bool,
    },
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// IS TRUE, IS FALSE, or IS NULL where there is no bool.
    Is {
        of: Box<Expr>,
        what: Option<bool>,
        negated: bool,
    },
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    InArray(Box<Expr>, Box<Expr>),
    InQuery(Box<Expr>, Box<Plan>),
    Case(Vec<(Expr, Expr)>, Box<Expr>),
    Coalesce(Vec<Expr>),
    Call {
        function: &'static Function,
        args: Vec<Expr>,
        safe: bool,
    },
    Struct(Vec<Expr>),
    Array(Vec<Expr>),
    Exists(Box<Plan>),
    Scalar(Box<Plan>),
    ArrayOf(Box<Plan>),
    /// An aggregate or a window function of the SELECT, by number; it becomes a column when the SELECT is put together.
    Aggregate(usize),
    Window(usize),
}

/// How an element is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Counting from `base`; outside of the array an error, or NULL.
    Array {
        base: i64,
        safe: bool,
    },
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Distinct,
    NotDistinct,
}

/// Rows from rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    /// One row without columns.
    Once,
    Table(&'static Table),
    /// A query of WITH, by number.
    Cte(usize),
    /// Every row with each element of an array: the element, then its offset if wanted. `outer`: a row without elements stays, with NULLs.
    Expand {
        input: Box<Plan>,
        array: Expr,
        offset: bool,
        outer: bool,
        on: Option<Expr>,
    },
    Join {
        left: Box<Plan>,
        right: Box<Plan>,
        keep: Keep,
        widths: (usize, usize),
        on: Option<Expr>,
    },
    Filter(Box<Plan>, Expr),
    /// The keys' values, then the aggregates'. `whole`: without GROUP BY there is always one group.
    Group {
        input: Box<Plan>,
        keys: Vec<Expr>,
        aggregates: Vec<Aggregate>,
        whole: bool,
    },
    /// The input's columns, then the window functions'.
    Windows {
        input: Box<Plan>,
        windows: Vec<Window>,
    },
    Project(Box<Plan>, Vec<Expr>),
    Distinct(Box<Plan>),
    Sort(Box<Plan>, Vec<SortKey>),
    /// Rows after the first `offset`, `limit` at most. The input may be a sort.
    Limit {
        input: Box<Plan>,
        limit: Option<usize>,
        offset: usize,
    },
    Combine {
        left: Box<Plan>,
        right: Box<Plan>,
        how: Combine,
    },
}

/// Which rows of a join stay that have no partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keep {
    pub(super) left: bool,
    pub(super) right: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combine {
    All,
    Intersect,
    Except,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct SortKey {
    pub(super) by: Expr,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
}

/// A call of an aggregate function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Aggregate {
    pub(super) function: &'static AggregateFunction,
    pub(super) args: Vec<Expr>,
    pub(super) distinct: bool,
    pub(super) ignore_nulls: bool,
    pub(super) order: Vec<SortKey>,
    pub(super) limit: Option<usize>,
    /// HAVING MAX (true) or MIN of an expression: only the rows count where it has that value.
    pub(super) having: Option<(bool, Box<Expr>)>,
    pub(super) ty: Type,
    pub(super) at: Range<usize>,
}

/// A call with OVER.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub(super) call: WindowCall,
    pub(super) partition: Vec<Expr>,
    pub(super) order: Vec<SortKey>,
    pub(super) frame: Frame,
    pub(super) ty: Type,
    pub(super) at: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum WindowCall {
    Aggregate(Aggregate),
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile(Expr),
    /// LEAD, or LAG with a negative step: value, rows further, what stands for a missing row.
    Shifted {
        value: Expr,
        by: Expr,
        back: bool,
        otherwise: Option<Expr>,
    },
    /// FIRST_VALUE (0) and NTH_VALUE; LAST_VALUE where there is no number.
    Nth {
        value: Expr,
        number: Option<Expr>,
        ignore_nulls: bool,
    },
}

/// The rows around the current one that a window function sees.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// By rows and not by the value of the order's key.
    pub(super) rows: bool,
    pub(super) start: Bound,
    pub(super) end: Bound,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    First,
    Preceding(Expr),
    Current,
    Following(Expr),
    Last,
}

impl Expr {
    pub(super) fn new(node: Node, ty: Type, at: Range<usize>) -> Expr {
        Expr { node, ty, at }
    }

    /// Literals may do what other values may not: a text can be a TIMESTAMP.
    pub(super) fn is_literal(&self) -> bool {
        match &self.node {
            Node::Literal(_) => true,
            Node::Array(elements) => elements.iter().all(Expr::is_literal),
            _ => false,
        }
    }

    /// Its parts, and how many rows further in they stand: those of a subquery see one more.
    fn parts(&mut self) -> (Vec<&mut Expr>, Option<&mut Plan>) {
        match &mut self.node {
            Node::Literal(_) | Node::Column { .. } | Node::Aggregate(_) | Node::Window(_) => (Vec::new(), None),
            Node::Field(of, _) | Node::Member(of, _) | Node::Cast { of, .. } | Node::Not(of) | Node::Is { of, .. } => {
                (vec![of], None)
            }
            Node::Element { of, index, .. } => (vec![of, index], None),
            Node::Compare(_, one, other) | Node::InArray(one, other) => (vec![one, other], None),
            Node::And(all) | Node::Or(all) | Node::Coalesce(all) | Node::Struct(all) | Node::Array(all) => {
                (all.iter_mut().collect(), None)
            }
            Node::Call { args, .. } => (args.iter_mut().collect(), None),
            Node::In(of, all) => (std::iter::once(&mut **of).chain(all).collect(), None),
            Node::Case(branches, otherwise) => {
                let parts = branches.iter_mut().flat_map(|(when, then)| [when, then]);
                (parts.chain(std::iter::once(&mut **otherwise)).collect(), None)
            }
            Node::InQuery(of, plan) => (vec![of], Some(plan)),
            Node::Exists(plan) | Node::Scalar(plan) | Node::ArrayOf(plan) => (Vec::new(), Some(plan)),
        }
    }

    /// Replaces parts from the outside in; what `change` answers true to is done. It is told how many rows further in a part stands.
    pub(super) fn rewrite(&mut self, inside: usize, change: &mut dyn FnMut(&mut Expr, usize) -> bool) {
        if change(self, inside) {
            return;
        }
        let (parts, plan) = self.parts();
        for part in parts {
            part.rewrite(inside, change);
        }
        if let Some(plan) = plan {
            plan.rewrite(inside + 1, change);
        }
    }
}

impl SortKey {
    fn rewrite_all(keys: &mut [SortKey], inside: usize, change: &mut dyn FnMut(&mut Expr, usize) -> bool) {
        keys.iter_mut().for_each(|key| key.by.rewrite(inside, change));
    }
}

impl Aggregate {
    pub(super) fn rewrite(&mut self, inside: usize, change: &mut dyn FnMut(&mut Expr, usize) -> bool) {
        self.args.iter_mut().for_each(|arg| arg.rewrite(inside, change));
        SortKey::rewrite_all(&mut self.order, inside, change);
        if let Some((_, by)) = &mut self.having {
            by.rewrite(inside, change);
        }
    }
}

impl Window {
    pub(super) fn rewrite(&mut self, inside: usize, change: &mut dyn FnMut(&mut Expr, usize) -> bool) {
        self.partition.iter_mut().for_each(|by| by.rewrite(inside, change));
        SortKey::rewrite_all(&mut self.order, inside, change);
        match &mut self.call {
            WindowCall::Aggregate(aggregate) => aggregate.rewrite(inside, change),
            WindowCall::Shifted { value, otherwise, .. } => {
                value.rewrite(inside, change);
                otherwise.iter_mut().for_each(|otherwise| otherwise.rewrite(inside, change));
            }
            WindowCall::Nth { value, .. } => value.rewrite(inside, change),
            _ => {}
        }
    }
}

impl Plan {
    /// As [`Expr::rewrite`], of all its expressions.
    pub(super) fn rewrite(&mut self, inside: usize, change: &mut dyn FnMut(&mut Expr, usize) -> bool) {
        match self {
            Plan::Once | Plan::Table(_) | Plan::Cte(_) => {}
            Plan::Expand { input, array, on, .. } => {
                input.rewrite(inside, change);
                array.rewrite(inside, change);
                on.iter_mut().for_each(|on| on.rewrite(inside, change));
            }
            Plan::Join { left, right, on, .. } => {
                left.rewrite(inside, change);
                right.rewrite(inside, change);
                on.iter_mut().for_each(|on| on.rewrite(inside, change));
            }
            Plan::Filter(input, by) => {
                input.rewrite(inside, change);
                by.rewrite(inside, change);
            }
            Plan::Group { input, keys, aggregates, .. } => {
                input.rewrite(inside, change);
                keys.iter_mut().for_each(|key| key.rewrite(inside, change));
                aggregates.iter_mut().for_each(|aggregate| aggregate.rewrite(inside, change));
            }
            Plan::Windows { input, windows } => {
                input.rewrite(inside, change);
                windows.iter_mut().for_each(|window| window.rewrite(inside, change));
            }
            Plan::Project(input, columns) => {
                input.rewrite(inside, change);
                columns.iter_mut().for_each(|column| column.rewrite(inside, change));
            }
            Plan::Sort(input, keys) => {
                input.rewrite(inside, change);
                SortKey::rewrite_all(keys, inside, change);
            }
            Plan::Distinct(input) | Plan::Limit { input, .. } => input.rewrite(inside, change),
            Plan::Combine { left, right, .. } => {
                left.rewrite(inside, change);
                right.rewrite(inside, change);
            }
        }
    }
}
