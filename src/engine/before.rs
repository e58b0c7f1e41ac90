//! How many events an archive has from before a time: takes a source and the time, gives the count of each day. The manifest counts whole hours;
//! only of the hour in which the time lies are rows looked at.

use std::collections::BTreeMap;

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::Result;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};

use super::plan::{RulePlan, near_times};
use super::run::Engine;
use super::table;
use crate::archive::{ArchiveFile, DAY};
use crate::ir::{Source, Stream, Tier};

const HOUR: i64 = DAY / 24;

impl Engine<'_> {
    /// By day since 1970, how many events of a source lie before a time, in microseconds since 1970. None where files can't be read.
    #[must_use]
    pub fn before(&self, source: &Source, until: i64) -> Option<BTreeMap<i64, u64>> {
        let stream = self.schema.stream_of(source.stream)?;
        let (mut days, mut cut) = (BTreeMap::new(), Vec::new());
        for file in self.archive.files(source.stream) {
            let (entry, coverage) = (&file.entry, &file.entry.coverage);
            if coverage.source != source.name || coverage.first >= until {
                continue;
            }
            let hours = coverage.hours.iter().map(|(hour, of)| (entry.day * DAY + i64::from(*hour) * HOUR, of.rows));
            *days.entry(entry.day).or_default() +=
                hours.filter(|(start, _)| start + HOUR <= until).map(|(_, rows)| rows).sum::<u64>();
            if coverage.last >= until - until.rem_euclid(HOUR) {
                cut.push(file);
            }
        }
        if !cut.is_empty() && until.rem_euclid(HOUR) > 0 {
            *days.entry(until.div_euclid(DAY)).or_default() += self.of_hour(source, stream, &cut, until).ok()?;
        }
        Some(days)
    }

    /// How many events of files lie before a time and in its hour.
    fn of_hour(&self, source: &Source, stream: &Stream, files: &[&ArchiveFile], until: i64) -> Result<u64> {
        let options = self.session.parquet_options(true);
        let table = table::files(self.archive.root(), files, stream, Tier::Metadata, &options)?;
        let near = near_times(stream, &[&source.name], (until - until.rem_euclid(HOUR), until), None);
        let builder = LogicalPlanBuilder::scan("events", table, None)?;
        let rows = match conjunction(near) {
            Some(near) => builder.filter(near)?,
            None => builder,
        };
        let plan = rows.aggregate(Vec::<Expr>::new(), vec![count(lit(1_i64))])?.build()?;
        let found = self.session.collect(&RulePlan { plan, tier: Tier::Metadata, windows: 1, by_day: false })?;
        let counts = found.batches.iter().filter_map(|batch| batch.columns().first()?.as_primitive_opt::<Int64Type>());
        let rows = counts.flat_map(|counts| counts.values().iter().copied()).sum::<i64>();
        Ok(u64::try_from(rows).unwrap_or_default())
    }
}
