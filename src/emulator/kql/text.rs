//! Tests of texts: equal, within, at an end, by terms; each with and without regard to case.

use super::engine::Engine;
use super::readings::{CASE_FOLDING, TERM_LETTERS};

/// A test of one text against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Test {
    how: How,
    negated: bool,
    exact_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Equals,
    Contains,
    Starts,
    Ends,
    Term,
    TermPrefix,
    TermSuffix,
}

impl Test {
    /// `in~` compares so.
    pub(super) const EQUALS_NOCASE: Test = Test { how: How::Equals, negated: false, exact_case: false };
    /// `has_any` and `has_all` test so.
    pub(super) const HAS: Test = Test { how: How::Term, negated: false, exact_case: false };

    /// By its operator.
    pub(super) fn named(word: &str) -> Option<Test> {
        let (negated, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        let (exact_case, word) = word.strip_suffix("_cs").map_or((false, word), |rest| (true, rest));
        let how = match word {
            "~" | "=~" => How::Equals,
            "contains" => How::Contains,
            "startswith" => How::Starts,
            "endswith" => How::Ends,
            "has" => How::Term,
            "hasprefix" => How::TermPrefix,
            "hassuffix" => How::TermSuffix,
            _ => return None,
        };
        Some(Test { how, negated, exact_case })
    }

    /// Whether it holds; none where the documentation does not say what such a search means.
    pub(super) fn holds(self, text: &str, search: &str, engine: &Engine<'_>) -> Option<bool> {
        let plain = |text: &str, search: &str| match self.how {
            How::Equals => Some(text == search),
            How::Contains => Some(text.contains(search)),
            How::Starts => Some(text.starts_with(search)),
            How::Ends => Some(text.ends_with(search)),
            How::Term | How::TermPrefix | How::TermSuffix => self.has(text, search, engine),
        };
        let held = if self.exact_case {
            plain(text, search)?
        } else {
            let ascii = plain(&text.to_ascii_lowercase(), &search.to_ascii_lowercase())?;
            if text.is_ascii() && search.is_ascii() {
                ascii
            } else {
                let folded = plain(&text.to_lowercase(), &search.to_lowercase())?;
                if folded != ascii && engine.reads_other(CASE_FOLDING) { ascii } else { folded }
            }
        };
        Some(held != self.negated)
    }

    /// A search that is one term alone is documented.
    fn has(self, text: &str, search: &str, engine: &Engine<'_>) -> Option<bool> {
        let among = |is_letter: fn(char) -> bool| {
            let one_term = !search.is_empty() && search.chars().all(is_letter);
            let matches = |term: &str| match self.how {
                How::TermPrefix => term.starts_with(search),
                How::TermSuffix => term.ends_with(search),
                _ => term == search,
            };
            one_term.then(|| text.split(|c| !is_letter(c)).any(matches))
        };
        let ascii = among(|c| c.is_ascii_alphanumeric());
        if text.is_ascii() && search.is_ascii() {
            return ascii;
        }
        let all = among(char::is_alphanumeric);
        if ascii != all && engine.reads_other(TERM_LETTERS) { all } else { ascii }
    }
}
