//! Text in, [`ast`] and findings out; [`print`] gives the canonical text back. A broken item does not hide the next one's errors.
//!
//! INVARIANT (inverse): `parse(print(a)) == a`, and printing again gives the same text.

pub mod ast;
mod comments;
mod errors;
mod parse;
mod print;

pub use comments::{Comment, comments};
pub use parse::{MAX_FILE_BYTES, micros, parse};
pub use print::{print_expr, print_file};

/// Words that cannot open a name without backticks; grammar/skywatch.pest has the same list.
const RESERVED: [&str; 40] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "has",
    "contains",
    "matches",
    "starts",
    "ends",
    "any",
    "all",
    "of",
    "case",
    "else",
    "true",
    "false",
    "nocase",
    "default",
    "by",
    "every",
    "across",
    "only",
    "severity",
    "tags",
    "from",
    "with",
    "each",
    "where",
    "over",
    "let",
    "when",
    "show",
    "mute",
    "respond",
    "benign",
    "owner",
    "references",
    "then",
    "within",
];
