//! One pattern that is built when it is first needed: takes a text, gives the first group that matched.

use std::sync::OnceLock;

use regex::{CaptureLocations, Regex, RegexBuilder};

pub(super) struct Matcher {
    pattern: &'static str,
    nocase: bool,
    built: OnceLock<Option<Regex>>,
}

impl Matcher {
    pub(super) const fn new(pattern: &'static str, nocase: bool) -> Matcher {
        Matcher { pattern, nocase, built: OnceLock::new() }
    }

    /// None only for a pattern that does not parse; a test builds all of them.
    pub(super) fn built(&self) -> Option<&Regex> {
        let build = || RegexBuilder::new(self.pattern).case_insensitive(self.nocase).unicode(true).build().ok();
        self.built.get_or_init(build).as_ref()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.built().is_some_and(|regex| regex.is_match(text))
    }

    /// The value of the first match that begins at a place or behind it.
    pub(super) fn value_at(&self, text: &str, at: usize) -> Option<(usize, usize)> {
        let regex = self.built()?;
        let mut places: CaptureLocations = regex.capture_locations();
        let whole = regex.captures_read_at(&mut places, text, at)?;
        Some((1..places.len()).find_map(|group| places.get(group)).unwrap_or((whole.start(), whole.end())))
    }
}
