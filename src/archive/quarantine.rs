//! Records that could not be read in, one JSON line each out: where each one stands, why it could not be read, and its shape. No text of a
//! record is kept: a broken record may hold a prompt as well as a whole one.

use std::io::Write;

use serde_json::json;

use super::QUARANTINE;
use super::claim::{Claim, now};
use super::manifest::QuarantineFile;
use super::write::{DAY, day_text, put};
use crate::diag::Diagnostic;
use crate::record::Quarantined;

/// Ending of quarantine files.
const LINES: &str = ".jsonl";
/// Most characters of a shape.
const SHAPE: usize = 200;

/// Writes what a run put aside, in the order of its places, as `{source, file, line, offset, element, reason, message, bytes, shape}`. Of nothing there is no
/// file.
///
/// # Errors
/// A file that can't be written.
pub(super) fn quarantine(
    claim: &Claim,
    source: &str,
    records: &[Quarantined],
    nth: usize,
) -> Result<Option<QuarantineFile>, Diagnostic> {
    if records.is_empty() {
        return Ok(None);
    }
    let day = now().div_euclid(DAY);
    let mut records: Vec<&Quarantined> = records.iter().collect();
    records.sort();
    let file = put(claim, nth, &format!("{QUARANTINE}/day={}", day_text(day)), LINES, |pending| {
        records.iter().try_for_each(|record| {
            let line = json!({
                "source": source, "file": record.file, "line": record.line, "offset": record.offset, "element": record.element,
                "reason": record.reason.word(), "message": record.reason.to_string(),
                "bytes": record.raw.len(), "shape": shape(&record.raw),
            });
            writeln!(pending, "{line}")
        })
    })?;
    Ok(Some(QuarantineFile { file, source: source.to_owned(), day, records: records.len() as u64 }))
}

/// The first characters of a record with every letter as `x`, every digit as `0`, and every byte that is no text as `?`: enough to see brackets
/// and quotes that don't close, and nothing of what was said.
fn shape(raw: &[u8]) -> String {
    let first = raw.get(..SHAPE * 4).unwrap_or(raw);
    let masked = String::from_utf8_lossy(first);
    masked
        .chars()
        .take(SHAPE)
        .map(|c| match c {
            char::REPLACEMENT_CHARACTER => '?',
            c if c.is_numeric() => '0',
            c if c.is_ascii_punctuation() || c.is_ascii_whitespace() => c,
            _ => 'x',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_shows_no_text() {
        assert_eq!(shape("{\"prompt\": \"Geheim 42 é\",".as_bytes()), "{\"xxxxxx\": \"xxxxxx 00 x\",");
        assert_eq!(shape(b"\xff\xfe{}"), "??{}");
        assert_eq!(shape(&[b'a'; 10_000]).len(), SHAPE);
    }
}
