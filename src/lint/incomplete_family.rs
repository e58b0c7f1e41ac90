//! W0152 `incomplete-family`: some of the calls that ask a model, and not their twins.

use super::measure::field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Expr, Glob, Literal, Pred, PredKind};
use crate::source::Span;
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0152",
        name: "incomplete-family",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "call of a model without its twins",
        why: "A cloud has several calls for one thing: an answer at once or as a stream, in a model's own format or in a common one. A rule that names
some of them does not see whoever uses another, and libraries stream by default. Name them all, or write `*` for the part that differs.",
        bad: "
rule calls_by_account {
    severity low
    from     activity
    where    operation in [\"bedrock:InvokeModel\", \"bedrock:Converse\"]
    over     1h by account
    let      calls = count()
    when     calls > 1_000
}",
        good: "
operations asked { aws \"bedrock:InvokeModel*\", \"bedrock:Converse*\" }

rule calls_by_account {
    severity low
    from     activity
    where    operation is asked
    over     1h by account
    let      calls = count()
    when     calls > 1_000
}",
    },
    check,
};

/// Calls that do one thing; whoever names the first of a pair means the second.
const FAMILIES: [&[&str]; 2] = [
    &["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:Converse", "bedrock:ConverseStream"],
    &["InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"],
];

/// Google's calls have the name of their service before them, which differs by version.
const PAIRS: [(&str, &str); 2] =
    [("PredictionService.GenerateContent", "PredictionService.StreamGenerateContent"), ("PredictionService.RawPredict", "PredictionService.StreamRawPredict")];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let declared = context.items(|kind| match kind {
        ItemKind::Operations(operations) => Some(operations),
        _ => None,
    });
    for (_, patterns) in declared.iter().flat_map(|operations| &operations.clouds) {
        let named: Vec<(Glob, Span)> = patterns.iter().map(|one| (Glob::new(&one.node), one.span)).collect();
        found(&named, out);
    }
    for rule in &context.rules {
        let mut named: Vec<(Glob, Span)> = Vec::new();
        let mut declared: Vec<Glob> = Vec::new();
        let operation = |expr: &Expr| field(rule, expr).is_some_and(|of| context.field(rule.meant, of) == "operation");
        let mut of = |pred: &Pred| match &pred.kind {
            PredKind::Compare(Comparison::Equal, subject, value) if operation(subject) => {
                if let Some(Literal::Text(text)) = value.as_literal() {
                    named.push((Glob::new(text), pred.span));
                }
            }
            PredKind::OneOf { subject, options, .. } if operation(subject) => {
                named.extend(options.iter().filter_map(|option| match option {
                    Literal::Text(text) => Some((Glob::new(text), pred.span)),
                    _ => None,
                }));
            }
            PredKind::Operation { subject, globs, .. } if operation(subject) => {
                declared.extend(globs.iter().map(|(_, glob)| glob.clone()));
            }
            _ => {}
        };
        for pred in rule.conditions() {
            asked(pred, &mut of);
        }
        if !named.is_empty() {
            // Of a declaration the declaration itself is found.
            let at = named.first().map_or(rule.written.name.span, |(_, span)| *span);
            if !declared.iter().any(|glob| FAMILIES.iter().copied().flatten().any(|call| glob.fits(call, false))) {
                named.extend(declared.into_iter().map(|glob| (glob, at)));
                found(&named, out);
            }
        }
    }
}

/// Calls `visit` on the tests that are not negated.
fn asked(pred: &Pred, visit: &mut dyn FnMut(&Pred)) {
    match &pred.kind {
        PredKind::All(preds) | PredKind::Any(preds) => preds.iter().for_each(|pred| asked(pred, visit)),
        PredKind::Not(_) => {}
        _ => visit(pred),
    }
}

/// What some names and patterns leave out of the families that they name a call of.
fn found(named: &[(Glob, Span)], out: &mut Vec<Diagnostic>) {
    let by = |call: &str| named.iter().find(|(glob, _)| glob.fits(call, false));
    // A pattern that is about something else names no call that it happens to fit.
    let means = |call: &str| {
        let word = if call.ends_with("InvokeModel") { "Invoke" } else { "Converse" };
        by(call).filter(|(glob, _)| glob.parts.iter().any(|part| part.contains(word)))
    };
    for family in FAMILIES {
        // Whoever names streams alone means streams.
        let whole = family.iter().step_by(2).find_map(|call| Some((*call, means(call)?.1)));
        let left: Vec<&str> = family.iter().copied().filter(|call| by(call).is_none()).collect();
        if let Some((call, span)) = whole.filter(|_| !left.is_empty()) {
            say(call, &left, span, out);
        }
    }
    for (one, other) in PAIRS {
        let ends = |call: &str| {
            let is = |glob: &Glob| glob.parts.last().is_some_and(|end| end.ends_with(call)) || glob.fits(&format!("google.cloud.aiplatform.v1.{call}"), false);
            named.iter().find(|(glob, _)| is(glob))
        };
        if let (Some((_, span)), None) = (ends(one), ends(other)) {
            say(one, &[other], *span, out);
        }
    }
}

fn say(call: &str, left: &[&str], span: Span, out: &mut Vec<Diagnostic>) {
    let names = left.join("`, `");
    out.push(
        LINT.finding(format!("`{call}` is named, and not its twins: `{names}`"))
            .at(span, "")
            .help("name them too, or end the pattern in `*` in an `operations` list"),
    );
}
