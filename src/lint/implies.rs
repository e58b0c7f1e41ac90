//! What one condition says of another: takes two without places ([`super::context::plain_pred`]), tells whether the first can't hold without
//! the second, or not with it. It answers yes only where that is so of every event; it does not see everything that is.

use std::cmp::Ordering;

use ipnet::IpNet;

use crate::ir::{Comparison, Expr, ExprKind, Function, Literal, Pred, PredKind, TextTest, Type};

/// Whether the second condition holds wherever the first does.
pub(super) fn implies(a: &Pred, b: &Pred) -> bool {
    use PredKind::{All, Any, Const, Not};
    if a == b {
        return true;
    }
    match (&a.kind, &b.kind) {
        (Const(false), _) | (_, Const(true)) => true,
        (Any(parts), _) => parts.iter().all(|part| implies(part, b)),
        (_, All(parts)) => parts.iter().all(|part| implies(a, part)),
        (All(parts), Any(choices)) => {
            parts.iter().any(|part| implies(part, b)) || choices.iter().any(|choice| implies(a, choice))
        }
        (All(parts), _) => parts.iter().any(|part| implies(part, b)),
        (_, Any(choices)) => choices.iter().any(|choice| implies(a, choice)),
        (Not(a), Not(b)) => implies(b, a),
        (_, Not(b)) => excludes(a, b),
        (Not(a), _) => fails_only_with(a, b),
        (_, PredKind::Present(expr)) => needs(a).into_iter().any(|needed| needs_value(needed, expr)),
        _ => by_values(a, b, |a, b| a.within(b)) || sides(a).zip(sides(b)).is_some_and(|(a, b)| a.order_within(&b)),
    }
}

/// Whether the two never hold together.
pub(super) fn excludes(a: &Pred, b: &Pred) -> bool {
    use PredKind::{All, Any, Const, Not};
    match (&a.kind, &b.kind) {
        (Const(false), _) | (_, Const(false)) => true,
        (Any(parts), _) => parts.iter().all(|part| excludes(part, b)),
        (_, Any(parts)) => parts.iter().all(|part| excludes(a, part)),
        (All(parts), _) => parts.iter().any(|part| excludes(part, b)),
        (_, All(parts)) => parts.iter().any(|part| excludes(a, part)),
        (_, Not(b)) => implies(a, b),
        (Not(a), _) => implies(b, a),
        _ => by_values(a, b, |a, b| a.apart(b)) || sides(a).zip(sides(b)).is_some_and(|(a, b)| a.order_apart(&b)),
    }
}

/// Whether the second condition holds wherever the first, a condition that is negated, does not.
fn fails_only_with(a: &Pred, b: &Pred) -> bool {
    match &a.kind {
        PredKind::Not(a) => implies(a, b),
        PredKind::Any(parts) => parts.iter().any(|part| fails_only_with(part, b)),
        _ => false,
    }
}

/// Whether a value is missing wherever another one is.
pub(super) fn needs_value(of: &Expr, other: &Expr) -> bool {
    use Function::{
        Base64Decode, Distance, Extract, Hash, Hour, Length, Lower, Substring, ToDecimal, ToFloat, Upper, Weekday,
    };
    of == other
        || match &of.kind {
            ExprKind::Call(
                Lower | Upper | Length | Substring | Extract(_) | Base64Decode | Hash | Hour | Weekday | Distance
                | ToFloat | ToDecimal,
                args,
            ) => args.iter().any(|arg| needs_value(arg, other)),
            ExprKind::Arithmetic(_, left, right) => needs_value(left, other) || needs_value(right, other),
            _ => false,
        }
}

/// The values without which a positive condition is false.
fn needs(pred: &Pred) -> Vec<&Expr> {
    match &pred.kind {
        PredKind::Holds(expr) | PredKind::InNetwork(expr, _) | PredKind::Present(expr) => vec![expr],
        PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => vec![left, right],
        PredKind::OneOf { subject, .. }
        | PredKind::Text { subject, .. }
        | PredKind::Matches { subject, .. }
        | PredKind::Operation { subject, .. }
        | PredKind::Fits { subject, .. } => vec![subject],
        PredKind::Has { list, .. } | PredKind::Some { list, .. } => vec![list],
        PredKind::Const(_) | PredKind::All(_) | PredKind::Any(_) | PredKind::Not(_) | PredKind::Found { .. } => {
            Vec::new()
        }
    }
}

/// What a condition says of its subject's value.
enum Facts<'a> {
    /// A text in which one of some texts (or every one) is found.
    Text { test: TextTest, needles: Vec<&'a str>, every: bool, nocase: bool },
    /// One of some constants.
    OneOf(Vec<&'a Literal>),
    /// A number, time or duration in a range.
    Range(Range),
    /// An address in one of some networks.
    Networks(Vec<IpNet>),
    /// A list that holds one of some constants (or every one).
    Has { options: &'a [Literal], every: bool, nocase: bool },
}

/// From one bound to another; true: the bound is in.
#[derive(Default)]
struct Range {
    low: Option<(Literal, bool)>,
    high: Option<(Literal, bool)>,
}

/// Long lists are made by programs; comparing each text of one with each of another would take too long.
const MOST_COMPARED: usize = 250_000;

fn by_values(a: &Pred, b: &Pred, ask: fn(&Facts<'_>, &Facts<'_>) -> bool) -> bool {
    facts(a).zip(facts(b)).is_some_and(|((of, a), (of_b, b))| {
        of == of_b && a.constants().saturating_mul(b.constants()) <= MOST_COMPARED && ask(&a, &b)
    })
}

/// The subject of a condition with constants, and what it says of it.
fn facts(pred: &Pred) -> Option<(&Expr, Facts<'_>)> {
    let text = |needles, nocase| Facts::Text { test: TextTest::Equals, needles, every: false, nocase };
    Some(match &pred.kind {
        PredKind::Compare(op, left, right) => {
            let (subject, op, constant) = match (left.as_literal(), right.as_literal()) {
                (None, Some(constant)) => (left, *op, constant),
                (Some(constant), None) => (right, op.flipped(), constant),
                _ => return None,
            };
            let facts = match (op, constant) {
                (Comparison::Equal, Literal::Text(one)) => text(vec![one.as_str()], false),
                (Comparison::Equal, Literal::Ip(address)) => Facts::Networks(vec![(*address).into()]),
                (Comparison::Equal, constant) => Facts::OneOf(vec![constant]),
                (op, constant) => Facts::Range(range(op, constant, &subject.ty)),
            };
            (subject, facts)
        }
        PredKind::EqualNoCase(left, right) => match (left.as_literal(), right.as_literal()) {
            (None, Some(Literal::Text(one))) => (left, text(vec![one.as_str()], true)),
            (Some(Literal::Text(one)), None) => (right, text(vec![one.as_str()], true)),
            _ => return None,
        },
        PredKind::OneOf { subject, options, nocase } => {
            let texts: Option<Vec<&str>> = options.iter().map(Literal::as_text).collect();
            (subject, texts.map_or_else(|| Facts::OneOf(options.iter().collect()), |texts| text(texts, *nocase)))
        }
        PredKind::Text { test, subject, needles, every, nocase } => {
            let needles =
                needles.iter().map(|needle| needle.as_literal().and_then(Literal::as_text)).collect::<Option<_>>()?;
            (subject, Facts::Text { test: *test, needles, every: *every, nocase: *nocase })
        }
        PredKind::Holds(subject) => (subject, Facts::OneOf(vec![&Literal::Bool(true)])),
        PredKind::InNetwork(subject, networks) => (subject, Facts::Networks(networks.clone())),
        PredKind::Has { list, options, every, nocase } => {
            (list, Facts::Has { options, every: *every, nocase: *nocase })
        }
        _ => return None,
    })
}

/// What a comparison with a constant leaves; of ints, always with the bounds in.
fn range(op: Comparison, constant: &Literal, ty: &Type) -> Range {
    let above = matches!(op, Comparison::Greater | Comparison::GreaterEqual);
    let closed = matches!(op, Comparison::GreaterEqual | Comparison::LessEqual);
    let bound = match constant {
        Literal::Int(n) if *ty == Type::Int && !closed => {
            let next = if above { n.checked_add(1) } else { n.checked_sub(1) };
            next.map_or((constant.clone(), false), |n| (Literal::Int(n), true))
        }
        _ => (constant.clone(), closed),
    };
    if above { Range { low: Some(bound), high: None } } else { Range { low: None, high: Some(bound) } }
}

/// The order of two constants of one kind.
fn order(a: &Literal, b: &Literal) -> Option<Ordering> {
    match (a, b) {
        (Literal::Int(a), Literal::Int(b)) | (Literal::Time(a), Literal::Time(b)) => Some(a.cmp(b)),
        (Literal::Duration(a), Literal::Duration(b)) => Some(a.cmp(b)),
        (Literal::Decimal(a), Literal::Decimal(b)) => Some(a.cmp(b)),
        (Literal::Float(a), Literal::Float(b)) => a.partial_cmp(b),
        (Literal::Int(a), Literal::Float(b)) => exact(*a)?.partial_cmp(b),
        (Literal::Float(a), Literal::Int(b)) => a.partial_cmp(&exact(*b)?),
        _ => None,
    }
}

/// An int as a float, where that is the same number.
fn exact(n: i64) -> Option<f64> {
    let small = i32::try_from(n).ok()?;
    Some(f64::from(small))
}

impl Range {
    /// Whether a constant is inside, where that can be told.
    fn holds(&self, one: &Literal) -> Option<bool> {
        let side = |bound: &Option<(Literal, bool)>, outside: Ordering| match bound {
            None => Some(true),
            Some((bound, closed)) => order(one, bound).map(|o| o != outside && (*closed || o != Ordering::Equal)),
        };
        Some(side(&self.low, Ordering::Less)? && side(&self.high, Ordering::Greater)?)
    }

    fn within(&self, other: &Range) -> bool {
        let side =
            |own: &Option<(Literal, bool)>, other: &Option<(Literal, bool)>, outside: Ordering| match (own, other) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some((own, closed)), Some((other, other_closed))) => order(own, other)
                    .is_some_and(|o| o != outside && (o != Ordering::Equal || *other_closed || !closed)),
            };
        side(&self.low, &other.low, Ordering::Less) && side(&self.high, &other.high, Ordering::Greater)
    }

    fn apart(&self, other: &Range) -> bool {
        let beyond = |low: &Option<(Literal, bool)>, high: &Option<(Literal, bool)>| {
            low.as_ref().zip(high.as_ref()).is_some_and(|((low, low_in), (high, high_in))| match order(low, high) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => !(*low_in && *high_in),
                _ => false,
            })
        };
        beyond(&self.low, &other.high) || beyond(&other.low, &self.high)
    }
}

impl Facts<'_> {
    /// How many constants there are.
    fn constants(&self) -> usize {
        match self {
            Facts::Text { needles, .. } => needles.len(),
            Facts::OneOf(options) => options.len(),
            Facts::Range(_) => 1,
            Facts::Networks(networks) => networks.len(),
            Facts::Has { options, .. } => options.len(),
        }
    }

    /// Whether every value of which this is true is one of the other's.
    fn within(&self, other: &Facts<'_>) -> bool {
        match (self, other) {
            (
                Facts::Text { test, needles, every, nocase },
                Facts::Text { test: test_b, needles: needles_b, every: every_b, nocase: nocase_b },
            ) => {
                let gives = |a: &&str, b: &&str| text_within((*test, a, *nocase), (*test_b, b, *nocase_b));
                let reaches = |a: &&str| some(needles_b, *every_b, |b| gives(a, b));
                // With every needle of its own found, each of the other's may follow from another one.
                let from_all = |b: &&str| needles.iter().any(|a| gives(a, b));
                if *every { some(needles_b, *every_b, from_all) } else { needles.iter().all(reaches) }
            }
            (Facts::OneOf(options), Facts::OneOf(others)) => options.iter().all(|one| others.contains(one)),
            (Facts::OneOf(options), Facts::Range(range)) => options.iter().all(|one| range.holds(one) == Some(true)),
            (Facts::Range(a), Facts::Range(b)) => a.within(b),
            (Facts::Networks(a), Facts::Networks(b)) => a.iter().all(|a| b.iter().any(|b| b.contains(a))),
            (
                Facts::Has { options, every, nocase },
                Facts::Has { options: options_b, every: every_b, nocase: nocase_b },
            ) => {
                nocase == nocase_b
                    && match (every, every_b) {
                        (false, false) => options.iter().all(|one| options_b.contains(one)),
                        (true, false) => options.iter().any(|one| options_b.contains(one)),
                        (true, true) => options_b.iter().all(|one| options.contains(one)),
                        (false, true) => false,
                    }
            }
            _ => false,
        }
    }

    /// Whether no value has both.
    fn apart(&self, other: &Facts<'_>) -> bool {
        match (self, other) {
            (
                Facts::Text { test, needles, every, nocase },
                Facts::Text { test: test_b, needles: needles_b, every: every_b, nocase: nocase_b },
            ) => {
                let apart = |a: &&str, b: &&str| text_apart((*test, a), (*test_b, b), *nocase || *nocase_b);
                // Every needle has to be found, so one that can't be is enough.
                some(needles, !every, |a| some(needles_b, !every_b, |b| apart(a, b)))
            }
            (Facts::OneOf(a), Facts::OneOf(b)) => a.iter().all(|a| b.iter().all(|b| different(a, b))),
            (Facts::OneOf(options), Facts::Range(range)) | (Facts::Range(range), Facts::OneOf(options)) => {
                options.iter().all(|one| range.holds(one) == Some(false))
            }
            (Facts::Range(a), Facts::Range(b)) => a.apart(b),
            (Facts::Networks(a), Facts::Networks(b)) => {
                a.iter().all(|a| b.iter().all(|b| !a.contains(b) && !b.contains(a)))
            }
            _ => false,
        }
    }
}

fn different(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::Bool(a), Literal::Bool(b)) => a != b,
        _ => order(a, b).is_some_and(Ordering::is_ne),
    }
}

fn some<T>(of: &[T], every: bool, holds: impl Fn(&T) -> bool) -> bool {
    if every { of.iter().all(holds) } else { of.iter().any(holds) }
}

/// Whether a text in which the first is found has the second too.
fn text_within((test, a, nocase): (TextTest, &str, bool), (test_b, b, nocase_b): (TextTest, &str, bool)) -> bool {
    use TextTest::{Contains, EndsWith, Equals, StartsWith};
    // Found in any case, a letter may stand there in the other one.
    if nocase && !nocase_b && b.chars().any(|c| c.is_ascii_alphabetic()) {
        return false;
    }
    match (test, test_b) {
        (_, Contains) => Contains.finds(a, b, nocase_b),
        (Equals | StartsWith, StartsWith) => StartsWith.finds(a, b, nocase_b),
        (Equals | EndsWith, EndsWith) => EndsWith.finds(a, b, nocase_b),
        (Equals, Equals) => Equals.finds(a, b, nocase_b),
        _ => false,
    }
}

/// Whether no text has both.
fn text_apart((test, a): (TextTest, &str), (test_b, b): (TextTest, &str), nocase: bool) -> bool {
    use TextTest::{EndsWith, Equals, StartsWith};
    match (test, test_b) {
        (Equals, _) => !test_b.finds(a, b, nocase),
        (_, Equals) => !test.finds(b, a, nocase),
        (StartsWith, StartsWith) | (EndsWith, EndsWith) => !test.finds(a, b, nocase) && !test.finds(b, a, nocase),
        _ => false,
    }
}

/// Two values and how they may stand to each other: less, equal, greater.
struct Sides<'a> {
    left: &'a Expr,
    right: &'a Expr,
    may: [bool; 3],
}

fn sides(pred: &Pred) -> Option<Sides<'_>> {
    let PredKind::Compare(op, left, right) = &pred.kind else { return None };
    let may = match op {
        Comparison::Equal => [false, true, false],
        Comparison::Less => [true, false, false],
        Comparison::LessEqual => [true, true, false],
        Comparison::Greater => [false, false, true],
        Comparison::GreaterEqual => [false, true, true],
    };
    Some(Sides { left, right, may })
}

impl Sides<'_> {
    /// How the other's values may stand to each other, in the order of this one's.
    fn of(&self, other: &Sides<'_>) -> Option<[bool; 3]> {
        let [less, equal, greater] = other.may;
        if self.left == other.left && self.right == other.right {
            Some([less, equal, greater])
        } else {
            (self.left == other.right && self.right == other.left).then_some([greater, equal, less])
        }
    }

    fn order_within(&self, other: &Sides<'_>) -> bool {
        self.of(other).is_some_and(|may| self.may.iter().zip(may).all(|(own, other)| !own || other))
    }

    fn order_apart(&self, other: &Sides<'_>) -> bool {
        self.of(other).is_some_and(|may| self.may.iter().zip(may).all(|(own, other)| !(*own && other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::context::plain_pred;
    use crate::pack::load;

    /// Two conditions over invocations, as a rule of each gives them.
    fn of(a: &str, b: &str) -> (Pred, Pred) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("two.sky");
        let rule = |name: &str, pred: &str| format!("rule {name} {{ severity low  from invocation  where {pred} }}\n");
        std::fs::write(&path, format!("{}{}", rule("a", a), rule("b", b))).expect("written");
        let pack = load(&path);
        assert!(pack.diagnostics.is_empty(), "{a} / {b}: {:?}", pack.diagnostics);
        let one = |n: usize| plain_pred(&pack.resolved.rules[n].filter[0]);
        (one(0), one(1))
    }

    #[test]
    fn one_follows_from_the_other() {
        for (a, b, follows) in [
            ("status == 429", "status >= 400", true),
            ("status > 499", "status >= 500", true),
            ("status >= 400", "status > 400", false),
            ("status in [500, 503]", "status in [500, 502, 503]", true),
            ("status in [500, 503]", "status in [500, 502]", false),
            ("latency > 2s", "latency > 1s", true),
            ("latency > 1s", "latency > 2s", false),
            ("prompt contains \"ignore previous\"", "prompt contains \"ignore\"", true),
            ("prompt contains \"Ignore\" nocase", "prompt contains \"ignore\"", false),
            ("prompt contains \"Ignore\"", "prompt contains \"ignore\" nocase", true),
            ("prompt starts with \"ab\"", "prompt contains any of [\"x\", \"b\"]", true),
            ("prompt contains any of [\"ab\", \"cb\"]", "prompt contains \"b\"", true),
            ("prompt contains any of [\"ab\", \"c\"]", "prompt contains \"b\"", false),
            ("prompt contains all of [\"ab\", \"c\"]", "prompt contains \"b\"", true),
            ("model.id == \"a\"", "model.id in [\"a\", \"b\"]", true),
            ("model.id == \"a\"", "model.id != \"b\"", true),
            ("model.id == \"a\"", "model.id is present", true),
            ("model.id != \"a\"", "model.id is present", false),
            ("lower(model.id) == \"a\"", "model.id is present", true),
            ("segment(model.id, \".\", 0) in [\"a\", \"b\"]", "model.id is present", true),
            ("coalesce(model.id, caller.id) == \"a\"", "model.id is present", false),
            ("not (model.id is missing or status == 5)", "model.id is present", true),
            ("tokens.input + tokens.output > 5", "tokens.output is present", true),
            ("model.id not in [\"a\", \"b\"]", "model.id != \"a\"", true),
            ("model.id != \"a\"", "model.id not in [\"a\", \"b\"]", false),
            ("source.ip == 10.1.2.3", "source.ip in 10.0.0.0/8", true),
            ("source.ip in 10.0.0.0/8", "source.ip in [10.1.0.0/16]", false),
            ("tools has \"a\"", "tools has any of [\"a\", \"b\"]", true),
            ("tools has any of [\"a\", \"b\"]", "tools has \"a\"", false),
            ("tokens.input < tokens.output", "tokens.output >= tokens.input", true),
            ("tokens.input <= tokens.output", "tokens.input < tokens.output", false),
            ("status == 429 and model.id == \"a\"", "status >= 400", true),
            ("status == 429", "status >= 400 or model.id == \"a\"", true),
            ("status >= 400 or model.id == \"a\"", "status >= 400", false),
        ] {
            let (one, other) = of(a, b);
            assert_eq!(implies(&one, &other), follows, "{a} / {b}");
        }
    }

    #[test]
    fn two_exclude_each_other() {
        for (a, b, apart) in [
            ("status == 429", "status >= 500", true),
            ("status < 500", "status > 499", true),
            ("status <= 500", "status >= 500", false),
            ("latency < 1s", "latency > 1s", true),
            ("model.id == \"a\"", "model.id == \"b\"", true),
            ("model.id == \"a\"", "model.id == \"A\" nocase", false),
            ("model.id == \"a\"", "model.id is missing", true),
            ("model.id != \"a\"", "model.id is missing", false),
            ("model.id == \"a\"", "model.id not in [\"a\", \"b\"]", true),
            ("prompt starts with \"ab\"", "prompt starts with \"b\"", true),
            ("prompt starts with \"ab\"", "prompt starts with \"A\" nocase", false),
            ("prompt contains \"ab\"", "prompt contains \"b\"", false),
            ("prompt contains \"ab\"", "prompt not contains \"b\"", true),
            ("prompt not contains \"ab\"", "prompt not contains \"b\"", false),
            ("source.ip in 10.0.0.0/8", "source.ip in 192.168.0.0/16", true),
            ("source.ip in 10.0.0.0/8", "source.ip == 10.1.2.3", false),
            ("tools has \"a\"", "tools has \"b\"", false),
            ("tokens.input < tokens.output", "tokens.input > tokens.output", true),
            ("status == 1 or status == 2", "status == 3", true),
        ] {
            let (one, other) = of(a, b);
            assert_eq!(excludes(&one, &other), apart, "{a} / {b}");
            assert_eq!(excludes(&other, &one), apart, "{b} / {a}");
        }
    }
}
