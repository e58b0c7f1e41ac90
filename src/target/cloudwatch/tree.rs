//! CloudWatch Logs Insights queries as a tree: takes nothing, is built by `lower` and read by `print`.
//!
//! INVARIANT (quotable): text of a user stands in a [`Quoted`], which holds only what a string literal holds without escapes, or in a
//! pattern's characters; so no text can become query syntax.

use crate::ir::pattern::Node;
use crate::target::Needs;

/// A query: commands, each over the rows of the one before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// In their order.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `fields TERM as NAME, …`: adds columns.
    Fields(Vec<(Term, String)>),
    /// `filter TERM`.
    Filter(Term),
    /// `parse FIELD /…/`: the only capture group of the pattern becomes a column; a row that does not match stays without it.
    Parse(Field, Node, String),
    /// `unnest FIELD into NAME`: a row for each element; what is no list counts as a list of one.
    Unnest(Field, String),
    /// `stats TERM as NAME, … by NAME, …`: only these columns are left.
    Stats(Vec<(Term, String)>, Vec<String>),
    /// `display NAME, …`.
    Display(Vec<String>),
    /// `sort NAME asc, …`.
    Sort(Vec<String>),
    /// `dedup NAME`: the first row of each value; only `limit` may follow.
    Dedup(String),
    /// `limit N`.
    Limit(u32),
}

/// A value or a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A column, or a part of one.
    Field(Field),
    /// Text in quotes.
    Text(Quoted),
    /// An integer.
    Int(i128),
    /// A number with a fraction, not negative.
    Float(f64),
    /// A function's value.
    Call(Function, Vec<Term>),
    /// Two numbers, or two values that are compared.
    Binary(Operator, Box<Term>, Box<Term>),
    /// Every one of at least two.
    And(Vec<Term>),
    /// One of at least two.
    Or(Vec<Term>),
    /// The complement of a condition that is never null.
    Not(Box<Term>),
    /// `TERM like /…/`, or `not like`: a pattern found somewhere.
    Like(Box<Term>, Node, bool),
    /// `TERM like "…"`, or `not like`: text found somewhere.
    Holds(Box<Term>, Quoted, bool),
    /// `TERM in […]`, or `not in`.
    In(Box<Term>, Vec<Term>, bool),
}

/// A column of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A discovered field or system field, by its whole dotted name.
    Log(String),
    /// A column that the query made, and the way into the map or list that it holds.
    Made(String, Vec<Access>),
}

/// A step into a map or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A key of a map.
    Key(String),
    /// An element of a list, from 0.
    Index(u32),
}

/// Text that can stand between quotes as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// The text, unless it holds both kinds of quotes, a backslash (escapes are not documented) or a control character.
    #[must_use]
    pub fn new(text: &str) -> Option<Quoted> {
        let both = text.contains('"') && text.contains('\'');
        let fits = !both && !text.contains('\\') && !text.chars().any(char::is_control);
        fits.then(|| Quoted(text.to_owned()))
    }

    /// As it is.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Operators between two terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, real division
    Divide,
    /// `%`
    Remainder,
    /// `=`
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
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
        }
    }

    /// The comparison that holds where this one does not, of two values that are there.
    #[must_use]
    pub fn complement(self) -> Operator {
        match self {
            Operator::Equal => Operator::NotEqual,
            Operator::NotEqual => Operator::Equal,
            Operator::Less => Operator::GreaterEqual,
            Operator::LessEqual => Operator::Greater,
            Operator::Greater => Operator::LessEqual,
            Operator::GreaterEqual => Operator::Less,
            arithmetic => arithmetic,
        }
    }
}

macro_rules! functions {
    ($($variant:ident = $name:literal, $needs:ident;)*) => {
        /// The functions that queries use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Function { $(#[doc = $name] $variant),* }

        impl Function {
            /// As it is written.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Function::$variant => $name),* }
            }

            fn needs(self) -> Needs {
                match self { $(Function::$variant => Needs::$needs),* }
            }
        }
    };
}

functions! {
    IsPresent = "ispresent", Portable;
    Coalesce = "coalesce", Portable;
    Concat = "concat", Portable;
    Substr = "substr", Portable;
    Strlen = "strlen", Portable;
    Replace = "replace", Portable;
    ToLower = "tolower", Portable;
    ToUpper = "toupper", Portable;
    StrContains = "strcontains", Portable;
    Abs = "abs", Portable;
    Floor = "floor", Portable;
    Greatest = "greatest", Portable;
    Least = "least", Portable;
    IsValidIp = "isValidIp", Portable;
    IsIpv4InSubnet = "isIpv4InSubnet", Portable;
    IsIpv6InSubnet = "isIpv6InSubnet", Portable;
    StartsWith = "startsWith", Y2026;
    EndsWith = "endsWith", Y2026;
    ParseDate = "parseDate", Y2026;
    If = "if", Y2026;
    Case = "case", Y2026;
    Sha256 = "sha256", Y2026;
    JsonParse = "jsonParse", Y2026;
    JsonStringify = "jsonStringify", Y2026;
    JsonArraySize = "jsonArraySize", Y2026;
    JsonArrayContains = "jsonArrayContains", Y2026;
    CountRows = "count", Portable;
    Count = "count", Portable;
    CountDistinct = "count_distinct", Portable;
    Sum = "sum", Portable;
    Avg = "avg", Portable;
    Min = "min", Portable;
    Max = "max", Portable;
    Stddev = "stddev", Portable;
    Pct = "pct", Portable;
    SortsFirst = "sortsFirst", Portable;
    SortsLast = "sortsLast", Portable;
}

impl Query {
    /// The generation of commands and functions that the query needs.
    #[must_use]
    pub fn needs(&self) -> Needs {
        if self.newer().is_empty() { Needs::Portable } else { Needs::Y2026 }
    }

    /// The commands and functions that came after 2022, by name.
    #[must_use]
    pub fn newer(&self) -> Vec<&'static str> {
        let mut found: Vec<&'static str> = Vec::new();
        let mut stats = 0;
        for command in &self.commands {
            match command {
                Command::Unnest(..) => found.push("unnest"),
                Command::Stats(..) => stats += 1,
                _ => {}
            }
            command.terms().for_each(|term| {
                term.walk(&mut |term| match term {
                    Term::Call(function, _) if function.needs() == Needs::Y2026 => found.push(function.name()),
                    _ => {}
                })
            });
        }
        // The older text of the manual allows two `stats` commands.
        if stats > 2 {
            found.push("a third `stats`");
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Command {
    fn terms(&self) -> impl Iterator<Item = &Term> {
        let (one, many): (Option<&Term>, &[(Term, String)]) = match self {
            Command::Filter(term) => (Some(term), &[]),
            Command::Fields(columns) | Command::Stats(columns, _) => (None, columns),
            _ => (None, &[]),
        };
        one.into_iter().chain(many.iter().map(|(term, _)| term))
    }
}

impl Field {
    /// Whether it is a value as the log has it, and not one that the query made.
    #[must_use]
    pub fn is_of_log(&self) -> bool {
        match self {
            Field::Log(_) => true,
            Field::Made(_, steps) => !steps.is_empty(),
        }
    }

    /// A column that the query made.
    #[must_use]
    pub fn made(name: &str) -> Field {
        Field::Made(name.to_owned(), Vec::new())
    }
}

impl Term {
    /// A column that the query made.
    #[must_use]
    pub fn made(name: &str) -> Term {
        Term::Field(Field::made(name))
    }

    /// Quoted text, where quotes can hold it.
    #[must_use]
    pub fn quoted(text: &str) -> Option<Term> {
        Quoted::new(text).map(Term::Text)
    }

    /// Text of the compiler's own, which quotes can hold.
    #[must_use]
    pub fn word(text: &'static str) -> Term {
        Term::Text(Quoted(text.to_owned()))
    }

    /// A function's value.
    #[must_use]
    pub fn call(function: Function, args: impl Into<Vec<Term>>) -> Term {
        Term::Call(function, args.into())
    }

    /// The term where it is not null, else the other.
    #[must_use]
    pub fn or(self, other: Term) -> Term {
        match self {
            Term::Call(Function::Coalesce, mut terms) => {
                terms.push(other);
                Term::Call(Function::Coalesce, terms)
            }
            term => Term::call(Function::Coalesce, [term, other]),
        }
    }

    /// Two terms and what stands between them.
    #[must_use]
    pub fn binary(self, operator: Operator, right: Term) -> Term {
        Term::Binary(operator, Box::new(self), Box::new(right))
    }

    /// Whether every condition holds.
    #[must_use]
    pub fn all(terms: Vec<Term>) -> Term {
        Term::chain(terms, true)
    }

    /// Whether one condition holds.
    #[must_use]
    pub fn any(terms: Vec<Term>) -> Term {
        Term::chain(terms, false)
    }

    /// A condition that always, or never, holds; there are no boolean literals.
    #[must_use]
    pub fn constant(value: bool) -> Term {
        Term::Int(1).binary(Operator::Equal, Term::Int(i128::from(value)))
    }

    fn chain(terms: Vec<Term>, all: bool) -> Term {
        let mut flat: Vec<Term> = Vec::new();
        for term in terms {
            match term {
                Term::And(inner) if all => flat.extend(inner),
                Term::Or(inner) if !all => flat.extend(inner),
                term if term == Term::constant(all) => {}
                term if term == Term::constant(!all) => return term,
                term if flat.contains(&term) => {}
                term => flat.push(term),
            }
        }
        if flat.len() < 2 {
            return flat.pop().unwrap_or_else(|| Term::constant(all));
        }
        if all { Term::And(flat) } else { Term::Or(flat) }
    }

    /// Calls `visit` on this term and all below it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Term)) {
        visit(self);
        match self {
            Term::Field(_) | Term::Text(_) | Term::Int(_) | Term::Float(_) => {}
            Term::Call(_, terms) | Term::And(terms) | Term::Or(terms) => terms.iter().for_each(|t| t.walk(visit)),
            Term::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Term::Not(term) | Term::Like(term, ..) | Term::Holds(term, ..) => term.walk(visit),
            Term::In(term, options, _) => {
                term.walk(visit);
                options.iter().for_each(|t| t.walk(visit));
            }
        }
    }
}
