//! The plain definition of meaning: takes rules of the IR and events in memory, gives alerts. One row at a time, never optimised.
//!
//! Whatever else runs a rule, or says it in another language, is right where it gives what this gives. Sources' expressions over raw records
//! are evaluated here too: `record` makes events with them, and a bound rule runs over raw records.

pub mod aggregate;
pub mod alert;
mod big;
pub mod borrow;
pub mod by_rule;
mod call;
pub mod clock;
mod conclude;
pub mod correlate;
pub mod expr;
pub mod given;
pub mod mute;
pub mod number;
mod output;
mod past;
pub mod pattern;
mod pred;
pub mod read;
pub mod rule;
mod ruled;
pub mod text;
pub mod total;
pub mod value;
pub mod window;
pub mod windowed;

use std::sync::Arc;

pub use crate::json::Json;
pub use alert::Alert;
pub use by_rule::ByRule;
pub use conclude::conclude;
pub use past::Groups;
pub use rule::{Outcome, Run, Undecided, run, run_bound};
pub use ruled::{RuleRun, Skipped};
pub use value::Value;
pub use window::Range;

/// A normalized event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// The name of its source; empty for one of no source, which lacks nothing.
    pub source: Arc<str>,
    /// By field of its stream.
    pub fields: Vec<Value>,
}
