//! W0328 `name-style`: a name with capitals.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0328",
        name: "name-style",
        kind: Kind::Care,
        level: Level::Warn,
        title: "name with capitals",
        why: "Names are words of small letters with `_` between: built-in ones are, commands name rules so, and alerts sort by them. An
alert's id is made of the rule's name, so change it before the rule is in use.",
        bad: "
rule BigAnswer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for item in context.pack.files.iter().flat_map(|file| &file.file.items) {
        let (what, name) = match &item.kind {
            ItemKind::Rule(rule) => (if rule.signal { "signal" } else { "rule" }, &rule.name),
            ItemKind::Correlate(correlate) => ("correlation", &correlate.name),
            ItemKind::List(list) => ("list", &list.name),
            ItemKind::Table(table) => ("table", &table.name),
            ItemKind::Operations(operations) => ("operations", &operations.name),
            ItemKind::Calendar(calendar) => ("calendar", &calendar.name),
            ItemKind::Prices(prices) => ("prices", &prices.name),
            ItemKind::Exception(exception) => ("exception", &exception.name),
            // Streams and sources are often called what somebody else calls them.
            ItemKind::Stream(_) | ItemKind::Source(_) | ItemKind::Test(_) => continue,
        };
        if name.node.chars().any(char::is_uppercase) {
            let finding = LINT.finding(format!("the {what} `{}` has capitals", name.node)).at(name.span, "");
            out.push(finding.help(format!("write it `{}`", snake(&name.node))));
        }
    }
}

/// `BigAnswer` as `big_answer`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut small = false;
    for c in name.chars() {
        if c.is_uppercase() && small {
            out.push('_');
        }
        small = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}
