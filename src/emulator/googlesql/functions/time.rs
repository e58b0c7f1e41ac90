//! Functions of timestamps, dates and intervals. A part such as DAY comes as a text, which the binder has checked.

use chrono::{Datelike as _, Days, NaiveDate};

use super::{Function, Trouble, on, strict};
use crate::emulator::googlesql::calendar::{
    date, date_of, date_part, date_text, days, fixed, midnight, moment, moment_part, months_later, read_moment,
    truncated,
};
use crate::emulator::googlesql::cast::moment_text;
use crate::emulator::googlesql::value::{DAY, Interval, Val};

pub(super) const TIME: &[Function] = &[
    strict("CURRENT_TIMESTAMP", &[], "TIMESTAMP", |at, _| Ok(Val::Time(at.now))),
    strict("CURRENT_DATE", &[], "DATE", |at, _| Ok(Val::Date(date_of(at.now).to_epoch_days()))),
    strict("UNIX_SECONDS", &["TIMESTAMP"], "INT64", on!(Val::Time(t) => Ok(Val::Int(t.div_euclid(1_000_000))))),
    strict("UNIX_MILLIS", &["TIMESTAMP"], "INT64", on!(Val::Time(t) => Ok(Val::Int(t.div_euclid(1000))))),
    strict("UNIX_MICROS", &["TIMESTAMP"], "INT64", on!(Val::Time(t) => Ok(Val::Int(*t)))),
    strict("UNIX_DATE", &["DATE"], "INT64", on!(Val::Date(d) => Ok(Val::Int(i64::from(*d))))),
    strict("TIMESTAMP_SECONDS", &["INT64"], "TIMESTAMP", on!(Val::Int(n) => timed(n.checked_mul(1_000_000)))),
    strict("TIMESTAMP_MILLIS", &["INT64"], "TIMESTAMP", on!(Val::Int(n) => timed(n.checked_mul(1000)))),
    strict("TIMESTAMP_MICROS", &["INT64"], "TIMESTAMP", on!(Val::Int(n) => timed(Some(*n)))),
    strict(
        "DATE_FROM_UNIX_DATE",
        &["INT64"],
        "DATE",
        on!(Val::Int(n) => {
            dated(i32::try_from(*n).ok().and_then(NaiveDate::from_epoch_days))
        }),
    ),
    strict("TIMESTAMP", &["TIMESTAMP"], "TIMESTAMP", on!(Val::Time(t) => Ok(Val::Time(*t)))),
    strict("TIMESTAMP", &["STRING"], "TIMESTAMP", on!(Val::Text(text) => read_moment(text).map(Val::Time))),
    strict("TIMESTAMP", &["DATE"], "TIMESTAMP", on!(Val::Date(d) => midnight(date(*d)).map(Val::Time))),
    strict("DATE", &["TIMESTAMP"], "DATE", on!(Val::Time(t) => Ok(Val::Date(date_of(*t).to_epoch_days())))),
    strict(
        "DATE",
        &["TIMESTAMP", "STRING"],
        "DATE",
        on!(Val::Time(t), Val::Text(zone) => {
            utc(zone)?;
            Ok(Val::Date(date_of(*t).to_epoch_days()))
        }),
    ),
    strict(
        "DATE",
        &["INT64", "INT64", "INT64"],
        "DATE",
        on!(Val::Int(y), Val::Int(m), Val::Int(d) => {
            let parts = (i32::try_from(*y), u32::try_from(*m), u32::try_from(*d));
            dated(if let (Ok(y), Ok(m), Ok(d)) = parts { NaiveDate::from_ymd_opt(y, m, d) } else { None })
        }),
    ),
    strict("STRING", &["TIMESTAMP"], "STRING", on!(Val::Time(t) => moment_text(*t))),
    strict("STRING", &["DATE"], "STRING", on!(Val::Date(d) => Ok(date_text(*d).into()))),
    strict("INTERVAL", &["INT64", "STRING"], "INTERVAL", on!(Val::Int(n), Val::Text(part) => interval(*n, part))),
    strict(
        "TIMESTAMP_ADD",
        &["TIMESTAMP", "INTERVAL"],
        "TIMESTAMP",
        on!(Val::Time(t), Val::Interval(i) => later(*t, *i, 1)),
    ),
    strict(
        "TIMESTAMP_SUB",
        &["TIMESTAMP", "INTERVAL"],
        "TIMESTAMP",
        on!(Val::Time(t), Val::Interval(i) => later(*t, *i, -1)),
    ),
    strict("+", &["TIMESTAMP", "INTERVAL"], "TIMESTAMP", on!(Val::Time(t), Val::Interval(i) => later(*t, *i, 1))),
    strict("+", &["INTERVAL", "TIMESTAMP"], "TIMESTAMP", on!(Val::Interval(i), Val::Time(t) => later(*t, *i, 1))),
    strict("-", &["TIMESTAMP", "INTERVAL"], "TIMESTAMP", on!(Val::Time(t), Val::Interval(i) => later(*t, *i, -1))),
    strict(
        "-",
        &["TIMESTAMP", "TIMESTAMP"],
        "INTERVAL",
        on!(Val::Time(a), Val::Time(b) => {
            Ok(Val::Interval(Interval { micros: a - b, ..Interval::default() }))
        }),
    ),
    strict(
        "-",
        &["DATE", "DATE"],
        "INTERVAL",
        on!(Val::Date(a), Val::Date(b) => {
            Ok(Val::Interval(Interval { days: i64::from(*a) - i64::from(*b), ..Interval::default() }))
        }),
    ),
    strict("+", &["DATE", "INT64"], "DATE", on!(Val::Date(d), Val::Int(n) => days_later(*d, Some(*n)))),
    strict("-", &["DATE", "INT64"], "DATE", on!(Val::Date(d), Val::Int(n) => days_later(*d, n.checked_neg()))),
    strict("DATE_ADD", &["DATE", "INTERVAL"], "DATE", on!(Val::Date(d), Val::Interval(i) => date_later(*d, *i, 1))),
    strict("DATE_SUB", &["DATE", "INTERVAL"], "DATE", on!(Val::Date(d), Val::Interval(i) => date_later(*d, *i, -1))),
    strict(
        "TIMESTAMP_DIFF",
        &["TIMESTAMP", "TIMESTAMP", "STRING"],
        "INT64",
        on!(Val::Time(a), Val::Time(b), Val::Text(part) => {
            match fixed(part) {
                Some(unit) => Ok(Val::Int((a - b) / unit)),
                None => Trouble::stops(format!("TIMESTAMP_DIFF does not take {part}")),
            }
        }),
    ),
    strict(
        "DATE_DIFF",
        &["DATE", "DATE", "STRING"],
        "INT64",
        on!(Val::Date(a), Val::Date(b), Val::Text(part) => {
            date_difference(*a, *b, part)
        }),
    ),
    strict("TIMESTAMP_TRUNC", &["TIMESTAMP", "STRING", "[STRING]"], "TIMESTAMP", |_, args| match args {
        [Val::Time(t), Val::Text(part), rest @ ..] => {
            if let Some(Val::Text(zone)) = rest.first() {
                utc(zone)?;
            }
            match fixed(part) {
                Some(unit) => timed(Some(t - t.rem_euclid(unit))),
                None => midnight(truncated(date_of(*t), part)?).map(Val::Time),
            }
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "DATE_TRUNC",
        &["DATE", "STRING"],
        "DATE",
        on!(Val::Date(d), Val::Text(part) => dated(Some(truncated(date(*d), part)?))),
    ),
    strict("TIMESTAMP_BUCKET", &["TIMESTAMP", "INTERVAL", "[TIMESTAMP]"], "TIMESTAMP", |_, args| match args {
        [Val::Time(t), Val::Interval(width), rest @ ..] => {
            // Buckets count from the start of 1950 where nothing else is said.
            let origin = if let Some(Val::Time(origin)) = rest.first() { *origin } else { -631_152_000_000_000 };
            let length =
                width.days.checked_mul(DAY).and_then(|days| days.checked_add(width.micros)).unwrap_or_default();
            if width.months != 0 || length <= 0 {
                return Trouble::stops("TIMESTAMP_BUCKET: a width of days and less, over 0");
            }
            timed(t.checked_sub((t - origin).rem_euclid(length)))
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict("EXTRACT", &["STRING", "TIMESTAMP", "[STRING]"], "INT64", |_, args| match args {
        [Val::Text(part), Val::Time(t), rest @ ..] => {
            if let Some(Val::Text(zone)) = rest.first() {
                utc(zone)?;
            }
            moment_part(*t, part).map(Val::Int)
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "EXTRACT",
        &["STRING", "DATE"],
        "INT64",
        on!(Val::Text(part), Val::Date(d) => date_part(date(*d), part).map(Val::Int)),
    ),
    strict("EXTRACT", &["STRING", "INTERVAL"], "INT64", |_, _| Trouble::unknown("EXTRACT of an INTERVAL")),
    strict("FORMAT_TIMESTAMP", &["STRING", "TIMESTAMP", "[STRING]"], "STRING", |_, args| match args {
        [Val::Text(format), Val::Time(t), rest @ ..] => {
            if let Some(Val::Text(zone)) = rest.first() {
                utc(zone)?;
            }
            formatted(format, *t)
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "FORMAT_DATE",
        &["STRING", "DATE"],
        "STRING",
        on!(Val::Text(format), Val::Date(d) => formatted(format, midnight(date(*d))?)),
    ),
];

fn timed(micros: Option<i64>) -> Result<Val, Trouble> {
    moment(micros).map(Val::Time)
}

fn dated(date: Option<NaiveDate>) -> Result<Val, Trouble> {
    days(date).map(Val::Date)
}

fn utc(zone: &str) -> Result<(), Trouble> {
    if matches!(zone, "UTC" | "Etc/UTC" | "+00" | "+00:00") {
        Ok(())
    } else {
        Trouble::unknown(format!("the time zone `{zone}`"))
    }
}

fn interval(number: i64, part: &str) -> Result<Val, Trouble> {
    let days = |each: i64| number.checked_mul(each).map(|days| Interval { days, ..Interval::default() });
    let months = |each: i64| number.checked_mul(each).map(|months| Interval { months, ..Interval::default() });
    let made = match part {
        "DAY" => days(1),
        "WEEK" => days(7),
        "MONTH" => months(1),
        "QUARTER" => months(3),
        "YEAR" => months(12),
        _ => match fixed(part) {
            Some(unit) => number.checked_mul(unit).map(|micros| Interval { micros, ..Interval::default() }),
            None => return Trouble::unknown(format!("an INTERVAL of {part}")),
        },
    };
    made.map_or_else(|| Trouble::stops("INTERVAL overflow"), |made| Ok(Val::Interval(made)))
}

fn later(micros: i64, by: Interval, sign: i64) -> Result<Val, Trouble> {
    if by.months != 0 {
        return Trouble::stops("a TIMESTAMP takes no months and years");
    }
    let days =
        by.days.checked_mul(DAY).and_then(|days| days.checked_add(by.micros)).and_then(|all| all.checked_mul(sign));
    timed(days.and_then(|all| micros.checked_add(all)))
}

fn days_later(day: i32, number: Option<i64>) -> Result<Val, Trouble> {
    let number = number.and_then(|number| i64::from(day).checked_add(number)).and_then(|days| i32::try_from(days).ok());
    dated(number.and_then(NaiveDate::from_epoch_days))
}

fn date_later(day: i32, by: Interval, sign: i64) -> Result<Val, Trouble> {
    let months = by.months.checked_mul(sign).and_then(|months| months_later(date(day), months));
    let days = by.days.unsigned_abs();
    let back = (by.days < 0) != (sign < 0);
    dated(months.and_then(|date| {
        if back { date.checked_sub_days(Days::new(days)) } else { date.checked_add_days(Days::new(days)) }
    }))
}

/// How many starts of a part lie between two dates.
fn date_difference(one: i32, other: i32, part: &str) -> Result<Val, Trouble> {
    let number = |day: i32| -> Result<i64, Trouble> {
        let date = date(day);
        let months = i64::from(date.year()) * 12 + i64::from(date.month0());
        Ok(match part {
            "DAY" => i64::from(day),
            "MONTH" => months,
            "QUARTER" => months.div_euclid(3),
            "YEAR" => i64::from(date.year()),
            "ISOYEAR" => i64::from(date.iso_week().year()),
            _ => i64::from(truncated(date, part)?.to_epoch_days()).div_euclid(7),
        })
    };
    Ok(Val::Int(number(one)? - number(other)?))
}

/// By the elements of the vendor's page that mean the same everywhere.
fn formatted(format: &str, micros: i64) -> Result<Val, Trouble> {
    let mut out = String::new();
    let mut chars = format.chars();
    let date = date_of(micros);
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        let part = |part: &str| moment_part(micros, part);
        out.push_str(&match chars.next() {
            Some('Y') => date.year().to_string(),
            Some('m') => format!("{:02}", date.month()),
            Some('d') => format!("{:02}", date.day()),
            Some('j') => format!("{:03}", date.ordinal()),
            Some('H') => format!("{:02}", part("HOUR")?),
            Some('M') => format!("{:02}", part("MINUTE")?),
            Some('S') => format!("{:02}", part("SECOND")?),
            Some('F') => date_text(date.to_epoch_days()),
            Some('T') => format!("{:02}:{:02}:{:02}", part("HOUR")?, part("MINUTE")?, part("SECOND")?),
            Some('u') => date.weekday().number_from_monday().to_string(),
            Some('w') => date.weekday().num_days_from_sunday().to_string(),
            Some('s') => micros.div_euclid(1_000_000).to_string(),
            Some('%') => "%".to_owned(),
            other => {
                return Trouble::unknown(format!("the format element %{}", other.map_or(String::new(), String::from)));
            }
        });
    }
    Ok(out.into())
}
