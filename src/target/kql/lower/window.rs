//! Time: takes the run's range and the rule's `over`, gives the stage that keeps the needed events and the expression of a window's start.
//!
//! A window is judged where its end lies in (from, to]. With literal times every window of the range is judged, and an event is copied into
//! each window that holds it; without, the query judges the last window that ended by now minus the log's delay.

use super::super::errors;
use super::super::tree::{Infix, Name, Scalar, Stage, Type};
use super::{Lower, refuse};
use crate::ir::{SECOND, Window};
use crate::target::names::WINDOW_START;
use crate::target::said::Said;
use crate::target::windows::{judged, past};
use crate::target::{Condition, EVENT_RULE_STEP, Judges, Lowering, Reach};

/// Most windows into which an event is copied: a day by the minute.
const MAX_PANES: i64 = 1_440;
/// Most numbers that are written out; more are counted by `range`.
const MAX_WRITTEN: i64 = 60;
/// From 0001-01-01, where KQL's `bin` begins to count, to 1970, in microseconds.
const BIN_ORIGIN: i64 = 62_135_596_800 * SECOND;
/// What a datetime holds, in microseconds since 1970.
pub(super) const DATETIMES: [i64; 2] = [-BIN_ORIGIN, 253_402_300_799_999_999];

/// Which time a run reads.
pub(super) struct Range {
    /// What stands before the table.
    pub(super) values: Vec<(Name, Scalar)>,
    /// The first moment, in the past that look-backs ask where there are any.
    pub(super) from: Scalar,
    /// The first moment of what is judged.
    judged: Scalar,
    /// The first one that is not read any more.
    pub(super) to: Scalar,
    span: Span,
}

/// Where a run's time lies.
pub(super) struct Clock {
    /// The event's time, not cut to microseconds.
    pub(super) time: Scalar,
    /// The first moment that is read.
    pub(super) from: Scalar,
    /// The first moment of what is judged: of windows, the start of the first.
    pub(super) judged: Scalar,
    span: Span,
}

/// Which windows.
enum Span {
    /// Those that start from here to there, both ends in, and how many there are.
    Starts(Scalar, Scalar, i64),
    /// The one that is judged first and last.
    Last,
}

impl Lower<'_> {
    /// The time that the run's windows need, and what the verdict rests on.
    pub(super) fn range(&mut self, cx: &mut Lowering<'_>) -> Range {
        let window = self.rule.window.as_ref();
        if cx.bound.event_id.is_some() || window.is_none() {
            cx.provided(Condition::NoDuplicates);
        }
        if window.is_some_and(|window| window.merges) {
            cx.provided(Condition::RepeatsAreMerged);
        }
        match cx.request.range {
            Some((from, to)) => {
                cx.judges = Judges::AllWindows;
                let (first, last) = match window {
                    Some(window) => judged(window, (from, to)),
                    None => (from, to),
                };
                let length = window.map_or(0, |window| window.length);
                // Without a whole window in the range there is nothing to judge: an empty range of time.
                let end = last.saturating_add(length).max(first);
                let begin = first.saturating_sub(past(self.rule));
                let [from, judged, to] =
                    [begin, first, end].map(|at| Scalar::Datetime(at.clamp(DATETIMES[0], DATETIMES[1])));
                let step = window.map_or(1, |window| window.step.max(1));
                let windows = last.saturating_sub(first).div_euclid(step).saturating_add(1).max(0);
                let span = Span::Starts(Scalar::Datetime(first), Scalar::Datetime(last), windows);
                Range { values: Vec::new(), from, judged, to, span }
            }
            None if cx.alerts.is_some() => self.reach(cx),
            None => {
                cx.judges = Judges::OneWindow;
                cx.provided(Condition::EventsArriveWithin(cx.delay()));
                let (length, step) =
                    window.map_or((EVENT_RULE_STEP, EVENT_RULE_STEP), |window| (window.length, window.step));
                let now = Scalar::call("now", []);
                let arrived = match cx.settled() {
                    0 => now,
                    delay => Scalar::infix(now, Infix::Subtract, Scalar::Timespan(delay)),
                };
                let (until, since) = (self.names.fresh("until"), self.names.fresh("since"));
                let start = Scalar::infix(Scalar::column(&until), Infix::Subtract, Scalar::Timespan(length));
                let mut values = vec![(until.clone(), bin(arrived, step)), (since.clone(), start)];
                let judged = Scalar::Column(since);
                let from = match past(self.rule) {
                    0 => judged.clone(),
                    back => {
                        let begin = self.names.fresh("past_since");
                        let before = Scalar::infix(judged.clone(), Infix::Subtract, Scalar::Timespan(back));
                        values.push((begin.clone(), before));
                        Scalar::Column(begin)
                    }
                };
                Range { values, from, judged, to: Scalar::Column(until), span: Span::Last }
            }
        }
    }

    /// The time that a correlation asks of a rule in a run that names none: behind the moment at which the run ends.
    fn reach(&mut self, cx: &mut Lowering<'_>) -> Range {
        cx.provided(Condition::EventsArriveWithin(cx.source.delay));
        let until = self.columns.map_or(Scalar::Null(Type::Datetime), |columns| Scalar::column(&columns.until));
        let reach = cx.alerts.map_or(Reach { every: 1, delay: 0, back: 0 }, |alerts| alerts.reach);
        let before = |moment: &Scalar, back: i64| match back {
            0 => moment.clone(),
            back => Scalar::infix(moment.clone(), Infix::Subtract, Scalar::Timespan(back)),
        };
        let mut values = Vec::new();
        let Some(window) = &self.rule.window else {
            let judged = before(&until, reach.back);
            let from = before(&until, reach.back.saturating_add(past(self.rule)));
            let span = Span::Starts(judged.clone(), until.clone(), 0);
            return Range { values, from, judged, to: until, span };
        };
        let to = if reach.every % window.step.max(1) == 0 {
            until
        } else {
            let ended = self.names.fresh("ended_at");
            values.push((ended.clone(), bin(until, window.step)));
            Scalar::Column(ended)
        };
        let first = reach.back.saturating_add(window.length).saturating_sub(window.step);
        let judged = before(&to, first);
        let from = before(&to, first.saturating_add(past(self.rule)));
        let span = Span::Starts(judged.clone(), before(&to, window.length), reach.back.div_euclid(window.step.max(1)));
        Range { values, from, judged, to, span }
    }

    /// Keeps the events of the run's windows.
    pub(super) fn clock(&mut self, range: Range) -> Said<Clock> {
        let Range { from, judged, to, span, .. } = range;
        let time = self.time;
        let value = self.value(time)?;
        if value.ty != Type::Datetime {
            return refuse(errors::unbound(time.span));
        }
        let time = self.once(uncut(value.scalar), "event_time");
        self.stages.push(Stage::Where(between(&time, from.clone(), to)));
        Ok(Clock { time, from, judged, span })
    }

    /// The starts of the judged windows: the first one, and how many there are where these are known.
    pub(super) fn starts(&self, clock: &Clock) -> (Scalar, Option<i64>) {
        let windows = match clock.span {
            Span::Last => None,
            Span::Starts(.., windows) => Some(windows),
        };
        (clock.judged.clone(), windows)
    }

    /// The window's start, after the stages that copy events into their windows; `before`: of the windows before the judged ones too, back to
    /// the first moment that is read.
    pub(super) fn window_start(&mut self, window: &Window, clock: &Clock, before: bool) -> Said<Scalar> {
        let pane = bin(clock.time.clone(), window.step);
        if window.step == window.length {
            return Ok(pane);
        }
        let name = Name::new(WINDOW_START);
        match &clock.span {
            Span::Last if before => {
                // Whole windows before the judged one, whose start need be no multiple of their length.
                let since = Scalar::infix(clock.time.clone(), Infix::Subtract, clock.from.clone());
                let whole = Scalar::call("bin", [since, Scalar::Timespan(window.length)]);
                self.extend(name.clone(), Scalar::infix(clock.from.clone(), Infix::Add, whole));
            }
            Span::Last => {
                // A group key that is no column would be a constant, which `summarize` need not take.
                self.extend(name.clone(), clock.judged.clone());
            }
            Span::Starts(first, last, _) => {
                let panes = window.length / window.step.max(1);
                if panes > MAX_PANES {
                    return refuse(errors::too_many_panes(panes, MAX_PANES, window.span));
                }
                let hop = self.names.fresh("window_hop");
                let hops = if panes <= MAX_WRITTEN {
                    Scalar::Array((0..panes).map(Scalar::Long).collect())
                } else {
                    Scalar::call("range", [Scalar::Long(0), Scalar::Long(panes - 1), Scalar::Long(1)])
                };
                self.extend(hop.clone(), hops);
                let list = Scalar::column(&hop);
                self.stages.push(Stage::MvExpand {
                    index: None,
                    element: hop.clone(),
                    list: list.clone(),
                    ty: Type::Long,
                    pairs: false,
                });
                let back = Scalar::infix(list, Infix::Multiply, Scalar::Timespan(window.step));
                self.extend(name.clone(), Scalar::infix(pane, Infix::Subtract, back));
                let first = if before { clock.from.clone() } else { first.clone() };
                let after = Scalar::infix(Scalar::column(&name), Infix::GreaterEqual, first);
                let before = Scalar::infix(Scalar::column(&name), Infix::LessEqual, last.clone());
                self.stages.push(Stage::Where(Scalar::all(vec![after, before])));
            }
        }
        Ok(Scalar::Column(name))
    }
}

/// From the first moment to before the other.
pub(super) fn between(time: &Scalar, from: Scalar, to: Scalar) -> Scalar {
    let after = Scalar::infix(time.clone(), Infix::GreaterEqual, from);
    Scalar::all(vec![after, Scalar::infix(time.clone(), Infix::Less, to)])
}

/// A time cut to a multiple of a length since 1970.
pub(super) fn bin(time: Scalar, length: i64) -> Scalar {
    if BIN_ORIGIN % length.max(1) == 0 {
        Scalar::call("bin", [time, Scalar::Timespan(length)])
    } else {
        Scalar::call("bin_at", [time, Scalar::Timespan(length), Scalar::Datetime(0)])
    }
}

/// A time as finely as the language keeps it.
pub(super) fn cut(time: Scalar) -> Scalar {
    Scalar::call("bin", [time, Scalar::Timespan(1)])
}

/// The time behind [`cut`]: what falls before or after a whole microsecond does so without it.
pub(super) fn uncut(time: Scalar) -> Scalar {
    match time {
        Scalar::Call("bin", mut args) if args.last() == Some(&Scalar::Timespan(1)) => args.swap_remove(0),
        time => time,
    }
}

/// Whether a time is one of KQL's.
pub(super) fn is_datetime(micros: i64) -> bool {
    (DATETIMES[0]..=DATETIMES[1]).contains(&micros)
}
