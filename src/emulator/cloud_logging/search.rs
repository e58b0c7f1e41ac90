//! The function SEARCH: a query of it → whether texts have its terms.
//!
//! "Logging query language" (SEARCH function) hands the query to the text analyzer of BigQuery, whose LOG_ANALYZER splits texts at these
//! delimiters and ignores the letter case of ASCII.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Regex, escape};

use super::tree::Place;
use crate::emulator::Failure;

const DELIMITER: &str = concat!(
    "(?:%(?:2526|2520|21|26|3[Bb]|7[Cc]|20|2[Bb]|3[Dd]|5[Dd]|5[Bb]|3[Aa]|0[Aa]|2[Cc]|28|29)",
    r#"|[\[\]<>(){}|!;,'"*&?+/:=@.\-$%\\_\n\r\t ])"#
);

static DELIMITERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("{DELIMITER}+")).ok());

/// What SEARCH looks for.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// In lower case.
    words: BTreeSet<String>,
    phrases: Vec<Regex>,
}

impl Terms {
    /// Reads a query.
    pub(super) fn read(query: &str, at: &Place) -> Result<Terms, Failure> {
        let unknown = |what: &str| Failure::unknown(format!("{what} in the query of SEARCH is not known"), at.clone());
        let mut terms = Terms { words: BTreeSet::new(), phrases: Vec::new() };
        if query.matches('`').count() % 2 == 1 {
            return Err(unknown("a backtick without another"));
        }
        for (number, part) in query.split('`').enumerate() {
            if number % 2 == 1 {
                if part.is_empty() || !part.is_ascii() {
                    return Err(unknown("a phrase that is empty or has characters outside of ASCII"));
                }
                let phrase = format!("(?i)(?:^|{DELIMITER}){}(?:{DELIMITER}|$)", escape(part));
                terms.phrases.push(Regex::new(&phrase).map_err(|_| unknown("such a phrase"))?);
                continue;
            }
            if let Some(c) = part.chars().find(|c| !c.is_ascii_alphanumeric() && *c != ' ') {
                return Err(unknown(&format!("{c:?} outside of backticks")));
            }
            terms.words.extend(part.split_ascii_whitespace().map(str::to_ascii_lowercase));
        }
        if terms.words.is_empty() && terms.phrases.is_empty() {
            return Err(unknown("no term at all"));
        }
        Ok(terms)
    }

    /// Whether texts have all terms, each somewhere.
    pub(super) fn are_in(&self, texts: &[&str]) -> bool {
        let mut missing = self.words.clone();
        for text in texts {
            let text = text.to_ascii_lowercase();
            if let Some(delimiters) = &*DELIMITERS {
                delimiters.split(&text).for_each(|token| {
                    missing.remove(token);
                });
            }
        }
        missing.is_empty() && self.phrases.iter().all(|phrase| texts.iter().any(|text| phrase.is_match(text)))
    }
}
