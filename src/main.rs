//! The `skywatch` program: arguments in, exit status out.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what ships never panics; a test may")]

fn main() -> std::process::ExitCode {
    skywatch::cli::run()
}
