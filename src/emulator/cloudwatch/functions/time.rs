//! Functions of moments: cutting them to periods, milliseconds, and their texts.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate};

use super::Function;
use crate::emulator::Failure;
use crate::emulator::cloudwatch::eval::Context;
use crate::emulator::cloudwatch::reading::Question;
use crate::emulator::cloudwatch::tree::{Period, Place};
use crate::emulator::cloudwatch::value::{Cell, Number};

const DAY: i64 = 86_400_000;
/// Days from 0001-01-01 to 1970-01-01.
const DAYS_BEFORE: i64 = 719_162;

/// The letters of `strftime` that mean the same everywhere.
const LETTERS: &str = "YmdHMSjyFTRIp%";

/// A value as a moment, in milliseconds.
fn moment(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Option<i64>, Failure> {
    match value {
        Cell::Time(millis) => Ok(Some(*millis)),
        Cell::Missing | Cell::Null | Cell::Structure(_) => Ok(None),
        Cell::Number(_) | Cell::Text(_) => {
            let whole = value.as_number(context.readings, at)?.and_then(Number::whole);
            let Some(whole) = whole else {
                return Err(Failure::unknown("what moment a text, or a number that is not whole, is", at.clone()));
            };
            Ok(if context.other(Question::TimeAsNumber) { None } else { Some(whole) })
        }
    }
}

/// The start of the period that a moment is in.
pub(in crate::emulator::cloudwatch) fn floor(
    value: &Cell,
    period: Period,
    context: &Context<'_>,
    at: &Place,
) -> Result<Cell, Failure> {
    let Some(millis) = moment(value, context, at)? else { return Ok(Cell::Missing) };
    Ok(Cell::Time(start(millis, period, context)))
}

/// The moment itself where a period starts there, else the start of the next one.
pub(in crate::emulator::cloudwatch) fn ceil(
    value: &Cell,
    period: Period,
    context: &Context<'_>,
    at: &Place,
) -> Result<Cell, Failure> {
    let Some(millis) = moment(value, context, at)? else { return Ok(Cell::Missing) };
    let before = start(millis, period, context);
    if before == millis {
        return Ok(Cell::Time(millis));
    }
    let after = before.saturating_add(period.count.saturating_mul(period.unit));
    // Where periods start anew with a longer unit, the last one of it is cut short.
    Ok(Cell::Time(start(after, period, context)))
}

fn start(millis: i64, period: Period, context: &Context<'_>) -> i64 {
    let length = period.count.saturating_mul(period.unit);
    let cut = |from: i64| {
        let since = millis.saturating_sub(from);
        from.saturating_add(since.div_euclid(length).saturating_mul(length))
    };
    let first = cut(0);
    let anew = match period.unit {
        DAY => -DAYS_BEFORE * DAY,
        _ => millis.div_euclid(period.longer).saturating_mul(period.longer),
    };
    let other = cut(anew);
    if first != other && context.other(Question::BinOrigin) { other } else { first }
}

pub(super) fn from_millis(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    match value.as_number(context.readings, at)? {
        Some(Number::Whole(millis)) => Ok(Cell::Time(millis)),
        Some(Number::Real(_)) => Err(Failure::unknown("`fromMillis` of a number that is not whole", at.clone())),
        None => Ok(Cell::Missing),
    }
}

pub(super) fn to_millis(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    Ok(moment(value, context, at)?.map_or(Cell::Missing, Cell::whole))
}

/// A part of a pattern of Java's DateTimeFormatter.
#[derive(Debug, PartialEq)]
enum Part {
    /// A letter, so many times.
    Letter(char, usize),
    Literal(char),
}

/// The parts of a pattern; none where a quotation mark is not closed.
fn parts(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            let mut quoted = 0;
            loop {
                match chars.next()? {
                    '\'' if chars.peek() == Some(&'\'') => parts.push(Part::Literal(chars.next()?)),
                    '\'' => break,
                    literal => parts.push(Part::Literal(literal)),
                }
                quoted += 1;
            }
            if quoted == 0 {
                parts.push(Part::Literal('\''));
            }
        } else if c.is_ascii_alphabetic() {
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            parts.push(Part::Letter(c, count));
        } else {
            parts.push(Part::Literal(c));
        }
    }
    Some(parts)
}

/// Whether a format is known.
pub(super) fn check(function: Function, format: &str, at: &Place) -> Result<(), Failure> {
    if function == Function::FormatDate {
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c == '%' && !chars.next().is_some_and(|letter| LETTERS.contains(letter)) {
                return Err(Failure::unknown(format!("the format `{format}`"), at.clone()));
            }
        }
        return Ok(());
    }
    let Some(parts) = parts(format) else {
        return Err(Failure::rejected(format!("`{format}`: a `'` is not closed"), at.clone()));
    };
    for part in parts {
        match part {
            Part::Letter('y' | 'u', 4)
            | Part::Letter('M' | 'd' | 'H' | 'm' | 's', 2)
            | Part::Letter('S', 1..=9)
            | Part::Letter('X', 1..=3)
            | Part::Literal(_) => {}
            Part::Letter(letter, count) => {
                let letters = letter.to_string().repeat(count);
                return Err(Failure::unknown(format!("`{letters}` in the pattern of a date"), at.clone()));
            }
        }
    }
    Ok(())
}

/// The milliseconds of a text that has the form of the pattern; UTC where it says no offset. Nothing where it has another form.
pub(super) fn parse(value: &Cell, pattern: Option<&Cell>, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let (Some(text), Some(Cell::Text(pattern))) = (value.as_text(context.readings, at)?, pattern) else {
        return Ok(Cell::Missing);
    };
    let parts = parts(pattern).unwrap_or_default();
    Ok(read(&text, &parts).map_or(Cell::Missing, Cell::whole))
}

fn read(text: &str, parts: &[Part]) -> Option<i64> {
    let (mut year, mut month, mut day) = (None, None, None);
    let (mut seconds, mut nanos, mut offset) = (0_i64, 0_i64, 0_i64);
    let mut rest = text;
    for part in parts {
        match part {
            Part::Literal(literal) => rest = rest.strip_prefix(*literal)?,
            Part::Letter('X', count) => (offset, rest) = zone(rest, *count)?,
            Part::Letter(letter, count) => {
                let digits = rest.get(..*count).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
                rest = rest.get(*count..)?;
                let number = digits.parse::<u32>().ok()?;
                let below = |most: u32, unit: i64| (number < most).then(|| i64::from(number) * unit);
                match letter {
                    'y' | 'u' => year = i32::try_from(number).ok(),
                    'M' => month = Some(number),
                    'd' => day = Some(number),
                    'H' => seconds += below(24, 3600)?,
                    'm' => seconds += below(60, 60)?,
                    's' => seconds += below(60, 1)?,
                    _ => nanos = format!("{digits:0<9}").parse().ok()?,
                }
            }
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let midnight = NaiveDate::from_ymd_opt(year?, month?, day?)?.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
    Some((midnight + seconds - offset) * 1000 + nanos / 1_000_000)
}

/// `Z`, or an offset: with one letter hours and perhaps minutes, with two both, with three both and a colon. In seconds.
fn zone(text: &str, letters: usize) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let two = |text: &str| {
        let digits = text.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<i64>().ok()
    };
    let rest = text.get(1..)?;
    let hours = two(rest)?;
    let rest = rest.get(2..)?;
    let after = if letters == 3 { rest.strip_prefix(':')? } else { rest };
    let (minutes, rest) = match two(after) {
        Some(minutes) => (minutes, after.get(2..)?),
        None if letters == 1 => (0, rest),
        None => return None,
    };
    (hours <= 18 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60), rest))
}

/// The text of a moment, in UTC.
pub(super) fn format(value: &Cell, format: Option<&Cell>, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let (Some(millis), Some(Cell::Text(format))) = (moment(value, context, at)?, format) else {
        return Ok(Cell::Missing);
    };
    let Some(time) = DateTime::from_timestamp_millis(millis) else { return Ok(Cell::Missing) };
    let mut out = String::new();
    match write!(out, "{}", time.format(format)) {
        Ok(()) => Ok(Cell::text(out)),
        Err(_) => Err(Failure::unknown(format!("the format `{format}`"), at.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str, pattern: &str) -> Option<i64> {
        read(text, &parts(pattern).unwrap_or_default())
    }

    #[test]
    fn texts_of_moments() {
        assert_eq!(millis("1970-01-02", "yyyy-MM-dd"), Some(DAY));
        assert_eq!(millis("1970-01-01T00:00:01Z", "yyyy-MM-dd'T'HH:mm:ssX"), Some(1000));
        assert_eq!(millis("1970-01-01T01:00:01+01", "yyyy-MM-dd'T'HH:mm:ssX"), Some(1000));
        assert_eq!(millis("1970-01-01 00:00:00.25", "yyyy-MM-dd HH:mm:ss.SS"), Some(250));
        assert_eq!(millis("1970-01-01T00:00:00+05:30", "yyyy-MM-dd'T'HH:mm:ssXXX"), Some(-19_800_000));
        for (text, pattern) in
            [("1970-1-02", "yyyy-MM-dd"), ("1970-01-02x", "yyyy-MM-dd"), ("1970-02-30", "yyyy-MM-dd")]
        {
            assert_eq!(millis(text, pattern), None, "{text}");
        }
        assert_eq!(parts("'"), None);
        assert_eq!(parts("''"), Some(vec![Part::Literal('\'')]));
    }
}
