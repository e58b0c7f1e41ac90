//! What is said to people: takes a code, a sentence and places, gives a plain [`Diagnostic`]; `render` prints it for people,
//! `json`, `sarif`, `github`, `gitlab` and `junit` for programs.
//!
//! Sentences are lower case without a final period, quote input in backticks, name no Rust type, and put the way out into `help`.

mod about;
mod code;
mod finding;
mod github;
mod gitlab;
mod json;
mod junit;
mod nearest;
mod render;
mod sarif;

pub use about::{About, Kind, Level};
pub use code::Code;
pub use finding::{Finding, Place, file_name};
pub use github::to_github;
pub use gitlab::to_gitlab;
pub use json::{reasons, to_json};
pub use junit::to_junit;
pub use nearest::{nearest, one_slip};
pub use render::render;
pub use sarif::to_sarif;

use crate::source::Span;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the input is accepted.
    Warning,
    /// The input can't be used as it is.
    Error,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What to underline.
    pub span: Span,
    /// Said under the line; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which of the documented findings it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with the input quoted.
    pub message: String,
    /// Where; the first is the main one. Empty for findings about files and arguments.
    pub labels: Vec<Label>,
    /// The way out.
    pub help: Option<String>,
    /// What takes the fault away without changing what is meant; all of it or nothing. Empty where that takes a person.
    pub fix: Vec<Edit>,
}

/// A part of a text, and what is to stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Diagnostic {
    /// An error without a place.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            fix: Vec::new(),
        }
    }

    /// A warning without a place.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// With a place underlined.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// With the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a part of a text that is to be replaced.
    #[must_use]
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix.push(Edit { span, text: text.into() });
        self
    }

    /// With "did you mean" where a known name is near, else with the names that exist (at most eight).
    #[must_use]
    pub fn suggest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(near) = nearest(wrong, known.iter().copied()) {
            return self.help(format!("did you mean `{near}`?"));
        }
        if known.is_empty() {
            return self;
        }
        let shown = known.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let rest = known.len().saturating_sub(8);
        if known.len() == 1 {
            self.help(format!("the only one known is {shown}"))
        } else if rest == 0 {
            self.help(format!("known are {shown}"))
        } else {
            self.help(format!("known are {shown} and {rest} more"))
        }
    }
}

/// Whether any finding is an error.
#[must_use]
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}
