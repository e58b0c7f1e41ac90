//! Hashes of texts.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::emulator::Failure;
use crate::emulator::cloudwatch::eval::Context;
use crate::emulator::cloudwatch::reading::Question;
use crate::emulator::cloudwatch::tree::Place;
use crate::emulator::cloudwatch::value::Cell;

/// The SHA-256 of the UTF-8 of a text, as hexadecimal digits.
pub(super) fn sha256(value: &Cell, context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let Some(text) = value.as_text(context.readings, at)? else { return Ok(Cell::Missing) };
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(Cell::text(if context.other(Question::HashCase) { digits.to_uppercase() } else { digits }))
}
