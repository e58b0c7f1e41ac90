//! Conditions: each form that is written becomes the one predicate that it means.

use ipnet::{IpNet, Ipv4Net};

use super::calendar::DURING;
use super::errors;
use super::expr::DIGEST;
use super::found::FOUND;
use super::list::Item;
use super::number::{decimal, literal_first};
use super::scope::Resolver;
use crate::ir::{Comparison, Expr, ExprKind, Literal, Pattern, Pred, PredKind, TextTest, Type};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, IsWhat, Quantifier, TestOp};

impl Resolver<'_> {
    pub(super) fn pred(&mut self, expr: &ast::Expr) -> Option<Pred> {
        let span = expr.span;
        match &*expr.node {
            ast::ExprKind::And(operands) => self.preds(operands).map(|preds| Pred::all(preds, span)),
            ast::ExprKind::Or(operands) => self.preds(operands).map(|preds| Pred::any(preds, span)),
            ast::ExprKind::Not(inner) => self.pred(inner).map(|pred| Pred { span, ..pred.negate() }),
            ast::ExprKind::Is(left, negated, what) => {
                let pred = self.is(left, what, span)?;
                Some(if *negated { pred.negate() } else { pred })
            }
            ast::ExprKind::Quantified(quantifier, word, list, holds) => self.some(*quantifier, word, list, holds, span),
            ast::ExprKind::Test(test) => self.test(test, span),
            ast::ExprKind::Call(name, arguments, suffixes) if name.node == FOUND.0 && suffixes.is_empty() => {
                self.found(arguments, span)
            }
            ast::ExprKind::Call(name, arguments, suffixes) if name.node == DURING.0 && suffixes.is_empty() => {
                self.during(arguments, span)
            }
            ast::ExprKind::Literal(ast::Literal::Bool(value)) => Some(Pred::new(PredKind::Const(*value), span)),
            _ => {
                let value = self.expr(expr, Some(&Type::Bool))?;
                match value.ty {
                    Type::Bool => Some(Pred::new(PredKind::Holds(value), span)),
                    Type::Raw => Some(Pred::new(PredKind::Holds(self.coerce(value, &Type::Bool)?), span)),
                    ty => self.wrong(errors::not_a_condition(span, &ty)),
                }
            }
        }
    }

    /// Every operand, so that one that is wrong does not hide the next.
    fn preds(&mut self, operands: &[ast::Expr]) -> Option<Vec<Pred>> {
        let preds: Vec<Option<Pred>> = operands.iter().map(|operand| self.pred(operand)).collect();
        preds.into_iter().collect()
    }

    fn is(&mut self, left: &ast::Expr, what: &IsWhat, span: Span) -> Option<Pred> {
        match what {
            IsWhat::Missing | IsWhat::Present => {
                let present = Pred::new(PredKind::Present(self.digest_or(left)?), span);
                Some(if *what == IsWhat::Missing { present.negate() } else { present })
            }
            IsWhat::Operations(name) => {
                let subject = self.value(left, &Type::Text)?;
                let Some(globs) = self.operations.get(&name.node) else {
                    if self.names.is_broken("operations", &name.node) {
                        return self.silent();
                    }
                    if matches!(name.node.as_str(), "null" | "empty" | "none" | "nil" | "NULL" | "absent" | "unset") {
                        return self.wrong(errors::null(name.span, &name.node));
                    }
                    let known: Vec<&str> = self.operations.keys().map(String::as_str).collect();
                    return self.wrong(errors::no_operations_of(name.span, &name.node, known));
                };
                let kind = PredKind::Operation { subject, name: name.node.clone(), globs: globs.clone() };
                Some(Pred::new(kind, span))
            }
        }
    }

    fn some(
        &mut self,
        quantifier: Quantifier,
        word: &ast::Name,
        list: &ast::Expr,
        holds: &ast::Expr,
        span: Span,
    ) -> Option<Pred> {
        let list = self.list_of(list);
        let ty = list.as_ref().and_then(|list| list.ty.element().cloned());
        let (element, holds) = self.with_element(word, ty, |this| this.pred(holds));
        let every = quantifier == Quantifier::All;
        Some(Pred::new(PredKind::Some { element, list: list?, holds: Box::new(holds?), every }, span))
    }

    fn test(&mut self, test: &ast::Comparison, span: Span) -> Option<Pred> {
        let pred = match test.op.node {
            TestOp::Equal | TestOp::NotEqual => self.equal(test, span),
            TestOp::Less | TestOp::LessEqual | TestOp::Greater | TestOp::GreaterEqual => self.order(test, span),
            TestOp::In => self.one_of(test, span),
            TestOp::Contains => self.text(test, TextTest::Contains, span),
            TestOp::StartsWith => self.text(test, TextTest::StartsWith, span),
            TestOp::EndsWith => self.text(test, TextTest::EndsWith, span),
            TestOp::Matches => self.matches(test, span),
            TestOp::Has => self.has(test, span),
        }?;
        let negated = test.negated != (test.op.node == TestOp::NotEqual);
        Some(if negated { pred.negate() } else { pred })
    }

    fn equal(&mut self, test: &ast::Comparison, span: Span) -> Option<Pred> {
        if test.quantifier.is_some() {
            let items = self.items(&test.right, "any of");
            let subject = self.expr(&test.left, None)?;
            let items = items?;
            return match test.quantifier {
                Some(Quantifier::All) => {
                    let preds = items
                        .into_iter()
                        .map(|item| self.options(subject.clone(), vec![item], test.nocase, span))
                        .collect::<Option<Vec<_>>>()?;
                    Some(Pred::all(preds, span))
                }
                _ => self.options(subject, items, test.nocase, span),
            };
        }
        if self.is_list(&test.right) {
            return self.wrong(errors::list(
                test.right.span,
                "`==` takes one value",
                "write `in [ … ]`, or `== any of …`",
            ));
        }
        self.scope.digest = is_digest(&test.left) && is_digest(&test.right);
        let sides = self.sides(test);
        self.scope.digest = false;
        let (left, right) = sides?;
        if test.nocase {
            let left = self.coerce(left, &Type::Text)?;
            let right = self.coerce(right, &Type::Text)?;
            return Some(Pred::new(PredKind::EqualNoCase(left, right), span));
        }
        if !left.ty.is_scalar() {
            return self.wrong(errors::incomparable(span, "==", &left.ty, &right.ty));
        }
        Some(Pred::new(PredKind::Compare(Comparison::Equal, left, right), span))
    }

    fn order(&mut self, test: &ast::Comparison, span: Span) -> Option<Pred> {
        let op = match test.op.node {
            TestOp::Less => Comparison::Less,
            TestOp::LessEqual => Comparison::LessEqual,
            TestOp::Greater => Comparison::Greater,
            _ => Comparison::GreaterEqual,
        };
        if test.quantifier.is_some() {
            return self.wrong(errors::list(
                test.op.span,
                format!("`{}` takes one value", test.op.node.text()),
                "compare with the greatest or the least of them",
            ));
        }
        let (left, right) = self.sides(test)?;
        if !(left.ty.is_number() || matches!(left.ty, Type::Time | Type::Duration)) {
            return self.wrong(errors::not_ordered(span, test.op.node.text(), &left.ty));
        }
        Some(Pred::new(PredKind::Compare(op, left, right), span))
    }

    /// Both sides of a comparison, with one type (or an int and a float).
    fn sides(&mut self, test: &ast::Comparison) -> Option<(Expr, Expr)> {
        let span = test.left.span.to(test.right.span);
        // Both sides, so that one that is wrong does not hide the other; a literal takes the type of what it stands beside.
        let (left, right) = if literal_first(&test.left) {
            let right = self.expr(&test.right, None);
            (self.expr(&test.left, right.as_ref().map(|r| &r.ty)), right)
        } else {
            let left = self.expr(&test.left, None);
            let want = left.as_ref().map(|l| &l.ty).filter(|ty| **ty != Type::Raw);
            let right = self.expr(&test.right, want);
            (left, right)
        };
        let (left, right) = (left?, right?);
        let (left, right) = match (&left.ty, &right.ty) {
            (Type::Raw, Type::Raw) => (self.coerce(left, &Type::Text)?, self.coerce(right, &Type::Text)?),
            (Type::Raw, _) => {
                let ty = right.ty.clone();
                (self.coerce(left, &ty)?, right)
            }
            (_, Type::Raw) => {
                let ty = left.ty.clone();
                let right = self.coerce(right, &ty)?;
                (left, right)
            }
            (Type::Decimal, Type::Int) => {
                let right = self.coerce(right, &Type::Decimal)?;
                (left, right)
            }
            (Type::Int, Type::Decimal) => (self.coerce(left, &Type::Decimal)?, right),
            _ => (left, right),
        };
        let numbers = |ty: &Type| matches!(ty, Type::Int | Type::Float);
        if left.ty == right.ty || (numbers(&left.ty) && numbers(&right.ty)) {
            return Some((left, right));
        }
        self.wrong(errors::incomparable(span, test.op.node.text(), &left.ty, &right.ty))
    }

    fn one_of(&mut self, test: &ast::Comparison, span: Span) -> Option<Pred> {
        let items = match &*test.right.node {
            // `source.ip in 10.0.0.0/8`: one network needs no brackets.
            ast::ExprKind::Literal(ast::Literal::Network(network, _)) => {
                vec![Spanned::new(Item::Network(*network), test.right.span)]
            }
            _ => {
                let items = self.items(&test.right, "in");
                let subject = self.expr(&test.left, None)?;
                return self.options(subject, items?, test.nocase, span);
            }
        };
        let subject = self.expr(&test.left, None)?;
        self.options(subject, items, test.nocase, span)
    }

    /// A value that is one of some constants: of its own type, or of theirs where it is raw.
    fn options(&mut self, subject: Expr, items: Vec<Spanned<Item>>, nocase: bool, span: Span) -> Option<Pred> {
        let networks = items.iter().any(|item| matches!(item.node, Item::Network(_)));
        if networks || subject.ty == Type::Ip {
            if nocase {
                return self.wrong(errors::nocase_on(span, &Type::Ip));
            }
            if subject.ty == Type::Text {
                return self.wrong(errors::text_in_network(subject.span));
            }
            let subject = self.coerce(subject, &Type::Ip)?;
            let mut nets = Vec::new();
            for item in items {
                match item.node {
                    Item::Network(network) => nets.push(canonical(network)),
                    Item::Value(Literal::Ip(address)) => nets.push(address.into()),
                    _ => {
                        return self.wrong(errors::list(
                            item.span,
                            "expected a network or an address",
                            "write `10.0.0.0/8` or `203.0.113.7`, without quotes",
                        ));
                    }
                }
            }
            return Some(Pred::new(PredKind::InNetwork(subject, nets), span));
        }
        let subject = match &subject.ty {
            Type::Raw => {
                let ty = items.iter().find_map(|item| item.node.ty()).unwrap_or(Type::Text);
                self.coerce(subject, &ty)?
            }
            Type::List(_) | Type::Record(_) => {
                let ty = subject.ty.clone();
                return self.wrong(
                    errors::type_mismatch(subject.span, "a single value", &ty)
                        .help("ask for an element: `xs has any of …`, or `any x in xs (…)`"),
                );
            }
            _ => subject,
        };
        if nocase && subject.ty != Type::Text {
            return self.wrong(errors::nocase_on(subject.span, &subject.ty));
        }
        let options = self.constants(&subject.ty, items)?;
        Some(Pred::new(PredKind::OneOf { subject, options, nocase }, span))
    }

    /// Items as constants of a type.
    fn constants(&mut self, ty: &Type, items: Vec<Spanned<Item>>) -> Option<Vec<Literal>> {
        let mut out = Vec::new();
        for item in items {
            let fitting = match (&item.node, ty) {
                (Item::Value(literal), ty) if literal.ty() == *ty => Some(literal.clone()),
                #[expect(clippy::cast_precision_loss, reason = "an int among floats is that float")]
                (Item::Value(Literal::Int(n)), Type::Float) => Some(Literal::Float(*n as f64)),
                (Item::Value(Literal::Int(n)), Type::Decimal) => Some(Literal::Decimal(i128::from(*n) * 1_000_000_000)),
                // The shortest text of a float is what was written, up to 15 digits.
                (Item::Value(Literal::Float(n)), Type::Decimal) => decimal(&n.to_string()).map(Literal::Decimal),
                _ => None,
            };
            match fitting {
                Some(literal) => out.push(literal),
                None => return self.wrong(errors::odd_item(item.span, ty, &item.node.kind())),
            }
        }
        Some(out)
    }

    fn text(&mut self, comparison: &ast::Comparison, test: TextTest, span: Span) -> Option<Pred> {
        let subject = self.expr(&comparison.left, None);
        let needles = self.needles(comparison);
        let subject = subject?;
        if matches!(subject.ty, Type::List(_)) {
            let diagnostic = errors::type_mismatch(subject.span, "text", &subject.ty)
                .help("a list is asked with `has`, or `any x in xs (x contains …)`");
            return self.wrong(diagnostic);
        }
        let subject = self.coerce(subject, &Type::Text)?;
        let every = comparison.quantifier == Some(Quantifier::All);
        Some(Pred::new(PredKind::Text { test, subject, needles: needles?, every, nocase: comparison.nocase }, span))
    }

    /// The right side of `contains` and its like.
    fn needles(&mut self, comparison: &ast::Comparison) -> Option<Vec<Expr>> {
        let (right, word) = (&comparison.right, comparison.op.node.text());
        if comparison.quantifier.is_some() {
            let items = self.items(right, word)?;
            let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
            let literals = self.constants(&Type::Text, items)?;
            return Some(literals.into_iter().zip(spans).map(|(l, span)| Expr::literal(l, span)).collect());
        }
        match &*right.node {
            _ if self.is_list(right) => self.wrong(errors::list(
                right.span,
                format!("`{word}` takes one text"),
                format!("write `{word} any of …` or `{word} all of …`"),
            )),
            ast::ExprKind::Literal(ast::Literal::Pattern(_)) => self.wrong(errors::list(
                right.span,
                format!("`{word}` takes a text, not a pattern"),
                "patterns are asked with `matches`",
            )),
            _ => Some(vec![self.value(right, &Type::Text)?]),
        }
    }

    fn matches(&mut self, test: &ast::Comparison, span: Span) -> Option<Pred> {
        let subject = self.value(&test.left, &Type::Text);
        let patterns = self.patterns(test)?;
        let (subject, every) = (subject?, test.quantifier == Some(Quantifier::All));
        if self.seeks_what_is_redacted(&subject, &patterns, span) {
            return None;
        }
        Some(Pred::new(PredKind::Matches { subject, patterns, every }, span))
    }

    /// The right side of `matches`.
    fn patterns(&mut self, test: &ast::Comparison) -> Option<Vec<Pattern>> {
        let right = &test.right;
        if let (ast::ExprKind::Literal(ast::Literal::Pattern(text)), None) = (&*right.node, test.quantifier) {
            return Some(vec![self.pattern(text, test.nocase, right.span)?]);
        }
        if test.quantifier.is_none() {
            return self.wrong(if self.is_list(right) {
                errors::list(
                    right.span,
                    "`matches` takes one pattern",
                    "write `matches any of …` or `matches all of …`",
                )
            } else {
                errors::no_pattern(right)
            });
        }
        let mut out = Vec::new();
        for item in self.items(right, "matches")? {
            match &item.node {
                Item::Pattern(text) => out.push(self.pattern(text, test.nocase, item.span)?),
                Item::Value(Literal::Text(text)) => {
                    return self.wrong(errors::expected_pattern(item.span, Some(text)));
                }
                _ => return self.wrong(errors::expected_pattern(item.span, None)),
            }
        }
        Some(out)
    }

    fn has(&mut self, test: &ast::Comparison, span: Span) -> Option<Pred> {
        let list = self.expr(&test.left, None)?;
        let items = self.has_items(test);
        let element = match list.ty.element().cloned() {
            Some(element) if element.is_scalar() => element,
            Some(Type::Raw) => {
                let own = items.iter().flatten().find_map(|item| item.node.ty());
                own.unwrap_or(Type::Text)
            }
            _ => {
                let diagnostic = errors::type_mismatch(list.span, "a list of single values", &list.ty);
                let help = if list.ty == Type::Text {
                    "in a text, look with `contains`"
                } else {
                    "ask with `any x in xs (…)`"
                };
                return self.wrong(diagnostic.help(help));
            }
        };
        let list = self.coerce(list, &Type::List(Box::new(element.clone())))?;
        if test.nocase && element != Type::Text {
            return self.wrong(errors::nocase_on(list.span, &element));
        }
        let options = self.constants(&element, items?)?;
        Some(Pred::new(
            PredKind::Has { list, options, every: test.quantifier == Some(Quantifier::All), nocase: test.nocase },
            span,
        ))
    }

    /// The right side of `has`.
    fn has_items(&mut self, test: &ast::Comparison) -> Option<Vec<Spanned<Item>>> {
        if test.quantifier.is_some() {
            return self.items(&test.right, "has");
        }
        if self.is_list(&test.right) {
            return self.wrong(errors::list(
                test.right.span,
                "`has` takes one value",
                "write `has any of …` or `has all of …`",
            ));
        }
        let value = self.expr(&test.right, None)?;
        match value.kind {
            ExprKind::Literal(literal) => Some(vec![Spanned::new(Item::Value(literal), value.span)]),
            _ => self.wrong(errors::list(
                value.span,
                "`has` takes a constant",
                "write `any x in xs (x == …)` to compare with another value",
            )),
        }
    }

    /// Whether an expression is a list: in brackets, or by the name of one.
    fn is_list(&self, expr: &ast::Expr) -> bool {
        match &*expr.node {
            ast::ExprKind::List(_) => true,
            ast::ExprKind::Reference(name, suffixes) => {
                suffixes.is_empty()
                    && (self.names.lists.contains_key(&name.node) || self.names.is_broken("list", &name.node))
            }
            _ => false,
        }
    }

    /// The constants on the right of `in`, `any of` and `all of`; never none.
    fn items(&mut self, expr: &ast::Expr, word: &str) -> Option<Vec<Spanned<Item>>> {
        let items = match &*expr.node {
            ast::ExprKind::List(elements) => {
                let mut diagnostics = Vec::new();
                let items = super::list::items(elements, &mut diagnostics);
                let failed = !diagnostics.is_empty();
                self.diagnostics.append(&mut diagnostics);
                if failed {
                    return None;
                }
                items
            }
            ast::ExprKind::Reference(name, suffixes) if suffixes.is_empty() => {
                let names = self.names;
                match names.lists.get(&name.node) {
                    // Its constants are placed where the rule names the list: that is what a target's refusal underlines.
                    Some(list) => list.items.iter().map(|i| Spanned::new(i.node.clone(), expr.span)).collect(),
                    None if names.is_broken("list", &name.node) => return self.silent(),
                    None => {
                        let field = self.scope.stream.is_some_and(|s| s.field(&name.node).is_some());
                        let known = names.lists.keys().map(String::as_str);
                        return self.wrong(errors::no_list(expr.span, word, &name.node, field, known));
                    }
                }
            }
            _ => {
                return self.wrong(errors::list(
                    expr.span,
                    format!("`{word}` takes a list"),
                    "write it in brackets, or name one: `list words = [\"a\", \"b\"]`",
                ));
            }
        };
        if items.is_empty() {
            return self.wrong(errors::list(expr.span, "empty list", "nothing is in it, so the test could never hold"));
        }
        Some(items)
    }
}

/// `prompt_digest` may be compared with itself.
fn is_digest(expr: &ast::Expr) -> bool {
    matches!(&*expr.node, ast::ExprKind::Reference(name, suffixes) if name.node == DIGEST && suffixes.is_empty())
}

/// A network of IPv4 addresses written as IPv6 is the IPv4 network, as such an address is the IPv4 address.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    let IpNet::V6(new) = network else { return network };
    let old = new.network().to_ipv4_mapped().zip(new.prefix_len().checked_sub(MAPPED_BITS));
    old.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}
