//! Tables, calendars, prices and exceptions, as they were written.

use super::{Expr, Extent, Literal, Name};
use crate::source::Spanned;

/// What belongs to keys, in a file of the pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Where it is.
    pub file: Spanned<String>,
    /// The whole declaration.
    pub span: Extent,
}

/// Hours of the week in a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// Its name.
    pub name: Name,
    /// `zone "Europe/Berlin"`
    pub zone: Option<Spanned<String>>,
    /// Days and hours.
    pub hours: Vec<Spanned<Hours>>,
    /// The whole declaration.
    pub span: Extent,
}

/// `mon..fri, sun 07:00..20:00`
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Each day, or the first and last of several.
    pub days: Vec<(Name, Option<Name>)>,
    /// As written.
    pub from: Spanned<String>,
    /// As written.
    pub to: Spanned<String>,
}

/// Money per million tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// Its name.
    pub name: Name,
    /// `currency USD`
    pub currency: Option<Name>,
    /// In the order of the text.
    pub prices: Vec<Spanned<Price>>,
    /// The whole declaration.
    pub span: Extent,
}

/// `model "…" from 2026-01-01 input = 0.25, output = 1.25`
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// Patterns of model ids.
    pub models: Vec<Spanned<String>>,
    /// From when on.
    pub from: Spanned<Literal>,
    /// `input`, `output`, `cached`, each with a number.
    pub rates: Vec<(Name, Spanned<Literal>)>,
}

/// What a rule does not alert on.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    /// Its name.
    pub name: Name,
    /// The rules.
    pub rules: Vec<Excepted>,
    /// In the order of the text.
    pub clauses: Vec<Spanned<ExceptionClause>>,
    /// The whole declaration.
    pub span: Extent,
}

/// `rule`, or `pack.rule`
#[derive(Debug, Clone, PartialEq)]
pub struct Excepted {
    /// The id of another pack.
    pub pack: Option<Name>,
    /// The rule.
    pub rule: Name,
}

/// A clause of an exception.
#[derive(Debug, Clone, PartialEq)]
pub enum ExceptionClause {
    /// `where PREDICATE`
    Where(Expr),
    /// `until DATE`
    Until(Spanned<Literal>),
    /// `reason "…"`
    Reason(Spanned<String>),
}

impl ExceptionClause {
    /// The word that opens it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            ExceptionClause::Where(_) => "where",
            ExceptionClause::Until(_) => "until",
            ExceptionClause::Reason(_) => "reason",
        }
    }

    /// Its place in the order of the language.
    #[must_use]
    pub fn rank(&self) -> usize {
        EXCEPTION_WORDS.iter().position(|word| *word == self.word()).unwrap_or(EXCEPTION_WORDS.len())
    }
}

/// The words that begin a clause of an exception, in the order in which clauses stand.
pub(in crate::syntax) const EXCEPTION_WORDS: [&str; 3] = ["where", "until", "reason"];
