//! Look-back: takes what a rule asks of the time before its windows or events, gives the steps that answer and how the answers are joined.
//!
//! Whether a row lies in [s − L, s) is asked of spans of length L: one does in the span of s if the first row there is before s, and in the
//! span before that one if the last row there is at s − L or later. So one row for each span and key is joined, however many there were.
//! Times are microseconds since 1970 here.

use super::errors;
use super::lower::Lower;
use super::tree::{Aggregate, From, Is, Join, Node, Operator, Query, Select, Sql, Type, Unnest};
use crate::bind::of_nothing;
use crate::ir::{Expr, Look, Question, Statistic, Window};
use crate::source::Span;
use crate::target::names::WINDOW_START;
use crate::target::said::Said;

/// What look-backs are asked of.
pub(super) struct Past<'a> {
    /// The rule's rows: their table and filters, the first of which says since when.
    pub(super) rows: &'a Select,
    /// When a row happened.
    pub(super) time: &'a Sql,
    /// Where the past begins.
    pub(super) begin: &'a Sql,
    /// The step that has the rule's windows.
    pub(super) windows: Option<String>,
}

/// The rows of the past and of what is judged, as a step.
pub(super) struct Rows {
    pub(super) step: String,
    /// The column of a row's time.
    time: Sql,
    /// By number.
    pub(super) keys: Vec<Key>,
}

/// A key of the window.
pub(super) struct Key {
    /// Its name in the windows.
    pub(super) name: String,
    /// Its column there.
    pub(super) column: Sql,
    /// Its column in the rows.
    pub(super) row: Sql,
}

impl Lower<'_> {
    /// The answer to a look-back where it can be asked.
    pub(super) fn looked(&self, number: usize, span: Span) -> Said<Sql> {
        let elsewhere = || Err(vec![errors::cannot(span, "the past of this", "ask it in `when`")]);
        self.looks.get(number).cloned().unwrap_or_else(elsewhere)
    }

    /// Whether look-backs ask what measures were in the windows before.
    pub(super) fn asks_windows(&self) -> bool {
        self.rule.looks.iter().any(|look| matches!(look.question, Question::Baseline(..)))
    }

    /// The windows that are judged, with the answers joined; what only shows may lack one. `first`: the start of the first of them, and how many
    /// there are where that is known.
    pub(super) fn look_back(
        &mut self,
        past: &Past<'_>,
        window: &Window,
        keys: Vec<(String, Sql)>,
        first: (&Sql, Option<i64>),
        query: &mut Query,
    ) -> Select {
        self.take(["windows", "hop", WINDOW_START]);
        self.take(query.steps.iter().map(|(name, _)| name.as_str()));
        let columns: Vec<(Sql, Option<String>)> =
            query.steps.iter().flat_map(|(_, step)| &step.items).cloned().collect();
        self.take(columns.iter().filter_map(|(_, name)| name.as_deref()));
        let rows = self.rows(past, keys, query);
        let mut judged = Select { from: past.windows.clone().map(From::Step), ..Select::default() };
        let mut filled = None;
        // As windows with rows have them, before others are put beside.
        let held: Vec<Option<Said<Sql>>> =
            self.rule.looks.iter().map(|look| look.question.value().map(|value| self.expr(value))).collect();
        let moment = micros(Sql { nullable: false, ..Sql::name(WINDOW_START, Type::Timestamp) });
        if self.rule.asks_for_silence() {
            let start = self.fill((window, first.0, first.1), columns, &rows, query, &mut judged);
            let seen = self.seen_any(&rows, &moment, (query, &mut judged.joins));
            judged.filter.push(Sql::any(vec![start.clone().is_present(), seen]));
            filled = Some(start);
        }
        for (look, held) in self.rule.looks.iter().zip(held) {
            let (step, joins) = (judged.from.clone(), &mut judged.joins);
            let answer = match (&look.question, held) {
                (Question::Baseline(value, statistic), Some(held)) => {
                    let of = (value, held, *statistic);
                    self.baseline(look, of, (past, window, first.0), (step, &rows), (query, joins))
                }
                (Question::Seen(by), _) => Ok(self.seen(look.length, by, &rows, &moment, (query, joins))),
                (Question::Unseen(by), _) => {
                    Ok(self.seen(look.length, by, &rows, &moment, (query, joins)).complement())
                }
                (Question::Silent | Question::Baseline(..), _) => {
                    let every: Vec<usize> = (0..rows.keys.len()).collect();
                    let seen = self.seen(look.length, &every, &rows, &moment, (query, joins));
                    let empty = filled.iter().map(|start| start.clone().is(Is::Null));
                    Ok(Sql::all(empty.chain([seen]).collect()))
                }
            };
            self.looks.push(answer);
        }
        judged
    }

    /// Whether a row of the group lies as far back as `silent` asks.
    fn seen_any(&mut self, rows: &Rows, moment: &Sql, to: (&mut Query, &mut Vec<Join>)) -> Sql {
        let silent = self.rule.looks.iter().filter(|look| look.question == Question::Silent);
        let furthest = silent.map(|look| look.length).max().unwrap_or_default();
        let every: Vec<usize> = (0..rows.keys.len()).collect();
        self.seen(furthest, &every, rows, moment, to)
    }

    /// The condition that an event's time is one at which `when` holds, which asks for the past alone.
    pub(super) fn times(&mut self, past: &Past<'_>, from: &Sql, query: &mut Query) -> Said<Sql> {
        let rows = self.rows(past, Vec::new(), query);
        let moment = self.alias("moment");
        let judged = Sql::binary(Operator::GreaterEqual, rows.time.clone(), micros(from.clone()));
        let moments = Select {
            items: vec![(rows.time.clone(), Some(moment.clone()))],
            from: Some(From::Step(rows.step.clone())),
            filter: vec![judged],
            group_by: 1,
            ..Select::default()
        };
        let step = self.alias("moments");
        query.steps.push((step.clone(), moments));
        let moment = Sql { nullable: false, ..Sql::name(moment, Type::Int64) };
        let mut joins = Vec::new();
        for look in &self.rule.looks {
            let seen = self.seen(look.length, &[], &rows, &moment, (query, &mut joins));
            self.looks.push(Ok(if matches!(look.question, Question::Seen(_)) { seen } else { seen.complement() }));
        }
        let rule = self.rule;
        let answered = Select {
            items: vec![(moment, None)],
            from: Some(From::Step(step)),
            joins,
            filter: vec![self.pred(&rule.when)?],
            ..Select::default()
        };
        let time = micros(past.time.clone());
        Ok(Sql::new(Node::InQuery(Box::new(time), Box::new(answered)), Type::Bool, false))
    }

    /// The step of all rows, by time and keys.
    fn rows(&mut self, past: &Past<'_>, keys: Vec<(String, Sql)>, query: &mut Query) -> Rows {
        let [step, time] = ["rule_rows", "row_time"].map(|name| self.alias(name));
        let mut select = Select { items: vec![(micros(past.time.clone()), Some(time.clone()))], ..past.rows.clone() };
        if let Some(since) = select.filter.first_mut() {
            *since = Sql::binary(Operator::GreaterEqual, past.time.clone(), past.begin.clone());
        }
        let key = |(name, value): (String, Sql)| {
            let here = self.alias(&format!("row_{name}"));
            let (ty, nullable) = (value.ty.clone(), value.nullable);
            select.items.push((value, Some(here.clone())));
            let column = Sql { nullable, ..Sql::name(name.clone(), ty.clone()) };
            Key { name, column, row: Sql { nullable, ..Sql::name(here, ty) } }
        };
        let keys = keys.into_iter().map(key).collect();
        if self.rule.looks.iter().any(|look| look.question.value().is_none()) {
            query.steps.push((step.clone(), select));
        }
        Rows { step, time: Sql { nullable: false, ..Sql::name(time, Type::Int64) }, keys }
    }

    /// Whether a row with the same keys lies in the time before a moment.
    fn seen(
        &mut self,
        length: i64,
        by: &[usize],
        rows: &Rows,
        moment: &Sql,
        (query, joins): (&mut Query, &mut Vec<Join>),
    ) -> Sql {
        if let Some((.., known)) = self.seen.iter().find(|(of, keys, _)| *of == length && keys == by) {
            return known.clone();
        }
        let (microseconds, length) = (length, Sql::int(length));
        let span = |time: &Sql| Sql::call("DIV", vec![time.clone(), length.clone()], Type::Int64);
        let next = Sql::binary(Operator::Add, span(&rows.time), Sql::int(1));
        // A row that lacks a key is none of the rule's.
        let whole: Vec<Sql> =
            rows.keys.iter().filter(|key| key.row.nullable).map(|key| key.row.clone().is_present()).collect();
        let mut part = |names: [&str; 3], extreme: &'static str, span_there: Sql| {
            let [step, there, found] = names.map(|name| self.alias(name));
            let int = |name: &String| Sql::name(name.clone(), Type::Int64);
            let mut items = vec![(span_there, Some(there.clone()))];
            let mut on = vec![Sql::binary(Operator::Equal, int(&there), span(moment))];
            for Key { column: here, row, .. } in by.iter().filter_map(|key| rows.keys.get(*key)) {
                let there = self.alias("past_key");
                items.push((row.clone(), Some(there.clone())));
                on.push(Sql::binary(Operator::Equal, Sql::name(there, row.ty.clone()), here.clone()));
            }
            let group_by = items.len();
            let value = Aggregate::new(extreme, rows.time.clone()).into_sql(Type::Int64, true);
            items.push((value, Some(found.clone())));
            let from = Some(From::Step(rows.step.clone()));
            query
                .steps
                .push((step.clone(), Select { items, from, filter: whole.clone(), group_by, ..Select::default() }));
            joins.push(Join { inner: false, step, on });
            int(&found)
        };
        let first = part(["near_rows", "near_span", "near_first"], "MIN", span(&rows.time));
        let last = part(["far_rows", "far_span", "far_last"], "MAX", next);
        let begin = Sql::binary(Operator::Subtract, moment.clone(), length.clone());
        let near = Sql::binary(Operator::Less, first, moment.clone());
        let seen = Sql::any(vec![near, Sql::binary(Operator::GreaterEqual, last, begin)]).or(Sql::bool(false));
        self.seen.push((microseconds, by.to_vec(), seen.clone()));
        seen
    }

    /// A statistic of what a value was in the windows before: one row for each of them, with or without a counterpart among those that had
    /// rows.
    fn baseline(
        &mut self,
        look: &Look,
        (value, held, statistic): (&Expr, Said<Sql>, Statistic),
        (past, window, from): (&Past<'_>, &Window, &Sql),
        (judged, rows): (Option<From>, &Rows),
        (query, joins): (&mut Query, &mut Vec<Join>),
    ) -> Said<Sql> {
        let held = held?;
        let empty = self.expr(&of_nothing(value, self.rule))?;
        let windows = || past.windows.clone().map(From::Step);
        let start = || Sql { nullable: false, ..Sql::name(WINDOW_START, Type::Timestamp) };
        let named = |name: &String, ty: &Type| Sql::name(name.clone(), ty.clone());
        let equal = |one: Sql, other: Sql| Sql::binary(Operator::Equal, one, other);

        let [held_windows, held_start, held_value] =
            ["held_windows", "held_start", "held_value"].map(|name| self.alias(name));
        let [earlier, earlier_start, back] =
            ["earlier_windows", "earlier_start", "windows_back"].map(|name| self.alias(name));
        let [usual, usual_start, usual_value, with_rows] =
            ["usual_windows", "usual_start", "usual_value", "usual_with_rows"].map(|name| self.alias(name));
        let time = Type::Timestamp;
        let mut of_held = vec![(start(), Some(held_start.clone()))];
        let length = Sql::int(window.length);
        let way = Sql::binary(Operator::Multiply, named(&back, &Type::Int64), length);
        let earlier_at =
            Sql::call("TIMESTAMP_MICROS", vec![Sql::binary(Operator::Subtract, micros(start()), way)], time.clone());
        let mut of_judged = vec![(start(), Some(usual_start.clone()))];
        let mut of_usual = vec![(named(&usual_start, &time), None)];
        let mut held_on = vec![equal(named(&held_start, &time), named(&earlier_start, &time))];
        let mut on = vec![equal(named(&usual_start, &time), start())];
        for Key { column: key, .. } in &rows.keys {
            let [there, here] = ["held_key", "usual_key"].map(|name| self.alias(name));
            of_held.push((key.clone(), Some(there.clone())));
            of_judged.push((key.clone(), Some(here.clone())));
            of_usual.push((named(&here, &key.ty), None));
            held_on.push(equal(named(&there, &key.ty), named(&here, &key.ty)));
            on.push(equal(named(&here, &key.ty), key.clone()));
        }
        of_judged.push((earlier_at, Some(earlier_start)));
        let there = named(&held_start, &time).is_present();
        let column = named(&held_value, &held.ty);
        let fills = empty.node != Node::Null;
        let value_there = if fills { Sql::if_else(there.clone(), column, empty) } else { column };
        let group_by = of_usual.len();
        let found = self.statistic(statistic, value_there, &look.ty());
        let answer = named(&usual_value, &found.ty);
        of_usual.push((found, Some(usual_value)));
        of_usual.push((Aggregate::new("COUNTIF", there).into_sql(Type::Int64, false), Some(with_rows.clone())));
        of_held.push((held, Some(held_value)));
        let numbers = vec![Sql::int(1), Sql::int(look.length / window.length.max(1))];
        let list = Sql::call("GENERATE_ARRAY", numbers, Type::Array(Box::new(Type::Int64)));
        query.steps.push((held_windows.clone(), Select { items: of_held, from: windows(), ..Select::default() }));
        query.steps.push((
            earlier.clone(),
            Select {
                items: of_judged,
                from: judged,
                unnest: vec![Unnest { list, name: back, offset: None }],
                filter: vec![Sql::binary(Operator::GreaterEqual, start(), from.clone())],
                ..Select::default()
            },
        ));
        query.steps.push((
            usual.clone(),
            Select {
                items: of_usual,
                from: Some(From::Step(earlier)),
                joins: vec![Join { inner: !fills, step: held_windows, on: held_on }],
                group_by,
                ..Select::default()
            },
        ));
        joins.push(Join { inner: false, step: usual, on });
        // Without a row in any of them there is no baseline.
        let any = Sql::binary(Operator::Greater, named(&with_rows, &Type::Int64), Sql::int(0));
        Ok(answer.only_if(any))
    }
}

pub(super) fn micros(time: Sql) -> Sql {
    Sql::call("UNIX_MICROS", vec![time], Type::Int64)
}
