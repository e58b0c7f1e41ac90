//! What lints ask of a pattern's tree.

use crate::ir::pattern::Node;

/// What stands one after the other.
pub(super) fn parts(node: &Node) -> &[Node] {
    match node {
        Node::Concat(nodes) => nodes,
        Node::Empty => &[],
        node => std::slice::from_ref(node),
    }
}

/// Any character but a line break.
pub(super) fn is_dot(node: &Node) -> bool {
    matches!(node, Node::Class { negated: true, ranges } if ranges.as_slice() == [('\n', '\n')])
}

/// Any character at all.
pub(super) fn is_any(node: &Node) -> bool {
    match node {
        Node::Class { negated: true, ranges } => ranges.is_empty(),
        Node::Class { negated: false, ranges } => {
            let mut next = Some('\0');
            for (low, high) in ranges {
                if next != Some(*low) {
                    return false;
                }
                next = (u32::from(*high) + 1..=u32::from(*high) + 0x801).find_map(char::from_u32);
            }
            next.is_none()
        }
        _ => false,
    }
}

/// Whether it must take a character at least.
pub(super) fn takes(node: &Node) -> bool {
    match node {
        Node::Char(_) | Node::Class { .. } => true,
        Node::Empty | Node::Start | Node::End | Node::Boundary { .. } => false,
        Node::Repeat { min, node, .. } => *min > 0 && takes(node),
        Node::Group(node) => takes(node),
        Node::Concat(nodes) => nodes.iter().any(takes),
        Node::Alternate(nodes) => nodes.iter().all(takes),
    }
}

/// Whether it may take nothing, wherever it stands.
pub(super) fn may_be_empty(node: &Node) -> bool {
    match node {
        Node::Empty => true,
        Node::Char(_) | Node::Class { .. } | Node::Start | Node::End | Node::Boundary { .. } => false,
        Node::Repeat { min, node, .. } => *min == 0 || may_be_empty(node),
        Node::Group(node) => may_be_empty(node),
        Node::Concat(nodes) => nodes.iter().all(may_be_empty),
        Node::Alternate(nodes) => nodes.iter().any(may_be_empty),
    }
}
