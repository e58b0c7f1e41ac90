//! The functions that a query defines for itself at its top: how JSON is read, how overflow is found, what an address is. Takes nothing,
//! gives each function's parameters and body as a tree.
//!
//! They make the rules of "Reading values" exact where KQL's own conversions take more, or other things, than the local run does.

mod address;

use address::{address_of, ipv4_pattern, is_ipv6, octet_at, short_ipv6};

use super::tree::{Infix, Name, Query, Scalar, Type};

/// A function of this crate, printed where a query calls it. In the order in which they may call one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Own {
    /// Text with A–Z made lower case.
    AsciiLower,
    /// Text with a–z made upper case.
    AsciiUpper,
    /// Whether text is ASCII.
    IsAscii,
    /// JSON as text: texts and numbers.
    TextOf,
    /// Text as int: decimal digits with a sign.
    IntOfText,
    /// JSON as int.
    IntOf,
    /// Text as float.
    FloatOfText,
    /// JSON as float.
    FloatOf,
    /// JSON as bool.
    BoolOf,
    /// Text as time: RFC 3339.
    TimeOfText,
    /// JSON as time.
    TimeOf,
    /// Whether JSON is there: not null, not empty.
    IsPresent,
    /// A float that is a number.
    FiniteOrNull,
    /// One float by another: neither by zero nor past all bounds.
    RatioOrNull,
    /// The sum of two ints if it is one.
    SumOrNull,
    /// The difference of two ints if it is one.
    DifferenceOrNull,
    /// The product of two ints if it is one.
    ProductOrNull,
    /// Microseconds divided by a number, half to even.
    MeanOf,
    /// Ticks as time.
    TimeOfTicks,
    /// Nanoseconds since 1970 as time.
    TimeOfUnixNanos,
    /// Whether text is an IPv4 address.
    IsIpv4,
    /// Whether text is an IPv6 address.
    IsIpv6,
    /// One byte of a mapped address as decimal digits.
    OctetAt,
    /// The shortest form of an IPv6 address.
    ShortIpv6,
    /// The one text of an address, empty where it is none.
    AddressOf,
    /// An address whose last part may be starred out.
    MaskedOf,
    /// Text of base64.
    DecodedOf,
}

/// Parameters and body.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Names and types.
    pub parameters: Vec<(&'static str, Type)>,
    /// Over the parameters.
    pub body: Scalar,
}

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";

/// How text of decimal digits looks.
pub const DIGITS: &str = "^[-+]?[0-9]+$";
/// How text of a decimal number looks.
pub const DECIMAL: &str = r"^[-+]?[0-9]+(?:\.[0-9]+)?$";
/// How a time looks; whether there is such a day is left to `todatetime`.
pub const RFC_3339: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[-+](?:[01][0-9]|2[0-3]):[0-5][0-9])$";
/// How base64 looks that leaves no bits over.
pub const BASE64: &str = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]={0,2}|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=?)?$";

impl Own {
    /// Its name in a query.
    pub fn name(self) -> &'static str {
        match self {
            Own::AsciiLower => "ascii_lower",
            Own::AsciiUpper => "ascii_upper",
            Own::IsAscii => "is_ascii",
            Own::TextOf => "text_of",
            Own::IntOfText => "int_of_text",
            Own::IntOf => "int_of",
            Own::FloatOfText => "float_of_text",
            Own::FloatOf => "float_of",
            Own::BoolOf => "bool_of",
            Own::TimeOfText => "time_of_text",
            Own::TimeOf => "time_of",
            Own::IsPresent => "is_present",
            Own::FiniteOrNull => "finite_or_null",
            Own::RatioOrNull => "ratio_or_null",
            Own::SumOrNull => "sum_or_null",
            Own::DifferenceOrNull => "difference_or_null",
            Own::ProductOrNull => "product_or_null",
            Own::MeanOf => "mean_of",
            Own::TimeOfTicks => "time_of_ticks",
            Own::TimeOfUnixNanos => "time_of_unix_nanos",
            Own::IsIpv4 => "is_ipv4",
            Own::IsIpv6 => "is_ipv6",
            Own::OctetAt => "octet_at",
            Own::ShortIpv6 => "short_ipv6",
            Own::AddressOf => "address_of",
            Own::MaskedOf => "masked_of",
            Own::DecodedOf => "decoded_of",
        }
    }

    /// What it is.
    pub fn definition(self) -> Definition {
        let text = [("text", Type::String)];
        let value = [("value", Type::Dynamic)];
        let number = [("number", Type::Real)];
        let two = [("one", Type::Long), ("other", Type::Long)];
        let define =
            |parameters: &[(&'static str, Type)], body: Scalar| Definition { parameters: parameters.to_vec(), body };
        match self {
            Own::AsciiLower => define(&text, translate(UPPER, LOWER)),
            Own::AsciiUpper => define(&text, translate(LOWER, UPPER)),
            Own::IsAscii => define(&text, Scalar::matches(param("text"), r"^[\x00-\x7F]*$")),
            Own::TextOf => {
                let other = is_kind(&["array", "bool", "dictionary"]);
                define(&value, Scalar::iff(other, Scalar::text(""), tostring()))
            }
            Own::IntOfText => {
                let unsigned = Scalar::call("replace_string", [param("text"), Scalar::text("+"), Scalar::text("")]);
                define(&text, if_matches(DIGITS, Scalar::call("tolong", [unsigned]), Type::Long))
            }
            Own::IntOf => {
                let long = || Scalar::call("tolong", [param("value")]);
                let real = Scalar::call("todouble", [param("value")]);
                let whole = Scalar::infix(long(), Infix::Equal, real);
                define(&value, read_as(Own::IntOfText, vec![whole, long(), Scalar::Null(Type::Long)], Type::Long))
            }
            Own::FloatOfText => {
                let read = Scalar::Own(Own::FiniteOrNull, vec![Scalar::call("todouble", [param("text")])]);
                define(&text, if_matches(DECIMAL, read, Type::Real))
            }
            Own::FloatOf => {
                let read = Scalar::Own(Own::FiniteOrNull, vec![Scalar::call("todouble", [param("value")])]);
                define(&value, read_as(Own::FloatOfText, vec![read], Type::Real))
            }
            Own::BoolOf => {
                let read = Scalar::call("tobool", [param("value")]);
                define(&value, Scalar::iff(is_kind(&["bool"]), read, Scalar::Null(Type::Bool)))
            }
            Own::TimeOfText => {
                // More than seven places behind the second are no time to KQL.
                let cut = [param("text"), Scalar::text(r"(\.[0-9]{6})[0-9]+"), Scalar::text(r"\1")];
                let read = Scalar::call("todatetime", [Scalar::call("replace_regex", cut)]);
                define(&text, if_matches(RFC_3339, read, Type::Datetime))
            }
            Own::TimeOf => {
                define(&value, Scalar::Own(Own::TimeOfText, vec![Scalar::Own(Own::TextOf, vec![param("value")])]))
            }
            Own::IsPresent => {
                let full =
                    Scalar::infix(Scalar::call("array_length", [param("value")]), Infix::Greater, Scalar::Long(0));
                let args = [
                    Scalar::call("isnull", [param("value")]),
                    Scalar::Bool(false),
                    is_kind(&["string"]),
                    Scalar::call("isnotempty", [tostring()]),
                    is_kind(&["array"]),
                    full,
                    Scalar::Bool(true),
                ];
                define(&value, Scalar::call("case", args))
            }
            Own::FiniteOrNull => {
                let finite = Scalar::call("isfinite", [param("number")]);
                define(&number, Scalar::iff(finite, param("number"), Scalar::Null(Type::Real)))
            }
            Own::RatioOrNull => {
                let zero = Scalar::infix(param("other"), Infix::Equal, Scalar::Real(0.0));
                let ratio = Scalar::infix(param("one"), Infix::Divide, param("other"));
                let finite = Scalar::Own(Own::FiniteOrNull, vec![ratio]);
                let reals = [("one", Type::Real), ("other", Type::Real)];
                define(&reals, Scalar::iff(zero, Scalar::Null(Type::Real), finite))
            }
            Own::ProductOrNull => define(&two, product()),
            Own::SumOrNull => define(&two, in_range("max_of", "min_of", Infix::Subtract, Infix::Add)),
            Own::DifferenceOrNull => define(&two, in_range("min_of", "max_of", Infix::Add, Infix::Subtract)),
            Own::MeanOf => define(&[("total", Type::Long), ("terms", Type::Long)], mean_of()),
            Own::TimeOfTicks => {
                let possible = between(param("ticks"), Scalar::Long(0), Scalar::Long(MAX_TICKS));
                define(&[("ticks", Type::Long)], Scalar::iff(possible, time_of_ticks(), Scalar::Null(Type::Datetime)))
            }
            Own::TimeOfUnixNanos => define(&[("nanos", Type::Long)], time_of_unix_nanos()),
            Own::IsIpv4 => define(&text, Scalar::matches(param("text"), ipv4_pattern())),
            Own::IsIpv6 => define(&text, is_ipv6()),
            Own::OctetAt => define(&[("text", Type::String), ("at", Type::Long)], octet_at()),
            Own::ShortIpv6 => define(&text, short_ipv6()),
            Own::AddressOf => define(&text, address_of()),
            Own::MaskedOf => {
                let whole = Scalar::call("replace_regex", [param("text"), Scalar::text(r"\.\*+$"), Scalar::text(".0")]);
                let address = Scalar::any(vec![
                    Scalar::Own(Own::IsIpv4, vec![whole.clone()]),
                    Scalar::Own(Own::IsIpv6, vec![whole]),
                ]);
                define(&text, Scalar::iff(address, param("text"), Scalar::text("")))
            }
            Own::DecodedOf => define(&text, decoded_of()),
        }
    }

    /// The functions that a query calls, itself or through others, so that each stands before those that call it.
    pub fn needed(query: &Query) -> Vec<Own> {
        let mut needed: Vec<Own> = Vec::new();
        query.walk(&mut |scalar| {
            if let Scalar::Own(own, _) = scalar {
                own.add_to(&mut needed);
            }
        });
        needed
    }

    fn add_to(self, needed: &mut Vec<Own>) {
        if needed.contains(&self) {
            return;
        }
        self.definition().body.walk(&mut |scalar| {
            if let Scalar::Own(own, _) = scalar {
                own.add_to(needed);
            }
        });
        needed.push(self);
    }
}

/// 0001-01-01 in microseconds since 1970.
const YEAR_ONE: i64 = -62_135_596_800_000_000;
/// The last tick of the year 9999.
const MAX_TICKS: i64 = 3_155_378_975_999_999_999;

fn param(name: &'static str) -> Scalar {
    Scalar::Column(Name::new(name))
}

fn tostring() -> Scalar {
    Scalar::call("tostring", [param("value")])
}

/// KQL's own average of time spans goes on to a part of a microsecond, and nobody says whether it rounds its last digit or cuts it.
fn mean_of() -> Scalar {
    let size = || Scalar::call("abs", [param("total")]);
    let whole = || Scalar::infix(size(), Infix::Divide, param("terms"));
    let rest = || Scalar::infix(size(), Infix::Modulo, param("terms"));
    let left = || Scalar::infix(param("terms"), Infix::Subtract, rest());
    let odd = Scalar::infix(Scalar::infix(whole(), Infix::Modulo, Scalar::Long(2)), Infix::Equal, Scalar::Long(1));
    let half = Scalar::infix(rest(), Infix::Equal, left());
    let up = Scalar::any(vec![Scalar::infix(rest(), Infix::Greater, left()), Scalar::all(vec![half, odd])]);
    let mean = Scalar::infix(whole(), Infix::Add, Scalar::iff(up, Scalar::Long(1), Scalar::Long(0)));
    let below = Scalar::infix(param("total"), Infix::Less, Scalar::Long(0));
    let sign = Scalar::iff(below, Scalar::Long(-1), Scalar::Long(1));
    let some = Scalar::infix(param("terms"), Infix::Greater, Scalar::Long(0));
    let mean = Scalar::infix(Scalar::infix(mean, Infix::Multiply, sign), Infix::Multiply, Scalar::Timespan(1));
    Scalar::iff(some, mean, Scalar::Null(Type::Timespan))
}

fn between(value: Scalar, first: Scalar, last: Scalar) -> Scalar {
    Scalar::Between(Box::new(value), Box::new(first), Box::new(last))
}

fn translate(from: &str, to: &str) -> Scalar {
    Scalar::call("translate", [Scalar::text(from), Scalar::text(to), param("text")])
}

/// `value` is JSON of one of these kinds, by KQL's names for them.
fn is_kind(kinds: &[&str]) -> Scalar {
    let kind = Scalar::call("gettype", [param("value")]);
    match kinds {
        [only] => Scalar::infix(kind, Infix::Equal, Scalar::text(*only)),
        _ => {
            let options = kinds.iter().map(|kind| Scalar::text(*kind)).collect();
            Scalar::In { subject: Box::new(kind), nocase: false, negated: false, options }
        }
    }
}

/// The text read, if it looks so.
fn if_matches(pattern: &str, read: Scalar, ty: Type) -> Scalar {
    Scalar::iff(Scalar::matches(param("text"), pattern), read, Scalar::Null(ty))
}

/// JSON text by the function of texts, bools not at all, numbers as given.
fn read_as(of_text: Own, numbers: Vec<Scalar>, ty: Type) -> Scalar {
    let mut args =
        vec![is_kind(&["string"]), Scalar::Own(of_text, vec![tostring()]), is_kind(&["bool"]), Scalar::Null(ty)];
    args.extend(numbers);
    Scalar::call("case", args)
}

/// `one ± other`, unless it leaves 64 bits. What is compared can't: the bound moves towards zero only.
fn in_range(upper: &'static str, lower: &'static str, back: Infix, operator: Infix) -> Scalar {
    let bound = |limit: i64, towards: &'static str| {
        let side = Scalar::call(towards, [param("other"), Scalar::Long(0)]);
        Scalar::infix(Scalar::Long(limit), back, side)
    };
    let over = Scalar::infix(param("one"), Infix::Greater, bound(i64::MAX, upper));
    let under = Scalar::infix(param("one"), Infix::Less, bound(i64::MIN, lower));
    let result = Scalar::infix(param("one"), operator, param("other"));
    Scalar::iff(Scalar::any(vec![over, under]), Scalar::Null(Type::Long), result)
}

/// `one * other`, unless it leaves 64 bits. No divisor is 0 or −1, for which the quotient itself would leave them.
fn product() -> Scalar {
    let among = |divisor: Scalar, low: i64, high: i64| {
        let bound = |limit| Scalar::infix(Scalar::Long(limit), Infix::Divide, divisor.clone());
        let above = Scalar::infix(param("one"), Infix::GreaterEqual, bound(low));
        Scalar::all(vec![above, Scalar::infix(param("one"), Infix::LessEqual, bound(high))])
    };
    let other_is = |infix, limit| Scalar::infix(param("other"), infix, Scalar::Long(limit));
    let up = Scalar::call("max_of", [param("other"), Scalar::Long(1)]);
    let down = Scalar::call("min_of", [param("other"), Scalar::Long(-2)]);
    let least = Scalar::infix(param("one"), Infix::Greater, Scalar::Long(i64::MIN));
    let fits = Scalar::any(vec![
        other_is(Infix::Equal, 0),
        Scalar::all(vec![other_is(Infix::Greater, 0), among(up, i64::MIN, i64::MAX)]),
        Scalar::all(vec![other_is(Infix::Equal, -1), least]),
        Scalar::all(vec![other_is(Infix::Less, -1), among(down, i64::MAX, i64::MIN)]),
    ]);
    Scalar::iff(fits, Scalar::infix(param("one"), Infix::Multiply, param("other")), Scalar::Null(Type::Long))
}

/// Days, seconds and microseconds since the year 1: in one number they would be too many for the engine that tests run.
fn time_of_ticks() -> Scalar {
    const SECOND: i64 = 10_000_000;
    const DAY: i64 = 86_400 * SECOND;
    let divide = |value, by| Scalar::infix(value, Infix::Divide, Scalar::Long(by));
    let rest = |by| Scalar::infix(param("ticks"), Infix::Modulo, Scalar::Long(by));
    let parts =
        [(divide(param("ticks"), DAY), DAY), (divide(rest(DAY), SECOND), SECOND), (divide(rest(SECOND), 10), 10)];
    parts.into_iter().fold(Scalar::Datetime(YEAR_ONE), |time, (count, unit)| {
        Scalar::infix(time, Infix::Add, Scalar::infix(count, Infix::Multiply, Scalar::Timespan(unit / 10)))
    })
}

/// As [`time_of_ticks`]. `%` is never negative, and `/` cuts towards zero: before 1970 a begun day is one more.
fn time_of_unix_nanos() -> Scalar {
    const SECOND: i64 = 1_000_000_000;
    const DAY: i64 = 86_400 * SECOND;
    let divide = |value, by| Scalar::infix(value, Infix::Divide, Scalar::Long(by));
    let rest = |by| Scalar::infix(param("nanos"), Infix::Modulo, Scalar::Long(by));
    let begun = Scalar::all(vec![
        Scalar::infix(param("nanos"), Infix::Less, Scalar::Long(0)),
        Scalar::infix(rest(DAY), Infix::Greater, Scalar::Long(0)),
    ]);
    let whole = divide(param("nanos"), DAY);
    let days = Scalar::infix(whole, Infix::Subtract, Scalar::iff(begun, Scalar::Long(1), Scalar::Long(0)));
    let parts = [(days, DAY), (divide(rest(DAY), SECOND), SECOND), (divide(rest(SECOND), 1_000), 1_000)];
    parts.into_iter().fold(Scalar::Datetime(0), |time, (count, unit)| {
        Scalar::infix(time, Infix::Add, Scalar::infix(count, Infix::Multiply, Scalar::Timespan(unit / 1_000)))
    })
}

fn decoded_of() -> Scalar {
    let bare = || Scalar::call("trim_end", [Scalar::text("="), param("text")]);
    let over = |n: i64| {
        let rest = Scalar::infix(Scalar::call("strlen", [bare()]), Infix::Modulo, Scalar::Long(4));
        Scalar::infix(rest, Infix::Equal, Scalar::Long(n))
    };
    let padding = Scalar::call("case", [over(2), Scalar::text("=="), over(3), Scalar::text("="), Scalar::text("")]);
    let read = Scalar::call("base64_decode_tostring", [Scalar::call("strcat", [bare(), padding])]);
    Scalar::iff(Scalar::matches(param("text"), BASE64), read, Scalar::text(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_stands_before_those_that_call_it() {
        let table = Name::new("T");
        let stages = vec![crate::target::kql::tree::Stage::Where(Scalar::Own(Own::AddressOf, vec![Scalar::text("x")]))];
        let needed = Own::needed(&Query {
            values: Vec::new(),
            tables: Vec::new(),
            kept: None,
            rows: crate::target::kql::tree::Rows { table, stages },
        });
        for (at, own) in needed.iter().enumerate() {
            own.definition().body.walk(&mut |scalar| {
                if let Scalar::Own(called, _) = scalar {
                    assert!(needed.iter().take(at).any(|before| before == called), "{own:?} calls {called:?}");
                }
            });
        }
        assert_eq!(needed.last(), Some(&Own::AddressOf));
    }
}
