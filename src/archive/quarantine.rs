//! Records that could not be read in, one JSON line each out: kept beside the archive with reason and place, so that nothing is lost.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::commit::Pending;
use super::{QUARANTINE, errors};
use crate::diag::Diagnostic;
use crate::record::Quarantined;

/// Ending of quarantine files.
const LINES: &str = ".jsonl";

/// Writes what a run put aside, in the order of its places, as `{file, line, element, reason, message, raw}`; bytes that are no text are
/// `raw_base64`. Gives the file's path; of nothing there is no file.
///
/// # Errors
/// A file that can't be written.
pub fn quarantine(root: &Path, records: &[Quarantined]) -> Result<Option<PathBuf>, Diagnostic> {
    if records.is_empty() {
        return Ok(None);
    }
    let folder = root.join(QUARANTINE);
    let mut records: Vec<&Quarantined> = records.iter().collect();
    records.sort();
    write(&folder, &records).map(Some).map_err(|e| errors::unwritable(&folder, e))
}

fn write(folder: &Path, records: &[&Quarantined]) -> io::Result<PathBuf> {
    let mut pending = Pending::create(folder)?;
    for record in records {
        let (key, raw) = match std::str::from_utf8(&record.raw) {
            Ok(text) => ("raw", text.to_owned()),
            Err(_) => ("raw_base64", STANDARD.encode(&record.raw)),
        };
        let line = json!({
            "file": record.file, "line": record.line, "element": record.element,
            "reason": record.reason.word(), "message": record.reason.to_string(), key: raw,
        });
        writeln!(pending, "{line}")?;
    }
    let name = format!("{}{LINES}", pending.name());
    pending.commit(&name)
}
