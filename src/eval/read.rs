//! Reading values: takes raw JSON and a type, gives a typed value; what exists and does not read is missing, and counted by the caller.
//!
//! | type | reads |
//! |---|---|
//! | text | text; a number as the text it was written in |
//! | int | a number without a fraction (`5`, `5.0`, `5e0`) of 64 bit; text of decimal digits with an optional sign |
//! | float | a number; text of digits with an optional sign and an optional point between digits |
//! | bool | `true`, `false` |
//! | time | RFC 3339 text |
//! | ip | text of an address without prefix, zone or leading zeros |
//! | list | a list, element by element, and anything else as a list of one; an element that does not read stays, as missing |

use std::net::IpAddr;

use super::clock::parse_time;
use super::value::Value;
use crate::ir::Type;
use crate::json::Json;

/// A value read, and how many parts of it existed and did not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What was read.
    pub value: Value,
    /// Parts that are missing because they did not read.
    pub unreadable: u64,
}

/// Reads raw JSON as a type.
#[must_use]
pub fn read(json: &Json, ty: &Type) -> Reading {
    if !json.is_present() {
        return Reading { value: Value::Missing, unreadable: 0 };
    }
    let scalar = match (ty, json) {
        (Type::Text, Json::Text(text) | Json::Number(text)) => Some(Value::Text(text.clone())),
        (Type::Int, Json::Number(number)) => whole_number(number).map(Value::Int),
        (Type::Int, Json::Text(text)) => digits(text).map(Value::Int),
        (Type::Float, Json::Number(number)) => number.parse().ok().map(Value::float),
        (Type::Float, Json::Text(text)) => decimal(text).map(Value::float),
        (Type::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Type::Time, Json::Text(text)) => parse_time(text).map(Value::Time),
        (Type::Ip, Json::Text(text)) => text.parse::<IpAddr>().ok().map(Value::ip),
        (Type::List(element), Json::List(elements)) => {
            let read: Vec<Reading> = elements.iter().map(|json| read(json, element)).collect();
            let unreadable = read.iter().map(|reading| reading.unreadable).sum();
            return Reading { value: Value::list(read.into_iter().map(|reading| reading.value).collect()), unreadable };
        }
        (Type::List(element), json) => {
            let Reading { value, unreadable } = read(json, element);
            return Reading { value: Value::list(vec![value]), unreadable };
        }
        _ => None,
    };
    let value = scalar.unwrap_or_default();
    let unreadable = u64::from(!value.is_present());
    Reading { value, unreadable }
}

/// Decimal digits with an optional sign.
fn digits(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Digits with an optional sign and an optional point between digits.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let plain = [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten()
}

/// The int that a JSON number is, whatever way it is written.
fn whole_number(number: &str) -> Option<i64> {
    if let Ok(int) = number.parse() {
        return Some(int);
    }
    let (negative, unsigned) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let significant = significant.trim_end_matches('0');
    let cut = digits.len() - digits.trim_end_matches('0').len();
    // The number is `significant` times ten to the `power`.
    let exponent: i64 = exponent.parse().ok()?;
    let fraction = i64::try_from(fraction.len()).ok()?;
    let power = exponent.checked_sub(fraction)?.checked_add(i64::try_from(cut).ok()?)?;
    let power = usize::try_from(power).ok().filter(|power| *power <= 18)?;
    let sign = if negative { "-" } else { "" };
    format!("{sign}{significant}{}", "0".repeat(power)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, ty: &Type) -> Value {
        read(&Json::parse(json).unwrap_or_default(), ty).value
    }

    #[test]
    fn text_takes_text_and_numbers() {
        assert_eq!(of(r#""a""#, &Type::Text), Value::text("a"));
        assert_eq!(of("1.50", &Type::Text), Value::text("1.50"));
        for json in ["true", "{}", "[\"a\"]", "null", "\"\""] {
            assert_eq!(of(json, &Type::Text), Value::Missing, "{json}");
        }
    }

    #[test]
    fn ints() {
        for (json, int) in [
            ("5", 5),
            ("5.0", 5),
            ("\"5\"", 5),
            ("\"+5\"", 5),
            ("\"-5\"", -5),
            ("\"005\"", 5),
            ("-0", 0),
            ("0.0", 0),
            ("0e9", 0),
            ("5e2", 500),
            ("5.25E2", 525),
            ("500e-2", 5),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("1e18", 1_000_000_000_000_000_000),
        ] {
            assert_eq!(of(json, &Type::Int), Value::Int(int), "{json}");
        }
        for json in [
            "5.5",
            "\"5.0\"",
            "\"5.5\"",
            "\" 5\"",
            "\"\"",
            "\"+\"",
            "\"--5\"",
            "\"0x5\"",
            "\"٥\"",
            "9223372036854775808",
            "1e19",
            "5e-1",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "true",
            "[5]",
            "{}",
            "null",
        ] {
            assert_eq!(of(json, &Type::Int), Value::Missing, "{json}");
        }
    }

    #[test]
    fn floats() {
        for (json, float) in [
            ("5", 5.0),
            ("5.5", 5.5),
            ("1e3", 1e3),
            ("\"5\"", 5.0),
            ("\"-5.5\"", -5.5),
            ("\"+0.5\"", 0.5),
            ("-0.0", 0.0),
        ] {
            assert_eq!(of(json, &Type::Float), Value::Float(float), "{json}");
        }
        for json in
            ["\"1e3\"", "\".5\"", "\"5.\"", "\"inf\"", "\"NaN\"", "1e999", "true", "\"\"", "\"5,5\"", "\"1.2.3\""]
        {
            assert_eq!(of(json, &Type::Float), Value::Missing, "{json}");
        }
    }

    #[test]
    fn bools_addresses_and_times() {
        assert_eq!(of("true", &Type::Bool), Value::Bool(true));
        for json in ["\"true\"", "1", "0", "null"] {
            assert_eq!(of(json, &Type::Bool), Value::Missing, "{json}");
        }
        assert_eq!(of("\"10.0.0.1\"", &Type::Ip), of("\"::ffff:10.0.0.1\"", &Type::Ip));
        for json in [
            "\"010.0.0.1\"",
            "\"10.0.0.1/8\"",
            "\"10.0.0\"",
            "\"bedrock.amazonaws.com\"",
            "\"fe80::1%eth0\"",
            "\" 10.0.0.1\"",
        ] {
            assert_eq!(of(json, &Type::Ip), Value::Missing, "{json}");
        }
        assert_eq!(of("\"1970-01-01T00:00:01Z\"", &Type::Time), Value::Time(1_000_000));
        assert_eq!(of("1", &Type::Time), Value::Missing);
    }

    #[test]
    fn elements_that_do_not_read_stay() {
        let list = Type::List(Box::new(Type::Int));
        let reading = read(&Json::parse(r#"[1, "x", null, 2]"#).unwrap_or_default(), &list);
        assert_eq!(reading.value, Value::list(vec![Value::Int(1), Value::Missing, Value::Missing, Value::Int(2)]));
        assert_eq!(reading.unreadable, 1);
        assert_eq!(of("[]", &list), Value::Missing);
        assert_eq!(of("1", &list), Value::list(vec![Value::Int(1)]));
        assert_eq!(of("{}", &list), Value::list(vec![Value::Missing]));
    }

    #[test]
    fn what_exists_and_does_not_read_is_counted() {
        let unreadable = |json: &str| read(&Json::parse(json).unwrap_or_default(), &Type::Int).unreadable;
        assert_eq!(
            [unreadable("5"), unreadable("\"x\""), unreadable("null"), unreadable("\"\""), unreadable("[]")],
            [0, 1, 0, 0, 0]
        );
    }
}
