//! Cloud Logging: takes a rule over the raw record of a log, gives the filter that selects its events.
//!
//! The language has no groups, no arithmetic and no columns. A rule without `over` comes out whole: its entries are the events that alert.
//! A rule with `over` comes out as its selecting half, *wider*: the entries are exactly those that it keeps after `where`.
//!
//! Every negation is `NOT` before the whole test, because `!=` and `!~` are false of missing fields; every test of text is a pattern, because
//! `=` folds case. What a rule shows is in the entry, where it is a part of the record as it stands; computed values are left out.

mod errors;
mod fields;
mod lower;
mod print;
mod text;
pub mod tree;

use super::{Backend, Info, Lowering};
use crate::ir::PlaceKind;

/// The target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CloudLogging;

impl Backend for CloudLogging {
    const INFO: Info = Info {
        name: "cloud-logging",
        title: "Cloud Logging filter",
        extension: "filter",
        place: PlaceKind::CloudLogging,
        comment: "--",
        max_length: 20_000,
        by_filing_time: false,
        assembles: false,
        looks_back: false,
        joins_not: Some("a filter of Cloud Logging reads one entry at a time"),
        correlates_not: Some("a filter reads one entry at a time"),
        scheduler: None,
        selects: true,
        docs: "https://cloud.google.com/logging/docs/view/logging-query-language",
    };

    type Tree = tree::Filter;

    fn lower(&self, cx: &mut Lowering<'_>) -> Option<tree::Filter> {
        lower::lower(cx)
    }

    fn print(&self, tree: &tree::Filter) -> String {
        print::print(tree)
    }
}
