//! W0203 `needless-content`: text of users that is only measured or counted, which metadata says too.

use std::collections::BTreeMap;

use super::content::content_field;
use super::{Context, Lint, constant_condition};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{AggregateFunction, ExprKind, FieldId, Function, PredKind, Rule};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0203",
        name: "needless-content",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "content read where metadata would do",
        why: "Text of users is kept for fewer days, in a place of its own, and is by far the largest column. Whether a prompt is long
say `tokens.input` and `request.size`; how many different ones there were says `distinct(prompt_digest)`. A rule over those runs without the texts.",
        bad: "
rule many_prompts {
    severity medium
    from     invocation
    over     1h by caller.id
    when     distinct(prompt) > 500
}",
        good: "
rule many_prompts {
    severity medium
    from     invocation
    over     1h by caller.id
    when     distinct(prompt_digest) > 500
}",
    },
    check,
};

/// Fields of metadata that stand for the length of a text.
const LENGTHS: [(&str, [&str; 2]); 2] =
    [("prompt", ["tokens.input", "request.size"]), ("completion", ["tokens.output", "response.size"])];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in context.rules.iter().filter(|rule| context.stream(rule.meant).is_some_and(|s| s.name == "invocation")) {
        let meant = rule.meant;
        let mut reads: BTreeMap<FieldId, usize> = BTreeMap::new();
        meant.walk(&mut |expr| {
            if let Some(field) = content_field(context, meant, expr) {
                *reads.entry(field).or_default() += 1;
            }
        });
        for (field, reads) in reads {
            // A rule that has to read the text for something else saves nothing.
            let mut needless = needless(context, meant, field);
            if needless.is_empty() {
                continue;
            }
            // A length that has only to be there is no length.
            let presences = constant_condition::presences(context, rule);
            let all = needless.len();
            needless.retain(|(span, _)| !presences.iter().any(|at| at.start <= span.start && span.end <= at.end));
            let harmless = asked_for(rule, field) + all.saturating_sub(needless.len());
            if !needless.is_empty() && needless.len() + harmless == reads {
                for (span, instead) in needless {
                    let name = context.field(meant, field);
                    let finding = LINT.finding(format!("`{name}` is read for what metadata says too")).at(span, "");
                    out.push(finding.help(format!("ask {instead}: a rule without content runs without the texts")));
                }
            }
        }
    }
}

/// Where a rule asks a text for what metadata says, and what that is called.
fn needless(context: &Context<'_>, rule: &Rule, field: FieldId) -> Vec<(Span, String)> {
    let name = context.field(rule, field);
    let mut out = Vec::new();
    let is = |kind: &ExprKind| *kind == ExprKind::Field(field);
    let lengths =
        LENGTHS.iter().find(|(of, _)| *of == name).filter(|(_, lengths)| all_have(context, rule, field, lengths));
    if let Some((_, [one, other])) = lengths {
        rule.walk(&mut |expr| {
            if let ExprKind::Call(Function::Length, args) = &expr.kind
                && args.iter().any(|arg| is(&arg.kind))
            {
                out.push((expr.span, format!("`{one}` or `{other}`")));
            }
        });
    }
    if name == "prompt" {
        for aggregate in rule.aggregates.iter().filter(|one| one.function == AggregateFunction::Distinct) {
            if aggregate.args.iter().any(|arg| is(&arg.kind)) {
                out.push((aggregate.span, "`distinct(prompt_digest)`".to_owned()));
            }
        }
    }
    out
}

/// Whether each log that has the text has one of these fields too.
fn all_have(context: &Context<'_>, rule: &Rule, text: FieldId, fields: &[&str]) -> bool {
    let Some(stream) = context.stream(rule) else { return false };
    let ids: Vec<FieldId> = fields.iter().filter_map(|name| stream.field(name)).collect();
    let mut with_text = context.sources(rule).into_iter().filter(|source| source.gives(stream, text));
    with_text.all(|source| ids.iter().any(|id| source.gives(stream, *id)))
}

/// How often a rule only asks whether the text is there.
fn asked_for(rule: &super::Seen<'_, crate::syntax::ast::Rule, Rule>, field: FieldId) -> usize {
    let mut count = 0;
    rule.each_pred(&mut |pred| {
        let asks = matches!(&pred.kind, PredKind::Present(expr) if expr.kind == ExprKind::Field(field));
        count += usize::from(asks);
    });
    count
}
