//! W0201 `query-too-long`: a rule whose query is longer than a target takes.

use super::{Context, Lint, Seen};
use crate::diag::{About, Code, Diagnostic, Kind, Level};
use crate::ir::{Expr, ExprKind, Literal, Pred, PredKind, Rewrite, Rule};
use crate::source::Span;
use crate::syntax::ast;
use crate::target::{Request, TARGETS, emit};

/// Most characters that a byte of constants comes to in a query: with less there is no query that is too long.
const SPELLED: usize = 10;

/// How many times what a target takes a rule's constants have to be for its query to be too long whatever is done with them.
const SURE: usize = 2;

/// Leaves one of the constants that something is compared with.
struct Brief;

impl Rewrite for Brief {
    fn pred(&mut self, mut pred: Pred) -> Pred {
        match &mut pred.kind {
            PredKind::OneOf { options, .. } | PredKind::Has { options, .. } => options.truncate(1),
            PredKind::InNetwork(_, networks) => networks.truncate(1),
            PredKind::Text { needles, .. } => needles.truncate(1),
            PredKind::Matches { patterns, .. } => patterns.truncate(1),
            _ => {}
        }
        pred
    }
}

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0201",
        name: "query-too-long",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "query longer than a target takes",
        why: "CloudWatch and KQL take queries of 10,000 characters, Cloud Logging 20,000, GoogleSQL a million. Long lists, and row values that are
written out wherever they are used, come to more: the rule is refused there as it is emitted (E0404), which nobody sees who only runs it over archives.
Divide the list between rules, say the condition shorter, or limit the rule with `only`.",
        bad: "
rule models_of_others {
    severity low
    from     invocation only gcp
    with     a = case { model.id starts with \"us.\" => substring(model.id, 3, 200), else => model.id },
             b = case { a starts with \"eu.\" => substring(a, 3, 200), a starts with \"ap.\" => substring(a, 3, 200), else => a },
             c = case { b ends with \"-v1\" => substring(b, 0, length(b) - 3), b ends with \"-v2\" => substring(b, 0, length(b) - 3), else => b },
             d = case { c starts with \"x-\" => substring(c, 2, 200), c starts with \"y-\" => substring(c, 2, 200), else => c },
             e = case { d starts with \"m-\" => substring(d, 2, 200), d starts with \"n-\" => substring(d, 2, 200), else => d },
             f = case { e starts with \"q-\" => substring(e, 2, 200), e starts with \"s-\" => substring(e, 2, 200), else => e }
    where    f in [\"opus\", \"sonnet\"]
}",
        good: "
rule models_of_others {
    severity low
    from     invocation only gcp
    where    model.id ends with any of [\"opus\", \"opus-v1\", \"opus-v2\", \"sonnet\", \"sonnet-v1\", \"sonnet-v2\"]
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let weight = weight(rule);
        let longest = weight.saturating_mul(SPELLED);
        let mut said: Vec<(&str, String, Option<Span>)> = Vec::new();
        for target in TARGETS.iter().filter(|target| longest > target.info().max_length) {
            let (name, most) = (target.info().name, target.info().max_length);
            // What is so long for its constants alone need not be written out to know it, only whether the target can say such a rule.
            if weight > most.saturating_mul(SURE) {
                let brief = rule.meant.clone().rewrite(&mut Brief);
                let emissions = emit(&brief, &context.pack.resolved.schema, *target, Request::default());
                if emissions.iter().any(|emission| emission.query.text.is_some()) {
                    said.push((name, format!("{name}: more than {most} characters"), None));
                }
                continue;
            }
            for emission in emit(rule.meant, &context.pack.resolved.schema, *target, Request::default()) {
                let long = emission.query.reasons.into_iter().find(|reason| reason.code == Code::TooLong);
                // Each target once, whatever the source.
                let new = !said.iter().any(|(target, ..)| *target == emission.target);
                let Some(long) = long.filter(|_| new) else { continue };
                let main = long.labels.get(1).map(|label| label.span);
                said.push((emission.target, format!("{}: {}", emission.target, long.message), main));
            }
        }
        if let Some((_, first, constants)) = said.first() {
            let names: Vec<&str> = said.iter().map(|(target, ..)| *target).collect();
            let take = if names.len() == 1 { "takes" } else { "take" };
            let message =
                format!("the query of `{}` is longer than `{}` {take}", rule.meant.name, names.join("` and `"));
            let finding = LINT.finding(message).at(rule.written.name.span, first.as_str());
            let finding = match constants {
                Some(span) => finding.at(*span, "most of it stands for this"),
                None => finding,
            };
            out.push(
                finding.help("divide its lists between rules, shorten them, or keep it off that target with `only`"),
            );
        }
    }
}

/// About how many bytes of constants and fields a rule's query has, row values written out where they are used.
fn weight(rule: &Seen<'_, ast::Rule, Rule>) -> usize {
    let mut values: Vec<usize> = Vec::new();
    for value in &rule.meant.with {
        let weight = of_expr(&value.value, &values);
        values.push(weight);
    }
    let mut bytes = 0usize;
    rule.meant.walk(&mut |expr| bytes = bytes.saturating_add(of_node(expr, &values)));
    rule.each_pred(&mut |pred| {
        bytes = bytes.saturating_add(match &pred.kind {
            PredKind::OneOf { options, .. } | PredKind::Has { options, .. } => options.iter().map(of_literal).sum(),
            PredKind::InNetwork(_, networks) => networks.len().saturating_mul(16),
            PredKind::Matches { patterns, .. } => patterns.iter().map(|pattern| pattern.text.len()).sum(),
            PredKind::Operation { globs, .. } => globs.iter().map(|(_, glob)| glob.text().len()).sum(),
            _ => 0,
        });
    });
    bytes
}

fn of_expr(expr: &Expr, values: &[usize]) -> usize {
    let mut bytes = 0usize;
    expr.walk(&mut |inner| bytes = bytes.saturating_add(of_node(inner, values)));
    bytes
}

fn of_node(expr: &Expr, values: &[usize]) -> usize {
    match &expr.kind {
        ExprKind::Literal(literal) => of_literal(literal),
        ExprKind::Field(_) => 8,
        ExprKind::With(n) => values.get(*n).copied().unwrap_or_default(),
        _ => 0,
    }
}

fn of_literal(literal: &Literal) -> usize {
    match literal {
        Literal::Text(text) => text.len(),
        _ => 8,
    }
}
