//! The `skywatch` program.
fn main() {}
