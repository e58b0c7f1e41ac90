//! Patterns of many rules over one text column: takes texts, gives for each pattern the rows in which it is found.
//!
//! Most texts hold none of them, so one machine for all of them goes first, and only what it lets through is asked which.

use datafusion::arrow::array::{Array, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use regex::{Regex, RegexSet, RegexSetBuilder};

use super::texts::{alternation, machine};
use crate::eval::pattern::SIZE_LIMIT;

/// Of so many texts at least one has to be let through for the first machine not to be worth its time.
const WORTH: usize = 3;

/// The patterns of one column, ready to be sought.
#[derive(Debug)]
pub(super) struct Together {
    /// Finds whether any is there; without, it would have grown too large.
    any: Option<Regex>,
    which: Which,
    patterns: usize,
}

#[derive(Debug)]
enum Which {
    One,
    Set(RegexSet),
    Each(Vec<Regex>),
}

impl Together {
    /// The machines for patterns in the notation of `regex`.
    pub(super) fn new(patterns: &[String]) -> Result<Together> {
        let any = alternation(patterns);
        let which = match (&any, patterns.len()) {
            (Some(_), 1) => Which::One,
            _ => match RegexSetBuilder::new(patterns).size_limit(SIZE_LIMIT).build() {
                Ok(set) => Which::Set(set),
                Err(_) => Which::Each(patterns.iter().map(|pattern| machine(pattern)).collect::<Result<_>>()?),
            },
        };
        Ok(Together { any, which, patterns: patterns.len() })
    }

    /// By pattern, the rows in which it is found, rising; only rows that are needed are looked at. And how many of those were let through.
    pub(super) fn find(&self, texts: &StringViewArray, needed: &BooleanBuffer) -> (Vec<Vec<usize>>, usize) {
        let mut rows = vec![Vec::new(); self.patterns];
        let (mut asked, mut let_through) = (0_usize, 0_usize);
        let mut put = |pattern: usize, row: usize| {
            if let Some(rows) = rows.get_mut(pattern) {
                rows.push(row);
            }
        };
        for row in needed.set_indices().filter(|row| texts.is_valid(*row)) {
            let text = texts.value(row);
            // Where most are let through, only the second machine is asked.
            let sieved = matches!(self.which, Which::One) || asked < 64 || let_through * WORTH < asked;
            asked += 1;
            if sieved && self.any.as_ref().is_some_and(|any| !any.is_match(text)) {
                continue;
            }
            let_through += 1;
            match &self.which {
                Which::One => put(0, row),
                Which::Set(set) => set.matches(text).iter().for_each(|pattern| put(pattern, row)),
                Which::Each(machines) => {
                    let found = machines.iter().enumerate().filter(|(_, machine)| machine.is_match(text));
                    found.for_each(|(pattern, _)| put(pattern, row));
                }
            }
        }
        (rows, let_through)
    }
}
