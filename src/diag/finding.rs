//! Findings for programs: takes diagnostics and the texts they point into, gives each with its lines and columns and a fingerprint that stays when
//! other lines move.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{Code, Diagnostic, Label, Severity};
use crate::source::{SourceMap, Span};

/// A diagnostic whose places are those of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which of the documented findings it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// Where; the first is the main one.
    pub places: Vec<Place>,
    /// 32 hexadecimal digits: the same as long as the file's name, the code, and the text of the lines stay that the main place is on. The
    /// second of two that would have the same has another.
    pub fingerprint: String,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As it was named, with `/` between folders and no `./` before them.
    pub file: String,
    /// Line and column of the first character, from 1; columns count characters.
    pub start: (usize, usize),
    /// Of one past the last character.
    pub end: (usize, usize),
    /// What is said about it; may be empty.
    pub text: String,
}

impl Finding {
    /// Those of diagnostics, in their order.
    #[must_use]
    pub fn all<'d>(diagnostics: impl IntoIterator<Item = (&'d Diagnostic, &'d SourceMap)>) -> Vec<Finding> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let finding = |(diagnostic, sources): (&Diagnostic, &SourceMap)| {
            let identity = identity(diagnostic, sources);
            let before = seen.entry(identity.clone()).or_default();
            let fingerprint = fingerprint(&identity, *before);
            *before += 1;
            Finding {
                code: diagnostic.code,
                severity: diagnostic.severity,
                message: diagnostic.message.clone(),
                help: diagnostic.help.clone(),
                places: diagnostic.labels.iter().filter_map(|label| place(label, sources)).collect(),
                fingerprint,
            }
        };
        diagnostics.into_iter().map(finding).collect()
    }

    /// The file that the main place is in; empty where there is none.
    #[must_use]
    pub fn file(&self) -> &str {
        self.places.first().map_or("", |place| place.file.as_str())
    }

    /// The message, and the way out behind it.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.help {
            Some(help) => format!("{}; {help}", self.message),
            None => self.message.clone(),
        }
    }
}

fn place(label: &Label, sources: &SourceMap) -> Option<Place> {
    let Span { source, end, .. } = label.span;
    let file = file_name(&sources.get(source)?.name);
    let start = sources.line_column(label.span);
    let end = sources.line_column(Span { source, start: end, end });
    Some(Place { file, start, end, text: label.text.clone() })
}

/// A file's name as code hosts have it.
#[must_use]
pub fn file_name(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.strip_prefix("./").map(str::to_owned).unwrap_or(name)
}

/// What a finding is told from others by. The message is not part of it: it may be said better one day.
fn identity(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let Some((label, source)) =
        diagnostic.labels.first().and_then(|label| Some((label, sources.get(label.span.source)?)))
    else {
        return format!("{}\n{}", diagnostic.code.as_str(), diagnostic.message);
    };
    let range = label.span.range();
    let from = source.text.get(..range.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let to = source
        .text
        .get(range.end..)
        .and_then(|behind| behind.find('\n'))
        .map_or(source.text.len(), |at| range.end + at);
    let words: Vec<&str> = source.text.get(from..to).unwrap_or_default().split_whitespace().collect();
    format!("{}\n{}\n{}", diagnostic.code.as_str(), file_name(&source.name), words.join(" "))
}

fn fingerprint(identity: &str, before: usize) -> String {
    let digest = Sha256::digest(format!("{identity}\n{before}").as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_stays_when_lines_move_and_tells_twins_apart() {
        let finding = |text: &str, words: &[&str]| {
            let mut sources = SourceMap::default();
            let id = sources.add("p/r.sky", text);
            let at = |word: &&str| text.match_indices(*word).map(|(at, _)| at..at + word.len()).collect::<Vec<_>>();
            let ranges: Vec<_> = words.iter().flat_map(at).collect();
            let of = |range| Diagnostic::error(Code::UnknownField, "unknown").at(Span::new(id, range), "");
            let diagnostics: Vec<Diagnostic> = ranges.into_iter().map(of).collect();
            Finding::all(diagnostics.iter().map(|one| (one, &sources)))
        };
        let one = finding("rule r {\n    where callr.id == \"a\"\n}\n", &["callr.id"]);
        let moved = finding("// new\n\nrule r {\n  where   callr.id == \"a\"\n}\n", &["callr.id"]);
        assert_eq!(one[0].fingerprint, moved[0].fingerprint);
        assert_eq!((one[0].places[0].start, one[0].places[0].end), ((2, 11), (2, 19)));
        assert_eq!(one[0].fingerprint.len(), 32);
        let twins = finding("where callr.id == 1\nwhere callr.id == 1\n", &["callr.id"]);
        assert_ne!(twins[0].fingerprint, twins[1].fingerprint);
    }
}
