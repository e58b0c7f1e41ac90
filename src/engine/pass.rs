//! One scan for many rules: takes rules over a table of one stream and tier, scans it once, and gives the rows of each rule's own plan.
//!
//! ```text
//! table ──scan──▶ batches ──select──▶ rows of each rule ──feed──▶ its plan (with, each, windows, aggregates, when) ──▶ its rows
//!        columns and times          what rules share is            all plans run at once,
//!        of all rules together      asked once a batch             in one pool of memory
//! ```
//!
//! INVARIANT (as alone): a rule's rows are those of its own plan over the same files. Where a plan fails here it may not alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, DataFusionError, Result, internal_datafusion_err};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableSource};
use datafusion::physical_plan::ExecutionPlan;
use tokio::task::{JoinHandle, JoinSet};

use super::cost::{PassCost, RuleCost};
use super::days;
use super::feed::{Outlet, Taps};
use super::plan::{Extent, RulePlan, columns_read, near, near_times};
use super::select::{Asked, Selector, nanos, seeks};
use super::session::{Rows, Session, at_once, by_day, collect, context, in_one_part, most_rows, time_of};
use super::windows;
use crate::archive::SOURCE;
use crate::eval::Range;
use crate::ir::{Rule, Stream, Tier};

/// From so many rules on each has one partition, for there are enough of them to keep all processors busy, and batches of so many rows: a plan
/// has buffers for whole ones, which no pool counts.
const MANY: usize = 16;
const FEW_ROWS: usize = 1_024;
/// Rows of a batch whose texts are only sought in: prompts of a thousand characters are then still in a processor's cache when they are.
const SOUGHT_ROWS: usize = 1_024;

/// A rule of a pass: as it is judged on sources, and when.
pub(super) struct Member<'a> {
    pub(super) rule: &'a Rule,
    pub(super) sources: Vec<&'a str>,
    pub(super) range: Range,
}

/// What a pass scans.
pub(super) struct Scanned<'a> {
    pub(super) table: Arc<dyn TableSource>,
    /// How many files that is.
    pub(super) files: usize,
    /// What they hold, where that is known.
    pub(super) extent: Option<Extent<'a>>,
    pub(super) stream: &'a Stream,
    pub(super) tier: Tier,
}

/// What a pass gave.
pub(super) struct Outcome {
    /// By member, the rule as its plan saw it, and its rows.
    pub(super) rows: Vec<(Rule, Result<Rows>)>,
    pub(super) cost: PassCost,
}

/// Runs rules over one scan.
pub(super) fn run(session: &Session, scanned: &Scanned<'_>, members: &[Member<'_>]) -> Result<Outcome> {
    let state = session.state(scanned.tier);
    let columns = columns(scanned, members)?;
    let schema = Arc::new(scanned.table.schema().project(&columns)?);
    let of_scan = DFSchema::try_from(Arc::clone(&schema))?;
    let mut asked = Asked::new(&of_scan);
    let mut rules = Vec::new();
    for member in members {
        let near = near(member.rule, scanned.stream, &member.sources, member.range, scanned.extent.as_ref());
        rules.push(asked.add(member.rule, scanned.stream, &member.sources, near)?);
    }
    let (pushed, spans): (Vec<_>, Vec<_>) = asked.take_common().into_iter().unzip();
    let scan = scan(scanned, members, columns, pushed)?;
    let some_daily = rules.iter().any(windows::within_days);
    let (scan, by_day) = session.runtime().block_on(async {
        match by_day(state, &scan, some_daily).await? {
            Some(apart) => Ok::<_, DataFusionError>((apart, true)),
            None => Ok((state.create_physical_plan(&scan).await?, false)),
        }
    })?;
    if scan.schema().fields() != schema.fields() {
        return Err(internal_datafusion_err!("a scan gives other columns than it was asked for"));
    }
    let partitions = if members.len() < MANY { state.config().target_partitions() } else { 1 };
    let (mut outlets, mut plans, mut passed) = (Vec::new(), Vec::new(), Vec::new());
    for (member, rule) in members.iter().zip(rules) {
        let partitions =
            if by_day && windows::within_days(&rule) { Partitions::Daily } else { Partitions::Of(partitions) };
        let (outlet, plan) = fed(&schema, &rule, scanned.stream, member, partitions, state)?;
        passed.push(outlet.passed());
        outlets.push(outlet);
        plans.push((rule, plan, partitions));
    }
    let selector = Arc::new(asked.build(state)?);
    let read = Arc::new(Read::default());
    let only_sought = members.iter().all(|member| seeks(member.rule));
    let rows = state.config().batch_size().min(if only_sought { SOUGHT_ROWS } else { usize::MAX });
    let outlets = Arc::new(outlets);
    let flow = Flow { scan, rows, selector: Arc::clone(&selector), outlets, read: Arc::clone(&read) };
    let rows = session.runtime().block_on(flow.run(session, scanned.tier, plans))?;
    let rules = members.iter().zip(passed).zip(&rows).map(|((member, passed), (_, found))| {
        let (rows, bytes) = (passed.rows.load(Ordering::Relaxed), passed.bytes.load(Ordering::Relaxed));
        let time = found.as_ref().map(|found| found.time).unwrap_or_default();
        RuleCost {
            rule: member.rule.name.clone(),
            source: member.sources.join(", "),
            rows,
            bytes,
            time,
            again: found.is_err(),
        }
    });
    let cost = PassCost {
        stream: scanned.stream.name.clone(),
        tier: scanned.tier,
        files: scanned.files,
        columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
        pushed: spans.into_iter().flatten().collect(),
        rows: read.rows.load(Ordering::Relaxed),
        scan: Duration::from_nanos(read.nanos.load(Ordering::Relaxed)),
        shared: selector.shared(),
        texts: selector.texts(),
        rules: rules.collect(),
    };
    Ok(Outcome { rows, cost })
}

/// The places of all columns that some rule reads.
fn columns(scanned: &Scanned<'_>, members: &[Member<'_>]) -> Result<Vec<usize>> {
    let time = scanned.stream.get(scanned.stream.time()).map_or("", |field| field.name.as_str());
    let schema = scanned.table.schema();
    let mut columns = BTreeSet::from([schema.index_of(SOURCE)?, schema.index_of(time)?]);
    for member in members {
        columns.extend(columns_read(&scanned.table.schema(), member.rule, scanned.stream)?);
    }
    Ok(columns.into_iter().collect())
}

/// These columns of the sources and the time of all rules, where what all of them ask holds.
fn scan(
    scanned: &Scanned<'_>,
    members: &[Member<'_>],
    columns: Vec<usize>,
    mut pushed: Vec<Expr>,
) -> Result<LogicalPlan> {
    let sources: BTreeSet<&str> = members.iter().flat_map(|member| member.sources.iter().copied()).collect();
    let times = members.iter().map(|member| windows::times(member.rule, member.range));
    let times = times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default();
    let sources: Vec<&str> = sources.into_iter().collect();
    let near = near_times(scanned.stream, &sources, times, scanned.extent.as_ref());
    pushed.extend(near.into_iter().filter(|near| !pushed.contains(near)).collect::<Vec<_>>());
    let builder = LogicalPlanBuilder::scan("events", Arc::clone(&scanned.table), Some(columns))?;
    match conjunction(pushed) {
        Some(pushed) => builder.filter(pushed)?.build(),
        None => builder.build(),
    }
}

/// A rule's plan over the rows that are handed to it, and where to hand them.
fn fed(
    schema: &SchemaRef,
    rule: &Rule,
    stream: &Stream,
    member: &Member<'_>,
    partitions: Partitions,
    state: &SessionState,
) -> Result<(Outlet, RulePlan)> {
    let columns = columns_read(schema, rule, stream)?;
    let most = most_rows(state, rule.window.as_ref().map_or(1, windows::count));
    let (outlet, table) = match partitions {
        Partitions::Daily => Outlet::daily(schema, columns, most)?,
        Partitions::Of(partitions) => Outlet::new(schema, columns, partitions, most)?,
    };
    let plan = RulePlan::new(rule, stream, &member.sources, table, member.range, Vec::new())?;
    Ok((outlet, plan))
}

/// How a rule's plan takes its rows.
#[derive(Debug, Clone, Copy)]
enum Partitions {
    /// It is run for each day, in one partition.
    Daily,
    /// All of them, in so many partitions.
    Of(usize),
}

/// A plan that is run for each day anew, and what in.
struct Daily {
    /// The place of its rule.
    of: usize,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
}

/// A plan under way.
enum Running {
    /// It reads all rows of the scan.
    Whole(JoinHandle<Result<Rows>>),
    /// The scan's workers run it.
    Daily(Arc<Daily>),
}

/// A scan, and where its rows go.
struct Flow {
    scan: Arc<dyn ExecutionPlan>,
    /// Most rows of its batches.
    rows: usize,
    selector: Arc<Selector>,
    outlets: Arc<Vec<Outlet>>,
    read: Arc<Read>,
}

impl Flow {
    /// Runs the scan and all plans at once, to their ends.
    async fn run(
        self,
        session: &Session,
        tier: Tier,
        plans: Vec<(Rule, RulePlan, Partitions)>,
    ) -> Result<Vec<(Rule, Result<Rows>)>> {
        let most = if plans.len() < MANY { usize::MAX } else { FEW_ROWS };
        let (mut running, mut daily) = (Vec::new(), Vec::new());
        for (of, (rule, plan, partitions)) in plans.into_iter().enumerate() {
            let state = Arc::clone(session.state(plan.tier));
            running.push((
                rule,
                match partitions {
                    Partitions::Of(_) => Running::Whole(tokio::spawn(collect(state, plan, most))),
                    Partitions::Daily => {
                        let context = context(&state, most_rows(&state, plan.windows).min(most));
                        let one = Arc::new(Daily { of, plan: in_one_part(&state, &plan.plan).await?, context });
                        daily.push(Arc::clone(&one));
                        Running::Daily(one)
                    }
                },
            ));
        }
        let state = session.state(tier);
        let context = context(state, self.rows);
        // Of many rules each part under way has plans of its own, which take memory.
        let at_once = if running.len() < MANY { at_once(state) } else { state.config().target_partitions() };
        let (flow, daily, next) = (Arc::new(self), Arc::new(daily), Arc::new(AtomicUsize::new(0)));
        let mut workers = JoinSet::new();
        for _ in 0..days::parts(&flow.scan).min(at_once) {
            let (flow, daily, next) = (Arc::clone(&flow), Arc::clone(&daily), Arc::clone(&next));
            workers.spawn(flow.work(Arc::clone(&context), daily, next));
        }
        // Tables end once nobody is left who hands on.
        drop(flow);
        let mut of_days = BTreeMap::new();
        while let Some(worker) = workers.join_next().await {
            let found = worker.map_err(|cause| internal_datafusion_err!("a part of a scan ended: {cause}"))??;
            found.into_iter().for_each(|(of, rows)| add(&mut of_days, of, rows));
        }
        let mut rows = Vec::new();
        for (rule, running) in running {
            let ended = match running {
                Running::Whole(running) => running
                    .await
                    .map_err(|cause| internal_datafusion_err!("a plan ended: {cause}"))
                    .and_then(|ended| ended),
                Running::Daily(daily) => {
                    let found = of_days.remove(&daily.of).unwrap_or_else(|| Ok(Rows::none(&context)));
                    found.map(|mut rows| {
                        rows.time = time_of(daily.plan.as_ref());
                        rows
                    })
                }
            };
            rows.push((rule, ended));
        }
        Ok(rows)
    }

    /// Hands on one part of the scan after the other, as long as there are any; gives what plans that are run for each day gave, by the place
    /// of their rule.
    async fn work(
        self: Arc<Self>,
        context: Arc<TaskContext>,
        daily: Arc<Vec<Arc<Daily>>>,
        next: Arc<AtomicUsize>,
    ) -> Result<OfDays> {
        let mut found = OfDays::new();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= days::parts(&self.scan) {
                return Ok(found);
            }
            let held = MemoryConsumer::new("rows for rules").register(context.memory_pool());
            let taps = Taps::new(Arc::clone(&self.outlets), part, held);
            let mut running = JoinSet::new();
            for Daily { of, plan, context } in daily.iter().map(Arc::as_ref) {
                let (of, stream, mut rows) = (*of, plan.execute(0, Arc::clone(context)), Rows::none(context));
                if stream.is_err() {
                    taps.shut(of);
                }
                running.spawn(async move {
                    let drained = match stream {
                        Ok(stream) => rows.drain(stream).await,
                        Err(cause) => Err(cause),
                    };
                    (of, drained.map(|()| rows))
                });
            }
            let stream = self.scan.execute(part, Arc::clone(&context))?;
            hand_on(stream, Arc::clone(&self.selector), taps, Arc::clone(&self.read)).await?;
            while let Some(ended) = running.join_next().await {
                let (of, rows) = ended.map_err(|cause| internal_datafusion_err!("a plan ended: {cause}"))?;
                add(&mut found, of, rows);
            }
        }
    }
}

/// By the place of a rule, the rows of the days so far, or the first failure.
type OfDays = BTreeMap<usize, Result<Rows>>;

fn add(so_far: &mut OfDays, of: usize, found: Result<Rows>) {
    let both = match (so_far.remove(&of), found) {
        (Some(Ok(mut some)), Ok(others)) => {
            some.append(others);
            Ok(some)
        }
        (Some(Err(cause)), _) | (_, Err(cause)) => Err(cause),
        (None, only) => only,
    };
    so_far.insert(of, both);
}

/// What a scan has read so far, and what that took.
#[derive(Debug, Default)]
struct Read {
    rows: AtomicUsize,
    nanos: AtomicU64,
}

impl Read {
    /// The next batch. Files are read and unpacked while a stream is asked for it.
    async fn next(&self, stream: &mut SendableRecordBatchStream) -> Option<Result<RecordBatch>> {
        std::future::poll_fn(|context| {
            let begun = Instant::now();
            let next = stream.as_mut().poll_next(context);
            self.nanos.fetch_add(nanos(begun), Ordering::Relaxed);
            next
        })
        .await
    }
}

/// One part of a scan, handed to the rules to its end.
async fn hand_on(
    mut stream: SendableRecordBatchStream,
    selector: Arc<Selector>,
    mut taps: Taps,
    read: Arc<Read>,
) -> Result<()> {
    while let Some(batch) = read.next(&mut stream).await {
        let handed = match batch {
            Ok(batch) => {
                read.rows.fetch_add(batch.num_rows(), Ordering::Relaxed);
                match selector.select(&batch) {
                    Ok(selected) => taps.hand_on(&batch, &selected).await,
                    Err(cause) => Err(cause),
                }
            }
            Err(cause) => Err(cause),
        };
        if let Err(cause) = handed {
            let cause = Arc::new(cause);
            taps.fail(&cause).await;
            return Err(DataFusionError::Shared(cause));
        }
    }
    taps.send_all().await
}
