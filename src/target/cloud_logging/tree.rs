//! A Cloud Logging filter as a tree: what `lower` makes and `print` turns into text. No node holds filter text but patterns, which
//! [`crate::ir::pattern::print`] makes.

use ipnet::IpNet;

use crate::ir::Comparison;

/// A condition on a log entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Always so.
    Const(bool),
    /// Every child; at least two.
    All(Vec<Filter>),
    /// One child at least; at least two.
    Any(Vec<Filter>),
    /// The complement.
    Not(Box<Filter>),
    /// A test of one field, true of a repeated field where it is true of an element.
    Test(Test),
}

/// A test of one field. Each is false where the field is missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `log_id("…")`
    LogId(String),
    /// `field =~ "pattern"`: found in text, case matters.
    Matches(Field, String),
    /// `field = value`, `<`, `<=`, `>`, `>=`
    Compare(Field, Comparison, Value),
    /// `field:*`
    Exists(Field),
    /// `field = NULL_VALUE`
    IsNull(Field),
    /// `ip_in_net(field, "network")`
    InNetwork(Field, IpNet),
}

/// The parts of a path, each printed on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(pub Vec<String>);

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `17`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `true`
    Bool(bool),
    /// Microseconds since 1970.
    Time(i64),
    /// A name of an enumeration, in quotes.
    Name(&'static str),
}

impl Filter {
    /// All of them; true where there are none.
    #[must_use]
    pub fn all(filters: Vec<Filter>) -> Filter {
        Filter::chain(filters, true)
    }

    /// One of them; false where there are none.
    #[must_use]
    pub fn any(filters: Vec<Filter>) -> Filter {
        Filter::chain(filters, false)
    }

    fn chain(filters: Vec<Filter>, all: bool) -> Filter {
        let mut flat = Vec::new();
        for filter in filters {
            match filter {
                Filter::All(inner) if all => flat.extend(inner),
                Filter::Any(inner) if !all => flat.extend(inner),
                Filter::Const(value) if value == all => {}
                Filter::Const(_) => return Filter::Const(!all),
                filter if flat.contains(&filter) => {}
                filter => flat.push(filter),
            }
        }
        match (flat.pop(), flat.is_empty()) {
            (None, _) => Filter::Const(all),
            (Some(only), true) => only,
            (Some(last), false) => {
                flat.push(last);
                if all { Filter::All(flat) } else { Filter::Any(flat) }
            }
        }
    }

    /// The exact complement.
    #[must_use]
    pub fn negate(self) -> Filter {
        match self {
            Filter::Const(value) => Filter::Const(!value),
            Filter::Not(inner) => *inner,
            filter => Filter::Not(Box::new(filter)),
        }
    }
}
