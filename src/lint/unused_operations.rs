//! W0312 `unused-operations`: operations that no condition names.

use super::unused::unused;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0312",
        name: "unused-operations",
        kind: Kind::Care,
        level: Level::Warn,
        title: "operations that nothing uses",
        why: "Whoever adds an operation to them believes that a rule looks for it now. Use them with `is`, or take them away.",
        bad: "
operations guardrail_change { aws \"bedrock:UpdateGuardrail\", \"bedrock:DeleteGuardrail\" }

rule guardrail_changed {
    severity medium
    from     activity
    where    operation in [\"bedrock:UpdateGuardrail\", \"bedrock:DeleteGuardrail\"]
}",
        good: "
operations guardrail_change { aws \"bedrock:UpdateGuardrail\", \"bedrock:DeleteGuardrail\" }

rule guardrail_changed {
    severity medium
    from     activity
    where    operation is guardrail_change
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let names = context.items(|kind| match kind {
        ItemKind::Operations(declared) => Some(&declared.name),
        _ => None,
    });
    out.extend(unused(&LINT, context, "operations", names, "`operation is {name}`"));
}
