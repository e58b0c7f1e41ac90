//! Words around a value: takes a text and a place, says whether a word announces what stands there, and whether it is a version, a count
//! or an id.

use super::matcher::Matcher;
use super::patterns::{NHS_WORDS, PHONE_WORDS, ROUTING_WORDS, SIN_WORDS, SSN_WORDS, VIN_WORDS, Words};

/// How many bytes around a value are looked at: more than the patterns take.
const REACH: usize = 256;

type Place = (usize, usize);

/// The words, ready to be looked for.
pub(super) struct Context {
    ssn: Pair,
    nhs: Pair,
    sin: Pair,
    routing: Pair,
    phone: Pair,
    vin: Pair,
}

struct Pair {
    before: Matcher,
    behind: Matcher,
}

impl Pair {
    fn new(words: Words) -> Pair {
        Pair { before: Matcher::new(words.before, true), behind: Matcher::new(words.behind, true) }
    }

    /// Between a word and its value stands no digit, so what lies beyond one need not be looked at.
    fn before(&self, text: &str, place: Place) -> bool {
        let head = text.get(floor(text, place.0.saturating_sub(REACH))..place.0).unwrap_or_default();
        let near = head.rfind(|c: char| c.is_ascii_digit()).and_then(|digit| head.get(digit..)).unwrap_or(head);
        self.before.is_match(near)
    }

    fn around(&self, text: &str, place: Place) -> bool {
        let tail = text.get(place.1..floor(text, place.1.saturating_add(REACH))).unwrap_or_default();
        let near = tail.find(|c: char| c.is_ascii_digit()).and_then(|digit| tail.get(..digit)).unwrap_or(tail);
        self.before(text, place) || self.behind.is_match(near)
    }
}

impl Context {
    pub(super) fn new() -> Context {
        Context {
            ssn: Pair::new(SSN_WORDS),
            nhs: Pair::new(NHS_WORDS),
            sin: Pair::new(SIN_WORDS),
            routing: Pair::new(ROUTING_WORDS),
            phone: Pair::new(PHONE_WORDS),
            vin: Pair::new(VIN_WORDS),
        }
    }

    #[cfg(test)]
    pub(super) fn all_built(&self) -> bool {
        let pairs = [&self.ssn, &self.nhs, &self.sin, &self.routing, &self.phone, &self.vin];
        pairs.iter().all(|pair| pair.before.built().is_some() && pair.behind.built().is_some())
    }

    pub(super) fn ssn(&self, text: &str, place: Place) -> bool {
        self.ssn.around(text, place)
    }

    pub(super) fn nhs(&self, text: &str, place: Place) -> bool {
        self.nhs.around(text, place)
    }

    pub(super) fn sin(&self, text: &str, place: Place) -> bool {
        self.sin.around(text, place)
    }

    pub(super) fn routing(&self, text: &str, place: Place) -> bool {
        self.routing.around(text, place)
    }

    pub(super) fn phone(&self, text: &str, place: Place) -> bool {
        self.phone.before(text, place)
    }

    pub(super) fn vin(&self, text: &str, place: Place) -> bool {
        self.vin.around(text, place)
    }
}

/// The last boundary of a character at or before a place.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Whether four numbers with dots are a version: after `version`, `release`, `build` and their like; after a product's name with a slash, as
/// browsers send it (`Chrome/120.0.0.0`); before `-rc`, `-beta` and their like. `v1.2.3.4` is none of an address anyway, for its letter.
pub(super) fn is_version(text: &str, start: usize, end: usize) -> bool {
    const WORDS: [&str; 8] = ["version", "ver", "release", "revision", "rev", "rv", "build", "firmware"];
    const SUFFIXES: [&str; 7] = ["-rc", "-beta", "-alpha", "-snapshot", "-release", "-dev", "+"];
    let head = text.get(floor(text, start.saturating_sub(24))..start).unwrap_or_default();
    let said = head.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '.').to_ascii_lowercase();
    // In `user_agent_version` and `apiVersion` the word is a part; `driver` does not say `ver`.
    let apart = |rest: &str| !rest.ends_with(|c: char| c.is_ascii_lowercase());
    let announced =
        WORDS.iter().any(|word| said.strip_suffix(word).is_some_and(|rest| *word == "version" || apart(rest)));
    // Java prints `host/10.0.0.1`: names of products begin with a capital.
    let product = head.strip_suffix('/').is_some_and(|head| {
        let name = head.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_uppercase())
    });
    let behind = text.get(end..floor(text, end.saturating_add(12))).unwrap_or_default().to_ascii_lowercase();
    announced || product || SUFFIXES.iter().any(|suffix| behind.starts_with(suffix))
}

/// Whether a number in one piece is said to be something else than a telephone's: a number of JSON, an amount, a part of a path or a name, or
/// what stands behind `id`, `order`, `size` and their like (`requestId: `, `order no. `) or before a unit.
pub(super) fn is_count_or_id(text: &str, start: usize, end: usize) -> bool {
    const WORDS: [&str; 34] = [
        "id",
        "ids",
        "uid",
        "gid",
        "pid",
        "order",
        "ticket",
        "case",
        "invoice",
        "ref",
        "reference",
        "incident",
        "account",
        "acct",
        "customer",
        "item",
        "sku",
        "isbn",
        "tracking",
        "transaction",
        "txn",
        "project",
        "projects",
        "job",
        "session",
        "request",
        "build",
        "seed",
        "offset",
        "size",
        "count",
        "timestamp",
        "epoch",
        "bytes",
    ];
    const UNITS: [&str; 8] = ["bytes", "tokens", "rows", "ns", "us", "ms", "milliseconds", "nanoseconds"];
    let head = text.get(floor(text, start.saturating_sub(32))..start).unwrap_or_default();
    let tail = text.get(end..floor(text, end.saturating_add(16))).unwrap_or_default();
    let joined = head.ends_with(['/', '_', '#', '$', '=', '\u{20ac}', '\u{a3}']) || tail.starts_with(['/', '_', '=']);
    // JSON writes telephone numbers as texts.
    let number_of_json = head.trim_end().ends_with("\":");
    let before = head.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let numbered = ["no", "nr", "number", "num"].iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before);
    let named = last_word(numbered.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()));
    let unit = tail.trim_start_matches(' ').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    joined || number_of_json || WORDS.contains(&named.as_str()) || UNITS.contains(&unit)
}

/// The word that a text ends with, in lower case; of `requestId` it is `id`.
fn last_word(text: &str) -> String {
    let word = text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let capital =
        word.as_bytes().windows(2).rposition(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    word.get(capital.map_or(0, |at| at + 1)..).unwrap_or_default().to_ascii_lowercase()
}
