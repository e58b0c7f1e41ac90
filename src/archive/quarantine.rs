//! Records that could not be read in, one JSON line each out: where each one stands, why it could not be read, and its shape. No text of a
//! record is kept: a broken record may hold a prompt as well as a whole one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::claim::{Claim, now};
use super::manifest::QuarantineFile;
use super::write::{DAY, put};
use super::{QUARANTINE, errors};
use crate::diag::Diagnostic;
use crate::eval::clock::day_text;
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
    let mut records: Vec<&Quarantined> = records.iter().collect();
    records.sort();
    let line = |record: &&Quarantined| {
        json!({
            "source": source, "file": record.file, "line": record.line, "offset": record.offset, "element": record.element,
            "reason": record.reason.word(), "message": record.reason.to_string(),
            "bytes": record.raw.len(), "shape": shape(&record.raw),
        })
        .to_string()
    };
    put_lines(claim, source, &records.iter().map(line).collect::<Vec<_>>(), nth)
}

/// Writes lines of a quarantine file.
pub(super) fn put_lines(
    claim: &Claim,
    source: &str,
    lines: &[String],
    nth: usize,
) -> Result<Option<QuarantineFile>, Diagnostic> {
    if lines.is_empty() {
        return Ok(None);
    }
    let day = now().div_euclid(DAY);
    let folder = format!("{QUARANTINE}/day={}", day_text(day));
    let file =
        put(claim, nth, &folder, LINES, |pending| lines.iter().try_for_each(|line| writeln!(pending, "{line}")))?;
    Ok(Some(QuarantineFile { file, source: source.to_owned(), day, records: lines.len() as u64 }))
}

/// A record of the quarantine.
#[derive(Debug)]
pub(super) struct Line {
    /// The file that it stands in, as it was named.
    pub(super) file: String,
    /// Its line there, from 1.
    pub(super) line: u64,
    /// Its place in a list there, from 0.
    pub(super) element: Option<u64>,
    /// All that is kept of it.
    pub(super) text: String,
}

/// Records of the quarantine by source, and the paths of their files.
type Lines = (BTreeMap<String, Vec<Line>>, Vec<String>);

/// All records of quarantine files.
pub(super) fn lines<'a>(root: &Path, files: impl Iterator<Item = &'a QuarantineFile>) -> Result<Lines, Diagnostic> {
    let (mut found, mut paths): (BTreeMap<String, Vec<Line>>, _) = (BTreeMap::new(), Vec::new());
    for QuarantineFile { file, source, .. } in files {
        let path = root.join(&file.path);
        let text = fs::read_to_string(&path).map_err(|e| errors::unreadable(&path, e))?;
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).map_err(|e| errors::broken(&path, e))?;
            found.entry(source.clone()).or_default().push(Line {
                file: value["file"].as_str().unwrap_or_default().to_owned(),
                line: value["line"].as_u64().unwrap_or_default(),
                element: value["element"].as_u64(),
                text: line.to_owned(),
            });
        }
        paths.push(file.path.clone());
    }
    Ok((found, paths))
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
