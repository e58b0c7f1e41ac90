//! Walks over what was written: where an item stands, every expression of an expression, of a clause, of a rule.

use super::{
    Argument, Clause, Exception, ExceptionClause, Expr, ExprKind, Item, ItemKind, Key, Rule, Source, SourceClause,
};
use crate::source::Span;

impl Item {
    /// The whole declaration, without its doc comment.
    #[must_use]
    pub fn span(&self) -> Span {
        match &self.kind {
            ItemKind::Stream(stream) => stream.span.span,
            ItemKind::Source(source) => source.span.span,
            ItemKind::List(list) => list.span.span,
            ItemKind::Table(table) => table.span.span,
            ItemKind::Operations(operations) => operations.span.span,
            ItemKind::Rule(rule) => rule.span.span,
            ItemKind::Correlate(correlate) => correlate.span.span,
            ItemKind::Calendar(calendar) => calendar.span.span,
            ItemKind::Prices(prices) => prices.span.span,
            ItemKind::Exception(exception) => exception.span.span,
            ItemKind::Test(test) => test.span.span,
        }
    }
}

/// Calls `visit` on an expression and on every one inside it, conditions included, outer ones first.
pub fn walk_expr<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    let mut each = |inner: &'a Expr| walk_expr(inner, visit);
    match &*expr.node {
        ExprKind::Literal(_) | ExprKind::Reference(..) | ExprKind::RawPath(_) | ExprKind::TargetField(_) => {}
        ExprKind::Call(_, arguments, _) => {
            for Argument { value, filter, by } in arguments {
                value.iter().chain(filter).chain(by.iter().map(|key| &key.value)).for_each(&mut each);
            }
        }
        ExprKind::List(items) | ExprKind::And(items) | ExprKind::Or(items) => items.iter().for_each(each),
        ExprKind::Record(bindings) => bindings.iter().for_each(|binding| each(&binding.value)),
        ExprKind::Case(arms) => arms.iter().for_each(|(when, value)| when.iter().chain([value]).for_each(&mut each)),
        ExprKind::Quantified(_, _, list, holds) => [list, holds].into_iter().for_each(each),
        ExprKind::Rows(_, lists, filter, bindings) => {
            lists.iter().chain(filter).chain(bindings.iter().map(|binding| &binding.value)).for_each(each);
        }
        ExprKind::Arithmetic(left, _, right) => [left, right].into_iter().for_each(each),
        ExprKind::Not(inner) | ExprKind::Is(inner, ..) => each(inner),
        ExprKind::Test(test) => [&test.left, &test.right].into_iter().for_each(each),
    }
}

impl Clause {
    /// The expressions that stand in it, those inside them not.
    #[must_use]
    pub fn exprs(&self) -> Vec<&Expr> {
        fn keys(keys: &[Key]) -> Vec<&Expr> {
            keys.iter().map(|key| &key.value).collect()
        }
        match self {
            Clause::SeverityCase(expr) | Clause::Each(_, expr) | Clause::Where(expr) | Clause::When(expr) => vec![expr],
            Clause::With(bindings) | Clause::Let(bindings) => bindings.iter().map(|binding| &binding.value).collect(),
            Clause::Over(over) => keys(&over.keys),
            Clause::Show(items) => keys(items),
            Clause::Severity(_) | Clause::Tags(_) | Clause::From(..) | Clause::Mute(_) | Clause::Texts(..) => {
                Vec::new()
            }
        }
    }
}

impl Rule {
    /// Calls `visit` on every expression of every clause, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.clauses.iter().flat_map(|clause| clause.node.exprs()).for_each(|expr| walk_expr(expr, visit));
    }
}

impl Exception {
    /// Calls `visit` on every expression of every clause, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        for clause in &self.clauses {
            if let ExceptionClause::Where(expr) = &clause.node {
                walk_expr(expr, visit);
            }
        }
    }
}

impl Source {
    /// Calls `visit` on every expression of its conditions, values and fields, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        for clause in &self.clauses {
            match &clause.node {
                SourceClause::Unique(expr) | SourceClause::Where(expr) => walk_expr(expr, visit),
                SourceClause::With(bindings) => bindings.iter().for_each(|binding| walk_expr(&binding.value, visit)),
                SourceClause::Field(binding) => walk_expr(&binding.value, visit),
                _ => {}
            }
        }
    }
}
