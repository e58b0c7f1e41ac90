//! What a file says about itself in its Parquet footer: the layout's version, its stream, its source and how that was read. For readers other
//! than Skywatch, and for `verify`; readers of Skywatch go by the manifest.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::file::metadata::KeyValue;

use super::columns::STREAM;
use super::errors;
use super::manifest::Coverage;
use crate::diag::Diagnostic;

/// The footer's key for the layout's version.
const FORMAT: &str = "skywatch.format";
/// The version of this layout.
const FORMAT_NOW: &str = "2";
/// The footer's key for the source.
const SOURCE: &str = "skywatch.source";
/// The footer's key for the digest of how the source was read.
const MAPPING: &str = "skywatch.mapping";
/// The footer's key for the redactor's version, in files with text of users.
const REDACTOR: &str = "skywatch.redactor";

/// The footer's entries for a file of a stream.
pub(super) fn entries(stream: &str, coverage: &Coverage, redactor: Option<u32>) -> Vec<KeyValue> {
    let mut entries = vec![
        KeyValue::new(FORMAT.to_owned(), FORMAT_NOW.to_owned()),
        KeyValue::new(STREAM.to_owned(), stream.to_owned()),
        KeyValue::new(SOURCE.to_owned(), coverage.source.clone()),
        KeyValue::new(MAPPING.to_owned(), coverage.mapping.clone()),
    ];
    entries.extend(redactor.map(|version| KeyValue::new(REDACTOR.to_owned(), version.to_string())));
    entries
}

/// The names of a file's columns and how many rows it has, where it is one of this stream.
///
/// # Errors
/// A file that is damaged, foreign, or of another stream; an encrypted one without its key.
pub(super) fn read(
    path: &Path,
    stream: &str,
    decryption: Option<Arc<FileDecryptionProperties>>,
) -> Result<(Vec<String>, u64), Diagnostic> {
    let file = File::open(path).map_err(|e| errors::unreadable(path, e))?;
    let mut options = ArrowReaderOptions::new();
    if let Some(decryption) = decryption {
        options = options.with_file_decryption_properties(decryption);
    }
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|e| errors::broken(path, e))?;
    let file = metadata.metadata().file_metadata();
    let entry = |key: &str| {
        let entries = file.key_value_metadata().into_iter().flatten();
        entries.into_iter().find(|entry| entry.key == key).and_then(|entry| entry.value.as_deref())
    };
    match (entry(FORMAT), entry(STREAM)) {
        (Some(FORMAT_NOW), Some(name)) if name == stream => {}
        (Some(FORMAT_NOW), Some(name)) => return Err(errors::wrong_stream(path, name, stream)),
        _ => return Err(errors::foreign(path)),
    }
    let columns = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    Ok((columns, u64::try_from(file.num_rows()).unwrap_or_default()))
}
