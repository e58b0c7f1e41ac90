//! W0115 `matches-nothing`: a pattern, or a branch of one, that can never match.

use super::pattern_tree::{parts, takes};
use super::written::{patterns, shown};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Pattern;
use crate::ir::pattern::Node;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0115",
        name: "matches-nothing",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "pattern that no text fits",
        why: "`^` is the start of the text and `$` its end: behind or before a character they can't be. Mostly the character itself is meant, as in `$HOME`,
and has to be escaped. `\\b` stands between a letter, digit or `_` of ASCII and anything else; between two of a kind it is nowhere, and at the end of a
pattern beside a slash, a dot or a letter that is not ASCII it asks for a letter right on the other side, which is not what a word's end is.",
        bad: "
rule reads_secrets {
    severity low
    from     invocation
    where    prompt matches /echo\\s+$[A-Z_]+KEY/
}",
        good: "
rule reads_secrets {
    severity low
    from     invocation
    where    prompt matches /echo\\s+\\$[A-Z_]+KEY/
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for pattern in patterns(context) {
        let Ok(node) = Pattern::new(pattern.text, false).map(|pattern| pattern.node) else { continue };
        let mut found = Vec::new();
        dead(&node, false, false, &mut found);
        if pattern.sought {
            found.extend(odd_end(&node));
        }
        if let Some(Why { message, help }) = found.into_iter().next() {
            let finding = LINT.finding(format!("{message} in `{}`", shown(context, pattern.span)));
            out.push(finding.at(pattern.span, "").help(help));
        }
    }
}

struct Why {
    message: String,
    help: &'static str,
}

fn why(message: impl Into<String>, help: &'static str) -> Why {
    Why { message: message.into(), help }
}

/// Adds what can't be, where characters are taken `before` and `after` it in any case.
fn dead(node: &Node, before: bool, after: bool, out: &mut Vec<Why>) {
    match node {
        Node::Start if before => {
            out.push(why("`^` behind a character is found nowhere", "write `\\^` where the character is meant"));
        }
        Node::End if after => {
            out.push(why("`$` before a character is found nowhere", "write `\\$` where the character is meant"));
        }
        Node::Group(node) | Node::Repeat { node, .. } => dead(node, before, after, out),
        Node::Alternate(nodes) => nodes.iter().for_each(|node| dead(node, before, after, out)),
        Node::Concat(nodes) => {
            for (n, node) in nodes.iter().enumerate() {
                let before = before || nodes.iter().take(n).any(takes);
                dead(node, before, after || nodes.iter().skip(n + 1).any(takes), out);
            }
            for three in nodes.windows(3) {
                let [left, Node::Boundary { negated: false }, right] = three else { continue };
                if let (Some(left), Some(right)) = (in_words(left), in_words(right))
                    && left == right
                {
                    let what = if left { "two letters" } else { "two characters that are no letters" };
                    out.push(why(
                        format!("`\\b` between {what} is found nowhere"),
                        "take it off, or write what stands between",
                    ));
                }
            }
        }
        _ => {}
    }
}

/// A boundary of a word at an end of a pattern, beside what is no part of a word.
fn odd_end(node: &Node) -> Option<Why> {
    let nodes = parts(node);
    let beside = match nodes {
        [Node::Boundary { negated: false }, Node::Char(c), ..] if !is_word(*c) => c,
        [.., Node::Char(c), Node::Boundary { negated: false }] if !is_word(*c) => c,
        _ => return None,
    };
    let message =
        format!("`\\b` beside `{beside}` is found only where an ASCII letter or digit stands on its other side");
    Some(why(message, "take it off, or write what may stand there: `(^|\\s)`, `(\\s|$)`"))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a node is one character of words, or one that is none; nothing where it may be either.
fn in_words(node: &Node) -> Option<bool> {
    match node {
        Node::Char(c) => Some(is_word(*c)),
        Node::Group(node) => in_words(node),
        Node::Repeat { min, node, .. } if *min > 0 => in_words(node),
        Node::Class { negated: false, ranges } => {
            let word = |(low, high): &(char, char)| {
                let both = |is: fn(&char) -> bool| is(low) && is(high);
                both(char::is_ascii_digit)
                    || both(char::is_ascii_lowercase)
                    || both(char::is_ascii_uppercase)
                    || both(|c| *c == '_')
            };
            (!ranges.is_empty() && ranges.iter().all(word)).then_some(true)
        }
        _ => None,
    }
}
