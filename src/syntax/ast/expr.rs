//! Expressions as they were written; conditions are expressions too, until they are resolved.

use super::{Binding, Expr, Key, Name};
use crate::source::Spanned;

/// The kinds of expressions; conditions are expressions too, until they are resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// `caller.id`, `f.type`, `xs[0].name`: a name, then what is taken from it.
    Reference(Name, Vec<Suffix>),
    /// `.a.b[]`: a part of the raw record.
    RawPath(Vec<Suffix>),
    /// `@Caller`: a target's own field.
    TargetField(String),
    /// `f(a, b where P).c`
    Call(Name, Vec<Argument>, Vec<Suffix>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ name = EXPR }`: an element of a list of records, in tests.
    Record(Vec<Binding>),
    /// `case { P => a, else => b }`
    Case(Vec<(Option<Expr>, Expr)>),
    /// `any x in xs (P)`, `all x in xs (P)`
    Quantified(Quantifier, Name, Expr, Expr),
    /// `each m in A, B where P { name = EXPR, … }`
    Rows(Name, Vec<Expr>, Option<Expr>, Vec<Binding>),
    /// `a + b`
    Arithmetic(Expr, ArithmeticOp, Expr),
    /// `a and b`: at least two.
    And(Vec<Expr>),
    /// `a or b`: at least two.
    Or(Vec<Expr>),
    /// `not a`
    Not(Expr),
    /// `a contains any of b nocase`
    Test(Comparison),
    /// `a is missing`, `a is not NAME`
    Is(Expr, bool, IsWhat),
}

/// A comparison of two values.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The left side.
    pub left: Expr,
    /// `not in`, `not contains`.
    pub negated: bool,
    /// What is tested.
    pub op: Spanned<TestOp>,
    /// `any of`, `all of`.
    pub quantifier: Option<Quantifier>,
    /// The right side.
    pub right: Expr,
    /// `nocase`
    pub nocase: bool,
}

/// `any` or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// Every one, of at least one.
    All,
}

impl Quantifier {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Quantifier::Any => "any",
            Quantifier::All => "all",
        }
    }
}

/// The infix tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `contains`
    Contains,
    /// `starts with`
    StartsWith,
    /// `ends with`
    EndsWith,
    /// `matches`
    Matches,
    /// `has`
    Has,
}

impl TestOp {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            TestOp::Equal => "==",
            TestOp::NotEqual => "!=",
            TestOp::Less => "<",
            TestOp::LessEqual => "<=",
            TestOp::Greater => ">",
            TestOp::GreaterEqual => ">=",
            TestOp::In => "in",
            TestOp::Contains => "contains",
            TestOp::StartsWith => "starts with",
            TestOp::EndsWith => "ends with",
            TestOp::Matches => "matches",
            TestOp::Has => "has",
        }
    }
}

/// What `is` asks.
#[derive(Debug, Clone, PartialEq)]
pub enum IsWhat {
    /// `is missing`
    Missing,
    /// `is present`
    Present,
    /// `is guardrail_change`
    Operations(Name),
}

/// `+ - * /`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl ArithmeticOp {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "+",
            ArithmeticOp::Subtract => "-",
            ArithmeticOp::Multiply => "*",
            ArithmeticOp::Divide => "/",
        }
    }
}

/// An argument of a call; `count(where P)` has no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The value.
    pub value: Option<Expr>,
    /// `where P`
    pub filter: Option<Expr>,
    /// `by KEYS`, in `unseen(30d by caller.id)`.
    pub by: Vec<Key>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Suffix {
    /// `.a`
    Member(String),
    /// `."odd key"`
    OddMember(String),
    /// `.*`
    Values,
    /// `[]`
    Elements,
    /// `[0]`, `[-1]`
    Index(i64),
}

/// A constant, with what is needed to print it as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `"…"`, unescaped, and as written.
    Text(String, Verbatim),
    /// `500_000`: always positive before a minus.
    Int(i64, Verbatim),
    /// `0.5`
    Float(f64, Verbatim),
    /// `true`
    Bool(bool),
    /// Microseconds since 1970 in UTC.
    Time(i64, Verbatim),
    /// Microseconds.
    Duration(i64, Verbatim),
    /// An address.
    Address(std::net::IpAddr, Verbatim),
    /// A network.
    Network(ipnet::IpNet, Verbatim),
    /// `/…/`, without the slashes; the text of the pattern.
    Pattern(String),
}

/// A literal as it was written; equality ignores it.
#[derive(Debug, Clone, Default, Eq)]
pub struct Verbatim(pub String);

impl PartialEq for Verbatim {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
