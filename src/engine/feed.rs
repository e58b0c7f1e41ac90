//! Rows on their way from a scan to the plans of rules: takes batches and whose rows are whose, gives each plan a table that it reads to its end.
//!
//! Few rows a batch are collected into larger ones first, since a plan's work a batch does not depend on how many rows it has. Texts that stay
//! behind are let go: what is collected holds no page of the scan.
//!
//! INVARIANT (whole): a plan whose scan failed reads that failure, never a shorter table.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, BooleanArray, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{FilterBuilder, concat_batches};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::{DataFusionError, Result, internal_datafusion_err};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::TableSource;
use datafusion::physical_plan::stream::{RecordBatchReceiverStream, RecordBatchReceiverStreamBuilder};
use datafusion::physical_plan::streaming::PartitionStream;
use tokio::sync::mpsc::Sender;

/// How many batches wait for a plan.
const WAITING: usize = 1;
/// Rows that are collected for all plans together before those of one are handed on, and the least and most of one.
const ROWS: usize = 65_536;
const OF_ONE: std::ops::RangeInclusive<usize> = 512..=4_096;

/// Where the rows of one rule go.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Of the scan's columns, those that the rule's plan reads.
    columns: Vec<usize>,
    /// Most rows of a batch.
    most: usize,
    to: To,
    passed: Arc<Passed>,
}

/// The plans that an outlet hands to.
#[derive(Debug)]
enum To {
    /// One that reads all rows of the scan; a sender for each of its partitions.
    Whole(Vec<Sender<Result<RecordBatch>>>),
    /// One that is run for each day anew.
    Daily(Arc<Inlet>),
}

/// What went through an outlet.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) rows: AtomicUsize,
    pub(super) bytes: AtomicUsize,
}

impl Outlet {
    /// An outlet for these columns of a scan, and the table that reads from it in so many partitions.
    pub(super) fn new(
        scanned: &SchemaRef,
        columns: Vec<usize>,
        partitions: usize,
        most: usize,
    ) -> Result<(Outlet, Arc<dyn TableSource>)> {
        let schema = Arc::new(scanned.project(&columns)?);
        let inlets: Vec<_> = (0..partitions.max(1)).map(|_| Arc::new(Inlet::new(&schema))).collect();
        let senders = inlets.iter().map(|inlet| inlet.open()).collect();
        let table = table(schema, inlets)?;
        Ok((Outlet { columns, most, to: To::Whole(senders), passed: Arc::default() }, table))
    }

    /// The same for a plan of one partition that is run once for each [`Outlet::open`].
    pub(super) fn daily(
        scanned: &SchemaRef,
        columns: Vec<usize>,
        most: usize,
    ) -> Result<(Outlet, Arc<dyn TableSource>)> {
        let schema = Arc::new(scanned.project(&columns)?);
        let inlet = Arc::new(Inlet::new(&schema));
        let table = table(schema, vec![Arc::clone(&inlet)])?;
        Ok((Outlet { columns, most, to: To::Daily(inlet), passed: Arc::default() }, table))
    }

    /// Where the rows of a part of the scan go. A plan that is run daily has to be run then.
    fn open(&self, part: usize) -> Option<Sender<Result<RecordBatch>>> {
        match &self.to {
            To::Whole(senders) => senders.get(part % senders.len().max(1)).cloned(),
            To::Daily(inlet) => Some(inlet.open()),
        }
    }

    /// Lets go of what was opened and nobody reads: whoever hands on would wait.
    fn shut(&self) {
        if let To::Daily(inlet) = &self.to {
            drop(inlet.next());
        }
    }

    /// Hands a batch to the table's first partition, from a thread that may wait; whether it was taken, and more is.
    pub(super) fn hand(&self, batch: Result<RecordBatch>) -> bool {
        let good = batch.is_ok();
        let To::Whole(senders) = &self.to else { return false };
        senders.first().is_some_and(|sender| sender.blocking_send(batch).is_ok()) && good
    }

    /// Counts what goes through, also after the outlet is closed.
    pub(super) fn passed(&self) -> Arc<Passed> {
        Arc::clone(&self.passed)
    }
}

/// A table of rows that are handed to it.
fn table(schema: SchemaRef, inlets: Vec<Arc<Inlet>>) -> Result<Arc<dyn TableSource>> {
    let inlets = inlets.into_iter().map(|inlet| inlet as Arc<dyn PartitionStream>).collect();
    Ok(provider_as_source(Arc::new(StreamingTable::try_new(schema, inlets)?)))
}

/// The other end of an outlet's partition.
struct Inlet {
    schema: SchemaRef,
    /// Those that were opened and are not read yet.
    opened: Mutex<VecDeque<RecordBatchReceiverStreamBuilder>>,
}

impl Inlet {
    fn new(schema: &SchemaRef) -> Inlet {
        Inlet { schema: Arc::clone(schema), opened: Mutex::default() }
    }

    fn open(&self) -> Sender<Result<RecordBatch>> {
        let builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), WAITING);
        let sender = builder.tx();
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push_back(builder);
        sender
    }

    fn next(&self) -> Option<RecordBatchReceiverStreamBuilder> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl std::fmt::Debug for Inlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inlet")
    }
}

impl PartitionStream for Inlet {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        match self.next() {
            Some(builder) => builder.build(),
            None => {
                let mut failing = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), 1);
                failing.spawn(async { Err(internal_datafusion_err!("rows of a pass are read once")) });
                failing.build()
            }
        }
    }
}

/// What one part of a scan hands to all rules.
pub(super) struct Taps {
    outlets: Arc<Vec<Outlet>>,
    /// By rule.
    senders: Vec<Option<Sender<Result<RecordBatch>>>>,
    /// How many rows are collected for a rule.
    enough: usize,
    /// By rule, what was collected, and how many rows and bytes that is.
    collected: Vec<(Vec<RecordBatch>, usize, usize)>,
    held: MemoryReservation,
}

impl Taps {
    pub(super) fn new(outlets: Arc<Vec<Outlet>>, part: usize, held: MemoryReservation) -> Taps {
        let enough = (ROWS / outlets.len().max(1)).clamp(*OF_ONE.start(), *OF_ONE.end());
        let collected = outlets.iter().map(|_| (Vec::new(), 0, 0)).collect();
        let senders = outlets.iter().map(|outlet| outlet.open(part)).collect();
        Taps { outlets, senders, enough, collected, held }
    }

    /// The plan of a rule that is run daily did not begin.
    pub(super) fn shut(&self, rule: usize) {
        if let Some(outlet) = self.outlets.get(rule) {
            outlet.shut();
        }
    }

    /// Hands on the rows of a batch, of each rule its own.
    pub(super) async fn hand_on(&mut self, batch: &RecordBatch, selected: &[BooleanBuffer]) -> Result<()> {
        let outlets = Arc::clone(&self.outlets);
        for (n, (outlet, rows)) in outlets.iter().zip(selected).enumerate() {
            let count = rows.count_set_bits();
            if count == 0 {
                continue;
            }
            let whole = batch.project(&outlet.columns)?;
            let part = if count == batch.num_rows() { whole } else { taken(&whole, rows)? };
            // Texts are shared with other rules: those of the scan's own batches count once, by the scan.
            let bytes = if count == batch.num_rows() { 0 } else { part.get_array_memory_size() };
            outlet.passed.rows.fetch_add(count, Ordering::Relaxed);
            outlet.passed.bytes.fetch_add(part.get_array_memory_size(), Ordering::Relaxed);
            let full = match self.collected.get_mut(n) {
                Some((parts, rows, held)) => {
                    parts.push(part);
                    *rows += count;
                    *held += bytes;
                    *rows >= self.enough
                }
                None => false,
            };
            if full {
                self.send(n).await?;
            } else if self.held.try_grow(bytes).is_err() {
                self.send_all().await?;
            }
        }
        Ok(())
    }

    /// Hands on what was collected.
    pub(super) async fn send_all(&mut self) -> Result<()> {
        for n in 0..self.collected.len() {
            self.send(n).await?;
        }
        Ok(())
    }

    async fn send(&mut self, n: usize) -> Result<()> {
        let (Some(outlet), Some(collected)) = (self.outlets.get(n), self.collected.get_mut(n)) else { return Ok(()) };
        let (parts, rows, bytes) = std::mem::take(collected);
        self.held.shrink(bytes.min(self.held.size()));
        let Some(first) = parts.first() else { return Ok(()) };
        let whole = if parts.len() == 1 { first.clone() } else { concat_batches(&first.schema(), &parts)? };
        let Some(Some(sender)) = self.senders.get(n) else { return Ok(()) };
        for from in (0..rows).step_by(outlet.most.max(1)) {
            // A plan that has ended takes no more; why it did is its own to say.
            if sender.send(Ok(whole.slice(from, outlet.most.max(1).min(rows - from)))).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Tells all rules that the scan failed.
    pub(super) async fn fail(&mut self, cause: &Arc<DataFusionError>) {
        for sender in self.senders.iter().flatten() {
            // A plan that has ended needs no reason.
            let _ = sender.send(Err(DataFusionError::Shared(Arc::clone(cause)))).await;
        }
    }
}

/// Some rows of a batch, without the texts of the others.
fn taken(batch: &RecordBatch, rows: &BooleanBuffer) -> Result<RecordBatch> {
    let predicate = FilterBuilder::new(&BooleanArray::new(rows.clone(), None)).optimize().build();
    let few = rows.count_set_bits() * 2 < batch.num_rows();
    let columns = batch.columns().iter().map(|column| {
        let filtered = predicate.filter(column)?;
        Ok(match filtered.data_type() {
            DataType::Utf8View if few => Arc::new(filtered.as_string_view().gc()) as ArrayRef,
            _ => filtered,
        })
    });
    Ok(RecordBatch::try_new(batch.schema(), columns.collect::<Result<_>>()?)?)
}
