//! Windows without rows: takes the windows that have some, gives beside them those of keys that had a row in the time before.
//!
//! Every group of the rows that are read is put beside every judged window; where it has no rows there, its measures are those of no rows.

use super::super::errors;
use super::super::tree::{Infix, Name, Rows, Scalar, Stage, Type};
use super::look::{Past, PastKey};
use super::window::Clock;
use super::{Lower, Value, refuse};
use crate::bind::of_nothing;
use crate::ir::{Expr, ExprKind, Question, Window};
use crate::target::names::WINDOW_START;
use crate::target::said::Said;

/// Most elements of a list that `range` makes.
const MAX_RANGE: i64 = 1_048_576;

impl Lower<'_> {
    /// From here on the rows are those of judged windows, with and without rows.
    pub(super) fn fill(&mut self, past: &mut Past, window: &Window, clock: &Clock) -> Said<()> {
        let Some(windows) = past.windows.clone() else { return refuse(errors::unbound(window.span)) };
        let filled = self.names.fresh("filled_start");
        let there = |key: &PastKey| (key.joined.clone(), self.names.fresh(&format!("filled_{}", key.column.0)));
        let mut on: Vec<(Name, Name)> = past.keys.iter().map(there).collect();
        let held = self.held(past, &filled, &on);
        self.table = past.rows.clone();
        let by: Vec<(Name, Scalar)> = past.keys.iter().map(|key| (key.column.clone(), key.value.clone())).collect();
        // Without keys there is one group, and `summarize` wants something to do.
        let counted = by.is_empty().then(|| (Some(self.names.fresh("row_count")), Scalar::call("count", [])));
        self.stages.push(Stage::Summarize { columns: counted.into_iter().collect(), by });
        let start = Name::new(WINDOW_START);
        match self.starts(clock) {
            (first, None) => self.extend(start.clone(), first),
            (_, Some(windows)) if windows > MAX_RANGE => {
                return refuse(errors::too_many_windows(windows, MAX_RANGE, window.span));
            }
            (first, Some(0)) => {
                self.extend(start.clone(), first);
                self.stages.push(Stage::Where(Scalar::Bool(false)));
            }
            (first, Some(windows)) => {
                let number = self.names.fresh("window_number");
                let numbers = [Scalar::Long(0), Scalar::Long(windows - 1), Scalar::Long(1)];
                self.extend(number.clone(), Scalar::call("range", numbers));
                let list = Scalar::column(&number);
                let element = number;
                self.stages.push(Stage::MvExpand {
                    index: None,
                    element,
                    list: list.clone(),
                    ty: Type::Long,
                    pairs: false,
                });
                let later = Scalar::infix(list, Infix::Multiply, Scalar::Timespan(window.step));
                self.extend(start.clone(), Scalar::infix(first, Infix::Add, later));
            }
        }
        self.joinable(&past.keys);
        let silent = self.rule.looks.iter().filter(|look| look.question == Question::Silent);
        let furthest = silent.map(|look| look.length).max().unwrap_or_default();
        let every: Vec<usize> = (0..past.keys.len()).collect();
        let seen = self.seen(furthest, &every, past);
        let table = self.names.fresh("filled_windows");
        self.tables.push((table.clone(), Rows { table: windows, stages: vec![Stage::Project(held)] }));
        on.insert(0, (start, filled.clone()));
        self.stages.push(Stage::Join { inner: false, table, on });
        let has_rows = Scalar::call("isnotnull", [Scalar::Column(filled.clone())]);
        self.stages.push(Stage::Where(Scalar::any(vec![has_rows.clone(), seen])));
        self.measure_nothing(&has_rows)?;
        past.filled = Some(Scalar::Column(filled));
        if self.asks_windows() {
            past.judged_windows = Some(self.cut("judged_windows"));
        }
        Ok(())
    }

    /// The columns of windows with rows: their start and keys by other names, and what was measured.
    fn held(&self, past: &Past, filled: &Name, keys: &[(Name, Name)]) -> Vec<(Name, Scalar)> {
        let mut columns = vec![(filled.clone(), Scalar::Column(Name::new(WINDOW_START)))];
        let renamed = past.keys.iter().zip(keys).map(|(key, (_, there))| (there.clone(), Scalar::column(&key.column)));
        columns.extend(renamed);
        let mut read = |scalar: &Scalar| {
            if let Scalar::Column(name) = scalar
                && !past.keys.iter().any(|key| key.column == *name)
                && !columns.iter().any(|(known, _)| known == name)
            {
                columns.push((name.clone(), Scalar::column(name)));
            }
        };
        let groups = self.groups.iter().flat_map(|groups| groups.aggregates.iter().chain(&groups.measures));
        groups.flatten().for_each(|value| value.scalar.walk(&mut read));
        columns
    }

    /// Aggregates and measures of windows without rows.
    fn measure_nothing(&mut self, has_rows: &Scalar) -> Said<()> {
        let rule = self.rule;
        let Some(mut groups) = self.groups.take() else { return Ok(()) };
        let mut columns: Vec<(Name, Scalar)> = Vec::new();
        let aggregates = rule.aggregates.iter().enumerate().map(|(number, aggregate)| {
            of_nothing(&Expr::new(ExprKind::Aggregate(number), aggregate.ty.clone(), aggregate.span), rule)
        });
        let measures = rule.measures.iter().map(|measure| of_nothing(&measure.value, rule));
        let held = groups.aggregates.iter_mut().chain(&mut groups.measures);
        for (value, nothing) in held.zip(aggregates.chain(measures)) {
            let Ok(Value { scalar, optional, .. }) = value else { continue };
            // Lists of nothing are nothing, as is what a join lacks.
            let Ok(nothing) = self.value(&nothing) else {
                *optional = true;
                continue;
            };
            *optional |= nothing.optional;
            if let Scalar::Column(name) = scalar
                && !matches!(nothing.scalar, Scalar::Null(_))
                && !columns.iter().any(|(known, _)| known == name)
            {
                columns.push((name.clone(), Scalar::iff(has_rows.clone(), scalar.clone(), nothing.scalar)));
            }
        }
        self.groups = Some(groups);
        if !columns.is_empty() {
            self.stages.push(Stage::Extend(columns));
        }
        Ok(())
    }
}
