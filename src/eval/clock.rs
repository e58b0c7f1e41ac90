//! Times as text and as parts of a day: takes RFC 3339 text or microseconds since 1970 in UTC, gives the other.

use crate::ir::SECOND;

const DAY: i64 = 86_400 * SECOND;

/// Reads RFC 3339 text: `2026-11-02T08:59:59Z`, with an upper-case `T`, an upper-case `Z` or an offset `+hh:mm`, and any number of places
/// behind the second, of which six count. A second 60 is not read, nor is an hour 24.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes.get(*at) != Some(mark)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut micros = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let places = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if places == 0 {
            return None;
        }
        let kept = fraction.get(..places.min(6))?;
        micros = format!("{kept:0<6}").parse().ok()?;
        rest = fraction.get(places..)?;
    }
    let offset = match rest.as_bytes() {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let at = text.len() - 5;
            let (hours, minutes) = (number(at, at + 2)?, number(at + 3, at + 5)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = hour * 3_600 + (minute - offset) * 60 + second;
    Some(days_since_1970(year, month, day) * DAY + seconds * SECOND + micros)
}

/// RFC 3339 in UTC with microseconds and `Z`; years past 9999 have a sign.
#[must_use]
pub fn time_text(micros: i64) -> String {
    let (days, of_day) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (year, month, day) = date_of(days);
    let (seconds, fraction) = (of_day / SECOND, of_day % SECOND);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let sign = if year > 9_999 { "+" } else { "" };
    let width = if year < 0 { 5 } else { 4 };
    format!("{sign}{year:0width$}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// A day since 1970 as `2026-11-02`.
#[must_use]
pub fn day_text(day: i64) -> String {
    let (year, month, day) = date_of(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The hour of the day, 0 to 23.
#[must_use]
pub fn hour(micros: i64) -> i64 {
    micros.rem_euclid(DAY) / (3_600 * SECOND)
}

/// The day of the week: Monday is 1, Sunday 7. 1970 began on a Thursday.
#[must_use]
pub fn weekday(micros: i64) -> i64 {
    (micros.div_euclid(DAY) + 3).rem_euclid(7) + 1
}

/// .NET ticks (100 ns since 0001-01-01), cut to microseconds; none outside of the years 1 to 9999, where .NET has none.
#[must_use]
pub fn of_ticks(ticks: i64) -> Option<i64> {
    let end = (days_since_1970(10_000, 1, 1) - days_since_1970(1, 1, 1)) * DAY;
    (0..end).contains(&ticks.div_euclid(10)).then(|| ticks.div_euclid(10) + days_since_1970(1, 1, 1) * DAY)
}

/// Nanoseconds since 1970, cut to microseconds.
#[must_use]
pub fn of_unix_nanos(nanos: i64) -> i64 {
    nanos.div_euclid(1_000)
}

/// Reads a moment as SQL prints it, `2026-11-02 08:59:59.5 UTC`, and RFC 3339 text.
#[must_use]
pub fn parse_sql_time(text: &str) -> Option<i64> {
    match text.strip_suffix(" UTC").and_then(|moment| moment.split_once(' ')) {
        Some((date, clock)) => parse_time(&format!("{date}T{clock}Z")),
        None => parse_time(text),
    }
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that a leap day is their last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (text, micros) in [
            ("1970-01-01T00:00:00.000000Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2026-11-02T08:59:59.586177Z", 1_793_609_999_586_177),
            ("2024-02-29T12:00:00.000000Z", 1_709_208_000_000_000),
            ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] {
            assert_eq!(parse_time(text), Some(micros), "{text}");
            assert_eq!(time_text(micros), text);
        }
        assert_eq!(time_text(i64::MAX), "+294247-01-10T04:00:54.775807Z");
        assert_eq!(time_text(i64::MIN), "-290308-12-21T19:59:05.224192Z");
    }

    #[test]
    fn every_day_of_three_eras_goes_round() {
        for days in -160_000..300_000 {
            let (year, month, day) = date_of(days);
            assert_eq!(days_since_1970(year, month, day), days);
            assert!((1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day));
        }
    }

    #[test]
    fn finer_times_are_cut_and_offsets_taken_off() {
        let at = |text| parse_time(text).map(time_text);
        assert_eq!(at("2026-01-01T00:00:00.1234569Z").as_deref(), Some("2026-01-01T00:00:00.123456Z"));
        assert_eq!(at("2026-01-01T00:00:00.5Z").as_deref(), Some("2026-01-01T00:00:00.500000Z"));
        assert_eq!(at("2026-01-01T00:30:00+01:00").as_deref(), Some("2025-12-31T23:30:00.000000Z"));
        assert_eq!(at("2026-01-01T00:00:00.123456789-00:30").as_deref(), Some("2026-01-01T00:30:00.123456Z"));
        assert_eq!(at("2026-01-01T00:00:00+23:59").as_deref(), Some("2025-12-31T00:01:00.000000Z"));
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T23:59:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+24:00",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z ",
            "2026-01-01T00:00:00é+01:0",
            "1793609999",
            "2026-1-1T00:00:00Z",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn moments_of_sql() {
        let at = |text| parse_sql_time(text).map(time_text);
        assert_eq!(at("2026-01-01 00:00:00 UTC").as_deref(), Some("2026-01-01T00:00:00.000000Z"));
        assert_eq!(at("2026-01-01 00:00:00.1234567 UTC").as_deref(), Some("2026-01-01T00:00:00.123456Z"));
        assert_eq!(at("2026-01-01T00:30:00+01:00").as_deref(), Some("2025-12-31T23:30:00.000000Z"));
        for text in [
            "2026-01-01 00:00:00",
            "2026-01-01T00:00:00 UTC",
            "2026-01-01 00:00:00Z",
            "2026-01-01 00:00:00+00 UTC",
            " UTC",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_a_time() {
        let at = |text| parse_time(text).unwrap_or_default();
        assert_eq!((hour(at("2026-01-01T23:59:59.9Z")), weekday(at("2026-01-01T00:00:00Z"))), (23, 4));
        assert_eq!((hour(-1), weekday(-1)), (23, 3));
        assert_eq!((weekday(at("2026-01-04T00:00:00Z")), weekday(at("2026-01-05T00:00:00Z"))), (7, 1));
        assert_eq!(of_ticks(621_355_968_000_000_000), Some(0));
        assert_eq!(of_ticks(621_355_968_000_000_019), Some(1));
        assert_eq!(of_ticks(3_155_378_975_999_999_999), Some(at("9999-12-31T23:59:59.999999Z")));
        assert_eq!((of_ticks(-1), of_ticks(3_155_378_976_000_000_000), of_ticks(i64::MAX)), (None, None, None));
        assert_eq!((of_unix_nanos(1_999), of_unix_nanos(-1)), (1, -1));
    }
}
