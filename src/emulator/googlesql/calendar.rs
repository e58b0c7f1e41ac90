//! Moments and dates: their parts, their limits, and how they are written.

use chrono::{Datelike as _, Days, Months, NaiveDate, Weekday};

use super::functions::Trouble;
use super::value::DAY;

/// The first and the last TIMESTAMP, in microseconds since 1970.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// A moment within the years 1 to 9999.
pub(super) fn moment(micros: Option<i64>) -> Result<i64, Trouble> {
    micros
        .filter(|micros| (FIRST..=LAST).contains(micros))
        .map_or_else(|| Trouble::stops("a TIMESTAMP out of range"), Ok)
}

/// A date from its days since 1970.
pub(super) fn date(days: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(days).unwrap_or_default()
}

/// The days since 1970 of a date within the years 1 to 9999.
pub(super) fn days(date: Option<NaiveDate>) -> Result<i32, Trouble> {
    let date = date.filter(|date| (1..=9999).contains(&date.year()));
    date.map_or_else(|| Trouble::stops("a DATE out of range"), |date| Ok(date.to_epoch_days()))
}

/// The date of a moment (UTC).
pub(super) fn date_of(micros: i64) -> NaiveDate {
    date(i32::try_from(micros.div_euclid(DAY)).unwrap_or_default())
}

/// Midnight of a date (UTC).
pub(super) fn midnight(date: NaiveDate) -> Result<i64, Trouble> {
    moment(i64::from(date.to_epoch_days()).checked_mul(DAY))
}

/// The microseconds of a part that is always as long.
pub(super) fn fixed(part: &str) -> Option<i64> {
    Some(match part {
        "MICROSECOND" => 1,
        "MILLISECOND" => 1000,
        "SECOND" => 1_000_000,
        "MINUTE" => 60_000_000,
        "HOUR" => 3_600_000_000,
        "DAY" => DAY,
        _ => return None,
    })
}

/// The day that weeks of a part start on.
fn week_start(part: &str) -> Option<Weekday> {
    Some(match part {
        "WEEK" | "WEEK(SUNDAY)" => Weekday::Sun,
        "ISOWEEK" | "WEEK(MONDAY)" => Weekday::Mon,
        "WEEK(TUESDAY)" => Weekday::Tue,
        "WEEK(WEDNESDAY)" => Weekday::Wed,
        "WEEK(THURSDAY)" => Weekday::Thu,
        "WEEK(FRIDAY)" => Weekday::Fri,
        "WEEK(SATURDAY)" => Weekday::Sat,
        _ => return None,
    })
}

/// The first day of a date's week, month, quarter, year.
pub(super) fn truncated(date: NaiveDate, part: &str) -> Result<NaiveDate, Trouble> {
    let month_start = |month: u32| NaiveDate::from_ymd_opt(date.year(), month, 1);
    let start = if let Some(first) = week_start(part) {
        date.checked_sub_days(Days::new(u64::from(date.weekday().days_since(first))))
    } else {
        match part {
            "DAY" => Some(date),
            "MONTH" => month_start(date.month()),
            "QUARTER" => month_start((date.month() - 1) / 3 * 3 + 1),
            "YEAR" => month_start(1),
            "ISOYEAR" => NaiveDate::from_isoywd_opt(date.iso_week().year(), 1, Weekday::Mon),
            _ => return Trouble::unknown(format!("the part {part} here")),
        }
    };
    start.map_or_else(|| Trouble::stops("a DATE out of range"), Ok)
}

/// A part of a date, as EXTRACT counts it.
pub(super) fn date_part(date: NaiveDate, part: &str) -> Result<i64, Trouble> {
    if part != "ISOWEEK"
        && let Some(first) = week_start(part)
    {
        // Days before the year's first such day are in week 0.
        let into_week = i64::from(date.weekday().days_since(first));
        return Ok((i64::from(date.ordinal0()) + 7 - into_week) / 7);
    }
    Ok(match part {
        "DAY" => i64::from(date.day()),
        "DAYOFWEEK" => i64::from(date.weekday().number_from_sunday()),
        "DAYOFYEAR" => i64::from(date.ordinal()),
        "ISOWEEK" => i64::from(date.iso_week().week()),
        "MONTH" => i64::from(date.month()),
        "QUARTER" => i64::from((date.month() - 1) / 3 + 1),
        "YEAR" => i64::from(date.year()),
        "ISOYEAR" => i64::from(date.iso_week().year()),
        _ => return Trouble::unknown(format!("the part {part} here")),
    })
}

/// A part of a moment (UTC), as EXTRACT counts it.
pub(super) fn moment_part(micros: i64, part: &str) -> Result<i64, Trouble> {
    Ok(match part {
        "MICROSECOND" => micros.rem_euclid(1_000_000),
        "MILLISECOND" => micros.rem_euclid(1_000_000) / 1000,
        "SECOND" => micros.rem_euclid(60_000_000) / 1_000_000,
        "MINUTE" => micros.rem_euclid(3_600_000_000) / 60_000_000,
        "HOUR" => micros.rem_euclid(DAY) / 3_600_000_000,
        _ => return date_part(date_of(micros), part),
    })
}

/// Months later; a day that the month does not have becomes its last.
pub(super) fn months_later(date: NaiveDate, months: i64) -> Option<NaiveDate> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { date.checked_sub_months(count) } else { date.checked_add_months(count) }
}

/// `2026-01-31`.
pub(super) fn date_text(days: i32) -> String {
    let date = date(days);
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// `2026-01-31 10:00:00`, and a fraction where there is one.
pub(super) fn clock_text(micros: i64, between: char) -> String {
    let part = |part: &str| moment_part(micros, part).unwrap_or_default();
    let date = date_text(date_of(micros).to_epoch_days());
    let clock = format!("{:02}:{:02}:{:02}", part("HOUR"), part("MINUTE"), part("SECOND"));
    let fraction = match part("MICROSECOND") {
        0 => String::new(),
        micros => format!(".{micros:06}").trim_end_matches('0').to_owned(),
    };
    format!("{date}{between}{clock}{fraction}")
}

/// A date as it is written: `2026-1-31` too.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// A moment as it is written: a date, perhaps a time after a space or T, perhaps a time zone.
pub(super) fn read_moment(text: &str) -> Result<i64, Trouble> {
    let wrong = || Trouble::Stops(format!("`{text}` is no TIMESTAMP"));
    let end = text.find([' ', 'T', 't', 'Z', 'z', '+']).unwrap_or(text.len());
    let (day, rest) = (text.get(..end).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let day = midnight(read_date(day).ok_or_else(wrong)?)?;
    let (clock, zone) =
        match rest.strip_prefix([' ', 'T', 't']).filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            Some(after) => after
                .split_at(after.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(after.len())),
            None => ("0:0:0", rest),
        };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    if fraction.len() > 6 {
        return Trouble::unknown(format!("a TIMESTAMP with more than 6 digits of a second: `{text}`"));
    }
    let numbers: Vec<i64> =
        clock.split(':').map(|n| n.parse().ok().filter(|_| n.len() < 3)).collect::<Option<_>>().ok_or_else(wrong)?;
    let [hour @ 0..24, minute @ 0..60, second @ 0..60] = numbers[..] else { return Err(wrong()) };
    let micros: i64 = format!("{fraction:0<6}").parse().map_err(|_| wrong())?;
    let local = day + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
    moment(local.checked_sub(offset(zone.trim_start_matches(' '), text)?))
}

/// The microseconds that a zone is ahead of UTC.
fn offset(zone: &str, text: &str) -> Result<i64, Trouble> {
    if matches!(zone, "" | "Z" | "z" | "UTC") {
        return Ok(0);
    }
    let Some(rest) = zone.strip_prefix(['+', '-']) else {
        return Trouble::unknown(format!("the time zone of `{text}`"));
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let number = |text: &str, under: i64| text.parse::<i64>().ok().filter(|n| (0..under).contains(n) && text.len() < 3);
    match (number(hours, 15), number(minutes, 60)) {
        (Some(hours), Some(minutes)) => {
            let ahead = (hours * 60 + minutes) * 60_000_000;
            Ok(if zone.starts_with('-') { -ahead } else { ahead })
        }
        _ => Trouble::stops(format!("`{text}` has no time zone of TIMESTAMP")),
    }
}
