//! The compiler and what it is held to: the language, its meaning on the evaluator, its messages, and the texts of every target.

mod absent;
mod bind;
mod conformance;
mod content;
mod coverage;
mod diagnostics;
#[path = "../eval/mod.rs"]
mod eval;
mod eval_numbers;
mod eval_rules;
mod eval_windows;
#[path = "../google/mod.rs"]
mod google;
mod joined;
#[path = "../kql/mod.rs"]
mod kql;
mod lints;
mod lints_by_example;
mod lints_cost_care;
mod lints_in_practice;
mod lints_of_conditions;
mod networks;
mod piped;
mod random;
mod record_inputs;
mod record_reading;
mod redaction;
#[path = "../support/mod.rs"]
mod support;
mod syntax;
mod tables;
mod target_cloud_logging;
mod target_cloudwatch;
mod target_googlesql;
mod target_kql;
mod target_kql_engines;
mod targets;
mod together;
mod worked;
