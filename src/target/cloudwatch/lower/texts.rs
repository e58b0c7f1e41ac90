//! Tests of text: equality, parts and patterns.
//!
//! Text goes between quotes where no escape is needed, else it becomes a pattern. The negated form of a test looks at empty text
//! where the value is missing, so that it has one reading; a test that empty text passes gets a guard.

use super::values::Value;
use crate::ir::pattern::{self, Node};
use crate::ir::{Glob, TextTest};
use crate::target::cloudwatch::tree::{Function, Operator, Quoted, Term};

/// The text between quotes, where a test with it has one reading: ASCII, no escape, and nothing like the begin of a comment.
fn plain(text: &str) -> Option<Quoted> {
    let one_reading = text.is_ascii() && !text.contains('#');
    one_reading.then(|| Quoted::new(text)).flatten()
}

/// Whether text could be taken for a number: `=` then compares numbers, `in` compares whole texts.
fn like_a_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}

/// Whether a pattern matches empty text.
pub(super) fn matches_empty(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Start | Node::End | Node::Boundary { .. } => true,
        Node::Char(_) | Node::Class { .. } => false,
        Node::Repeat { min, node, .. } => *min == 0 || matches_empty(node),
        Node::Group(inner) => matches_empty(inner),
        Node::Concat(nodes) => nodes.iter().all(matches_empty),
        Node::Alternate(nodes) => nodes.iter().any(matches_empty),
    }
}

/// Whether a pattern finds in a text joined by line breaks just what it finds in one of its parts.
pub(super) fn within_a_line(node: &Node) -> bool {
    pattern::avoids(node, '\n')
}

/// Whether a pattern finds in texts that were joined by line breaks just what it finds in one of them: where it asks for the start, a line break
/// will do as well, and nothing else in it goes over the end of a line.
pub(super) fn within_a_part(node: &Node) -> bool {
    match node {
        Node::Alternate(nodes) => nodes.iter().all(within_a_part),
        Node::Group(inner) => within_a_part(inner),
        Node::Concat(nodes) => match nodes.split_first() {
            Some((first, rest)) => (starts_a_word(first) || within_a_part(first)) && rest.iter().all(within_a_line),
            None => true,
        },
        other => within_a_line(other),
    }
}

/// `(?:^|[^a-z])`: the start, or any of a class that has the line break.
fn starts_a_word(node: &Node) -> bool {
    let Node::Alternate(nodes) = node else { return false };
    let (starts, others): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| **node == Node::Start);
    !starts.is_empty()
        && others.iter().all(|node| matches!(node, Node::Class { .. }) && !within_a_line(node))
        && !others.is_empty()
}

fn one_of(mut nodes: Vec<Node>) -> Node {
    if nodes.len() == 1 { nodes.remove(0) } else { Node::Alternate(nodes) }
}

fn anchored(test: TextTest, node: Node) -> Node {
    match test {
        TextTest::Equals => Node::Concat(vec![Node::Start, node, Node::End]),
        TextTest::Contains => node,
        TextTest::StartsWith => Node::Concat(vec![Node::Start, node]),
        TextTest::EndsWith => Node::Concat(vec![node, Node::End]),
    }
}

/// A glob as a pattern over the whole text.
fn glob_node(glob: &Glob, nocase: bool) -> Node {
    let line = Node::Class { negated: true, ranges: vec![('\n', '\n')] };
    let anything = Node::Alternate(vec![line, Node::Char('\n')]);
    let anything = Node::Repeat { min: 0, max: None, greedy: true, node: Box::new(anything) };
    let (first, last) = (glob.parts.first(), glob.parts.last());
    // A star at an end is said by leaving the anchor out.
    let (open, close) = (first.is_some_and(String::is_empty), last.is_some_and(String::is_empty));
    let stars = glob.parts.len().saturating_sub(1);
    let mut nodes = if open { Vec::new() } else { vec![Node::Start] };
    for (n, part) in glob.parts.iter().enumerate() {
        let at_an_end = n == 0 || (n == 1 && open) || (n == stars && close);
        if !at_an_end {
            nodes.push(anything.clone());
        }
        if !part.is_empty() {
            nodes.push(pattern::literal_node(part, nocase));
        }
    }
    if !close {
        nodes.push(Node::End);
    }
    if nodes.is_empty() { Node::Empty } else { Node::Concat(nodes) }
}

/// A pattern found in a text that is there, or its complement.
fn like(subject: &Value, node: Node, positive: bool) -> Term {
    let empty = matches_empty(&node);
    let found = |subject: Term| Term::Like(Box::new(subject), node.clone(), !positive);
    match (positive, empty) {
        (true, false) => found(subject.term.clone()),
        (true, true) => Term::all(vec![subject.present(), found(subject.term.clone())]),
        (false, false) => found(subject.or_empty()),
        (false, true) => Term::any(vec![subject.absent(), found(subject.or_empty())]),
    }
}

/// The subject as a test of this sign looks at it.
fn seen(subject: &Value, positive: bool) -> Term {
    if positive { subject.term.clone() } else { subject.or_empty() }
}

fn joined(terms: Vec<Term>, all: bool, positive: bool) -> Term {
    if all == positive { Term::all(terms) } else { Term::any(terms) }
}

/// The subject is one of the texts, or none of them.
pub(super) fn equals(subject: &Value, texts: &[&str], nocase: bool, positive: bool) -> Term {
    let (quotable, odd): (Vec<&str>, Vec<&str>) = texts.iter().partition(|text| !nocase && plain(text).is_some());
    let mut terms = Vec::new();
    let options: Vec<Term> = quotable.iter().filter_map(|text| plain(text).map(Term::Text)).collect();
    match (options.as_slice(), quotable.as_slice()) {
        ([], _) => {}
        ([option], [text]) if !like_a_number(text) => {
            let operator = if positive { Operator::Equal } else { Operator::NotEqual };
            terms.push(seen(subject, positive).binary(operator, option.clone()));
        }
        _ => terms.push(Term::In(Box::new(seen(subject, positive)), options, !positive)),
    }
    if !odd.is_empty() {
        let nodes = odd.iter().map(|text| pattern::literal_node(text, nocase)).collect();
        terms.push(like(subject, anchored(TextTest::Equals, one_of(nodes)), positive));
    }
    joined(terms, false, positive)
}

/// The texts are found in the subject in the way of the test: one of them, or every one.
pub(super) fn found(
    test: TextTest,
    subject: &Value,
    texts: &[&str],
    every: bool,
    nocase: bool,
    positive: bool,
) -> Term {
    if test == TextTest::Equals {
        let one = |text: &&str| equals(subject, &[text], nocase, positive);
        return if every {
            joined(texts.iter().map(one).collect(), true, positive)
        } else {
            equals(subject, texts, nocase, positive)
        };
    }
    let node = |text: &str| pattern::literal_node(text, nocase);
    let one = |text: &&str| match plain(text).filter(|_| test == TextTest::Contains && !nocase) {
        Some(quoted) => Term::Holds(Box::new(seen(subject, positive)), quoted, !positive),
        None => like(subject, anchored(test, node(text)), positive),
    };
    if every || texts.len() == 1 {
        return joined(texts.iter().map(one).collect(), every, positive);
    }
    like(subject, anchored(test, one_of(texts.iter().map(|text| node(text)).collect())), positive)
}

/// The patterns are found in the subject: one of them, or every one.
pub(super) fn matches(subject: &Value, nodes: &[&Node], every: bool, positive: bool) -> Term {
    let terms = nodes.iter().map(|node| like(subject, without_groups(node), positive)).collect();
    joined(terms, every, positive)
}

/// The whole subject fits one of the globs.
pub(super) fn fits(subject: &Value, globs: &[Glob], nocase: bool, positive: bool) -> Term {
    let texts: Vec<&str> = globs.iter().filter_map(Glob::literal).collect();
    let mut terms = Vec::new();
    if !texts.is_empty() {
        terms.push(equals(subject, &texts, nocase, positive));
    }
    let patterns: Vec<Node> =
        globs.iter().filter(|glob| glob.literal().is_none()).map(|glob| glob_node(glob, nocase)).collect();
    if !patterns.is_empty() {
        terms.push(like(subject, one_of(patterns), positive));
    }
    joined(terms, false, positive)
}

/// A test needs no groups.
fn without_groups(node: &Node) -> Node {
    match node {
        Node::Group(inner) => without_groups(inner),
        Node::Repeat { min, max, greedy, node } => {
            Node::Repeat { min: *min, max: *max, greedy: *greedy, node: Box::new(without_groups(node)) }
        }
        Node::Concat(nodes) => Node::Concat(nodes.iter().map(without_groups).collect()),
        Node::Alternate(nodes) => Node::Alternate(nodes.iter().map(without_groups).collect()),
        leaf => leaf.clone(),
    }
}

/// A text that is not constant is found in the subject.
pub(super) fn found_value(test: TextTest, subject: &Value, needle: &Value, positive: bool) -> Term {
    let (text, needle_text) = (subject.or_empty(), needle.or_empty());
    let function = match test {
        TextTest::Contains => Function::StrContains,
        TextTest::StartsWith => Function::StartsWith,
        TextTest::EndsWith => Function::EndsWith,
        TextTest::Equals => {
            // Texts of digits may compare as numbers; with a sign behind them they are no numbers.
            let marked = |text| Term::call(Function::Concat, [text, Term::word("~")]);
            let (text, needle) = (marked(text), marked(needle_text));
            return match positive {
                true => Term::all(vec![subject.present(), text.binary(Operator::Equal, needle)]),
                false => Term::any(vec![subject.absent(), text.binary(Operator::NotEqual, needle)]),
            };
        }
    };
    let found = Term::call(function, [text, needle_text]);
    let wanted = |value: bool| found.clone().binary(Operator::Equal, Term::Int(i128::from(value)));
    // Every text contains the empty one: a missing needle is not found.
    if positive {
        Term::all(vec![needle.present(), wanted(true)])
    } else {
        Term::any(vec![needle.absent(), wanted(false)])
    }
}
