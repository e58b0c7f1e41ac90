//! A rule over normalized fields and a source in, the rule over that log's raw record out.
//!
//! Fields are replaced by the source's expressions, the source's `where` stands before the rule's, its `with` values before the rule's,
//! and `operation is NAME` becomes the globs of the source's cloud. The same source expressions drive ingest, so a local answer and an
//! emitted query can differ only where a target differs.

mod absent;
pub mod constant;
pub mod decimals;
mod keyed;
pub mod simplify;
mod told;
mod widen;

use std::collections::BTreeSet;

use absent::Absent;
pub use absent::{Lack, lacks, located};
use keyed::Keyed;

pub use told::{told, told_rule};
pub use widen::{WHOLE_RECORD, Widened, widened};

use crate::diag::{Code, Diagnostic};
use crate::ir::{
    AggregateFunction, Binding, Expr, ExprKind, FieldId, Literal, Pred, PredKind, Question, Rewrite, Rule, Source,
    Stream, Type,
};

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
            let left_out = Absent::new(&rule, source, stream).leave_out(&mut rule);
            ForSource::Rule(Box::new(rule), left_out)
        }
    }
}

/// The names of the absent fields for which a rule is refused on a source, as [`Lack::name`] has them; none where it is not.
#[must_use]
pub fn blind(rule: &Rule, source: &Source, stream: &Stream) -> Vec<String> {
    Absent::new(rule, source, stream).blinds(rule)
}

/// Binds a rule to a source of its stream.
#[must_use]
pub fn bind(rule: &Rule, source: &Source, stream: &Stream) -> Bound {
    let absent = Absent::new(rule, source, stream);
    let mut refusals = absent.reads(rule);
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
    let left_out = absent.leave_out(&mut rule);
    // Before a key is the source's expression, which stands in each arm then.
    let rule = Substitution { source, stream }.rule(rule.rewrite(&mut Keyed));
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
    let default = stream.get(field)?.default.as_ref().filter(|_| source.gives(stream, field))?;
    Some(default.clone().rewrite(&mut Substitution { source, stream }))
}

/// The expression of a field over the raw record with what was borrowed in it; none where nobody knows its value.
fn known_expr(source: &Source, stream: &Stream, field: FieldId) -> Option<Expr> {
    field_expr(source, stream, field).or_else(|| source.borrowed(stream, field))
}

/// The aggregates and measures that `when` reads, directly or through measures. Without `over`, none.
#[must_use]
pub fn deciding(rule: &Rule) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut aggregates, mut measures) = (BTreeSet::new(), BTreeSet::new());
    let mut open: Vec<usize> = Vec::new();
    let mut looks = BTreeSet::new();
    rule.when.walk(&mut |expr| match expr.kind {
        ExprKind::Aggregate(n) => _ = aggregates.insert(n),
        ExprKind::Measure(n) => open.push(n),
        ExprKind::Look(n) => _ = looks.insert(n),
        _ => {}
    });
    for look in looks.into_iter().filter_map(|n| rule.looks.get(n)) {
        if let Question::Baseline(value, _) = &look.question {
            value.walk(&mut |expr| match expr.kind {
                ExprKind::Aggregate(n) => _ = aggregates.insert(n),
                ExprKind::Measure(n) => open.push(n),
                _ => {}
            });
        }
    }
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

/// A value over aggregates and measures of a group without rows.
#[must_use]
pub fn of_nothing(value: &Expr, rule: &Rule) -> Expr {
    value.clone().rewrite(&mut OfNothing(rule))
}

struct OfNothing<'a>(&'a Rule);

impl Rewrite for OfNothing<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            ExprKind::Measure(n) => match self.0.measures.get(n) {
                Some(measure) => of_nothing(&measure.value, self.0),
                None => expr,
            },
            ExprKind::Aggregate(n) => {
                let function = self.0.aggregates.get(n).map(|aggregate| &aggregate.function);
                let sum = match (function, &expr.ty) {
                    (Some(AggregateFunction::Count | AggregateFunction::Distinct), _)
                    | (Some(AggregateFunction::Sum), Type::Int) => Some(Literal::Int(0)),
                    (Some(AggregateFunction::Sum), Type::Float) => Some(Literal::Float(0.0)),
                    (Some(AggregateFunction::Sum), Type::Duration) => Some(Literal::Duration(0)),
                    _ => None,
                };
                Expr { kind: sum.map_or_else(missing, ExprKind::Literal), ..expr }
            }
            _ => expr,
        }
    }
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
            carried: bindings(rule.carried),
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
            ExprKind::Field(field) => match known_expr(self.source, self.stream, field) {
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
