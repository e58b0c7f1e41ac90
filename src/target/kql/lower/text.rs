//! Text: equality, search, patterns and globs, by code point, folding A–Z only.
//!
//! KQL's own case-insensitive operators fold more than A–Z. Between texts that are ASCII they fold just that, so equality with an ASCII
//! constant asks for an ASCII subject too; whatever is sought inside a text is printed as a pattern with both cases of each letter.

use super::super::library::Own;
use super::super::print::hidden;
use super::super::tree::{Infix, Scalar};
use super::pred::is_one_of;
use super::{Lower, Truth, Value};
use crate::ir::pattern::{self, Dialect, Node, literal_node};
use crate::ir::{Expr, Glob, Literal, Pattern, TextTest};
use crate::target::said::{Said, gather};

/// KQL's regular expressions: Rust's.
pub(super) const DIALECT: Dialect =
    Dialect { boundary: [r"(?-u:\b)", r"(?-u:\B)"], ends: ["^", "$"], escape: escaped, also: "" };

/// More constants than this are sought by one pattern.
const MAX_TESTS: usize = 3;

fn escaped(c: char) -> Option<String> {
    let noncharacter = u32::from(c) & 0xFFFE == 0xFFFE;
    match pattern::hex_braces(c) {
        None if hidden(c) || noncharacter => Some(format!(r"\x{{{:x}}}", u32::from(c))),
        found => found,
    }
}

impl Lower<'_> {
    /// A text test, with one of the needles or with every one.
    pub(super) fn text_test(
        &mut self,
        test: TextTest,
        subject: &Expr,
        needles: &[Expr],
        every: bool,
        nocase: bool,
    ) -> Said<Truth> {
        let constants: Option<Vec<String>> = needles.iter().map(constant).collect();
        let Some(texts) = constants else { return self.test_with_values(test, subject, needles, every, nocase) };
        if test == TextTest::Equals && !every {
            return self.equals_one(subject, &texts, nocase);
        }
        let text = self.value(subject)?.scalar;
        if test == TextTest::StartsWith
            && nocase
            && !every
            && let Some(tests) = self.ascii_prefixes(&text, &texts)
        {
            return Ok(Truth::plain(tests));
        }
        let whole = |text: &str| in_place(test, literal_node(text, nocase));
        let tests: Vec<Scalar> = if nocase && test != TextTest::Equals {
            if every {
                let text = if texts.len() > 1 { self.once(text, "text_value") } else { text };
                texts.iter().map(|needle| matches(text.clone(), &whole(needle))).collect()
            } else {
                vec![matches(text, &alternatives(texts.iter().map(|needle| whole(needle)).collect()))]
            }
        } else if texts.len() > MAX_TESTS && !every {
            vec![matches(text, &alternatives(texts.iter().map(|needle| whole(needle)).collect()))]
        } else {
            let text = if texts.len() > 1 { self.once(text, "text_value") } else { text };
            texts.iter().map(|needle| Scalar::infix(text.clone(), infix(test), Scalar::text(needle))).collect()
        };
        Ok(Truth::plain(if every { Scalar::all(tests) } else { Scalar::any(tests) }))
    }

    /// Needles that are values of the row: what is missing is not found, though KQL finds the empty text everywhere.
    fn test_with_values(
        &mut self,
        test: TextTest,
        subject: &Expr,
        needles: &[Expr],
        every: bool,
        nocase: bool,
    ) -> Said<Truth> {
        let fold = |scalar: Scalar| if nocase { Scalar::Own(Own::AsciiLower, vec![scalar]) } else { scalar };
        let value = self.value(subject)?;
        let text = fold(value.scalar);
        let text = if needles.len() > 1 { self.once(text, "text_value") } else { text };
        let mut tests = Vec::new();
        for needle in gather(needles.iter().map(|needle| self.value(needle)))? {
            let sought = if needle.optional { self.once(needle.scalar, "needle_value") } else { needle.scalar };
            let mut parts = Vec::new();
            if needle.optional {
                parts.push(Scalar::call("isnotempty", [sought.clone()]));
            }
            parts.push(Scalar::infix(text.clone(), infix(test), fold(sought)));
            tests.push(Scalar::all(parts));
        }
        Ok(Truth::plain(if every { Scalar::all(tests) } else { Scalar::any(tests) }))
    }

    /// The whole text is one of the constants.
    pub(super) fn equals_one(&mut self, subject: &Expr, texts: &[String], nocase: bool) -> Said<Truth> {
        let text = self.value(subject)?.scalar;
        self.is_text(text, texts, nocase)
    }

    fn is_text(&mut self, text: Scalar, texts: &[String], nocase: bool) -> Said<Truth> {
        let options = || texts.iter().map(Scalar::text).collect();
        if !nocase || !texts.iter().any(|text| text.contains(|c: char| c.is_ascii_alphabetic())) {
            return Ok(Truth::plain(is_one_of(text, options(), false)));
        }
        if !texts.iter().all(|text| text.is_ascii()) {
            let nodes = texts.iter().map(|text| in_place(TextTest::Equals, literal_node(text, true))).collect();
            return Ok(Truth::plain(matches(text, &alternatives(nodes))));
        }
        let text = self.once(text, "text_value");
        let same = is_one_of(text.clone(), options(), true);
        Ok(Truth::plain(Scalar::all(vec![same, Scalar::Own(Own::IsAscii, vec![text])])))
    }

    /// Begins with one of a few constants that are ASCII, in any case: where the beginning is ASCII, KQL folds A–Z only.
    fn ascii_prefixes(&mut self, text: &Scalar, prefixes: &[String]) -> Option<Scalar> {
        if prefixes.len() > MAX_TESTS || !prefixes.iter().all(|prefix| prefix.is_ascii()) {
            return None;
        }
        let text = self.once(text.clone(), "text_value");
        let test = |prefix: &String| {
            let length = i64::try_from(prefix.len()).unwrap_or(i64::MAX);
            let start = Scalar::call("substring", [text.clone(), Scalar::Long(0), Scalar::Long(length)]);
            let begins = Scalar::infix(text.clone(), Infix::StartsWithNoCase, Scalar::text(prefix));
            Scalar::all(vec![begins, Scalar::Own(Own::IsAscii, vec![start])])
        };
        Some(Scalar::any(prefixes.iter().map(test).collect()))
    }

    /// One of the patterns, or every one, is found somewhere.
    pub(super) fn matches(&mut self, subject: &Expr, patterns: &[Pattern], every: bool) -> Said<Truth> {
        let Value { scalar: text, optional, .. } = self.value(subject)?;
        let nodes: Vec<Node> = patterns.iter().map(|pattern| without_groups(&pattern.node)).collect();
        // The empty text is missing, and a pattern may find something in it.
        let guarded =
            optional && if every { nodes.iter().all(may_match_nothing) } else { nodes.iter().any(may_match_nothing) };
        let text = if guarded || (every && nodes.len() > 1) { self.once(text, "text_value") } else { text };
        let mut tests = Vec::new();
        if guarded {
            tests.push(Scalar::call("isnotempty", [text.clone()]));
        }
        if every {
            tests.extend(nodes.iter().map(|node| matches(text.clone(), node)));
        } else {
            tests.push(matches(text, &alternatives(nodes)));
        }
        Ok(Truth::plain(Scalar::all(tests)))
    }

    /// The whole text fits one of the globs.
    pub(super) fn fits(&mut self, subject: &Expr, globs: &[Glob], nocase: bool) -> Said<Truth> {
        let text = self.value(subject)?.scalar;
        let literal = |glob: &Glob| glob.literal().map(str::to_owned);
        let prefix = |glob: &Glob| match glob.parts.as_slice() {
            [prefix, rest] if rest.is_empty() && !prefix.is_empty() => Some(prefix.clone()),
            _ => None,
        };
        let whole: Vec<String> = globs.iter().filter_map(literal).collect();
        let prefixes: Vec<String> = globs.iter().filter_map(prefix).collect();
        let others: Vec<&Glob> = globs.iter().filter(|g| literal(g).is_none() && prefix(g).is_none()).collect();
        let kinds = [!whole.is_empty(), !prefixes.is_empty(), !others.is_empty()].into_iter().filter(|some| *some);
        let text = if kinds.count() > 1 { self.once(text, "text_value") } else { text };
        let mut tests = Vec::new();
        if !whole.is_empty() {
            tests.push(self.is_text(text.clone(), &whole, nocase)?.scalar);
        }
        let mut nodes: Vec<Node> = others.iter().map(|glob| glob_node(glob, nocase)).collect();
        if !prefixes.is_empty() {
            let readable = if nocase {
                self.ascii_prefixes(&text, &prefixes)
            } else {
                (prefixes.len() <= MAX_TESTS).then(|| {
                    let begins = |p: &String| Scalar::infix(text.clone(), Infix::StartsWith, Scalar::text(p));
                    Scalar::any(prefixes.iter().map(begins).collect())
                })
            };
            match readable {
                Some(test) => tests.push(test),
                None => nodes.extend(prefixes.iter().map(|p| in_place(TextTest::StartsWith, literal_node(p, nocase)))),
            }
        }
        if others.iter().any(|glob| glob.parts.iter().all(String::is_empty)) {
            return Ok(Truth::plain(Scalar::call("isnotempty", [text])));
        }
        if !nodes.is_empty() {
            tests.push(matches(text, &alternatives(nodes)));
        }
        Ok(Truth::plain(Scalar::any(tests)))
    }
}

fn constant(needle: &Expr) -> Option<String> {
    match needle.as_literal() {
        Some(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn infix(test: TextTest) -> Infix {
    match test {
        TextTest::Equals => Infix::Equal,
        TextTest::Contains => Infix::Contains,
        TextTest::StartsWith => Infix::StartsWith,
        TextTest::EndsWith => Infix::EndsWith,
    }
}

fn matches(text: Scalar, node: &Node) -> Scalar {
    Scalar::matches(text, pattern::print(node, &DIALECT))
}

fn alternatives(mut nodes: Vec<Node>) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            nodes.push(last);
            Node::Alternate(nodes)
        }
        (_, None) => Node::Empty,
    }
}

/// A node at the place in the text where the test seeks it.
fn in_place(test: TextTest, node: Node) -> Node {
    match test {
        TextTest::Contains => node,
        TextTest::StartsWith => sequence(vec![Node::Start, node]),
        TextTest::EndsWith => sequence(vec![node, Node::End]),
        TextTest::Equals => sequence(vec![Node::Start, node, Node::End]),
    }
}

fn sequence(nodes: Vec<Node>) -> Node {
    let flat = nodes.into_iter().flat_map(|node| match node {
        Node::Concat(inner) => inner,
        Node::Empty => Vec::new(),
        node => vec![node],
    });
    Node::Concat(flat.collect())
}

/// From the text's start to its end, unless a star stands there.
fn glob_node(glob: &Glob, nocase: bool) -> Node {
    let anything = || Node::Repeat {
        min: 0,
        max: None,
        greedy: true,
        node: Box::new(Node::Class { negated: false, ranges: vec![('\0', char::MAX)] }),
    };
    let last = glob.parts.len().saturating_sub(1);
    let mut nodes = Vec::new();
    for (at, part) in glob.parts.iter().enumerate() {
        let outer = part.is_empty() && (at == 0 || at == last);
        if at == 0 && !outer {
            nodes.push(Node::Start);
        } else if at > 0 && !outer && !(at == 1 && glob.parts.first().is_some_and(String::is_empty)) {
            nodes.push(anything());
        }
        nodes.push(literal_node(part, nocase));
        if at == last && !outer {
            nodes.push(Node::End);
        }
    }
    sequence(nodes)
}

/// The pattern with its first group only: what `extract` asks for.
pub(super) fn only_first_group(node: &Node) -> Node {
    let mut first = true;
    regrouped(node, &mut |inner| {
        let keep = std::mem::take(&mut first);
        if keep { Node::Group(Box::new(inner)) } else { inner }
    })
}

fn without_groups(node: &Node) -> Node {
    regrouped(node, &mut |inner| inner)
}

/// The node with each capture group made anew, the outer ones first.
fn regrouped(node: &Node, group: &mut dyn FnMut(Node) -> Node) -> Node {
    match node {
        Node::Group(inner) => {
            // Groups count from their opening parenthesis, so the outer one is asked for before those in it.
            let outer = group(Node::Empty);
            let inner = regrouped(inner, group);
            if matches!(outer, Node::Group(_)) { Node::Group(Box::new(inner)) } else { inner }
        }
        Node::Repeat { min, max, greedy, node } => {
            Node::Repeat { min: *min, max: *max, greedy: *greedy, node: Box::new(regrouped(node, group)) }
        }
        Node::Concat(nodes) => sequence(nodes.iter().map(|node| regrouped(node, group)).collect()),
        Node::Alternate(nodes) => Node::Alternate(nodes.iter().map(|node| regrouped(node, group)).collect()),
        leaf => leaf.clone(),
    }
}

/// Whether a pattern may be found in the empty text.
fn may_match_nothing(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Start | Node::End | Node::Boundary { .. } => true,
        Node::Char(_) | Node::Class { .. } => false,
        Node::Repeat { min, node, .. } => *min == 0 || may_match_nothing(node),
        Node::Group(inner) => may_match_nothing(inner),
        Node::Concat(nodes) => nodes.iter().all(may_match_nothing),
        Node::Alternate(nodes) => nodes.iter().any(may_match_nothing),
    }
}
