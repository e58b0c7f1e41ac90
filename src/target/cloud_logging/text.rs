//! Tests of text as patterns: equality too, because `=` folds case and more. A test that empty text would pass asks for text besides.

use super::errors;
use super::fields::{Kind, Located};
use super::lower::Lower;
use super::tree::{Filter, Test};
use crate::bind::constant::decided;
use crate::bind::simplify::with_subject;
use crate::diag::Diagnostic;
use crate::ir::pattern::{self, Dialect, Node};
use crate::ir::{Expr, Glob, Literal, Pattern, Pred, PredKind, TextTest};
use crate::source::Span;
use crate::target::said::Said;

/// RE2, as Google's reference names it; a filter's string literal escapes backslashes once more.
const RE2: Dialect = Dialect { boundary: [r"\b", r"\B"], ends: ["^", "$"], escape: pattern::hex_braces, also: "" };

/// Text that is there and not empty.
pub(super) fn present(at: &Located) -> Filter {
    found(at, &pattern::any_char())
}

fn found(at: &Located, node: &Node) -> Filter {
    Filter::Test(Test::Matches(at.field.clone(), pattern::print(node, &RE2)))
}

/// A test of a field that holds text.
pub(super) fn tests(at: &Located, pred: &Pred) -> Said<Filter> {
    debug_assert!(matches!(at.kind, Kind::Text | Kind::Any));
    if matches!(pred.kind, PredKind::Present(_)) {
        return Ok(present(at));
    }
    let Some(nodes) = wanted(pred, &Whole)? else { return Ok(Filter::Const(false)) };
    let filter = Filter::all(nodes.iter().map(|node| found(at, node)).collect());
    let empty = Expr::literal(Literal::Text(String::new()), pred.span);
    let of_empty = decided(&with_subject(pred, &empty)).unwrap_or(true);
    Ok(if of_empty { Filter::all(vec![present(at), filter]) } else { filter })
}

/// How the text that is asked for stands in the text that is searched.
trait Around {
    /// The nodes of a constant; none where it can't be there at all.
    fn constant(&self, text: &str, nocase: bool) -> Option<Vec<Node>>;
    /// What any text is.
    fn anything(&self) -> Node;
    /// The searched pattern of these nodes; `starts` and `ends` say whether they are all that stands on that side.
    fn placed(&self, nodes: Vec<Node>, starts: bool, ends: bool) -> Node;
    /// A pattern of the rule's own.
    fn own(&self, pattern: &Pattern) -> Option<Node>;
}

/// The whole field.
struct Whole;

impl Around for Whole {
    fn constant(&self, text: &str, nocase: bool) -> Option<Vec<Node>> {
        Some(vec![pattern::literal_node(text, nocase)])
    }

    fn anything(&self) -> Node {
        pattern::anything()
    }

    fn placed(&self, mut nodes: Vec<Node>, starts: bool, ends: bool) -> Node {
        if starts {
            nodes.insert(0, Node::Start);
        }
        if ends {
            nodes.push(Node::End);
        }
        pattern::concat(nodes)
    }

    fn own(&self, pattern: &Pattern) -> Option<Node> {
        Some(pattern.node.clone())
    }
}

/// The patterns that must all be found; none of a test that no text passes.
fn wanted(pred: &Pred, around: &dyn Around) -> Said<Option<Vec<Node>>> {
    let text_test = |test: TextTest, text: &str, nocase: bool| {
        let starts = matches!(test, TextTest::Equals | TextTest::StartsWith);
        let ends = matches!(test, TextTest::Equals | TextTest::EndsWith);
        around.constant(text, nocase).map(|nodes| around.placed(nodes, starts, ends))
    };
    let (nodes, every): (Vec<Option<Node>>, bool) = match &pred.kind {
        PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => {
            let nocase = matches!(pred.kind, PredKind::EqualNoCase(..));
            let text = constant(right).or(constant(left)).unwrap_or_default();
            (vec![text_test(TextTest::Equals, text, nocase)], false)
        }
        PredKind::OneOf { options, nocase, .. } => {
            let texts = options.iter().filter_map(|option| match option {
                Literal::Text(text) => Some(text_test(TextTest::Equals, text, *nocase)),
                _ => None,
            });
            (texts.collect(), false)
        }
        PredKind::Text { test, needles, every, nocase, .. } => {
            let texts = needles.iter().filter_map(constant).map(|text| text_test(*test, text, *nocase));
            (texts.collect(), *every)
        }
        PredKind::Fits { globs, nocase, .. } => {
            (globs.iter().map(|glob| glob_node(glob, *nocase, around)).collect(), false)
        }
        PredKind::Matches { patterns, every, .. } => {
            let nodes: Option<Vec<Node>> = patterns.iter().map(|pattern| around.own(pattern)).collect();
            let nodes = nodes.ok_or_else(|| vec![of_a_part(pred.span)])?;
            (nodes.into_iter().map(Some).collect(), *every)
        }
        _ => return Err(vec![errors::cannot(pred.span, "such test of text")]),
    };
    if every {
        return Ok(nodes.into_iter().collect());
    }
    let possible: Vec<Node> = nodes.into_iter().flatten().collect();
    Ok((!possible.is_empty()).then(|| vec![pattern::one_of(possible)]))
}

fn constant(expr: &Expr) -> Option<&str> {
    match expr.as_literal()? {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

fn glob_node(glob: &Glob, nocase: bool, around: &dyn Around) -> Option<Node> {
    let last = glob.parts.len().saturating_sub(1);
    let mut nodes = Vec::new();
    for (at, part) in glob.parts.iter().enumerate() {
        if !part.is_empty() {
            nodes.extend(around.constant(part, nocase)?);
        }
        let next_matters = glob.parts.get(at + 1).is_some_and(|next| at + 1 < last || !next.is_empty());
        if at < last && next_matters && !(at == 0 && part.is_empty()) {
            nodes.push(around.anything());
        }
    }
    let starts = glob.parts.first().is_none_or(|part| !part.is_empty()) || last == 0;
    let ends = glob.parts.last().is_none_or(|part| !part.is_empty()) || last == 0;
    Some(around.placed(nodes, starts, ends))
}

fn of_a_part(span: Span) -> Diagnostic {
    errors::cannot(span, "way to search a part of a text that a pattern takes out")
}

impl Lower<'_> {
    /// A test of what a pattern takes out of a text, as one pattern over the text: where the pattern can take out one part only.
    pub(super) fn extracted(&mut self, pred: &Pred, pattern: &Pattern, text: &Expr) -> Said<Filter> {
        let at = self.located(text)?;
        if !matches!(at.kind, Kind::Text | Kind::Any) {
            return Err(vec![errors::cannot(text.span, "such test of text")]);
        }
        let Some(part) = Part::of(&pattern.node) else { return Err(vec![of_a_part(pred.span)]) };
        if matches!(pred.kind, PredKind::Present(_)) {
            return Ok(found(&at, &part.in_text(part.some())));
        }
        let Some(nodes) = wanted(pred, &part)? else { return Ok(Filter::Const(false)) };
        Ok(Filter::all(nodes.iter().map(|node| found(&at, node)).collect()))
    }
}

/// A part that a pattern can find in one place of a text only: `before (class*) after`.
///
/// It is so where the text's start pins the place and what follows the part begins with something outside the class, or where the text's
/// end does and what stands before ends with something outside the class. So the part is a longest run of the class.
struct Part {
    before: Vec<Node>,
    class: Node,
    ranges: Vec<(char, char)>,
    negated: bool,
    after: Vec<Node>,
}

impl Part {
    fn of(node: &Node) -> Option<Part> {
        let nodes = match node {
            Node::Concat(nodes) => nodes.clone(),
            group @ Node::Group(_) => vec![group.clone()],
            _ => return None,
        };
        let at = nodes.iter().position(|node| matches!(node, Node::Group(_)))?;
        let (before, rest) = nodes.split_at(at);
        let (group, after) = rest.split_first()?;
        let Node::Group(inner) = group else { return None };
        let Node::Repeat { min: 0 | 1, max: None, greedy: true, node: class } = &**inner else { return None };
        let (negated, ranges) = match &**class {
            Node::Class { negated, ranges } => (*negated, ranges.clone()),
            Node::Char(c) => (false, vec![(*c, *c)]),
            _ => return None,
        };
        let part = Part { before: before.to_vec(), class: (**class).clone(), ranges, negated, after: after.to_vec() };
        part.is_unique().then_some(part)
    }

    /// Whether the part can stand in one place only, and what it is there is never cut short.
    fn is_unique(&self) -> bool {
        let from_start = matches!(self.before.split_first(), Some((Node::Start, rest)) if self.is_fixed(rest));
        let ends_outside = self.before.last().is_none_or(|node| self.is_outside(node));
        let (last, middle) = match self.after.split_last() {
            Some((Node::End, middle)) => (true, middle),
            _ => (false, self.after.as_slice()),
        };
        let begins_outside = match self.after.first() {
            None | Some(Node::End) => true,
            Some(node) => self.begins_outside(node),
        };
        let chars = |nodes: &[Node]| nodes.iter().all(|node| matches!(node, Node::Char(_)));
        if from_start {
            return begins_outside;
        }
        // Pinned by the end: before it characters only, after it fixed fields only.
        last && chars(&self.before) && ends_outside && begins_outside && self.is_fixed(middle)
    }

    /// Nodes that match in one way wherever they begin: characters, and fields of the class each with a separator outside of it.
    fn is_fixed(&self, nodes: &[Node]) -> bool {
        nodes.iter().all(|node| match node {
            Node::Char(_) => true,
            Node::Repeat { min, max: Some(max), node, .. } if min == max => match &**node {
                Node::Concat(pair) => match pair.as_slice() {
                    [a, b] => (self.is_run(a) && self.is_outside(b)) || (self.is_outside(a) && self.is_run(b)),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        })
    }

    fn is_run(&self, node: &Node) -> bool {
        matches!(node, Node::Repeat { min: 0, max: None, node, .. } if **node == self.class)
    }

    fn begins_outside(&self, node: &Node) -> bool {
        match node {
            Node::Repeat { min, node, .. } if *min > 0 => match &**node {
                Node::Concat(nodes) => nodes.first().is_some_and(|node| self.is_outside(node)),
                node => self.is_outside(node),
            },
            node => self.is_outside(node),
        }
    }

    fn is_outside(&self, node: &Node) -> bool {
        matches!(node, Node::Char(c) if !self.has(*c))
    }

    fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }

    /// The whole pattern, with something of the class in the part's place.
    fn in_text(&self, part: Node) -> Node {
        let outside = Node::Class { negated: !self.negated, ranges: self.ranges.clone() };
        let mut nodes = self.before.clone();
        if nodes.is_empty() {
            // The run is the longest: it begins at the start, or behind something outside the class.
            nodes.push(Node::Alternate(vec![Node::Start, outside.clone()]));
        }
        nodes.push(part);
        if self.after.is_empty() {
            nodes.push(Node::Alternate(vec![outside, Node::End]));
        }
        nodes.extend(self.after.clone());
        pattern::concat(nodes)
    }

    /// Any part that is not empty.
    fn some(&self) -> Node {
        Node::Repeat { min: 1, max: None, greedy: true, node: Box::new(self.class.clone()) }
    }

    fn run(&self) -> Node {
        Node::Repeat { min: 0, max: None, greedy: true, node: Box::new(self.class.clone()) }
    }
}

impl Around for Part {
    fn constant(&self, text: &str, nocase: bool) -> Option<Vec<Node>> {
        // Without case, a letter that the class has in one case only stands for that one.
        let letter = |c: char| match (nocase && c.is_ascii_alphabetic(), c.to_ascii_uppercase(), c.to_ascii_lowercase())
        {
            (true, upper, lower) if self.has(upper) && self.has(lower) => {
                Some(pattern::literal_node(&c.to_string(), true))
            }
            (true, upper, lower) => [upper, lower].into_iter().find(|c| self.has(*c)).map(Node::Char),
            _ => self.has(c).then_some(Node::Char(c)),
        };
        text.chars().map(letter).collect()
    }

    fn anything(&self) -> Node {
        self.run()
    }

    fn placed(&self, mut nodes: Vec<Node>, starts: bool, ends: bool) -> Node {
        if nodes.is_empty() {
            return self.in_text(self.some());
        }
        if !starts {
            nodes.insert(0, self.run());
        }
        if !ends {
            nodes.push(self.run());
        }
        self.in_text(pattern::concat(nodes))
    }

    fn own(&self, _: &Pattern) -> Option<Node> {
        None
    }
}
