//! The records of a file as they stand there: takes a path, gives each record's text and the line in which it begins.

use std::path::Path;

use super::reader::unreadable;
use super::split::{Piece, Splitter};
use super::{Limits, Reason, file};
use crate::diag::{Code, Diagnostic};

/// Hands on the text of every record.
///
/// # Errors
/// A file that can't be read, is damaged gzip, breaks off inside a list or is longer than the limit; a record that is not UTF-8 or too long.
pub fn raw_records(path: &Path, limits: Limits, mut take: impl FnMut(u64, String)) -> Result<(), Diagnostic> {
    let input = file::open(path, limits.file).map_err(unreadable(path))?;
    let mut splitter = Splitter::new(input, limits);
    while let Some(piece) = splitter.next_piece().map_err(unreadable(path))? {
        let line = piece.line;
        let text = match piece {
            Piece { unended: true, .. } => Err(Reason::Unended),
            Piece { too_long: true, .. } => Err(Reason::TooLong(limits.record)),
            Piece { bytes, .. } => String::from_utf8(bytes).map_err(|_| Reason::NotUtf8),
        };
        let text = text.map_err(|reason| {
            Diagnostic::error(Code::BadRecord, format!("`{}`, line {line}: {reason}", path.display()))
        })?;
        take(line, text);
    }
    Ok(())
}
