//! Cloud Logging: takes a bound rule, gives the filter that selects its events, or says why there is none.
//!
//! The language only selects: a rule with `over` comes out as its selecting half, wider, and its rows are exactly the events that the rule
//! keeps after `where`. What its documentation says of missing fields decides the forms: a comparison with a part that is not there is false,
//! `!=` and `!~` too, so a complement is always `NOT` of the whole and never another operator. `=` folds case and Unicode, so texts are
//! compared by anchored patterns. An entry comes whole: what a rule shows of it as it stands needs no column.

mod errors;
mod lower;
mod print;
mod tree;

pub use tree::Filter;

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
        docs: "https://cloud.google.com/logging/docs/view/logging-query-language",
    };

    type Tree = Filter;

    fn lower(&self, cx: &mut Lowering<'_>) -> Option<Filter> {
        lower::lower(cx)
    }

    fn print(&self, tree: &Filter) -> String {
        print::print(tree)
    }
}
