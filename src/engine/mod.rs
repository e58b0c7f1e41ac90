//! Rules and an archive in, alerts out, by DataFusion plans.

mod kernel;
mod session;
