//! What plans scan: a tier of the archive's files, or events in memory. Text comes as views, so that taking a part of it copies nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::MemTable;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::common::Result;
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::logical_expr::TableSource;

use super::sealed::SEALED;
use super::session::ARCHIVE_URL;
use crate::archive::{ArchiveFile, SOURCE, columns, encode};
use crate::eval::{Event, Value};
use crate::ir::{FieldId, Stream, Tier};

/// A tier's columns as plans take them.
fn scanned(stream: &Stream, tier: Tier) -> SchemaRef {
    let archived = columns(stream, tier);
    let fields = archived.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Field::new(field.name(), DataType::Utf8View, field.is_nullable()),
        other => Field::new(field.name(), other.clone(), field.is_nullable()),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Files of an archive, of one tier that all of them have.
pub(super) fn files(
    root: &Path,
    files: &[&ArchiveFile],
    stream: &Stream,
    tier: Tier,
    options: &TableParquetOptions,
) -> Result<Arc<dyn TableSource>> {
    let mut options = options.clone();
    if tier == Tier::Content {
        options.crypto.factory_id = Some(SEALED.to_owned());
    }
    let urls = files.iter().filter_map(|file| file.path(tier)).map(|path| {
        let inside = path.strip_prefix(root).unwrap_or(path);
        ListingTableUrl::parse(format!("{ARCHIVE_URL}{}", inside.display()))
    });
    let format = ParquetFormat::new().with_options(options);
    let config = ListingTableConfig::new_with_multi_paths(urls.collect::<Result<Vec<_>>>()?)
        .with_listing_options(ListingOptions::new(Arc::new(format)))
        .with_schema(scanned(stream, tier));
    Ok(provider_as_source(Arc::new(ListingTable::try_new(config)?)))
}

/// The columns of a stream that have these fields, as plans take them.
pub(super) fn columns_of(stream: &Stream, fields: &BTreeSet<FieldId>) -> Result<SchemaRef> {
    let all = scanned(stream, Tier::Content);
    let names = fields.iter().filter_map(|id| stream.get(*id)).map(|field| field.name.as_str());
    let places = [SOURCE].into_iter().chain(names).map(|name| Ok(all.index_of(name)?)).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(all.project(&places)?))
}

/// Events as one batch of columns of their stream.
pub(super) fn batch(schema: &SchemaRef, stream: &Stream, events: &[&Event]) -> Result<RecordBatch> {
    let columns = schema.fields().iter().map(|column| {
        let array = match stream.field(column.name()).and_then(|id| Some((id, stream.get(id)?))) {
            Some((id, field)) => {
                let values = events.iter().map(|event| event.fields.get(id.index()).unwrap_or(&Value::Missing));
                encode(&field.ty, &values.collect::<Vec<_>>())?
            }
            None => Arc::new(events.iter().map(|event| Some(&*event.source)).collect::<StringArray>()),
        };
        Ok(cast(&array, column.data_type())?)
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_>>()?)?)
}

/// Events in memory, cut into batches, which are dealt out to partitions.
pub(super) fn events(
    events: &[&Event],
    stream: &Stream,
    rows: usize,
    partitions: usize,
) -> Result<Arc<dyn TableSource>> {
    let schema = scanned(stream, Tier::Content);
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); partitions.max(1)];
    for (part, events) in (0..parts.len()).cycle().zip(events.chunks(rows.max(1))) {
        if let Some(batches) = parts.get_mut(part) {
            batches.push(batch(&schema, stream, events)?);
        }
    }
    Ok(provider_as_source(Arc::new(MemTable::try_new(schema, parts)?)))
}
