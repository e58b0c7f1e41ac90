//! W0330 `hidden-price`: a price that never counts, because an earlier pattern fits all of its models.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Spanned;
use crate::syntax::ast::{ItemKind, Literal, Price};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0330",
        name: "hidden-price",
        kind: Kind::Care,
        level: Level::Warn,
        title: "price behind a broader one",
        why: "Of the prices whose pattern fits a model's id the first in the text counts. A broad pattern above a narrow one takes all of its models, and
what they cost is reckoned by the wrong line. Put the narrow patterns first.",
        bad: "
prices list_2026 {
    currency USD
    model \"*claude*\"         from 2026-01-01 input = 3, output = 15
    model \"*claude-3-haiku*\" from 2026-01-01 input = 0.25, output = 1.25
}

rule spent { severity medium  from invocation  over 1h by caller.id  when sum(cost) > 100 }",
        good: "
prices list_2026 {
    currency USD
    model \"*claude-3-haiku*\" from 2026-01-01 input = 0.25, output = 1.25
    model \"*claude*\"         from 2026-01-01 input = 3, output = 15
}

rule spent { severity medium  from invocation  over 1h by caller.id  when sum(cost) > 100 }",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let lists = context.items(|kind| match kind {
        ItemKind::Prices(prices) => Some(prices),
        _ => None,
    });
    for list in lists {
        let models: Vec<(&Spanned<String>, i64)> =
            list.prices.iter().flat_map(|price| from_when(&price.node)).collect();
        for (model, from) in &models {
            // A pattern stands where it stands first, whatever its dates.
            let n = models.iter().position(|(other, _)| other.node == model.node).unwrap_or_default();
            // One that begins later leaves the time before it.
            let broader = |(other, since): &&(&Spanned<String>, i64)| {
                other.node != model.node && since <= from && covers(&other.node, &model.node)
            };
            if let Some((broad, _)) = models.iter().take(n).find(broader) {
                let finding = LINT.finding(format!("`{}` never counts", model.node));
                let finding = finding.at(model.span, "").at(broad.span, "fits all of its models, and stands first");
                out.push(finding.help("put the narrower pattern first"));
            }
        }
    }
}

/// The patterns of a price, and since when it counts.
fn from_when(price: &Price) -> Vec<(&Spanned<String>, i64)> {
    let Literal::Time(from, _) = price.from.node else { return Vec::new() };
    price.models.iter().map(|model| (model, from)).collect()
}

/// Whether each text that fits `narrow` fits `broad`: of one text with stars around it, behind it or before it.
fn covers(broad: &str, narrow: &str) -> bool {
    let Some(inner) = broad.strip_prefix('*') else {
        let begins = |start: &str| !start.contains('*') && narrow.starts_with(start);
        return broad.strip_suffix('*').is_some_and(begins);
    };
    match inner.strip_suffix('*') {
        Some(inner) => !inner.contains('*') && narrow.split('*').any(|part| part.contains(inner)),
        None => !inner.contains('*') && narrow.ends_with(inner),
    }
}
