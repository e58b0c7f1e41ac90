//! W0114 `matches-everything`: a pattern that is found in every text, a name of operations that every one fits.

use super::pattern_tree::{is_any, is_dot, may_be_empty};
use super::written::{patterns, shown};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::Pattern;
use crate::ir::pattern::Node;
use crate::syntax::ast::ItemKind;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0114",
        name: "matches-everything",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "pattern that every text fits",
        why: "A pattern that can match the empty text is found in every text: `x*` allows none, `(a|)` allows nothing, `.*` both. The test says no more than
`is present`. Write what has to be there, or ask `is present`.",
        bad: "
rule keys_asked {
    severity low
    from     invocation
    where    prompt matches /(api[_ ]?key)?/ nocase
}",
        good: "
rule keys_asked {
    severity low
    from     invocation
    where    prompt matches /api[_ ]?key/ nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for pattern in patterns(context).into_iter().filter(|pattern| pattern.sought) {
        let Ok(node) = Pattern::new(pattern.text, false).map(|pattern| pattern.node) else { continue };
        let why = if everywhere(&node) {
            "it may match nothing at all"
        } else if one_character(&node) {
            "it asks for a character, and no text is empty"
        } else {
            continue;
        };
        let finding = LINT.finding(format!("`{}` is found in every text", shown(context, pattern.span)));
        out.push(finding.at(pattern.span, why).help("write what has to be there, or ask `is present`"));
    }
    let operations = context.items(|kind| match kind {
        ItemKind::Operations(operations) => Some(operations),
        _ => None,
    });
    for glob in operations.iter().flat_map(|operations| &operations.clouds).flat_map(|(_, globs)| globs) {
        if glob.node.chars().all(|c| c == '*') {
            let finding = LINT.finding(format!("every operation fits `{}`", glob.node)).at(glob.span, "");
            out.push(finding.help("name the operations that are meant"));
        }
    }
}

/// Whether it is found in every text: it may be empty, at one of the text's ends or anywhere.
fn everywhere(node: &Node) -> bool {
    match node {
        Node::Start | Node::End => true,
        Node::Group(node) => everywhere(node),
        Node::Alternate(nodes) => nodes.iter().any(everywhere),
        Node::Concat(nodes) => {
            let anchors = |wanted: &Node| nodes.iter().all(|node| node == wanted || may_be_empty(node));
            anchors(&Node::Start) || anchors(&Node::End) || whole(nodes)
        }
        node => may_be_empty(node),
    }
}

/// From one end to the other, with any characters between them.
fn whole(nodes: &[Node]) -> bool {
    let any = |node: &Node| matches!(node, Node::Repeat { min: 0, max: None, node, .. } if is_any(node));
    matches!(nodes, [Node::Start, inside @ .., Node::End]
        if inside.iter().any(any) && inside.iter().all(may_be_empty))
}

/// Whether one character is enough, whichever it is.
fn one_character(node: &Node) -> bool {
    match node {
        Node::Repeat { min: 1, node, .. } | Node::Group(node) => one_character(node),
        node => is_any(node) || is_dot(node),
    }
}
