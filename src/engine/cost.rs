//! What a run cost: of each pass what was scanned, what rules shared, and what each rule got and took. For people who write packs.

use std::time::Duration;

use crate::ir::Tier;
use crate::source::Span;

/// One scan, and the rules that it fed.
#[derive(Debug, Clone, PartialEq)]
pub struct PassCost {
    /// The stream's name.
    pub stream: String,
    /// Which columns there were.
    pub tier: Tier,
    /// How many files were scanned.
    pub files: usize,
    /// The columns that were read, by name.
    pub columns: Vec<String>,
    /// Where the first rule asks what all of them ask, which is asked while files are read.
    pub pushed: Vec<Span>,
    /// Rows that were scanned: of the pass's sources and times, and such as all rules ask for.
    pub rows: usize,
    /// Reading and unpacking files, on all processors together.
    pub scan: Duration,
    /// Predicates, each asked once a batch.
    pub shared: Vec<SharedCost>,
    /// Texts, in each of which all patterns are sought together.
    pub texts: Vec<TextCost>,
    /// In the order of the rules.
    pub rules: Vec<RuleCost>,
}

/// A predicate that one rule or several ask.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedCost {
    /// Where the first of them asks it; none where it is what rules ask of source and time without saying so.
    pub span: Option<Span>,
    /// How many rules ask it.
    pub rules: usize,
    /// On all processors together.
    pub time: Duration,
}

/// Patterns that are sought in one text together.
#[derive(Debug, Clone, PartialEq)]
pub struct TextCost {
    /// Where the first rule names the text.
    pub span: Span,
    /// How many different patterns.
    pub patterns: usize,
    /// Of how many rules.
    pub rules: usize,
    /// Rows that some of them still wanted.
    pub rows: usize,
    /// Different texts, batch by batch, in which the machine of all patterns found one.
    pub let_through: usize,
    /// On all processors together.
    pub time: Duration,
}

/// What a rule took from a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCost {
    /// Its name.
    pub rule: String,
    /// The source's name.
    pub source: String,
    /// Rows that were handed to it.
    pub rows: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Grouping and what follows, on all processors together.
    pub time: Duration,
    /// Whether it could not be run to its end beside the others, and was run again, with fewer or alone.
    pub again: bool,
}
