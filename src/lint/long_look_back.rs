//! W0207 `long-look-back`: a rule that asks for a past, or a window, that is longer than the pack keeps its data.

use super::content::{asks, reads};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Rule, SECOND, duration};
use crate::source::Span;

const DAY: i64 = 86_400 * SECOND;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0207",
        name: "long-look-back",
        kind: Kind::Cost,
        level: Level::Warn,
        title: "past that is not kept so long",
        why: "An archive keeps each stream for the days that `[retention]` of pack.toml says, text of users for 30 where it says nothing. Before that
nothing is known, and a window whose verdict hangs on it stays undecided: the rule never alerts. Ask for less, or keep it longer.",
        bad: "
/// A known caller uses a model that it did not use in 180 days.
rule new_model {
    severity low
    from     invocation
    over     1h by caller.id, model.id
    when     unseen(180d) and seen(180d by caller.id)
}",
        good: "
/// A known caller uses a model that it did not use in 30 days.
rule new_model {
    severity low
    from     invocation
    over     1h by caller.id, model.id
    when     unseen(30d) and seen(30d by caller.id)
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let meant = rule.meant;
        let Some(stream) = context.stream(meant) else { continue };
        let retention = &context.pack.retention;
        let (mut kind, mut days) = (stream.name.as_str(), retention.kept(&stream.name));
        if rows_need_content(context, meant) && retention.kept("content") < days {
            (kind, days) = ("content", retention.kept("content"));
        }
        let mut said = false;
        let mut longer = |length: i64, span: Span, what: &str| {
            if !said && length > days.saturating_mul(DAY) {
                said = true;
                let length = duration(length);
                let finding = LINT.finding(format!("{what} of {length}, but `{kind}` is kept for {days} days"));
                let help = format!("ask for at most {days}d, or keep `{kind}` longer in `[retention]` of pack.toml");
                out.push(finding.at(span, "").help(help));
            }
        };
        for look in meant.looks.iter().filter(|look| rule.holds(look.span)) {
            longer(look.length, look.span, "a past");
        }
        if let Some(window) = &meant.window {
            longer(window.length, window.span, "a window");
        }
    }
}

/// Whether which rows there are can't be said without text of users.
fn rows_need_content(context: &Context<'_>, rule: &Rule) -> bool {
    let keys = rule.window.iter().flat_map(|window| &window.keys).map(|key| &key.value);
    let mut values = keys.chain(rule.each.iter().map(|each| &each.list));
    rule.filter.iter().any(|pred| asks(context, rule, pred)) || values.any(|value| reads(context, rule, value))
}
