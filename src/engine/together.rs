//! Patterns of many rules over one text column: takes texts, gives for each pattern the rows in which it is found.
//!
//! Most texts hold none of several, so one machine for all of them goes first, and only what it lets through is asked which. One pattern alone
//! goes to `regex`, which seeks its rarest bytes and is faster there.

use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{Array as _, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use regex::{Regex, RegexSet, RegexSetBuilder};

use super::sieve::Sieve;
use super::texts::{joined, machine};
use crate::eval::pattern::SIZE_LIMIT;

/// Where more than one of so many texts is let through, the first machine is not worth its time.
const WORTH: usize = 3;
/// After how many texts that is known.
const KNOWN: usize = 1_024;

/// The patterns of one column, ready to be sought.
#[derive(Debug)]
pub(super) struct Together {
    /// Finds whether any is there; none for one pattern alone, or where it would have grown too large.
    sieve: Option<Sieve>,
    which: Which,
    patterns: usize,
    /// Texts that went through the sieve so far, and those that it let through.
    sieved: AtomicUsize,
    through: AtomicUsize,
}

#[derive(Debug)]
enum Which {
    Set(RegexSet),
    Each(Vec<Regex>),
}

impl Together {
    /// The machines for patterns in the notation of `regex`.
    pub(super) fn new(patterns: &[String]) -> Result<Together> {
        let set = || RegexSetBuilder::new(patterns).size_limit(SIZE_LIMIT).build().ok();
        let which = match (patterns.len() > 1).then(set).flatten() {
            Some(set) => Which::Set(set),
            None => Which::Each(patterns.iter().map(|pattern| machine(pattern)).collect::<Result<_>>()?),
        };
        Ok(Together {
            sieve: if patterns.len() > 1 { Sieve::new(&joined(patterns)) } else { None },
            which,
            patterns: patterns.len(),
            sieved: AtomicUsize::new(0),
            through: AtomicUsize::new(0),
        })
    }

    /// By pattern, the rows in which it is found; only rows that are needed are looked at. And how many of those were let through.
    pub(super) fn find(&self, texts: &StringViewArray, needed: &BooleanBuffer) -> (Vec<Vec<usize>>, usize) {
        let asked = needed.set_indices().filter(|row| texts.is_valid(*row));
        let through = match &self.sieve {
            Some(sieve) if self.is_worth_it() => {
                let through = sieve.let_through(texts, asked);
                self.sieved.fetch_add(needed.count_set_bits(), Ordering::Relaxed);
                self.through.fetch_add(through.len(), Ordering::Relaxed);
                through
            }
            _ => asked.collect(),
        };
        let mut rows = vec![Vec::new(); self.patterns];
        let mut put = |pattern: usize, row: usize| {
            if let Some(rows) = rows.get_mut(pattern) {
                rows.push(row);
            }
        };
        for row in &through {
            let text = texts.value(*row);
            match &self.which {
                Which::Set(set) => set.matches(text).iter().for_each(|pattern| put(pattern, *row)),
                Which::Each(machines) => {
                    let found = machines.iter().enumerate().filter(|(_, machine)| machine.is_match(text));
                    found.for_each(|(pattern, _)| put(pattern, *row));
                }
            }
        }
        (rows, through.len())
    }

    fn is_worth_it(&self) -> bool {
        let (sieved, through) = (self.sieved.load(Ordering::Relaxed), self.through.load(Ordering::Relaxed));
        sieved < KNOWN || through * WORTH < sieved
    }
}
