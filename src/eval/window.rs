//! Windows: takes a rule's `over` and a run's range, gives the windows that hold a time and which of them the run judges.
//!
//! A window is `[start, start + length)`; starts are the multiples of the step since 1970. A run over `[from, to)` judges the windows whose
//! end lies in `(from, to]`, so that runs side by side judge each window once.

use crate::ir::Window;

/// What a run covers, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first moment.
    pub from: i64,
    /// One past the last moment.
    pub to: i64,
}

impl Range {
    /// Whether an event of a rule without windows is of this run.
    #[must_use]
    pub fn holds(&self, time: i64) -> bool {
        self.from <= time && time < self.to
    }

    /// Whether a window with this end is judged.
    #[must_use]
    pub fn judges(&self, end: i64) -> bool {
        self.from < end && end <= self.to
    }
}

/// The starts of the windows that hold a time and are judged, or come one step before those: rising.
pub fn starts(window: &Window, time: i64, range: Range) -> impl Iterator<Item = i64> + use<> {
    // i128: no sum or product of two microsecond counts leaves it.
    let (length, step) = (i128::from(window.length), i128::from(window.step).max(1));
    let (time, from, to) = (i128::from(time), i128::from(range.from), i128::from(range.to));
    // The start is in (time − length, time], the end in (from − step, to].
    let after = (time - length).max(from - step - length);
    let until = time.min(to - length);
    let first = after.div_euclid(step) + 1;
    let last = until.div_euclid(step);
    (first..=last).filter_map(move |n| i64::try_from(n * step).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn window(length: i64, step: i64) -> Window {
        Window { length, step, merges: length != step, across: false, keys: Vec::new(), span: Span::default() }
    }

    const ALL: Range = Range { from: -1_000_000, to: 1_000_000 };

    fn all(length: i64, step: i64, time: i64) -> Vec<i64> {
        starts(&window(length, step), time, ALL).collect()
    }

    #[test]
    fn windows_are_half_open() {
        assert_eq!(all(10, 10, 0), [0]);
        assert_eq!(all(10, 10, 9), [0]);
        assert_eq!(all(10, 10, 10), [10]);
        assert_eq!(all(10, 10, -1), [-10]);
        assert_eq!(all(10, 5, 10), [5, 10]);
        assert_eq!(all(10, 5, 9), [0, 5]);
        assert_eq!(all(30, 10, 0), [-20, -10, 0]);
    }

    #[test]
    fn only_those_near_the_range_are_given() {
        let given = |from, to, time| starts(&window(20, 10), time, Range { from, to }).collect::<Vec<_>>();
        // Ends 20 and 30 hold the time 15. Judged are ends in (from, to]; the one before them is given too.
        assert_eq!(given(20, 30, 15), [0, 10]);
        assert_eq!(given(30, 40, 15), [10]);
        assert_eq!(given(40, 50, 15), [0_i64; 0]);
        assert_eq!(given(0, 20, 15), [0]);
        assert_eq!(given(0, 19, 15), [0_i64; 0]);
        assert_eq!(given(19, 20, 15), [0]);
        assert!(Range { from: 20, to: 30 }.judges(30) && !Range { from: 20, to: 30 }.judges(20));
        assert!(Range { from: 20, to: 30 }.holds(20) && !Range { from: 20, to: 30 }.holds(30));
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let whole = Range { from: i64::MIN, to: i64::MAX };
        assert_eq!(starts(&window(10, 10), i64::MAX, whole).count(), 0);
        assert_eq!(starts(&window(10, 10), i64::MIN, whole).count(), 0);
    }
}
