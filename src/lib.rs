//! Skywatch: rules for the security of AI services, written once, run locally and emitted as queries of the clouds.
#![doc = include_str!("../docs/architecture.md")]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what ships never panics; a test may")]

#[cfg(feature = "engine")]
pub mod archive;
pub mod backtest;
pub mod bind;
pub mod changes;
pub mod cli;
pub mod coverage;
pub mod csv;
pub mod diag;
pub mod emulator;
#[cfg(feature = "engine")]
pub mod engine;
pub mod eval;
pub mod ir;
pub mod json;
pub mod lint;
pub mod meaning;
pub mod networks;
pub mod pack;
pub mod piped;
pub mod record;
pub mod redact;
pub mod report;
pub mod resolve;
pub mod ruletest;
pub mod schema;
pub mod site;
pub mod source;
#[cfg(feature = "engine")]
pub mod state;
pub mod syntax;
pub mod target;
#[cfg(feature = "engine")]
pub mod why;
