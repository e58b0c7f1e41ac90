//! W0146 `missing-spoils-sum`: `a + b` of fields that not every event has.

use super::context::{plain_pred, spelled};
use super::implies::implies;
use super::measure::{SeenRule, bare};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Arithmetic, Expr, ExprKind, FieldId, Pred, PredKind};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0146",
        name: "missing-spoils-sum",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "sum that is missing where a part is",
        why: "`a + b` is missing where one of the two is, and a test of what is missing is false: a call that failed has no tokens of an answer,
and so no total. `sum_of(a, b)` adds what is there.",
        bad: "
rule large_calls {
    severity low
    from     invocation
    where    tokens.input + tokens.output > 100_000
}",
        good: "
rule large_calls {
    severity low
    from     invocation
    where    sum_of(tokens.input, tokens.output) > 100_000
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let mut asked: Option<Vec<(Span, Pred)>> = None;
        rule.each_expr(&mut |expr| {
            let ExprKind::Arithmetic(Arithmetic::Add, left, right) = &expr.kind else { return };
            let (Some(one), Some(other)) = (direct(rule, left), direct(rule, right)) else { return };
            let asked = asked.get_or_insert_with(|| guards(rule));
            let there = |side: &Expr| {
                let side = plain_pred(&Pred::new(PredKind::Present(bare(rule, side).clone()), side.span));
                let over = |place: &Span| place.start <= expr.span.start && expr.span.end <= place.end;
                asked.iter().any(|(place, pred)| over(place) && implies(pred, &side))
            };
            if there(left) && there(right) {
                return;
            }
            let (a, b) = (context.field(rule.meant, one), context.field(rule.meant, other));
            out.push(
                LINT.finding(format!("missing where `{a}` or `{b}` is"))
                    .at(expr.span, "")
                    .help(format!("`sum_of({a}, {b})` adds what is there")),
            );
        });
    }
}

/// The field that stands there itself: what stands behind a name may be a value with a default.
fn direct(rule: &SeenRule<'_>, side: &Expr) -> Option<FieldId> {
    let side = bare(rule, side);
    match side.kind {
        ExprKind::Field(field) if side.ty.is_number() || side.ty == crate::ir::Type::Duration => Some(field),
        _ => None,
    }
}

/// What holds where a value is made: the rule's `where` everywhere, an aggregate's own in it, the condition of an arm in the arm, and in those
/// behind it that it did not hold.
fn guards(rule: &SeenRule<'_>) -> Vec<(Span, Pred)> {
    let mut out: Vec<(Span, Pred)> =
        rule.conditions().into_iter().map(|pred| (rule.written.span.span, spelled(rule, pred))).collect();
    for aggregate in &rule.meant.aggregates {
        let own = aggregate.filter.iter().flat_map(Pred::parts);
        out.extend(own.map(|pred| (aggregate.span, spelled(rule, pred))));
    }
    rule.each_expr(&mut |expr| {
        let ExprKind::Case(arms, default) = &expr.kind else { return };
        for (n, (pred, value)) in arms.iter().enumerate() {
            out.push((value.span, spelled(rule, pred)));
            let not = Pred::new(PredKind::Not(Box::new(spelled(rule, pred))), Span::default());
            let behind = arms.iter().skip(n + 1).map(|(_, value)| value).chain(default.as_deref());
            out.extend(behind.map(|value| (value.span, not.clone())));
        }
    });
    // A test of the sum is what is judged, and guards nothing.
    out.retain(|(_, pred)| {
        let mut sums = false;
        pred.walk(&mut |expr| sums |= matches!(expr.kind, ExprKind::Arithmetic(Arithmetic::Add, ..)));
        !sums
    });
    out
}
