//! Text in, [`ast`] and findings out. A broken item does not hide the next one's errors.

pub mod ast;
