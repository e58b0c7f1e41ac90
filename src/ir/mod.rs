//! What a rule means, for all targets: takes nothing, is made by `resolve` (and rewritten by `bind`), read by `eval`, `target`, `engine` and `lint`.
//!
//! INVARIANT (resolved): no node holds a name that is still to be looked up. Field, element, key and measure are indices.
//! INVARIANT (typed): an expression's `ty` is right; a predicate's operands have the types that its variant says.
//! INVARIANT (flat): `All` and `Any` have at least two children, none of their own kind; make them by [`Pred::all`] and [`Pred::any`].
//! INVARIANT (placed): every node has the span of the text that asked for it, so that a target's refusal can underline it.
//! INVARIANT (two-valued): a predicate is true or false; an expression has a value or is missing. Empty text and empty lists are missing.

mod content;
mod correlate;
mod expr;
mod glob;
mod join;
mod look;
pub mod pattern;
mod place;
mod pred;
mod retention;
mod rule;
mod show;
mod source;
mod test;
mod types;

pub use content::ContentTold;
pub use correlate::{CORRELATION, Correlation, Member, MemberKey, Mute, Occurs};
pub use expr::{Arithmetic, Expr, ExprKind, Function, Rewrite, Rows, Step};
pub use glob::Glob;
pub use join::{BORROWED, Join, Lent, borrowed_path};
pub use look::{Look, Question, Statistic};
pub use pattern::Pattern;
pub use place::{Position, degrees, distance_km, on_earth, place_text, position};
pub use pred::{Comparison, Pred, PredKind, TextTest};
pub use retention::{Hold, MAX_CONTENT_DAYS, Retention};
pub use rule::{Aggregate, AggregateFunction, Binding, Each, Key, Level, OnlySource, Rule, SeverityOf, Texts, Window};
pub use show::{path_text, show_rule, show_source};
pub use source::{
    Assemble, Column, ColumnKind, Field, FileFormat, Part, Place, PlaceKind, Proviso, Source, Stream, Tier, Widen,
    cloud_of,
};
pub use test::{Constant, Expected, Given, Test};
pub use types::{FieldId, Literal, RecordType, Type, duration};

/// The field in which an archive counts what it took out of texts: a list of records of [`REDACTED_PARTS`]. No log gives it.
pub const REDACTED: &str = "redacted";

/// The field with the caller's address.
pub const ADDRESS: &str = "source.ip";

/// The fields that an archive fills from databases of networks: country, system number, place of [`ADDRESS`].
pub const LOCATED: [&str; 3] = ["source.country", "source.asn", "source.place"];

/// Which field, which entity, how often.
pub const REDACTED_PARTS: [&str; 3] = ["field", "entity", "count"];

/// The source of an alert whose rule unites all of its sources (`across sources`); no source has this name.
pub const ACROSS: &str = "*";

/// The time of one second in microseconds, the unit of every time and duration of the language.
pub const SECOND: i64 = 1_000_000;

/// Rules without `over` are judged in steps of this many microseconds: the shortest schedule that all clouds have.
pub const EVENT_RULE_STEP: i64 = 300 * SECOND;
