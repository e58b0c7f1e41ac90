//! Predicates over constants: takes a predicate whose operands are all constants, gives whether it holds.
//!
//! Used where a rewriting has put a constant in the place of a field, and to ask what a test would say of a given text.

use std::cmp::Ordering;

use crate::ir::{Comparison, Expr, Literal, Pattern, Pred, PredKind, pattern};

/// Whether the predicate holds; none where an operand is no constant, or of a kind that can't be decided here.
#[must_use]
pub fn decided(pred: &Pred) -> Option<bool> {
    match &pred.kind {
        PredKind::Const(value) => Some(*value),
        PredKind::Present(expr) => expr.as_literal().map(|_| true),
        PredKind::Holds(expr) => match expr.as_literal()? {
            Literal::Bool(value) => Some(*value),
            _ => None,
        },
        PredKind::Compare(op, left, right) => {
            let order = compare(left.as_literal()?, right.as_literal()?)?;
            Some(match op {
                Comparison::Equal => order == Ordering::Equal,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterEqual => order != Ordering::Less,
            })
        }
        PredKind::EqualNoCase(left, right) => Some(text(left)?.eq_ignore_ascii_case(text(right)?)),
        PredKind::OneOf { subject, options, nocase } => {
            let subject = subject.as_literal()?;
            Some(options.iter().any(|option| match (subject, option, nocase) {
                (Literal::Text(a), Literal::Text(b), true) => a.eq_ignore_ascii_case(b),
                _ => compare(subject, option) == Some(Ordering::Equal),
            }))
        }
        PredKind::InNetwork(expr, networks) => match expr.as_literal()? {
            Literal::Ip(ip) => Some(networks.iter().any(|network| network.contains(ip))),
            _ => None,
        },
        PredKind::Text { test, subject, needles, every, nocase } => {
            let subject = text(subject)?;
            let found = needles.iter().map(|needle| Some(test.finds(subject, text(needle)?, *nocase)));
            one_or_every(found, *every)
        }
        PredKind::Matches { subject, patterns, every } => {
            let subject = text(subject)?;
            one_or_every(patterns.iter().map(|pattern| matches(pattern, subject)), *every)
        }
        PredKind::Fits { subject, globs, nocase } => {
            let subject = text(subject)?;
            Some(globs.iter().any(|glob| glob.fits(subject, *nocase)))
        }
        PredKind::All(_)
        | PredKind::Any(_)
        | PredKind::Not(_)
        | PredKind::Found { .. }
        | PredKind::Has { .. }
        | PredKind::Some { .. }
        | PredKind::Operation { .. } => None,
    }
}

fn one_or_every(answers: impl Iterator<Item = Option<bool>>, every: bool) -> Option<bool> {
    let answers: Vec<bool> = answers.collect::<Option<_>>()?;
    Some(if every { answers.iter().all(|found| *found) } else { answers.iter().any(|found| *found) })
}

fn text(expr: &Expr) -> Option<&str> {
    match expr.as_literal()? {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether a pattern is found in a text.
fn matches(pattern: &Pattern, text: &str) -> Option<bool> {
    regex::Regex::new(&pattern.print(&pattern::RUST)).ok().map(|regex| regex.is_match(text))
}

/// How two constants of one type, or an int and a float, stand to one another; none for what has no order here.
#[must_use]
pub fn compare(left: &Literal, right: &Literal) -> Option<Ordering> {
    Some(match (left, right) {
        (Literal::Text(a), Literal::Text(b)) => a.cmp(b),
        (Literal::Int(a), Literal::Int(b))
        | (Literal::Time(a), Literal::Time(b))
        | (Literal::Duration(a), Literal::Duration(b)) => a.cmp(b),
        (Literal::Float(a), Literal::Float(b)) => a.partial_cmp(b)?,
        (Literal::Decimal(a), Literal::Decimal(b)) => a.cmp(b),
        (Literal::Bool(a), Literal::Bool(b)) => a.cmp(b),
        (Literal::Ip(a), Literal::Ip(b)) => a.cmp(b),
        (Literal::Int(a), Literal::Float(b)) => int_with_float(*a, *b),
        (Literal::Float(a), Literal::Int(b)) => int_with_float(*b, *a).reverse(),
        _ => return None,
    })
}

/// What a comparison of an int with a constant float is of ints alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntTest {
    /// No int stands so to it.
    Never,
    /// Every int does.
    Always,
    /// Those that stand so to this one.
    Int(Comparison, i64),
}

/// The same comparison of ints: 4.5 lies between 4 and 5, and some floats are past all ints.
#[must_use]
pub fn with_float(comparison: Comparison, float: f64) -> IntTest {
    let (above, below) = (float >= PAST_INTS, float < -PAST_INTS);
    let (floor, is_whole) = (float.floor() as i64, float.fract() == 0.0);
    match comparison {
        Comparison::Less | Comparison::LessEqual if above => IntTest::Always,
        Comparison::Greater | Comparison::GreaterEqual if below => IntTest::Always,
        _ if above || below => IntTest::Never,
        Comparison::Equal if !is_whole => IntTest::Never,
        Comparison::Less if !is_whole => IntTest::Int(Comparison::LessEqual, floor),
        Comparison::GreaterEqual if !is_whole => IntTest::Int(Comparison::Greater, floor),
        same => IntTest::Int(same, floor),
    }
}

/// The first float past all ints: 2^63.
const PAST_INTS: f64 = 9_223_372_036_854_775_808.0;

/// Exactly, as numbers: neither side is rounded.
fn int_with_float(int: i64, float: f64) -> Ordering {
    if float >= PAST_INTS {
        return Ordering::Less;
    }
    if float < -PAST_INTS {
        return Ordering::Greater;
    }
    // Between the two bounds a float without its fraction is an int.
    int.cmp(&(float.trunc() as i64)).then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_against_a_float_is_one_of_ints() {
        let floats = [-1e300, -9_223_372_036_854_775_808.0, -2.5, -0.0, 0.5, 4.0, 9_223_372_036_854_775_808.0, 1e300];
        let ints = [i64::MIN, -3, -2, 0, 1, 4, 5, i64::MAX];
        let holds = |order: Ordering, comparison| match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::Less => order.is_lt(),
            Comparison::LessEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterEqual => order.is_ge(),
        };
        let all =
            [Comparison::Equal, Comparison::Less, Comparison::LessEqual, Comparison::Greater, Comparison::GreaterEqual];
        for (float, int) in floats.into_iter().flat_map(|float| ints.map(|int| (float, int))) {
            for comparison in all {
                let expected = holds(int_with_float(int, float), comparison);
                let found = match with_float(comparison, float) {
                    IntTest::Never => false,
                    IntTest::Always => true,
                    IntTest::Int(comparison, bound) => holds(int.cmp(&bound), comparison),
                };
                assert_eq!(found, expected, "{int} {comparison:?} {float}");
            }
        }
    }

    #[test]
    fn ints_and_floats_compare_exactly() {
        let big = (1_i64 << 53) + 1;
        assert_eq!(int_with_float(big, (1_u64 << 53) as f64), Ordering::Greater);
        assert_eq!(int_with_float(i64::MAX, 9_223_372_036_854_775_808.0), Ordering::Less);
        assert_eq!(int_with_float(i64::MIN, -9_223_372_036_854_775_808.0), Ordering::Equal);
        assert_eq!(int_with_float(-1, -1.5), Ordering::Greater);
        assert_eq!(int_with_float(1, 1.5), Ordering::Less);
        assert_eq!(int_with_float(0, -0.0), Ordering::Equal);
    }
}
