//! Tests of text: takes a test, gives a comparison, a function or a pattern.
//!
//! Where the test would be false of empty text and of the words `true` and `false`, the column is read as it is: there is no telling.

use super::errors;
use super::lower::Lower;
use super::lower_raw::Reading;
use super::tree::{Node, Operator, Sql, Type};
use crate::bind::{constant, simplify};
use crate::ir::pattern::{self, Dialect, Node as Pattern};
use crate::ir::{self, Expr, ExprKind, Glob, Literal, Pred, PredKind, TextTest};
use crate::target::said::{Said, gather};

/// RE2 inside `r'…'`: a quote is written by its code.
pub(super) const RE2: Dialect = Dialect { boundary: [r"\b", r"\B"], ends: ["^", "$"], escape, also: "" };

fn escape(c: char) -> Option<String> {
    if c == '\'' { Some(r"\x27".to_owned()) } else { pattern::hex_braces(c) }
}

/// A pattern as a literal.
pub(super) fn pattern_literal(node: &Pattern) -> Sql {
    Sql::new(Node::Pattern(pattern::print(node, &RE2)), Type::String, false)
}

/// The letters whose case is folded, in both cases.
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";

/// Text with A–Z made small: `LOWER` would fold other letters too.
pub(super) fn lower(text: Sql) -> Sql {
    Sql::call("TRANSLATE", vec![text, Sql::text(UPPER), Sql::text(LOWER)], Type::String)
}

/// Text with a–z made large.
pub(super) fn upper(text: Sql) -> Sql {
    Sql::call("TRANSLATE", vec![text, Sql::text(LOWER), Sql::text(UPPER)], Type::String)
}

impl Lower<'_> {
    /// An operand of a test, read only as exactly as the test can tell.
    pub(super) fn text_for(&mut self, expr: &Expr, test: &Pred) -> Said<Sql> {
        let of_constants = simplify::subject(test).is_some_and(|subject| std::ptr::eq(subject, expr));
        let accepts = |text: &str| {
            let given = Expr::literal(Literal::Text(text.to_owned()), expr.span);
            constant::decided(&simplify::with_subject(test, &given)).unwrap_or(true)
        };
        let reading = if of_constants {
            Reading { empty: accepts(""), bools: accepts("true") || accepts("false") }
        } else {
            Reading::STRICT
        };
        match &expr.kind {
            ExprKind::Read(inner) => {
                let raw = self.raw(inner)?;
                self.read(&raw, &ir::Type::Text, reading, expr.span)
            }
            ExprKind::Element(number) => self.scalar_element(*number, reading, expr.span),
            _ => self.expr(expr),
        }
    }

    /// `Text`, `Matches`, `Fits`, and `OneOf` without case.
    pub(super) fn text_test(&mut self, pred: &Pred) -> Said<Sql> {
        let subject = match &pred.kind {
            PredKind::Text { subject, .. }
            | PredKind::Matches { subject, .. }
            | PredKind::Fits { subject, .. }
            | PredKind::OneOf { subject, .. } => self.text_for(subject, pred)?,
            _ => return Err(vec![errors::cannot(pred.span, "this test of text", "use another test")]),
        };
        if subject.node == Node::Null {
            return Ok(Sql::bool(false));
        }
        match &pred.kind {
            PredKind::Text { test, needles, every, nocase, .. } => {
                let constants: Option<Vec<&str>> = needles.iter().map(text_of).collect();
                match constants {
                    Some(needles) => Ok(constant_needles(*test, subject, &needles, *every, *nocase)),
                    None => {
                        let needles = gather(needles.iter().map(|needle| self.expr(needle)))?;
                        let found = |needle| one_needle(*test, subject.clone(), needle, *nocase);
                        let tests = needles.into_iter().map(found).collect();
                        Ok(if *every { Sql::all(tests) } else { Sql::any(tests) })
                    }
                }
            }
            PredKind::Matches { patterns, every: true, .. } => {
                Ok(Sql::all(patterns.iter().map(|p| contains_pattern(subject.clone(), &p.node)).collect()))
            }
            PredKind::Matches { patterns, .. } => {
                Ok(contains_pattern(subject, &pattern::one_of(patterns.iter().map(|p| p.node.clone()).collect())))
            }
            PredKind::Fits { globs, nocase, .. } => Ok(fits(subject, globs, *nocase)),
            PredKind::OneOf { options, .. } => {
                let texts: Vec<&str> = options
                    .iter()
                    .filter_map(|option| if let Literal::Text(text) = option { Some(text.as_str()) } else { None })
                    .collect();
                Ok(constant_needles(TextTest::Equals, subject, &texts, false, true))
            }
            _ => Ok(Sql::bool(false)),
        }
    }

    pub(super) fn equal_nocase(&mut self, left: &Expr, right: &Expr, pred: &Pred) -> Said<Sql> {
        let (subject, constant) = match (text_of(left), text_of(right)) {
            (_, Some(text)) => (left, text),
            (Some(text), None) => (right, text),
            (None, None) => {
                let mut sides = gather(vec![self.expr(left), self.expr(right)])?;
                let (Some(b), Some(a)) = (sides.pop(), sides.pop()) else { return Ok(Sql::bool(false)) };
                return Ok(Sql::binary(Operator::Equal, lower(a), lower(b)));
            }
        };
        let subject = self.text_for(subject, pred)?;
        if subject.node == Node::Null {
            return Ok(Sql::bool(false));
        }
        Ok(constant_needles(TextTest::Equals, subject, &[constant], false, true))
    }
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr.as_literal()? {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

fn constant_needles(test: TextTest, subject: Sql, needles: &[&str], every: bool, nocase: bool) -> Sql {
    if every {
        let tests = needles.iter().map(|needle| constant_needles(test, subject.clone(), &[needle], false, nocase));
        return Sql::all(tests.collect());
    }
    // Without a letter, case says nothing.
    let nocase = nocase && needles.iter().any(|needle| needle.bytes().any(|b| b.is_ascii_alphabetic()));
    if !nocase {
        if test == TextTest::Equals {
            return subject.one_of(needles.iter().map(|needle| Sql::text(*needle)).collect());
        }
        if let [needle] = needles {
            return one_needle(test, subject, Sql::text(*needle), false);
        }
    }
    let mut nodes = vec![pattern::one_of(needles.iter().map(|needle| pattern::literal_node(needle, nocase)).collect())];
    if matches!(test, TextTest::Equals | TextTest::StartsWith) {
        nodes.insert(0, Pattern::Start);
    }
    if matches!(test, TextTest::Equals | TextTest::EndsWith) {
        nodes.push(Pattern::End);
    }
    contains_pattern(subject, &pattern::concat(nodes))
}

fn one_needle(test: TextTest, subject: Sql, needle: Sql, nocase: bool) -> Sql {
    if nocase {
        return one_needle(test, lower(subject), lower(needle), false);
    }
    match test {
        TextTest::Equals => Sql::binary(Operator::Equal, subject, needle),
        TextTest::Contains => {
            let place = Sql::call("STRPOS", vec![subject, needle], Type::Int64);
            Sql::binary(Operator::Greater, place, Sql::int(0))
        }
        TextTest::StartsWith => Sql::call("STARTS_WITH", vec![subject, needle], Type::Bool),
        TextTest::EndsWith => Sql::call("ENDS_WITH", vec![subject, needle], Type::Bool),
    }
}

fn contains_pattern(subject: Sql, node: &Pattern) -> Sql {
    Sql::call("REGEXP_CONTAINS", vec![subject, pattern_literal(node)], Type::Bool)
}

/// Globs: the plain ones by comparison, the others by one pattern.
fn fits(subject: Sql, globs: &[Glob], nocase: bool) -> Sql {
    let (plain, starred): (Vec<&Glob>, Vec<&Glob>) = globs.iter().partition(|glob| glob.literal().is_some());
    let plain: Vec<&str> = plain.into_iter().filter_map(Glob::literal).collect();
    let mut tests = Vec::new();
    if !plain.is_empty() {
        tests.push(constant_needles(TextTest::Equals, subject.clone(), &plain, false, nocase));
    }
    match starred.as_slice() {
        [] => {}
        [only] if !nocase && only.parts.len() == 2 && only.parts.iter().any(String::is_empty) => {
            let (test, part) = match only.parts.as_slice() {
                [first, last] if last.is_empty() => (TextTest::StartsWith, first),
                [_, last] => (TextTest::EndsWith, last),
                _ => (TextTest::Contains, &only.parts[0]),
            };
            tests.push(one_needle(test, subject, Sql::text(part.clone()), false));
        }
        _ => {
            let nodes: Vec<Pattern> = starred.iter().map(|glob| glob.node(nocase)).collect();
            tests.push(contains_pattern(subject, &pattern::one_of(nodes)));
        }
    }
    Sql::any(tests)
}

/// Whether the node can match the empty text.
pub(super) fn matches_empty(node: &Pattern) -> bool {
    match node {
        Pattern::Char(_) | Pattern::Class { .. } => false,
        Pattern::Empty | Pattern::Start | Pattern::End | Pattern::Boundary { .. } => true,
        Pattern::Repeat { min, node, .. } => *min == 0 || matches_empty(node),
        Pattern::Group(inner) => matches_empty(inner),
        Pattern::Concat(nodes) => nodes.iter().all(matches_empty),
        Pattern::Alternate(nodes) => nodes.iter().any(matches_empty),
    }
}
