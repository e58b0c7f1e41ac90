//! A bound rule in, the tree of its query out: filters, keys, window, groups, measures, decision.

mod lists;
mod numbers;
mod outputs;
mod paths;
mod plan;
mod predicates;
mod shorten;
mod spread;
mod stats;
mod texts;
mod times;
mod values;

use plan::{Plan, Said, placed};

use super::errors;
use super::tree::{Command, Field, Query, Term};
use crate::bind::deciding;
use crate::ir::{Aggregate, AggregateFunction, Arithmetic, ExprKind, Pred, Rule, Type, Window};
use crate::target::names::{self, Outputs};
use crate::target::{Condition, Judges, Lowering};

/// Most rows of a result that are asked for.
const MOST_ROWS: u32 = 10_000;

/// The query; none after the refusals have been said.
pub(super) fn lower(cx: &mut Lowering<'_>) -> Option<Query> {
    let bound = cx.bound;
    let mut plan = Plan::new(bound, cx.source, cx.place, cx.request.cloudwatch);
    plan.rows(&bound.rule);
    let made = match &bound.rule.window {
        Some(window) => plan.windows(&bound.rule, window, cx.request.range),
        None => plan.events(&bound.rule, cx.request.range),
    };
    plan.refusals.extend(made.err());
    plan.left_out.iter().for_each(|name| cx.leave_out(name));
    if !plan.refusals.is_empty() {
        plan.refusals.into_iter().for_each(|diagnostic| cx.refuse(diagnostic));
        return None;
    }
    let notes = std::mem::take(&mut plan.notes);
    if plan.untyped {
        cx.provided(Condition::TypesAsRead);
    }
    if plan.addresses {
        cx.provided(Condition::AddressesInShortForm);
    }
    let query = Query { commands: plan.finish() };
    if query.needs() > cx.request.cloudwatch {
        cx.refuse(errors::newer(bound.rule.span, &query.newer()));
        return None;
    }
    notes.into_iter().for_each(|(verdict, diagnostic)| cx.weaken(verdict, diagnostic));
    conditions(cx, &bound.rule);
    cx.judges = Judges::AllWindows;
    cx.needs = Some(query.needs());
    Some(query)
}

/// On what the verdict rests.
fn conditions(cx: &mut Lowering<'_>, rule: &Rule) {
    if rule.window.is_some() {
        cx.provided(Condition::RangeHoldsWholeWindows);
    }
    if cx.request.range.is_none() {
        cx.provided(Condition::EventsArriveWithin(cx.source.delay));
    }
    cx.provided(Condition::AtMostGroups(u64::from(MOST_ROWS)));
    if cx.source.unique.is_some() || rule.window.is_none() {
        cx.provided(Condition::NoDuplicates);
    }
    if rule.window.as_ref().is_some_and(|window| window.merges) {
        cx.provided(Condition::RepeatsAreMerged);
    }
    if fractions_decide(rule) {
        cx.provided(Condition::RoundingDoesNotDecide);
    }
    let sums = |of: &Aggregate| matches!(of.function, AggregateFunction::Sum | AggregateFunction::Stddev);
    if rule.aggregates.iter().any(sums) {
        // Numbers are floats there: past 64 bits, where the local run has nothing, they go on.
        cx.provided(Condition::SumsFit);
    }
}

/// Whether `when` compares what is computed with fractions.
fn fractions_decide(rule: &Rule) -> bool {
    let (aggregates, measures) = deciding(rule);
    let mut found = false;
    let mut visit = |expr: &crate::ir::Expr| {
        found |= match &expr.kind {
            ExprKind::Arithmetic(Arithmetic::Divide, ..) => true,
            ExprKind::Arithmetic(..) => matches!(expr.ty, Type::Float | Type::Decimal),
            _ => false,
        };
    };
    rule.when.walk(&mut visit);
    measures.iter().filter_map(|n| rule.measures.get(*n)).for_each(|measure| measure.value.walk(&mut visit));
    let fractional = |n: &usize| {
        rule.aggregates.get(*n).is_some_and(|aggregate| match aggregate.function {
            AggregateFunction::Avg | AggregateFunction::Stddev => true,
            AggregateFunction::Sum => matches!(aggregate.ty, Type::Float | Type::Decimal),
            _ => false,
        })
    };
    found || aggregates.iter().any(fractional)
}

impl Plan<'_> {
    /// The rows that the rule keeps: `each`, and every filter, those that look into a list last.
    fn rows(&mut self, rule: &Rule) {
        let said = self.time_is_known();
        self.refusals.extend(said.as_ref().err().cloned());
        self.lists = false;
        let later: Vec<&Pred> =
            rule.filter.iter().filter(|pred| self.attempt(|plan| plan.keep(pred)).is_err()).collect();
        self.lists = true;
        if let Some(each) = &rule.each {
            let said = placed(self.each(each), each.list.span);
            self.refusals.extend(said.err());
            self.several_rows = false;
        }
        for pred in later {
            self.open.clear();
            let said = placed(self.keep(pred), pred.span);
            self.refusals.extend(said.err());
        }
        self.open.clear();
        self.lists = false;
        if let Some(each) = rule.each.as_ref().filter(|_| self.several_rows) {
            self.refusals.push(errors::each_and_list(each.list.span));
        }
        self.filter(said.unwrap_or_else(|_| Term::constant(true)));
    }

    fn keep(&mut self, pred: &Pred) -> Said<()> {
        let condition = self.condition(pred, true)?;
        self.filter(shorten::shorten(condition));
        self.note_known(pred)
    }

    /// Groups by window and keys, and decides.
    fn windows(&mut self, rule: &Rule, window: &Window, range: Option<(i64, i64)>) -> Said<()> {
        let outputs = Outputs::of(rule);
        let keys = self.keys(window, &outputs);
        let by: Vec<String> = std::iter::once(names::WINDOW_START.to_owned()).chain(keys).collect();
        let folds = self.folds(rule, &outputs);
        let once_by = self.event_column(window.span)?;
        self.window_start(window, range)?;
        let columns = self.group(folds, &by, once_by.as_deref());
        self.grouped(rule, &outputs, columns, &by);
        self.measures(rule, &outputs);
        if self.refusals.is_empty() {
            let when = placed(self.condition(&rule.when, true), rule.when.span)?;
            self.filter(shorten::shorten(when));
        }
        let keys = self.grouped.keys.iter().map(|key| key.name.clone());
        let order: Vec<String> = std::iter::once(names::WINDOW_START.to_owned()).chain(keys).collect();
        let later = std::mem::take(&mut self.later);
        let measures = self.grouped.measures.iter().zip(&outputs.measures).filter(|(column, _)| column.is_some());
        let shown = order.iter().cloned().chain(measures.map(|(_, name)| name.clone()));
        let mut shown: Vec<String> = shown.collect();
        if !later.is_empty() {
            self.commands.push(Command::Fields(later));
        }
        self.severity(rule, &mut shown);
        self.shown(rule, &outputs, &mut shown);
        self.finish_with(shown, order, None);
        Ok(())
    }

    /// One row an event.
    fn events(&mut self, rule: &Rule, range: Option<(i64, i64)>) -> Said<()> {
        if let Some((from, to)) = range {
            self.keep_range(from, to)?;
        }
        let bound = self.bound;
        if self.several_rows && bound.event_id.is_none() {
            return Err(errors::no_event_id(rule.span));
        }
        let mut columns = vec![(self.time_text(&bound.time)?, names::TIME)];
        if let Some(id) = &bound.event_id {
            columns.push((self.text(id)?, names::EVENT_ID));
        }
        let order: Vec<String> = columns.iter().map(|(_, name)| (*name).to_owned()).collect();
        columns.retain(|(value, name)| value.term != Term::Field(Field::Log((*name).to_owned())));
        if let Some((_, name)) = columns.iter().find(|(_, name)| self.is_discovered(name)) {
            return Err(errors::expression(
                rule.span,
                &format!("a column `{name}` where the log has another field of that name"),
            ));
        }
        if !columns.is_empty() {
            let columns = columns.into_iter().map(|(value, name)| (value.term, name.to_owned())).collect();
            self.commands.push(Command::Fields(columns));
        }
        let mut shown = order.clone();
        self.severity(rule, &mut shown);
        self.shown(rule, &Outputs::of(rule), &mut shown);
        let once = self.several_rows.then(|| names::EVENT_ID.to_owned());
        self.finish_with(shown, order, once);
        Ok(())
    }

    /// The column of the event's id where an event may have several rows.
    fn event_column(&mut self, span: crate::source::Span) -> Said<Option<String>> {
        if !self.several_rows {
            return Ok(None);
        }
        let bound = self.bound;
        let Some(id) = &bound.event_id else { return Err(errors::no_event_id(span)) };
        let id = self.text(id)?.term;
        Ok(Some(match self.column(id, "event") {
            Field::Made(name, _) | Field::Log(name) => name,
        }))
    }

    fn finish_with(&mut self, shown: Vec<String>, order: Vec<String>, once: Option<String>) {
        self.commands.push(Command::Display(shown));
        self.commands.push(Command::Sort(order));
        self.commands.extend(once.map(Command::Dedup));
        self.commands.push(Command::Limit(MOST_ROWS));
    }
}
