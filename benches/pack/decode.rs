//! Only the prompts of an archive: takes it, reads that one column of every content file on all processors, gives how many there are and how
//! many bytes; and writes them with what else peers ask of as plain Parquet, if asked to.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{Array as _, AsArray as _};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::arrow::{ArrowWriter, ProjectionMask};
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use skywatch::archive::Archive;
use skywatch::ir::Tier;

/// What is written out.
const PLAIN: [&str; 12] = [
    "event.id",
    "time",
    "caller.id",
    "source.ip",
    "model.id",
    "tokens.input",
    "tokens.output",
    "tokens.total",
    "latency",
    "status",
    "guardrail.action",
    "prompt",
];

pub(crate) fn prompts(archive: &Archive, plain: Option<&Path>) -> (usize, usize) {
    let stream = (0..).find(|n| !archive.files(*n).is_empty()).expect("a stream with files");
    let files: Vec<_> = archive.files(stream).iter().filter_map(|file| file.path(Tier::Content)).collect();
    if let Some(plain) = plain {
        fs::create_dir_all(plain).expect("a folder");
    }
    let (next, rows, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(number) else { break };
                    let (some, long) =
                        one(archive, path, plain.map(|plain| plain.join(format!("{number:04}.parquet"))).as_deref());
                    rows.fetch_add(some, Ordering::Relaxed);
                    bytes.fetch_add(long, Ordering::Relaxed);
                }
            });
        }
    });
    (rows.into_inner(), bytes.into_inner())
}

fn one(archive: &Archive, path: &Path, plain: Option<&Path>) -> (usize, usize) {
    let inside = path.strip_prefix(archive.root()).expect("inside").display().to_string();
    let decryption = archive.decryption(&inside).expect("its key");
    let options = ArrowReaderOptions::new().with_file_decryption_properties(decryption);
    let open = |options: ArrowReaderOptions| {
        ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path).expect("a file"), options)
            .expect("Parquet")
    };
    // Text as views, as plans read it.
    let stored = Arc::clone(open(options.clone()).schema());
    let fields = stored.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::new(field.name(), DataType::Utf8View, field.is_nullable())),
        _ => Arc::clone(field),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let builder = open(options.with_schema(schema));
    let wanted: &[&str] = if plain.is_some() { &PLAIN } else { &["prompt"] };
    let roots =
        builder.schema().fields().iter().enumerate().filter(|(_, field)| wanted.contains(&field.name().as_str()));
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots.map(|(place, _)| place).collect::<Vec<_>>());
    let reader = builder.with_projection(mask).with_batch_size(8_192).build().expect("a reader");
    let (mut rows, mut bytes, mut writer) = (0, 0, None);
    for batch in reader {
        let batch = batch.expect("a batch");
        let prompts = batch.column_by_name("prompt").expect("prompts").as_string_view();
        rows += prompts.len();
        bytes += prompts.lengths().map(|length| length as usize).sum::<usize>();
        if let Some(plain) = plain {
            let writer = writer.get_or_insert_with(|| {
                let zstd = Compression::ZSTD(ZstdLevel::try_new(3).expect("a level"));
                let properties =
                    WriterProperties::builder().set_compression(zstd).set_max_row_group_row_count(Some(65_536)).build();
                ArrowWriter::try_new(File::create(plain).expect("a file"), batch.schema(), Some(properties))
                    .expect("a writer")
            });
            writer.write(&batch).expect("room");
        }
    }
    if let Some(writer) = writer {
        writer.close().expect("room");
    }
    (rows, bytes)
}
