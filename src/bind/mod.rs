//! A rule over normalized fields and a source in, the rule over that log's raw record out.
//!
//! Fields are replaced by the source's expressions, the source's `where` stands before the rule's, its `with` values before the rule's,
//! and `operation is NAME` becomes the globs of the source's cloud. The same source expressions drive ingest, so a local answer and an
//! emitted query can differ only where a target differs.

pub mod constant;
pub mod simplify;

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Binding, Expr, ExprKind, FieldId, Pred, PredKind, Rewrite, Rule, Source, Stream};

/// What became of a rule on a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// It can be said over the raw record.
    Rule(Box<BoundRule>),
    /// It reads what the source does not carry: one finding for each field and place.
    Refused(Vec<Diagnostic>),
    /// It can never fire here: its operations name none of this cloud.
    Never,
}

/// A rule without [`ExprKind::Field`] and [`PredKind::Operation`].
#[derive(Debug, Clone, PartialEq)]
pub struct BoundRule {
    /// `filter` begins with the source's, `with` too.
    pub rule: Rule,
    /// The event's time over the raw record.
    pub time: Expr,
    /// The event's unique id over the raw record; none where the source has no `unique`.
    pub event_id: Option<Expr>,
    /// Items of `show` (and `severity`) that read absent fields and were left out.
    pub left_out: Vec<String>,
}

/// Whether a rule is judged on a source at all: same stream, and admitted by `only`.
#[must_use]
pub fn admits(rule: &Rule, source: &Source) -> bool {
    rule.stream == source.stream && rule.admits(&source.name)
}

/// What a local run, which reads events and not raw records, makes of a rule on a source.
#[derive(Debug, Clone, PartialEq)]
pub enum ForSource {
    /// The rule, still over normalized fields, without what only shows and reads an absent field: as [`bind`] leaves it out. And the names of
    /// what was left out.
    Rule(Box<Rule>, Vec<String>),
    /// As [`Bound::Refused`].
    Refused(Vec<Diagnostic>),
    /// As [`Bound::Never`].
    Never,
}

/// Judges a rule on a source as [`bind`] does, and leaves it over normalized fields.
#[must_use]
pub fn for_source(rule: &Rule, source: &Source, stream: &Stream) -> ForSource {
    match bind(rule, source, stream) {
        Bound::Refused(why) => ForSource::Refused(why),
        Bound::Never => ForSource::Never,
        Bound::Rule(_) => {
            let mut rule = rule.clone();
            let left_out = leave_out(&mut rule, source, stream);
            ForSource::Rule(Box::new(rule), left_out)
        }
    }
}

/// Binds a rule to a source of its stream.
#[must_use]
pub fn bind(rule: &Rule, source: &Source, stream: &Stream) -> Bound {
    let mut refusals = absent_reads(rule, source, stream);
    let Some(time) = field_expr(source, stream, stream.time()) else {
        refusals.push(
            Diagnostic::error(Code::BadSource, format!("source `{}` gives no `time`", source.name)).at(source.span, ""),
        );
        return Bound::Refused(refusals);
    };
    if !refusals.is_empty() {
        return Bound::Refused(refusals);
    }
    let mut rule = rule.clone();
    let left_out = leave_out(&mut rule, source, stream);
    let rule = Substitution { source, stream }.rule(rule);
    if rule.filter.iter().any(|pred| pred.kind == PredKind::Const(false)) {
        return Bound::Never;
    }
    Bound::Rule(Box::new(BoundRule { rule, time, event_id: source.unique.clone(), left_out }))
}

/// The expression of a field over the raw record: the source's own, else the stream's default; none where the field is absent.
#[must_use]
pub fn field_expr(source: &Source, stream: &Stream, field: FieldId) -> Option<Expr> {
    if field == stream.event_id() {
        return source.unique.clone();
    }
    if let Some(expr) = source.fields.get(field.index()).and_then(Option::as_ref) {
        return Some(expr.clone());
    }
    let declared_absent = source.absent.get(field.index()).is_some_and(Option::is_some);
    let default = stream.get(field)?.default.as_ref().filter(|_| !declared_absent)?;
    let mut whole = true;
    default.walk(&mut |expr| {
        // A stream's defaults don't read fields that have defaults themselves: `resolve` sees to it.
        if let ExprKind::Field(read) = expr.kind {
            whole &= field_expr(source, stream, read).is_some();
        }
    });
    whole.then(|| default.clone().rewrite(&mut Substitution { source, stream }))
}

/// Every absent field that decides whether the rule fires, or that a key or measure of `when` needs.
fn absent_reads(rule: &Rule, source: &Source, stream: &Stream) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut visit = |expr: &Expr| {
        if let ExprKind::Field(field) = expr.kind
            && field_expr(source, stream, field).is_none()
            && seen.insert(field)
        {
            out.push(absent_error(source, stream, field, expr));
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

/// The aggregates and measures that `when` reads, directly or through measures. Without `over`, none.
#[must_use]
pub fn deciding(rule: &Rule) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut aggregates, mut measures) = (BTreeSet::new(), BTreeSet::new());
    let mut open: Vec<usize> = Vec::new();
    rule.when.walk(&mut |expr| match expr.kind {
        ExprKind::Aggregate(n) => _ = aggregates.insert(n),
        ExprKind::Measure(n) => open.push(n),
        _ => {}
    });
    while let Some(measure) = open.pop() {
        if !measures.insert(measure) {
            continue;
        }
        if let Some(binding) = rule.measures.get(measure) {
            binding.value.walk(&mut |expr| match expr.kind {
                ExprKind::Aggregate(n) => _ = aggregates.insert(n),
                ExprKind::Measure(n) => open.push(n),
                _ => {}
            });
        }
    }
    (aggregates, measures)
}

fn absent_error(source: &Source, stream: &Stream, field: FieldId, read: &Expr) -> Diagnostic {
    let name = stream.get(field).map_or("", |field| field.name.as_str());
    let message = format!("`{}` logs carry no `{name}`", source.name);
    let why = source.absent.get(field.index()).and_then(Option::as_ref);
    let diagnostic = Diagnostic::error(Code::AbsentField, message).at(read.span, "read here");
    match why {
        Some(why) => diagnostic.help(why.clone()),
        None => diagnostic
            .help(format!("leave `{}` out with `only`, or declare in the source where the field is", source.name)),
    }
}

/// Removes what only shows and reads an absent field; gives the names. A measure that `when` does not read is left out too.
fn leave_out(rule: &mut Rule, source: &Source, stream: &Stream) -> Vec<String> {
    let reads_absent = |expr: &Expr| {
        let mut found = false;
        expr.walk(&mut |e| {
            if let ExprKind::Field(field) = e.kind {
                found |= field_expr(source, stream, field).is_none();
            }
        });
        found
    };
    let absent_aggregates: Vec<bool> = rule
        .aggregates
        .iter()
        .map(|aggregate| {
            let mut found = aggregate.args.iter().any(&reads_absent);
            if let Some(filter) = &aggregate.filter {
                filter.walk(&mut |e| {
                    found |= matches!(e.kind, ExprKind::Field(f) if field_expr(source, stream, f).is_none())
                });
            }
            found
        })
        .collect();
    let mut absent_measures: Vec<bool> = Vec::new();
    let needs_absent = |expr: &Expr, absent_measures: &[bool]| {
        let mut found = reads_absent(expr);
        expr.walk(&mut |e| match e.kind {
            ExprKind::Aggregate(n) => found |= absent_aggregates.get(n).copied().unwrap_or_default(),
            ExprKind::Measure(n) => found |= absent_measures.get(n).copied().unwrap_or_default(),
            _ => {}
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

/// An expression that is always missing.
fn missing() -> ExprKind {
    ExprKind::Case(Vec::new(), None)
}

struct Substitution<'a> {
    source: &'a Source,
    stream: &'a Stream,
}

impl Substitution<'_> {
    fn rule(&self, rule: Rule) -> Rule {
        let span = rule.span;
        let bindings = |bindings: Vec<Binding>| -> Vec<Binding> {
            bindings.into_iter().map(|b| Binding { name: b.name, value: self.expr(b.value) }).collect()
        };
        let mut with = self.source.with.clone();
        with.extend(bindings(rule.with));
        let mut filter = self.source.filter.clone();
        filter.extend(rule.filter.into_iter().map(|pred| self.pred(pred)));
        let filter = match Pred::all(filter, span) {
            Pred { kind: PredKind::All(preds), .. } => preds,
            Pred { kind: PredKind::Const(true), .. } => Vec::new(),
            one => vec![one],
        };
        Rule {
            with,
            each: rule.each.map(|mut each| {
                each.list = self.expr(each.list);
                each
            }),
            filter,
            window: rule.window.map(|mut window| {
                for key in &mut window.keys {
                    key.value = self.expr(key.value.clone());
                }
                window
            }),
            aggregates: rule
                .aggregates
                .into_iter()
                .map(|mut aggregate| {
                    aggregate.args = aggregate.args.into_iter().map(|arg| self.expr(arg)).collect();
                    aggregate.filter = aggregate.filter.map(|pred| self.pred(pred));
                    aggregate
                })
                .collect(),
            measures: bindings(rule.measures),
            when: self.pred(rule.when),
            show: bindings(rule.show),
            severity: crate::ir::SeverityOf {
                arms: rule.severity.arms.into_iter().map(|(pred, level)| (self.pred(pred), level)).collect(),
                default: rule.severity.default,
            },
            ..rule
        }
    }

    fn expr(&self, expr: Expr) -> Expr {
        expr.rewrite(&mut Substitution { ..*self })
    }

    fn pred(&self, pred: Pred) -> Pred {
        pred.rewrite(&mut Substitution { ..*self })
    }
}

impl Rewrite for Substitution<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            // The span stays that of the rule's text: that is what a refusal underlines.
            ExprKind::Field(field) => match field_expr(self.source, self.stream, field) {
                Some(bound) => Expr { span: expr.span, ..bound },
                None => Expr { kind: missing(), ..expr },
            },
            ExprKind::With(n) => Expr { kind: ExprKind::With(n + self.source.with.len()), ..expr },
            _ => expr,
        }
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        match pred.kind {
            PredKind::Operation { subject, globs, .. } => for_cloud(subject, globs, self.source.cloud(), pred.span),
            _ => pred,
        }
    }
}

/// The globs that a cloud's operation names are tested against: Azure folds A–Z.
#[must_use]
pub fn for_cloud(subject: Expr, globs: Vec<(String, crate::ir::Glob)>, cloud: &str, span: crate::source::Span) -> Pred {
    let globs: Vec<_> = globs.into_iter().filter(|(of, _)| of == cloud).map(|(_, glob)| glob).collect();
    if globs.is_empty() {
        return Pred::new(PredKind::Const(false), span);
    }
    Pred::new(PredKind::Fits { subject, globs, nocase: cloud == "azure" }, span)
}
