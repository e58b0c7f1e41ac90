//! Windows without rows: takes the step of windows that have some, gives beside them those of keys that had a row in the time before.
//!
//! Every group of the rows that are read is put beside every judged window; where it has no rows there, its measures are those of no rows.

use super::lower::Lower;
use super::lower_look::{Key, Rows, micros};
use super::tree::{From, Join, Node, Operator, Query, Select, Sql, Type, Unnest};
use crate::bind::of_nothing;
use crate::ir::{Expr, ExprKind, Window};
use crate::target::names::WINDOW_START;

impl Lower<'_> {
    /// Puts the groups beside the judged windows, and beside these what windows with rows have; gives the column that is `NULL` where there
    /// are none. Measures are those of both from here on.
    pub(super) fn fill(
        &mut self,
        (window, first, windows): (&Window, &Sql, Option<i64>),
        columns: Vec<(Sql, Option<String>)>,
        rows: &Rows,
        query: &mut Query,
        judged: &mut Select,
    ) -> Sql {
        let [step, held, start, number] =
            ["judged_windows", "filled_windows", "filled_start", "window_number"].map(|name| self.alias(name));
        let start_there = Sql::name(start.clone(), Type::Timestamp);
        let own_start = || Sql { nullable: false, ..Sql::name(WINDOW_START, Type::Timestamp) };
        let mut groups = Select { from: Some(From::Step(rows.step.clone())), ..Select::default() };
        let at = match windows {
            None => first.clone(),
            Some(windows) => {
                let numbers = vec![Sql::int(0), Sql::int(windows.saturating_sub(1))];
                let list = Sql::call("GENERATE_ARRAY", numbers, Type::Array(Box::new(Type::Int64)));
                groups.unnest.push(Unnest { list, name: number.clone(), offset: None });
                let number = Sql::name(number, Type::Int64);
                let later = Sql::binary(Operator::Multiply, number, Sql::int(window.step));
                let at = Sql::binary(Operator::Add, micros(first.clone()), later);
                Sql::call("TIMESTAMP_MICROS", vec![at], Type::Timestamp)
            }
        };
        groups.items.push((at, Some(WINDOW_START.to_owned())));
        let mut of_held = vec![(own_start(), Some(start))];
        let mut on = vec![Sql::binary(Operator::Equal, start_there.clone(), own_start())];
        for Key { name, column, row } in &rows.keys {
            if row.nullable {
                groups.filter.push(row.clone().is_present());
            }
            groups.items.push((row.clone(), Some(name.clone())));
            let there = self.alias("filled_key");
            of_held.push((column.clone(), Some(there.clone())));
            on.push(Sql::binary(Operator::Equal, Sql::name(there, column.ty.clone()), column.clone()));
        }
        groups.group_by = groups.items.len();
        let measured = columns.into_iter().skip(groups.group_by);
        of_held.extend(measured.filter_map(|(value, name)| Some((Sql::name(name?, value.ty), None))));
        self.measure_nothing(&start_there.clone().is_present());
        query.steps.push((step.clone(), groups));
        let from = judged.from.replace(From::Step(step));
        query.steps.push((held.clone(), Select { items: of_held, from, ..Select::default() }));
        judged.joins.push(Join { inner: false, step: held, on });
        start_there
    }

    /// Aggregates and measures are those of no rows where there are none.
    fn measure_nothing(&mut self, has_rows: &Sql) {
        let rule = self.rule;
        let Some(mut groups) = self.groups.take() else { return };
        let aggregates = rule.aggregates.iter().enumerate().map(|(number, aggregate)| {
            of_nothing(&Expr::new(ExprKind::Aggregate(number), aggregate.ty.clone(), aggregate.span), rule)
        });
        let measures = rule.measures.iter().map(|measure| of_nothing(&measure.value, rule));
        let held = groups.aggregates.iter_mut().chain(&mut groups.measures);
        for (value, nothing) in held.zip(aggregates.chain(measures)) {
            let Ok(value) = value else { continue };
            // Of nothing a list is nothing, as is what a join lacks.
            match self.expr(&nothing) {
                Ok(nothing) if nothing.node != Node::Null => {
                    *value = Sql::if_else(has_rows.clone(), value.clone(), nothing);
                }
                _ => value.nullable = true,
            }
        }
        self.groups = Some(groups);
    }
}
