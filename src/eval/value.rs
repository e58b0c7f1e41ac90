//! A value of the language, or its being missing: takes what was read or computed, gives values that keep the language's promises.
//!
//! INVARIANT (present): no value holds empty text, an empty list, a float that is not finite or is −0, a decimal past 38 digits, an
//! IPv4-mapped address, or raw JSON that is null or empty. The constructors see to it by giving [`Value::Missing`] or the plain form.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use crate::ir::{Literal, RecordType};
use crate::json::Json;

/// The largest decimal, in billionths: 38 digits.
pub const MAX_DECIMAL: i128 = 10_i128.pow(38) - 1;

/// A value, or missing.
///
/// The order sorts values of one type: text by code point, numbers, times and durations by size, false before true, IPv4 before IPv6.
/// What is missing comes first.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// There is none.
    #[default]
    Missing,
    /// Text.
    Text(Arc<str>),
    /// 64 bit.
    Int(i64),
    /// Finite.
    Float(f64),
    /// Billionths.
    Decimal(i128),
    /// True or false.
    Bool(bool),
    /// Microseconds since 1970 in UTC.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// An address.
    Ip(IpAddr),
    /// Elements, of which some may be missing.
    List(Arc<[Value]>),
    /// What `values` and `top` give: present elements, and whether there were more.
    Listing {
        /// The first ones.
        values: Arc<[Value]>,
        /// Whether some were left out.
        more: bool,
    },
    /// The values of a record's fields, in the order of its type.
    Record(Arc<RecordType>, Arc<[Value]>),
    /// JSON that has not been read as a type yet.
    Raw(Json),
}

impl Value {
    /// Text; empty text is missing.
    #[must_use]
    pub fn text(text: &str) -> Value {
        if text.is_empty() { Value::Missing } else { Value::Text(text.into()) }
    }

    /// A float; missing where it is not finite. −0 is 0.
    #[must_use]
    pub fn float(float: f64) -> Value {
        if float.is_finite() { Value::Float(float + 0.0) } else { Value::Missing }
    }

    /// A decimal of billionths; missing past 38 digits.
    #[must_use]
    pub fn decimal(billionths: i128) -> Value {
        if billionths.unsigned_abs() <= MAX_DECIMAL.unsigned_abs() {
            Value::Decimal(billionths)
        } else {
            Value::Missing
        }
    }

    /// An address; an IPv4-mapped one is the IPv4 address.
    #[must_use]
    pub fn ip(ip: IpAddr) -> Value {
        Value::Ip(ip.to_canonical())
    }

    /// A list; an empty one is missing.
    #[must_use]
    pub fn list(elements: Vec<Value>) -> Value {
        if elements.is_empty() { Value::Missing } else { Value::List(elements.into()) }
    }

    /// Raw JSON; null, empty text and an empty list are missing.
    #[must_use]
    pub fn raw(json: Json) -> Value {
        if json.is_present() { Value::Raw(json) } else { Value::Missing }
    }

    /// A constant.
    #[must_use]
    pub fn literal(literal: &Literal) -> Value {
        match literal {
            Literal::Text(text) => Value::text(text),
            Literal::Int(value) => Value::Int(*value),
            Literal::Float(value) => Value::float(*value),
            Literal::Decimal(value) => Value::decimal(*value),
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Time(value) => Value::Time(*value),
            Literal::Duration(value) => Value::Duration(*value),
            Literal::Ip(value) => Value::ip(*value),
        }
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_present(&self) -> bool {
        !matches!(self, Value::Missing)
    }

    /// Text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An int, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A time, if it is one.
    #[must_use]
    pub fn as_time(&self) -> Option<i64> {
        match self {
            Value::Time(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements of a list; none of anything else.
    #[must_use]
    pub fn elements(&self) -> &[Value] {
        match self {
            Value::List(values) | Value::Listing { values, .. } => values,
            _ => &[],
        }
    }

    /// Values of different kinds never meet in one typed list; this only makes the order total.
    fn kind(&self) -> u8 {
        match self {
            Value::Missing => 0,
            Value::Text(_) => 1,
            Value::Int(_) => 2,
            Value::Float(_) => 3,
            Value::Decimal(_) => 4,
            Value::Bool(_) => 5,
            Value::Time(_) => 6,
            Value::Duration(_) => 7,
            Value::Ip(_) => 8,
            Value::List(_) => 9,
            Value::Listing { .. } => 10,
            Value::Record(..) => 11,
            Value::Raw(_) => 12,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b))
            | (Value::Time(a), Value::Time(b))
            | (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
            (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Ip(a), Value::Ip(b)) => a.cmp(b),
            (Value::List(a), Value::List(b)) | (Value::Record(_, a), Value::Record(_, b)) => a.cmp(b),
            (Value::Listing { values: a, more: x }, Value::Listing { values: b, more: y }) => a.cmp(b).then(x.cmp(y)),
            (Value::Raw(a), Value::Raw(b)) => a.cmp(b),
            (a, b) => a.kind().cmp(&b.kind()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind().hash(state);
        match self {
            // Raw JSON is no key of anything: all of it may share a bucket.
            Value::Missing | Value::Raw(_) => {}
            Value::Text(text) => text.hash(state),
            Value::Int(value) | Value::Time(value) | Value::Duration(value) => value.hash(state),
            Value::Float(value) => value.to_bits().hash(state),
            Value::Decimal(value) => value.hash(state),
            Value::Bool(value) => value.hash(state),
            Value::Ip(value) => value.hash(state),
            Value::List(values) | Value::Record(_, values) => values.hash(state),
            Value::Listing { values, more } => (values, more).hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nothing_is_missing() {
        for value in [
            Value::text(""),
            Value::float(f64::NAN),
            Value::float(f64::INFINITY),
            Value::list(Vec::new()),
            Value::raw(Json::Null),
            Value::raw(Json::Text("".into())),
            Value::raw(Json::List([].into())),
            Value::decimal(MAX_DECIMAL + 1),
            Value::decimal(i128::MIN),
        ] {
            assert_eq!(value, Value::Missing);
        }
        assert!(Value::list(vec![Value::Missing]).is_present());
        assert!(Value::raw(Json::Object(Arc::default())).is_present());
    }

    #[test]
    fn one_form_of_each_value() {
        assert_eq!(Value::float(-0.0), Value::float(0.0));
        assert_eq!(Value::ip(IpAddr::from([0, 0, 0, 0, 0, 0xFFFF, 0x0A00, 1])), Value::ip(IpAddr::from([10, 0, 0, 1])));
    }

    #[test]
    fn text_sorts_by_code_point() {
        // U+FF5E comes before U+1F600, though its UTF-16 unit comes after that pair's.
        let mut texts = vec![Value::text("😀"), Value::text("～"), Value::text("a"), Value::text("Z"), Value::Missing];
        texts.sort();
        assert_eq!(texts, [Value::Missing, Value::text("Z"), Value::text("a"), Value::text("～"), Value::text("😀")]);
    }
}
