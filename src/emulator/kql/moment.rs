//! Datetimes and timespans: texts ↔ ticks of 100 nanoseconds, a datetime's counted from 0001-01-01 (UTC).

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

/// Ticks in a second.
pub(super) const SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub(super) const DAY: i64 = 86_400 * SECOND;
/// 1970-01-01 in ticks.
pub(super) const EPOCH: i64 = 719_162 * DAY;
/// The last tick of the year 9999.
pub(super) const LAST: i64 = 3_155_378_975_999_999_999;

/// A unit of a timespan literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit(i64);

impl Unit {
    /// By a suffix.
    pub(super) fn named(name: &str) -> Option<Unit> {
        let ticks = match name {
            "d" | "day" | "days" => DAY,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600 * SECOND,
            "m" | "min" | "minute" | "minutes" => 60 * SECOND,
            "s" | "sec" | "second" | "seconds" => SECOND,
            "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => SECOND / 1000,
            "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 10,
            "tick" | "ticks" => 1,
            _ => return None,
        };
        Some(Unit(ticks))
    }
}

/// A number of units in ticks; none where it is out of range.
pub(super) fn ticks_of(number: &str, unit: Unit) -> Option<i64> {
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(unit.0);
    }
    let value = number.parse::<f64>().ok()? * unit.0 as f64;
    (value.abs() < 9.0e18).then(|| value.round() as i64)
}

/// A timespan as users write it: `1d`, `1.02:03:04.5`, `02:03`.
pub(super) fn span(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic());
    let ticks = match unit_at {
        Some(at) => ticks_of(text.get(..at)?.trim(), Unit::named(text.get(at..)?)?)?,
        None => clock(text)?,
    };
    if negative { ticks.checked_neg() } else { Some(ticks) }
}

/// `[days.]hours:minutes[:seconds[.part]]`, or whole days.
fn clock(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<i64>().ok()?.checked_mul(DAY);
    }
    let (days, rest) = match text.split_once('.') {
        Some((days, rest)) if rest.contains(':') => (days.parse::<i64>().ok()?, rest),
        _ => (0, text),
    };
    let mut parts = rest.split(':');
    let (hours, minutes) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let whole = |text: &str, below: i64| -> Option<i64> {
        let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|value| digits && *value < below)
    };
    let (second, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let ticks = fraction(part)?;
    let clock = (whole(hours, 24)? * 60 + whole(minutes, 60)?) * 60 + whole(second, 60)?;
    days.checked_mul(DAY)?.checked_add(clock * SECOND)?.checked_add(ticks)
}

/// Up to seven decimals of a second as ticks.
fn fraction(digits: &str) -> Option<i64> {
    let good = digits.len() <= 7 && digits.bytes().all(|b| b.is_ascii_digit());
    format!("{digits:0<7}").parse().ok().filter(|_| good)
}

/// A datetime in ISO 8601: a day, maybe its time with up to seven decimals, maybe its zone (none: UTC).
pub(super) fn time(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.trim()),
        None => (text, ""),
    };
    let mut parts = day.split('-');
    let mut number = |least: usize, most: usize| -> Option<u32> {
        let part = parts.next()?;
        let good = (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| good)
    };
    let year = i32::try_from(number(4, 4)?).ok()?;
    let month = number(1, 2)?;
    let date = match day.matches('-').count() {
        1 => NaiveDate::from_ymd_opt(year, month, 1)?,
        2 => NaiveDate::from_ymd_opt(year, month, number(1, 2)?)?,
        _ => return None,
    };
    let (clock_text, zone) = zone(rest)?;
    let clock = if clock_text.is_empty() { 0 } else { clock(clock_text).filter(|_| clock_text.contains(':'))? };
    let ticks = i64::from(date.num_days_from_ce() - 1).checked_mul(DAY)?.checked_add(clock)?.checked_sub(zone)?;
    in_range(ticks)
}

/// Whether a text has the form of a datetime and names a day that no month has.
pub(super) fn is_no_day(text: &str) -> bool {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let dashes = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    match (part(0, 4), part(5, 7), part(8, 10)) {
        (Some(year), Some(month), Some(day)) if dashes => {
            i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).is_none()
        }
        _ => false,
    }
}

/// A clock's text without its zone, and the zone in ticks.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let sign = if text.get(at..)?.starts_with('-') { -1 } else { 1 };
    Some((text.get(..at)?.trim_end(), sign * clock(text.get(at + 1..)?)?))
}

/// Ticks that are a datetime.
pub(super) fn in_range(ticks: i64) -> Option<i64> {
    (0..=LAST).contains(&ticks).then_some(ticks)
}

/// As chrono has it.
pub(super) fn calendar(ticks: i64) -> Option<NaiveDateTime> {
    let since = ticks.checked_sub(EPOCH)?;
    let nanos = u32::try_from(since.rem_euclid(SECOND) * 100).ok()?;
    DateTime::from_timestamp(since.div_euclid(SECOND), nanos).map(|time| time.naive_utc())
}

/// From chrono, by its day and the ticks of the day.
pub(super) fn of_day(day: NaiveDate, clock: i64) -> Option<i64> {
    in_range(i64::from(day.num_days_from_ce() - 1).checked_mul(DAY)?.checked_add(clock)?)
}

/// A datetime as `tostring` writes it, with seven decimals.
pub(super) fn time_text(ticks: i64) -> String {
    let part = ticks.rem_euclid(SECOND);
    calendar(ticks).map(|time| format!("{}.{part:07}Z", time.format("%Y-%m-%dT%H:%M:%S"))).unwrap_or_default()
}

/// A timespan as `tostring` writes it: `[-][days.]hh:mm:ss[.fffffff]`.
pub(super) fn span_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let (day, second) = (DAY.unsigned_abs(), SECOND.unsigned_abs());
    let (days, clock) = (ticks / day, ticks % day / second);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let part = if ticks.is_multiple_of(second) { String::new() } else { format!(".{:07}", ticks % second) };
    format!("{sign}{days}{:02}:{:02}:{:02}{part}", clock / 3600, clock / 60 % 60, clock % 60)
}
