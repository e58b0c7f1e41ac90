//! Predicates over rows as they are scanned: takes a rule and what it asks, gives the same with its row values (`with`) written out, for a scan
//! has none of them.

use crate::ir::{self, ExprKind, Pred, Rewrite, Rule};

/// Most nodes of a predicate with its row values written out.
const MOST_NODES: usize = 4_000;

/// The row values of a rule without row values in them; none where that grows too large.
pub(super) struct RowValues(Vec<Option<ir::Expr>>);

impl RowValues {
    pub(super) fn of(rule: &Rule) -> RowValues {
        let mut values = RowValues(Vec::new());
        for binding in &rule.with {
            let whole = values.fits(&binding.value).then(|| binding.value.clone().rewrite(&mut Written(&values)));
            values.0.push(whole);
        }
        values
    }

    pub(super) fn written_out(&self, pred: &Pred) -> Option<Pred> {
        let mut nodes = 0_usize;
        pred.walk(&mut |expr| nodes = nodes.saturating_add(self.size(expr)));
        (nodes <= MOST_NODES).then(|| pred.clone().rewrite(&mut Written(self)))
    }

    fn fits(&self, expr: &ir::Expr) -> bool {
        let mut nodes = 0_usize;
        expr.walk(&mut |expr| nodes = nodes.saturating_add(self.size(expr)));
        nodes <= MOST_NODES
    }

    /// Of one node: of a row value, that of all it stands for.
    fn size(&self, expr: &ir::Expr) -> usize {
        let ExprKind::With(n) = expr.kind else { return 1 };
        let Some(Some(value)) = self.0.get(n) else { return usize::MAX };
        let mut nodes = 0;
        value.walk(&mut |_| nodes += 1);
        nodes
    }
}

struct Written<'a>(&'a RowValues);

impl Rewrite for Written<'_> {
    fn expr(&mut self, expr: ir::Expr) -> ir::Expr {
        match expr.kind {
            ExprKind::With(n) => match self.0.0.get(n) {
                Some(Some(value)) => ir::Expr { span: expr.span, ..value.clone() },
                _ => expr,
            },
            _ => expr,
        }
    }
}
