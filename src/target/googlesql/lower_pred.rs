//! Predicates: takes a predicate, gives a condition in which `NULL` counts as false.
//!
//! `WHERE`, `AND`, `OR`, `IF` and `COUNTIF` all take `NULL` as false, so only a complement has to be spelled out: `IS NOT TRUE` where
//! its inside can be `NULL`, plain `NOT` elsewhere.

use super::errors;
use super::lower::Lower;
use super::tree::{Node, Operator, Sql, Type};
use crate::bind::constant::{IntTest, with_float};
use crate::ir::{self, AggregateFunction, Comparison, Expr, ExprKind, Function, Literal, Pred, PredKind};
use crate::source::Span;
use crate::target::said::{Said, gather};

/// Ints up to here are floats too.
const EXACT_IN_FLOAT: i64 = 1 << 53;

impl Lower<'_> {
    /// A condition.
    pub(super) fn pred(&mut self, pred: &Pred) -> Said<Sql> {
        match &pred.kind {
            PredKind::Const(value) => Ok(Sql::bool(*value)),
            PredKind::All(preds) => Ok(Sql::all(self.preds(preds)?)),
            PredKind::Any(preds) => Ok(Sql::any(self.preds(preds)?)),
            PredKind::Not(inner) => Ok(self.pred(inner)?.complement()),
            PredKind::Present(expr) => self.present(expr),
            PredKind::Holds(expr) => self.holds(expr),
            PredKind::Compare(comparison, left, right) => self.compare(*comparison, left, right, pred),
            PredKind::OneOf { subject, options, nocase } => self.one_of(subject, options, *nocase, pred),
            PredKind::InNetwork(expr, networks) => Ok(super::lower_address::in_networks(self.address(expr)?, networks)),
            PredKind::EqualNoCase(left, right) => self.equal_nocase(left, right, pred),
            PredKind::Text { .. } | PredKind::Matches { .. } | PredKind::Fits { .. } => self.text_test(pred),
            PredKind::Has { list, options, every, nocase } => self.has(list, options, *every, *nocase, pred.span),
            PredKind::Some { element, list, holds, every } => self.some(*element, list, holds, *every),
            PredKind::Found { entity, .. } => Err(vec![errors::cannot(
                pred.span,
                format!("`{}` has no pattern that it takes", entity.word()),
                "test the text with `matches`",
            )]),
            PredKind::Operation { name, .. } => Err(vec![errors::cannot(
                pred.span,
                format!("`{name}` was not resolved to names of this cloud"),
                "bind the rule to a source first",
            )]),
        }
    }

    fn preds(&mut self, preds: &[Pred]) -> Said<Vec<Sql>> {
        gather(preds.iter().map(|pred| self.pred(pred)))
    }

    fn present(&mut self, expr: &Expr) -> Said<Sql> {
        match &expr.ty {
            ir::Type::Raw => self.raw_present(expr),
            ir::Type::List(_) if !matches!(expr.kind, ExprKind::Aggregate(_) | ExprKind::Measure(_)) => {
                self.list_present(expr)
            }
            ir::Type::List(_) => Ok(super::lower_list::is_filled(self.expr(expr)?)),
            ir::Type::Ip => Ok(super::lower_address::bytes(self.address(expr)?).is_present()),
            ir::Type::Record(_) => {
                Err(vec![errors::cannot(expr.span, "whether a whole record is there", "ask for one of its fields")])
            }
            _ => Ok(present(self.expr(expr)?)),
        }
    }

    fn holds(&mut self, expr: &Expr) -> Said<Sql> {
        let value = self.expr(expr)?;
        Ok(if value.node == Node::Null { Sql::bool(false) } else { value })
    }

    fn compare(&mut self, comparison: Comparison, left: &Expr, right: &Expr, pred: &Pred) -> Said<Sql> {
        match (&left.ty, &right.ty, left.as_literal(), right.as_literal()) {
            (ir::Type::Bool, ir::Type::Bool, _, Some(Literal::Bool(value))) => {
                let holds = self.holds(left)?;
                return Ok(if *value { holds } else { is_false(holds) });
            }
            (ir::Type::Bool, ir::Type::Bool, Some(Literal::Bool(value)), _) => {
                let holds = self.holds(right)?;
                return Ok(if *value { holds } else { is_false(holds) });
            }
            (ir::Type::Ip, ir::Type::Ip, _, Some(Literal::Ip(ip))) => {
                return Ok(super::lower_address::one_of(self.address(left)?, &[*ip]));
            }
            (ir::Type::Ip, ir::Type::Ip, Some(Literal::Ip(ip)), _) => {
                return Ok(super::lower_address::one_of(self.address(right)?, &[*ip]));
            }
            (ir::Type::Int, ir::Type::Float, _, Some(Literal::Float(number))) => {
                let value = self.expr(left)?;
                return Ok(int_with_constant(comparison, value, *number));
            }
            (ir::Type::Float, ir::Type::Int, Some(Literal::Float(number)), _) => {
                let value = self.expr(right)?;
                return Ok(int_with_constant(comparison.flipped(), value, *number));
            }
            (ir::Type::Decimal, _, _, _) | (_, ir::Type::Decimal, _, _) => {
                return Err(vec![errors::cannot(pred.span, "decimal numbers", "use an int or a float")]);
            }
            _ => {}
        }
        let values = if left.ty == ir::Type::Text {
            [self.text_for(left, pred), self.text_for(right, pred)]
        } else {
            [self.expr(left), self.expr(right)]
        };
        let mut values = gather(values)?;
        let (Some(b), Some(a)) = (values.pop(), values.pop()) else { return Ok(Sql::bool(false)) };
        if a.node == Node::Null || b.node == Node::Null {
            return Ok(Sql::bool(false));
        }
        Ok(match (&left.ty, &right.ty) {
            (ir::Type::Int, ir::Type::Float) if !self.is_small(left) => int_with_float(comparison, a, b),
            (ir::Type::Float, ir::Type::Int) if !self.is_small(right) => int_with_float(comparison.flipped(), b, a),
            _ => Sql::binary(operator(comparison), a, b),
        })
    }

    /// Whether an int can't be so large that a float would round it: no log has 2^53 rows.
    fn is_small(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Literal(Literal::Int(value)) => (-EXACT_IN_FLOAT..=EXACT_IN_FLOAT).contains(value),
            ExprKind::Call(function, _) => {
                matches!(function, Function::Length | Function::Size | Function::Hour | Function::Weekday)
            }
            ExprKind::Aggregate(n) => self
                .rule
                .aggregates
                .get(*n)
                .is_some_and(|a| matches!(a.function, AggregateFunction::Count | AggregateFunction::Distinct)),
            // A measure reads only measures before it.
            ExprKind::Measure(n) => self.rule.measures.get(*n).is_some_and(|measure| self.is_small(&measure.value)),
            _ => false,
        }
    }

    fn one_of(&mut self, subject: &Expr, options: &[Literal], nocase: bool, pred: &Pred) -> Said<Sql> {
        match &subject.ty {
            ir::Type::Text if nocase => self.text_test(pred),
            ir::Type::Ip => {
                let addresses: Vec<_> = options
                    .iter()
                    .filter_map(|option| if let Literal::Ip(ip) = option { Some(*ip) } else { None })
                    .collect();
                Ok(super::lower_address::one_of(self.address(subject)?, &addresses))
            }
            ty => {
                let value = if *ty == ir::Type::Text { self.text_for(subject, pred)? } else { self.expr(subject)? };
                if value.node == Node::Null {
                    return Ok(Sql::bool(false));
                }
                let options = options.iter().map(|option| literal(option, pred.span));
                Ok(value.one_of(gather(options)?))
            }
        }
    }

    fn has(&mut self, list: &Expr, options: &[Literal], every: bool, nocase: bool, span: Span) -> Said<Sql> {
        // A number that no binder carries: binders are numbered from 0.
        let number = usize::MAX - 1;
        let ty = list.ty.element().cloned().unwrap_or(ir::Type::Text);
        let mut element_is = |options: Vec<Literal>| {
            let subject = Expr::new(ExprKind::Element(number), ty.clone(), span);
            let test = Pred::new(PredKind::OneOf { subject, options, nocase }, span);
            self.some(number, list, &test, false)
        };
        if every {
            let each = options.iter().map(|option| element_is(vec![option.clone()]));
            Ok(Sql::all(gather(each)?))
        } else {
            element_is(options.to_vec())
        }
    }
}

/// A constant.
pub(super) fn literal(literal: &Literal, span: Span) -> Said<Sql> {
    Ok(match literal {
        Literal::Text(text) => Sql::text(text.clone()),
        Literal::Int(value) | Literal::Duration(value) => Sql::int(*value),
        Literal::Float(value) => Sql::new(Node::Float(*value), Type::Float64, false),
        Literal::Bool(value) => Sql::bool(*value),
        Literal::Time(micros) => Sql::time(*micros),
        Literal::Ip(ip) => Sql::text(ip.to_string()),
        Literal::Decimal(_) => return Err(vec![errors::cannot(span, "decimal numbers", "use an int or a float")]),
    })
}

/// Whether a value is there.
pub(super) fn present(value: Sql) -> Sql {
    if value.node == Node::Null { Sql::bool(false) } else { value.is_present() }
}

fn is_false(value: Sql) -> Sql {
    if let Node::Bool(value) = value.node {
        return Sql::bool(!value);
    }
    let nullable = value.nullable;
    Sql::new(Node::Not(Box::new(value)), Type::Bool, nullable)
}

fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Equal => Operator::Equal,
        Comparison::Less => Operator::Less,
        Comparison::LessEqual => Operator::LessEqual,
        Comparison::Greater => Operator::Greater,
        Comparison::GreaterEqual => Operator::GreaterEqual,
    }
}

/// An int with a constant float, as ints.
fn int_with_constant(comparison: Comparison, value: Sql, number: f64) -> Sql {
    match with_float(comparison, number) {
        _ if value.node == Node::Null => Sql::bool(false),
        IntTest::Never => Sql::bool(false),
        IntTest::Always => present(value),
        IntTest::Int(comparison, bound) => Sql::binary(operator(comparison), value, Sql::int(bound)),
    }
}

/// An int with a float, exactly: the int is never rounded to a float. One end of the floats lies past all ints.
fn int_with_float(comparison: Comparison, int: Sql, float: Sql) -> Sql {
    let rounded = |how: &'static str| Sql::call(how, vec![float.clone()], Type::Float64);
    let as_int = |how| rounded(how).convert(Type::Int64);
    let past = |operator, end: f64| {
        let end = Sql::new(Node::Float(end), Type::Float64, false);
        Sql::all(vec![present(int.clone()), Sql::binary(operator, float.clone(), end)])
    };
    const PAST_INTS: f64 = 9_223_372_036_854_775_808.0;
    match comparison {
        Comparison::Equal => Sql::all(vec![
            Sql::binary(Operator::Equal, int.clone(), as_int("FLOOR")),
            Sql::binary(Operator::Equal, float.clone(), rounded("FLOOR")),
        ]),
        Comparison::Less | Comparison::LessEqual => {
            let how = if comparison == Comparison::Less { "CEIL" } else { "FLOOR" };
            let below = Sql::binary(operator(comparison), int.clone(), as_int(how));
            Sql::any(vec![below, past(Operator::GreaterEqual, PAST_INTS)])
        }
        Comparison::Greater | Comparison::GreaterEqual => {
            let how = if comparison == Comparison::Greater { "FLOOR" } else { "CEIL" };
            let above = Sql::binary(operator(comparison), int.clone(), as_int(how));
            Sql::any(vec![above, past(Operator::Less, -PAST_INTS)])
        }
    }
}
