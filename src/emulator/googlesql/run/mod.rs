//! Runs a bound query: takes plans and raw records, gives rows.

pub(super) mod expr;
mod group;
mod join;
mod sort;
mod window;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::functions::Moment;
use super::readings::ROW_ORDER;
use super::store::Table;
use super::tree::{Combine, Plan};
use super::value::{Val, key};
use crate::emulator::{Failure, Readings, Record, Run};

pub(super) type Row = Vec<Val>;

/// Most rows and values that a query may look at: what takes more is refused and not waited for.
const MOST_WORK: u64 = 50_000_000;

/// A row, and the one that the subquery stands in.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f> {
    pub(super) row: &'f [Val],
    pub(super) outer: Option<&'f Frame<'f>>,
}

/// What a query runs with.
pub(super) struct Runner<'r> {
    pub(super) logs: &'r [Record],
    pub(super) run: &'r Run,
    pub(super) readings: &'r Readings,
    pub(super) ctes: &'r [Plan],
    known: RefCell<BTreeMap<String, Rc<Vec<Row>>>>,
    work: Cell<u64>,
}

impl<'r> Runner<'r> {
    pub(super) fn new(logs: &'r [Record], run: &'r Run, readings: &'r Readings, ctes: &'r [Plan]) -> Runner<'r> {
        Runner { logs, run, readings, ctes, known: RefCell::default(), work: Cell::new(0) }
    }

    fn moment(&self) -> Moment<'_> {
        Moment { now: self.run.now, readings: self.readings }
    }

    /// Counts what is done.
    fn worked(&self, steps: usize) -> Result<(), Failure> {
        self.work.set(self.work.get().saturating_add(steps as u64));
        if self.work.get() > MOST_WORK {
            return Err(Failure {
                at: None,
                ..Failure::unknown("a query that takes more work than this emulator does", 0..0)
            });
        }
        Ok(())
    }

    /// The rows of a plan, in an order that only ORDER BY makes sure of.
    pub(super) fn rows(&self, plan: &Plan, outer: Option<&Frame<'_>>) -> Result<Vec<Row>, Failure> {
        let rows = match plan {
            Plan::Once => vec![Vec::new()],
            Plan::Table(table) => self.table(table)?,
            Plan::Cte(number) => self.once(format!("cte {number}"), || match self.ctes.get(*number) {
                Some(plan) => self.rows(plan, None),
                None => Ok(Vec::new()),
            })?,
            Plan::Expand { input, array, offset, outer: keep, on } => {
                self.expand(input, array, (*offset, *keep), on.as_ref(), outer)?
            }
            Plan::Join { left, right, keep, widths, on } => {
                self.join((left, right), *keep, *widths, on.as_ref(), outer)?
            }
            Plan::Filter(input, by) => {
                let mut kept = Vec::new();
                for row in self.rows(input, outer)? {
                    if self.eval(by, &Frame { row: &row, outer })? == Val::Bool(true) {
                        kept.push(row);
                    }
                }
                kept
            }
            Plan::Group { input, keys, aggregates, whole } => self.group(input, keys, aggregates, *whole, outer)?,
            Plan::Windows { input, windows } => self.windows(input, windows, outer)?,
            Plan::Project(input, columns) => {
                let project =
                    |row: &Row| columns.iter().map(|column| self.eval(column, &Frame { row, outer })).collect();
                self.rows(input, outer)?.iter().map(project).collect::<Result<_, _>>()?
            }
            Plan::Distinct(input) => {
                let mut seen = BTreeSet::new();
                let mut rows = self.rows(input, outer)?;
                rows.retain(|row| seen.insert(key(row)));
                rows
            }
            Plan::Sort(input, keys) => self.sorted(self.rows(input, outer)?, keys, outer)?.0,
            Plan::Limit { input, limit, offset } => self.limited(input, *limit, *offset, outer)?,
            Plan::Combine { left, right, how } => {
                let (mut rows, others) = (self.rows(left, outer)?, self.rows(right, outer)?);
                match how {
                    Combine::All => rows.extend(others),
                    Combine::Intersect | Combine::Except => {
                        let others: BTreeSet<String> = others.iter().map(|row| key(row)).collect();
                        rows.retain(|row| others.contains(&key(row)) == (*how == Combine::Intersect));
                    }
                }
                rows
            }
        };
        self.worked(rows.len())?;
        Ok(rows)
    }

    fn table(&self, table: &'static Table) -> Result<Vec<Row>, Failure> {
        self.once(format!("table {table:p}"), || table.rows(self.logs, self.run))
    }

    /// Rows that are the same each time.
    fn once(&self, name: String, rows: impl FnOnce() -> Result<Vec<Row>, Failure>) -> Result<Vec<Row>, Failure> {
        let known = self.known.borrow().get(&name).cloned();
        let rows = match known {
            Some(rows) => rows,
            None => {
                let rows = Rc::new(rows()?);
                self.known.borrow_mut().insert(name, Rc::clone(&rows));
                rows
            }
        };
        Ok(rows.to_vec())
    }

    /// The rows that LIMIT leaves; where nothing says which, as the reading says.
    fn limited(
        &self,
        input: &Plan,
        limit: Option<usize>,
        offset: usize,
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let (mut rows, open) = match input {
            Plan::Sort(inner, keys) => {
                let unsorted = self.rows(inner, outer)?;
                let (sorted, peers) = self.sorted(unsorted.clone(), keys, outer)?;
                let cuts = [Some(offset), limit.and_then(|limit| offset.checked_add(limit))];
                let open = cuts.into_iter().flatten().any(|cut| splits(&sorted, &peers, cut));
                if open && self.readings.other(ROW_ORDER) {
                    let reversed = unsorted.into_iter().rev().collect();
                    (self.sorted(reversed, keys, outer)?.0, false)
                } else {
                    (sorted, false)
                }
            }
            input => {
                let rows = self.rows(input, outer)?;
                let cut = offset > 0 || limit.is_some_and(|limit| (1..rows.len()).contains(&limit));
                let open = cut && rows.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
                (rows, open)
            }
        };
        if open && self.readings.other(ROW_ORDER) {
            rows.reverse();
        }
        Ok(rows.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect())
    }
}

/// Whether a cut goes through rows that are sorted alike but are not the same.
fn splits(rows: &[Row], peers: &[Range<usize>], cut: usize) -> bool {
    let through = peers.iter().find(|peers| peers.start < cut && cut < peers.end);
    through
        .and_then(|peers| rows.get(peers.clone()))
        .is_some_and(|rows| rows.windows(2).any(|pair| matches!(pair, [one, other] if one != other)))
}
