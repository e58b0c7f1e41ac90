//! GoogleSQL, as Log Analytics and BigQuery run it: takes a rule over the raw record of a log, gives one query over the log's table.

mod errors;
mod lower;
mod lower_address;
mod lower_aggregate;
mod lower_alerts;
mod lower_borrow;
mod lower_correlate;
mod lower_expr;
mod lower_list;
mod lower_look;
mod lower_pred;
mod lower_quiet;
mod lower_raw;
mod lower_text;
mod lower_window;
mod print;
pub mod tree;
mod words;

use super::{Backend, Correlating, Info, Lowering};
use crate::ir::PlaceKind;

/// The target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GoogleSql;

impl Backend for GoogleSql {
    const INFO: Info = Info {
        name: "googlesql",
        title: "GoogleSQL (Log Analytics, BigQuery)",
        extension: "sql",
        place: PlaceKind::GoogleSql,
        comment: "--",
        max_length: 1_000_000,
        by_filing_time: false,
        assembles: false,
        looks_back: true,
        joins_not: None,
        correlates_not: None,
        scheduler: None,
        selects: false,
        docs: "https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax",
    };

    type Tree = tree::Query;

    fn lower(&self, cx: &mut Lowering<'_>) -> Option<tree::Query> {
        lower::lower(cx)
    }

    fn correlate(&self, cx: &mut Correlating<'_>) -> Option<Self::Tree> {
        lower_correlate::correlate(cx)
    }

    fn print(&self, tree: &tree::Query) -> String {
        print::print(tree)
    }
}
