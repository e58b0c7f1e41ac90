//! Counts of a comparison, and what was wrong.

use std::collections::BTreeMap;

/// What came of comparing the queries on one source.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) equal: usize,
    pub(crate) with_alerts: usize,
    /// Texts that are wider or narrower, and hold the alerts or are held by them.
    pub(crate) contained: usize,
    /// Texts that were run and claim nothing.
    pub(crate) differing: usize,
    pub(crate) with_templates: usize,
    /// Turns of a schedule that gave what they claim; those that alert; those that were not run.
    pub(crate) turns: usize,
    pub(crate) turns_with_alerts: usize,
    pub(crate) turns_not_run: usize,
    pub(crate) refused: usize,
    pub(crate) unsupported: BTreeMap<String, usize>,
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    /// Adds what came of one turn of a schedule.
    pub(crate) fn turn(&mut self, turn: Tally) {
        self.turns += turn.equal + turn.contained;
        self.turns_with_alerts += turn.with_alerts;
        self.turns_not_run += turn.unsupported.values().sum::<usize>();
        self.wrong.extend(turn.wrong);
    }

    pub(crate) fn report(&self, what: &str) {
        println!(
            "{what}: {} equal ({} with alerts, {} with templates of ours), {} contained, {} differing, {} refused, {} not executable; in turns \
             {} as claimed ({} with alerts), {} not executable; {} WRONG",
            self.equal,
            self.with_alerts,
            self.with_templates,
            self.contained,
            self.differing,
            self.refused,
            self.unsupported.values().sum::<usize>(),
            self.turns,
            self.turns_with_alerts,
            self.turns_not_run,
            self.wrong.len()
        );
        for (why, count) in &self.unsupported {
            println!("    not executable, {count} times: {why}");
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.iter().take(8).cloned().collect::<Vec<_>>().join("\n\n"));
    }
}
