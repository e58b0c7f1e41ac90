//! A text in which a pattern is found.

use crate::ir::pattern::Node;

/// Characters that are tried where a class leaves the choice.
const PLAIN: [char; 9] = ['a', '0', 'A', '_', '-', '.', '/', ':', ' '];

/// Which of several alternatives a text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    First,
    Last,
}

/// A short text that the node matches; its first group, if there is one, is `group`.
pub(super) fn witness(node: &Node, group: Option<&str>, take: Take) -> String {
    let mut out = String::new();
    add(node, &mut group.map(str::to_owned), take, &mut out);
    out
}

fn add(node: &Node, group: &mut Option<String>, take: Take, out: &mut String) {
    match node {
        Node::Empty | Node::Start | Node::End | Node::Boundary { .. } => {}
        Node::Char(c) => out.push(*c),
        Node::Class { negated, ranges } => {
            let inside = |c: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated;
            let first = ranges.first().map(|(from, _)| *from).filter(|_| !*negated);
            out.extend(PLAIN.into_iter().find(|c| inside(*c)).or(first));
        }
        Node::Repeat { min, node, .. } => (0..*min).for_each(|_| add(node, group, take, out)),
        Node::Group(inner) => match group.take() {
            Some(text) => out.push_str(&text),
            None => add(inner, group, take, out),
        },
        Node::Concat(nodes) => nodes.iter().for_each(|node| add(node, group, take, out)),
        Node::Alternate(nodes) => {
            let taken = if take == Take::First { nodes.first() } else { nodes.last() };
            if let Some(taken) = taken {
                add(taken, group, take, out);
            }
        }
    }
}
