//! The records of a file as they were written: takes a path, gives each record's text and the line in which it begins.

use std::path::Path;

use super::input::Input;
use super::pieces::{Apart, Pieces, Reading};
use super::split::What;
use super::{Limits, Reason};
use crate::diag::{Code, Diagnostic};
use crate::ir::FileFormat;

/// Hands on the text of every record; of a source's files, out of its envelopes, and of OpenTelemetry's export requests that of every span.
///
/// # Errors
/// A file that can't be read, is damaged, breaks off inside a list or is longer than the limit; a record that is not UTF-8 or too long.
pub fn raw_records(
    path: &Path,
    format: Option<FileFormat>,
    limits: Limits,
    mut take: impl FnMut(u64, String),
) -> Result<(), Diagnostic> {
    let input = Input::file(path)?;
    let mut pieces = Pieces::of(&input, &Reading::default(), format.map_or(Apart::Not, Apart::of), limits)?;
    while let Some(piece) = pieces.next()? {
        let line = piece.line;
        let text = match piece.what {
            What::Other => continue,
            What::Broken(reason) => Err(reason),
            What::Record => String::from_utf8(piece.bytes).map_err(|_| Reason::NotUtf8),
        };
        let text = text.map_err(|reason| {
            Diagnostic::error(Code::BadRecord, format!("`{}`, line {line}: {reason}", input.name()))
        })?;
        take(line, text);
    }
    Ok(())
}
