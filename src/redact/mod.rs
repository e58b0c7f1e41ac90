//! Redaction: takes a text, gives it without what must not be kept, each value replaced by a token, and how many of what it held.
//!
//! Found is what has a form: numbers with a checksum or an issuer's range, addresses, secrets with a prefix or behind a word that announces
//! them. **Names of people and postal addresses are not found**, nor is anything else that only a reader understands. What is looked through:
//!
//! - the text as it stands (`scan`),
//! - what it stands for, where it is URL-encoded or escaped or written in other digits (`hidden`), up to [`ROUNDS`] times over,
//! - what its runs of base64 hold (`encoded`), up to [`DEPTH`] of them inside each other.
//!
//! What can't be looked through is replaced whole. Redacting again changes nothing: what is given has been looked through and nothing was found.

mod account;
mod address;
mod checksum;
mod context;
mod encoded;
mod entity;
mod hidden;
mod literal;
mod matcher;
mod number;
mod patterns;
mod samples;
mod scan;
mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use encoded::Meaning;
use hidden::View;
use scan::{Hit, Hits, Machine, settle};

pub use entity::{Entity, Proof};

/// Grows with every change of what is found or of what stands for it; an archive writes it into its files.
pub const VERSION: u32 = 2;

/// Most bytes of a text that is looked through; a longer one is replaced whole.
pub const MOST: usize = 8 << 20;

/// How often a text is decoded over.
const ROUNDS: usize = 3;
/// How many runs of base64 inside each other are opened.
const DEPTH: usize = 3;
/// How many times its length is looked through of a text and what it hides, at most; then it is replaced whole.
const SHARE: usize = 16;
/// How often a text is looked through again after something was replaced.
const PASSES: usize = 4;

/// How often each entity was found, by its word.
pub type Counts = BTreeMap<&'static str, u64>;

/// Where a text holds something. Says nothing of what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// What it is.
    pub entity: Entity,
    /// For [`Entity::Encoded`], what it holds.
    pub held: Vec<Entity>,
}

/// A text that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The text, tokens in the places of what was found.
    pub text: String,
    /// What was found; [`Entity::Unscanned`] counts what was replaced unread.
    pub counts: Counts,
}

/// Finds and replaces.
#[derive(Clone)]
pub struct Redactor {
    key: Option<[u8; 32]>,
}

impl fmt::Debug for Redactor {
    /// The key is not shown.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Redactor").field("keyed", &self.key.is_some()).finish()
    }
}

/// Built when the first text comes, once a process.
static MACHINE: LazyLock<Machine> = LazyLock::new(Machine::new);

impl Redactor {
    /// With a key, a value's token is the same wherever it stands, and nobody without the key can try values. Without one, tokens say only what
    /// was there.
    #[must_use]
    pub fn new(token_key: Option<[u8; 32]>) -> Redactor {
        Redactor { key: token_key }
    }

    /// What a text holds: in order, not overlapping. Where a text can't be looked through, all of it as [`Entity::Unscanned`].
    #[must_use]
    pub fn scan(&self, text: &str) -> Vec<Finding> {
        let finding = |hit: Hit<'_>| Finding { start: hit.start, end: hit.end, entity: hit.entity, held: hit.held };
        match hits(text) {
            Some(hits) => hits.into_iter().map(finding).collect(),
            None => vec![Finding { start: 0, end: text.len(), entity: Entity::Unscanned, held: Vec::new() }],
        }
    }

    /// The text with tokens in the places of what was found.
    #[must_use]
    pub fn redact(&self, text: &str) -> Redacted {
        let mut counts = Counts::new();
        let mut written = text.to_owned();
        for _ in 0..PASSES {
            let Some(hits) = hits(&written) else { break };
            if hits.is_empty() {
                return Redacted { text: written, counts };
            }
            for entity in hits.iter().flat_map(|hit| hit.held.iter().chain([&hit.entity])) {
                *counts.entry(entity.word()).or_default() += 1;
            }
            written = self.replaced(&written, &hits);
        }
        self.whole(text, counts)
    }

    fn whole(&self, text: &str, mut counts: Counts) -> Redacted {
        *counts.entry(Entity::Unscanned.word()).or_default() += 1;
        Redacted { text: token::token(self.key.as_ref(), Entity::Unscanned, text), counts }
    }

    fn replaced(&self, text: &str, hits: &[Hit<'_>]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in hits {
            out.push_str(text.get(at..hit.start).unwrap_or_default());
            out.push_str(&token::token(self.key.as_ref(), hit.entity, &hit.value));
            at = hit.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

/// Whether an entity is among the counts of what a text holds: in the text itself, or in what it hides.
#[must_use]
pub fn finds(text: &str, entity: Entity) -> bool {
    Redactor::new(None).redact(text).counts.contains_key(entity.word())
}

/// What a text holds, settled; none if it can't be looked through.
fn hits(text: &str) -> Option<Vec<Hit<'_>>> {
    if text.len() > MOST {
        return None;
    }
    let mut left = text.len().saturating_mul(SHARE).saturating_add(1 << 16);
    let mut found = look(text, 0, &mut left)?;
    found.retain(|hit| !token::holds(text, hit.start, hit.end));
    Some(settle(found))
}

/// What a text holds, as it stands and as it is meant. `left` is how many bytes may still be looked through.
fn look<'t>(text: &'t str, depth: usize, left: &mut usize) -> Option<Vec<Hit<'t>>> {
    let mut found = as_it_stands(text, depth, left)?;
    let mut views: Vec<View> = Vec::new();
    while views.len() < ROUNDS {
        let Some(view) = hidden::decoded(views.last().map_or(text, |view| &view.text)) else { break };
        for hit in as_it_stands(&view.text, depth, left)? {
            let written = |(start, end), view: &View| view.written(start, end);
            let (start, end) = views.iter().rev().fold(view.written(hit.start, hit.end), written);
            found.push(Hit { start, end, entity: hit.entity, value: hit.value.into_owned().into(), held: hit.held });
        }
        views.push(view);
    }
    Some(found)
}

fn as_it_stands<'t>(text: &'t str, depth: usize, left: &mut usize) -> Option<Vec<Hit<'t>>> {
    *left = left.checked_sub(text.len())?;
    let mut hits = Hits::new(text);
    MACHINE.scan(text, &mut hits)?;
    for (range, meaning) in encoded::runs(text) {
        let held = match meaning {
            Meaning::Opaque => {
                hits.add(Entity::Unscanned, range.start, range.end);
                continue;
            }
            // Whoever packs this deep hides something.
            Meaning::Text(_) if depth == DEPTH => vec![Entity::Unscanned],
            Meaning::Text(meant) => settle(look(&meant, depth + 1, left)?)
                .iter()
                .flat_map(|hit| hit.held.iter().chain([&hit.entity]))
                .copied()
                .collect(),
        };
        if !held.is_empty() {
            hits.hold(range.start, range.end, held);
        }
    }
    Some(hits.found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_built() {
        assert!(MACHINE.literals.all_built() && MACHINE.context.all_built());
    }

    #[test]
    fn words_and_tokens_are_each_ones_own() {
        let words: std::collections::BTreeSet<&str> = Entity::ALL.into_iter().map(Entity::word).collect();
        let tokens: std::collections::BTreeSet<&str> = Entity::ALL.into_iter().map(Entity::token).collect();
        assert_eq!((words.len(), tokens.len()), (Entity::ALL.len(), Entity::ALL.len()));
        for entity in Entity::ALL {
            assert_eq!(Entity::find(entity.word()), Some(entity));
            assert_eq!(entity.word().to_ascii_uppercase(), entity.token());
        }
        assert_eq!(Entity::find("unscanned"), None);
    }

    #[test]
    fn nothing_shows_the_key() {
        assert_eq!(format!("{:?}", Redactor::new(Some([7; 32]))), "Redactor { keyed: true }");
    }
}
