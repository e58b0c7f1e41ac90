//! CAST, and the coercions that happen by themselves.

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive as _};

use super::calendar::{clock_text, date, date_of, date_text, days, midnight, read_date, read_moment};
use super::decimal::{self, bignumeric, numeric};
use super::functions::Trouble;
use super::types::Type;
use super::value::{Interval, Val};

/// Whether CAST takes a type to another.
pub(super) fn is_possible(from: &Type, to: &Type) -> bool {
    use Type::{Array, BigNumeric, Bool, Bytes, Date, Float64, Int64, Numeric, String, Struct, Timestamp, Untyped};
    match (from, to) {
        _ if from == to => true,
        (Untyped, _) => true,
        (Array(from), Array(_)) => **from == Untyped,
        (Struct(from), Struct(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| is_possible(&from.ty, &to.ty))
        }
        (Int64, Bool | Numeric | BigNumeric | Float64 | String) | (Bool, Int64 | String) => true,
        (Float64, Int64 | Numeric | BigNumeric | String) => true,
        (Numeric | BigNumeric, Int64 | Float64 | Numeric | BigNumeric | String) => true,
        (String, Bool | Int64 | Float64 | Numeric | BigNumeric | Bytes | Date | Timestamp | Type::Interval) => true,
        (Bytes, String) | (Timestamp, Date | String) | (Date, Timestamp | String) | (Type::Interval, String) => true,
        _ => false,
    }
}

/// A value as one of another type.
pub(super) fn cast(value: &Val, from: &Type, to: &Type) -> Result<Val, Trouble> {
    if from == to || value.is_null() {
        return Ok(value.clone());
    }
    match (value, to) {
        (Val::Int(n), Type::Bool) => Ok(Val::Bool(*n != 0)),
        (Val::Int(n), Type::Float64) => Ok(Val::Float(*n as f64)),
        (Val::Int(n), Type::Numeric) => numeric(&BigDecimal::from(*n)),
        (Val::Int(n), Type::BigNumeric) => bignumeric(&BigDecimal::from(*n)),
        (Val::Int(n), Type::String) => Ok(n.to_string().into()),
        (Val::Bool(b), Type::Int64) => Ok(Val::Int(i64::from(*b))),
        (Val::Bool(b), Type::String) => Ok(b.to_string().into()),
        (Val::Float(f), Type::Int64) => {
            let rounded = f.round();
            // Both bounds are exact as floats.
            let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded);
            if fits { Ok(Val::Int(rounded as i64)) } else { Trouble::stops(format!("{f} is no INT64")) }
        }
        (Val::Float(f), Type::Numeric | Type::BigNumeric) => match BigDecimal::try_from(*f) {
            Ok(exact) => decimal_of(&exact, to),
            Err(_) => Trouble::stops(format!("{f} is no {to}")),
        },
        (Val::Float(f), Type::String) => float_text(*f),
        (Val::Decimal(d), Type::Int64) => {
            let rounded = d.with_scale_round(0, RoundingMode::HalfUp).to_i64();
            rounded.map_or_else(|| Trouble::stops("INT64 overflow"), |n| Ok(Val::Int(n)))
        }
        (Val::Decimal(d), Type::Float64) => Ok(Val::Float(decimal::float(d))),
        (Val::Decimal(d), Type::Numeric | Type::BigNumeric) => decimal_of(d, to),
        (Val::Decimal(d), Type::String) => Ok(d.normalized().to_plain_string().into()),
        (Val::Text(text), _) => read(text, to),
        (Val::Bytes(bytes), Type::String) => {
            let text = std::str::from_utf8(bytes);
            text.map_or_else(|_| Trouble::stops("BYTES that are no UTF-8 as a STRING"), |text| Ok(text.into()))
        }
        (Val::Time(micros), Type::Date) => Ok(Val::Date(date_of(*micros).to_epoch_days())),
        (Val::Time(micros), Type::String) => moment_text(*micros),
        (Val::Date(day), Type::Timestamp) => midnight(date(*day)).map(Val::Time),
        (Val::Date(day), Type::String) => Ok(date_text(*day).into()),
        (Val::Array(values), Type::Array(wanted)) => {
            let Type::Array(element) = from else { return Trouble::unknown(format!("a cast of {from} to {to}")) };
            Ok(values.iter().map(|value| cast(value, element, wanted)).collect::<Result<Vec<_>, _>>()?.into())
        }
        (Val::Struct(values), Type::Struct(wanted)) => {
            let Type::Struct(fields) = from else { return Trouble::unknown(format!("a cast of {from} to {to}")) };
            let fields = values.iter().zip(fields.iter().zip(wanted.iter()));
            let cast = fields.map(|(value, (from, to))| cast(value, &from.ty, &to.ty));
            Ok(Val::Struct(cast.collect::<Result<Vec<_>, _>>()?.into()))
        }
        _ => Trouble::unknown(format!("a cast of {from} to {to}")),
    }
}

fn decimal_of(value: &BigDecimal, to: &Type) -> Result<Val, Trouble> {
    if *to == Type::Numeric { numeric(value) } else { bignumeric(value) }
}

/// A text as a value of a type.
fn read(text: &str, to: &Type) -> Result<Val, Trouble> {
    let wrong = || Trouble::Stops(format!("`{text}` is no {to}"));
    if matches!(to, Type::Int64 | Type::Float64 | Type::Numeric | Type::BigNumeric) && text.trim() != text {
        return Trouble::unknown(format!("white space around a number: `{text}`"));
    }
    match to {
        Type::Bool if text.eq_ignore_ascii_case("true") => Ok(Val::Bool(true)),
        Type::Bool if text.eq_ignore_ascii_case("false") => Ok(Val::Bool(false)),
        Type::Int64 => {
            let (sign, digits) =
                text.strip_prefix('-').map_or(("", text.strip_prefix('+').unwrap_or(text)), |rest| ("-", rest));
            let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
            let (digits, radix) = hexadecimal.map_or((digits, 10), |digits| (digits, 16));
            let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
            let number = i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().filter(|_| plain);
            number.map(Val::Int).ok_or_else(wrong)
        }
        Type::Float64 => text.parse().map(Val::Float).map_err(|_| wrong()),
        Type::Numeric | Type::BigNumeric => decimal_of(&decimal::parse(text).ok_or_else(wrong)?, to),
        Type::Bytes => Ok(Val::Bytes(text.as_bytes().into())),
        Type::Date => {
            let (day, rest) =
                text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(text.len()));
            if !rest.is_empty() {
                return Trouble::unknown(format!("a DATE with more behind it: `{text}`"));
            }
            Ok(Val::Date(days(Some(read_date(day).ok_or_else(wrong)?))?))
        }
        Type::Timestamp => read_moment(text).map(Val::Time),
        Type::Bool => Err(wrong()),
        _ => Trouble::unknown(format!("a cast of STRING to {to}")),
    }
}

/// A float's text where the documentation leaves no choice.
fn float_text(float: f64) -> Result<Val, Trouble> {
    if float.is_nan() || float == 0.0 {
        return Ok(if float.is_nan() { "NaN" } else { "0" }.into());
    }
    if !(1e-4..1e15).contains(&float.abs()) {
        return Trouble::unknown(format!("the text of the FLOAT64 {float:?}"));
    }
    Ok(float.to_string().into())
}

/// A moment's text, where it ends in neither three nor six digits: whether zeros are cut.
pub(super) fn moment_text(micros: i64) -> Result<Val, Trouble> {
    let fraction = micros.rem_euclid(1_000_000);
    if fraction != 0 && fraction % 10 == 0 && !(fraction % 1000 == 0 && fraction % 10_000 != 0) {
        return Trouble::unknown("the text of a TIMESTAMP whose fraction ends in zeros");
    }
    Ok(format!("{}+00", clock_text(micros, ' ')).into())
}

/// An interval as `years-months days hours:minutes:seconds`.
pub(super) fn interval_text(interval: Interval) -> String {
    let sign = |number: i64| if number < 0 { "-" } else { "" };
    let (months, micros) = (interval.months.unsigned_abs(), interval.micros.unsigned_abs());
    let second = 1_000_000;
    let fraction = match micros % second {
        0 => String::new(),
        rest if rest % 1000 == 0 => format!(".{:03}", rest / 1000),
        rest => format!(".{rest:06}"),
    };
    let (hours, minutes, seconds) = (micros / second / 3600, micros / second / 60 % 60, micros / second % 60);
    format!(
        "{}{}-{} {} {}{hours}:{minutes}:{seconds}{fraction}",
        sign(interval.months),
        months / 12,
        months % 12,
        interval.days,
        sign(interval.micros),
    )
}
