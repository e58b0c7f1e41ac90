//! What a source does not carry: takes a rule, says which of its reads nobody knows the value of, and takes out those that only show.
//!
//! A field is absent where the source gives none; a part of a list's records where the source makes the records without it.

use std::collections::{BTreeMap, BTreeSet};

use super::{deciding, field_expr, known_expr, missing};
use crate::diag::{Code, Diagnostic};
use crate::ir::{
    ADDRESS, Expr, ExprKind, FieldId, LOCATED, Look, Pred, PredKind, Question, REDACTED, Rewrite, Rule, Source, Stream,
    Type,
};
use crate::source::Span;

/// What is absent: a field, or a part of the records that a field lists.
type Lacking = (FieldId, Option<usize>);

/// What a source lacks of its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The field; a part of a list's records stands behind `[]`: `guardrail.findings[].confidence`.
    pub name: String,
    /// The source's sentence, where it has one.
    pub because: Option<String>,
}

/// All that a source lacks of its stream, in the stream's order.
#[must_use]
pub fn lacks(source: &Source, stream: &Stream) -> Vec<Lack> {
    let lack = |what: Lacking| Lack { name: path(stream, what), because: reason(source, what.0).map(str::to_owned) };
    let mut out = Vec::new();
    // What archives count themselves is nothing that a log lacks.
    let counted = stream.field(REDACTED);
    for field in stream.ids().filter(|field| Some(*field) != counted) {
        match known_expr(source, stream, field).map(|given| given.kind) {
            None => out.push(lack((field, None))),
            Some(ExprKind::Rows(rows)) => {
                let parts = (0..rows.fields.len()).filter(|part| rows.fields.get(*part).is_some_and(never_filled));
                out.extend(parts.map(|part| lack((field, Some(part)))));
            }
            Some(_) => {}
        }
    }
    out
}

/// A source as archives may have its events: with the country, system number and place of the addresses that it gives, by a database.
#[must_use]
pub fn located(source: &Source, stream: &Stream) -> Source {
    let mut source = source.clone();
    if stream.field(ADDRESS).is_none_or(|address| field_expr(&source, stream, address).is_none()) {
        return source;
    }
    for id in LOCATED.into_iter().filter_map(|name| stream.field(name)) {
        if let (Some(field), Some(ty)) = (source.fields.get_mut(id.index()), stream.get(id).map(|field| &field.ty)) {
            let filled = || Expr::new(missing(), ty.clone(), source.span);
            field.get_or_insert_with(filled);
        }
    }
    source
}

/// Whether a source makes records without this part.
fn never_filled(part: &Expr) -> bool {
    part.kind == missing()
}

/// The source's sentence on an absent field.
fn reason(source: &Source, field: FieldId) -> Option<&str> {
    source.absent.get(field.index())?.as_deref()
}

/// The names of a field and of the part of its records.
fn names(stream: &Stream, (field, part): Lacking) -> (&str, Option<&str>) {
    let declared = stream.get(field);
    let part = part.and_then(|part| match declared?.ty.element()? {
        Type::Record(record) => record.fields.get(part).map(|(name, _)| name.as_str()),
        _ => None,
    });
    (declared.map_or("", |field| field.name.as_str()), part)
}

/// As [`Lack::name`].
fn path(stream: &Stream, what: Lacking) -> String {
    match names(stream, what) {
        (name, Some(part)) => format!("{name}[].{part}"),
        (name, None) => name.to_owned(),
    }
}

/// A source, as a rule reads it.
pub(super) struct Absent<'a> {
    source: &'a Source,
    stream: &'a Stream,
    /// The field whose element each number is.
    elements: BTreeMap<usize, FieldId>,
}

/// Collects the lists that predicates go through.
#[derive(Default)]
struct Lists(Vec<(usize, Expr)>);

impl Rewrite for Lists {
    fn pred(&mut self, pred: Pred) -> Pred {
        if let PredKind::Some { element, list, .. } = &pred.kind {
            self.0.push((*element, list.clone()));
        }
        pred
    }
}

impl Lists {
    fn of(&mut self, rule: &Rule) {
        let keys = rule.window.iter().flat_map(|window| window.keys.iter().map(|key| &key.value));
        let named = rule.with.iter().chain(&rule.measures).chain(&rule.show).map(|binding| &binding.value);
        let arguments = rule.aggregates.iter().flat_map(|aggregate| &aggregate.args);
        keys.chain(named).chain(arguments).for_each(|expr| drop(expr.clone().rewrite(self)));
        let filters = rule.aggregates.iter().filter_map(|aggregate| aggregate.filter.as_ref());
        let arms = rule.severity.arms.iter().map(|(pred, _)| pred);
        let preds = rule.filter.iter().chain(filters).chain([&rule.when]).chain(arms);
        preds.for_each(|pred| drop(pred.clone().rewrite(self)));
    }
}

impl<'a> Absent<'a> {
    pub(super) fn new(rule: &Rule, source: &'a Source, stream: &'a Stream) -> Absent<'a> {
        let mut lists = Lists::default();
        lists.of(rule);
        lists.0.extend(rule.each.iter().map(|each| (each.element, each.list.clone())));
        let field = |list: &Expr| match list.kind {
            ExprKind::Field(field) => Some(field),
            ExprKind::With(n) => match rule.with.get(n)?.value.kind {
                ExprKind::Field(field) => Some(field),
                _ => None,
            },
            _ => None,
        };
        let elements = lists.0.iter().filter_map(|(element, list)| Some((*element, field(list)?))).collect();
        Absent { source, stream, elements }
    }

    /// What an expression itself reads that the source does not carry.
    fn what(&self, expr: &Expr) -> Option<Lacking> {
        match &expr.kind {
            ExprKind::Field(field) => known_expr(self.source, self.stream, *field).is_none().then_some((*field, None)),
            ExprKind::Member(of, part) => {
                let ExprKind::Element(element) = of.kind else { return None };
                let field = *self.elements.get(&element)?;
                let given = field_expr(self.source, self.stream, field)?;
                let ExprKind::Rows(rows) = given.kind else { return None };
                never_filled(rows.fields.get(*part)?).then_some((field, Some(*part)))
            }
            _ => None,
        }
    }

    fn error(&self, (field, part): Lacking, read: Span) -> Diagnostic {
        let (name, part) = names(self.stream, (field, part));
        let message = match part {
            Some(part) => format!("`{}` logs carry no `{part}` in `{name}`", self.source.name),
            None => format!("`{}` logs carry no `{name}`", self.source.name),
        };
        let diagnostic = Diagnostic::error(Code::AbsentField, message).at(read, "read here");
        match reason(self.source, field) {
            Some(why) => diagnostic.help(why),
            None if name == REDACTED => {
                diagnostic.help("only archives count what they redact: ask with `found(prompt, \"email\")`")
            }
            None if LOCATED.contains(&name) => {
                diagnostic.help("archives have it of logs with `source.ip` that are read with `--networks FILE`")
            }
            None => diagnostic.help(format!(
                "leave `{}` out with `only`, or declare in the source where the field is",
                self.source.name
            )),
        }
    }

    /// A finding for each of [`Absent::decides`].
    pub(super) fn reads(&self, rule: &Rule) -> Vec<Diagnostic> {
        self.decides(rule).into_iter().map(|(what, read)| self.error(what, read)).collect()
    }

    /// The names of [`Absent::decides`].
    pub(super) fn blinds(&self, rule: &Rule) -> Vec<String> {
        self.decides(rule).into_iter().map(|(what, _)| path(self.stream, what)).collect()
    }

    /// Everything absent that decides whether the rule fires, or that a key or measure of `when` needs, and where it is read first.
    fn decides(&self, rule: &Rule) -> Vec<(Lacking, Span)> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        let mut visit = |expr: &Expr| {
            if let Some(what) = self.what(expr)
                && seen.insert(what)
            {
                out.push((what, expr.span));
            }
        };
        rule.with.iter().for_each(|binding| binding.value.walk(&mut visit));
        if let Some(each) = &rule.each {
            each.list.walk(&mut visit);
        }
        rule.filter.iter().for_each(|pred| pred.walk(&mut visit));
        if let Some(window) = &rule.window {
            window.keys.iter().for_each(|key| key.value.walk(&mut visit));
        }
        let (needed, _) = deciding(rule);
        for index in needed {
            if let Some(aggregate) = rule.aggregates.get(index) {
                aggregate.args.iter().for_each(|arg| arg.walk(&mut visit));
                if let Some(filter) = &aggregate.filter {
                    filter.walk(&mut visit);
                }
            }
        }
        out
    }

    /// Removes what only shows and reads an absent field; gives the names. A measure that `when` does not read is left out too.
    pub(super) fn leave_out(&self, rule: &mut Rule) -> Vec<String> {
        let reads_absent = |expr: &Expr| {
            let mut found = false;
            expr.walk(&mut |expr| found |= self.what(expr).is_some());
            found
        };
        let absent_aggregates: Vec<bool> = rule
            .aggregates
            .iter()
            .map(|aggregate| {
                let mut found = aggregate.args.iter().any(&reads_absent);
                if let Some(filter) = &aggregate.filter {
                    filter.walk(&mut |expr| found |= self.what(expr).is_some());
                }
                found
            })
            .collect();
        let mut absent_measures: Vec<bool> = Vec::new();
        let of_group = |expr: &Expr, absent_measures: &[bool]| match expr.kind {
            ExprKind::Aggregate(n) => absent_aggregates.get(n).copied().unwrap_or_default(),
            ExprKind::Measure(n) => absent_measures.get(n).copied().unwrap_or_default(),
            _ => false,
        };
        let looks = rule.looks.clone();
        let needs_absent = |expr: &Expr, absent_measures: &[bool]| {
            let mut found = reads_absent(expr);
            expr.walk(&mut |e| {
                found |= of_group(e, absent_measures);
                if let ExprKind::Look(n) = e.kind
                    && let Some(Look { question: Question::Baseline(value, _), .. }) = looks.get(n)
                {
                    value.walk(&mut |e| found |= of_group(e, absent_measures));
                }
            });
            found
        };
        let mut left_out = Vec::new();
        for measure in &rule.measures {
            let absent = needs_absent(&measure.value, &absent_measures);
            absent_measures.push(absent);
        }
        // A measure keeps its number, so that references stay right: it becomes a constant that is missing.
        for (measure, absent) in rule.measures.iter_mut().zip(&absent_measures) {
            if *absent {
                left_out.push(measure.name.clone());
                measure.value.kind = missing();
            }
        }
        rule.show.retain(|item| {
            let absent = needs_absent(&item.value, &absent_measures);
            if absent {
                left_out.push(item.name.clone());
            }
            !absent
        });
        let mut severity_absent = false;
        for (pred, _) in &rule.severity.arms {
            pred.walk(&mut |e| severity_absent |= needs_absent(e, &absent_measures));
        }
        if severity_absent {
            rule.severity.arms.clear();
            left_out.push("severity".to_owned());
        }
        for (aggregate, absent) in rule.aggregates.iter_mut().zip(&absent_aggregates) {
            if *absent {
                aggregate.args.iter_mut().for_each(|arg| arg.kind = missing());
                aggregate.filter = None;
            }
        }
        left_out
    }
}
