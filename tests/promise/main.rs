//! The promise of Skywatch: an emitted text, executed, gives the alerts of the local run.

mod breaches;
mod conditions;
mod correlated;
mod correlations;
mod emulators;
mod faults;
mod joined;
mod judge;
mod literals;
mod logs;
mod metamorphic;
mod oracles;
mod prices;
mod reading;
#[path = "../support/mod.rs"]
mod support;
mod tally;
