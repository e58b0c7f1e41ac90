//! Predicates: takes one with its sign, gives a condition that is never null where its complement could be asked.
//!
//! `not` goes down to the leaves; each leaf has two forms, and each form one reading for values that are missing.

use super::numbers::number_literal;
use super::plan::{Plan, Said};
use super::shorten::shorten;
use super::spread::spread;
use super::texts;
use super::values::Value;
use crate::ir::pattern::Node;
use crate::ir::{self, Comparison, ExprKind, Literal, Pred, PredKind, TextTest, Type};
use crate::target::Verdict;
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Function, Operator, Term};

impl Plan<'_> {
    /// The predicate, or its complement where it is not positive.
    pub(super) fn condition(&mut self, pred: &Pred, positive: bool) -> Said<Term> {
        match &pred.kind {
            PredKind::Const(value) => Ok(Term::constant(*value == positive)),
            PredKind::Not(inner) => self.condition(inner, !positive),
            PredKind::All(preds) | PredKind::Any(preds) => {
                let all = matches!(pred.kind, PredKind::All(_));
                if all == positive { self.every(preds, positive) } else { self.one(preds, positive) }
            }
            PredKind::Some { element, list, holds, every: false } if positive => {
                self.some(*element, list, holds, pred.span)
            }
            PredKind::Some { .. } => Err(errors::every_element(pred.span)),
            _ => match spread(self, pred, positive)? {
                Some(preds) => self.condition(&preds, positive),
                None => self.leaf(pred, positive),
            },
        }
    }

    /// The condition inside `if` and `case`, where no list can be taken apart.
    pub(super) fn row_condition(&mut self, pred: &Pred) -> Said<Term> {
        let lists = std::mem::replace(&mut self.lists, false);
        let condition = self.condition(pred, true);
        self.lists = lists;
        condition.map(shorten)
    }

    fn every(&mut self, preds: &[Pred], positive: bool) -> Said<Term> {
        let mut terms = Vec::new();
        for (n, pred) in preds.iter().enumerate() {
            // Two tests of one list may be met by different elements: only the first shares the rows that are there.
            let shared = if n > 0 { Some(std::mem::take(&mut self.open)) } else { None };
            terms.push(self.condition(pred, positive)?);
            if let Some(shared) = shared {
                self.open = shared;
            }
        }
        Ok(Term::all(terms))
    }

    fn one(&mut self, preds: &[Pred], positive: bool) -> Said<Term> {
        self.alternatives += 1;
        let terms = preds.iter().map(|pred| self.condition(pred, positive)).collect::<Said<Vec<_>>>();
        self.alternatives -= 1;
        terms.map(Term::any)
    }

    fn leaf(&mut self, pred: &Pred, positive: bool) -> Said<Term> {
        match &pred.kind {
            PredKind::Present(expr) => self.presence(expr, positive),
            PredKind::Holds(expr) => self.truth(expr, true, positive),
            PredKind::Compare(op, left, right) => self.compare(*op, left, right, positive),
            PredKind::EqualNoCase(left, right) => self.equal_nocase(left, right, positive),
            PredKind::OneOf { subject, options, nocase } => self.one_of(subject, options, *nocase, positive),
            PredKind::InNetwork(subject, networks) => {
                let subject = self.address(subject)?;
                let inside = |network: &ipnet::IpNet| {
                    let function = match network {
                        ipnet::IpNet::V4(_) => Function::IsIpv4InSubnet,
                        ipnet::IpNet::V6(_) => Function::IsIpv6InSubnet,
                    };
                    let address = if positive { subject.term.clone() } else { subject.term.clone().or(Term::word("")) };
                    // A network's text is digits, letters, `.`, `:` and `/`.
                    let network = Term::quoted(&network.to_string()).unwrap_or_else(|| Term::word(""));
                    let inside = Term::call(function, [address, network]);
                    if positive { inside } else { Term::Not(Box::new(inside)) }
                };
                let terms = networks.iter().map(inside).collect();
                Ok(if positive { Term::any(terms) } else { Term::all(terms) })
            }
            PredKind::Text { test, subject, needles, every, nocase } => {
                self.text_test(*test, subject, needles, *every, *nocase, positive)
            }
            PredKind::Matches { subject, patterns, every } => {
                let subject = self.text(subject)?;
                let nodes: Vec<&Node> = patterns.iter().map(|pattern| &pattern.node).collect();
                Ok(texts::matches(&subject, &nodes, *every, positive))
            }
            PredKind::Fits { subject, globs, nocase } => {
                Ok(texts::fits(&self.text(subject)?, globs, *nocase, positive))
            }
            PredKind::Has { list, options, .. } => {
                let json = self.list_text(list)?;
                let json = if positive { json } else { json.or(Term::word("[]")) };
                let mut terms = Vec::new();
                for option in options {
                    let Literal::Text(text) = option else { return Err(errors::expression(list.span, "this element")) };
                    let Some(text) = super::values::text_literal(text) else {
                        return Err(errors::odd_text(list.span, text));
                    };
                    let has = Term::call(Function::JsonArrayContains, [json.clone(), text]);
                    terms.push(if positive { has } else { Term::Not(Box::new(has)) });
                }
                let every = matches!(pred.kind, PredKind::Has { every: true, .. });
                Ok(if every == positive { Term::all(terms) } else { Term::any(terms) })
            }
            _ => Err(errors::expression(pred.span, "this test")),
        }
    }

    /// `is present`, or `is missing`.
    fn presence(&mut self, expr: &ir::Expr, positive: bool) -> Said<Term> {
        let value = match &expr.ty {
            Type::Text => self.text(expr)?,
            Type::Time => self.time_text(expr)?,
            Type::Ip => self.address(expr)?,
            Type::Int | Type::Float | Type::Decimal | Type::Duration => self.number(expr)?,
            Type::Bool => {
                let (yes, no) = (self.truth(expr, true, positive)?, self.truth(expr, false, positive)?);
                return Ok(if positive { Term::any(vec![yes, no]) } else { Term::all(vec![yes, no]) });
            }
            Type::Raw => return self.raw_presence(expr, positive),
            Type::List(_) => {
                let size = Term::call(Function::JsonArraySize, [self.list_text(expr)?]).or(Term::Int(0));
                let operator = if positive { Operator::Greater } else { Operator::Equal };
                return Ok(size.binary(operator, Term::Int(0)));
            }
            Type::Record(_) => return Err(errors::expression(expr.span, "whether a record is there")),
        };
        Ok(if positive { value.present() } else { value.absent() })
    }

    /// A raw value is there: single and not empty, or a map, or a list with elements.
    fn raw_presence(&mut self, expr: &ir::Expr, positive: bool) -> Said<Term> {
        let scalar = self.is_scalar(expr);
        // Maps and lists are no discovered fields.
        let field = if scalar { self.field_of(expr)? } else { self.parsed_field(expr)? };
        let Some(field) = field else { return Err(errors::expression(expr.span, "whether this part is there")) };
        let single = Term::Field(field.clone()).or(Term::word(""));
        let operator = if positive { Operator::NotEqual } else { Operator::Equal };
        let single = single.binary(operator, Term::word(""));
        if scalar {
            return Ok(single);
        }
        // A comparison with a map or list is false, so that their JSON text decides; of other values it is not documented.
        let json = Term::call(Function::JsonStringify, [Term::Field(field)]).or(Term::word(""));
        let nothing = if positive { vec!["[]", "", "\"\"", "null"] } else { vec!["[]"] };
        let nothing = nothing.into_iter().map(Term::word).collect();
        Ok(Term::any(vec![single, Term::In(Box::new(json), nothing, positive)]))
    }

    fn compare(&mut self, op: Comparison, left: &ir::Expr, right: &ir::Expr, positive: bool) -> Said<Term> {
        if left.as_literal().is_some() && right.as_literal().is_none() {
            return self.compare(op.flipped(), right, left, positive);
        }
        match (&left.ty, right.as_literal()) {
            (Type::Bool, Some(Literal::Bool(value))) => self.truth(left, *value, positive),
            (Type::Text, Some(Literal::Text(text))) => {
                Ok(texts::equals(&self.equal_text(left, &[text])?, &[text], false, positive))
            }
            (Type::Text, _) => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                Ok(texts::found_value(TextTest::Equals, &left, &right, positive))
            }
            (Type::Ip, Some(Literal::Ip(address))) => self.same_address(left, *address, positive),
            (Type::Ip, _) => {
                let (left, right) = (self.address(left)?, self.address(right)?);
                Ok(compare_values(&left, Operator::Equal, &right, positive))
            }
            (Type::Time, Some(Literal::Time(time))) if self.attempt(|plan| plan.is_whole(left)) == Ok(true) => {
                self.compare_time(op, left, *time, positive)
            }
            (Type::Bool, _) => Err(errors::expression(left.span, "whether two bools are the same")),
            _ => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Ok(compare_values(&left, operator(op), &right, positive))
            }
        }
    }

    /// A text that is only asked whether it equals constants: a value of another type does not, unless it is written like one of them, or
    /// stands before what counts where it is no text.
    fn equal_text(&mut self, expr: &ir::Expr, constants: &[&str]) -> Said<Value> {
        let untyped = self.untyped;
        let value = self.text(expr)?;
        let plain = matches!(&value.term, Term::Field(field) if field.is_of_log());
        if plain && !constants.iter().any(|text| ["true", "false", "1", "0"].contains(&text.to_lowercase().as_str())) {
            self.untyped = untyped;
        }
        Ok(value)
    }

    /// An address equals a constant: IPv4 addresses have one shortest text, IPv6 addresses are a network of one.
    fn same_address(&mut self, expr: &ir::Expr, address: std::net::IpAddr, positive: bool) -> Said<Term> {
        if address.is_ipv4() {
            self.addresses = true;
            let text = match self.field_of(expr)? {
                Some(field) => Term::Field(field),
                None => self.address(expr)?.term,
            };
            return Ok(texts::equals(&Value::blank(text), &[&address.to_string()], false, positive));
        }
        let network = ir::PredKind::InNetwork(expr.clone(), vec![ipnet::IpNet::from(address)]);
        self.leaf(&Pred::new(network, expr.span), positive)
    }

    fn one_of(&mut self, subject: &ir::Expr, options: &[Literal], nocase: bool, positive: bool) -> Said<Term> {
        if subject.ty == Type::Text {
            let texts: Vec<&str> = options
                .iter()
                .filter_map(|option| match option {
                    Literal::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            return Ok(texts::equals(&self.equal_text(subject, &texts)?, &texts, nocase, positive));
        }
        let whole = options.iter().all(|option| matches!(option, Literal::Int(0..)));
        if subject.ty == Type::Int && whole && options.len() > 1 {
            let value = self.number(subject)?;
            let Some(terms) = options.iter().map(number_literal).collect() else {
                return Err(errors::expression(subject.span, "an int beyond 2^53, where its numbers are floats"));
            };
            let among = Term::In(Box::new(value.term.clone()), terms, !positive);
            return Ok(if positive {
                Term::all(vec![value.present(), among])
            } else {
                Term::any(vec![value.absent(), among])
            });
        }
        let mut terms = Vec::new();
        for option in options {
            let option = ir::Expr::literal(option.clone(), subject.span);
            terms.push(self.compare(Comparison::Equal, subject, &option, positive)?);
        }
        Ok(if positive { Term::any(terms) } else { Term::all(terms) })
    }

    fn equal_nocase(&mut self, left: &ir::Expr, right: &ir::Expr, positive: bool) -> Said<Term> {
        if left.as_literal().is_some() && right.as_literal().is_none() {
            return self.equal_nocase(right, left, positive);
        }
        let subject = self.text(left)?;
        if let Some(Literal::Text(text)) = right.as_literal() {
            return Ok(texts::equals(&subject, &[text], true, positive));
        }
        let other = self.text(right)?;
        self.weaken(Verdict::Wider, positive, errors::folds_more(left.span, Function::ToLower.name()));
        let folded =
            |value: &Value| Value { term: Term::call(Function::ToLower, [value.or_empty()]), lack: value.lack.clone() };
        Ok(texts::found_value(TextTest::Equals, &folded(&subject), &folded(&other), positive))
    }

    fn text_test(
        &mut self,
        test: TextTest,
        subject: &ir::Expr,
        needles: &[ir::Expr],
        every: bool,
        nocase: bool,
        positive: bool,
    ) -> Said<Term> {
        let value = self.text(subject)?;
        let mut constant = Vec::new();
        let mut terms = Vec::new();
        for needle in needles {
            if let Some(Literal::Text(text)) = needle.as_literal() {
                constant.push(text.as_str());
                continue;
            }
            let mut needle_value = self.text(needle)?;
            let mut value = value.clone();
            if nocase {
                self.weaken(Verdict::Wider, positive, errors::folds_more(needle.span, Function::ToLower.name()));
                for value in [&mut value, &mut needle_value] {
                    value.term = Term::call(Function::ToLower, [value.or_empty()]);
                }
            }
            terms.push(texts::found_value(test, &value, &needle_value, positive));
        }
        if !constant.is_empty() {
            terms.insert(0, texts::found(test, &value, &constant, every, nocase, positive));
        }
        Ok(if every == positive { Term::all(terms) } else { Term::any(terms) })
    }

    /// Remembers what the rows that a condition has kept are known to have.
    pub(super) fn note_known(&mut self, pred: &Pred) -> Said<()> {
        let subject = match &pred.kind {
            PredKind::All(preds) => return preds.iter().try_for_each(|pred| self.note_known(pred)),
            PredKind::Present(expr) => expr,
            PredKind::Compare(_, left, right) if right.as_literal().is_some() => left,
            PredKind::OneOf { subject, .. }
            | PredKind::Text { subject, .. }
            | PredKind::Matches { subject, .. }
            | PredKind::Fits { subject, .. } => subject,
            _ => return Ok(()),
        };
        let ty = subject.ty.clone();
        let single = match &subject.kind {
            ExprKind::Read(_) => matches!(ty, Type::Text | Type::Int | Type::Float | Type::Time),
            _ => self.is_scalar(subject),
        };
        if single && let Some(field) = self.field_of(subject)? {
            self.known.push((field, ty));
        }
        Ok(())
    }
}

/// Two values compared; both forms guard against missing ones.
fn compare_values(left: &Value, operator: Operator, right: &Value, positive: bool) -> Term {
    let operator = if positive { operator } else { operator.complement() };
    let left_term = match (zero_default(&left.term), &right.term) {
        // A column that may be absent for 0 needs its 0 only where 0 decides.
        (Some(column), Term::Int(number)) if !holds_for_zero(operator, *number) => column.clone(),
        _ => left.term.clone(),
    };
    let compared = left_term.binary(operator, right.term.clone());
    if positive {
        Term::all(vec![left.present(), right.present(), compared])
    } else {
        Term::any(vec![left.absent(), right.absent(), compared])
    }
}

/// The column of `coalesce(column, 0)`.
fn zero_default(term: &Term) -> Option<&Term> {
    match term {
        Term::Call(Function::Coalesce, args) => match args.as_slice() {
            [column @ Term::Field(_), Term::Int(0)] => Some(column),
            _ => None,
        },
        _ => None,
    }
}

fn holds_for_zero(operator: Operator, number: i128) -> bool {
    match operator {
        Operator::Equal => number == 0,
        Operator::Less => 0 < number,
        Operator::LessEqual => 0 <= number,
        Operator::Greater => 0 > number,
        Operator::GreaterEqual => 0 >= number,
        _ => true,
    }
}

fn operator(op: Comparison) -> Operator {
    match op {
        Comparison::Equal => Operator::Equal,
        Comparison::Less => Operator::Less,
        Comparison::LessEqual => Operator::LessEqual,
        Comparison::Greater => Operator::Greater,
        Comparison::GreaterEqual => Operator::GreaterEqual,
    }
}
