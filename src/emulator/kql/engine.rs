//! One run of a query: what every part of it needs, and how much it may take.

use std::cell::{Cell as Counter, RefCell};
use std::collections::HashMap;
use std::ops::Range;

use regex::Regex;

use super::moment;
use super::readings::ROW_ORDER;
use super::store::Store;
use super::table::Table;
use crate::emulator::{Failure, Readings, Run};

/// Most evaluations of a part of an expression in one run.
const MOST_STEPS: u64 = 20_000_000;
/// Deepest nesting of functions, tables and expressions.
const MAX_DEPTH: usize = 60;
/// Most rows that any step may have.
const MOST_ROWS: usize = 1_000_000;

/// One run.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    pub(super) run: &'a Run,
    pub(super) store: &'a Store<'a>,
    /// Settles names and types alone: no table has rows.
    pub(super) dry: bool,
    readings: &'a Readings,
    order_asked: Counter<bool>,
    steps: Counter<u64>,
    depth: Counter<usize>,
    patterns: RefCell<HashMap<String, Regex>>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(run: &'a Run, store: &'a Store<'a>, readings: &'a Readings, dry: bool) -> Engine<'a> {
        Engine {
            run,
            store,
            dry,
            readings,
            order_asked: Counter::new(false),
            steps: Counter::new(0),
            depth: Counter::new(0),
            patterns: RefCell::default(),
        }
    }

    /// Whether an open question is read the other way. Ask only where it matters.
    pub(super) fn reads_other(&self, question: usize) -> bool {
        self.readings.other(question)
    }

    /// Whether the order of tied rows decided something.
    pub(super) fn order_was_asked(&self) -> bool {
        self.order_asked.get()
    }

    /// Of rows without a documented order: whether the last is taken for the first.
    pub(super) fn reads_reversed(&self) -> bool {
        self.reads_order(ROW_ORDER)
    }

    /// The same of another question about the order of rows.
    pub(super) fn reads_order(&self, question: usize) -> bool {
        self.order_asked.set(true);
        self.readings.other(question)
    }

    /// Settles an order that is not documented, where one is needed.
    pub(super) fn settle_order(&self, table: &mut Table) {
        if table.has_ties() && self.reads_reversed() {
            table.reverse_ties();
        }
        table.fix_order();
    }

    /// Now, in ticks.
    pub(super) fn now(&self) -> i64 {
        self.run.now.saturating_mul(10).saturating_add(moment::EPOCH)
    }

    /// Counts an evaluation.
    pub(super) fn step(&self, at: &Range<usize>) -> Result<(), Failure> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS {
            return Err(Failure::unknown("a query of so much work is not known here", at.clone()));
        }
        Ok(())
    }

    /// Checks how many rows a step gives.
    pub(super) fn room(&self, rows: usize, at: &Range<usize>) -> Result<(), Failure> {
        if rows > MOST_ROWS {
            return Err(Failure::unknown(format!("more than {MOST_ROWS} rows are not known here"), at.clone()));
        }
        Ok(())
    }

    /// One level deeper.
    pub(super) fn nested<T>(&self, at: &Range<usize>, run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        if self.depth.get() >= MAX_DEPTH {
            return Err(Failure::unknown("so deep a nesting is not known here", at.clone()));
        }
        self.depth.set(self.depth.get() + 1);
        let given = run();
        self.depth.set(self.depth.get() - 1);
        given
    }

    /// A pattern, read once.
    pub(super) fn pattern(&self, pattern: &str, at: &Range<usize>) -> Result<Regex, Failure> {
        if let Some(known) = self.patterns.borrow().get(pattern) {
            return Ok(known.clone());
        }
        let read = Regex::new(pattern).map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Failure::rejected(format!("`{pattern}` is no regular expression: {why}"), at.clone())
        })?;
        self.patterns.borrow_mut().insert(pattern.to_owned(), read.clone());
        Ok(read)
    }
}
