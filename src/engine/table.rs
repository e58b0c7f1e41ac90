//! What plans scan: a tier of the archive's files, or events in memory. Text comes as views, so that taking a part of it copies nothing.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
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
use crate::archive::{ArchiveFile, batch, columns};
use crate::eval::Event;
use crate::ir::{Stream, Tier};

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
        let archived = batch(stream, Tier::Content, events)?;
        let columns = archived.columns().iter().zip(schema.fields());
        let columns =
            columns.map(|(column, field)| Ok(cast(column, field.data_type())?)).collect::<Result<Vec<_>>>()?;
        if let Some(batches) = parts.get_mut(part) {
            batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
        }
    }
    Ok(provider_as_source(Arc::new(MemTable::try_new(schema, parts)?)))
}
