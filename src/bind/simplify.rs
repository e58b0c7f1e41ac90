//! Predicates without detours: takes a bound rule, gives one that means the same and compares no computed text.
//!
//! A source says `outcome` as a `case` of texts, and a rule asks for one of them. Where a test meets such a case it is carried into the
//! arms: `case { A => "success", B => "denied", else => "failure" } == "denied"` is `not A and B`, and just `B` where B excludes A.
//! A test of `lower(x)` or `upper(x)` against constants is one of `x` that ignores the case of A–Z. Every rewriting here holds in the
//! two-valued meaning: missing values included.

use super::BoundRule;
use super::constant::decided;
use super::keyed::by_key;
use crate::ir::{Aggregate, Binding, Comparison, Expr, ExprKind, Function, Literal, Pred, PredKind, Rewrite, Rule};
use crate::source::Span;

/// How far tests are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// Into cases all of whose values are constants: the test goes away.
    Constants,
    /// Into every `case` and `coalesce`: for languages that have neither. The text may grow.
    All,
}

/// Most tests that one predicate may become, so that nested cases can't grow without bound.
const MOST_TESTS: usize = 2_000;
/// Most nodes of an expression once the row values that it uses are written out.
const MOST_NODES: usize = 20_000;
/// Most nodes of a rule then.
const MOST_IN_ALL: usize = 400_000;

/// A predicate, simplified.
#[must_use]
pub fn simplify(pred: Pred, carry: Carry) -> Pred {
    pred.rewrite(&mut Simplify { carry, left: MOST_TESTS })
}

/// All predicates of a rule, simplified: also those inside values.
#[must_use]
pub fn simplify_rule(bound: BoundRule, carry: Carry) -> BoundRule {
    let span = bound.rule.span;
    let mut bound = change(bound, &mut |expr| expr.rewrite(&mut Simplify { carry, left: MOST_TESTS }), &mut |pred| {
        simplify(pred, carry)
    });
    bound.rule.filter = match Pred::all(std::mem::take(&mut bound.rule.filter), span) {
        Pred { kind: PredKind::All(preds), .. } => preds,
        Pred { kind: PredKind::Const(true), .. } => Vec::new(),
        one => vec![one],
    };
    bound
}

/// The rule with its row values (`with`) written out where they are used; none where that grows too large.
#[must_use]
pub fn without_row_values(bound: BoundRule) -> Option<BoundRule> {
    let (mut values, mut sizes): (Vec<Expr>, Vec<usize>) = (Vec::new(), Vec::new());
    for binding in &bound.rule.with {
        // Counted before it is made: what is too large for a query may be too large for the machine.
        let size = size_with(&sizes, |visit| binding.value.walk(&mut |expr| visit(expr)));
        if size > MOST_NODES {
            return None;
        }
        values.push(binding.value.clone().rewrite(&mut RowValues(&values)));
        sizes.push(size);
    }
    if size_with(&sizes, |visit| bound.rule.walk(&mut |expr| visit(expr))) > MOST_IN_ALL {
        return None;
    }
    let mut bound = change(bound, &mut |expr| expr.rewrite(&mut RowValues(&values)), &mut |pred| {
        pred.rewrite(&mut RowValues(&values))
    });
    bound.rule.with.clear();
    Some(bound)
}

/// The rule with every expression and predicate changed.
pub(super) fn change(
    bound: BoundRule,
    expr: &mut dyn FnMut(Expr) -> Expr,
    pred: &mut dyn FnMut(Pred) -> Pred,
) -> BoundRule {
    let mut bindings = |bindings: Vec<Binding>| -> Vec<Binding> {
        bindings.into_iter().map(|b| Binding { name: b.name, value: expr(b.value) }).collect()
    };
    let rule = bound.rule;
    let (with, measures, show) = (bindings(rule.with), bindings(rule.measures), bindings(rule.show));
    let rule = Rule {
        with,
        measures,
        show,
        each: rule.each.map(|mut each| {
            each.list = expr(each.list);
            each
        }),
        filter: rule.filter.into_iter().map(&mut *pred).collect(),
        window: rule.window.map(|mut window| {
            window.keys = window
                .keys
                .into_iter()
                .map(|mut key| {
                    key.value = expr(key.value);
                    key
                })
                .collect();
            window
        }),
        aggregates: rule
            .aggregates
            .into_iter()
            .map(|aggregate| Aggregate {
                args: aggregate.args.into_iter().map(&mut *expr).collect(),
                filter: aggregate.filter.map(&mut *pred),
                ..aggregate
            })
            .collect(),
        when: pred(rule.when),
        severity: crate::ir::SeverityOf {
            arms: rule.severity.arms.into_iter().map(|(when, level)| (pred(when), level)).collect(),
            default: rule.severity.default,
        },
        ..rule
    };
    BoundRule { rule, time: expr(bound.time), event_id: bound.event_id.map(expr), left_out: bound.left_out }
}

/// How many nodes there are once row values, of these sizes, are written out.
fn size_with(sizes: &[usize], walk: impl FnOnce(&mut dyn FnMut(&Expr))) -> usize {
    let mut nodes = 0_usize;
    walk(&mut |expr| {
        nodes += match expr.kind {
            ExprKind::With(n) => sizes.get(n).copied().unwrap_or(1),
            _ => 1,
        };
    });
    nodes
}

struct RowValues<'a>(&'a [Expr]);

impl Rewrite for RowValues<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            ExprKind::With(n) => match self.0.get(n) {
                // The span stays where the value is used: that is what a refusal underlines.
                Some(value) => Expr { span: expr.span, ..value.clone() },
                None => expr,
            },
            _ => expr,
        }
    }
}

struct Simplify {
    carry: Carry,
    /// How many tests may still be made.
    left: usize,
}

impl Rewrite for Simplify {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            ExprKind::Case(arms, default) => Expr { ..reachable(arms, default, expr.ty, expr.span) },
            _ => expr,
        }
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        let pred = one_list(fold_letters(pred));
        if let Some(keyed) = by_key(&pred) {
            return keyed;
        }
        let Some(subject) = subject(&pred) else { return pred };
        self.carried(&pred, subject).unwrap_or(pred)
    }
}

/// A case without the arms that can't be reached.
fn reachable(arms: Vec<(Pred, Expr)>, default: Option<Box<Expr>>, ty: crate::ir::Type, span: Span) -> Expr {
    let mut kept = Vec::new();
    for (when, value) in arms {
        match when.kind {
            PredKind::Const(false) => {}
            PredKind::Const(true) if kept.is_empty() => return Expr { span, ..value },
            PredKind::Const(true) => return Expr::new(ExprKind::Case(kept, Some(Box::new(value))), ty, span),
            kind => kept.push((Pred::new(kind, when.span), value)),
        }
    }
    match default {
        Some(value) if kept.is_empty() => Expr { span, ..*value },
        default => Expr::new(ExprKind::Case(kept, default), ty, span),
    }
}

impl Simplify {
    /// A test of `subject` as a combination of tests of its parts; none where it stays as it is.
    fn carried(&mut self, test: &Pred, subject: &Expr) -> Option<Pred> {
        match &subject.kind {
            ExprKind::Literal(_) => decided(test).map(|holds| Pred::new(PredKind::Const(holds), test.span)),
            ExprKind::Case(arms, default) if self.reaches(subject) => {
                let mut rest = match default {
                    Some(value) => self.on(test, value)?,
                    None => Pred::new(PredKind::Const(false), test.span),
                };
                for (when, value) in arms.iter().rev() {
                    let here = self.on(test, value)?;
                    rest = one_list(arm(when, here, rest, test.span));
                }
                Some(rest)
            }
            ExprKind::Call(Function::Coalesce, values) if self.carry == Carry::All => {
                let mut rest = Pred::new(PredKind::Const(false), test.span);
                for value in values.iter().rev() {
                    let here = self.on(test, value)?;
                    if rest.kind == PredKind::Const(false) {
                        rest = here;
                        continue;
                    }
                    let present = self.on(&Pred::new(PredKind::Present(value.clone()), test.span), value)?;
                    rest = Pred::any(vec![here, Pred::all(vec![present.negate(), rest], test.span)], test.span);
                }
                Some(rest)
            }
            _ => None,
        }
    }

    /// The test of another value.
    fn on(&mut self, test: &Pred, value: &Expr) -> Option<Pred> {
        self.left = self.left.checked_sub(1)?;
        let test = with_subject(test, value);
        Some(self.carried(&test, value).unwrap_or(test))
    }

    fn reaches(&self, case: &Expr) -> bool {
        self.carry == Carry::All || is_constant(case)
    }
}

/// Whether every value that a case can have is a constant.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Case(arms, default) => {
            arms.iter().all(|(_, value)| is_constant(value)) && default.as_ref().is_none_or(|value| is_constant(value))
        }
        _ => false,
    }
}

/// What an arm makes of a test: `here` is the test of its value, `rest` that of the arms below.
fn arm(when: &Pred, here: Pred, rest: Pred, span: Span) -> Pred {
    match here.kind {
        PredKind::Const(true) => Pred::any(vec![when.clone(), rest], span),
        _ => {
            let here = Pred::all(vec![when.clone(), here], span);
            Pred::any(vec![here, Pred::all(vec![otherwise(when, &rest), rest], span)], span)
        }
    }
}

/// `not when`, or true where `rest` can hold only if `when` does not.
fn otherwise(when: &Pred, rest: &Pred) -> Pred {
    if let Some((pinned, values)) = pins(rest)
        && values.iter().all(|value| under(when, &pinned, value) == Some(false))
    {
        return Pred::new(PredKind::Const(true), when.span);
    }
    when.clone().negate()
}

/// `x == a or x == b` as `x in [a, b]`.
fn one_list(pred: Pred) -> Pred {
    let PredKind::Any(preds) = pred.kind else { return pred };
    let mut kept: Vec<Pred> = Vec::new();
    for one in preds {
        let merged = equalities(&one).and_then(|(subject, options, nocase)| {
            kept.iter_mut().find_map(|earlier| {
                let (of, mut all, same_case) = equalities(earlier)?;
                if bare(&of) != bare(&subject) || nocase != same_case {
                    return None;
                }
                all.extend(options.iter().filter(|option| !all.contains(option)).cloned().collect::<Vec<_>>());
                earlier.kind = PredKind::OneOf { subject: of, options: all, nocase };
                Some(())
            })
        });
        if merged.is_none() {
            kept.push(one);
        }
    }
    Pred::any(kept, pred.span)
}

/// What a test compares with constants of the same type, and whether case is folded.
fn equalities(pred: &Pred) -> Option<(Expr, Vec<Literal>, bool)> {
    let (subject, options, nocase) = match &pred.kind {
        PredKind::OneOf { subject, options, nocase } => (subject, options.clone(), *nocase),
        PredKind::Compare(Comparison::Equal, left, right) | PredKind::EqualNoCase(left, right) => {
            let (subject, option) = match (left.as_literal(), right.as_literal()) {
                (None, Some(option)) => (left, option),
                (Some(option), None) => (right, option),
                _ => return None,
            };
            (subject, vec![option.clone()], matches!(pred.kind, PredKind::EqualNoCase(..)))
        }
        _ => return None,
    };
    options.iter().all(|option| option.ty() == subject.ty).then(|| (subject.clone(), options, nocase))
}

/// An expression, and the only values with which the predicate can hold.
fn pins(pred: &Pred) -> Option<(Expr, Vec<Literal>)> {
    match &pred.kind {
        PredKind::Compare(Comparison::Equal, left, right) => match (left.as_literal(), right.as_literal()) {
            (None, Some(value)) => Some((bare(left), vec![value.clone()])),
            (Some(value), None) => Some((bare(right), vec![value.clone()])),
            _ => None,
        },
        PredKind::OneOf { subject, options, nocase: false } => Some((bare(subject), options.clone())),
        PredKind::Holds(expr) => Some((bare(expr), vec![Literal::Bool(true)])),
        PredKind::All(preds) => preds.iter().find_map(pins),
        PredKind::Any(preds) => {
            let mut all = preds.iter().map(pins);
            let (pinned, mut values) = all.next()??;
            for other in all {
                let (of, more) = other?;
                if of != pinned {
                    return None;
                }
                values.extend(more);
            }
            Some((pinned, values))
        }
        _ => None,
    }
}

/// What a predicate says where an expression has a value; none where that does not decide it.
fn under(pred: &Pred, pinned: &Expr, value: &Literal) -> Option<bool> {
    match &pred.kind {
        PredKind::Const(holds) => Some(*holds),
        PredKind::Not(inner) => under(inner, pinned, value).map(|holds| !holds),
        PredKind::All(preds) | PredKind::Any(preds) => {
            // One false child decides `all`, one true child `any`.
            let decides = matches!(pred.kind, PredKind::Any(_));
            let children: Vec<Option<bool>> = preds.iter().map(|child| under(child, pinned, value)).collect();
            if children.contains(&Some(decides)) {
                Some(decides)
            } else if children.contains(&None) {
                None
            } else {
                Some(!decides)
            }
        }
        // What reads as a value is there before it is read.
        PredKind::Present(raw) if matches!(&pinned.kind, ExprKind::Read(inner) if **inner == bare(raw)) => Some(true),
        _ => {
            let subject = subject(pred).filter(|subject| bare(subject) == *pinned)?;
            decided(&with_subject(pred, &Expr::literal(value.clone(), subject.span)))
        }
    }
}

/// An expression without its places, so that it can be compared.
fn bare(expr: &Expr) -> Expr {
    struct Bare;
    impl Rewrite for Bare {
        fn expr(&mut self, expr: Expr) -> Expr {
            Expr { span: Span::default(), ..expr }
        }
        fn pred(&mut self, pred: Pred) -> Pred {
            Pred { span: Span::default(), ..pred }
        }
    }
    expr.clone().rewrite(&mut Bare)
}

/// The expression that a test against constants is about.
#[must_use]
pub fn subject(test: &Pred) -> Option<&Expr> {
    match &test.kind {
        PredKind::Present(expr) | PredKind::Holds(expr) | PredKind::InNetwork(expr, _) => Some(expr),
        PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => {
            match (left.as_literal(), right.as_literal()) {
                (_, Some(_)) => Some(left),
                (Some(_), None) => Some(right),
                (None, None) => None,
            }
        }
        PredKind::OneOf { subject, .. }
        | PredKind::Matches { subject, .. }
        | PredKind::Found { subject, .. }
        | PredKind::Fits { subject, .. } => Some(subject),
        PredKind::Text { subject, needles, .. } => {
            needles.iter().all(|needle| needle.as_literal().is_some()).then_some(subject)
        }
        _ => None,
    }
}

/// The same test of another expression; only of tests that have a [`subject`].
#[must_use]
pub fn with_subject(test: &Pred, to: &Expr) -> Pred {
    let mut test = test.clone();
    match &mut test.kind {
        PredKind::Present(expr) | PredKind::Holds(expr) | PredKind::InNetwork(expr, _) => *expr = to.clone(),
        PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => {
            *(if right.as_literal().is_some() { left } else { right }) = to.clone();
        }
        PredKind::OneOf { subject, .. }
        | PredKind::Matches { subject, .. }
        | PredKind::Found { subject, .. }
        | PredKind::Fits { subject, .. }
        | PredKind::Text { subject, .. } => *subject = to.clone(),
        _ => {}
    }
    test
}

/// A test of `lower(x)` or `upper(x)` as one of `x` that ignores case; constants that the folded text can't have are never met.
fn fold_letters(pred: Pred) -> Pred {
    let Some(Expr { kind: ExprKind::Call(function @ (Function::Lower | Function::Upper), args), .. }) = subject(&pred)
    else {
        return pred;
    };
    let ([inner], upper) = (args.as_slice(), *function == Function::Upper) else { return pred };
    let inner = inner.clone();
    let possible =
        |text: &str| !text.bytes().any(|b| if upper { b.is_ascii_lowercase() } else { b.is_ascii_uppercase() });
    let is_possible = |literal: Option<&Literal>| matches!(literal, Some(Literal::Text(text)) if possible(text));
    let span = pred.span;
    let kind = match pred.kind {
        PredKind::Present(_) => PredKind::Present(inner),
        PredKind::Compare(Comparison::Equal, left, right) => {
            let constant = if right.as_literal().is_some() { right } else { left };
            if is_possible(constant.as_literal()) {
                PredKind::EqualNoCase(inner, constant)
            } else {
                PredKind::Const(false)
            }
        }
        PredKind::EqualNoCase(left, right) => {
            PredKind::EqualNoCase(inner, if right.as_literal().is_some() { right } else { left })
        }
        PredKind::OneOf { options, nocase: true, .. } => PredKind::OneOf { subject: inner, options, nocase: true },
        PredKind::OneOf { options, .. } => {
            let options: Vec<_> = options.into_iter().filter(|option| is_possible(Some(option))).collect();
            if options.is_empty() {
                PredKind::Const(false)
            } else {
                PredKind::OneOf { subject: inner, options, nocase: true }
            }
        }
        PredKind::Text { test, needles, every, nocase, .. } => {
            let all = needles.len();
            let needles: Vec<_> =
                needles.into_iter().filter(|needle| nocase || is_possible(needle.as_literal())).collect();
            if needles.is_empty() || (every && needles.len() < all) {
                PredKind::Const(false)
            } else {
                PredKind::Text { test, subject: inner, needles, every, nocase: true }
            }
        }
        PredKind::Fits { globs, nocase, .. } => {
            let globs: Vec<_> = globs.into_iter().filter(|glob| nocase || possible(&glob.text())).collect();
            if globs.is_empty() {
                PredKind::Const(false)
            } else {
                PredKind::Fits { subject: inner, globs, nocase: true }
            }
        }
        kind => kind,
    };
    Pred::new(kind, span)
}
