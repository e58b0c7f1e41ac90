//! Rules and an archive in, alerts out: the same alerts as the evaluator's, by DataFusion plans over Parquet.
//!
//! ```text
//! rule + source + range ──plan──▶ logical plan ──session──▶ rows ──findings──▶ alerts
//!                          │ lower, predicates: expressions      └ the evaluator's last steps
//!                          │ aggregates: folds of groups
//!                          └ table: the tier that holds every field the rule reads
//! ```
//!
//! INVARIANT (same alerts): for equal events, `run` gives what [`crate::eval::run`] gives, whatever the partitions, batches and memory are.
//! INVARIANT (bounded): all plans of a run share one pool of memory; what does not fit spills, or fails with a finding. Content never spills.

mod aggregates;
mod asked;
mod before;
mod bench;
mod collections;
mod cost;
mod days;
mod distinct;
mod elements;
mod errors;
mod feed;
mod findings;
mod fold;
mod functions;
mod held;
mod joined;
mod kernel;
mod lower;
mod numbers;
mod pass;
mod piped;
mod plan;
mod predicates;
mod records;
mod row_values;
mod rowwise;
mod run;
mod sealed;
mod select;
mod session;
mod sieve;
mod store;
mod sums;
mod table;
mod texts;
mod together;
mod windows;

pub use bench::Bench;
pub use cost::{PassCost, RuleCost, SharedCost, TextCost};
pub use piped::{PipedRows, Take, piped};
pub use run::{Costs, Engine, Period, RunOutcome};
pub use session::{Limits, MEMORY};
