//! The `skywatch` program: arguments in, exit status out.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what ships never panics; a test may")]

/// Events are made on one thread and dropped on another, at which the system's allocator is slow: docs/decisions/0028, 0038.
#[cfg(feature = "engine")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    skywatch::cli::run()
}
