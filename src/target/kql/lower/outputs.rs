//! Groups and columns: takes the rule's keys, aggregates, measures, `when` and `show`, gives the stages from grouping to the sorted result.

use super::super::errors;
use super::super::tree::{Infix, Name, Scalar, Stage, Type};
use super::aggregate::Plan;
use super::look::Past;
use super::window::Clock;
use super::{Groups, Lower, Value, refuse};
use crate::bind::deciding;
use crate::ir::{self, AggregateFunction, Arithmetic, Binding, Expr, ExprKind, Key};
use crate::target::names::{EVENT_ID, Outputs, SEVERITY, TIME, WINDOW_START};
use crate::target::said::{Said, gather};
use crate::target::{Condition, Lowering};

impl Lower<'_> {
    /// From kept events to judged windows.
    pub(super) fn windowed(&mut self, cx: &mut Lowering<'_>, outputs: &Outputs, clock: &Clock) -> Said<()> {
        let Some(window) = &self.rule.window else { return Ok(()) };
        let mut by = Vec::new();
        let keys = gather(window.keys.iter().zip(&outputs.keys).map(|(key, name)| self.key(key, name)))?;
        let present: Vec<Scalar> = keys.iter().map(|key| key.clone().present()).collect();
        let present = Scalar::all(present);
        if present != Scalar::Bool(true) {
            self.stages.push(Stage::Where(present));
        }
        let before = self.asks_windows();
        let rows = (!self.rule.looks.is_empty()).then(|| self.cut("rule_rows"));
        if rows.is_some() && !before {
            let judged = Scalar::infix(clock.time.clone(), Infix::GreaterEqual, clock.judged.clone());
            self.stages.push(Stage::Where(judged));
        }
        let plans = self.plans(cx, outputs)?;
        let start = self.window_start(window, clock, before)?;
        by.push((Name::new(WINDOW_START), start));
        by.extend(outputs.keys.iter().zip(&keys).map(|(name, key)| (Name::new(name), key.scalar.clone())));
        let columns = plans.iter().flatten().flat_map(|plan| plan.columns.clone()).collect();
        self.stages.push(Stage::Summarize { columns, by });
        // Only what `summarize` gives is left.
        self.hoisted.clear();
        self.elements.clear();
        self.groups = Some(Groups {
            keys: outputs
                .keys
                .iter()
                .zip(&keys)
                .map(|(name, key)| Value::new(Scalar::Column(Name::new(name)), key.ty, false))
                .collect(),
            aggregates: plans.iter().map(|plan| plan.clone().map(|plan| plan.value)).collect(),
            measures: Vec::new(),
        });
        for plan in plans.into_iter().flatten() {
            plan.after.into_iter().for_each(|(name, scalar)| self.extend(name, scalar));
        }
        self.measures(cx, outputs)?;
        if let Some(rows) = rows {
            let keys = outputs.keys.iter().map(Name::new).zip(keys.into_iter().map(|key| key.scalar)).collect();
            let silent = self.rule.asks_for_silence();
            let mut past = Past {
                rows,
                judged_windows: None,
                windows: (before || silent).then(|| self.cut("rule_windows")),
                time: clock.time.clone(),
                keys: self.past_keys(keys),
                moment: Scalar::Column(Name::new(WINDOW_START)),
                judged: clock.judged.clone(),
                filled: None,
            };
            if silent {
                self.fill(&mut past, window, clock)?;
            }
            self.look_back(cx, &past)?;
        }
        self.when(cx)?;
        if let (Some(columns), Some(alerts)) = (self.columns, &cx.alerts) {
            return self.window_alerts(columns, alerts.keys, window, (outputs, clock));
        }
        let mut columns: Vec<(Name, Scalar)> = vec![(Name::new(WINDOW_START), Scalar::Column(Name::new(WINDOW_START)))];
        columns.extend(outputs.keys.iter().map(|name| (Name::new(name), Scalar::Column(Name::new(name)))));
        columns.extend(self.shown_measures(cx, outputs));
        columns.extend(self.shown(cx, outputs));
        columns.extend(self.severity(cx));
        self.stages.push(Stage::Project(columns));
        let order = std::iter::once(WINDOW_START).chain(outputs.keys.iter().map(String::as_str));
        self.stages.push(Stage::Sort(order.map(Name::new).collect()));
        Ok(())
    }

    /// From kept events to their rows.
    pub(super) fn events(&mut self, cx: &mut Lowering<'_>, outputs: &Outputs, clock: &Clock) -> Said<()> {
        if !self.rule.looks.is_empty() {
            let time = self.time;
            let time = self.value(time)?;
            let time = self.once(time.scalar, "row_time");
            let past = Past {
                rows: self.cut("rule_rows"),
                windows: None,
                judged_windows: None,
                time: time.clone(),
                keys: Vec::new(),
                moment: time,
                judged: clock.judged.clone(),
                filled: None,
            };
            self.look_back(cx, &past)?;
        }
        self.when(cx)?;
        let time = self.time;
        let time = self.value(time)?;
        if let (Some(columns), Some(alerts)) = (self.columns, &cx.alerts) {
            return self.event_alerts(columns, alerts.keys, time.scalar);
        }
        let mut columns = vec![(Name::new(TIME), time.scalar)];
        let mut order = vec![Name::new(TIME)];
        if let Some(id) = &cx.bound.event_id {
            let id = self.value(id)?;
            columns.push((Name::new(EVENT_ID), id.scalar));
            order.push(Name::new(EVENT_ID));
        }
        columns.extend(self.shown(cx, outputs));
        columns.extend(self.severity(cx));
        self.stages.push(Stage::Project(columns));
        self.stages.push(Stage::Sort(order));
        Ok(())
    }

    /// A group key; a column of its own where it is no plain one.
    fn key(&mut self, key: &Key, name: &str) -> Said<Value> {
        let mut value = self.value(&key.value)?;
        // Only text keys have one.
        if let (Some(default), Type::String) = (&key.default, value.ty) {
            let text = Scalar::call("coalesce", [value.scalar, Scalar::text(default)]);
            value = Value::new(text, Type::String, false);
        }
        // `summarize` need not take a constant for a key.
        let constant = value.scalar.is_simple() && !matches!(value.scalar, Scalar::Column(_));
        if constant || (value.optional && !value.scalar.is_simple()) {
            let hidden = self.hides(name);
            let column = if hidden { self.names.fresh(name) } else { Name::new(name) };
            self.extend(column.clone(), value.scalar);
            value.scalar = Scalar::Column(column);
        }
        Ok(value)
    }

    /// All aggregates, in order; those that `when` does not need may fail.
    fn plans(&mut self, cx: &mut Lowering<'_>, outputs: &Outputs) -> Said<Vec<Said<Plan>>> {
        let rule = self.rule;
        let (needed, _) = deciding(rule);
        let mut plans = Vec::new();
        let mut refused = Vec::new();
        for (number, aggregate) in rule.aggregates.iter().enumerate() {
            let name = named(rule, outputs, number);
            if needed.contains(&number) {
                match self.attempt(|lower| lower.plan(aggregate, name)) {
                    Ok(plan) => plans.push(Ok(plan)),
                    Err(reasons) => refused.extend(reasons),
                }
            } else if is_read(rule, number) {
                let measure = rule.measures.iter().any(|measure| reads(&measure.value, number));
                plans.push(self.aside(cx, measure, |lower| lower.plan(aggregate, name)));
            } else {
                plans.push(refuse(errors::unbound(aggregate.span)));
            }
        }
        if refused.is_empty() { Ok(plans) } else { Err(refused) }
    }

    /// Measures that are more than an aggregate become columns, one behind the other.
    fn measures(&mut self, cx: &mut Lowering<'_>, outputs: &Outputs) -> Said<()> {
        let rule = self.rule;
        let (_, needed) = deciding(rule);
        let mut refused = Vec::new();
        for (number, (measure, name)) in rule.measures.iter().zip(&outputs.measures).enumerate() {
            let lowered = if needed.contains(&number) {
                self.attempt(|lower| lower.measure(measure, name))
            } else if is_left_out(measure, &cx.left_out) {
                refuse(errors::unbound(measure.value.span))
            } else {
                let lowered = self.aside(cx, true, |lower| lower.measure(measure, name));
                if lowered.is_err() {
                    cx.leave_out(&measure.name);
                }
                lowered
            };
            if let (Err(reasons), true) = (&lowered, needed.contains(&number)) {
                refused.extend(reasons.iter().cloned());
            }
            if let Some(groups) = &mut self.groups {
                groups.measures.push(lowered);
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused) }
    }

    fn measure(&mut self, measure: &Binding, name: &str) -> Said<Value> {
        let value = self.value(&measure.value)?;
        if value.scalar.is_simple() {
            return Ok(value);
        }
        let name = Name::new(name);
        self.extend(name.clone(), value.scalar);
        Ok(Value { scalar: Scalar::Column(name), ..value })
    }

    fn when(&mut self, cx: &mut Lowering<'_>) -> Said<()> {
        if rounds(self.rule) {
            cx.provided(Condition::RoundingDoesNotDecide);
        }
        let rule = self.rule;
        let truth = self.truth(&rule.when)?;
        if truth.scalar != Scalar::Bool(true) {
            self.stages.push(Stage::Where(truth.scalar));
        }
        Ok(())
    }

    fn shown_measures(&mut self, cx: &Lowering<'_>, outputs: &Outputs) -> Vec<(Name, Scalar)> {
        let Some(groups) = &self.groups else { return Vec::new() };
        let named = self.rule.measures.iter().zip(&outputs.measures).zip(&groups.measures);
        named
            .filter(|((measure, _), _)| !cx.left_out.contains(&measure.name))
            .filter_map(|((_, name), value)| Some((Name::new(name), value.as_ref().ok()?.scalar.clone())))
            .collect()
    }

    /// Items of `show`; what can't be said is left out.
    fn shown(&mut self, cx: &mut Lowering<'_>, outputs: &Outputs) -> Vec<(Name, Scalar)> {
        let rule = self.rule;
        let mut columns = Vec::new();
        for (item, name) in rule.show.iter().zip(&outputs.show) {
            match self.aside(cx, false, |lower| lower.value(&item.value)) {
                Ok(value) => columns.push((Name::new(name), value.scalar)),
                Err(_) => cx.leave_out(&item.name),
            }
        }
        columns
    }

    /// The level that the first arm decides that holds.
    fn severity(&mut self, cx: &mut Lowering<'_>) -> Option<(Name, Scalar)> {
        let severity = &self.rule.severity;
        if severity.arms.is_empty() {
            return None;
        }
        let conditions = self.aside(cx, false, |lower| gather(severity.arms.iter().map(|(pred, _)| lower.truth(pred))));
        let Ok(conditions) = conditions else {
            cx.leave_out(SEVERITY);
            return None;
        };
        let mut args = Vec::new();
        for (condition, (_, level)) in conditions.into_iter().zip(&severity.arms) {
            args.extend([condition.scalar, Scalar::text(level.text())]);
        }
        args.push(Scalar::text(severity.default.text()));
        Some((Name::new(SEVERITY), Scalar::Call("case", args)))
    }
}

/// The name under which an aggregate is put out as it is: that of the first measure, else item of `show`, that is nothing else.
fn named<'o>(rule: &ir::Rule, outputs: &'o Outputs, number: usize) -> Option<&'o str> {
    let is_it = |binding: &Binding| binding.value.kind == ExprKind::Aggregate(number);
    let measures = rule.measures.iter().zip(&outputs.measures);
    let shown = rule.show.iter().zip(&outputs.show);
    measures.chain(shown).find(|(binding, _)| is_it(binding)).map(|(_, name)| name.as_str())
}

/// Whether anything but `when` reads an aggregate.
fn is_read(rule: &ir::Rule, number: usize) -> bool {
    let mut found = rule.measures.iter().chain(&rule.show).any(|binding| reads(&binding.value, number));
    found |= rule.looks.iter().filter_map(|look| look.question.value()).any(|value| reads(value, number));
    rule.severity
        .arms
        .iter()
        .for_each(|(pred, _)| pred.walk(&mut |expr| found |= expr.kind == ExprKind::Aggregate(number)));
    found
}

fn reads(expr: &Expr, aggregate: usize) -> bool {
    let mut found = false;
    expr.walk(&mut |expr| found |= expr.kind == ExprKind::Aggregate(aggregate));
    found
}

/// Whether binding took a measure away because the log lacks what it reads.
fn is_left_out(measure: &Binding, left_out: &[String]) -> bool {
    matches!(&measure.value.kind, ExprKind::Case(arms, None) if arms.is_empty()) && left_out.contains(&measure.name)
}

/// Whether `when` compares something that two engines may round differently.
fn rounds(rule: &ir::Rule) -> bool {
    let (aggregates, measures) = deciding(rule);
    let mut found = aggregates.iter().filter_map(|n| rule.aggregates.get(*n)).any(|aggregate| {
        let floats = aggregate.args.iter().any(|arg| arg.ty == ir::Type::Float);
        match aggregate.function {
            AggregateFunction::Avg | AggregateFunction::Stddev => true,
            AggregateFunction::Sum => floats,
            _ => false,
        }
    });
    let mut visit = |expr: &Expr| {
        found |= match &expr.kind {
            ExprKind::Arithmetic(Arithmetic::Divide, ..) => true,
            ExprKind::Arithmetic(..) => expr.ty == ir::Type::Float,
            ExprKind::Look(n) => rule.looks.get(*n).is_some_and(|look| look.question.rounds()),
            _ => false,
        };
    };
    rule.when.walk(&mut visit);
    measures.iter().filter_map(|n| rule.measures.get(*n)).for_each(|measure| measure.value.walk(&mut visit));
    found
}
