//! A bound rule as GoogleSQL: clause by clause, and what of it can't be said.
//!
//! A rule without `over` is one `SELECT`. A rule with `over` has steps: `windows` groups the rows that `where` keeps and holds one column
//! for each aggregate; `measures` adds what is computed from them; the last `SELECT` decides.

use super::errors;
use super::lower_aggregate::{Groups, Measured};
use super::lower_borrow;
use super::lower_list::Element;
use super::lower_look::Past;
use super::lower_window::{Judged, judged};
use super::tree::{From, Node, Operator, Order, Query, Select, Sql, Type};
use crate::bind::deciding;
use crate::bind::decimals::decimals_as_ints;
use crate::bind::simplify::{Carry, simplify_rule, without_row_values};
use crate::ir::{
    self, AggregateFunction, Arithmetic, Expr, ExprKind, Place, Pred, Question, Rule, SeverityOf, Source, Statistic,
    Window,
};
use crate::target::borrow::reads_borrowed;
use crate::target::names::{EVENT_ID, Outputs, SEVERITY, TIME, WINDOW_START};
use crate::target::said::{Said, gather};
use crate::target::{Condition, Judges, Lowering};

/// What lowering knows while it goes through a rule.
pub(super) struct Lower<'a> {
    pub(super) source: &'a Source,
    pub(super) place: &'a Place,
    pub(super) rule: &'a Rule,
    /// Elements whose lists are taken apart around this place, the innermost last.
    pub(super) elements: Vec<(usize, Element)>,
    /// What orders the rows of a group: time and id.
    pub(super) row_order: Vec<Sql>,
    /// Whether a duration was computed from a float: the language rounds the exact value, a float is rounded before.
    pub(super) rounds: bool,
    /// Set once rows are grouped.
    pub(super) groups: Option<Groups>,
    /// By number, what look-backs have become.
    pub(super) looks: Vec<Said<Sql>>,
    /// By length and keys, the conditions that a row lies in the time before.
    pub(super) seen: Vec<(i64, Vec<usize>, Sql)>,
    /// Names that are given already.
    taken: Vec<String>,
}

impl<'a> Lower<'a> {
    fn new((source, place, rule): (&'a Source, &'a Place, &'a Rule), taken: Vec<String>) -> Lower<'a> {
        Lower {
            source,
            place,
            rule,
            elements: Vec::new(),
            row_order: Vec::new(),
            rounds: false,
            groups: None,
            looks: Vec::new(),
            seen: Vec::new(),
            taken,
        }
    }

    /// A name that stands for nothing else: the wanted one, or with a number.
    pub(super) fn alias(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while self.taken.contains(&name) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        self.taken.push(name.clone());
        name
    }

    /// What another rule over another log becomes, with names of its own in the same query.
    pub(super) fn aside<T>(
        &mut self,
        (source, place, rule): (&Source, &Place, &Rule),
        act: impl FnOnce(&mut Lower<'_>) -> Said<T>,
    ) -> Said<T> {
        let mut other = Lower::new((source, place, rule), std::mem::take(&mut self.taken));
        let said = act(&mut other);
        self.taken = other.taken;
        self.rounds |= other.rounds;
        said
    }

    /// Names that stand for something already.
    pub(super) fn take<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.taken.extend(names.into_iter().map(str::to_owned));
    }
}

/// The rule as a query; none where something that decides can't be said.
pub(super) fn lower(cx: &mut Lowering<'_>) -> Option<Query> {
    let Some(bound) = without_row_values(cx.bound.clone()) else {
        cx.refuse(errors::too_large(cx.bound.rule.span));
        return None;
    };
    let mut bound = simplify_rule(bound, Carry::Constants);
    let (rule, whole) = decimals_as_ints(&bound.rule);
    if whole {
        bound.rule = rule;
        cx.provided(Condition::SumsFit);
    }
    let lendings = cx.lendings.clone();
    let (lent, place) = lower_borrow::lent(&lendings, cx.place);
    let places = lendings.iter().map(|lending| lending.place).chain([&place]);
    let heads = places.flat_map(|place| &place.columns).filter_map(|column| column.name.split('.').next());
    let mut lower = Lower::new((cx.source, &place, &bound.rule), heads.map(str::to_owned).collect());
    let mut rows = Select { from: Some(From::Table(cx.place.name.clone())), ..Select::default() };
    let time = refusing(cx, lower.expr(&bound.time));
    let id = bound.event_id.as_ref().map(|id| lower.expr(id)).transpose();
    let id = refusing(cx, id)?;
    let time = time?;
    lower.row_order = std::iter::once(time.clone()).chain(id.clone()).collect();

    let before = lower.asks_windows();
    let judged = judged(&bound.rule, cx, &time, before);
    let from = if before { &judged.begin } else { &judged.from };
    // Look-backs put their own beginning in the place of the first condition.
    let since = |from: &Sql| Sql::binary(Operator::GreaterEqual, time.clone(), from.clone());
    rows.filter.push(since(if lent.is_empty() { from } else { &judged.begin }));
    rows.filter.push(Sql::binary(Operator::Less, time.clone(), judged.to.clone()));
    // What looks at the event alone is asked before anything is borrowed for it.
    let (own, rest): (Vec<&Pred>, Vec<&Pred>) =
        bound.rule.filter.iter().partition(|pred| !lent.is_empty() && !asks_more(&bound.rule, pred));
    wheres(cx, &mut lower, &mut rows, own);
    let mut borrowed = Vec::new();
    if !lent.is_empty() {
        let before = cx.bound.clone();
        let joined = lower.borrow(&lent, (&before, &time), rows, (&judged.begin, &judged.to));
        (borrowed, rows) = refusing(cx, joined)?;
        rows.filter.push(since(from));
    }
    take_apart(cx, &mut lower, &mut rows);
    wheres(cx, &mut lower, &mut rows, rest);
    conditions(cx, &bound.rule);
    let query = match &bound.rule.window {
        Some(window) => grouped(cx, &mut lower, window, judged, rows, time),
        None => single(cx, &mut lower, judged, rows, time, id),
    };
    if lower.rounds {
        cx.provided(Condition::RoundingDoesNotDecide);
    }
    let query = query.filter(|_| cx.verdict != crate::target::Verdict::Refused);
    query.map(|query| Query { steps: borrowed.into_iter().chain(query.steps).collect(), ..query })
}

/// Whether a predicate reads what is borrowed, or an element that `each` takes.
fn asks_more(rule: &Rule, pred: &Pred) -> bool {
    let mut element = false;
    pred.walk(&mut |expr| {
        element |= rule.each.as_ref().is_some_and(|each| expr.kind == ExprKind::Element(each.element));
    });
    element || reads_borrowed(rule, pred)
}

fn wheres(cx: &mut Lowering<'_>, lower: &mut Lower<'_>, rows: &mut Select, preds: Vec<&Pred>) {
    for pred in preds {
        if let Some(condition) = refusing(cx, lower.pred(pred)) {
            keep(rows, condition);
        }
    }
}

/// What a value is, after every finding about it refuses the query.
fn refusing<T>(cx: &mut Lowering<'_>, said: Said<T>) -> Option<T> {
    said.map_err(|findings| findings.into_iter().for_each(|finding| cx.refuse(finding))).ok()
}

/// A condition of all rows.
pub(super) fn keep(rows: &mut Select, condition: Sql) {
    match condition.node {
        Node::Bool(true) => {}
        Node::All(parts) => rows.filter.extend(parts),
        node => rows.filter.push(Sql { node, ..condition }),
    }
}

/// `each x in LIST`: one row for each element.
fn take_apart(cx: &mut Lowering<'_>, lower: &mut Lower<'_>, rows: &mut Select) {
    let Some(each) = &lower.rule.each else { return };
    let opened = match lower.list(&each.list) {
        Ok(list) => lower.open(list, each.element, &each.name, None),
        Err(findings) => Err(findings),
    };
    if let Some((unnest, filter)) = refusing(cx, opened) {
        rows.unnest.push(unnest);
        filter.into_iter().for_each(|condition| keep(rows, condition));
    }
}

/// On what the verdict rests.
fn conditions(cx: &mut Lowering<'_>, rule: &Rule) {
    if cx.request.range.is_none() {
        cx.judges = Judges::OneWindow;
        cx.provided(Condition::EventsArriveWithin(cx.delay()));
    } else {
        cx.judges = Judges::AllWindows;
    }
    if cx.source.unique.is_some() {
        cx.provided(Condition::NoDuplicates);
    }
    if rule.window.as_ref().is_some_and(|window| window.merges) {
        cx.provided(Condition::RepeatsAreMerged);
    }
    if rounding_decides(rule) || rounds_durations(rule) {
        cx.provided(Condition::RoundingDoesNotDecide);
    }
    let of_windows = rule.looks.iter().map(|look| &look.question);
    if rule.aggregates.iter().any(|aggregate| aggregate.function == AggregateFunction::Stddev)
        || of_windows.into_iter().any(|question| matches!(question, Question::Baseline(_, Statistic::Stddev)))
    {
        // Other sums are of decimals; squares are summed in floats, which lose what tells large numbers apart.
        cx.provided(Condition::SumsFit);
    }
}

/// Whether `when` hangs on a number that another order of adding could round differently.
fn rounding_decides(rule: &Rule) -> bool {
    let (aggregates, measures) = deciding(rule);
    let mut rounded =
        aggregates.iter().filter_map(|n| rule.aggregates.get(*n)).any(|aggregate| match aggregate.function {
            AggregateFunction::Avg | AggregateFunction::Stddev => true,
            AggregateFunction::Sum => aggregate.ty == ir::Type::Float,
            _ => false,
        });
    let mut visit = |expr: &Expr| {
        rounded |= matches!(expr.kind, ExprKind::Arithmetic(Arithmetic::Divide, ..))
            || matches!(expr.kind, ExprKind::Arithmetic(..) if expr.ty == ir::Type::Float)
            || matches!(expr.kind, ExprKind::Look(n) if rule.looks.get(n).is_some_and(|look| look.question.rounds()));
    };
    rule.when.walk(&mut visit);
    measures.iter().filter_map(|n| rule.measures.get(*n)).for_each(|measure| measure.value.walk(&mut visit));
    rounded
}

/// Whether it reads a duration from a float of another unit, which is rounded of a product that has been rounded already.
fn rounds_durations(rule: &Rule) -> bool {
    let is_float = |part: &Expr| part.ty == ir::Type::Float;
    let mut found = false;
    rule.walk(&mut |expr| {
        found |= expr.ty == ir::Type::Duration
            && matches!(&expr.kind, ExprKind::Arithmetic(_, one, other) if is_float(one) || is_float(other));
    });
    found
}

/// A rule without `over`: one row an event.
fn single(
    cx: &mut Lowering<'_>,
    lower: &mut Lower<'_>,
    judged: Judged,
    mut rows: Select,
    time: Sql,
    id: Option<Sql>,
) -> Option<Query> {
    let rule = lower.rule;
    let mut query = Query::default();
    if rule.looks.is_empty() {
        let when = refusing(cx, lower.pred(&rule.when))?;
        keep(&mut rows, when);
    } else {
        let past = Past { rows: &rows, time: &time, begin: &judged.begin, windows: None };
        let times = refusing(cx, lower.times(&past, &judged.from, &mut query))?;
        rows.filter.push(times);
    }
    if let Some(alerts) = cx.alerts {
        query.last = refusing(cx, lower.event_alerts(alerts.keys, rows, &time))?;
        return Some(query);
    }
    rows.items.push((time, Some(TIME.to_owned())));
    rows.items.push((id.unwrap_or(Sql::null(Type::String)), Some(EVENT_ID.to_owned())));
    shown(cx, lower, &mut rows, &Outputs::of(&cx.bound.rule));
    rows.order_by = ordered([TIME, EVENT_ID].map(str::to_owned));
    query.last = rows;
    Some(query)
}

/// A value as rows show it: durations in seconds, which every target's rows have.
pub(super) fn output(value: Sql, ty: &ir::Type, span: crate::source::Span) -> Said<Sql> {
    match ty {
        ir::Type::Duration => Ok(Sql::call_or_null("SAFE_DIVIDE", vec![value, Sql::int(ir::SECOND)], Type::Float64)),
        ir::Type::List(element) if **element == ir::Type::Duration => {
            Err(vec![errors::cannot(span, "a list of durations in seconds", "list their numbers: `x / 1s`")])
        }
        _ => Ok(value),
    }
}

fn ordered(names: impl IntoIterator<Item = String>) -> Vec<Order> {
    names.into_iter().map(|name| Order { by: Sql::name(name, Type::String), descending: false }).collect()
}

/// The items of `show` and a severity by case: what can't be said is left out.
fn shown(cx: &mut Lowering<'_>, lower: &mut Lower<'_>, select: &mut Select, outputs: &Outputs) {
    let rule = lower.rule;
    for (item, name) in rule.show.iter().zip(&outputs.show) {
        match lower.expr(&item.value).and_then(|value| output(value, &item.value.ty, item.value.span)) {
            Ok(value) => select.items.push((value, Some(name.clone()))),
            Err(_) => cx.leave_out(&item.name),
        }
    }
    match severity(lower, &rule.severity) {
        Ok(None) => {}
        Ok(Some(severity)) => select.items.push((severity, Some(SEVERITY.to_owned()))),
        Err(_) => cx.leave_out(SEVERITY),
    }
}

/// The severity where it is not always the same.
fn severity(lower: &mut Lower<'_>, of: &SeverityOf) -> Said<Option<Sql>> {
    if of.arms.is_empty() {
        return Ok(None);
    }
    let arms = of.arms.iter().map(|(when, level)| Ok((lower.pred(when)?, Sql::text(level.text()))));
    let default = Some(Box::new(Sql::text(of.default.text())));
    Ok(Some(Sql::new(Node::Case(gather(arms)?, default), Type::String, false)))
}

/// A rule with `over`.
fn grouped(
    cx: &mut Lowering<'_>,
    lower: &mut Lower<'_>,
    window: &Window,
    judged: Judged,
    mut rows: Select,
    time: Sql,
) -> Option<Query> {
    let rule = lower.rule;
    let of_past = rows.clone();
    let outputs = Outputs::of(&cx.bound.rule);
    rows.items.push((judged.start?, Some(WINDOW_START.to_owned())));
    rows.unnest.extend(judged.hops);
    let mut decides: Vec<Sql> = Vec::new();
    if let Some((first, last)) = judged.starts {
        let start = || Sql::name(WINDOW_START, Type::Timestamp);
        decides.push(Sql::binary(Operator::GreaterEqual, start(), first));
        decides.push(Sql::binary(Operator::LessEqual, start(), last));
    }
    let mut groups = Groups::default();
    let mut keys = Vec::new();
    for (key, name) in window.keys.iter().zip(&outputs.keys) {
        let Some(value) = refusing(cx, key_value(lower, key)) else { continue };
        let column = Sql { nullable: false, ..Sql::name(name.clone(), value.ty.clone()) };
        if value.nullable {
            decides.push(Sql::name(name.clone(), value.ty.clone()).is_present());
        }
        keys.push((name.clone(), value.clone()));
        rows.items.push((value, Some(name.clone())));
        groups.keys.push(column);
    }
    rows.group_by = rows.items.len();
    let measured: Vec<Said<Measured>> = rule.aggregates.iter().map(|aggregate| lower.aggregate(aggregate)).collect();
    lower.elements.clear();
    let read = read_aggregates(rule);
    let mut names: Vec<Option<String>> = Vec::new();
    for (n, one) in measured.iter().enumerate() {
        let is_value = one.as_ref().is_ok_and(Measured::is_value);
        let name = read.contains(&n).then(|| column_name(rule, &outputs, n, is_value));
        let mut value = Err(Vec::new());
        match (one, &name) {
            (Ok(measured), Some(name)) => {
                rows.items.push((measured.column.clone(), Some(name.clone())));
                value = Ok(measured.value(name));
            }
            (Err(findings), _) => value = Err(findings.clone()),
            (Ok(_), None) => {}
        }
        groups.aggregates.push(value);
        names.push(name);
    }
    lower.groups = Some(groups);
    let mut query = Query { steps: vec![("windows".to_owned(), rows)], last: Select::default() };
    measures(cx, lower, &mut query, &outputs);
    let mut last = Select { from: query.steps.last().map(|(name, _)| From::Step(name.clone())), ..Select::default() };
    if !rule.looks.is_empty() {
        let windows = query.steps.last().map(|(name, _)| name.clone());
        let past = Past { rows: &of_past, time: &time, begin: &judged.begin, windows };
        last = lower.look_back(&past, window, keys, (&judged.from, judged.windows), &mut query);
    }
    let when = refusing(cx, lower.pred(&rule.when))?;
    decides.into_iter().chain([when]).for_each(|condition| keep(&mut last, condition));
    if let Some(alerts) = cx.alerts {
        let windows = (window, &judged.from, last);
        query.last = refusing(cx, lower.window_alerts(alerts.keys, windows, &outputs, &mut query))?;
        return Some(query);
    }
    last.items.push((Sql::name(WINDOW_START, Type::Timestamp), None));
    for (key, name) in window.keys.iter().zip(&outputs.keys) {
        let column = Sql::name(name.clone(), super::lower_raw::sql_type(&key.value.ty));
        let value = refusing(cx, output(column, &key.value.ty, key.value.span))?;
        last.items.push((value, Some(name.clone())));
    }
    let known = lower.groups.as_ref().map(|groups| groups.measures.clone()).unwrap_or_default();
    for ((value, measure), name) in known.into_iter().zip(&rule.measures).zip(&outputs.measures) {
        // What could not be said is refused or left out already.
        let Ok(value) = value else { continue };
        match output(value, &measure.value.ty, measure.value.span) {
            Ok(value) => last.items.push((value, Some(name.clone()))),
            Err(_) => cx.leave_out(&measure.name),
        }
    }
    shown(cx, lower, &mut last, &outputs);
    last.order_by = ordered(std::iter::once(WINDOW_START.to_owned()).chain(outputs.keys.iter().cloned()));
    query.last = last;
    Some(query)
}

/// A key; its default stands for a missing value.
fn key_value(lower: &mut Lower<'_>, key: &ir::Key) -> Said<Sql> {
    let value = lower.expr(&key.value)?;
    Ok(match &key.default {
        Some(default) => super::lower_aggregate::as_text(value).or(Sql::text(default.clone())),
        None => value,
    })
}

/// The aggregates that measures, `when`, `show` or the severity read.
fn read_aggregates(rule: &Rule) -> std::collections::BTreeSet<usize> {
    let mut read = std::collections::BTreeSet::new();
    let mut visit = |expr: &Expr| {
        if let ExprKind::Aggregate(n) = expr.kind {
            read.insert(n);
        }
    };
    rule.measures.iter().chain(&rule.show).for_each(|binding| binding.value.walk(&mut visit));
    rule.looks.iter().filter_map(|look| look.question.value()).for_each(|value| value.walk(&mut visit));
    rule.when.walk(&mut visit);
    rule.severity.arms.iter().for_each(|(when, _)| when.walk(&mut visit));
    read
}

/// The name of the output that is just this aggregate, else one of its own: a column may not have a measure's name if the measure becomes
/// another column beside it.
fn column_name(rule: &Rule, outputs: &Outputs, aggregate: usize, is_value: bool) -> String {
    let of = |binding: &ir::Binding| binding.value.kind == ExprKind::Aggregate(aggregate);
    let measure = rule.measures.iter().zip(&outputs.measures).find(|(binding, _)| of(binding));
    let shown = rule.show.iter().zip(&outputs.show).find(|(binding, _)| of(binding));
    match if is_value { measure.or(shown) } else { shown.filter(|_| measure.is_none()) } {
        Some((_, name)) => name.clone(),
        None => {
            let function = rule.aggregates.get(aggregate).map_or("value", |a| a.function.name());
            let mut name = format!("{function}_of_{}", aggregate + 1);
            let taken = || outputs.keys.iter().chain(&outputs.measures).chain(&outputs.show);
            while taken().any(|other| *other == name) {
                name.push('_');
            }
            name
        }
    }
}

/// Measures that are computed from others get columns, in a step for each level of them.
fn measures(cx: &mut Lowering<'_>, lower: &mut Lower<'_>, query: &mut Query, outputs: &Outputs) {
    let rule = lower.rule;
    let (_, needed) = deciding(rule);
    // What the step that is being made adds, and the measures that are in it.
    let (mut step, mut open): (Vec<(Sql, Option<String>)>, Vec<usize>) = (Vec::new(), Vec::new());
    for (n, (measure, name)) in rule.measures.iter().zip(&outputs.measures).enumerate() {
        let mut reads_open = false;
        measure.value.walk(&mut |expr| reads_open |= matches!(expr.kind, ExprKind::Measure(m) if open.contains(&m)));
        if reads_open {
            close_step(query, &mut step);
            open.clear();
        }
        let value = match lower.expr(&measure.value) {
            Ok(value) if matches!(value.node, Node::Column(_)) => Ok(value),
            Ok(value) => {
                let column = Sql { nullable: value.nullable, ..Sql::name(name.clone(), value.ty.clone()) };
                step.push((value, Some(name.clone())));
                open.push(n);
                Ok(column)
            }
            Err(findings) => {
                if needed.contains(&n) {
                    findings.iter().for_each(|finding| cx.refuse(finding.clone()));
                } else {
                    cx.leave_out(&measure.name);
                }
                Err(findings)
            }
        };
        if let Some(groups) = &mut lower.groups {
            groups.measures.push(value);
        }
    }
    close_step(query, &mut step);
}

fn close_step(query: &mut Query, step: &mut Vec<(Sql, Option<String>)>) {
    if step.is_empty() {
        return;
    }
    let from = query.steps.last().map(|(name, _)| From::Step(name.clone()));
    let select = Select { star: true, items: std::mem::take(step), from, ..Select::default() };
    let name = if query.steps.len() == 1 { "measures".to_owned() } else { format!("measures_{}", query.steps.len()) };
    query.steps.push((name, select));
}
