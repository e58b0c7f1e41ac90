//! What only shows, made simple: takes a bound rule, gives it with shown addresses as the log writes them.
//!
//! A key or a condition needs to know whether a text is an address and which; whoever reads an alert needs the text. Bringing every spelling
//! of an IPv6 address into one form takes a page of query text on some targets, for a column that decides nothing.

use std::collections::BTreeSet;

use crate::ir::{Aggregate, Expr, ExprKind, Function, Rewrite, Rule, Type};

/// Shown items, and the aggregates that only they read, with addresses as texts.
pub(super) fn addresses_as_written(rule: &mut Rule) {
    let mut decides = BTreeSet::new();
    let mut visit = |expr: &Expr| {
        if let ExprKind::Aggregate(n) = expr.kind {
            decides.insert(n);
        }
    };
    rule.measures.iter().for_each(|measure| measure.value.walk(&mut visit));
    rule.when.walk(&mut visit);
    rule.severity.arms.iter().for_each(|(pred, _)| pred.walk(&mut visit));
    for (n, aggregate) in rule.aggregates.iter_mut().enumerate() {
        if !decides.contains(&n) {
            as_written(aggregate);
        }
    }
    let types: Vec<Type> = rule.aggregates.iter().map(|aggregate| aggregate.ty.clone()).collect();
    for item in &mut rule.show {
        if let Some(plain) = plain(&item.value) {
            item.value = plain;
        } else if let ExprKind::Aggregate(n) = item.value.kind
            && let Some(ty) = types.get(n)
        {
            item.value.ty = ty.clone();
        }
    }
}

fn as_written(aggregate: &mut Aggregate) {
    let texts: Option<Vec<Expr>> = aggregate.args.iter().map(plain).collect();
    let Some(texts) = texts else { return };
    aggregate.args = texts;
    aggregate.ty = match &aggregate.ty {
        Type::Ip => Type::Text,
        Type::List(element) if **element == Type::Ip => Type::List(Box::new(Type::Text)),
        other => other.clone(),
    };
}

/// An address expression that is only read or chosen, as text; none where something is asked about it.
fn plain(expr: &Expr) -> Option<Expr> {
    let simple = match &expr.kind {
        ExprKind::Read(_) => true,
        ExprKind::Call(Function::Coalesce, args) => args.iter().all(|arg| plain(arg).is_some()),
        _ => false,
    };
    (expr.ty == Type::Ip && simple).then(|| expr.clone().rewrite(&mut Texts))
}

struct Texts;

impl Rewrite for Texts {
    fn expr(&mut self, expr: Expr) -> Expr {
        if expr.ty == Type::Ip { Expr { ty: Type::Text, ..expr } } else { expr }
    }
}
