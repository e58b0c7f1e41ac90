//! A day at a time: takes a plan of one partition over an archive's files, none of whose groups has rows of two days, gives the same plan with a
//! partition for each day.
//!
//! What one day's rows are grouped into is small enough for a processor's caches, is let go with its day, and need not be brought together with
//! what another partition has of the same group.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};

/// The plan with its days apart. A partition keeps to its own files only where streams are not allowed to take those of others.
pub(super) fn apart(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let apart = plan.transform_up(|node| {
        let source = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
        let Some(scan) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) else {
            return Ok(Transformed::no(node));
        };
        let mut days: BTreeMap<String, Vec<PartitionedFile>> = BTreeMap::new();
        for file in scan.file_groups.iter().flat_map(FileGroup::iter) {
            let path = file.object_meta.location.as_ref();
            let (day, _) = path.rsplit_once('/').unwrap_or_default();
            days.entry(day.to_owned()).or_default().push(file.clone());
        }
        let groups = days.into_values().map(FileGroup::new).collect();
        let scan = FileScanConfigBuilder::from(scan.clone()).with_file_groups(groups).build();
        Ok(Transformed::yes(DataSourceExec::from_data_source(scan)))
    })?;
    Ok(apart.data)
}

/// How many partitions a plan has.
pub(super) fn parts(plan: &Arc<dyn ExecutionPlan>) -> usize {
    plan.output_partitioning().partition_count()
}
