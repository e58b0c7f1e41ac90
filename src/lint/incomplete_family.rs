//! W0152 `incomplete-family`: some of the calls that ask a model, and not their twins.

use super::measure::field;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Comparison, Expr, Glob, Literal, Pred, PredKind, TextTest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0152",
        name: "incomplete-family",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "call of a model without its twins",
        why: "A cloud has several calls for one thing: an answer at once or as a stream, in a model's own format or in a common one. A rule that
names some of them does not see whoever uses another, and libraries stream by default. Name them all, or write `*` for the part that differs.",
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

/// Calls that do one thing, each followed by the one that streams: whoever names a stream alone means it.
const FAMILIES: [&[&str]; 4] = [
    &["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:Converse", "bedrock:ConverseStream"],
    &["InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"],
    &["bedrock:RetrieveAndGenerate", "bedrock:RetrieveAndGenerateStream"],
    &["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"],
];

/// Google's calls have the name of their service before them, which differs by version.
const PAIRS: [(&str, &str); 2] = [
    ("PredictionService.GenerateContent", "PredictionService.StreamGenerateContent"),
    ("PredictionService.RawPredict", "PredictionService.StreamRawPredict"),
];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let declared = context.items(|kind| match kind {
        ItemKind::Operations(operations) => Some(operations),
        _ => None,
    });
    let lists: Vec<Named> =
        declared.iter().flat_map(|operations| &operations.clouds).map(|(_, patterns)| of_list(patterns)).collect();
    for (n, list) in lists.iter().enumerate() {
        let elsewhere = |call: &str| {
            let mut others = lists.iter().enumerate().filter(|(other, _)| *other != n).flat_map(|(_, list)| list);
            others.any(|(glob, _)| glob.fits(call, false))
        };
        found(list, &elsewhere, out);
    }
    for rule in &context.rules {
        let mut named = Vec::new();
        let mut declared = false;
        let operation = |expr: &Expr| field(rule, expr).is_some_and(|of| context.field(rule.meant, of) == "operation");
        for pred in rule.conditions() {
            asked(pred, &mut |pred| match &pred.kind {
                PredKind::Compare(Comparison::Equal, subject, value) if operation(subject) => {
                    named
                        .extend(value.as_literal().and_then(Literal::as_text).map(|text| (Glob::new(text), pred.span)));
                }
                PredKind::OneOf { subject, options, .. } if operation(subject) => {
                    named.extend(options.iter().filter_map(|one| Some((Glob::new(one.as_text()?), pred.span))));
                }
                PredKind::Text { test, subject, needles, .. } if operation(subject) => {
                    let texts = needles.iter().filter_map(|needle| needle.as_literal()?.as_text());
                    named.extend(texts.map(|text| (as_glob(*test, text), pred.span)));
                }
                // The list has its own finding.
                PredKind::Operation { globs, .. } => {
                    declared |= globs
                        .iter()
                        .any(|(_, glob)| FAMILIES.iter().copied().flatten().any(|call| glob.fits(call, false)));
                }
                _ => {}
            });
        }
        if !declared {
            found(&named, &|_| false, out);
        }
    }
}

/// Names and patterns, and where they stand.
type Named = Vec<(Glob, Span)>;

fn of_list(patterns: &[Spanned<String>]) -> Named {
    patterns.iter().map(|one| (Glob::new(&one.node), one.span)).collect()
}

fn as_glob(test: TextTest, text: &str) -> Glob {
    match test {
        TextTest::Equals => Glob::new(text),
        TextTest::StartsWith => Glob::new(&format!("{text}*")),
        TextTest::EndsWith => Glob::new(&format!("*{text}")),
        TextTest::Contains => Glob::new(&format!("*{text}*")),
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

/// What some names and patterns leave out of the families that they name a call of. `elsewhere` says which calls another list has.
fn found(named: &[(Glob, Span)], elsewhere: &dyn Fn(&str) -> bool, out: &mut Vec<Diagnostic>) {
    let by = |call: &str| named.iter().find(|(glob, _)| glob.fits(call, false));
    // A pattern that is about something else names no call that it happens to fit.
    let means = |call: &str| {
        let verb = call.rsplit(':').next().and_then(|name| name.get(..6)).unwrap_or(call);
        by(call).filter(|(glob, _)| glob.parts.iter().any(|part| part.contains(verb)))
    };
    for family in FAMILIES {
        let Some((first, span)) = family.iter().step_by(2).find_map(|call| Some((*call, means(call)?.1))) else {
            continue;
        };
        let left = family.chunks(2).flat_map(|pair| {
            let halved = pair.iter().any(|call| by(call).is_some());
            pair.iter().copied().filter(move |call| by(call).is_none() && (halved || !elsewhere(call)))
        });
        let left: Vec<&str> = left.collect();
        if !left.is_empty() {
            say(first, &left, span, out);
        }
    }
    for (one, other) in PAIRS {
        let ends = |call: &str| {
            let whole = format!("google.cloud.aiplatform.v1.{call}");
            let is = |glob: &Glob| glob.parts.last().is_some_and(|end| end.ends_with(call)) || glob.fits(&whole, false);
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
