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
#[cfg(feature = "vectorscan")]
use super::vectorscan::Vectorscan;
use crate::eval::pattern::SIZE_LIMIT;

/// Where more than one of so many texts is let through, the first machine is not worth its time.
const WORTH: usize = 3;
/// After how many texts that is known.
const KNOWN: usize = 1_024;

/// The patterns of one column, ready to be sought.
#[derive(Debug)]
pub(super) struct Together {
    /// Finds whether any is there; none for one pattern alone, or where it would have grown too large.
    any: Option<Any>,
    which: Which,
    patterns: usize,
    /// Texts that went through the sieve so far, and those that it let through.
    sieved: AtomicUsize,
    through: AtomicUsize,
}

/// What finds whether any pattern is there.
#[derive(Debug)]
enum Any {
    Sieve(Box<Sieve>),
    #[cfg(feature = "vectorscan")]
    Vectorscan(Vectorscan),
}

impl Any {
    fn new(patterns: &[String]) -> Option<Any> {
        #[cfg(feature = "vectorscan")]
        if let Some(vectorscan) = Vectorscan::new(patterns) {
            return Some(Any::Vectorscan(vectorscan));
        }
        Sieve::new(&joined(patterns)).map(|sieve| Any::Sieve(Box::new(sieve)))
    }

    fn let_through(&self, texts: &StringViewArray, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        match self {
            Any::Sieve(sieve) => sieve.let_through(texts, rows),
            #[cfg(feature = "vectorscan")]
            Any::Vectorscan(vectorscan) => vectorscan.let_through(texts, rows),
        }
    }
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
            any: if patterns.len() > 1 { Any::new(patterns) } else { None },
            which,
            patterns: patterns.len(),
            sieved: AtomicUsize::new(0),
            through: AtomicUsize::new(0),
        })
    }

    /// By pattern, the rows in which it is found; only rows that are needed are looked at. And how many of those were let through.
    pub(super) fn find(&self, texts: &StringViewArray, needed: &BooleanBuffer) -> (Vec<Vec<usize>>, usize) {
        let asked = needed.set_indices().filter(|row| texts.is_valid(*row));
        let through = match &self.any {
            Some(any) if self.is_worth_it() => {
                let through = any.let_through(texts, asked);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATTERNS: [&str; 14] = [
        "ab+x",
        "[aA][bB]|yx",
        r"\A(?:a|xy)",
        r"(?:x|é)\z",
        r"\Ab\z",
        r"(?-u:\b)ab(?-u:\b)",
        r"a(?-u:\B)",
        "é",
        "",
        "[^a]{30}",
        r"(?:a|b|x|y){5,9}é",
        "abx abx abx",
        r"\x{1}|[b-x ]y",
        r"\(\?\-u:\\b\)",
    ];

    proptest! {
        #[test]
        fn finds_what_each_pattern_finds(
            texts in proptest::collection::vec(proptest::option::weighted(0.9, "[abxyé \n\u{1}]{0,40}"), 0..30),
            patterns in proptest::sample::subsequence(PATTERNS.to_vec(), 1..6),
        ) {
            let printed: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            let together = Together::new(&printed).expect("they are small");
            let column: StringViewArray = texts.iter().map(Option::as_deref).collect();
            let needed = BooleanBuffer::collect_bool(texts.len(), |row| row % 7 != 3);
            // Caches are used again.
            for _ in 0..2 {
                let (found, _) = together.find(&column, &needed);
                for (pattern, mut rows) in patterns.iter().zip(found) {
                    rows.sort_unstable();
                    let exact = Regex::new(pattern).expect("a pattern");
                    let holds = |row: &usize| texts[*row].as_ref().is_some_and(|text| exact.is_match(text));
                    let expected: Vec<usize> = needed.set_indices().filter(holds).collect();
                    prop_assert_eq!(rows, expected, "{}", pattern);
                }
            }
        }
    }
}
