//! A test of a value that is chosen, joined or folded becomes tests of what it is chosen from.
//!
//! `case` and `first_of` are alternatives; a test that a line can decide is true of joined texts where it is true of one; the last
//! element is one of the elements, so that testing them all is wider; `lower(x) == "a"` is `x == "a" nocase`.

use super::plan::{Plan, Said};
use super::texts::{within_a_line, within_a_part};
use crate::ir::{Comparison, Expr, ExprKind, Function as F, Literal, Pred, PredKind, Step, TextTest, Type};
use crate::target::Verdict;
use crate::target::cloudwatch::errors;

/// The predicate over what its operands are made of; none where nothing is to be done.
pub(super) fn spread(plan: &mut Plan<'_>, pred: &Pred, positive: bool) -> Said<Option<Pred>> {
    if let Some(value) = folded(pred) {
        return Ok(Some(Pred::new(PredKind::Const(value), pred.span)));
    }
    if let PredKind::Has { .. } = pred.kind {
        return has(plan, pred);
    }
    for n in 0..operands(pred).len() {
        let Some(operand) = operands(pred).get(n).map(|operand| (*operand).clone()) else { continue };
        if let Some(inner) = plan.stands_for(&operand) {
            return Ok(Some(with_operand(pred, n, Expr { span: operand.span, ..inner })));
        }
        let made = match &operand.kind {
            ExprKind::Case(arms, default) => Some(case(pred, n, arms, default.as_deref())),
            ExprKind::Call(F::Coalesce, parts) => Some(first_of(plan, pred, n, parts, positive)?),
            ExprKind::Call(F::Join, lists) => Some(joined(plan, pred, n, lists, positive)?),
            ExprKind::Call(F::Concat, parts) => match parts.as_slice() {
                [list] if list.ty.element().is_some() => Some(concatenated(plan, pred, n, list, positive)?),
                _ => None,
            },
            ExprKind::Call(F::Last, lists) => match lists.as_slice() {
                [list] => Some(last(plan, pred, n, list, None, positive)?),
                _ => None,
            },
            ExprKind::Member(inner, member) => match &inner.kind {
                ExprKind::Call(F::Last, lists) => match lists.as_slice() {
                    [list] => Some(last(plan, pred, n, list, Some((*member, operand.ty.clone())), positive)?),
                    _ => None,
                },
                _ => None,
            },
            ExprKind::Call(F::Lower | F::Upper, args) => match args.as_slice() {
                [inner] => nocase(pred, n, matches!(operand.kind, ExprKind::Call(F::Lower, _)), inner),
                _ => None,
            },
            _ => None,
        };
        if made.is_some() {
            return Ok(made);
        }
    }
    Ok(None)
}

/// The expressions that a leaf tests.
fn operands(pred: &Pred) -> Vec<&Expr> {
    match &pred.kind {
        PredKind::Present(expr) | PredKind::Holds(expr) | PredKind::InNetwork(expr, _) => vec![expr],
        PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => vec![left, right],
        PredKind::OneOf { subject, .. } | PredKind::Matches { subject, .. } | PredKind::Fits { subject, .. } => {
            vec![subject]
        }
        PredKind::Text { subject, needles, .. } => std::iter::once(subject).chain(needles).collect(),
        _ => Vec::new(),
    }
}

/// The leaf with another expression in the n-th place.
fn with_operand(pred: &Pred, n: usize, expr: Expr) -> Pred {
    let mut pred = pred.clone();
    match &mut pred.kind {
        PredKind::Present(operand) | PredKind::Holds(operand) | PredKind::InNetwork(operand, _) => *operand = expr,
        PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => {
            *(if n == 0 { left } else { right }) = expr;
        }
        PredKind::OneOf { subject, .. } | PredKind::Matches { subject, .. } | PredKind::Fits { subject, .. } => {
            *subject = expr
        }
        PredKind::Text { subject, needles, .. } => match n.checked_sub(1).and_then(|n| needles.get_mut(n)) {
            Some(needle) => *needle = expr,
            None => *subject = expr,
        },
        _ => {}
    }
    pred
}

/// What a test of constants alone is.
fn folded(pred: &Pred) -> Option<bool> {
    let literals = operands(pred).into_iter().map(Expr::as_literal).collect::<Option<Vec<_>>>()?;
    match (&pred.kind, literals.as_slice()) {
        (PredKind::Present(_), [_]) => Some(true),
        (PredKind::Holds(_), [Literal::Bool(value)]) => Some(*value),
        (PredKind::Compare(Comparison::Equal, ..), [left, right]) => Some(left == right),
        (PredKind::Compare(op, ..), [Literal::Int(left), Literal::Int(right)]) => Some(match op {
            Comparison::Less => left < right,
            Comparison::LessEqual => left <= right,
            Comparison::Greater => left > right,
            _ => left >= right,
        }),
        (PredKind::EqualNoCase(..), [Literal::Text(left), Literal::Text(right)]) => {
            Some(left.eq_ignore_ascii_case(right))
        }
        (PredKind::OneOf { options, nocase, .. }, [subject]) => {
            Some(options.iter().any(|option| match (option, subject) {
                (Literal::Text(option), Literal::Text(subject)) if *nocase => option.eq_ignore_ascii_case(subject),
                (option, subject) => option == *subject,
            }))
        }
        (PredKind::Text { test, every, nocase, .. }, [Literal::Text(subject), needles @ ..]) => {
            let fold = |text: &str| if *nocase { text.to_ascii_lowercase() } else { text.to_owned() };
            let subject = fold(subject);
            let mut found = needles.iter().map(|needle| match needle {
                Literal::Text(needle) => match test {
                    TextTest::Equals => subject == fold(needle),
                    TextTest::Contains => subject.contains(&fold(needle)),
                    TextTest::StartsWith => subject.starts_with(&fold(needle)),
                    TextTest::EndsWith => subject.ends_with(&fold(needle)),
                },
                _ => false,
            });
            Some(if *every { found.all(|found| found) } else { found.any(|found| found) })
        }
        (PredKind::Fits { globs, nocase, .. }, [Literal::Text(subject)]) => {
            Some(globs.iter().any(|glob| glob.fits(subject, *nocase)))
        }
        _ => None,
    }
}

/// `P(case { A => a, B => b })`: from the last arm back, so that an arm that decides needs no complement.
fn case(pred: &Pred, n: usize, arms: &[(Pred, Expr)], default: Option<&Expr>) -> Pred {
    let span = pred.span;
    let of = |value: &Expr| {
        let test = with_operand(pred, n, value.clone());
        match folded(&test) {
            Some(value) => Pred::new(PredKind::Const(value), span),
            None => test,
        }
    };
    let mut result = default.map_or_else(|| Pred::new(PredKind::Const(false), span), of);
    for (condition, value) in arms.iter().rev() {
        let condition = Pred { span, ..condition.clone() };
        result = match of(value) {
            test if test == result => test,
            Pred { kind: PredKind::Const(true), .. } => Pred::any(vec![condition, result], span),
            Pred { kind: PredKind::Const(false), .. } => Pred::all(vec![condition.negate(), result], span),
            test => {
                let chosen = Pred::all(vec![condition.clone(), test], span);
                Pred::any(vec![chosen, Pred::all(vec![condition.negate(), result], span)], span)
            }
        };
    }
    result
}

/// Whether an expression looks into a list.
fn reads_a_list(plan: &Plan<'_>, expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |inner| {
        found |= matches!(inner.ty, Type::List(_));
        found |= plan.stands_for(inner).is_some_and(|value| reads_a_list(plan, &value));
    });
    found
}

/// `P(first_of(a, b))`: a part counts where those before it are missing.
fn first_of(plan: &mut Plan<'_>, pred: &Pred, n: usize, parts: &[Expr], positive: bool) -> Said<Pred> {
    let span = pred.span;
    let tests = parts.iter().map(|part| with_operand(pred, n, part.clone()));
    if matches!(pred.kind, PredKind::Present(_)) {
        return Ok(Pred::any(tests.collect(), span));
    }
    let before = parts.get(..parts.len().saturating_sub(1)).unwrap_or_default();
    if before.iter().any(|part| reads_a_list(plan, part)) {
        if !positive {
            return Err(errors::every_element(span));
        }
        if let [one, other] = parts
            && (exclude_each_other(one, other) || exclude_each_other(other, one))
        {
            return Ok(Pred::any(tests.collect(), span));
        }
        plan.weaken(Verdict::Wider, positive, errors::any_for_first(span));
        return Ok(Pred::any(tests.collect(), span));
    }
    let mut missing: Vec<Pred> = Vec::new();
    let mut alternatives = Vec::new();
    for (part, test) in parts.iter().zip(tests) {
        alternatives.push(Pred::all(missing.iter().cloned().chain([test]).collect(), span));
        missing.push(Pred::new(PredKind::Present(part.clone()), span).negate());
    }
    Ok(Pred::any(alternatives, span))
}

/// An element of a list for which the leaf holds.
fn some(plan: &mut Plan<'_>, pred: &Pred, n: usize, list: &Expr, member: Option<(usize, Type)>) -> Pred {
    let element = plan.binder();
    let ty = list.ty.element().cloned().unwrap_or(Type::Raw);
    let value = Expr::new(ExprKind::Element(element), ty, pred.span);
    let value = match member {
        Some((member, ty)) => Expr::new(ExprKind::Member(Box::new(value), member), ty, pred.span),
        None => value,
    };
    let holds = Box::new(with_operand(pred, n, value));
    Pred::new(PredKind::Some { element, list: list.clone(), holds, every: false }, pred.span)
}

/// Whether one is there only where a part of the record is a list, and the other only where the same part is single.
fn exclude_each_other(lists: &Expr, single: &Expr) -> bool {
    let ExprKind::Call(F::Join, lists) = &lists.kind else { return false };
    let Some((base, single)) = read_path(single) else { return false };
    lists.iter().all(|list| {
        read_path(list).is_some_and(|(of, steps)| {
            let list = steps.iter().position(|step| *step == Step::Elements).and_then(|n| steps.get(..n));
            of.kind == base.kind && matches!(base.kind, ExprKind::Record | ExprKind::Element(_)) && list == Some(single)
        })
    })
}

/// The path that is read.
fn read_path(expr: &Expr) -> Option<(&Expr, &[Step])> {
    let ExprKind::Read(raw) = &expr.kind else { return None };
    match &raw.kind {
        ExprKind::Path(base, steps) => Some((base, steps)),
        _ => None,
    }
}

/// `P(join(list))`, where one line decides P: some part for which it holds. Of the joined text as a whole each part is a weaker sign.
fn joined(plan: &mut Plan<'_>, pred: &Pred, n: usize, lists: &[Expr], positive: bool) -> Said<Pred> {
    let one_line = |text: &Literal| matches!(text, Literal::Text(text) if !text.contains('\n'));
    let literals = |exprs: &[Expr]| exprs.iter().all(|expr| expr.as_literal().is_some_and(one_line));
    let (single, whole) = match &pred.kind {
        PredKind::Present(_) => (vec![pred.clone()], false),
        PredKind::Text { test, needles, every, .. } if n == 0 && literals(needles) => {
            // Every needle may stand in another part.
            (if *every { each_needle(pred, needles) } else { vec![pred.clone()] }, *test != TextTest::Contains)
        }
        PredKind::Matches { patterns, every, .. } if patterns.iter().all(|pattern| within_a_part(&pattern.node)) => {
            (if *every { each_pattern(pred) } else { vec![pred.clone()] }, false)
        }
        PredKind::Compare(Comparison::Equal, left, right)
            if [left, right].iter().any(|side| side.as_literal().is_some_and(one_line)) =>
        {
            (vec![pred.clone()], true)
        }
        PredKind::EqualNoCase(left, right)
            if [left, right].iter().any(|side| side.as_literal().is_some_and(one_line)) =>
        {
            (vec![pred.clone()], true)
        }
        PredKind::OneOf { options, .. } if options.iter().all(one_line) => (vec![pred.clone()], true),
        _ => return Err(errors::joined_text(pred.span)),
    };
    if !positive {
        return Err(errors::every_element(pred.span));
    }
    if whole {
        plan.weaken(Verdict::Wider, positive, errors::part_for_whole(pred.span));
    }
    let mut tests = Vec::new();
    for test in single {
        let parts = lists.iter().map(|list| some(plan, &test, n, list, None)).collect();
        tests.push(Pred::any(parts, pred.span));
    }
    Ok(Pred::all(tests, pred.span))
}

/// `P(concat(list))`: what is spread over several parts is not found in one.
fn concatenated(plan: &mut Plan<'_>, pred: &Pred, n: usize, list: &Expr, positive: bool) -> Said<Pred> {
    if !positive {
        return Err(errors::every_element(pred.span));
    }
    match &pred.kind {
        PredKind::Present(_) => {}
        PredKind::Text { test: TextTest::Contains, every: false, .. } if n == 0 => {
            plan.weaken(Verdict::Narrower, positive, errors::within_a_part(pred.span));
        }
        PredKind::Matches { patterns, every: false, .. }
            if patterns.iter().all(|pattern| within_a_line(&pattern.node)) =>
        {
            plan.weaken(Verdict::Narrower, positive, errors::within_a_part(pred.span));
        }
        _ => return Err(errors::joined_text(pred.span)),
    }
    Ok(some(plan, pred, n, list, None))
}

fn each_needle(pred: &Pred, needles: &[Expr]) -> Vec<Pred> {
    let one = |needle: &Expr| {
        let mut pred = pred.clone();
        if let PredKind::Text { needles, .. } = &mut pred.kind {
            *needles = vec![needle.clone()];
        }
        pred
    };
    needles.iter().map(one).collect()
}

fn each_pattern(pred: &Pred) -> Vec<Pred> {
    let PredKind::Matches { subject, patterns, every } = &pred.kind else { return Vec::new() };
    let one = |pattern: &crate::ir::Pattern| {
        let kind = PredKind::Matches { subject: subject.clone(), patterns: vec![pattern.clone()], every: *every };
        Pred::new(kind, pred.span)
    };
    patterns.iter().map(one).collect()
}

/// `P(last(list))`: every element is tested.
fn last(
    plan: &mut Plan<'_>,
    pred: &Pred,
    n: usize,
    list: &Expr,
    member: Option<(usize, Type)>,
    positive: bool,
) -> Said<Pred> {
    if !positive {
        return Err(errors::every_element(pred.span));
    }
    if !matches!(pred.kind, PredKind::Present(_)) || member.is_some() {
        plan.weaken(Verdict::Wider, positive, errors::any_for_last(pred.span));
    }
    Ok(some(plan, pred, n, list, member))
}

/// `lower(x)` tested without regard to case, or compared with constants.
fn nocase(pred: &Pred, n: usize, lower: bool, inner: &Expr) -> Option<Pred> {
    // A constant in the other case is never equal.
    let reachable =
        |text: &str| !text.contains(|c: char| if lower { c.is_ascii_uppercase() } else { c.is_ascii_lowercase() });
    let span = pred.span;
    // Where case does not count anyway, folding changes nothing.
    if matches!(
        pred.kind,
        PredKind::EqualNoCase(..)
            | PredKind::OneOf { nocase: true, .. }
            | PredKind::Text { nocase: true, .. }
            | PredKind::Fits { nocase: true, .. }
    ) {
        return Some(with_operand(pred, n, inner.clone()));
    }
    let kind = match &pred.kind {
        PredKind::Compare(Comparison::Equal, left, right) => {
            let other = if n == 0 { right } else { left };
            match other.as_literal() {
                Some(Literal::Text(text)) if reachable(text) => PredKind::EqualNoCase(inner.clone(), other.clone()),
                Some(Literal::Text(_)) => PredKind::Const(false),
                _ => return None,
            }
        }
        PredKind::OneOf { options, .. } => {
            let options: Vec<Literal> =
                options.iter().filter(|o| matches!(o, Literal::Text(text) if reachable(text))).cloned().collect();
            match options.is_empty() {
                true => PredKind::Const(false),
                false => PredKind::OneOf { subject: inner.clone(), options, nocase: true },
            }
        }
        PredKind::Text { test, needles, every, .. } if n == 0 => {
            let all = needles
                .iter()
                .all(|needle| matches!(needle.as_literal(), Some(Literal::Text(text)) if reachable(text)));
            if !all {
                return None;
            }
            PredKind::Text {
                test: *test,
                subject: inner.clone(),
                needles: needles.clone(),
                every: *every,
                nocase: true,
            }
        }
        _ => return None,
    };
    Some(Pred::new(kind, span))
}

/// A list that can't be asked as a whole, or for other than text: some element for which one of the constants holds.
fn has(plan: &mut Plan<'_>, pred: &Pred) -> Said<Option<Pred>> {
    let PredKind::Has { list, options, every, nocase } = &pred.kind else { return Ok(None) };
    let texts = options.iter().all(|option| matches!(option, Literal::Text(_)));
    if texts && !nocase && plan.attempt(|plan| plan.list_text(list)).is_ok() {
        return Ok(None);
    }
    let mut test = |options: Vec<Literal>| {
        let element = plan.binder();
        let ty = list.ty.element().cloned().unwrap_or(Type::Text);
        let subject = Expr::new(ExprKind::Element(element), ty, pred.span);
        let holds = Box::new(Pred::new(PredKind::OneOf { subject, options, nocase: *nocase }, pred.span));
        Pred::new(PredKind::Some { element, list: list.clone(), holds, every: false }, pred.span)
    };
    let tests = if *every {
        options.iter().map(|option| test(vec![option.clone()])).collect()
    } else {
        vec![test(options.clone())]
    };
    Ok(Some(Pred::all(tests, pred.span)))
}
