//! The emulators: against their vendors' documentation, against other people's engines, and against texts that are no queries.

mod cases;
mod googlesql_engine;
mod googlesql_texts;
mod kql_engines;
mod kql_robust;
#[path = "../support/mod.rs"]
mod support;
