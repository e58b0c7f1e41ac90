//! The filter language as far as it is printed: conditions over parts of an entry.

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every one; of none, every entry.
    All(Vec<Filter>),
    /// One at least; never none.
    Any(Vec<Filter>),
    /// The complement.
    Not(Box<Filter>),
    /// A part of an entry beside a value.
    Compare(Field, Operator, Value),
    /// The part is there.
    There(Field),
    /// The part is an address of a network.
    InNetwork(Field, String),
    /// The entry is of a log.
    Log(String),
}

/// A part of an entry: keys from its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(pub Vec<String>);

/// How a part is compared. `!=` is only printed under `NOT`: by itself it is false where the part is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`: for numbers and bools.
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
    /// `=~`: a pattern found somewhere.
    Matches,
}

/// What a part is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// In quotes.
    Text(String),
    /// A number or bool, as it is written.
    Bare(String),
}
