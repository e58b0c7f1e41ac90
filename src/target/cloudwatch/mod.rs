//! CloudWatch Logs Insights: takes a bound rule, gives a query of its own language.
//!
//! Nothing here can run a query: its text follows the vendor's documents, and where they are silent it is written so that every reading
//! gives the same rows. Commands and functions of 2018–22 are used wherever they are exact, else those of 2026 (`jsonParse`, `unnest`,
//! `if`, …); [`tree::Query::needs`] says which. The time range and the log group are the caller's: they are no part of the text.
//!
//! How rows are read: `window_start` is RFC 3339 text where the window is the beginning of the record's time (1 d, 1 h, 10 m, 1 m, 10 s,
//! 1 s of a log in whole seconds), else milliseconds since 1970; `time` and times among the measures are RFC 3339 text as the record has
//! them, but measures of a log that may write fractions of a second are milliseconds since 1970; durations are seconds; a bool is `true` or `false` as text; a column that a row lacks, or that is empty, is missing, or 0
//! for a count or sum.
//!
//! What the vendors' schemas rule out is not guarded: a boolean where a log writes text, an IPv4-mapped IPv6 address, one IPv6 address
//! in several spellings as a group key, ints of more than 2^53.

mod errors;
mod lower;
mod print;
pub mod tree;

use crate::ir::PlaceKind;
use crate::target::{Backend, Info, Lowering};

/// The target.
#[derive(Debug, Clone, Copy)]
pub struct CloudWatch;

impl Backend for CloudWatch {
    const INFO: Info = Info {
        name: "cloudwatch",
        title: "CloudWatch Logs Insights query",
        extension: "cwli",
        place: PlaceKind::CloudWatch,
        comment: "#",
        max_length: 10_000,
        by_filing_time: true,
        assembles: false,
        looks_back: false,
        joins_not: Some("CloudWatch joins all events of one key, not the first one near in time"),
        correlates_not: Some("a join asks for equal values only, and a query has one"),
        scheduler: None,
        selects: false,
        docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html",
    };

    type Tree = tree::Query;

    fn lower(&self, cx: &mut Lowering<'_>) -> Option<tree::Query> {
        lower::lower(cx)
    }

    fn print(&self, tree: &tree::Query) -> String {
        print::print(tree)
    }
}
