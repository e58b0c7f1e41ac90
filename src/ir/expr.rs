//! Expressions: a value of a type, or missing.

use super::{FieldId, Literal, Pattern, Pred, Type};
use crate::source::Span;

/// A typed expression and the text that asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// The kinds of expressions. Sugar is gone: `segment` and `host` are `Extract`, `if` is `Case`, `first_of` is `Coalesce`.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant of type `ty`.
    Literal(Literal),
    /// A normalized field; gone after `bind`.
    Field(FieldId),
    /// The n-th row value of the rule (`with`) or, inside a source's expressions, of the source.
    With(usize),
    /// The element of an enclosing `each`, `any`, `all` or [`Rows`], by the number that binder carries (unique in a rule or source).
    Element(usize),
    /// The n-th field of an element that is a record.
    Member(Box<Expr>, usize),

    /// The raw record, in a source's expressions. Type raw.
    Record,
    /// A part of a raw value. Type raw, or list of raw where a step takes elements or values: then an element in which the rest of the
    /// path does not exist gives nothing, and one where it is null or empty gives a missing element.
    Path(Box<Expr>, Vec<Step>),
    /// A raw value read as `ty`, by the rules of "Reading values". What does not read is missing. As a list: a list of raw element by
    /// element (what does not read stays as a missing element); one raw value that is a JSON list likewise, any other as a list of one.
    /// Never made for duration, decimal and record.
    Read(Box<Expr>),
    /// Text (or raw: text is parsed, an object stays as it is) read as JSON. Type raw.
    Json(Box<Expr>),
    /// The members of a raw object as a list of raw `{key, value}`, sorted by key: all of them, or those of the named keys that are not null.
    Entries(Box<Expr>, Option<Vec<String>>),
    /// Records made from the elements of lists. Type list of record.
    Rows(Box<Rows>),

    /// Both sides of the same number type, or the time and duration forms (see [`Arithmetic`]).
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A function of values.
    Call(Function, Vec<Expr>),
    /// The value of the first arm whose predicate holds; else the default; else missing.
    Case(Vec<(Pred, Expr)>, Option<Box<Expr>>),

    /// The n-th aggregate of the rule; only in measures, `when`, `show` and severity.
    Aggregate(usize),
    /// The n-th group key of the rule; only after grouping.
    Key(usize),
    /// The n-th measure of the rule (`let`); only after it, in `when`, `show` and severity.
    Measure(usize),
    /// The answer to the n-th look-back of the rule; only in `when`, `show` and severity.
    Look(usize),
}

/// `+ - * /`. Overflow, division by zero and results that are not finite are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// numbers; time + duration = time; duration + duration
    Add,
    /// numbers; time − time = duration; time − duration = time; duration − duration
    Subtract,
    /// numbers; duration × int or float = duration (rounded half to even to the microsecond)
    Multiply,
    /// numbers, always real division: float (decimal where both are decimal or int with decimal); duration ÷ duration = float; duration ÷ number = duration
    Divide,
}

/// Functions of values; arguments are typed as said. Where nothing else is said a missing argument gives missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Function {
    /// text → text, ASCII letters only: no two engines agree on the case of the others.
    Lower,
    /// text → text, ASCII letters only.
    Upper,
    /// text → int, in code points.
    Length,
    /// (text, start int, len int) → text, in code points from 0; a start past the end or an empty result is missing; negative start or len is missing.
    Substring,
    /// texts, or lists of text whose elements are parts → text; skips missing, missing if all are.
    Concat,
    /// any of one type; the first that is present.
    Coalesce,
    /// numbers of one type, or durations; skips missing, missing if all are.
    SumOf,
    /// numbers, times or durations of one type; skips missing, missing if all are.
    Greatest,
    /// As `Greatest`.
    Least,
    /// (text) → text: group 1 of the first match, or the whole match where the pattern has no group; no match or empty is missing.
    Extract(Pattern),
    /// text → text: RFC 4648 standard alphabet, padding optional, to UTF-8; what does not decode is missing.
    Base64Decode,
    /// text → text: SHA-256 of the UTF-8 bytes, lower-case hex.
    Hash,
    /// time → int 0..23, UTC.
    Hour,
    /// time → int 1 (Monday) .. 7, UTC.
    Weekday,
    /// list → int; 0 where missing.
    Size,
    /// (lists of text) → the texts of all of them in order, joined by one line break; missing elements are skipped, missing if none is left.
    Join,
    /// (list) → its last element that is present.
    Last,
    /// text → text of an address whose last IPv4 part may be stars, as clouds mask it (`20.236.11.***`); other text is missing.
    MaskedNet,
    /// int of .NET ticks (100 ns since 0001-01-01, to the end of 9999) → time, cut to microseconds.
    Ticks,
    /// int of nanoseconds since 1970 → time, cut to microseconds.
    UnixNanos,
    /// text → time: RFC 3339, or as SQL prints a moment: `2026-11-02 10:00:00.5 UTC`.
    SqlTime,
    /// (place text, place text) → float: kilometres between them, to the metre; missing where one has no position.
    Distance,
    /// int → float, exactly where |x| ≤ 2^53, else rounded to nearest.
    ToFloat,
    /// int → decimal.
    ToDecimal,
}

impl Function {
    /// The name that rules and messages use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Function::Lower => "lower",
            Function::Upper => "upper",
            Function::Length => "length",
            Function::Substring => "substring",
            Function::Concat => "concat",
            Function::Coalesce => "coalesce",
            Function::SumOf => "sum_of",
            Function::Greatest => "greatest",
            Function::Least => "least",
            Function::Extract(_) => "extract",
            Function::Base64Decode => "base64_decode",
            Function::Hash => "hash",
            Function::Hour => "hour",
            Function::Weekday => "weekday",
            Function::Size => "size",
            Function::Join => "join",
            Function::Last => "last",
            Function::MaskedNet => "masked_net",
            Function::Ticks => "ticks",
            Function::UnixNanos => "unix_nanos",
            Function::SqlTime => "sql_time",
            Function::Distance => "distance_km",
            Function::ToFloat => "float",
            Function::ToDecimal => "decimal",
        }
    }
}

/// `each m in A, B where P { name = EXPR }`: one record for each element of the lists, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The number by which `filter` and `fields` name the element.
    pub element: usize,
    /// Lists of raw; missing ones give nothing.
    pub lists: Vec<Expr>,
    /// Which elements.
    pub filter: Option<Pred>,
    /// The values, in the order of the record type's fields.
    pub fields: Vec<Expr>,
}

/// A step of a raw path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// An element of a list, from 0, or from the end where negative.
    Index(i64),
    /// All elements of a list; of anything else nothing.
    Elements,
    /// All values of an object, sorted by key; of anything else nothing.
    Values,
}

/// What [`Expr::rewrite`] and [`Pred::rewrite`] do to each node; a node that a method gives back is not visited again.
pub trait Rewrite {
    /// For every expression.
    fn expr(&mut self, expr: Expr) -> Expr {
        expr
    }

    /// For every predicate.
    fn pred(&mut self, pred: Pred) -> Pred {
        pred
    }
}

impl Expr {
    /// Puts the three together.
    #[must_use]
    pub fn new(kind: ExprKind, ty: Type, span: Span) -> Self {
        Expr { kind, ty, span }
    }

    /// A constant.
    #[must_use]
    pub fn literal(literal: Literal, span: Span) -> Self {
        let ty = literal.ty();
        Expr { kind: ExprKind::Literal(literal), ty, span }
    }

    /// The constant, if it is one.
    #[must_use]
    pub fn as_literal(&self) -> Option<&Literal> {
        match &self.kind {
            ExprKind::Literal(literal) => Some(literal),
            _ => None,
        }
    }

    /// Calls `visit` on this expression and all below it, predicates' operands included.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        match &self.kind {
            ExprKind::Literal(_)
            | ExprKind::Field(_)
            | ExprKind::With(_)
            | ExprKind::Element(_)
            | ExprKind::Record
            | ExprKind::Aggregate(_)
            | ExprKind::Key(_)
            | ExprKind::Measure(_)
            | ExprKind::Look(_) => {}
            ExprKind::Member(inner, _)
            | ExprKind::Path(inner, _)
            | ExprKind::Read(inner)
            | ExprKind::Json(inner)
            | ExprKind::Entries(inner, _) => inner.walk(visit),
            ExprKind::Rows(rows) => {
                rows.lists.iter().for_each(|list| list.walk(visit));
                if let Some(filter) = &rows.filter {
                    filter.walk(visit);
                }
                rows.fields.iter().for_each(|field| field.walk(visit));
            }
            ExprKind::Arithmetic(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            ExprKind::Call(_, args) => args.iter().for_each(|arg| arg.walk(visit)),
            ExprKind::Case(arms, default) => {
                for (pred, value) in arms {
                    pred.walk(visit);
                    value.walk(visit);
                }
                if let Some(default) = default {
                    default.walk(visit);
                }
            }
        }
    }

    /// The expression rebuilt with `change` applied to every node, leaves first, predicates included.
    #[must_use]
    pub fn rewrite(self, change: &mut dyn Rewrite) -> Expr {
        let Expr { kind, ty, span } = self;
        let boxed = |inner: Box<Expr>, change: &mut dyn Rewrite| Box::new((*inner).rewrite(change));
        let kind = match kind {
            leaf @ (ExprKind::Literal(_)
            | ExprKind::Field(_)
            | ExprKind::With(_)
            | ExprKind::Element(_)
            | ExprKind::Record
            | ExprKind::Aggregate(_)
            | ExprKind::Key(_)
            | ExprKind::Measure(_)
            | ExprKind::Look(_)) => leaf,
            ExprKind::Member(inner, n) => ExprKind::Member(boxed(inner, change), n),
            ExprKind::Path(inner, steps) => ExprKind::Path(boxed(inner, change), steps),
            ExprKind::Read(inner) => ExprKind::Read(boxed(inner, change)),
            ExprKind::Json(inner) => ExprKind::Json(boxed(inner, change)),
            ExprKind::Entries(inner, keys) => ExprKind::Entries(boxed(inner, change), keys),
            ExprKind::Rows(rows) => ExprKind::Rows(Box::new(Rows {
                element: rows.element,
                lists: rows.lists.into_iter().map(|e| e.rewrite(change)).collect(),
                filter: rows.filter.map(|p| p.rewrite(change)),
                fields: rows.fields.into_iter().map(|e| e.rewrite(change)).collect(),
            })),
            ExprKind::Arithmetic(op, left, right) => {
                ExprKind::Arithmetic(op, boxed(left, change), boxed(right, change))
            }
            ExprKind::Call(function, args) => {
                ExprKind::Call(function, args.into_iter().map(|e| e.rewrite(change)).collect())
            }
            ExprKind::Case(arms, default) => ExprKind::Case(
                arms.into_iter().map(|(p, e)| (p.rewrite(change), e.rewrite(change))).collect(),
                default.map(|e| Box::new((*e).rewrite(change))),
            ),
        };
        change.expr(Expr { kind, ty, span })
    }
}
