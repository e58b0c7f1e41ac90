//! Look-back: what `when` asks of the time before a window.

use super::{AggregateFunction, Expr, Type};
use crate::source::Span;

/// A question to the past of a group, or of an event of a rule without `over`.
///
/// The past is that of the same source, and ends where the window begins, or at the event's time. Where the archive does not go back that far
/// nothing is known: the answer is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What is asked.
    pub question: Question,
    /// How far back, in microseconds; over 0.
    pub length: i64,
    /// Where it was written.
    pub span: Span,
}

/// What a look-back asks. Rows are those of the rule after `with`, `each` and `where`.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Whether a row has the same values of these keys, by place in the window's keys.
    Seen(Vec<usize>),
    /// Whether none has.
    Unseen(Vec<usize>),
    /// Whether the group has no row in this window and had one before: such windows are judged too.
    Silent,
    /// A statistic of a value over the disjoint windows of the same length before this one, of which `length` is a multiple. The value is over
    /// aggregates and measures; of a window without rows it is what it is of no rows, and left out where that is missing. Missing if there was
    /// no row in any of them.
    Baseline(Expr, Statistic),
}

/// What a baseline is of the values that it compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// The exact sum divided by the count.
    Mean,
    /// Nearest rank.
    Median,
    /// Nearest rank.
    P95,
    /// Of a sample.
    Stddev,
    /// The greatest.
    Max,
}

impl Statistic {
    /// All of them, the default first.
    pub const ALL: [Statistic; 5] =
        [Statistic::Mean, Statistic::Median, Statistic::P95, Statistic::Stddev, Statistic::Max];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Statistic::Mean => "mean",
            Statistic::Median => "median",
            Statistic::P95 => "p95",
            Statistic::Stddev => "stddev",
            Statistic::Max => "max",
        }
    }

    /// The aggregate that it is, over the windows' values.
    #[must_use]
    pub fn function(self) -> AggregateFunction {
        match self {
            Statistic::Mean => AggregateFunction::Avg,
            Statistic::Median => AggregateFunction::Percentile(50_000_000_000),
            Statistic::P95 => AggregateFunction::Percentile(95_000_000_000),
            Statistic::Stddev => AggregateFunction::Stddev,
            Statistic::Max => AggregateFunction::Max,
        }
    }

    /// The type of it over values of a type.
    #[must_use]
    pub fn of(self, values: &Type) -> Type {
        match (self, values) {
            (Statistic::Mean, Type::Int) | (Statistic::Stddev, _) => Type::Float,
            _ => values.clone(),
        }
    }
}

impl Question {
    /// The value that a baseline compares with.
    #[must_use]
    pub fn value(&self) -> Option<&Expr> {
        match self {
            Question::Baseline(value, _) => Some(value),
            _ => None,
        }
    }

    /// Whether the answer is a number that two engines may round differently.
    #[must_use]
    pub fn rounds(&self) -> bool {
        matches!(self, Question::Baseline(_, Statistic::Mean | Statistic::Stddev))
    }
}

impl Look {
    /// The type of the answer.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.question {
            Question::Baseline(value, statistic) => statistic.of(&value.ty),
            _ => Type::Bool,
        }
    }
}
