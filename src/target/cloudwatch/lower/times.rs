//! Time: windows, the range, and tests of times, all by the record's own time.
//!
//! `@timestamp` and `bin()` are never used: when a record is filed says nothing exact about when its event was. The logs in
//! [`WHOLE_SECONDS`] write their time in whole seconds and UTC, so that parts of the text are the window, in commands of every
//! generation; of other logs the text is read by `parseDate`, and of nanoseconds since 1970 the first digits are taken. Whether `<` orders texts is not documented: a time is compared as the
//! number of its digits, `20260131080000`.

use super::plan::{Plan, Said};
use super::values::{Lack, Value};
use crate::ir::pattern::{self, Node};
use crate::ir::{self, Comparison, ExprKind, Step, Type, Window};
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Command, Field, Function, Operator, Term};
use crate::target::names;

/// Source and key of the times that are written as `2026-01-31T08:00:00Z`: both clouds' documents and every record seen say so.
const WHOLE_SECONDS: [(&str, &str); 2] = [("aws.bedrock", "timestamp"), ("aws.cloudtrail", "eventTime")];

/// Windows that are the beginning of a time's text: length in seconds, characters, and what makes them a whole time again.
const PREFIXES: [(i64, i128, &str); 6] = [
    (86_400, 10, "T00:00:00Z"),
    (3_600, 13, ":00:00Z"),
    (600, 15, "0:00Z"),
    (60, 16, ":00Z"),
    (10, 18, "0Z"),
    (1, 19, "Z"),
];

const MILLISECOND: i64 = ir::SECOND / 1_000;
const DAY_MS: i128 = 86_400_000;

/// How a log writes a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Text of [`WHOLE_SECONDS`].
    Whole,
    /// RFC 3339 text.
    Text,
    /// A number of 19 digits, as every time since 2001 is: past 2^53, so that parts of the digits are taken, and nothing is divided.
    Nanoseconds,
}

/// A time as the log has it.
struct Clock {
    field: Field,
    form: Form,
}

impl Clock {
    fn is_whole(&self) -> bool {
        self.form == Form::Whole
    }
}

impl Plan<'_> {
    fn clock(&mut self, expr: &ir::Expr) -> Said<Clock> {
        if let Some(Value { term: Term::Field(field), .. }) = self.grouped_column(expr)?
            && self.grouped_scale(expr) == 1
        {
            return Ok(Clock { field, form: Form::Whole });
        }
        if let Some(inner) = self.stands_for(expr) {
            return self.clock(&inner);
        }
        if let ExprKind::Call(ir::Function::UnixNanos, args) = &expr.kind
            && let [number] = args.as_slice()
        {
            let field = self.field_of(number)?;
            return field.map(|field| Clock { field, form: Form::Nanoseconds }).ok_or_else(|| errors::clock(expr.span));
        }
        let (ExprKind::Read(inner), Type::Time) = (&expr.kind, &expr.ty) else { return Err(errors::clock(expr.span)) };
        let whole = match &inner.kind {
            ExprKind::Path(base, steps) if base.kind == ExprKind::Record => WHOLE_SECONDS
                .iter()
                .any(|(source, key)| *source == self.source.name && *steps == [Step::Key((*key).to_owned())]),
            _ => false,
        };
        match self.field_of(expr)? {
            Some(field) => Ok(Clock { field, form: if whole { Form::Whole } else { Form::Text } }),
            None => Err(errors::clock(expr.span)),
        }
    }

    /// A time as it is shown and grouped: RFC 3339 text, or milliseconds since 1970 where the log has no text.
    pub(super) fn time_text(&mut self, expr: &ir::Expr) -> Said<Value> {
        if let Some(column) = self.grouped_column(expr)? {
            return Ok(column);
        }
        let clock = self.clock(expr)?;
        if clock.form == Form::Nanoseconds {
            return Ok(Value { term: self.milliseconds(expr)?, lack: self.time_lack(clock.field) });
        }
        let known = self.known.iter().any(|(known, _)| *known == clock.field);
        Ok(Value { term: Term::Field(clock.field), lack: if known { Lack::Never } else { Lack::Blank } })
    }

    /// Whether a time is text in whole seconds, which sorts as times do and has one spelling.
    pub(super) fn is_whole(&mut self, expr: &ir::Expr) -> Said<bool> {
        Ok(self.clock(expr)?.is_whole())
    }

    /// When a number that is made of a time's text is missing.
    fn time_lack(&self, field: Field) -> Lack {
        if self.known.iter().any(|(known, _)| *known == field) {
            return Lack::Never;
        }
        let text = Value::blank(Term::Field(field));
        Lack::When { present: text.present(), absent: text.absent(), zero: false }
    }

    /// Milliseconds since 1970, cut to seconds; null where the text is no time.
    pub(super) fn milliseconds(&mut self, expr: &ir::Expr) -> Said<Term> {
        let clock = self.clock(expr)?;
        if clock.form == Form::Nanoseconds {
            return Ok(self.leading_digits(clock.field, 13));
        }
        let date = |text, zone| Term::call(Function::ParseDate, [text, Term::word(zone)]);
        if clock.is_whole() {
            return Ok(date(Term::Field(clock.field), "yyyy-MM-dd'T'HH:mm:ssX"));
        }
        let seconds = Term::Field(self.parse(clock.field.clone(), time_pattern(true), "second"));
        let zone = Term::Field(self.parse(clock.field, time_pattern(false), "zone"));
        Ok(date(Term::call(Function::Concat, [seconds, zone]), "yyyy-MM-dd'T'HH:mm:ssXXX"))
    }

    /// The number that the first of 19 digits are; null where there are not so many.
    fn leading_digits(&mut self, field: Field, count: u32) -> Term {
        let digits =
            |count| pattern::repeat(Node::Class { negated: false, ranges: vec![('0', '9')] }, count, Some(count));
        let leading = Node::Group(Box::new(digits(count)));
        let whole = Node::Concat(vec![Node::Start, leading, digits(19 - count), Node::End]);
        Term::Field(self.parse(field, whole, "digits")).binary(Operator::Add, Term::Int(0))
    }

    /// Microseconds since 1970.
    pub(super) fn microseconds(&mut self, expr: &ir::Expr) -> Said<Value> {
        let clock = self.clock(expr)?;
        if clock.form == Form::Nanoseconds {
            return Ok(Value { term: self.leading_digits(clock.field, 16), lack: Lack::Null });
        }
        let whole = self.milliseconds(expr)?.binary(Operator::Multiply, Term::Int(1_000));
        if clock.is_whole() {
            return Ok(Value { term: whole, lack: self.time_lack(clock.field) });
        }
        // The fraction as six digits: `5` is 500,000 microseconds.
        let digits = Term::Field(self.parse(clock.field, fraction_pattern(), "fraction"));
        let digits = Term::call(Function::Concat, [digits, Term::word("000000")]);
        let digits = Term::call(Function::Substr, [digits, Term::Int(0), Term::Int(6)]);
        let fraction = digits.binary(Operator::Add, Term::Int(0)).or(Term::Int(0));
        let term = Term::Field(self.column(whole.binary(Operator::Add, fraction), "us"));
        Ok(Value { term, lack: Lack::Null })
    }

    /// `hour(t)`, UTC.
    pub(super) fn hour(&mut self, time: &ir::Expr) -> Said<Value> {
        let clock = self.clock(time)?;
        let term = if clock.is_whole() {
            let digits = Term::call(Function::Substr, [Term::Field(clock.field.clone()), Term::Int(11), Term::Int(2)]);
            digits.binary(Operator::Add, Term::Int(0))
        } else {
            let of_day = self.milliseconds(time)?.binary(Operator::Remainder, Term::Int(DAY_MS));
            floor(of_day.binary(Operator::Divide, Term::Int(3_600_000)))
        };
        Ok(Value { term, lack: self.time_lack(clock.field) })
    }

    /// `weekday(t)`, UTC: 1970-01-01 was a Thursday, the fourth day.
    pub(super) fn weekday(&mut self, time: &ir::Expr) -> Said<Value> {
        let clock = self.clock(time)?;
        let days = floor(self.milliseconds(time)?.binary(Operator::Divide, Term::Int(DAY_MS)));
        let from_monday = days.binary(Operator::Add, Term::Int(3)).binary(Operator::Remainder, Term::Int(7));
        Ok(Value { term: from_monday.binary(Operator::Add, Term::Int(1)), lack: self.time_lack(clock.field) })
    }

    /// A time in whole seconds compared with a constant.
    pub(super) fn compare_time(&mut self, op: Comparison, time: &ir::Expr, with: i64, positive: bool) -> Said<Term> {
        let clock = self.clock(time)?;
        let whole = with.rem_euclid(ir::SECOND) == 0;
        let (floor, ceiling) = (with.div_euclid(ir::SECOND), with.div_euclid(ir::SECOND) + i64::from(!whole));
        // Whole seconds are below a constant where they are below its next whole second.
        let (operator, second) = match op {
            Comparison::Equal if !whole => return Ok(Term::constant(!positive)),
            Comparison::Equal => (Operator::Equal, floor),
            Comparison::Less => (Operator::Less, ceiling),
            Comparison::LessEqual => (Operator::LessEqual, floor),
            Comparison::Greater => (Operator::Greater, floor),
            Comparison::GreaterEqual => (Operator::GreaterEqual, ceiling),
        };
        let second = Term::Int(digits_of(second));
        let lack = Value { term: Term::Field(clock.field.clone()), lack: self.time_lack(clock.field.clone()) };
        let digits = digits_term(clock.field);
        Ok(if positive {
            Term::all(vec![lack.present(), digits.binary(operator, second)])
        } else {
            Term::any(vec![lack.absent(), digits.binary(operator.complement(), second)])
        })
    }

    /// The condition that the event has a time. It may be used before it is asked: what has no time is dropped before anything is
    /// grouped or shown.
    pub(super) fn time_is_known(&mut self) -> Said<Term> {
        let bound = self.bound;
        let field = self.clock(&bound.time)?.field;
        self.known.push((field.clone(), Type::Time));
        Ok(Value::blank(Term::Field(field)).present())
    }

    /// Keeps events with times in [from, to), both in microseconds.
    pub(super) fn keep_range(&mut self, from: i64, to: i64) -> Said<()> {
        let time = &self.bound.time;
        let clock = self.clock(time)?;
        let second = |us: i64| us.div_euclid(ir::SECOND) + i64::from(us.rem_euclid(ir::SECOND) != 0);
        let (at, from, to) = if clock.is_whole() {
            (digits_term(clock.field), digits_of(second(from)), digits_of(second(to)))
        } else {
            (self.microseconds(time)?.term, i128::from(from), i128::from(to))
        };
        let at = Term::Field(self.column(at, "at"));
        self.filter(Term::all(vec![
            at.clone().binary(Operator::GreaterEqual, Term::Int(from)),
            at.binary(Operator::Less, Term::Int(to)),
        ]));
        Ok(())
    }

    /// Adds the column of the window's start, with a row for each window that an event is in; keeps windows whose end lies in
    /// (from, to]. Text where the window is the beginning of a time's text, else milliseconds since 1970.
    pub(super) fn window_start(&mut self, window: &Window, range: Option<(i64, i64)>) -> Said<()> {
        if window.length % MILLISECOND != 0 || window.step % MILLISECOND != 0 {
            return Err(errors::window(window.span));
        }
        let time = &self.bound.time;
        let clock = self.clock(time)?;
        if !clock.is_whole() && window.step % ir::SECOND != 0 {
            return Err(errors::fractions(window.span));
        }
        let ends = range.map(|(from, to)| window_ends(window, from, to));
        if let Some((first, last)) = ends {
            self.keep_range(first - window.length, last)?;
        }
        let start = names::WINDOW_START.to_owned();
        let prefix = PREFIXES.iter().find(|(seconds, ..)| window.step == seconds * ir::SECOND);
        if window.length == window.step
            && let (true, Some((_, characters, rest))) = (clock.is_whole(), prefix)
        {
            let part = Term::call(Function::Substr, [Term::Field(clock.field), Term::Int(0), Term::Int(*characters)]);
            let text = Term::call(Function::Concat, [part, Term::word(rest)]);
            self.commands.push(Command::Fields(vec![(text, start)]));
            return Ok(());
        }
        let step = Term::Int(i128::from(window.step / MILLISECOND));
        let milliseconds = self.milliseconds(time)?;
        let milliseconds = Term::Field(self.column(milliseconds, "ms"));
        self.filter(Term::call(Function::IsPresent, [milliseconds.clone()]));
        let floored =
            floor(milliseconds.binary(Operator::Divide, step.clone())).binary(Operator::Multiply, step.clone());
        if window.length == window.step {
            self.commands.push(Command::Fields(vec![(floored, start)]));
            return Ok(());
        }
        let hops = (0..window.length / window.step).map(|k| k.to_string()).collect::<Vec<_>>().join(",");
        let Some(hops) = Term::quoted(&format!("[{hops}]")) else { return Err(errors::window(window.span)) };
        let hops = self.column(Term::call(Function::JsonParse, [hops]), "hops");
        let hop = self.fresh("hop");
        self.commands.push(Command::Unnest(hops, hop.clone()));
        let back = Term::made(&hop).binary(Operator::Multiply, step);
        self.commands.push(Command::Fields(vec![(floored.binary(Operator::Subtract, back), start.clone())]));
        if let Some((first, last)) = ends {
            let bound = |end: i64| Term::Int(i128::from((end - window.length) / MILLISECOND));
            let start = Term::made(&start);
            self.filter(Term::all(vec![
                start.clone().binary(Operator::GreaterEqual, bound(first)),
                start.binary(Operator::LessEqual, bound(last)),
            ]));
        }
        Ok(())
    }
}

fn floor(number: Term) -> Term {
    Term::call(Function::Floor, [number])
}

/// The first and the last end of a window in (from, to]: ends are multiples of the step, because it divides the length.
fn window_ends(window: &Window, from: i64, to: i64) -> (i64, i64) {
    let below = |time: i64| time.div_euclid(window.step) * window.step;
    (below(from) + window.step, below(to))
}

/// The text of a time in whole seconds as the number of its digits.
fn digits_term(field: Field) -> Term {
    let text = Term::call(Function::Substr, [Term::Field(field), Term::Int(0), Term::Int(19)]);
    let digits = ["-", "T", ":"]
        .into_iter()
        .fold(text, |text, sign| Term::call(Function::Replace, [text, Term::word(sign), Term::word("")]));
    digits.binary(Operator::Add, Term::Int(0))
}

/// The digits of a second since 1970, of the years that four digits can write.
fn digits_of(second: i64) -> i128 {
    use chrono::{Datelike as _, Timelike as _};
    let Some(time) = chrono::DateTime::from_timestamp(second, 0) else {
        return if second < 0 { 0 } else { 99_991_231_235_959 };
    };
    let parts = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
    parts.iter().fold(i128::from(time.year()), |digits, part| digits * 100 + i128::from(*part))
}

/// The fraction of an RFC 3339 time's second.
fn fraction_pattern() -> Node {
    let digit = Node::Class { negated: false, ranges: vec![('0', '9')] };
    let digits = Node::Repeat { min: 1, max: None, greedy: true, node: Box::new(digit) };
    Node::Concat(vec![Node::Char('.'), Node::Group(Box::new(digits))])
}

/// An RFC 3339 time with its part to the second captured, or its zone.
fn time_pattern(seconds: bool) -> Node {
    let digit = Node::Class { negated: false, ranges: vec![('0', '9')] };
    let some = |n| Node::Repeat { min: n, max: Some(n), greedy: true, node: Box::new(digit.clone()) };
    let second = Node::Concat(vec![
        some(4),
        Node::Char('-'),
        some(2),
        Node::Char('-'),
        some(2),
        Node::Char('T'),
        some(2),
        Node::Char(':'),
        some(2),
        Node::Char(':'),
        some(2),
    ]);
    let more = Node::Repeat { min: 1, max: None, greedy: true, node: Box::new(digit.clone()) };
    let fraction = Node::Concat(vec![Node::Char('.'), more]);
    let fraction = Node::Repeat { min: 0, max: Some(1), greedy: true, node: Box::new(fraction) };
    let sign = Node::Class { negated: false, ranges: vec![('+', '+'), ('-', '-')] };
    let offset = Node::Concat(vec![sign, some(2), Node::Char(':'), some(2)]);
    let zone = Node::Alternate(vec![Node::Char('Z'), offset]);
    let (second, zone) =
        if seconds { (Node::Group(Box::new(second)), zone) } else { (second, Node::Group(Box::new(zone))) };
    Node::Concat(vec![Node::Start, second, fraction, zone, Node::End])
}
