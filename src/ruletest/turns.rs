//! When an emitted query runs: takes an emission and the times of a log's events, gives the runs to make of it, each with what it judges.
//!
//! A query is run once over a range of times, or in turns, as its header says: every so often, for the window or the span that ended last.

use serde_json::Value as Row;

use crate::emulator;
use crate::eval::Range;
use crate::eval::clock::parse_time;
use crate::ir::SECOND;
use crate::target::names::{TIME, WINDOW_START};
use crate::target::{Emission, Info};

/// One run of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When it runs, and over what times of the log.
    pub run: emulator::Run,
    /// What the local run judges that stands against it.
    pub judged: Range,
    /// Where the caller keeps the rows of one window only, or of one span: its first moment and the one after it.
    keeps: Option<(i64, i64)>,
}

impl Turn {
    /// The one run of a query that names its range: late enough that all has arrived.
    #[must_use]
    pub fn over(emission: &Emission, range: Range) -> Turn {
        let run = emulator::Run {
            now: range.to.saturating_add(emission.delay).saturating_add(86_400 * SECOND),
            // A service that files later than the event has it in the range of filing times that the query's header asks for.
            from: Some(range.from.saturating_sub(emission.lookback)),
            until: Some(range.to.saturating_add(emission.delay)),
        };
        Turn { run, judged: range, keeps: None }
    }

    /// The run for a moment E, a multiple of the rule's step. It happens when all that the delay allows for has arrived, or as much later as
    /// the next one leaves room for.
    fn ending(emission: &Emission, info: &Info, end: i64) -> Turn {
        let Emission { every, lookback, delay, .. } = *emission;
        let span = emission.window.unwrap_or(every);
        let settled = end.saturating_add(delay);
        let late = if end.div_euclid(every.max(1)) % 2 == 0 { 0 } else { every - 1 };
        // Over the entries of one window, or over those of one step.
        let judges = if info.selects { span } else { every };
        Turn {
            run: emulator::Run {
                now: settled.saturating_add(late),
                from: Some(end.saturating_sub(lookback)),
                until: Some(if info.selects { end } else { settled }),
            },
            judged: Range { from: end.saturating_sub(judges), to: end },
            keeps: info.by_filing_time.then_some((end.saturating_sub(span), end)),
        }
    }

    /// The turns in which an event enters a rule's sight or leaves it, and those beside them; evenly thinned to so many.
    #[must_use]
    pub fn by_schedule(emission: &Emission, info: &Info, times: &[i64], most: usize) -> Vec<Turn> {
        let step = emission.every.max(1);
        let at = |moment: i64| moment.div_euclid(step);
        let near = |time: &i64| {
            let span = emission.window.unwrap_or(step);
            let (before, last) = (at(*time), at(time.saturating_add(span)));
            [before, before.saturating_add(1), last, last.saturating_add(1)]
        };
        let mut ends: Vec<i64> = times.iter().flat_map(near).map(|n| n.saturating_mul(step)).collect();
        ends.sort_unstable();
        ends.dedup();
        let (last, made) = (ends.len().saturating_sub(1), ends.len().min(most));
        // The first and the last are among them.
        let some = (0..made).filter_map(|n| ends.get(n * last / made.saturating_sub(1).max(1)));
        some.map(|end| Turn::ending(emission, info, *end)).collect()
    }

    /// The rows of which the caller makes alerts.
    #[must_use]
    pub fn kept(&self, rows: Vec<Row>, windowed: bool) -> Vec<Row> {
        let Some((from, end)) = self.keeps else { return rows };
        let time = |row: &Row| match row.get(if windowed { WINDOW_START } else { TIME })? {
            Row::String(text) => parse_time(text),
            // CloudWatch's milliseconds.
            number => number.as_i64()?.checked_mul(1_000),
        };
        let keeps =
            |row: &Row| time(row).is_some_and(|time| if windowed { time == from } else { from <= time && time < end });
        rows.into_iter().filter(keeps).collect()
    }
}
