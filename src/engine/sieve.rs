//! Which texts hold anything of what is sought: takes a pattern that stands for many, gives the rows in which it may be found.
//!
//! A lazy automaton takes one step a byte, and each step waits for the one before. Four texts are therefore walked side by side, each with an
//! automaton's cache of its own, so that their waits overlap. For 10 to 200 phrases in either case that is 1.7 to 7 times as fast as `regex` on one
//! text after the other; for one phrase, whose rarest bytes `regex` can seek, it is a fifth as fast.

use std::sync::{Mutex, PoisonError};

use datafusion::arrow::array::StringViewArray;
use regex_automata::Input;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};

/// How many texts are walked side by side.
const LANES: usize = 4;
/// Most bytes of states that a lane's cache holds; past it the cache begins anew.
const CACHE: usize = 8 << 20;

/// An automaton for all patterns of one column.
#[derive(Debug)]
pub(super) struct Sieve {
    dfa: DFA,
    /// Of lanes that nobody walks at the moment.
    caches: Mutex<Vec<[Cache; LANES]>>,
}

/// A text that is walked.
struct Lane<'t> {
    row: usize,
    rest: &'t [u8],
    state: LazyStateID,
}

impl Sieve {
    /// None for a pattern that would grow too large.
    pub(super) fn new(pattern: &str) -> Option<Sieve> {
        let dfa = DFA::builder().configure(DFA::config().cache_capacity(CACHE)).build(pattern).ok()?;
        Some(Sieve { dfa, caches: Mutex::new(Vec::new()) })
    }

    /// The rows, of those given, whose text may hold the pattern; in no order.
    pub(super) fn let_through(&self, texts: &StringViewArray, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let kept = self.caches.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut caches = kept.unwrap_or_else(|| std::array::from_fn(|_| self.dfa.create_cache()));
        let mut through = Vec::new();
        self.walk(&mut caches, rows.map(|row| (row, texts.value(row).as_bytes())), &mut through);
        self.caches.lock().unwrap_or_else(PoisonError::into_inner).push(caches);
        through
    }

    fn walk<'t>(
        &self,
        caches: &mut [Cache; LANES],
        mut texts: impl Iterator<Item = (usize, &'t [u8])>,
        through: &mut Vec<usize>,
    ) {
        let mut lanes: [Option<Lane<'t>>; LANES] = std::array::from_fn(|_| None);
        loop {
            for (lane, cache) in lanes.iter_mut().zip(caches.iter_mut()) {
                while lane.is_none() {
                    let Some((row, text)) = texts.next() else { break };
                    *lane = self.begin(cache, row, text, through);
                }
            }
            match &mut lanes {
                [Some(a), Some(b), Some(c), Some(d)] => self.step_together(caches, [a, b, c, d]),
                _ => {
                    // The last few, one after the other.
                    for (lane, cache) in lanes.iter_mut().zip(caches.iter_mut()) {
                        if let Some(last) = lane.take()
                            && self.holds_alone(cache, &last)
                        {
                            through.push(last.row);
                        }
                    }
                    return;
                }
            }
            for (lane, cache) in lanes.iter_mut().zip(caches.iter_mut()) {
                *lane = lane.take().and_then(|lane| self.settled(cache, lane, through));
            }
        }
    }

    /// A lane at the start of a text, unless that is decided there.
    fn begin<'t>(&self, cache: &mut Cache, row: usize, text: &'t [u8], through: &mut Vec<usize>) -> Option<Lane<'t>> {
        match self.dfa.start_state_forward(cache, &Input::new(text)) {
            Ok(state) if state.is_dead() => None,
            Ok(state) if !state.is_tagged() => Some(Lane { row, rest: text, state }),
            _ => {
                through.push(row);
                None
            }
        }
    }

    /// Walks four texts until one of them ends, or comes to a state that is not an ordinary one.
    fn step_together(&self, caches: &[Cache; LANES], lanes: [&mut Lane<'_>; LANES]) {
        let [a, b, c, d] = lanes;
        let [cache_a, cache_b, cache_c, cache_d] = caches;
        let bytes = a.rest.iter().zip(b.rest).zip(c.rest).zip(d.rest);
        let mut walked = 0;
        for (((in_a, in_b), in_c), in_d) in bytes {
            let next_a = self.dfa.next_state_untagged(cache_a, a.state, *in_a);
            let next_b = self.dfa.next_state_untagged(cache_b, b.state, *in_b);
            let next_c = self.dfa.next_state_untagged(cache_c, c.state, *in_c);
            let next_d = self.dfa.next_state_untagged(cache_d, d.state, *in_d);
            if next_a.is_tagged() | next_b.is_tagged() | next_c.is_tagged() | next_d.is_tagged() {
                break;
            }
            (a.state, b.state, c.state, d.state) = (next_a, next_b, next_c, next_d);
            walked += 1;
        }
        for lane in [a, b, c, d] {
            lane.rest = lane.rest.get(walked..).unwrap_or_default();
        }
    }

    /// Takes one more step of a lane, which may make a state; none once its text is decided.
    fn settled<'t>(&self, cache: &mut Cache, mut lane: Lane<'t>, through: &mut Vec<usize>) -> Option<Lane<'t>> {
        let Some((byte, rest)) = lane.rest.split_first() else {
            if self.ends_in_a_match(cache, lane.state) {
                through.push(lane.row);
            }
            return None;
        };
        match self.dfa.next_state(cache, lane.state, *byte) {
            Ok(state) if state.is_dead() => None,
            Ok(state) if !state.is_tagged() => {
                (lane.state, lane.rest) = (state, rest);
                Some(lane)
            }
            // A match; or what the automaton does not decide.
            _ => {
                through.push(lane.row);
                None
            }
        }
    }

    fn ends_in_a_match(&self, cache: &mut Cache, state: LazyStateID) -> bool {
        self.dfa.next_eoi_state(cache, state).map_or(true, |state| state.is_match())
    }

    fn holds_alone(&self, cache: &mut Cache, lane: &Lane<'_>) -> bool {
        let mut state = lane.state;
        for byte in lane.rest {
            match self.dfa.next_state(cache, state, *byte) {
                Ok(next) if next.is_dead() => return false,
                Ok(next) if !next.is_tagged() => state = next,
                _ => return true,
            }
        }
        self.ends_in_a_match(cache, state)
    }
}
