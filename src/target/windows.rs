//! Which windows a range judges: takes a rule's window and a range of times, gives the starts of the first and the last window.

use crate::ir::{Rule, Window};

/// The starts of the first and the last window that ends in (from, to]; the first is after the last where there is none.
#[must_use]
pub fn judged(window: &Window, (from, to): (i64, i64)) -> (i64, i64) {
    let multiple = |number: i64| number.saturating_mul(window.step);
    let first = multiple(from.saturating_sub(window.length).div_euclid(window.step).saturating_add(1));
    let last = multiple(to.saturating_sub(window.length).div_euclid(window.step));
    (first, last)
}

/// The times of the events in the judged windows, half open: where none is judged, the end is not after the start.
#[must_use]
pub fn events(window: &Window, range: (i64, i64)) -> (i64, i64) {
    let (first, last) = judged(window, range);
    (first, last.saturating_add(window.length))
}

/// How much time before what is judged a query reads: what the rule's look-backs reach, in whole windows.
#[must_use]
pub fn past(rule: &Rule) -> i64 {
    let back = rule.looks_back();
    match &rule.window {
        Some(window) => {
            let length = window.length.max(1);
            (back / length).saturating_add(i64::from(back % length > 0)).saturating_mul(length)
        }
        None => back,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn window(length: i64, step: i64) -> Window {
        Window { length, step, merges: step != length, across: false, keys: Vec::new(), span: Span::default() }
    }

    #[test]
    fn adjoining_ranges_judge_every_window_once() {
        let hops = window(300, 60);
        let mut starts = Vec::new();
        for (from, to) in [(-1_000, 0), (0, 1), (1, 299), (299, 300), (300, 1_000)] {
            let (first, last) = judged(&hops, (from, to));
            starts.extend((first..=last).step_by(60));
        }
        assert_eq!(starts, (-1_260..=700).step_by(60).collect::<Vec<_>>());
        assert!(starts.contains(&660) && !starts.contains(&720));
    }

    #[test]
    fn the_end_decides() {
        let hour = window(3_600, 3_600);
        assert_eq!(judged(&hour, (0, 3_600)), (0, 0));
        assert_eq!(judged(&hour, (3_600, 7_200)), (3_600, 3_600));
        assert_eq!(events(&hour, (3_600, 7_200)), (3_600, 7_200));
        let (first, last) = judged(&hour, (3_600, 7_199));
        assert!(first > last);
    }
}
