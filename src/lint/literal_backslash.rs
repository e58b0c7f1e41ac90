//! W0117 `literal-backslash`: a backslash and a letter, in a pattern or a text, where a class is meant.

use super::written::{each_test, lists, patterns, text_of};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::syntax::ast::{Expr, ExprKind};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0117",
        name: "literal-backslash",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "backslash and a letter, where a class is meant",
        why: "In a pattern `\\\\s` is a backslash and an `s`; white space is `\\s`. It comes about where a pattern is copied out of a string in which
backslashes were doubled. In a text (`contains \"\\\\s+\"`) nothing is a class at all. Either finds next to nothing.",
        bad: "
rule injection {
    severity low
    from     invocation
    where    prompt matches /ignore\\\\s+previous/ nocase
}",
        good: "
rule injection {
    severity low
    from     invocation
    where    prompt matches /ignore\\s+previous/ nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for pattern in patterns(context) {
        if let Some(class) = doubled(pattern.text) {
            let message = format!("`\\\\{class}` is a backslash and `{class}`");
            let help = format!("write `\\{class}` for the class");
            out.push(LINT.finding(message).at(pattern.span, "").help(help));
        }
    }
    let mut text = |expr: &Expr| {
        if let Some(class) = text_of(expr).and_then(repeated) {
            let finding = LINT.finding(format!("`\\{class}` is no class in a text")).at(expr.span, "");
            out.push(finding.help("patterns are asked with `matches /…/`"));
        }
    };
    each_test(context, &mut |_, test| match &*test.right.node {
        ExprKind::List(items) => items.iter().for_each(&mut text),
        _ => text(&test.right),
    });
    lists(context).into_iter().flat_map(|(_, items)| items).for_each(text);
}

/// The letter of a class behind an escaped backslash, where no word goes on behind it: `\\system32` is a path.
fn doubled(pattern: &str) -> Option<char> {
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            continue;
        }
        if chars.next() != Some('\\') {
            continue;
        }
        let mut ahead = chars.clone();
        if let Some(class) = ahead.next().filter(|c| "sdwbSDW".contains(*c))
            && ahead.next().is_none_or(|next| "+*?{\\)|$".contains(next))
        {
            return Some(class);
        }
    }
    None
}

/// The letter of what would be a repeated class in a pattern.
fn repeated(text: &str) -> Option<char> {
    let class = |(at, _): (usize, &str)| {
        let mut behind = text.get(at..)?.chars().skip(1);
        let class = behind.next().filter(|c| "sdw".contains(*c))?;
        behind.next().filter(|c| "+*{".contains(*c)).map(|_| class)
    };
    text.match_indices('\\').find_map(class)
}
