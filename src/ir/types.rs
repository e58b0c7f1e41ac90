//! The types of values and the constants of the language.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// A type of the language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// Unicode text, never empty.
    Text,
    /// 64 bit, signed.
    Int,
    /// 64 bit, never NaN or infinite.
    Float,
    /// 128 bit with nine decimal places, as `i128` billionths.
    Decimal,
    /// True or false.
    Bool,
    /// Microseconds since 1970-01-01T00:00Z.
    Time,
    /// Microseconds.
    Duration,
    /// An IPv4 or IPv6 address; IPv4-mapped IPv6 is the IPv4 address.
    Ip,
    /// Elements of one type, never none.
    List(Box<Type>),
    /// An element of a list of records.
    Record(Arc<RecordType>),
    /// JSON that has not been read as a type yet; only inside a source's expressions.
    Raw,
}

/// The named parts of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordType {
    /// In the order of the declaration.
    pub fields: Vec<(String, Type)>,
}

impl Type {
    /// Whether values of it are single: no list, no record, not raw.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Type::List(_) | Type::Record(_) | Type::Raw)
    }

    /// Whether arithmetic and `<` work on it as on a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Type::Int | Type::Float | Type::Decimal)
    }

    /// The type of a list's elements.
    #[must_use]
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(element) => Some(element),
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Text => f.write_str("text"),
            Type::Int => f.write_str("int"),
            Type::Float => f.write_str("float"),
            Type::Decimal => f.write_str("decimal"),
            Type::Bool => f.write_str("bool"),
            Type::Time => f.write_str("time"),
            Type::Duration => f.write_str("duration"),
            Type::Ip => f.write_str("ip"),
            Type::List(element) => write!(f, "list of {element}"),
            Type::Record(record) => {
                f.write_str("{ ")?;
                for (i, (name, ty)) in record.fields.iter().enumerate() {
                    write!(f, "{}{name} : {ty}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(" }")
            }
            Type::Raw => f.write_str("raw JSON"),
        }
    }
}

/// A field of a stream, by its place in [`super::Stream::fields`]. Made only by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub(super) u16);

impl FieldId {
    /// The place in the stream's list of fields.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Never empty.
    Text(String),
    /// 64 bit.
    Int(i64),
    /// Never NaN or infinite.
    Float(f64),
    /// Billionths.
    Decimal(i128),
    /// True or false.
    Bool(bool),
    /// Microseconds since 1970 in UTC.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// An address, not IPv4-mapped.
    Ip(IpAddr),
}

impl Literal {
    /// The text that it is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Literal::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The type it has.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Literal::Text(_) => Type::Text,
            Literal::Int(_) => Type::Int,
            Literal::Float(_) => Type::Float,
            Literal::Decimal(_) => Type::Decimal,
            Literal::Bool(_) => Type::Bool,
            Literal::Time(_) => Type::Time,
            Literal::Duration(_) => Type::Duration,
            Literal::Ip(_) => Type::Ip,
        }
    }
}

/// A duration as the language writes it: the largest unit that divides it.
#[must_use]
pub fn duration(us: i64) -> String {
    let units = [
        (86_400 * super::SECOND, "d"),
        (3_600 * super::SECOND, "h"),
        (60 * super::SECOND, "m"),
        (super::SECOND, "s"),
        (super::SECOND / 1_000, "ms"),
    ];
    for (unit, name) in units {
        if us != 0 && us % unit == 0 {
            return format!("{}{name}", us / unit);
        }
    }
    format!("{us}us")
}
