//! Files of one stream in, events out: for the evaluator, and to look at what was archived.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::columns::{SOURCE, has_content};
use super::errors;
use super::open::Archive;
use super::values::{decode, text};
use crate::diag::Diagnostic;
use crate::eval::{Event, Value};
use crate::ir::{Stream, Tier};

impl Archive {
    /// All events of a stream, by its place in the schema: file by file, each in the order of time.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn events(&self, index: usize, stream: &Stream) -> Result<Vec<Event>, Diagnostic> {
        let tier = if has_content(stream) { Tier::Content } else { Tier::Metadata };
        let mut events = Vec::new();
        for file in self.files(index) {
            read(file.path(tier), stream, &mut events)?;
        }
        Ok(events)
    }
}

fn read(path: &Path, stream: &Stream, events: &mut Vec<Event>) -> Result<(), Diagnostic> {
    let file = File::open(path).map_err(|e| errors::unreadable(path, e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    for batch in reader.map_err(|e| errors::broken(path, e))? {
        let batch = batch.map_err(|e| errors::broken(path, e))?;
        events.extend((0..batch.num_rows()).map(|row| event(&batch, row, stream)));
    }
    Ok(())
}

fn event(batch: &RecordBatch, row: usize, stream: &Stream) -> Event {
    let source = batch.column_by_name(SOURCE).filter(|column| column.is_valid(row));
    let source = source.and_then(|column| text(column, row)).unwrap_or_default();
    let fields = stream.fields.iter().map(|field| match batch.column_by_name(&field.name) {
        Some(column) => decode(&field.ty, column, row),
        None => Value::Missing,
    });
    Event { source: Arc::from(source), fields: fields.collect() }
}
