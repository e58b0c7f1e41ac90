//! The `skywatch` program: arguments in, exit status out.

fn main() -> std::process::ExitCode {
    skywatch::cli::run()
}
