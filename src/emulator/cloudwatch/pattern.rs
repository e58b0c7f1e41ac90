//! What `like`, `=~` and `parse` look for: a part of a text, a regular expression, a glob.
//!
//! The documentation speaks of RE2 in one place and of Hyperscan in another; what neither has is refused.

use std::fmt;

use regex::{Regex, RegexBuilder, bytes};

use super::reading::Question;
use super::tree::Place;
use crate::emulator::{Failure, Readings};

/// A pattern, ready to be looked for.
pub(super) enum Pattern {
    /// Stands anywhere in the text.
    Part(String),
    Regex {
        characters: Regex,
        /// On bytes; none where it can't be.
        bytes: Option<bytes::Regex>,
        /// Whether it asks for the end.
        end: bool,
    },
    Glob {
        /// A star may cross lines.
        text: Regex,
        /// It may not.
        lines: Regex,
    },
}

/// As it was written: the rest is made of that.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Part(part) => f.debug_tuple("Part").field(part).finish(),
            Pattern::Regex { characters, .. } => f.debug_tuple("Regex").field(&characters.as_str()).finish(),
            Pattern::Glob { text, .. } => f.debug_tuple("Glob").field(&text.as_str()).finish(),
        }
    }
}

impl Pattern {
    pub(super) fn part(text: &str) -> Pattern {
        Pattern::Part(text.to_owned())
    }

    pub(super) fn regex(pattern: &str, at: &Place) -> Result<Pattern, Failure> {
        let characters = Regex::new(pattern).map_err(|error| refused(pattern, &error, at))?;
        let bytes = bytes::RegexBuilder::new(pattern).unicode(false).build().ok();
        Ok(Pattern::Regex { characters, bytes, end: pattern.contains('$') })
    }

    /// A star takes as little as it can, one at the end all the rest.
    pub(super) fn glob(glob: &str, at: &Place) -> Result<Pattern, Failure> {
        if glob.contains("**") || glob.contains("\\*") {
            return Err(Failure::unknown("two stars together, or a star after a backslash", at.clone()));
        }
        let pieces: Vec<String> = glob.split('*').map(regex::escape).collect();
        let mut pattern = String::from(if glob.starts_with('*') { r"\A" } else { "" });
        let last = pieces.len().saturating_sub(1);
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                pattern.push_str(if number == last && piece.is_empty() { "(.*)" } else { "(.*?)" });
            }
            pattern.push_str(piece);
        }
        let build = |lines: bool| {
            let built = RegexBuilder::new(&pattern).dot_matches_new_line(!lines).build();
            built.map_err(|error| refused(glob, &error, at))
        };
        Ok(Pattern::Glob { text: build(false)?, lines: build(true)? })
    }

    /// The names of groups, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let regex = match self {
            Pattern::Regex { characters, .. } => Some(characters),
            Pattern::Part(_) | Pattern::Glob { .. } => None,
        };
        regex.into_iter().flat_map(|regex| regex.capture_names().flatten())
    }

    pub(super) fn is_in(&self, text: &str, readings: &Readings) -> bool {
        match self {
            Pattern::Part(part) => text.contains(part.as_str()),
            Pattern::Regex { .. } => self.taken(text, readings).is_some(),
            Pattern::Glob { text: regex, .. } => regex.is_match(text),
        }
    }

    /// What the named groups, or the stars, take of the first match; none where nothing matches.
    pub(super) fn taken(&self, text: &str, readings: &Readings) -> Option<Vec<Option<String>>> {
        match self {
            Pattern::Part(_) => None,
            Pattern::Regex { end, .. } => {
                let taken = self.groups(text, readings);
                match text.strip_suffix('\n') {
                    Some(before) if taken.is_none() && *end && readings.other(Question::PatternEnd as usize) => {
                        self.groups(before, readings)
                    }
                    _ => taken,
                }
            }
            Pattern::Glob { text: regex, lines } => {
                let by_line = text.contains('\n') && readings.other(Question::GlobLines as usize);
                let taken = if by_line { lines.captures(text)? } else { regex.captures(text)? };
                Some(taken.iter().skip(1).map(|group| group.map(|group| group.as_str().to_owned())).collect())
            }
        }
    }

    /// The named groups of the first match of a regular expression.
    fn groups(&self, text: &str, readings: &Readings) -> Option<Vec<Option<String>>> {
        let Pattern::Regex { characters, bytes, .. } = self else { return None };
        match bytes {
            Some(bytes) if !text.is_ascii() && readings.other(Question::PatternAlphabet as usize) => {
                let taken = bytes.captures(text.as_bytes())?;
                let group = |name| Some(String::from_utf8_lossy(taken.name(name)?.as_bytes()).into_owned());
                Some(bytes.capture_names().flatten().map(group).collect())
            }
            _ => {
                let taken = characters.captures(text)?;
                let group = |name| taken.name(name).map(|group| group.as_str().to_owned());
                Some(characters.capture_names().flatten().map(group).collect())
            }
        }
    }
}

fn refused(pattern: &str, error: &regex::Error, at: &Place) -> Failure {
    let said = error.to_string();
    let reason = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let message = format!("the pattern `{pattern}`: {reason}");
    match error {
        regex::Error::Syntax(_) if !reason.contains("not supported") => Failure::rejected(message, at.clone()),
        _ => Failure::unknown(message, at.clone()),
    }
}
