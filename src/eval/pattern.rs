//! Patterns compiled: takes patterns of the IR as an evaluation meets them, gives `regex` machines, each made once.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use regex::{Regex, RegexBuilder};

use super::value::Value;
use crate::diag::{Code, Diagnostic};
use crate::ir::Pattern;
use crate::ir::pattern::RUST;

/// Most bytes of a compiled machine; every pattern that the language takes is far below.
pub const SIZE_LIMIT: usize = 256 << 20;

/// The patterns of one evaluation, on any number of threads.
#[derive(Debug, Default)]
pub struct Patterns {
    /// By text, without and with `nocase`.
    compiled: [RwLock<BTreeMap<String, Regex>>; 2],
    failed: RwLock<Option<Diagnostic>>,
}

impl Patterns {
    /// Whether the pattern is found in the text.
    #[must_use]
    pub fn found(&self, pattern: &Pattern, text: &str) -> bool {
        self.with(pattern, |regex| regex.is_match(text)).unwrap_or_default()
    }

    /// Group 1 of the first match, or the whole match of a pattern without groups; missing where there is none or it is empty.
    #[must_use]
    pub fn extract(&self, pattern: &Pattern, text: &str) -> Value {
        let group = usize::from(pattern.groups > 0);
        let extracted = self.with(pattern, |regex| {
            let captures = regex.captures(text)?;
            captures.get(group).map(|found| Value::text(found.as_str()))
        });
        extracted.flatten().unwrap_or_default()
    }

    /// Fails if a pattern could not be compiled: its answers would all have been no.
    ///
    /// # Errors
    /// A pattern past the machine's limit.
    pub fn check(&self) -> Result<(), Diagnostic> {
        self.failed.read().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    fn with<T>(&self, pattern: &Pattern, act: impl FnOnce(&Regex) -> T) -> Option<T> {
        let [exact, folded] = &self.compiled;
        let compiled = if pattern.nocase { folded } else { exact };
        if let Some(regex) = compiled.read().unwrap_or_else(PoisonError::into_inner).get(&pattern.text) {
            return Some(act(regex));
        }
        match RegexBuilder::new(&pattern.print(&RUST)).size_limit(SIZE_LIMIT).build() {
            Ok(regex) => {
                let result = act(&regex);
                let mut compiled = compiled.write().unwrap_or_else(PoisonError::into_inner);
                compiled.insert(pattern.text.clone(), regex);
                Some(result)
            }
            Err(_) => {
                let message = format!("pattern `{}` grows too large to run", pattern.text);
                let help = "lower the counts in `{…}`, or split it into several";
                let mut failed = self.failed.write().unwrap_or_else(PoisonError::into_inner);
                *failed = Some(Diagnostic::error(Code::BadPattern, message).help(help));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract(pattern: &str, nocase: bool, text: &str) -> Value {
        let patterns = Patterns::default();
        Pattern::new(pattern, nocase).map_or(Value::Missing, |pattern| patterns.extract(&pattern, text))
    }

    #[test]
    fn the_whole_match_or_group_one() {
        assert_eq!(extract("b+", false, "abbc"), Value::text("bb"));
        assert_eq!(extract("a(b+)(c)", false, "abbc"), Value::text("bb"));
        assert_eq!(extract("(?:a)(b+)", false, "abbc"), Value::text("bb"));
        assert_eq!(extract("a(x*)b", false, "abbc"), Value::Missing);
        assert_eq!(extract("a(x)?b", false, "abbc"), Value::Missing);
        assert_eq!(extract("x", false, "abbc"), Value::Missing);
        assert_eq!(extract("x*", false, "abbc"), Value::Missing);
    }

    #[test]
    fn classes_are_ascii_and_the_ends_are_those_of_the_text() {
        assert_eq!(extract(r"\d+", false, "٣4"), Value::text("4"));
        assert_eq!(extract(r"^b", false, "a\nb"), Value::Missing);
        assert_eq!(extract(r"a$", false, "a\n"), Value::Missing);
        assert_eq!(extract("a.b", false, "a\rb"), Value::text("a\rb"));
        assert_eq!(extract("a.b", false, "a\nb"), Value::Missing);
        assert_eq!(extract("k", true, "\u{212a}K"), Value::text("K"));
        assert_eq!(extract(r"\bé", false, "xé"), Value::text("é"));
    }
}
