//! What a vendor's documentation leaves open: takes a run of a query under one choice of readings, gives its answer where the choice does not matter.
//!
//! Each open question has a first reading, the likelier one, and another. A query runs under the first of all; if it touched a question, it
//! runs again with each touched one read the other way alone, and with all of them together. One answer: that is the answer. Several: the
//! query is ambiguous, and the questions that decide are named.

use std::cell::Cell;
use std::fmt::Debug;

use super::{Failure, Kind};

/// An open question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Its name, in words joined by hyphens.
    pub name: &'static str,
    /// What the documentation does not say.
    pub question: &'static str,
    /// How it is read first.
    pub first: &'static str,
    /// How else it can be read.
    pub other: &'static str,
}

/// One choice of readings, which notes the questions that were asked.
#[derive(Debug, Default)]
pub struct Readings {
    others: u64,
    asked: Cell<u64>,
}

impl Readings {
    /// Whether a question, by its number among the language's, is read the other way. Ask only where the answer matters.
    pub fn other(&self, question: usize) -> bool {
        self.asked.set(self.asked.get() | 1 << question);
        self.others & 1 << question != 0
    }
}

/// Runs under every choice that matters. Questions that are `answered`, by name, are read the first way only.
///
/// # Errors
/// As `run` under the first readings; and [`Kind::Ambiguous`] where others give something else.
pub(super) fn settle<T: Debug>(
    known: &'static [Reading],
    answered: &[&str],
    run: impl Fn(&Readings) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let first = Readings::default();
    let answer = run(&first);
    let is_answered = |(_, reading): &(u64, &Reading)| answered.contains(&reading.name);
    let closed: u64 = (0..).zip(known).filter(is_answered).map(|(number, _)| 1 << number).sum();
    let mut asked = first.asked.get() & !closed;
    let mut tried = 0;
    let mut deciding = 0;
    // Another reading may lead to where further questions are asked.
    while asked & !tried != 0 {
        let question = (asked & !tried).trailing_zeros();
        tried |= 1 << question;
        let choice = Readings { others: 1 << question, asked: Cell::default() };
        if !same(&run(&choice), &answer) {
            deciding |= 1 << question;
        }
        asked |= choice.asked.get() & !closed;
    }
    let together = Readings { others: asked, asked: Cell::default() };
    if deciding == 0 && asked.count_ones() > 1 && !same(&run(&together), &answer) {
        deciding = asked;
    }
    if deciding == 0 {
        return answer;
    }
    let named = (0..).zip(known).filter(|(number, _)| deciding & 1 << number != 0).map(|(_, reading)| reading);
    let readings: Vec<&Reading> = named.collect();
    let questions: Vec<String> =
        readings.iter().map(|r| format!("{} ({}: {}, or {})", r.name, r.question, r.first, r.other)).collect();
    Err(Failure {
        kind: Kind::Ambiguous,
        message: format!("the documentation leaves open what decides the answer: {}", questions.join("; ")),
        at: None,
        readings: readings.iter().map(|reading| reading.name).collect(),
    })
}

/// Whether two answers are one: where they are written alike, so that a NaN is itself.
fn same<T: Debug>(one: &Result<T, Failure>, other: &Result<T, Failure>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => format!("{one:?}") == format!("{other:?}"),
        (Err(one), Err(other)) => one == other,
        _ => false,
    }
}
