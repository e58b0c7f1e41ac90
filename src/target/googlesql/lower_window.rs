//! Time: takes a rule's window and what range was asked for, gives the range of its events and each row's window.

use super::tree::{Operator, Sql, Type, Unnest};
use crate::ir::{Rule, SECOND, Window};
use crate::target::{EVENT_RULE_STEP, Lowering, Reach, windows};

/// The windows that a query judges.
#[derive(Debug)]
pub(super) struct Judged {
    /// Where the past begins that look-backs ask.
    pub begin: Sql,
    /// Events from here …
    pub from: Sql,
    /// … to before this.
    pub to: Sql,
    /// The start of a row's window.
    pub start: Option<Sql>,
    /// What gives a row for each window that holds the event.
    pub hops: Option<Unnest>,
    /// The first and last start, where the rows reach into other windows too.
    pub starts: Option<(Sql, Sql)>,
    /// How many windows are judged, where that is known.
    pub windows: Option<i64>,
}

/// The name of the number that says how many steps before the event its window begins.
const HOP: &str = "hop";

/// A clock in a unit: how times become numbers and numbers times.
#[derive(Clone, Copy)]
struct Clock {
    unit: i64,
    number: &'static str,
    time: &'static str,
}

impl Clock {
    /// Seconds where all of these are whole seconds.
    fn of(lengths: &[i64]) -> Clock {
        if lengths.iter().all(|length| length % SECOND == 0) {
            Clock { unit: SECOND, number: "UNIX_SECONDS", time: "TIMESTAMP_SECONDS" }
        } else {
            Clock { unit: 1, number: "UNIX_MICROS", time: "TIMESTAMP_MICROS" }
        }
    }

    fn number(self, time: Sql) -> Sql {
        Sql::call(self.number, vec![time], Type::Int64)
    }

    fn time(self, number: Sql) -> Sql {
        Sql::call(self.time, vec![number], Type::Timestamp)
    }

    fn constant(self, micros: i64) -> Sql {
        Sql::int(micros / self.unit)
    }

    /// Whole steps since 1970. Logs hold nothing older, so that cutting towards zero is cutting down.
    fn steps(self, number: Sql, step: i64) -> Sql {
        Sql::call("DIV", vec![number, self.constant(step)], Type::Int64)
    }

    /// The start of a time's window where windows of a length are counted from a moment before it.
    fn counted(self, time: &Sql, from: &Sql, length: i64) -> Sql {
        let begin = self.number(from.clone());
        let since = Sql::binary(Operator::Subtract, self.number(time.clone()), begin.clone());
        let whole = Sql::binary(Operator::Multiply, self.steps(since, length), self.constant(length));
        self.time(Sql::binary(Operator::Add, begin, whole))
    }

    /// The last multiple of a step that is not after now minus a delay, minus a length.
    fn before_now(self, step: i64, delay: i64, minus: i64) -> Sql {
        let subtract = |sql, micros| match micros {
            0 => sql,
            _ => Sql::binary(Operator::Subtract, sql, self.constant(micros)),
        };
        let now = Sql::new(super::tree::Node::Call("CURRENT_TIMESTAMP", Vec::new()), Type::Timestamp, false);
        let steps = self.steps(subtract(self.number(now), delay), step);
        self.time(subtract(Sql::binary(Operator::Multiply, steps, self.constant(step)), minus))
    }
}

/// The moment at which the run of a correlation ends: the last multiple of a step that is not after now minus a delay.
pub(super) fn run_end(every: i64, delay: i64) -> Sql {
    Clock::of(&[every, delay]).before_now(every, delay, 0)
}

/// What a correlation asks of a rule in a run that names no range.
fn reached(rule: &Rule, reach: Reach, time: &Sql, before: bool) -> Judged {
    let past = windows::past(rule);
    let Reach { every, delay, back } = reach;
    let Some(Window { length, step, .. }) = rule.window else {
        let clock = Clock::of(&[every, delay, back, past]);
        let [begin, from, to] = [back.saturating_add(past), back, 0].map(|back| clock.before_now(every, delay, back));
        return Judged { begin, from, to, start: None, hops: None, starts: None, windows: None };
    };
    let clock = Clock::of(&[every, delay, length, step, back, past]);
    let ended = |minus: i64| {
        if every % step.max(1) == 0 {
            return clock.before_now(every, delay, minus);
        }
        let steps = clock.steps(clock.number(clock.before_now(every, delay, 0)), step);
        let ended = Sql::binary(Operator::Multiply, steps, clock.constant(step));
        clock.time(match minus {
            0 => ended,
            minus => Sql::binary(Operator::Subtract, ended, clock.constant(minus)),
        })
    };
    let first = back.saturating_add(length).saturating_sub(step);
    let [begin, from, last, to] = [first.saturating_add(past), first, length, 0].map(ended);
    let (start, hops) = started(length, step, time);
    let starts = (before || hops.is_some()).then(|| (from.clone(), last));
    let windows = Some(back.div_euclid(step.max(1)));
    Judged { begin, from, to, start: Some(start), hops, starts, windows }
}

/// The start of a row's window, and what gives a row for each of several that hold the event.
fn started(length: i64, step: i64, time: &Sql) -> (Sql, Option<Unnest>) {
    let clock = Clock::of(&[step, length]);
    let steps = clock.steps(clock.number(time.clone()), step);
    let times =
        |steps| Sql { nullable: false, ..clock.time(Sql::binary(Operator::Multiply, steps, clock.constant(step))) };
    if length == step {
        return (times(steps), None);
    }
    let back = Sql::binary(Operator::Subtract, steps, Sql::name(HOP, Type::Int64));
    let numbers = vec![Sql::int(0), Sql::int(length / step.max(1) - 1)];
    let hops = Sql::call("GENERATE_ARRAY", numbers, Type::Array(Box::new(Type::Int64)));
    (times(back), Some(Unnest { list: hops, name: HOP.to_owned(), offset: None }))
}

/// What a query judges; without a range, the last window that ended by now minus the delay. `before`: rows of the past have windows too, whole
/// ones before the judged.
pub(super) fn judged(rule: &Rule, cx: &Lowering<'_>, time: &Sql, before: bool) -> Judged {
    if let (None, Some(alerts)) = (cx.request.range, &cx.alerts) {
        return reached(rule, alerts.reach, time, before);
    }
    let window = rule.window.as_ref();
    let past = windows::past(rule);
    let length = window.map_or(EVENT_RULE_STEP, |window| window.length);
    let step = window.map_or(EVENT_RULE_STEP, |window| window.step);
    let delay = cx.settled();
    let Some(range) = cx.request.range else {
        let clock = Clock::of(&[step, length, delay, past]);
        let [begin, from, to] =
            [length.saturating_add(past), length, 0].map(|back| clock.before_now(step, delay, back));
        let start = window.map(|_| if before { clock.counted(time, &begin, length) } else { from.clone() });
        let starts = before.then(|| (from.clone(), from.clone()));
        return Judged { begin, from, to, start, hops: None, starts, windows: None };
    };
    let Some(window) = window else {
        let [begin, from, to] = [range.0.saturating_sub(past), range.0, range.1].map(Sql::time);
        return Judged { begin, from, to, start: None, hops: None, starts: None, windows: None };
    };
    let (first, last) = windows::judged(window, range);
    let (from, to) = windows::events(window, range);
    let [begin, from, to] = [from.saturating_sub(past), from, to].map(Sql::time);
    let judged = last.saturating_sub(first).div_euclid(step.max(1)).saturating_add(1).max(0);
    let (start, hops) = started(length, step, time);
    let starts = (before || hops.is_some()).then(|| (Sql::time(first), Sql::time(last)));
    Judged { begin, from, to, start: Some(start), hops, starts, windows: Some(judged) }
}
