//! Takes diagnostics and the texts they point into, gives what a terminal shows. The only file that knows `miette`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

use super::{Diagnostic, Severity};
use crate::source::{SourceId, SourceMap, Span};

/// Most findings that are shown; more help nobody.
const MAX_SHOWN: usize = 200;

/// The diagnostics as text, each ending with a line break. With `color`, ANSI escapes and Unicode lines; without, plain Unicode.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut out = String::new();
    // Each text once, however many findings point into it.
    let mut texts: BTreeMap<SourceId, Arc<String>> = BTreeMap::new();
    for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
        // A label of another file than the first's is said in words: one report shows one text.
        let home = diagnostic.labels.first().map(|label| label.span.source);
        let shown = Shown {
            text: home.and_then(|id| Some((id, sources.get(id)?))).map(|(id, source)| {
                let text = texts.entry(id).or_insert_with(|| Arc::new(source.text.clone()));
                NamedSource::new(&source.name, Arc::clone(text))
            }),
            labels: diagnostic
                .labels
                .iter()
                .filter(|label| Some(label.span.source) == home)
                .map(|label| {
                    LabeledSpan::new_with_span(Some(label.text.clone()).filter(|t| !t.is_empty()), visible(label.span))
                })
                .collect(),
            elsewhere: diagnostic
                .labels
                .iter()
                .filter(|label| Some(label.span.source) != home)
                .map(|label| {
                    let (line, _) = sources.line_column(label.span);
                    let name = sources.get(label.span.source).map_or("", |s| s.name.as_str());
                    format!("{name}:{line}: {}", label.text)
                })
                .collect(),
            diagnostic,
        };
        if handler.render_report(&mut out, &shown).is_err() {
            out.push_str(&diagnostic.message);
            out.push('\n');
        }
    }
    if let Some(more) = diagnostics.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        out.push_str(&format!("… and {more} more findings\n"));
    }
    out
}

/// An empty span is shown as one character, so that something is underlined.
fn visible(span: Span) -> std::ops::Range<usize> {
    let range = span.range();
    if range.is_empty() { range.start..range.start + 1 } else { range }
}

#[derive(Debug)]
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    text: Option<NamedSource<Arc<String>>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<String>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code.as_str()))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let lines: Vec<&str> =
            self.diagnostic.help.iter().map(String::as_str).chain(self.elsewhere.iter().map(String::as_str)).collect();
        if lines.is_empty() { None } else { Some(Box::new(lines.join("\n"))) }
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.text.as_ref().map(|text| text as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }
}
