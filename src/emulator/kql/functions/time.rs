//! Functions of datetimes and timespans.

use chrono::{Datelike, Duration, Months, NaiveDate, NaiveDateTime, Timelike};

use super::{Call, Function, Needs};
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::moment::{self, DAY, EPOCH, SECOND};
use crate::emulator::kql::value::{Cell, Type};

const PARTS: &[&str] = &[
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];
const PARTS_OF: &[&str] = &[
    "year",
    "quarter",
    "month",
    "week_of_year",
    "day",
    "dayOfYear",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];

const TIME: Type = Type::Time;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("now", &[Needs::Span], TIME, |call| moved(call, call.engine.now(), call.whole(0))).optional(1),
    Function::new("ago", &[Needs::Span], TIME, |call| moved(call, call.engine.now(), call.whole(0).saturating_neg())),
    Function::new("startofday", &[Needs::Time, Needs::Whole], TIME, |call| start(call, day)).optional(1),
    Function::new("startofweek", &[Needs::Time, Needs::Whole], TIME, |call| start(call, week)).optional(1),
    Function::new("startofmonth", &[Needs::Time, Needs::Whole], TIME, |call| start(call, month)).optional(1),
    Function::new("startofyear", &[Needs::Time, Needs::Whole], TIME, |call| start(call, year)).optional(1),
    Function::new("endofday", &[Needs::Time, Needs::Whole], TIME, |call| end(call, day)).optional(1),
    Function::new("endofweek", &[Needs::Time, Needs::Whole], TIME, |call| end(call, week)).optional(1),
    Function::new("endofmonth", &[Needs::Time, Needs::Whole], TIME, |call| end(call, month)).optional(1),
    Function::new("endofyear", &[Needs::Time, Needs::Whole], TIME, |call| end(call, year)).optional(1),
    Function::new("dayofweek", &[Needs::Time], Type::Span, day_of_week),
    Function::new("dayofmonth", &[Needs::Time], Type::Int, |call| part(call, "day")),
    Function::new("dayofyear", &[Needs::Time], Type::Int, |call| part(call, "dayofyear")),
    Function::new("hourofday", &[Needs::Time], Type::Int, |call| part(call, "hour")),
    Function::new("monthofyear", &[Needs::Time], Type::Int, |call| part(call, "month")),
    Function::new("getmonth", &[Needs::Time], Type::Int, |call| part(call, "month")),
    Function::new("getyear", &[Needs::Time], Type::Int, |call| part(call, "year")),
    Function::new("week_of_year", &[Needs::Time], Type::Int, |call| part(call, "week_of_year")),
    Function::new("datetime_part", &[Needs::OneOf(PARTS_OF), Needs::Time], Type::Int, named_part),
    Function::new("datetime_diff", &[Needs::OneOf(PARTS), Needs::Time, Needs::Time], Type::Long, difference),
    Function::new("datetime_add", &[Needs::OneOf(PARTS), Needs::Whole, Needs::Time], TIME, add),
    Function::new(
        "make_datetime",
        &[Needs::Whole, Needs::Whole, Needs::Whole, Needs::Whole, Needs::Whole, Needs::Number],
        TIME,
        make,
    )
    .optional(3),
    Function::new("unixtime_seconds_todatetime", &[Needs::Number], TIME, |call| since_1970(call, SECOND)),
    Function::new("unixtime_milliseconds_todatetime", &[Needs::Number], TIME, |call| since_1970(call, SECOND / 1000)),
    Function::new("unixtime_microseconds_todatetime", &[Needs::Number], TIME, |call| since_1970(call, 10)),
    Function::new("format_datetime", &[Needs::Time, Needs::Text], Type::Text, format),
];

fn moved(call: &Call<'_>, from: i64, by: i64) -> Evaluated {
    let ticks = from.checked_add(by).and_then(moment::in_range);
    ticks.map(Cell::Time).ok_or_else(|| call.unknown("a datetime out of range"))
}

fn calendar(call: &Call<'_>, number: usize) -> NaiveDateTime {
    moment::calendar(call.whole(number)).unwrap_or_default()
}

/// Days, weeks, months or years from a day on: the start of the period so many periods later.
type Period = fn(NaiveDate, i64) -> Option<NaiveDate>;

fn day(date: NaiveDate, later: i64) -> Option<NaiveDate> {
    date.checked_add_signed(Duration::try_days(later)?)
}

/// Weeks begin on Sunday.
fn week(date: NaiveDate, later: i64) -> Option<NaiveDate> {
    let since = i64::from(date.weekday().num_days_from_sunday());
    day(date, later.checked_mul(7)?.checked_sub(since)?)
}

fn month(date: NaiveDate, later: i64) -> Option<NaiveDate> {
    later_by_months(date.with_day(1)?, later)
}

fn year(date: NaiveDate, later: i64) -> Option<NaiveDate> {
    later_by_months(NaiveDate::from_ymd_opt(date.year(), 1, 1)?, later.checked_mul(12)?)
}

fn later_by_months(date: NaiveDate, later: i64) -> Option<NaiveDate> {
    let months = Months::new(u32::try_from(later.unsigned_abs()).ok()?);
    if later < 0 { date.checked_sub_months(months) } else { date.checked_add_months(months) }
}

fn start(call: &Call<'_>, period: Period) -> Evaluated {
    let first = period(calendar(call, 0).date(), call.whole(1)).and_then(|date| moment::of_day(date, 0));
    first.map(Cell::Time).ok_or_else(|| call.unknown("a datetime out of range"))
}

/// The tick before the next period.
fn end(call: &Call<'_>, period: Period) -> Evaluated {
    let next =
        period(calendar(call, 0).date(), call.whole(1).saturating_add(1)).and_then(|date| moment::of_day(date, 0));
    next.map(|ticks| Cell::Time(ticks - 1)).ok_or_else(|| call.unknown("a datetime out of range"))
}

/// As days since Sunday.
fn day_of_week(call: &Call<'_>) -> Evaluated {
    Ok(Cell::Span(i64::from(calendar(call, 0).weekday().num_days_from_sunday()) * DAY))
}

fn named_part(call: &Call<'_>) -> Evaluated {
    let name = call.text(0)?.to_lowercase();
    Ok(part_of(calendar(call, 1), call.whole(1), &name).map(Cell::Long).unwrap_or_default())
}

fn part(call: &Call<'_>, name: &str) -> Evaluated {
    Ok(part_of(calendar(call, 0), call.whole(0), name).map(Cell::Long).unwrap_or_default())
}

fn part_of(time: NaiveDateTime, ticks: i64, name: &str) -> Option<i64> {
    let within = ticks.rem_euclid(SECOND);
    Some(match name {
        "year" => i64::from(time.year()),
        "quarter" => i64::from(time.month0() / 3 + 1),
        "month" => i64::from(time.month()),
        "week_of_year" => i64::from(time.iso_week().week()),
        "day" => i64::from(time.day()),
        "dayofyear" => i64::from(time.ordinal()),
        "hour" => i64::from(time.hour()),
        "minute" => i64::from(time.minute()),
        "second" => i64::from(time.second()),
        "millisecond" => within / (SECOND / 1000),
        "microsecond" => within / 10,
        "nanosecond" => within * 100,
        _ => return None,
    })
}

/// Boundaries of the period between two moments, the second taken from the first.
fn difference(call: &Call<'_>) -> Evaluated {
    let (one, other) = (call.whole(1), call.whole(2));
    let (first, second) = (calendar(call, 1), calendar(call, 2));
    let months = |time: NaiveDateTime| i64::from(time.year()) * 12 + i64::from(time.month0());
    let units = |size: i64| one.div_euclid(size) - other.div_euclid(size);
    let difference = match call.text(0)?.to_lowercase().as_str() {
        "year" => i64::from(first.year()) - i64::from(second.year()),
        "quarter" => months(first).div_euclid(3) - months(second).div_euclid(3),
        "month" => months(first) - months(second),
        "week" => {
            let sunday = |time: NaiveDateTime| week(time.date(), 0).unwrap_or_default();
            (sunday(first) - sunday(second)).num_weeks()
        }
        "day" => units(DAY),
        "hour" => units(3600 * SECOND),
        "minute" => units(60 * SECOND),
        "second" => units(SECOND),
        "millisecond" => units(SECOND / 1000),
        "microsecond" => units(10),
        _ => one
            .checked_sub(other)
            .and_then(|ticks| ticks.checked_mul(100))
            .ok_or_else(|| call.unknown("so long a time"))?,
    };
    Ok(Cell::Long(difference))
}

fn add(call: &Call<'_>) -> Evaluated {
    let (amount, ticks) = (call.whole(1), call.whole(2));
    let time = calendar(call, 2);
    let by_months = |months: Option<i64>| {
        let date = later_by_months(time.date(), months?)?;
        moment::of_day(date, ticks.rem_euclid(DAY))
    };
    let by = |size: i64| amount.checked_mul(size).and_then(|by| ticks.checked_add(by)).and_then(moment::in_range);
    let later = match call.text(0)?.to_lowercase().as_str() {
        "year" => by_months(amount.checked_mul(12)),
        "quarter" => by_months(amount.checked_mul(3)),
        "month" => by_months(Some(amount)),
        "week" => by(7 * DAY),
        "day" => by(DAY),
        "hour" => by(3600 * SECOND),
        "minute" => by(60 * SECOND),
        "second" => by(SECOND),
        "millisecond" => by(SECOND / 1000),
        "microsecond" => by(10),
        _ => return Err(call.unknown("datetime_add of nanoseconds")),
    };
    later.map(Cell::Time).ok_or_else(|| call.unknown("a datetime out of range"))
}

/// Parts that are no date give null.
fn make(call: &Call<'_>) -> Evaluated {
    let part = |number: usize| u32::try_from(call.whole(number)).ok();
    let date = i32::try_from(call.whole(0)).ok().zip(part(1)).zip(part(2));
    let date = date.and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day));
    let seconds = if call.has(5) { call.number(5) } else { 0.0 };
    let (hour, minute) = (call.whole(3), call.whole(4));
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..60.0).contains(&seconds) {
        return Ok(Cell::Null);
    }
    let clock = (hour * 60 + minute) * 60 * SECOND + (seconds * SECOND as f64).round() as i64;
    Ok(date.and_then(|date| moment::of_day(date, clock)).map(Cell::Time).unwrap_or_default())
}

fn since_1970(call: &Call<'_>, unit: i64) -> Evaluated {
    let ticks = match call.cell(0) {
        Cell::Long(value) => value.checked_mul(unit),
        _ => {
            let ticks = call.number(0) * unit as f64;
            (ticks.abs() < 9.0e18).then_some(ticks.round() as i64)
        }
    };
    let ticks = ticks.and_then(|ticks| ticks.checked_add(EPOCH)).and_then(moment::in_range);
    Ok(ticks.map(Cell::Time).unwrap_or_default())
}

/// By the letters of the format, each run of one letter a part.
fn format(call: &Call<'_>) -> Evaluated {
    let (time, pattern) = (calendar(call, 0), call.text(1)?);
    let within = call.whole(0).rem_euclid(SECOND);
    let mut out = String::new();
    let letters: Vec<char> = pattern.chars().collect();
    for run in letters.chunk_by(|one, next| one == next) {
        let (letter, length) = (run.first().copied().unwrap_or(' '), run.len());
        let hour12 = (time.hour() + 11) % 12 + 1;
        let part = match (letter, length) {
            ('y', 4) => format!("{:04}", time.year()),
            ('y', 2) => format!("{:02}", time.year() % 100),
            ('M', 1..=2) => format!("{:0length$}", time.month()),
            ('d', 1..=2) => format!("{:0length$}", time.day()),
            ('H', 1..=2) => format!("{:0length$}", time.hour()),
            ('h', 1..=2) => format!("{hour12:0length$}"),
            ('m', 1..=2) => format!("{:0length$}", time.minute()),
            ('s', 1..=2) => format!("{:0length$}", time.second()),
            ('f', 1..=7) => format!("{within:07}").chars().take(length).collect(),
            ('t', 2) => (if time.hour() < 12 { "AM" } else { "PM" }).to_owned(),
            ('-' | ' ' | '/' | ':' | ',' | '.' | '_' | '[' | ']', _) => letter.to_string().repeat(length),
            _ => return Err(call.unknown(&format!("`{letter}` so often in a format"))),
        };
        out.push_str(&part);
    }
    Ok(Cell::text(&out))
}
