//! Counts of a comparison, and what was wrong.

use std::collections::BTreeMap;

/// What came of comparing the queries on one source.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) equal: usize,
    pub(crate) with_alerts: usize,
    pub(crate) with_templates: usize,
    pub(crate) refused: usize,
    pub(crate) unsupported: BTreeMap<String, usize>,
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn report(&self, what: &str) {
        println!(
            "{what}: {} equal ({} with alerts, {} with templates of ours), {} refused, {} not executable, {} WRONG",
            self.equal,
            self.with_alerts,
            self.with_templates,
            self.refused,
            self.unsupported.values().sum::<usize>(),
            self.wrong.len()
        );
        for (why, count) in &self.unsupported {
            println!("    not executable, {count} times: {why}");
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n"));
    }
}
