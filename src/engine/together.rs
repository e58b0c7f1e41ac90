//! Patterns of many rules over one text column: takes texts, gives for each pattern the rows in which it is found.
//!
//! Most texts hold none, so machines for all patterns go first, and only what they let through is asked which. Patterns that don't tell cases
//! apart, which is most that are written about prompts, are sought in texts whose A–Z were made a–z: the first letters of fifty phrases are then
//! fifty short texts, which `regex` seeks many bytes at a time, where with both cases they are thousands. Such texts are joined, and sought in at
//! once. Where `regex` can't seek, [`Sieve`] goes instead.

use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{Array as _, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use regex::{Regex, RegexSet, RegexSetBuilder};
use regex_automata::{Input, meta};

use super::sieve::Sieve;
use super::texts::{joined, machine};
use crate::eval::pattern::SIZE_LIMIT;
use crate::ir::pattern::{Node, RUST, avoids, lowered, print};

/// Where more than one of so many texts is let through, the first machines are not worth their time.
const WORTH: usize = 3;
/// After how many texts that is known.
const KNOWN: usize = 1_024;

/// What stands between joined texts: a letter that is in none of them, and beside it, as at the ends of a text, what is of no word.
const BETWEEN: &[u8] = b" A ";
/// How many bytes are beside it.
const BESIDE: usize = 1;
/// How many bytes are sought in at once, and no fewer than one text.
const ENOUGH: usize = 32 << 10;

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
        how: How,
    },
    Sieve(Box<Sieve>),
}

/// In what is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// In a text as it is.
    Exact,
    /// In a text whose A–Z were made a–z.
    Lowered,
    /// In many of those at once.
    Joined,
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
        let how = if in_lowered.iter().all(|node| avoids(node, 'A')) { How::Joined } else { How::Lowered };
        let groups = [(in_lowered, how), (exact, How::Exact)];
        let groups = groups.into_iter().filter(|(nodes, _)| !nodes.is_empty());
        let seeking = groups.map(|(nodes, how)| Some(Any::Seeking { machine: seeking(&nodes)?, how }));
        if let Some(seeking) = seeking.collect() {
            return seeking;
        }
        // Who has to walk through a text for one pattern has walked through it for all of them.
        let sieve = (patterns.len() > 1).then(|| Sieve::new(&joined(&printed(patterns)))).flatten();
        sieve.into_iter().map(|sieve| Any::Sieve(Box::new(sieve))).collect()
    }

    fn let_through(&self, texts: &StringViewArray, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        match self {
            Any::Seeking { machine, how: How::Exact } => {
                rows.filter(|row| machine.is_match(texts.value(*row))).collect()
            }
            Any::Seeking { machine, how: How::Lowered } => {
                let mut text = Vec::new();
                let found = |row: &usize| {
                    text.clear();
                    lower(&mut text, texts.value(*row));
                    machine.is_match(&text)
                };
                rows.filter(found).collect()
            }
            Any::Seeking { machine, how: How::Joined } => {
                let (mut joined, mut through) = (Joined::default(), Vec::new());
                for row in rows {
                    joined.push(row, texts.value(row));
                    if joined.texts.len() >= ENOUGH {
                        joined.seek(machine, &mut through);
                    }
                }
                joined.seek(machine, &mut through);
                through
            }
            Any::Sieve(sieve) => sieve.let_through(texts, rows),
        }
    }
}

/// Adds a text with its A–Z made a–z. In one go: to change a copy takes a fifth longer.
fn lower(to: &mut Vec<u8>, text: &str) {
    to.extend(text.as_bytes().iter().map(u8::to_ascii_lowercase));
}

/// Texts whose A–Z were made a–z, one after the other.
#[derive(Default)]
struct Joined {
    texts: Vec<u8>,
    /// Where each ends, and its row.
    ends: Vec<(usize, usize)>,
}

impl Joined {
    fn push(&mut self, row: usize, text: &str) {
        lower(&mut self.texts, text);
        self.ends.push((self.texts.len(), row));
        self.texts.extend(BETWEEN);
    }

    /// Adds the rows of those in which something is found, and begins anew. Nothing that is found has a part of two texts, but it may have what
    /// stands beside one.
    fn seek(&mut self, machine: &meta::Regex, through: &mut Vec<usize>) {
        let (mut ends, mut from) = (self.ends.iter(), 0);
        while let Some(found) = machine.search_half(&Input::new(&self.texts).range(from..).earliest(true))
            && let Some((end, row)) = ends.find(|(end, _)| end + BESIDE >= found.offset())
        {
            through.push(*row);
            from = end + BETWEEN.len();
        }
        self.texts.clear();
        self.ends.clear();
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

    const PATTERNS: [&str; 19] = [
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
        r"xy.{0,5}\bb",
        r"\Byx[^a]",
        r"ab\s+\b",
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
    fn as_many_texts_as_there_are() {
        let node = Pattern::new("ignore (?:all|previous) rules", true).expect("a pattern").node;
        let together = Together::new(std::slice::from_ref(&node)).expect("it is small");
        // Some are longer than what is sought in at once; some hold it twice, some at their ends.
        let text = |row: usize| match row % 11 {
            3 => format!("{}IGNORE all rules", "word ".repeat(row)),
            5 => "ignore previous Rules or ignore all rules".repeat(row % 3 + 1),
            7 => "ignore all rule".to_owned(),
            8 => "s".to_owned(),
            n => "x".repeat(n * 9_000),
        };
        let column: StringViewArray = (0..4_000).map(|row| Some(text(row))).collect();
        let (found, _) = together.find(&column, &BooleanBuffer::new_set(4_000));
        let expected: Vec<usize> = (0..4_000).filter(|row| [3, 5].contains(&(row % 11))).collect();
        assert_eq!(found, [expected]);
    }

    #[test]
    fn what_begins_with_few_texts_is_sought_by_them() {
        let read = |text, nocase| Pattern::new(text, nocase).expect("a pattern").node;
        let kinds = |nodes: &[Node]| {
            let how = |any: &Any| match any {
                Any::Seeking { how, .. } => Some(*how),
                Any::Sieve(_) => None,
            };
            Any::of(nodes).iter().map(how).collect::<Vec<_>>()
        };
        let (phrase, any_word) = (read("ignore (?:all|previous)", true), read("[a-m]+[n-z]+", true));
        assert_eq!(kinds(std::slice::from_ref(&phrase)), [Some(How::Joined)]);
        assert_eq!(kinds(std::slice::from_ref(&any_word)), []);
        assert_eq!(kinds(&[phrase.clone(), read("Secret", false)]), [Some(How::Joined), Some(How::Exact)]);
        assert_eq!(kinds(&[phrase.clone(), read("^secret", true)]), [Some(How::Lowered)]);
        assert_eq!(kinds(&[phrase, any_word]), [None]);
    }
}
