//! Correlations and mutes, as they were written.

use super::{Expr, Extent, Literal, Name, TextClause};
use crate::source::Spanned;

/// `mute LENGTH by NAMES`
#[derive(Debug, Clone, PartialEq)]
pub struct Mute {
    /// How long.
    pub length: Spanned<Literal>,
    /// `by …`
    pub keys: Vec<Name>,
}

/// A detection over alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlate {
    /// Its name.
    pub name: Name,
    /// In the order of the text, which is the order of the language.
    pub clauses: Vec<Spanned<CorrelateClause>>,
    /// The whole declaration.
    pub span: Extent,
}

/// A clause of a correlation.
#[derive(Debug, Clone, PartialEq)]
pub enum CorrelateClause {
    /// `severity high`
    Severity(Name),
    /// `severity case { … }`, which means nothing here.
    SeverityCase(Expr),
    /// `tags atlas:…, owasp:…`
    Tags(Vec<Spanned<String>>),
    /// `by caller.id, account = target.account`: a key, and what members call it that do not have it under its name.
    By(Vec<(Name, Option<Name>)>),
    /// `within 30m`
    Within(Spanned<Literal>),
    /// `when …`
    When(Occurs),
    /// `mute LENGTH by …`
    Mute(Mute),
    /// `respond "…"` and the other clauses of texts.
    Texts(TextClause, Vec<Spanned<String>>),
}

/// What a correlation waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Occurs {
    /// `at least 2 of a, b, c`; `any of a, b` is 1.
    AtLeast(Spanned<u64>, Vec<Name>),
    /// `a then b then no c`: whether each is one that must not come.
    Chain(Vec<(bool, Name)>),
}

/// The words that begin a clause of a correlation, in the order in which clauses stand.
pub(in crate::syntax) const CORRELATE_WORDS: [&str; 10] =
    ["severity", "tags", "by", "within", "when", "mute", "respond", "benign", "owner", "references"];

impl CorrelateClause {
    /// The word that opens it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            CorrelateClause::Severity(_) | CorrelateClause::SeverityCase(_) => "severity",
            CorrelateClause::Tags(_) => "tags",
            CorrelateClause::By(_) => "by",
            CorrelateClause::Within(_) => "within",
            CorrelateClause::When(_) => "when",
            CorrelateClause::Mute(_) => "mute",
            CorrelateClause::Texts(text, _) => text.word(),
        }
    }

    /// Its place in the order of the language.
    #[must_use]
    pub fn rank(&self) -> usize {
        CORRELATE_WORDS.iter().position(|word| *word == self.word()).unwrap_or(CORRELATE_WORDS.len())
    }
}
