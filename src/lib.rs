//! Skywatch: rules for the security of AI services, written once, run locally and emitted as queries of the clouds.
//!
//! ```text
//! text ──syntax──▶ ast ──resolve(schema)──▶ ir ──bind(source)──▶ rule over raw records ──target──▶ query text
//!                                            ├──▶ eval    the meaning, over events in memory
//!                                            └──▶ engine  the same over Parquet, by DataFusion
//! raw logs ──record(source)──▶ events ──archive──▶ Parquet
//! ```

pub mod bind;
pub mod cli;
pub mod diag;
pub mod eval;
pub mod ir;
pub mod pack;
pub mod record;
pub mod report;
pub mod resolve;
pub mod ruletest;
pub mod schema;
pub mod source;
pub mod syntax;
pub mod target;
