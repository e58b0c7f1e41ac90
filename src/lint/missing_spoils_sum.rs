//! W0146 `missing-spoils-sum`: `a + b` of fields that not every event has.

use std::collections::BTreeSet;

use super::measure::{SeenRule, bare};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Arithmetic, Expr, ExprKind, FieldId, PredKind};

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
        let mut present: Option<BTreeSet<FieldId>> = None;
        rule.each_expr(&mut |expr| {
            let ExprKind::Arithmetic(Arithmetic::Add, left, right) = &expr.kind else { return };
            let (Some(one), Some(other)) = (direct(rule, left), direct(rule, right)) else { return };
            let present = present.get_or_insert_with(|| known(rule));
            if present.contains(&one) && present.contains(&other) {
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

/// The fields that every row of the rule has, because `where` asks for them.
fn known(rule: &SeenRule<'_>) -> BTreeSet<FieldId> {
    let mut out = BTreeSet::new();
    for pred in rule.conditions() {
        if let PredKind::Present(of) | PredKind::Compare(_, of, _) = &pred.kind {
            out.extend(direct(rule, of));
        }
    }
    out
}
