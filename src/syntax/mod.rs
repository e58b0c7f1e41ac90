//! Text in, [`ast`] and findings out; [`print`] gives the canonical text back. A broken item does not hide the next one's errors.
//!
//! INVARIANT (inverse): `parse(print(a)) == a`, and printing again gives the same text.

pub mod ast;
mod comments;
mod errors;
mod parse;
mod print;

pub use parse::{MAX_FILE_BYTES, parse};
pub use print::{print_expr, print_file};
