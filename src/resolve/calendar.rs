//! Calendars: takes days and hours in a zone, gives `during(time, NAME)` as a condition on UTC that every target can say.
//!
//! A zone's offsets are written out, one for each time between two changes. What changes by law after this version was made is not in it; times
//! before the first year and after the last have the offset of the nearest time.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use super::errors;
use super::scope::Resolver;
use crate::diag::Diagnostic;
use crate::ir::{Arithmetic, Comparison, Expr, ExprKind, Function, Literal, Pred, PredKind, SECOND, Type};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Argument};

/// How it is written.
pub(super) const DURING: (&str, &str) = ("during", "during(time, office)");

/// The years whose changes of offset are written out: 2023-01-01 to the end of 2032.
const YEARS: (i64, i64) = (1_672_531_200, 1_988_150_400);
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTE: i64 = 60 * SECOND;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Hours of the week in a zone.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    /// Until when an offset holds, in microseconds since 1970, and the offset in microseconds: rising.
    offsets: Vec<(i64, i64)>,
    /// The offset after the last of them.
    last: i64,
    /// Pieces within one day.
    hours: Vec<Hours>,
}

/// Days (1 is Monday) and the minutes of the day, from one up to another.
#[derive(Debug, Clone)]
struct Hours {
    days: Vec<i64>,
    from: i64,
    to: i64,
}

/// A calendar; what is wrong is said, and gives none.
pub(super) fn calendar(written: &ast::Calendar, diagnostics: &mut Vec<Diagnostic>) -> Option<Calendar> {
    let before = diagnostics.len();
    let zone = match &written.zone {
        None => {
            diagnostics.push(errors::no_zone(written.name.span, &written.name.node));
            None
        }
        Some(zone) => {
            let found = zone.node.parse::<Tz>().ok();
            if found.is_none() {
                let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
                diagnostics.push(errors::unknown(zone.span, "time zone", &zone.node, known));
            }
            found
        }
    };
    if written.hours.is_empty() {
        diagnostics.push(errors::no_hours(written.name.span, &written.name.node));
    }
    let hours = written.hours.iter().flat_map(|hours| self::hours(&hours.node, diagnostics)).collect();
    let (offsets, last) = offsets(zone?);
    (diagnostics.len() == before).then_some(Calendar { offsets, last, hours })
}

fn hours(written: &ast::Hours, diagnostics: &mut Vec<Diagnostic>) -> Vec<Hours> {
    let mut day = |name: &ast::Name| {
        let found = DAYS.iter().position(|day| *day == name.node);
        if found.is_none() {
            diagnostics.push(errors::unknown(name.span, "day", &name.node, DAYS));
        }
        found
    };
    let mut days = Vec::new();
    for (first, last) in &written.days {
        let Some(first) = day(first) else { return Vec::new() };
        let Some(last) = last.as_ref().map_or(Some(first), &mut day) else { return Vec::new() };
        // `fri..mon` goes over the weekend.
        let count = (last + DAYS.len() - first) % DAYS.len();
        days.extend((0..=count).map(|n| ((first + n) % DAYS.len()) as i64 + 1));
    }
    let mut clock = |text: &Spanned<String>| {
        let found = minutes(&text.node);
        if found.is_none() {
            diagnostics.push(errors::clock(text.span, &text.node));
        }
        found
    };
    let (Some(from), Some(to)) = (clock(&written.from), clock(&written.to)) else { return Vec::new() };
    if from == to || from == DAY {
        diagnostics.push(errors::no_time(written.from.span.to(written.to.span)));
        return Vec::new();
    }
    if from < to {
        return vec![Hours { days, from, to }];
    }
    // Over midnight: the rest is on the next day.
    let next = days.iter().map(|day| day % 7 + 1).collect();
    let rest = Hours { days: next, from: 0, to };
    let evening = Hours { days, from, to: DAY };
    if to == 0 { vec![evening] } else { vec![evening, rest] }
}

/// Minutes since midnight, of `07:00`; `24:00` ends a day.
fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}

/// The offsets of a zone, and the last one.
fn offsets(zone: Tz) -> (Vec<(i64, i64)>, i64) {
    let offset = |second: i64| {
        let moment: DateTime<Utc> = DateTime::from_timestamp(second, 0).unwrap_or_default();
        i64::from(zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc()) * SECOND
    };
    let (mut at, end) = YEARS;
    let mut current = offset(at);
    let mut changes = Vec::new();
    while at < end {
        let next = at + 86_400;
        if offset(next) != current {
            // The first second of the day that has the new one.
            let (mut before, mut after) = (at, next);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(middle) == current { before = middle } else { after = middle }
            }
            changes.push((after * SECOND, current));
            current = offset(next);
        }
        at = next;
    }
    (changes, current)
}

impl Resolver<'_> {
    /// `during(time, NAME)` as a condition.
    pub(super) fn during(&mut self, arguments: &[Argument], span: Span) -> Option<Pred> {
        let (word, usage) = DURING;
        let values: Vec<&ast::Expr> = arguments.iter().filter_map(|argument| argument.value.as_ref()).collect();
        let plain = arguments.iter().all(|argument| argument.filter.is_none() && argument.by.is_empty());
        let ([time, name], true) = (values.as_slice(), plain) else {
            return self.wrong(errors::arguments(span, word, usage, arguments.len()));
        };
        let time = self.value(time, &Type::Time);
        let named = match &*name.node {
            ast::ExprKind::Reference(word, suffixes) if suffixes.is_empty() => &word.node,
            _ => return self.wrong(errors::bad_argument(name.span, word, "a calendar", usage)),
        };
        let Some(calendar) = self.names.calendars.get(named) else {
            if self.names.is_broken("calendar", named) {
                return self.silent();
            }
            let known = self.names.calendars.keys().map(String::as_str);
            return self.wrong(errors::unknown(name.span, "calendar", named, known));
        };
        Some(calendar.holds(&time?, span))
    }
}

impl Calendar {
    fn holds(&self, time: &Expr, span: Span) -> Pred {
        let local = self.local(time, span);
        let pieces = self.hours.iter().map(|Hours { days, from, to }| {
            let weekday = call(Function::Weekday, local.clone(), span);
            let options = days.iter().map(|day| Literal::Int(*day)).collect();
            let on = Pred::new(PredKind::OneOf { subject: weekday, options, nocase: false }, span);
            let begun = at_least(&local, *from, span);
            Pred::all(vec![on, begun, at_least(&local, *to, span).negate()], span)
        });
        Pred::any(pieces.collect(), span)
    }

    /// The time that a clock of the zone shows, as if it were UTC.
    fn local(&self, time: &Expr, span: Span) -> Expr {
        let duration = |offset: i64| Expr::literal(Literal::Duration(offset), span);
        let arms: Vec<(Pred, Expr)> = self
            .offsets
            .iter()
            .map(|(until, offset)| {
                let until = Expr::literal(Literal::Time(*until), span);
                (Pred::new(PredKind::Compare(Comparison::Less, time.clone(), until), span), duration(*offset))
            })
            .collect();
        if arms.is_empty() && self.last == 0 {
            return time.clone();
        }
        let offset = if arms.is_empty() {
            duration(self.last)
        } else {
            Expr::new(ExprKind::Case(arms, Some(Box::new(duration(self.last)))), Type::Duration, span)
        };
        shifted(time, offset, span)
    }
}

fn shifted(time: &Expr, by: Expr, span: Span) -> Expr {
    Expr::new(ExprKind::Arithmetic(Arithmetic::Add, Box::new(time.clone()), Box::new(by)), Type::Time, span)
}

fn call(function: Function, time: Expr, span: Span) -> Expr {
    Expr::new(ExprKind::Call(function, vec![time]), Type::Int, span)
}

/// Whether so many minutes of the day are over.
fn at_least(local: &Expr, minutes: i64, span: Span) -> Pred {
    let (hour, minute) = (minutes / 60, minutes % 60);
    let compare = |comparison, hours: Expr, hour: i64| {
        Pred::new(PredKind::Compare(comparison, hours, Expr::literal(Literal::Int(hour), span)), span)
    };
    let hours = call(Function::Hour, local.clone(), span);
    match (hour, minute) {
        (0, 0) => Pred::new(PredKind::Const(true), span),
        (24, _) => Pred::new(PredKind::Const(false), span),
        (_, 0) => compare(Comparison::GreaterEqual, hours, hour),
        _ => {
            // In the hour itself those minutes are over from which on the rest of it leads into the next hour.
            let rest = Expr::literal(Literal::Duration((60 - minute) * MINUTE), span);
            let soon = call(Function::Hour, shifted(local, rest, span), span);
            let within = vec![
                compare(Comparison::Equal, hours.clone(), hour),
                compare(Comparison::Equal, soon, (hour + 1) % 24),
            ];
            Pred::any(vec![compare(Comparison::Greater, hours, hour), Pred::all(within, span)], span)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_of_a_zone() {
        let (changes, last) = offsets(Tz::Europe__Berlin);
        assert_eq!(changes.len(), 20);
        // 2023-03-26T01:00:00Z, winter before it; and the winter at the end.
        assert_eq!((changes[0], last), ((1_679_792_400 * SECOND, 3_600 * SECOND), 3_600 * SECOND));
        assert_eq!(offsets(Tz::UTC), (Vec::new(), 0));
        assert_eq!(offsets(Tz::Asia__Kolkata), (Vec::new(), 19_800 * SECOND));
    }

    #[test]
    fn times_of_day() {
        assert_eq!(minutes("07:30"), Some(450));
        assert_eq!(minutes("24:00"), Some(1_440));
        for text in ["24:01", "7:60", "25:00", "x:00"] {
            assert_eq!(minutes(text), None);
        }
    }
}
