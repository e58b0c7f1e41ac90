//! One text as it stands: takes it, gives what was found in it, in no order and perhaps overlapping.
//!
//! Two passes. One looks for some sixty words that secrets and announcements have (`literal`); the other stops at digits, colons, dashes and
//! dots only, and reads the number, the account or the address around them. Patterns run around such places, never over the whole text.

use super::account;
use super::address;
use super::context::Context;
use super::entity::Entity;
use super::literal::Literals;
use super::number::Run;

/// What was found.
#[derive(Clone)]
pub(super) struct Hit<'t> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) entity: Entity,
    pub(super) value: std::borrow::Cow<'t, str>,
    /// What an encoded run holds.
    pub(super) held: Vec<Entity>,
}

/// The text, and what was found so far.
pub(super) struct Hits<'t> {
    text: &'t str,
    pub(super) found: Vec<Hit<'t>>,
}

impl<'t> Hits<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Hits { text, found: Vec::new() }
    }

    pub(super) fn add(&mut self, entity: Entity, start: usize, end: usize) {
        if let Some(value) = self.text.get(start..end).filter(|value| !value.is_empty()) {
            self.found.push(Hit { start, end, entity, value: value.into(), held: Vec::new() });
        }
    }

    /// Adds an encoded run with what it holds.
    pub(super) fn hold(&mut self, start: usize, end: usize, held: Vec<Entity>) {
        if let Some(value) = self.text.get(start..end) {
            self.found.push(Hit { start, end, entity: Entity::Encoded, value: value.into(), held });
        }
    }
}

/// Everything that is built once.
pub(super) struct Machine {
    pub(super) context: Context,
    pub(super) literals: Literals,
}

impl Machine {
    pub(super) fn new() -> Machine {
        Machine { context: Context::new(), literals: Literals::new() }
    }

    /// Adds what a text holds; none if it could not be looked through.
    pub(super) fn scan<'t>(&self, text: &'t str, hits: &mut Hits<'t>) -> Option<()> {
        self.literals.find(text, hits)?;
        let bytes = text.as_bytes();
        // Up to where numbers, tokens and addresses have been read.
        let (mut numbers, mut tokens, mut colons) = (0, 0, 0);
        let hex = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_hexdigit);
        for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| STOPS[usize::from(**byte)]) {
            match byte {
                b'0'..=b'9' => {
                    if at >= tokens {
                        tokens = account::find(text, at, &self.context, hits);
                    }
                    if at >= numbers {
                        let run = Run::at(text, at);
                        run.find(&self.context, hits);
                        numbers = run.end();
                    }
                }
                // The first separator of a MAC address stands behind two or four digits.
                b':' => {
                    address::mac(text, at.saturating_sub(2), hits);
                    if at >= colons {
                        colons = address::ipv6(text, at, hits);
                    }
                }
                b'-' if bytes.get(at + 3) == Some(&b'-') && hex(at.checked_sub(1)) => {
                    address::mac(text, at.saturating_sub(2), hits);
                }
                b'.' if bytes.get(at + 5) == Some(&b'.') && hex(at.checked_sub(1)) => {
                    address::mac(text, at.saturating_sub(4), hits);
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// Bytes at which something can be found without a word.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut at = 0;
    while at < 256 {
        stops[at] = matches!(at as u8, b'0'..=b'9' | b':' | b'-' | b'.');
        at += 1;
    }
    stops
};

/// In order, not overlapping: of two that overlap the longer one gives its name, then the more certain one, and both ranges go.
pub(super) fn settle<'t>(mut found: Vec<Hit<'t>>) -> Vec<Hit<'t>> {
    found.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.entity.rank()));
    let mut settled: Vec<(Hit<'t>, usize)> = Vec::with_capacity(found.len());
    for hit in found {
        let length = hit.end - hit.start;
        match settled.last_mut().filter(|(last, _)| hit.start < last.end) {
            Some((last, longest)) => {
                let (start, end) = (last.start, last.end.max(hit.end));
                if (length, last.entity.rank()) > (*longest, hit.entity.rank()) {
                    (*last, *longest) = (hit, length);
                }
                (last.start, last.end) = (start, end);
            }
            None => settled.push((hit, length)),
        }
    }
    settled.into_iter().map(|(hit, _)| hit).collect()
}
