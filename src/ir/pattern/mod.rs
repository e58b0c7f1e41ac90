//! Regular expressions: takes the text of a pattern, gives a small tree that means the same on every engine, or says what is not portable.
//!
//! `\d \w \s \b` are ASCII, `.` is everything but `\n`, `^ $` are the text's ends, and `nocase` folds A–Z only: all of that is spelled out
//! in the tree, so that a dialect has nothing left to interpret. `regex-syntax` reads the text; nobody else here knows it.

mod print;
mod read;

pub use print::{Dialect, RUST, hex_braces, print};

/// Most times that a part may be repeated: RE2's own limit.
pub const MAX_REPEAT: u32 = 1_000;
/// Most characters of a pattern.
pub const MAX_LENGTH: usize = 4_000;
/// Every character there is.
const ANY: [(char, char); 1] = [('\0', char::MAX)];

/// A pattern, sought anywhere in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it was written, without the slashes.
    pub text: String,
    /// Whether `nocase` followed; already folded into `node`.
    pub nocase: bool,
    /// What it means.
    pub node: Node,
    /// How many capture groups it has.
    pub groups: usize,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Matches the empty text.
    Empty,
    /// One character.
    Char(char),
    /// One character of (or outside) some ranges, which are sorted and do not touch.
    Class {
        /// Outside.
        negated: bool,
        /// Both ends in.
        ranges: Vec<(char, char)>,
    },
    /// The start of the text.
    Start,
    /// The end of the text.
    End,
    /// A boundary of ASCII words, or where there is none.
    Boundary {
        /// `\B`
        negated: bool,
    },
    /// A part several times.
    Repeat {
        /// At least.
        min: u32,
        /// At most; none: any number.
        max: Option<u32>,
        /// As many as possible.
        greedy: bool,
        /// What.
        node: Box<Node>,
    },
    /// A capture group.
    Group(Box<Node>),
    /// One after the other; at least two.
    Concat(Vec<Node>),
    /// One of several; at least two.
    Alternate(Vec<Node>),
}

/// Why a pattern is not taken: the bytes of its text, what is wrong, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Bytes of the pattern's text.
    pub range: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

impl Pattern {
    /// The pattern that finds exactly `text`.
    #[must_use]
    pub fn literal(text: &str, nocase: bool) -> Pattern {
        Pattern { text: regex_syntax::escape(text), nocase, node: literal_node(text, nocase), groups: 0 }
    }

    /// The pattern in one dialect; see [`print`].
    #[must_use]
    pub fn print(&self, dialect: &Dialect) -> String {
        print(&self.node, dialect)
    }
}

/// A pattern's text that finds exactly `text`.
#[must_use]
pub fn escape(text: &str) -> String {
    regex_syntax::escape(text)
}

/// One character as it is written inside `[…]`.
#[must_use]
pub fn escape_in_class(character: &str) -> String {
    if "\\^[]-&~".contains(character) { format!(r"\{character}") } else { character.to_owned() }
}

/// The node that matches `text` itself; with `nocase`, A–Z in either case.
#[must_use]
pub fn literal_node(text: &str, nocase: bool) -> Node {
    concat(text.chars().map(|c| char_node(c, nocase)).collect())
}

/// The node that matches any one character, line breaks too.
#[must_use]
pub fn any_char() -> Node {
    Node::Class { negated: false, ranges: ANY.to_vec() }
}

/// The node that matches any number of any characters.
#[must_use]
pub fn anything() -> Node {
    repeat(any_char(), 0, None)
}

/// The node that finds in a text whose A–Z are a–z what this node finds in the text itself, and takes no A–Z; none where it tells cases apart.
#[must_use]
pub fn lowered(node: &Node) -> Option<Node> {
    let all = |nodes: &[Node]| nodes.iter().map(lowered).collect::<Option<Vec<_>>>();
    Some(match node {
        Node::Char(c) if c.is_ascii_alphabetic() => return None,
        Node::Empty | Node::Char(_) | Node::Start | Node::End | Node::Boundary { .. } => node.clone(),
        Node::Class { negated, ranges } => lowered_class(*negated, ranges)?,
        Node::Repeat { min, max, greedy, node } => {
            Node::Repeat { min: *min, max: *max, greedy: *greedy, node: Box::new(lowered(node)?) }
        }
        Node::Group(node) => Node::Group(Box::new(lowered(node)?)),
        Node::Concat(nodes) => Node::Concat(all(nodes)?),
        Node::Alternate(nodes) => Node::Alternate(all(nodes)?),
    })
}

fn lowered_class(negated: bool, ranges: &[(char, char)]) -> Option<Node> {
    let holds = |c: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
    if ('a'..='z').any(|c| holds(c) != holds(c.to_ascii_uppercase())) {
        return None;
    }
    // No text has A–Z then: a class without them can be a single character, which is sought faster.
    let below = ranges.iter().filter(|(low, _)| *low < 'A').map(|(low, high)| (*low, (*high).min('@')));
    let above = ranges.iter().filter(|(_, high)| *high > 'Z').map(|(low, high)| ((*low).max('['), *high));
    let letters = negated.then_some(('A', 'Z'));
    let ranges = merged(below.chain(letters).chain(above));
    Some(match ranges.as_slice() {
        [(low, high)] if low == high && !negated => Node::Char(*low),
        _ => Node::Class { negated, ranges },
    })
}

/// Sorted ranges, of which some may touch, as ranges of which none do.
fn merged(ranges: impl Iterator<Item = (char, char)>) -> Vec<(char, char)> {
    let mut out: Vec<(char, char)> = Vec::new();
    for (low, high) in ranges {
        match out.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(low) => *last = high,
            _ => out.push((low, high)),
        }
    }
    out
}

/// Whether a node takes no text that has the character, nor asks for the start or end of one. In texts that are joined by something with that
/// character, whose ends are of no word, it finds what it finds in each of them.
#[must_use]
pub fn avoids(node: &Node, c: char) -> bool {
    match node {
        Node::Start | Node::End => false,
        Node::Empty | Node::Boundary { .. } => true,
        Node::Char(own) => *own != c,
        Node::Class { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) == *negated,
        Node::Repeat { node, .. } | Node::Group(node) => avoids(node, c),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().all(|node| avoids(node, c)),
    }
}

/// As often as it can, from `min` to `max` times.
#[must_use]
pub fn repeat(node: Node, min: u32, max: Option<u32>) -> Node {
    Node::Repeat { min, max, greedy: true, node: Box::new(node) }
}

/// One of several nodes, of which a text needs to be found by one; what all begin or end with stands outside.
#[must_use]
pub fn one_of(nodes: Vec<Node>) -> Node {
    let mut branches: Vec<Vec<Node>> = nodes
        .into_iter()
        .map(|node| match node {
            Node::Concat(nodes) => nodes,
            Node::Empty => Vec::new(),
            node => vec![node],
        })
        .collect();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    while let Some(node) = shared(branches.iter().map(|branch| branch.first())) {
        branches.iter_mut().for_each(|branch| _ = branch.remove(0));
        before.push(node);
    }
    while let Some(node) = shared(branches.iter().map(|branch| branch.last())) {
        branches.iter_mut().for_each(|branch| _ = branch.pop());
        after.insert(0, node);
    }
    give_back(&mut before, &mut after, &mut branches);
    if branches.len() == 1 {
        before.extend(branches.into_iter().flatten());
    } else if branches.iter().any(|branch| !branch.is_empty()) {
        before.push(Node::Alternate(branches.into_iter().map(concat).collect()));
    }
    before.extend(after);
    concat(before)
}

/// Gives the branches back what would leave half words outside of them: nobody reads `De(?:lete|ploy)` as two names.
fn give_back(before: &mut Vec<Node>, after: &mut Vec<Node>, branches: &mut [Vec<Node>]) {
    let lower = |node: Option<&Node>| matches!(node, Some(Node::Char(c)) if c.is_ascii_lowercase());
    let upper = |node: Option<&Node>| matches!(node, Some(Node::Char(c)) if c.is_ascii_uppercase());
    let halves = branches.iter().any(|branch| lower(branch.first())) && lower(before.last());
    while halves && (lower(before.last()) || upper(before.last())) {
        let done = upper(before.last());
        let Some(node) = before.pop() else { break };
        branches.iter_mut().for_each(|branch| branch.insert(0, node.clone()));
        if done {
            break;
        }
    }
    while branches.iter().any(|branch| lower(branch.last())) && lower(after.first()) {
        let node = after.remove(0);
        branches.iter_mut().for_each(|branch| branch.push(node.clone()));
    }
}

/// The node that all have, where there are several.
fn shared<'a>(nodes: impl Iterator<Item = Option<&'a Node>>) -> Option<Node> {
    let mut nodes = nodes.peekable();
    let first = (*nodes.peek()?)?;
    let mut count = 0;
    let same = nodes.all(|node| {
        count += 1;
        node == Some(first)
    });
    (same && count > 1).then(|| first.clone())
}

/// One node after the other. INVARIANT: at least two in a [`Node::Concat`], none of them one itself.
#[must_use]
pub fn concat(nodes: Vec<Node>) -> Node {
    let mut flat = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::Concat(inner) => flat.extend(inner),
            Node::Empty => {}
            node => flat.push(node),
        }
    }
    match flat.len() {
        0 => Node::Empty,
        1 => flat.remove(0),
        _ => Node::Concat(flat),
    }
}

/// One character; a letter A–Z in either case.
fn char_node(c: char, nocase: bool) -> Node {
    if nocase && c.is_ascii_alphabetic() {
        let (upper, lower) = (c.to_ascii_uppercase(), c.to_ascii_lowercase());
        Node::Class { negated: false, ranges: vec![(upper, upper), (lower, lower)] }
    } else {
        Node::Char(c)
    }
}
