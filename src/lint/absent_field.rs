//! W0133 `absent-field`: a rule for which no log of its stream has all fields.

use std::collections::BTreeSet;

use super::{Context, Lint};
use crate::bind::{blind, located};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{ExprKind, REDACTED};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0133",
        name: "absent-field",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "rule that no log can feed",
        why: "Each log of the stream that the rule admits lacks a field that decides it, so the rule is refused on all of them and never alerts,
however green its tests are: events that a test makes up have every field. `skywatch coverage` shows which log carries what. Read another field,
widen `only`, or declare a source that has it.",
        bad: "
rule address_of_key {
    severity low
    from     invocation only aws.bedrock
    where    auth.method == \"key\"
    over     1h by account
    let      calls = count()
    when     calls > 10
}",
        good: "
rule address_of_key {
    severity low
    from     invocation only azure.openai
    where    auth.method == \"key\"
    over     1h by account
    let      calls = count()
    when     calls > 10
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let sources = &context.pack.resolved.schema.sources;
    let located: Vec<_> = sources
        .iter()
        .map(|source| Some(located(source, context.pack.resolved.schema.stream_of(source.stream)?)))
        .collect();
    for rule in &context.rules {
        let Some(stream) = context.stream(rule.meant) else { continue };
        let admitted = located.iter().flatten().filter(|source| crate::bind::admits(rule.meant, source));
        let read = rule.meant.fields(stream);
        // What archives count themselves no log has; and mostly one log has all, which is asked faster than who lacks what.
        let counted = stream.field(REDACTED).is_some_and(|field| read.contains(&field));
        let mut lacking: Vec<(&str, Vec<String>)> = Vec::new();
        let mut fed = counted;
        for source in admitted {
            fed = fed || read.iter().all(|field| source.gives(stream, *field));
            if fed {
                break;
            }
            let lacks = blind(rule.meant, source, stream);
            fed = lacks.is_empty();
            lacking.push((source.name.as_str(), lacks));
        }
        if fed || lacking.is_empty() {
            continue;
        }
        let everywhere: BTreeSet<&str> = lacking.iter().flat_map(|(_, lacks)| lacks).map(String::as_str).collect();
        let nowhere =
            everywhere.into_iter().find(|name| lacking.iter().all(|(_, lacks)| lacks.iter().any(|lack| lack == name)));
        let message = match nowhere {
            Some(name) => format!("no log that `{}` reads carries `{name}`", rule.meant.name),
            None => format!("each log that `{}` reads lacks something that decides it", rule.meant.name),
        };
        // An exception reads for the rule too.
        let mut places = Vec::new();
        rule.meant.walk(&mut |expr| {
            if let ExprKind::Field(field) = expr.kind
                && nowhere == Some(context.field(rule.meant, field))
            {
                places.push(expr.span);
            }
        });
        let own = places.iter().find(|place| rule.holds(**place));
        let help = match nowhere {
            Some(_) => "`skywatch coverage` shows which log carries what".to_owned(),
            None => {
                let of = |(source, lacks): &(&str, Vec<String>)| format!("`{source}` lacks `{}`", lacks.join("`, `"));
                lacking.iter().map(of).collect::<Vec<_>>().join("; ")
            }
        };
        let mut finding = LINT.finding(message).at(*own.unwrap_or(&rule.written.name.span), "so it never alerts");
        if let (None, Some(place)) = (own, places.first()) {
            finding = finding.at(*place, "an exception asks for it");
        }
        out.push(finding.help(help));
    }
}
