//! Which texts hold anything of what is sought, by Hyperscan: takes patterns, gives the rows in which one of them may be found. The same as
//! [`super::sieve`], in another's machine, which compares many bytes at once.
//!
//! Compiled in by the feature `hyperscan`, which links the system's library (`libhyperscan-dev` of Debian: Intel's, for x86-64).

use std::fmt;
use std::sync::{Mutex, PoisonError};

use datafusion::arrow::array::StringViewArray;
use hyperscan::{BlockDatabase, Builder as _, Matching, Pattern, PatternFlags, Patterns, Scratch};

use crate::ir::pattern::RUST;

/// One database of Hyperscan for all patterns of one column.
pub(super) struct Hyperscan {
    database: BlockDatabase,
    /// Working memory that no thread uses at the moment; one scan at a time may.
    scratches: Mutex<Vec<Scratch>>,
}

impl Hyperscan {
    /// For patterns in the notation of `regex`. None where Hyperscan does not take one of them.
    pub(super) fn new(patterns: &[String]) -> Option<Hyperscan> {
        // Rows are asked once more which pattern it is, so it may report too many, but none too few.
        let flags = PatternFlags::SINGLEMATCH;
        let read = |text: &String| Pattern::with_flags(in_its_notation(text), flags).ok();
        let database = patterns.iter().map(read).collect::<Option<Patterns>>()?.build().ok()?;
        Some(Hyperscan { database, scratches: Mutex::new(Vec::new()) })
    }

    /// The rows, of those given, whose text may hold a pattern, in their order.
    pub(super) fn let_through(&self, texts: &StringViewArray, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let kept = self.scratches.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(scratch) = kept.or_else(|| self.database.alloc_scratch().ok()) else { return rows.collect() };
        let through = rows.filter(|row| self.may_hold(texts.value(*row), &scratch)).collect();
        self.scratches.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        through
    }

    fn may_hold(&self, text: &str, scratch: &Scratch) -> bool {
        // It ends a scan that is told to end with an error, and another error says nothing about the text.
        self.database.scan(text, scratch, |_, _, _, _| Matching::Terminate).is_err()
    }
}

impl fmt::Debug for Hyperscan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hyperscan")
    }
}

/// A pattern in PCRE's notation, where `\b` is a boundary of ASCII words anyway. What is sought as text has its brackets escaped, so that
/// nothing else reads like what is replaced.
fn in_its_notation(pattern: &str) -> String {
    let [boundary, none] = RUST.boundary;
    pattern.replace(boundary, r"\b").replace(none, r"\B")
}
