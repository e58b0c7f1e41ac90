//! What plans run in: takes limits, gives a planner and a runtime whose memory is bounded. The only file that configures DataFusion.
//!
//! A plan that reads the content tier never spills: prompts and responses must not reach a temporary file. It fails instead where memory ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, Result, internal_datafusion_err};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::optimizer::common_subexpr_eliminate::CommonSubexprEliminate;
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;
use datafusion::optimizer::{AnalyzerRule, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::combine_partial_final_agg::CombinePartialFinalAggregate;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_optimizer::projection_pushdown::ProjectionPushdown;
use datafusion::physical_optimizer::sanity_checker::SanityCheckPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::prelude::SessionConfig;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::days;
use super::plan::RulePlan;
use super::sealed::{SEALED, Sealed};
use super::store::Files;
use crate::archive::Archive;
use crate::ir::Tier;

/// Bounds of a run. The alerts do not depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that all plans of a run may hold together.
    pub memory: usize,
    /// How many parts of a plan run at a time.
    pub partitions: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// How many rules share a scan at most.
    pub rules: usize,
}

/// The default of [`Limits::memory`].
pub const MEMORY: usize = 2 << 30;
/// Most partitions by default: more only raise the memory that a plan needs at once.
const MAX_PARTITIONS: usize = 8;
/// Rows of a batch by default.
const BATCH: usize = 8_192;
/// Rules of a scan by default: each plan holds buffers of its own that no pool counts, a megabyte or two, and to scan again costs less.
const RULES: usize = 256;

/// Most windows that the rows of one batch are in.
const LISTED: usize = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Limits { memory: MEMORY, partitions: threads.min(MAX_PARTITIONS), batch: BATCH, rules: RULES }
    }
}

/// Where the archive's folder is mounted: paths below it need no escaping, and messages show no more than they must.
pub(super) const ARCHIVE_URL: &str = "archive://local/";

/// A planner and a runtime for plans of one archive.
#[derive(Debug)]
pub(super) struct Session {
    runtime: Runtime,
    metadata: Arc<SessionState>,
    content: Arc<SessionState>,
}

impl Session {
    /// A session over an archive, or over none for tables in memory.
    pub(super) fn new(limits: Limits, archive: Option<&Archive>) -> Result<Session> {
        let runtime = if limits.partitions > 1 {
            tokio::runtime::Builder::new_multi_thread().worker_threads(limits.partitions).build()
        } else {
            tokio::runtime::Builder::new_current_thread().build()
        }?;
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(limits.memory));
        let state = |mode: DiskManagerMode| -> Result<Arc<SessionState>> {
            let disk = DiskManagerBuilder::default().with_mode(mode);
            let environment = RuntimeEnvBuilder::new()
                .with_memory_pool(Arc::clone(&pool))
                .with_disk_manager_builder(disk)
                .build_arc()?;
            if let Some(archive) = archive {
                environment.register_parquet_encryption_factory(SEALED, Arc::new(Sealed(archive.clone())));
                let url = ObjectStoreUrl::parse(ARCHIVE_URL)?;
                environment.register_object_store(url.as_ref(), Arc::new(Files::below(archive.root())?));
            }
            Ok(Arc::new(session_state(limits, environment)))
        };
        let (metadata, content) = (state(DiskManagerMode::OsTmpDirectory)?, state(DiskManagerMode::Disabled)?);
        Ok(Session { runtime, metadata, content })
    }

    /// How Parquet files are read: rows of all their times, or of some.
    pub(super) fn parquet_options(&self, of_some_times: bool) -> TableParquetOptions {
        let mut global = self.metadata.config_options().execution.parquet.clone();
        // Rows lie in the order of time, so nothing else tells pages apart, and to read what is in them takes longer than most questions.
        global.enable_page_index = of_some_times;
        TableParquetOptions { global, ..TableParquetOptions::default() }
    }

    /// What plans of a tier run in.
    pub(super) fn state(&self, tier: Tier) -> &Arc<SessionState> {
        match tier {
            Tier::Content => &self.content,
            Tier::Metadata => &self.metadata,
        }
    }

    /// What runs them.
    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The physical plan as text.
    pub(super) fn explain(&self, plan: &RulePlan) -> Result<String> {
        let state = self.state(plan.tier);
        let plan = self.runtime.block_on(async {
            match by_day(state, &plan.plan, plan.by_day).await? {
                Some(apart) => Ok(apart),
                None => state.create_physical_plan(&plan.plan).await,
            }
        })?;
        Ok(displayable(plan.as_ref()).indent(false).to_string())
    }

    /// Runs a plan over an archive's files to its end, a day at a time where it may; where that finds no memory, all days together, which spills
    /// in smaller pieces.
    pub(super) fn collect(&self, plan: &RulePlan) -> Result<Rows> {
        let (state, most) = (self.state(plan.tier), most_rows(self.state(plan.tier), plan.windows));
        self.runtime.block_on(async {
            if let Some(apart) = by_day(state, &plan.plan, plan.by_day).await? {
                let rows = run(state, apart, most).await;
                match &rows {
                    Err(cause) if matches!(cause.find_root(), DataFusionError::ResourcesExhausted(_)) => {}
                    _ => return rows,
                }
            }
            run(state, state.create_physical_plan(&plan.plan).await?, most).await
        })
    }
}

/// A plan over an archive's files with a partition for each day; none where it may not be, or where they are of fewer days than there are
/// processors.
pub(super) async fn by_day(
    state: &SessionState,
    plan: &LogicalPlan,
    may: bool,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if !may {
        return Ok(None);
    }
    let apart = days::apart(in_one_part(state, plan).await?)?;
    Ok(Some(apart).filter(|apart| days::parts(apart) >= state.config().target_partitions()))
}

/// A plan that has one partition.
pub(super) async fn in_one_part(state: &SessionState, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let mut of_one = state.clone();
    of_one.config_mut().options_mut().execution.target_partitions = 1;
    of_one.create_physical_plan(plan).await
}

/// The rows that a plan gave. They count against the memory bound for as long as they are there.
pub(super) struct Rows {
    pub(super) batches: Vec<RecordBatch>,
    /// What the plan's own work took, on all processors together.
    pub(super) time: Duration,
    held: Vec<MemoryReservation>,
}

/// Most rows of a batch for a plan: a batch's windows are listed at once, which no pool counts.
pub(super) fn most_rows(state: &SessionState, windows: usize) -> usize {
    (LISTED / windows.max(1)).clamp(1, state.config().batch_size())
}

/// Runs a plan over rows that are handed to it to its end, with batches of at most so many rows.
pub(super) async fn collect(state: Arc<SessionState>, plan: RulePlan, most: usize) -> Result<Rows> {
    let physical = state.create_physical_plan(&plan.plan).await?;
    run(&state, physical, most_rows(&state, plan.windows).min(most)).await
}

/// Runs a plan to its end, as many partitions at once as there are processors for.
async fn run(state: &SessionState, plan: Arc<dyn ExecutionPlan>, most: usize) -> Result<Rows> {
    let context = context(state, most);
    let (next, parts) = (Arc::new(AtomicUsize::new(0)), days::parts(&plan));
    let mut workers = JoinSet::new();
    for _ in 0..parts.min(at_once(state)) {
        let (plan, context, next) = (Arc::clone(&plan), Arc::clone(&context), Arc::clone(&next));
        workers.spawn(async move {
            let mut rows = Rows::none(&context);
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= parts {
                    return Ok::<_, DataFusionError>(rows);
                }
                rows.drain(plan.execute(part, Arc::clone(&context))?).await?;
            }
        });
    }
    let mut rows = Rows::none(&context);
    while let Some(ended) = workers.join_next().await {
        rows.append(ended.map_err(|cause| internal_datafusion_err!("a partition ended: {cause}"))??);
    }
    rows.time = time_of(plan.as_ref());
    Ok(rows)
}

/// How many partitions are under way: more than there are processors for, since one that waits for a file keeps none busy.
pub(super) fn at_once(state: &SessionState) -> usize {
    match state.config().target_partitions() {
        1 => 1,
        processors => 2 * processors,
    }
}

/// What a plan runs in, with batches of at most so many rows. Each partition reads its own files.
pub(super) fn context(state: &SessionState, most: usize) -> Arc<TaskContext> {
    let mut config = state.config().clone().with_batch_size(most);
    config.options_mut().execution.enable_file_stream_work_stealing = false;
    Arc::new(TaskContext::from(state).with_session_config(config))
}

impl Rows {
    /// None yet.
    pub(super) fn none(context: &TaskContext) -> Rows {
        let held = MemoryConsumer::new("alerts").register(context.memory_pool());
        Rows { batches: Vec::new(), time: Duration::ZERO, held: vec![held] }
    }

    /// Adds all of a stream.
    pub(super) async fn drain(&mut self, mut stream: SendableRecordBatchStream) -> Result<()> {
        // Batches are often parts of one, whose buffers count once.
        let mut counter = RecordBatchMemoryCounter::new();
        while let Some(batch) = std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await {
            let batch = batch?;
            if let Some(held) = self.held.first() {
                held.try_grow(counter.count_batch(&batch))?;
            }
            self.batches.push(batch);
        }
        Ok(())
    }

    /// Adds others.
    pub(super) fn append(&mut self, rows: Rows) {
        self.batches.extend(rows.batches);
        self.held.extend(rows.held);
    }
}

/// What a plan's nodes measured.
pub(super) fn time_of(plan: &dyn ExecutionPlan) -> Duration {
    let own = plan.metrics().and_then(|metrics| metrics.elapsed_compute()).unwrap_or_default();
    let below: Duration = plan.children().into_iter().map(|child| time_of(child.as_ref())).sum();
    Duration::from_nanos(own as u64) + below
}

/// Only those rules of DataFusion that plans of rules have a use for: the same in production and in tests, and quick to plan with.
fn session_state(limits: Limits, environment: Arc<RuntimeEnv>) -> SessionState {
    let mut config = SessionConfig::new().with_target_partitions(limits.partitions).with_batch_size(limits.batch);
    let options = config.options_mut();
    options.execution.parquet.pushdown_filters = true;
    // The archive knows its files' times; footers are read when a file is opened.
    options.execution.collect_statistics = false;
    // Joins hold their smaller side once, whatever reads the other.
    options.optimizer.repartition_joins = false;
    // Cheap plans: one pass brings filters and columns down to the scan.
    options.optimizer.max_passes = 1;
    let analyzer: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(TypeCoercion::new())];
    let logical: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
        Arc::new(SimplifyExpressions::new()),
        Arc::new(PushDownFilter::new()),
        Arc::new(CommonSubexprEliminate::new()),
        Arc::new(OptimizeProjections::new()),
    ];
    let physical: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = vec![
        Arc::new(FilterPushdown::new()),
        Arc::new(EnsureRequirements::new()),
        Arc::new(CombinePartialFinalAggregate::new()),
        Arc::new(ProjectionPushdown::new()),
        Arc::new(SanityCheckPlan::new()),
    ];
    SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(environment)
        .with_analyzer_rules(analyzer)
        .with_optimizer_rules(logical)
        .with_physical_optimizer_rules(physical)
        .build()
}
