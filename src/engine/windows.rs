//! Which windows a row is in, as columns: plain integer arithmetic on microseconds since 1970.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, Int64Builder, ListBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::Expr;

use super::kernel::{argument, kernel};
use crate::archive::DAY;
use crate::eval::Range;
use crate::eval::rule::reach;
use crate::eval::window::starts;
use crate::ir::{Rule, Window};

/// The times that a plan must read, half open: those of all windows that are judged, with `every` of the window before them, and of what
/// look-backs ask.
pub(super) fn times(rule: &Rule, range: Range) -> (i64, i64) {
    let range = reach(rule, range);
    rule.window.as_ref().map_or((range.from, range.to), |window| judged(window, range))
}

/// The times of all windows that end in a range, with `every` of the window before them, half open.
pub(super) fn judged(window: &Window, range: Range) -> (i64, i64) {
    let step = window.step.max(1);
    let whole = |time: i64| time.div_euclid(step).saturating_mul(step);
    // Windows end at multiples of the step, and the first that is judged ends after `from`.
    let before = if window.merges { 0 } else { step };
    let from = whole(range.from).saturating_add(before).saturating_sub(window.length);
    (from, whole(range.to))
}

/// Whether every row that [`times`] lets through is in exactly one window, which is judged or looked back at.
pub(super) fn is_plain(window: &Window) -> bool {
    window.length == window.step && !window.merges
}

/// Whether no window of a rule holds rows of two days.
pub(super) fn within_days(rule: &Rule) -> bool {
    rule.window.as_ref().is_some_and(|window| is_plain(window) && DAY % window.length.max(1) == 0)
}

/// How many windows hold a time.
pub(super) fn count(window: &Window) -> usize {
    usize::try_from(window.length / window.step.max(1)).unwrap_or(usize::MAX)
}

/// The start of the only window that holds a time.
pub(super) fn only_start(time: Expr, window: &Window) -> Expr {
    let length = window.length.max(1);
    kernel("window_start", length.to_string(), DataType::Int64, vec![time], move |args| {
        let starts: Int64Array =
            argument::<Int64Array>(args, 0)?.unary(|time| time.div_euclid(length).saturating_mul(length));
        Ok(Arc::new(starts) as ArrayRef)
    })
}

/// The starts of the windows that hold a time, for rows that are counted; one null for others that a judged window holds.
pub(super) fn all_starts(time: Expr, counted: Expr, rule: &Rule, window: &Window, range: Range) -> Expr {
    let returns = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
    let window = window.clone();
    // The evaluator looks one window back in any case; without `every` nobody asks for it.
    let back = if window.merges { 0 } else { window.step };
    let reach = reach(rule, range);
    let near = Range { from: reach.from.saturating_add(back), to: reach.to };
    let identity = format!("{} {} {range:?} {near:?}", window.length, window.step);
    kernel("window_starts", identity, returns, vec![time, counted], move |args| {
        let (times, counted) = (argument::<Int64Array>(args, 0)?, argument::<BooleanArray>(args, 1)?);
        let mut lists = ListBuilder::new(Int64Builder::new());
        for (time, counted) in times.iter().zip(counted) {
            let held = time.into_iter().flat_map(|time| starts(&window, time, near));
            if counted == Some(true) {
                held.for_each(|start| lists.values().append_value(start));
            } else if held.into_iter().any(|start| range.judges(start.saturating_add(window.length))) {
                lists.values().append_null();
            }
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()) as ArrayRef)
    })
}
