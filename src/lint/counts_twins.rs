//! W0153 `counts-twins`: records of one call in two logs, counted together.

use super::measure::aggregate;
use super::{Context, Lint};
use crate::bind::{admits, blind};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{AggregateFunction, ExprKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0153",
        name: "counts-twins",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "call that two logs write, counted twice",
        why: "`across sources` puts the records of several logs into one group, and some calls stand in two of them: once as the gateway saw it,
once as the model's own service did. `count()` and `sum` are then up to twice what happened. Count `distinct(request.id)`, or keep to one of the
logs with `only`.",
        bad: "
rule calls_everywhere {
    severity low
    from     invocation only azure.openai, azure.apim_gateway
    over     1h by model.id across sources
    let      calls = count()
    when     calls > 1_000
}",
        good: "
rule calls_everywhere {
    severity low
    from     invocation only azure.openai, azure.apim_gateway
    over     1h by model.id across sources
    let      calls = distinct(request.id)
    when     calls > 1_000
}",
    },
    check,
};

/// Logs that write the same calls.
const TWINS: [(&str, &str); 8] = [
    ("azure.openai", "azure.openai_usage"),
    ("azure.openai", "azure.apim"),
    ("azure.openai", "azure.apim_gateway"),
    ("azure.openai_usage", "azure.apim"),
    ("azure.openai_usage", "azure.apim_gateway"),
    ("azure.apim", "azure.apim_gateway"),
    ("azure.openai_audit", "azure.activity"),
    ("aws.agentcore", "otel.genai"),
];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| rule.meant.is_across()) {
        let Some(stream) = context.stream(rule.meant) else { continue };
        let seen = |name: &str| {
            let source = context.pack.resolved.schema.source(name);
            source.is_some_and(|source| admits(rule.meant, source) && blind(rule.meant, source, stream).is_empty())
        };
        let mut counted = None;
        let mut look = |expr: &crate::ir::Expr| {
            if let Some(one) =
                aggregate(rule, expr).filter(|_| matches!(expr.kind, ExprKind::Aggregate(_) | ExprKind::Measure(_)))
                && matches!(one.function, AggregateFunction::Count | AggregateFunction::Sum)
            {
                counted = counted.or(Some((one.function.name(), one.span)));
            }
        };
        rule.meant.when.walk(&mut look);
        let Some((function, span)) = counted else { continue };
        let twins = TWINS.iter().find(|(one, other)| seen(one) && seen(other));
        if let Some((one, other)) = twins {
            out.push(
                LINT.finding(format!("a call that `{one}` and `{other}` both write is counted twice"))
                    .at(span, format!("`{function}` of both"))
                    .help("count `distinct(request.id)`, or keep to one of the logs with `only`"),
            );
        }
    }
}
