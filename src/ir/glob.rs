//! Patterns of operation names: `*` stands for any characters, everything else for itself.

use super::pattern::{Node, anything, concat, literal_node};

/// A glob over a whole text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    /// The texts between the stars: one more than there are stars. `a*c` is `["a", "c"]`.
    pub parts: Vec<String>,
}

impl Glob {
    /// Reads a glob as it is written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Glob { parts: text.split('*').map(str::to_owned).collect() }
    }

    /// The text it stands for, where it has no star.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts.join("*")
    }

    /// The pattern that is found in a text where the whole text fits; with `nocase`, A–Z are folded. A star at an end is left out.
    #[must_use]
    pub fn node(&self, nocase: bool) -> Node {
        let last = self.parts.len().saturating_sub(1);
        let mut nodes = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            let at_start = at == 0;
            if at_start && !(part.is_empty() && last > 0) {
                nodes.push(Node::Start);
            }
            if !part.is_empty() {
                nodes.push(literal_node(part, nocase));
            }
            match self.parts.get(at + 1) {
                // Between two parts that are there; a star beside an end says nothing.
                Some(next) if !(at_start && part.is_empty()) && !(at + 1 == last && next.is_empty()) => {
                    nodes.push(anything());
                }
                None if !(part.is_empty() && last > 0) => nodes.push(Node::End),
                _ => {}
            }
        }
        concat(nodes)
    }

    /// Whether the whole of `text` fits; with `nocase`, A–Z are folded.
    #[must_use]
    pub fn fits(&self, text: &str, nocase: bool) -> bool {
        let fold = |s: &str| if nocase { s.to_ascii_lowercase() } else { s.to_owned() };
        let text = fold(text);
        let parts: Vec<String> = self.parts.iter().map(|part| fold(part)).collect();
        let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
        let Some((last, middle)) = rest.split_last() else { return text == *first };
        let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
        // Taking the earliest place for each part leaves the most text for those that follow.
        for part in middle {
            let Some(at) = left.find(part.as_str()) else { return false };
            left = left.get(at + part.len()..).unwrap_or_default();
        }
        left.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::pattern::{RUST, print};

    #[test]
    fn the_pattern_says_what_the_glob_says() {
        let globs = ["a", "", "*", "**", "a*", "*a", "*a*", "a*b", "a**b", "*a*b*", "a.b*c", "*.b", "aB*"];
        let texts =
            ["", "a", "b", "ab", "ba", "aab", "abb", "a.b", "a.bc", "xaxbx", "axb", "a\nb", "A", "AB", "x.b", "aBx"];
        for glob in globs.map(Glob::new) {
            for nocase in [false, true] {
                let regex = regex::Regex::new(&print(&glob.node(nocase), &RUST));
                for text in texts {
                    let found = regex.as_ref().map(|regex| regex.is_match(text));
                    assert_eq!(found, Ok(glob.fits(text, nocase)), "{} in {text:?}", glob.text());
                }
            }
        }
    }
}
