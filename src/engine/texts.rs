//! Tests of text columns: what is sought is compiled once a plan into one machine; what is missing is not found.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, StringViewArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::logical_expr::Expr;
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};

use super::kernel::{argument, kernel};
use crate::eval;
use crate::ir::pattern::{Node, RUST, literal_node, print};
use crate::ir::{Glob, Pattern, TextTest};
use crate::redact::{self, Entity};

/// How text is sought in text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Where.
    pub test: TextTest,
    /// Every needle instead of one.
    pub every: bool,
    /// With the case of A–Z folded.
    pub nocase: bool,
}

/// A yes or no for each text; missing text is a no.
fn test(label: &str, identity: String, subject: Expr, test: impl Fn(&str) -> bool + Send + Sync + 'static) -> Expr {
    kernel(label, identity, DataType::Boolean, vec![subject], move |args| {
        let texts = argument::<StringViewArray>(args, 0)?;
        Ok(Arc::new(texts.iter().map(|text| Some(text.is_some_and(&test))).collect::<BooleanArray>()) as ArrayRef)
    })
}

/// Whether the text of one column is found in another's.
pub(super) fn found(wanted: Wanted, subject: Expr, needle: Expr) -> Expr {
    kernel(
        "found",
        format!("{:?} {}", wanted.test, wanted.nocase),
        DataType::Boolean,
        vec![subject, needle],
        move |args| {
            let (subjects, needles) = (argument::<StringViewArray>(args, 0)?, argument::<StringViewArray>(args, 1)?);
            let found = subjects.iter().zip(needles).map(|(subject, needle)| {
                Some(subject.zip(needle).is_some_and(|(s, n)| wanted.test.finds(s, n, wanted.nocase)))
            });
            Ok(Arc::new(found.collect::<BooleanArray>()) as ArrayRef)
        },
    )
}

/// Whether constants are found in a column's text.
pub(super) fn found_constants(wanted: Wanted, subject: Expr, needles: &[&str]) -> Expr {
    let needles: Vec<String> = needles.iter().map(|needle| (*needle).to_owned()).collect();
    let identity = format!("{wanted:?} {needles:?}");
    let patterns: Vec<String> = needles.iter().map(|needle| print(&sought(wanted, needle), &RUST)).collect();
    let one = if wanted.every { None } else { alternation(&patterns) };
    test("found", identity, subject, move |text| match &one {
        Some(regex) => regex.is_match(text),
        None => {
            let found = |needle: &String| wanted.test.finds(text, needle, wanted.nocase);
            if wanted.every { needles.iter().all(found) } else { needles.iter().any(found) }
        }
    })
}

/// The pattern that finds a constant.
pub(super) fn sought(wanted: Wanted, needle: &str) -> Node {
    let text = literal_node(needle, wanted.nocase);
    match wanted.test {
        TextTest::Contains => text,
        TextTest::Equals => Node::Concat(vec![Node::Start, text, Node::End]),
        TextTest::StartsWith => Node::Concat(vec![Node::Start, text]),
        TextTest::EndsWith => Node::Concat(vec![text, Node::End]),
    }
}

/// Whether patterns are found in a column's text.
pub(super) fn matches(subject: Expr, patterns: &[Pattern], every: bool) -> Result<Expr> {
    let printed: Vec<String> = patterns.iter().map(|pattern| pattern.print(&RUST)).collect();
    let identity = format!("{every} {printed:?}");
    let one = if every { None } else { alternation(&printed) };
    if let Some(regex) = one {
        return Ok(test("matches", identity, subject, move |text| regex.is_match(text)));
    }
    let machines = printed.iter().map(|pattern| machine(pattern)).collect::<Result<Vec<_>>>()?;
    Ok(test("matches", identity, subject, move |text| {
        let found = |regex: &Regex| regex.is_match(text);
        if every { machines.iter().all(found) } else { machines.iter().any(found) }
    }))
}

/// Whether redaction finds an entity in a column's text.
pub(super) fn held(subject: Expr, entity: Entity) -> Expr {
    test("held", entity.word().to_owned(), subject, move |text| redact::finds(text, entity))
}

/// Whether a column's whole text fits one of the globs.
pub(super) fn fits(subject: Expr, globs: &[Glob], nocase: bool) -> Result<Expr> {
    let glob_text = |glob: &Glob| {
        let parts: Vec<String> = glob.parts.iter().map(|part| print(&literal_node(part, nocase), &RUST)).collect();
        format!(r"\A(?:{})\z", parts.join("(?s:.*)"))
    };
    let printed: Vec<String> = globs.iter().map(glob_text).collect();
    let regex = machine(&joined(&printed))?;
    Ok(test("fits", format!("{printed:?}"), subject, move |text| regex.is_match(text)))
}

/// Whether two texts are equal but for the case of A–Z.
pub(super) fn equal_nocase(left: Expr, right: Expr) -> Expr {
    found(Wanted { test: TextTest::Equals, every: false, nocase: true }, left, right)
}

/// Whether text is one of the options but for the case of A–Z.
pub(super) fn one_of_nocase<'o>(subject: Expr, options: impl Iterator<Item = &'o str>) -> Expr {
    let options: BTreeSet<String> = options.map(str::to_ascii_lowercase).collect();
    test("one_of_nocase", format!("{options:?}"), subject, move |text| options.contains(&text.to_ascii_lowercase()))
}

/// Whether a column's addresses lie in one of the networks.
pub(super) fn in_network(subject: Expr, networks: &[IpNet]) -> Expr {
    let networks = networks.to_vec();
    test("in_network", format!("{networks:?}"), subject, move |text| {
        text.parse::<IpAddr>().is_ok_and(|ip| networks.iter().any(|network| network.contains(&ip)))
    })
}

/// One machine for several patterns; none where it would grow past the limit.
fn alternation(patterns: &[String]) -> Option<Regex> {
    machine(&joined(patterns)).ok()
}

/// One pattern for several, of which a text needs to hold one.
pub(super) fn joined(patterns: &[String]) -> String {
    let mut text = String::new();
    for (n, pattern) in patterns.iter().enumerate() {
        _ = write!(text, "{}(?:{pattern})", if n == 0 { "" } else { "|" });
    }
    text
}

/// A pattern's machine, with the evaluator's limit.
pub(super) fn machine(pattern: &str) -> Result<Regex> {
    RegexBuilder::new(pattern)
        .size_limit(eval::pattern::SIZE_LIMIT)
        .build()
        .map_err(|_| plan_datafusion_err!("a pattern grows too large to run"))
}
