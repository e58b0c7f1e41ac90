//! Look-back: takes what a rule asks of the time before its windows or events, gives the tables that answer and the stages that bring the
//! answers beside what is judged.
//!
//! Whether a row lies in [s − L, s) is asked of spans of length L: one does in the span of s if the first row there is before s, and in the
//! span before that one if the last row there is at s − L or later. So one row for each span and key is joined, however many there were.

use super::super::errors;
use super::super::tree::{Infix, Name, Rows, Scalar, Stage, Type};
use super::aggregate::Argument;
use super::{Lower, Value, refuse};
use crate::bind::of_nothing;
use crate::ir::{Expr, ExprKind, Look, Question, Statistic};
use crate::target::Lowering;
use crate::target::kql::names::is_safe;
use crate::target::names::WINDOW_START;
use crate::target::said::Said;

/// What look-backs are asked of.
pub(super) struct Past {
    /// The table of the rule's rows, those of the past among them.
    pub(super) rows: Name,
    /// The table of its windows, where they are asked too.
    pub(super) windows: Option<Name>,
    /// The table of those that are judged, where it is another.
    pub(super) judged_windows: Option<Name>,
    /// When a row happened.
    pub(super) time: Scalar,
    /// The window's keys.
    pub(super) keys: Vec<PastKey>,
    /// Where the past ends: the column of the window's start or the event's time.
    pub(super) moment: Scalar,
    /// The first moment that is judged.
    pub(super) judged: Scalar,
    /// Where windows without rows are judged too, the column that is null in them.
    pub(super) filled: Option<Scalar>,
}

/// A key of the window.
pub(super) struct PastKey {
    /// Its column in the table of windows.
    pub(super) column: Name,
    /// The column by which what is judged is joined.
    pub(super) joined: Name,
    /// Its value in a row.
    pub(super) value: Scalar,
}

impl Lower<'_> {
    /// The keys of windows and what they are in a row.
    pub(super) fn past_keys(&mut self, keys: Vec<(Name, Scalar)>) -> Vec<PastKey> {
        let key = |(column, value): (Name, Scalar)| {
            // Behind `$left.` not every engine takes a name in brackets.
            let joined =
                if is_safe(&column.0) { column.clone() } else { self.names.fresh(&format!("own_{}", column.0)) };
            PastKey { column, joined, value }
        };
        keys.into_iter().map(key).collect()
    }

    /// Whether look-backs ask what measures were in the windows before.
    pub(super) fn asks_windows(&self) -> bool {
        self.rule.looks.iter().any(|look| matches!(look.question, Question::Baseline(..)))
    }

    /// Keeps what is judged, with the answers beside it; those that `when` does not need may fail.
    pub(super) fn look_back(&mut self, cx: &mut Lowering<'_>, past: &Past) -> Said<()> {
        let rule = self.rule;
        if past.filled.is_none() && (past.windows.is_some() || rule.window.is_none()) {
            let judged = Scalar::infix(past.moment.clone(), Infix::GreaterEqual, past.judged.clone());
            self.stages.push(Stage::Where(judged));
        }
        if past.filled.is_none() {
            self.joinable(&past.keys);
        }
        let mut refused = Vec::new();
        for (number, look) in rule.looks.iter().enumerate() {
            let mut needed = false;
            rule.when.walk(&mut |expr| needed |= expr.kind == ExprKind::Look(number));
            let answer = if needed {
                self.attempt(|lower| lower.answer(look, past))
            } else {
                self.aside(cx, false, |lower| lower.answer(look, past))
            };
            if let (true, Err(reasons)) = (needed, &answer) {
                refused.extend(reasons.iter().cloned());
            }
            self.looks.push(answer);
        }
        if refused.is_empty() { Ok(()) } else { Err(refused) }
    }

    /// The columns by which what is judged is joined.
    pub(super) fn joinable(&mut self, keys: &[PastKey]) {
        for key in keys.iter().filter(|key| key.joined != key.column) {
            self.extend(key.joined.clone(), Scalar::column(&key.column));
        }
    }

    fn answer(&mut self, look: &Look, past: &Past) -> Said<Value> {
        let (by, seen) = match &look.question {
            Question::Seen(by) => (by, true),
            Question::Unseen(by) => (by, false),
            Question::Silent => {
                let Some(filled) = &past.filled else { return refuse(errors::unbound(look.span)) };
                let every: Vec<usize> = (0..past.keys.len()).collect();
                let seen = self.seen(look.length, &every, past);
                let silent = Scalar::all(vec![Scalar::call("isnull", [filled.clone()]), seen]);
                return Ok(Value::new(silent, Type::Bool, false));
            }
            Question::Baseline(value, statistic) => return self.baseline(look, value, *statistic, past),
        };
        let before = self.seen(look.length, by, past);
        let answer = if seen { before } else { Scalar::call("not", [before]) };
        Ok(Value::new(answer, Type::Bool, false))
    }

    /// Whether a row with the same keys lies in the time before.
    pub(super) fn seen(&mut self, length: i64, by: &[usize], past: &Past) -> Scalar {
        if let Some((.., known)) = self.seen.iter().find(|(of, keys, _)| *of == length && keys == by) {
            return known.clone();
        }
        let keys: Vec<&PastKey> = by.iter().filter_map(|key| past.keys.get(*key)).collect();
        let span = |time: &Scalar| Scalar::call("bin", [time.clone(), Scalar::Timespan(length)]);
        let own = self.names.fresh("past_span");
        let [near, first] = ["near_rows", "near_first"].map(|name| self.names.fresh(name));
        let [far, last] = ["far_rows", "far_last"].map(|name| self.names.fresh(name));
        let of_near = (first.clone(), Scalar::call("min", [past.time.clone()]));
        let of_far = (last.clone(), Scalar::call("max", [past.time.clone()]));
        self.extend(own.clone(), span(&past.moment));
        let next = Scalar::infix(span(&past.time), Infix::Add, Scalar::Timespan(length));
        for (part, table, found, span) in [("near", near, of_near, span(&past.time)), ("far", far, of_far, next)] {
            let there = self.names.fresh(&format!("{part}_span"));
            let (mut by, mut on) = (vec![(there.clone(), span)], vec![(own.clone(), there)]);
            for key in &keys {
                let there = self.names.fresh(&format!("{part}_{}", key.column.0));
                by.push((there.clone(), key.value.clone()));
                on.push((key.joined.clone(), there));
            }
            let (name, value) = found;
            let stages = vec![Stage::Summarize { columns: vec![(Some(name), value)], by }];
            self.tables.push((table.clone(), Rows { table: past.rows.clone(), stages }));
            self.stages.push(Stage::Join { inner: false, table, on });
        }
        let found = |row: &Name, operator, moment| {
            let row = Scalar::column(row);
            Scalar::all(vec![Scalar::call("isnotnull", [row.clone()]), Scalar::infix(row, operator, moment)])
        };
        let begin = Scalar::infix(past.moment.clone(), Infix::Subtract, Scalar::Timespan(length));
        let near = found(&first, Infix::Less, past.moment.clone());
        let seen = self.names.fresh("seen_before");
        self.extend(seen.clone(), Scalar::any(vec![near, found(&last, Infix::GreaterEqual, begin)]));
        let seen = Scalar::Column(seen);
        self.seen.push((length, by.to_vec(), seen.clone()));
        seen
    }

    /// A statistic of what a value was in the windows before: one row for each of them, with or without a counterpart among those that had
    /// rows.
    fn baseline(&mut self, look: &Look, value: &Expr, statistic: Statistic, past: &Past) -> Said<Value> {
        let (Some(window), Some(windows)) = (&self.rule.window, &past.windows) else {
            return refuse(errors::unbound(look.span));
        };
        let before = look.length / window.length.max(1);
        let held = self.value(value)?;
        let empty = self.value(&of_nothing(value, self.rule))?;
        let fills = !matches!(empty.scalar, Scalar::Null(_));
        let start = Name::new(WINDOW_START);

        let [held_windows, held_start, held_value] =
            ["held_windows", "held_start", "held_value"].map(|name| self.names.fresh(name));
        let [usual_windows, usual_start, back, earlier] =
            ["usual_windows", "usual_start", "windows_back", "earlier_start"].map(|name| self.names.fresh(name));
        let mut of_held = vec![(held_start.clone(), Scalar::column(&start))];
        let mut of_judged = vec![(usual_start.clone(), Scalar::column(&start))];
        let mut earlier_on = vec![(earlier.clone(), held_start.clone())];
        let mut on = vec![(start.clone(), usual_start.clone())];
        for PastKey { column: key, joined, .. } in &past.keys {
            let [there, here] = ["held", "usual"].map(|part| self.names.fresh(&format!("{part}_{}", key.0)));
            of_held.push((there.clone(), Scalar::column(key)));
            of_judged.push((here.clone(), Scalar::column(key)));
            earlier_on.push((here.clone(), there));
            on.push((joined.clone(), here));
        }
        of_held.push((held_value.clone(), held.scalar));
        let by = of_judged.iter().map(|(name, _)| (name.clone(), Scalar::column(name))).collect();

        let counts = Scalar::call("isnotnull", [Scalar::column(&held_start)]);
        let value_there = match fills {
            true => Scalar::iff(counts.clone(), Scalar::column(&held_value), empty.scalar),
            false => Scalar::column(&held_value),
        };
        let optional = held.optional || empty.optional;
        let argument = Argument { value: Value::new(value_there, held.ty, optional), filter: None };
        let [usual, with_rows] = ["usual_value", "usual_with_rows"].map(|name| self.names.fresh(name));
        let plan = self.of_numbers(&statistic.function(), value, argument, usual, look.span)?;
        let mut columns = plan.columns;
        columns.push((Some(with_rows.clone()), Scalar::call("countif", [counts])));

        let judged = Scalar::infix(past.moment.clone(), Infix::GreaterEqual, past.judged.clone());
        let number = Scalar::column(&back);
        let numbers = Scalar::call("range", [Scalar::Long(1), Scalar::Long(before), Scalar::Long(1)]);
        let way = Scalar::infix(number.clone(), Infix::Multiply, Scalar::Timespan(window.length));
        let mut stages = vec![
            Stage::Where(judged),
            Stage::Project(of_judged),
            Stage::Extend(vec![(back.clone(), numbers)]),
            Stage::MvExpand { index: None, element: back, list: number, ty: Type::Long, pairs: false },
            Stage::Extend(vec![(earlier, Scalar::infix(Scalar::column(&usual_start), Infix::Subtract, way))]),
            Stage::Join { inner: !fills, table: held_windows.clone(), on: earlier_on },
            Stage::Summarize { columns, by },
        ];
        stages.extend(plan.after.into_iter().map(|column| Stage::Extend(vec![column])));
        let rows = |table: &Name, stages| Rows { table: table.clone(), stages };
        self.tables.push((held_windows, rows(windows, vec![Stage::Project(of_held)])));
        let judged_windows = past.judged_windows.as_ref().unwrap_or(windows);
        self.tables.push((usual_windows.clone(), rows(judged_windows, stages)));
        self.stages.push(Stage::Join { inner: false, table: usual_windows, on });
        if !fills {
            return Ok(Value { optional: true, ..plan.value });
        }
        // Without a row in any of them there is no baseline.
        let any = Scalar::infix(Scalar::column(&with_rows), Infix::Greater, Scalar::Long(0));
        let ty = plan.value.ty;
        let baseline = self.once(Scalar::iff(any, plan.value.scalar, Scalar::missing(ty)), "baseline_value");
        Ok(Value::new(baseline, ty, true))
    }
}
