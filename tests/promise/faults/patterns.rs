//! Faults in patterns and networks: takes one, as a tree or as text, gives it with something wrong where it has the place for that.

use ipnet::IpNet;
use skywatch::ir::pattern::Node;

/// Without the first `^`.
pub(super) fn start_is_open(node: &Node) -> Option<Node> {
    put(node, &|node| (*node == Node::Start).then_some(Node::Empty))
}

/// Without the first `$`.
pub(super) fn end_is_open(node: &Node) -> Option<Node> {
    put(node, &|node| (*node == Node::End).then_some(Node::Empty))
}

/// With the first letter that may be large or small only large.
pub(super) fn folds_no_case(node: &Node) -> Option<Node> {
    put(node, &|node| match node {
        Node::Class { negated: false, ranges } => match ranges.as_slice() {
            [(large, end), (small, _)] if large == end && small.to_ascii_uppercase() == *large => {
                Some(Node::Char(*large))
            }
            _ => None,
        },
        _ => None,
    })
}

/// The pattern with another node in the first place where there is one.
fn put(node: &Node, other: &dyn Fn(&Node) -> Option<Node>) -> Option<Node> {
    if let Some(other) = other(node) {
        return Some(other);
    }
    let in_one = |nodes: &[Node]| {
        let (at, other) = nodes.iter().enumerate().find_map(|(at, node)| Some((at, put(node, other)?)))?;
        let mut nodes = nodes.to_vec();
        nodes[at] = other;
        Some(nodes)
    };
    match node {
        Node::Concat(nodes) => in_one(nodes).map(Node::Concat),
        Node::Alternate(nodes) => in_one(nodes).map(Node::Alternate),
        Node::Group(inner) => put(inner, other).map(|inner| Node::Group(Box::new(inner))),
        Node::Repeat { min, max, greedy, node } => {
            let node = Box::new(put(node, other)?);
            Some(Node::Repeat { min: *min, max: *max, greedy: *greedy, node })
        }
        _ => None,
    }
}

/// A pattern's text without its `^` at the front.
pub(super) fn open_start(pattern: &str) -> Option<String> {
    let at = ["^", "(?:^|", "(^"].iter().find(|start| pattern.starts_with(**start))?;
    let rest = pattern.strip_prefix(at)?;
    Some(format!("{}{rest}", at.replace('^', "")))
}

/// A pattern's text without its `$` at the end.
pub(super) fn open_end(pattern: &str) -> Option<String> {
    pattern.strip_suffix('$').map(str::to_owned)
}

/// A pattern's text with the first `.` that stands for itself as any character.
pub(super) fn any_character(pattern: &str) -> Option<String> {
    pattern.contains(r"\.").then(|| pattern.replacen(r"\.", ".", 1))
}

/// A pattern's text with the first letter that may be large or small only large.
pub(super) fn small_letters_lost(pattern: &str) -> Option<String> {
    let folded = |at: &usize| {
        matches!(pattern.as_bytes()[*at..], [b'[', large, small, b']', ..]
        if large.is_ascii_uppercase() && small == large.to_ascii_lowercase())
    };
    let at = pattern.match_indices('[').map(|(at, _)| at).find(folded)?;
    Some(format!("{}{}{}", &pattern[..at], &pattern[at + 1..at + 2], &pattern[at + 4..]))
}

/// The half of a network that its own address is in.
pub(super) fn half_network(network: IpNet) -> Option<IpNet> {
    IpNet::new(network.addr(), network.prefix_len() + 1).ok()
}

/// A network and its neighbour.
pub(super) fn double_network(network: IpNet) -> Option<IpNet> {
    Some(IpNet::new(network.addr(), network.prefix_len().checked_sub(1)?).ok()?.trunc())
}
