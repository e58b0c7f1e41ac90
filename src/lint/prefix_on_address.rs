//! W0131 `prefix-on-address`: a piece of text where a network is meant.

use super::measure::{SeenRule, field};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Expr, Literal, PredKind, TextTest};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0131",
        name: "prefix-on-address",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "piece of text where a network is meant",
        why: "An address as text has no networks: `10.1` is the start of 10.100.0.1 too, `172.` of addresses all over the internet, of which
172.16.0.0/12 alone is private, and `contains \"10.\"` is so of 110.0.0.1. Ask `source.ip in 10.0.0.0/8` where the log carries the whole address;
of a masked one ask for whole parts with their dots.",
        bad: "
rule foreign_address {
    severity low
    from     invocation
    where    source.net not starts with \"172.\" and status == 403
}",
        good: "
rule foreign_address {
    severity low
    from     invocation
    where    source.net not starts with any of [\"172.16.\", \"172.17.\", \"172.18.\"] and status == 403
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        rule.each_pred(&mut |pred| {
            let (subject, wrong) = match &pred.kind {
                PredKind::Text { test, subject, needles, .. } => {
                    let texts = needles.iter().filter_map(|needle| match needle.as_literal()? {
                        Literal::Text(text) => Some(text.as_str()),
                        _ => None,
                    });
                    (subject, texts.filter_map(|text| Some((text.to_owned(), wider(*test, text)?))).next())
                }
                PredKind::Matches { subject, patterns, .. } => {
                    let wrong = patterns.iter().find_map(|pattern| {
                        let start = pattern.text.strip_prefix('^')?.replace(r"\.", ".");
                        Some((pattern.text.clone(), wider(TextTest::StartsWith, &start)?))
                    });
                    (subject, wrong)
                }
                _ => return,
            };
            if let Some((text, why)) = wrong.filter(|_| is_address(context, rule, subject)) {
                out.push(
                    LINT.finding(format!("`{text}` is a piece of text, and no network: {why}"))
                        .at(pred.span, "")
                        .help("ask for the network where the log has the whole address: `source.ip in 10.0.0.0/8`"),
                );
            }
        });
    }
}

/// Whether a value is an address as text.
fn is_address(context: &Context<'_>, rule: &SeenRule<'_>, subject: &Expr) -> bool {
    field(rule, subject).is_some_and(|of| {
        let name = context.field(rule.meant, of);
        let mut parts = name.split(['.', '_']);
        name == "source.net" || parts.any(|part| matches!(part, "ip" | "addr" | "address" | "ipaddress"))
    })
}

/// What else a piece of an address is a piece of.
fn wider(test: TextTest, text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let numbers = parts.iter().rev().skip(1).all(|part| part.parse::<u8>().is_ok());
    let last = parts.last()?;
    let of_address =
        text.contains('.') && numbers && parts.len() <= 4 && (last.is_empty() || last.parse::<u8>().is_ok());
    match test {
        TextTest::Contains if of_address => Some("it stands elsewhere in addresses too".to_owned()),
        TextTest::StartsWith if of_address && text == "172." => Some("only 172.16.0.0/12 of it is private".to_owned()),
        // Another digit may follow the last number.
        TextTest::StartsWith
            if of_address && parts.len() < 4 && last.parse::<u8>().is_ok_and(|n| (1..=25).contains(&n)) =>
        {
            Some(format!("`{text}0` begins with it too"))
        }
        _ => None,
    }
}
