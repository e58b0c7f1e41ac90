//! The IR's predicates in, DataFusion's boolean expressions out.
//!
//! INVARIANT (null is false): an expression made here is true, false or null, and null stands for false. `and`, `or`, filters and `case`
//! take it so by themselves; only `not` must say so, by `IS NOT TRUE`.

use std::collections::BTreeSet;

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, in_list, lit};

use super::lower::{Scope, column, constant};
use super::{elements, numbers, texts};
use crate::archive::SOURCE;
use crate::bind::for_cloud;
use crate::ir::{self, Comparison, Literal, Pred, PredKind, Type, cloud_of};

impl Scope<'_> {
    /// A predicate over this node's columns.
    pub(super) fn pred(&self, pred: &Pred) -> Result<Expr> {
        match &pred.kind {
            PredKind::Const(value) => Ok(lit(*value)),
            PredKind::All(preds) => Ok(conjunction(self.preds(preds)?).unwrap_or_else(|| lit(true))),
            PredKind::Any(preds) => Ok(disjunction(self.preds(preds)?).unwrap_or_else(|| lit(false))),
            PredKind::Not(inner) => Ok(self.pred(inner)?.is_not_true()),
            PredKind::Present(expr) => Ok(self.expr(expr)?.is_not_null()),
            PredKind::Holds(expr) => self.expr(expr),
            PredKind::Compare(comparison, left, right) => {
                Ok(numbers::compare(*comparison, self.typed(left)?, self.typed(right)?))
            }
            PredKind::EqualNoCase(left, right) => Ok(texts::equal_nocase(self.expr(left)?, self.expr(right)?)),
            PredKind::OneOf { subject, options, nocase } => self.one_of(subject, options, *nocase),
            PredKind::InNetwork(subject, networks) => Ok(texts::in_network(self.expr(subject)?, networks)),
            PredKind::Text { test, subject, needles, every, nocase } => {
                let wanted = texts::Wanted { test: *test, every: *every, nocase: *nocase };
                self.text(wanted, subject, needles)
            }
            PredKind::Matches { subject, patterns, every } => texts::matches(self.expr(subject)?, patterns, *every),
            PredKind::Found { subject, entity } => Ok(texts::held(self.expr(subject)?, *entity)),
            PredKind::Has { list, options, every, nocase } => self.has(list, options, *every, *nocase, pred),
            PredKind::Some { element, list, holds, every } => elements::some(self, *element, list, holds, *every),
            PredKind::Operation { subject, globs, .. } => {
                let on = |cloud: &str| self.pred(&for_cloud(subject.clone(), globs.clone(), cloud, pred.span));
                let clouds: BTreeSet<&str> = self.sources.iter().map(|source| cloud_of(source)).collect();
                if let (1, Some(cloud)) = (clouds.len(), clouds.first().filter(|cloud| !cloud.is_empty())) {
                    return on(cloud);
                }
                let any = globs.iter().map(|(cloud, _)| cloud.as_str()).collect::<BTreeSet<_>>().into_iter();
                let any = any.map(|cloud| Ok(self.of_cloud(cloud).and(on(cloud)?))).collect::<Result<Vec<_>>>()?;
                Ok(disjunction(any).unwrap_or_else(|| lit(false)))
            }
            PredKind::Fits { subject, globs, nocase } => texts::fits(self.expr(subject)?, globs, *nocase),
        }
    }

    /// Whether an event is of a cloud; one of no source may come from any.
    fn of_cloud(&self, cloud: &str) -> Expr {
        let of = self.sources.iter().filter(|source| source.is_empty() || cloud_of(source) == cloud);
        let name = |source: &&str| lit(ScalarValue::Utf8View(Some((*source).to_owned())));
        column(SOURCE).in_list(of.map(name).collect(), false)
    }

    fn preds(&self, preds: &[Pred]) -> Result<Vec<Expr>> {
        preds.iter().map(|pred| self.pred(pred)).collect()
    }

    fn one_of(&self, subject: &ir::Expr, options: &[Literal], nocase: bool) -> Result<Expr> {
        let expr = self.expr(subject)?;
        if nocase {
            let options = options.iter().filter_map(|option| match option {
                Literal::Text(text) => Some(text.as_str()),
                _ => None,
            });
            return Ok(texts::one_of_nocase(expr, options));
        }
        if options.iter().all(|option| option.ty() == subject.ty) {
            return Ok(in_list(expr, options.iter().map(constant).collect(), false));
        }
        // An int among floats: compared as numbers, each by itself.
        let tests = options.iter().map(|option| {
            numbers::compare(Comparison::Equal, (expr.clone(), &subject.ty), (constant(option), &option.ty()))
        });
        Ok(disjunction(tests).unwrap_or_else(|| lit(false)))
    }

    /// Needles that are constants are compiled once; others come from their columns, row by row.
    fn text(&self, wanted: texts::Wanted, subject: &ir::Expr, needles: &[ir::Expr]) -> Result<Expr> {
        let subject = self.expr(subject)?;
        let (mut constants, mut tests) = (Vec::new(), Vec::new());
        for needle in needles {
            match needle.as_literal() {
                Some(Literal::Text(text)) => constants.push(text.as_str()),
                _ => tests.push(texts::found(wanted, subject.clone(), self.expr(needle)?)),
            }
        }
        if !constants.is_empty() {
            tests.push(texts::found_constants(wanted, subject, &constants));
        }
        let joined = if wanted.every { conjunction(tests) } else { disjunction(tests) };
        Ok(joined.unwrap_or_else(|| lit(false)))
    }

    /// `has` asks of the elements what `any x in xs (x == option)` asks.
    fn has(&self, list: &ir::Expr, options: &[Literal], every: bool, nocase: bool, pred: &Pred) -> Result<Expr> {
        // A number that no binder of a rule has.
        const ELEMENT: usize = usize::MAX;
        let subject = || {
            let ty = list.ty.element().cloned().unwrap_or(Type::Text);
            ir::Expr::new(ir::ExprKind::Element(ELEMENT), ty, pred.span)
        };
        let asked = |options: Vec<Literal>| {
            let holds = PredKind::OneOf { subject: subject(), options, nocase };
            elements::some(self, ELEMENT, list, &Pred::new(holds, pred.span), false)
        };
        if !every {
            return asked(options.to_vec());
        }
        let each = options.iter().map(|option| asked(vec![option.clone()])).collect::<Result<Vec<_>>>()?;
        Ok(conjunction(each).unwrap_or_else(|| lit(false)))
    }
}
