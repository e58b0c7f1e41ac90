//! Expressions: pest's pairs → [`crate::syntax::ast::Expr`].

use super::{P, Reader, Rule};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Argument, ArithmeticOp, Binding, Comparison, Expr, ExprKind, IsWhat, Key, Literal, Name, Quantifier, Suffix,
    TestOp, Verbatim,
};
use crate::syntax::errors;

impl Reader {
    pub(super) fn expression(&mut self, pair: P<'_>) -> Expr {
        // expression > disjunct > negation (conjunction negation)*
        let span = self.span(&pair);
        let Some(disjunct) = pair.into_inner().next() else { return nothing(span) };
        self.deeper(1, span, |this| this.disjunct(disjunct)).unwrap_or_else(|| nothing(span))
    }

    fn disjunct(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut operands = Vec::new();
        let mut first: Option<Rule> = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::negation {
                operands.push(self.negation(part));
                continue;
            }
            let Some(word) = part.into_inner().next() else { continue };
            let at = self.span(&word);
            let rule = match word.as_rule() {
                Rule::and_slip => {
                    self.say(errors::boolean_slip(at, "&&", "and"));
                    Rule::kw_and
                }
                Rule::or_slip => {
                    self.say(errors::boolean_slip(at, "||", "or"));
                    Rule::kw_or
                }
                rule => rule,
            };
            match first {
                None => first = Some(rule),
                Some(one) if one != rule => {
                    let text = |rule| if rule == Rule::kw_and { "and" } else { "or" };
                    self.say(errors::mixed(at, text(one), text(rule)));
                }
                Some(_) => {}
            }
        }
        match (operands.len(), first) {
            (0, _) => nothing(span),
            (1, _) => operands.remove(0),
            (_, Some(Rule::kw_or)) => boxed(ExprKind::Or(operands), span),
            _ => boxed(ExprKind::And(operands), span),
        }
    }

    fn negation(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let nots = pair.clone().into_inner().filter(|part| part.as_rule() == Rule::kw_not).count();
        let inner = pair.into_inner().find(|part| part.as_rule() != Rule::kw_not);
        let expr = inner.and_then(|part| self.deeper(nots, span, |this| this.comparison(part)));
        let Some(mut expr) = expr else { return nothing(span) };
        for _ in 0..nots {
            expr = boxed(ExprKind::Not(expr), span);
        }
        expr
    }

    fn comparison(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let mut left = parts.next().map_or_else(|| nothing(span), |part| self.sum(part));
        for (n, tail) in parts.enumerate() {
            let at = self.span(&tail);
            if n > 0 {
                self.say(errors::chained(at));
                break;
            }
            if let Some(tail) = tail.into_inner().next() {
                left = self.tail(left, tail);
            }
        }
        left
    }

    fn tail(&mut self, left: Expr, pair: P<'_>) -> Expr {
        let span = left.span.to(self.span(&pair));
        let rule = pair.as_rule();
        let start = self.at(pair.as_span().start()..pair.as_span().start());
        let mut parts: Vec<P<'_>> = pair.into_inner().collect();
        let negated = parts.iter().any(|p| p.as_rule() == Rule::kw_not);
        let nocase = parts.iter().position(|p| p.as_rule() == Rule::kw_nocase);
        let nocase_span = nocase.and_then(|at| parts.get(at)).map(|p| self.span(p));
        let quantifier = parts
            .iter()
            .find(|p| p.as_rule() == Rule::quantifier)
            .map(|p| if p.as_str().starts_with("any") { Quantifier::Any } else { Quantifier::All });
        if rule == Rule::test_is {
            let what = parts.pop();
            let what = match what {
                Some(p) if p.as_rule() == Rule::kw_missing => IsWhat::Missing,
                Some(p) if p.as_rule() == Rule::kw_present => IsWhat::Present,
                Some(p) => IsWhat::Operations(self.name(&p)),
                None => IsWhat::Missing,
            };
            return boxed(ExprKind::Is(left, negated, what), span);
        }
        let op_at = parts.iter().find(|p| p.as_rule() != Rule::kw_not).map_or(start, |p| self.span(p));
        let op = match rule {
            Rule::equal_slip => {
                self.say(errors::single_equals(
                    self.at(start.start as usize - self.base..start.start as usize - self.base + 1),
                ));
                TestOp::Equal
            }
            Rule::test_in => TestOp::In,
            Rule::test_order => match parts.first().map(|p| p.as_str()) {
                Some("==") => TestOp::Equal,
                Some("!=") => TestOp::NotEqual,
                Some("<") => TestOp::Less,
                Some("<=") => TestOp::LessEqual,
                Some(">") => TestOp::Greater,
                _ => TestOp::GreaterEqual,
            },
            _ => match parts.iter().map(P::as_rule).find(|r| *r != Rule::kw_not) {
                Some(Rule::kw_contains) => TestOp::Contains,
                Some(Rule::kw_matches) => TestOp::Matches,
                Some(Rule::kw_has) => TestOp::Has,
                Some(Rule::kw_starts) => TestOp::StartsWith,
                _ => TestOp::EndsWith,
            },
        };
        if let (Some(at), TestOp::Less | TestOp::LessEqual | TestOp::Greater | TestOp::GreaterEqual) = (nocase_span, op)
        {
            self.say(errors::nocase_here(at, op.text()));
        }
        let right = parts.into_iter().find(|p| p.as_rule() == Rule::sum);
        let right = right.map_or_else(|| nothing(span), |p| self.sum(p));
        let op = Spanned::new(op, op_at);
        boxed(ExprKind::Test(Comparison { left, negated, op, quantifier, right, nocase: nocase.is_some() }), span)
    }

    pub(super) fn sum(&mut self, pair: P<'_>) -> Expr {
        self.chain(pair, Reader::product)
    }

    fn product(&mut self, pair: P<'_>) -> Expr {
        self.chain(pair, Reader::unary)
    }

    /// `a OP b OP c`, from the left.
    fn chain(&mut self, pair: P<'_>, operand: fn(&mut Reader, P<'_>) -> Expr) -> Expr {
        let span = self.span(&pair);
        let operators = pair.clone().into_inner().count() / 2;
        self.deeper(operators, span, |this| this.operands(pair, span, operand)).unwrap_or_else(|| nothing(span))
    }

    fn operands(&mut self, pair: P<'_>, span: Span, operand: fn(&mut Reader, P<'_>) -> Expr) -> Expr {
        let mut left: Option<Expr> = None;
        let mut op = ArithmeticOp::Add;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::sum_op | Rule::product_op => {
                    op = match part.as_str() {
                        "+" => ArithmeticOp::Add,
                        "-" => ArithmeticOp::Subtract,
                        "*" => ArithmeticOp::Multiply,
                        _ => ArithmeticOp::Divide,
                    };
                }
                _ => {
                    let right = operand(self, part);
                    left = Some(match left {
                        None => right,
                        Some(left) => {
                            let span = left.span.to(right.span);
                            boxed(ExprKind::Arithmetic(left, op, right), span)
                        }
                    });
                }
            }
        }
        left.unwrap_or_else(|| nothing(span))
    }

    fn unary(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let Some(first) = parts.next() else { return nothing(span) };
        if first.as_rule() != Rule::minus {
            return self.primary(first);
        }
        let Some(primary) = parts.next() else { return nothing(span) };
        if let Some(number) = primary.clone().into_inner().next().filter(|p| p.as_rule() == Rule::number) {
            return boxed(ExprKind::Literal(self.number(&number, true)), span);
        }
        self.say(errors::minus(span, primary.as_str().trim_end()));
        self.primary(primary)
    }

    fn primary(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let Some(part) = pair.into_inner().next() else { return nothing(span) };
        let kind = match part.as_rule() {
            Rule::expression => {
                let inner = self.expression(part);
                return Spanned::new(inner.node, span);
            }
            Rule::quantified => return self.quantified(part),
            Rule::case => return self.case(part),
            Rule::rows => return self.rows(part),
            Rule::list_literal => ExprKind::List(self.list_literal(part)),
            Rule::record_literal => ExprKind::Record(self.bindings(part)),
            Rule::call | Rule::reference | Rule::raw_path => return self.reference(part),
            Rule::target_field => ExprKind::TargetField(part.as_str().trim_start_matches('@').to_owned()),
            _ => ExprKind::Literal(self.literal(&part)),
        };
        boxed(kind, span)
    }

    fn literal(&mut self, pair: &P<'_>) -> Literal {
        match pair.as_rule() {
            Rule::date => self.date(pair),
            Rule::duration => self.duration(pair),
            Rule::v4 | Rule::v6 => self.network(pair),
            Rule::number => self.number(pair, false),
            Rule::string => Literal::Text(self.text(pair), Verbatim(pair.as_str().to_owned())),
            Rule::pattern => {
                let written = pair.as_str();
                // `\/` is how a slash is written inside slashes; it is no escape of the pattern.
                Literal::Pattern(
                    written.get(1..written.len().saturating_sub(1)).unwrap_or_default().replace(r"\/", "/"),
                )
            }
            _ => Literal::Bool(pair.as_str() == "true"),
        }
    }

    pub(super) fn list_literal(&mut self, pair: P<'_>) -> Vec<Expr> {
        pair.into_inner().map(|part| self.expression(part)).collect()
    }

    /// A call, a reference or a raw path.
    pub(super) fn reference(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = pair.into_inner().peekable();
        if rule == Rule::raw_path {
            let suffixes = parts.map(|part| self.suffix(&part)).collect();
            return boxed(ExprKind::RawPath(suffixes), span);
        }
        let Some(head) = parts.next() else { return nothing(span) };
        let name = self.name(&head);
        if rule == Rule::reference {
            let suffixes = parts.map(|part| self.suffix(&part)).collect();
            return boxed(ExprKind::Reference(name, suffixes), span);
        }
        let arguments = match parts.next() {
            Some(arguments) => arguments.into_inner().map(|part| self.argument(part)).collect(),
            None => Vec::new(),
        };
        let suffixes = parts.map(|part| self.suffix(&part)).collect();
        boxed(ExprKind::Call(name, arguments, suffixes), span)
    }

    fn argument(&mut self, pair: P<'_>) -> Argument {
        let mut argument = Argument { value: None, filter: None, by: Vec::new() };
        let mut filter = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_where => filter = true,
                Rule::kw_by => {}
                Rule::keys => argument.by = part.into_inner().filter_map(|key| self.key(key)).collect(),
                _ if filter => argument.filter = Some(self.expression(part)),
                _ => argument.value = Some(self.expression(part)),
            }
        }
        argument
    }

    pub(super) fn suffix(&mut self, pair: &P<'_>) -> Suffix {
        let written = pair.as_str();
        match pair.as_rule() {
            Rule::values => Suffix::Values,
            Rule::elements => Suffix::Elements,
            Rule::index => {
                let digits = written.trim_start_matches('[').trim_end_matches(']');
                Suffix::Index(digits.parse().unwrap_or_else(|_| {
                    let span = self.span(pair);
                    self.say(errors::literal(
                        span,
                        format!("index `{digits}` is out of range"),
                        "count from 0, or from the end with a minus",
                    ));
                    0
                }))
            }
            Rule::odd_member => {
                let text = pair.clone().into_inner().next().map(|string| self.text(&string)).unwrap_or_default();
                Suffix::OddMember(text)
            }
            _ => Suffix::Member(written.trim_start_matches('.').to_owned()),
        }
    }

    fn quantified(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let (mut quantifier, mut word, mut list, mut holds) = (Quantifier::Any, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_all => quantifier = Quantifier::All,
                Rule::word => word = Some(self.name(&part)),
                Rule::source_of_elements => list = part.into_inner().next().map(|p| self.reference(p)),
                Rule::expression => holds = Some(self.expression(part)),
                _ => {}
            }
        }
        match (word, list, holds) {
            (Some(word), Some(list), Some(holds)) => boxed(ExprKind::Quantified(quantifier, word, list, holds), span),
            _ => nothing(span),
        }
    }

    pub(super) fn case(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut arms = Vec::new();
        for arm in pair.into_inner().filter(|p| p.as_rule() == Rule::arm) {
            let mut values: Vec<Expr> = Vec::new();
            let mut otherwise = false;
            for part in arm.into_inner() {
                match part.as_rule() {
                    Rule::kw_else => otherwise = true,
                    Rule::kw_arrow => {}
                    _ => values.push(self.expression(part)),
                }
            }
            let value = values.pop().unwrap_or_else(|| nothing(span));
            arms.push((if otherwise { None } else { values.pop() }, value));
        }
        boxed(ExprKind::Case(arms), span)
    }

    fn rows(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let (mut word, mut lists, mut filter, mut bindings) = (None, Vec::new(), None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => word = Some(self.name(&part)),
                Rule::source_of_elements => lists.extend(part.into_inner().next().map(|p| self.reference(p))),
                Rule::expression => filter = Some(self.expression(part)),
                Rule::binding => bindings.extend(self.binding(part)),
                _ => {}
            }
        }
        match word {
            Some(word) => boxed(ExprKind::Rows(word, lists, filter, bindings), span),
            None => nothing(span),
        }
    }

    pub(super) fn binding(&mut self, pair: P<'_>) -> Option<Binding> {
        let mut parts = pair.into_inner().filter(|part| part.as_rule() != Rule::kw_equals);
        let name = parts.next().map(|part| self.name(&part))?;
        let value = parts.next().map(|part| self.expression(part))?;
        Some(Binding { name, value })
    }

    pub(super) fn bindings(&mut self, pair: P<'_>) -> Vec<Binding> {
        pair.into_inner().filter_map(|part| self.binding(part)).collect()
    }

    pub(super) fn key(&mut self, pair: P<'_>) -> Option<Key> {
        let (mut name, mut value, mut default) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::kw_equals => {}
                Rule::sum => value = Some(self.sum(part)),
                Rule::key_default => {
                    default = part
                        .into_inner()
                        .find(|p| p.as_rule() == Rule::string)
                        .map(|string| Spanned::new(self.text(&string), self.span(&string)));
                }
                _ => value = Some(self.reference(part)),
            }
        }
        value.map(|value| Key { name, value, default })
    }

    /// A name as it is used: backticks are gone.
    pub(super) fn name(&mut self, pair: &P<'_>) -> Name {
        Spanned::new(pair.as_str().replace('`', ""), self.span(pair))
    }
}

pub(super) fn boxed(kind: ExprKind, span: Span) -> Expr {
    Spanned::new(Box::new(kind), span)
}

/// Stands for what the grammar guarantees to be there; never seen, and no panic if it were.
fn nothing(span: Span) -> Expr {
    boxed(ExprKind::List(Vec::new()), span)
}
