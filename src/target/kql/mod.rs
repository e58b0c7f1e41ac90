//! KQL for Azure Monitor Logs: takes a bound rule, gives a pipeline over the table that the source names, or says why there is none.
//!
//! Texts were checked against Microsoft's documentation of Kusto, its parser, and an independent engine. Where KQL's own conversions and
//! functions take more than the language does, the query defines functions of its own ([`library`]) at its top.

mod errors;
pub mod library;
mod lower;
mod names;
mod print;
pub mod tree;

pub use tree::Query;

use super::{Backend, Correlating, Info, Lowering, Scheduler};
use crate::ir::{PlaceKind, SECOND};

/// Scheduled rules of Microsoft Sentinel.
const SENTINEL: Scheduler = Scheduler {
    reads: 14 * DAY,
    long: 2 * DAY,
    rarely: DAY / 24,
    said: "a scheduled rule of Sentinel, which reads 14d, and 2d or more once an hour",
};
const DAY: i64 = 86_400 * SECOND;

/// The target.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kql;

impl Backend for Kql {
    const INFO: Info = Info {
        name: "kql",
        title: "KQL (Azure Monitor Logs)",
        extension: "kql",
        place: PlaceKind::Kql,
        comment: "//",
        // Microsoft Sentinel's limit for the query of a scheduled rule.
        max_length: 10_000,
        by_filing_time: false,
        assembles: true,
        looks_back: true,
        joins_not: None,
        correlates_not: None,
        scheduler: Some(SENTINEL),
        selects: false,
        docs: "https://learn.microsoft.com/kusto/query/",
    };
    type Tree = Query;

    fn lower(&self, cx: &mut Lowering<'_>) -> Option<Query> {
        lower::lower(cx)
    }

    fn correlate(&self, cx: &mut Correlating<'_>) -> Option<Self::Tree> {
        lower::correlate(cx)
    }

    fn print(&self, tree: &Query) -> String {
        print::print(tree)
    }
}
