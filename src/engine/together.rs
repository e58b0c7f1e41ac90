//! Patterns of many rules over one text column: takes texts, gives for each pattern the rows in which it is found.
//!
//! Most texts hold none, so machines for all patterns go first, and only what they let through is asked which. Patterns that don't tell cases
//! apart, which is most that are written about prompts, are sought in texts whose A–Z were made a–z: the first letters of fifty phrases are then
//! fifty short texts, which `regex` seeks many bytes at a time, where with both cases they are thousands. Where it can't, [`Sieve`] goes instead.

use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{Array as _, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use regex::{Regex, RegexSet, RegexSetBuilder};
use regex_automata::meta;

use super::sieve::Sieve;
use super::texts::{joined, machine};
use crate::eval::pattern::SIZE_LIMIT;
use crate::ir::pattern::{Node, RUST, lowered, print};

/// Where more than one of so many texts is let through, the first machines are not worth their time.
const WORTH: usize = 3;
/// After how many texts that is known.
const KNOWN: usize = 1_024;

/// The patterns of one column, ready to be sought.
#[derive(Debug)]
pub(super) struct Together {
    /// Find whether any is there: what none of them lets through holds none. None for one pattern alone that `regex` seeks no faster so, or
    /// where they would have grown too large.
    any: Vec<Any>,
    which: Which,
    patterns: usize,
    /// Texts that were asked for any so far, and those that were let through.
    asked: AtomicUsize,
    through: AtomicUsize,
}

/// What finds whether any of some patterns is there.
#[derive(Debug)]
enum Any {
    /// `regex`, which seeks what patterns begin with.
    Seeking {
        machine: meta::Regex,
        /// In texts whose A–Z were made a–z.
        lowered: bool,
    },
    Sieve(Box<Sieve>),
}

impl Any {
    /// For all patterns; empty where a machine would grow too large.
    fn of(patterns: &[Node]) -> Vec<Any> {
        let (mut in_lowered, mut exact) = (Vec::new(), Vec::new());
        for node in patterns {
            match lowered(node) {
                Some(node) => in_lowered.push(node),
                None => exact.push(node.clone()),
            }
        }
        let groups = [(in_lowered, true), (exact, false)].into_iter().filter(|(nodes, _)| !nodes.is_empty());
        let seeking = groups.map(|(nodes, lowered)| Some(Any::Seeking { machine: seeking(&nodes)?, lowered }));
        if let Some(seeking) = seeking.collect() {
            return seeking;
        }
        // Who has to walk through a text for one pattern has walked through it for all of them.
        let sieve = (patterns.len() > 1).then(|| Sieve::new(&joined(&printed(patterns)))).flatten();
        sieve.into_iter().map(|sieve| Any::Sieve(Box::new(sieve))).collect()
    }

    fn let_through(&self, texts: &StringViewArray, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        match self {
            Any::Seeking { machine, lowered: false } => {
                rows.filter(|row| machine.is_match(texts.value(*row))).collect()
            }
            Any::Seeking { machine, lowered: true } => {
                let mut lowered = Vec::new();
                let found = |row: &usize| {
                    lowered.clear();
                    // In one go: a fifth less time than a copy that is changed then.
                    lowered.extend(texts.value(*row).as_bytes().iter().map(u8::to_ascii_lowercase));
                    machine.is_match(&lowered)
                };
                rows.filter(found).collect()
            }
            Any::Sieve(sieve) => sieve.let_through(texts, rows),
        }
    }
}

fn printed(patterns: &[Node]) -> Vec<String> {
    patterns.iter().map(|node| print(node, &RUST)).collect()
}

/// A machine that finds whether any of the patterns is there, where `regex` seeks what they begin with.
fn seeking(patterns: &[Node]) -> Option<meta::Regex> {
    let config = meta::Config::new().nfa_size_limit(Some(SIZE_LIMIT));
    let machine = meta::Builder::new().configure(config).build(&joined(&printed(patterns))).ok()?;
    machine.is_accelerated().then_some(machine)
}

#[derive(Debug)]
enum Which {
    Set(RegexSet),
    Each(Vec<Regex>),
}

impl Together {
    /// The machines for patterns.
    pub(super) fn new(patterns: &[Node]) -> Result<Together> {
        let printed = printed(patterns);
        let set = || RegexSetBuilder::new(&printed).size_limit(SIZE_LIMIT).build().ok();
        let which = match (patterns.len() > 1).then(set).flatten() {
            Some(set) => Which::Set(set),
            None => Which::Each(printed.iter().map(|pattern| machine(pattern)).collect::<Result<_>>()?),
        };
        let (asked, through) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Together { any: Any::of(patterns), which, patterns: patterns.len(), asked, through })
    }

    /// By pattern, the rows in which it is found; only rows that are needed are looked at. And how many of those were let through.
    pub(super) fn find(&self, texts: &StringViewArray, needed: &BooleanBuffer) -> (Vec<Vec<usize>>, usize) {
        let asked = || needed.set_indices().filter(|row| texts.is_valid(*row));
        let through = if self.any.is_empty() || !self.is_worth_it() {
            asked().collect()
        } else {
            let mut through: Vec<usize> = self.any.iter().flat_map(|any| any.let_through(texts, asked())).collect();
            through.sort_unstable();
            through.dedup();
            self.asked.fetch_add(needed.count_set_bits(), Ordering::Relaxed);
            self.through.fetch_add(through.len(), Ordering::Relaxed);
            through
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
        let (asked, through) = (self.asked.load(Ordering::Relaxed), self.through.load(Ordering::Relaxed));
        asked < KNOWN || through * WORTH < asked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use crate::ir::Pattern;

    const PATTERNS: [&str; 16] = [
        "ab+x",
        "[aA][bB]|yx",
        "^(?:a|xy)",
        "(?:x|é)$",
        "^b$",
        r"\bab\b",
        r"a\B",
        "é",
        "[^A]{30}",
        "(?:a|b|x|y){5,9}é",
        "abx abx abx",
        "abx (?:ab|y+)x|yyab",
        r"\x01|[b-x ]y",
        "[A-Zé]y",
        // U+212A, a sign that Unicode takes for a k.
        "x[^k]",
        "[a-k]x",
    ];

    proptest! {
        #[test]
        fn finds_what_each_pattern_finds(
            texts in proptest::collection::vec(proptest::option::weighted(0.9, "[abkxyABKXYé\u{212a} \n\u{1}]{0,40}"), 0..30),
            patterns in proptest::sample::subsequence(PATTERNS.to_vec(), 1..6),
            nocase in proptest::collection::vec(proptest::bool::ANY, 6),
        ) {
            let read = |(text, nocase): (&&str, &bool)| Pattern::new(text, *nocase).expect("a pattern");
            let patterns: Vec<Pattern> = patterns.iter().zip(&nocase).map(read).collect();
            let nodes: Vec<Node> = patterns.iter().map(|pattern| pattern.node.clone()).collect();
            let together = Together::new(&nodes).expect("they are small");
            let column: StringViewArray = texts.iter().map(Option::as_deref).collect();
            let needed = BooleanBuffer::collect_bool(texts.len(), |row| row % 7 != 3);
            // Caches are used again.
            for _ in 0..2 {
                let (found, _) = together.find(&column, &needed);
                for (pattern, mut rows) in patterns.iter().zip(found) {
                    rows.sort_unstable();
                    let exact = Regex::new(&pattern.print(&RUST)).expect("a pattern");
                    let holds = |row: &usize| texts[*row].as_ref().is_some_and(|text| exact.is_match(text));
                    let expected: Vec<usize> = needed.set_indices().filter(holds).collect();
                    prop_assert_eq!(rows, expected, "{:?}", pattern);
                }
            }
        }
    }

    #[test]
    fn what_begins_with_few_texts_is_sought_by_them() {
        let read = |text, nocase| Pattern::new(text, nocase).expect("a pattern").node;
        let kinds = |nodes: &[Node]| {
            let kind = |any: &Any| match any {
                Any::Seeking { lowered, .. } => {
                    if *lowered {
                        "lowered"
                    } else {
                        "exact"
                    }
                }
                Any::Sieve(_) => "sieve",
            };
            Any::of(nodes).iter().map(kind).collect::<Vec<_>>()
        };
        let (phrase, any_word) = (read("ignore (?:all|previous)", true), read("[a-m]+[n-z]+", true));
        assert_eq!(kinds(std::slice::from_ref(&phrase)), ["lowered"]);
        assert_eq!(kinds(std::slice::from_ref(&any_word)), [""; 0]);
        assert_eq!(kinds(&[phrase.clone(), read("Secret", false)]), ["lowered", "exact"]);
        assert_eq!(kinds(&[phrase, any_word]), ["sieve"]);
    }
}
