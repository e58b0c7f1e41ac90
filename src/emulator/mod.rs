//! Another system's query, as text → the rows that it gives over raw log records, offline.
//!
//! One folder a language: its own parser, its own store (raw records → what that system holds of them), its own interpreter. They are written
//! from the vendors' documentation and know nothing of `target`, `ir` or the sources: what they answer is evidence about what was emitted.
//! What one does not know it refuses by name; what the documentation leaves open it reads both ways, see [`reading`].

pub mod answer;
pub mod cloud_logging;
pub mod cloudwatch;
pub mod failure;
pub mod googlesql;
pub mod kql;
pub mod logs;
pub mod reading;

use std::fmt::Debug;

pub use answer::{Answer, Value};
pub use failure::{Failure, Kind};
pub use logs::{Record, Run};
pub use reading::{Reading, Readings};

/// A query language that can be emulated.
pub trait Language: Sync {
    /// What users call it.
    fn name(&self) -> &'static str;

    /// What the vendor's documentation leaves open.
    fn readings(&self) -> &'static [Reading];

    /// How a query is read, for people and for tests: its tree as Rust writes values, with its texts as they are meant.
    ///
    /// # Errors
    /// Where the system has no such text, and where this emulator does not know it.
    fn tree(&self, query: &str) -> Result<String, Failure>;

    /// Runs a query under one choice of readings.
    ///
    /// # Errors
    /// Where the system rejects the query or fails on it, where this emulator does not know it, and where the records are none of that system.
    fn run(&self, query: &str, logs: &[Record], run: &Run, readings: &Readings) -> Result<Answer, Failure>;
}

/// The languages, by name.
pub const LANGUAGES: &[&dyn Language] =
    &[&cloud_logging::CloudLogging, &cloudwatch::CloudWatch, &googlesql::GoogleSql, &kql::Kql];

/// The language of a name.
#[must_use]
pub fn language(name: &str) -> Option<&'static dyn Language> {
    LANGUAGES.iter().copied().find(|language| language.name() == name)
}

/// What a query gives, where no open reading decides it.
///
/// # Errors
/// As [`Language::run`]; and [`Kind::Ambiguous`] where another reading of the documentation gives another answer.
pub fn emulate(language: &dyn Language, query: &str, logs: &[Record], run: &Run) -> Result<Answer, Failure> {
    emulate_part(language, query, logs, run, &[], |answer| answer)
}

/// What someone takes of a query's answer, where no open reading decides that. Of the questions that are `answered`, by name, the first
/// reading holds.
///
/// # Errors
/// As [`emulate`].
pub fn emulate_part<T: Debug>(
    language: &dyn Language,
    query: &str,
    logs: &[Record],
    run: &Run,
    answered: &[&str],
    take: impl Fn(Answer) -> T,
) -> Result<T, Failure> {
    reading::settle(language.readings(), answered, |readings| language.run(query, logs, run, readings).map(&take))
}
