//! What a file says about itself in its Parquet footer: of which sources it has rows, how many, and of what time. Written and read here.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};

use super::columns::{STREAM, columns};
use super::errors;
use crate::diag::Diagnostic;
use crate::ir::{Stream, Tier};

/// The footer's key for the layout's version.
const FORMAT: &str = "skywatch.format";
/// The version of this layout.
const FORMAT_NOW: &str = "1";
/// The footer's key for [`Coverage`] as JSON.
const COVERAGE: &str = "skywatch.coverage";

/// The rows of one source in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The source's name.
    pub source: String,
    /// How many.
    pub rows: u64,
    /// The earliest time, in microseconds since 1970.
    pub first: i64,
    /// The latest.
    pub last: i64,
}

impl Coverage {
    /// What rows of these sources and times cover, by source; rows without a time are not there for any rule, and not counted.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = (&'a str, Option<i64>)>) -> Vec<Coverage> {
        let mut found: BTreeMap<&str, Coverage> = BTreeMap::new();
        for (source, time) in rows.into_iter().filter_map(|(source, time)| time.map(|time| (source, time))) {
            let coverage = found.entry(source).or_insert_with(|| Coverage {
                source: source.to_owned(),
                rows: 0,
                first: time,
                last: time,
            });
            coverage.rows += 1;
            coverage.first = coverage.first.min(time);
            coverage.last = coverage.last.max(time);
        }
        found.into_values().collect()
    }
}

/// The footer's entries for a file of `stream`.
pub(super) fn entries(stream: &Stream, coverage: &[Coverage]) -> Vec<KeyValue> {
    let json = serde_json::to_string(coverage).unwrap_or_default();
    vec![
        KeyValue::new(FORMAT.to_owned(), FORMAT_NOW.to_owned()),
        KeyValue::new(STREAM.to_owned(), stream.name.clone()),
        KeyValue::new(COVERAGE.to_owned(), json),
    ]
}

/// Reads a file's footer: its coverage, where it is a file of this stream and tier.
pub(super) fn read(path: &Path, stream: &Stream, tier: Tier) -> Result<Vec<Coverage>, Diagnostic> {
    let file = File::open(path).map_err(|e| errors::unreadable(path, e))?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(false);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|e| errors::broken(path, e))?;
    let entries = metadata.metadata().file_metadata().key_value_metadata();
    let entry = |key: &str| {
        entries.into_iter().flatten().find(|entry| entry.key == key).and_then(|entry| entry.value.as_deref())
    };
    let (Some(FORMAT_NOW), Some(name), Some(coverage)) = (entry(FORMAT), entry(STREAM), entry(COVERAGE)) else {
        return Err(errors::foreign(path));
    };
    if name != stream.name {
        return Err(errors::wrong_stream(path, name, &stream.name));
    }
    let coverage: Vec<Coverage> = serde_json::from_str(coverage).map_err(|e| errors::broken(path, e))?;
    for expected in columns(stream, tier).fields() {
        // A column that the file lacks is a field that the stream got later: missing in all of its rows.
        let Ok(found) = metadata.schema().field_with_name(expected.name()) else { continue };
        if !found.data_type().equals_datatype(expected.data_type()) {
            let (found, expected_type) = (found.data_type().to_string(), expected.data_type().to_string());
            return Err(errors::wrong_type(path, expected.name(), &found, &expected_type));
        }
    }
    Ok(coverage)
}
