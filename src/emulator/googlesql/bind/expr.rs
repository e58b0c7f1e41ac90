//! Expressions.

use sqlparser::ast::{self, AccessExpr, BinaryOperator, CeilFloorKind, DateTimeField, Subscript, UnaryOperator, Value};

use super::coerce::null;
use super::compound::typed_array;
use super::literal::{literal, typed_literal};
use super::scope::Scope;
use super::{Binder, Calls, at, over, same_name};
use crate::emulator::Failure;
use crate::emulator::googlesql::cast;
use crate::emulator::googlesql::tree::{Comparison, Expr, Node};
use crate::emulator::googlesql::types::Type;

impl Binder<'_> {
    pub(super) fn expr(&mut self, expr: &ast::Expr, scope: &Scope<'_>, calls: &mut Calls) -> Result<Expr, Failure> {
        self.deeper(|binder| binder.expr_inside(expr, scope, calls))
    }

    fn exprs<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e ast::Expr>,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Vec<Expr>, Failure> {
        exprs.into_iter().map(|expr| self.expr(expr, scope, calls)).collect()
    }

    fn expr_inside(&mut self, expr: &ast::Expr, scope: &Scope<'_>, calls: &mut Calls) -> Result<Expr, Failure> {
        match expr {
            ast::Expr::Nested(inner) => self.expr(inner, scope, calls),
            ast::Expr::Value(value) => literal(&value.value, at(value.span)),
            ast::Expr::TypedString(typed) => {
                let span = at(typed.value.span);
                let (Some(ty), Value::SingleQuotedString(text)) = (Type::read(&typed.data_type), &typed.value.value)
                else {
                    return Err(Failure::unknown(format!("a literal of {}", typed.data_type), span));
                };
                typed_literal(text, &ty, span)
            }
            ast::Expr::Identifier(name) => match self.alias(name, scope)? {
                Some(item) => Ok(item),
                None => scope.path(std::slice::from_ref(name)),
            },
            ast::Expr::CompoundIdentifier(path) => match path.split_first() {
                Some((first, rest)) => match scope.aliases.iter().find(|(alias, _)| same_name(alias, &first.value)) {
                    Some((_, bound))
                        if scope.own_column(&first.value).is_none() && scope.range(&first.value).is_none() =>
                    {
                        rest.iter().try_fold(bound.clone(), |of, name| self.member(of, name))
                    }
                    _ => scope.path(path),
                },
                None => scope.path(path),
            },
            ast::Expr::CompoundFieldAccess { root, access_chain } => {
                let mut of = self.expr(root, scope, calls)?;
                for access in access_chain {
                    of = match access {
                        AccessExpr::Dot(ast::Expr::Identifier(name)) => self.member(of, name)?,
                        AccessExpr::Subscript(Subscript::Index { index }) => self.element(of, index, scope, calls)?,
                        _ => return Err(Failure::rejected("no field and no element", of.at)),
                    };
                }
                Ok(of)
            }
            ast::Expr::UnaryOp { op, expr: operand } => self.unary(*op, operand, scope, calls),
            ast::Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right, scope, calls),
            ast::Expr::IsNull(of) => self.is(of, None, false, scope, calls),
            ast::Expr::IsNotNull(of) => self.is(of, None, true, scope, calls),
            ast::Expr::IsTrue(of) => self.is(of, Some(true), false, scope, calls),
            ast::Expr::IsNotTrue(of) => self.is(of, Some(true), true, scope, calls),
            ast::Expr::IsFalse(of) => self.is(of, Some(false), false, scope, calls),
            ast::Expr::IsNotFalse(of) => self.is(of, Some(false), true, scope, calls),
            ast::Expr::IsDistinctFrom(one, other) => self.compared(Comparison::Distinct, one, other, scope, calls),
            ast::Expr::IsNotDistinctFrom(one, other) => {
                self.compared(Comparison::NotDistinct, one, other, scope, calls)
            }
            ast::Expr::Between { expr: of, negated, low, high } => {
                let from = self.compared(Comparison::GreaterEqual, of, low, scope, calls)?;
                let to = self.compared(Comparison::LessEqual, of, high, scope, calls)?;
                let at = over(&from.at, &to.at);
                Ok(negated_if(*negated, Expr::new(Node::And(vec![from, to]), Type::Bool, at)))
            }
            ast::Expr::InList { expr: of, list, negated } => {
                no_comparison(of)?;
                let mut all = vec![self.expr(of, scope, calls)?];
                all.extend(self.exprs(list, scope, calls)?);
                let (all, ty) = self.unified(all, "the values of IN")?;
                let span = all
                    .iter()
                    .fold(0..0, |span, expr| if span.is_empty() { expr.at.clone() } else { over(&span, &expr.at) });
                if !ty.is_comparable() {
                    return Err(Failure::rejected(format!("IN of {ty}"), span));
                }
                let mut all = all.into_iter();
                let of = all.next().unwrap_or_else(null);
                Ok(negated_if(*negated, Expr::new(Node::In(Box::new(of), all.collect()), Type::Bool, span)))
            }
            ast::Expr::InUnnest { expr: of, array_expr, negated } => {
                no_comparison(of)?;
                let (of, array) = (self.expr(of, scope, calls)?, self.expr(array_expr, scope, calls)?);
                let array = self.typed(array)?;
                let Type::Array(element) = &array.ty else {
                    return Err(Failure::rejected(format!("IN UNNEST wants an array, not {}", array.ty), array.at));
                };
                if !element.is_comparable() {
                    return Err(Failure::rejected(format!("IN of {element}"), array.at));
                }
                let (element, at) = ((**element).clone(), over(&of.at, &array.at));
                let of = self.coerced(of, &element, "the value of IN")?;
                Ok(negated_if(*negated, Expr::new(Node::InArray(Box::new(of), Box::new(array)), Type::Bool, at)))
            }
            ast::Expr::InSubquery { expr: of, subquery, negated } => {
                no_comparison(of)?;
                let of = self.expr(of, scope, calls)?;
                let rows = self.query(subquery, Some(scope))?;
                let [field] = &*rows.columns else {
                    return Err(Failure::rejected("a subquery of IN has one column", of.at));
                };
                let common = Type::common(&of.ty, of.is_literal(), &field.ty, false).filter(Type::is_comparable);
                let Some(common) = common.filter(|common| *common == field.ty) else {
                    return Err(Failure::rejected(format!("{} is not IN a subquery of {}", of.ty, field.ty), of.at));
                };
                let of = self.coerced(of, &common, "the value of IN")?;
                let at = of.at.clone();
                Ok(negated_if(*negated, Expr::new(Node::InQuery(Box::new(of), Box::new(rows.plan)), Type::Bool, at)))
            }
            ast::Expr::Exists { subquery, negated } => {
                let rows = self.query(subquery, Some(scope))?;
                Ok(negated_if(*negated, Expr::new(Node::Exists(Box::new(rows.plan)), Type::Bool, 0..0)))
            }
            ast::Expr::Subquery(subquery) => {
                let rows = self.query(subquery, Some(scope))?;
                let [field] = &*rows.columns else {
                    return Err(Failure::rejected("a scalar subquery has one column", 0..0));
                };
                Ok(Expr::new(Node::Scalar(Box::new(rows.plan)), field.ty.clone(), 0..0))
            }
            ast::Expr::Like { negated, any: false, expr: of, pattern, escape_char: None } => {
                no_comparison(of)?;
                let args = self.exprs([&**of, &**pattern], scope, calls)?;
                let span = args
                    .iter()
                    .fold(0..0, |span, arg| if span.is_empty() { arg.at.clone() } else { over(&span, &arg.at) });
                Ok(negated_if(*negated, self.call("LIKE", args, false, span)?))
            }
            ast::Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), scope, calls)
            }
            ast::Expr::Cast { kind, expr: of, data_type, array: false, format: None } => {
                let safe = match kind {
                    ast::CastKind::Cast => false,
                    ast::CastKind::SafeCast => true,
                    ast::CastKind::TryCast | ast::CastKind::DoubleColon => {
                        return Err(Failure::rejected("GoogleSQL has CAST and SAFE_CAST only", 0..0));
                    }
                };
                let of = self.expr(of, scope, calls)?;
                let span = of.at.clone();
                let Some(to) = Type::read(data_type) else {
                    return Err(Failure::unknown(format!("CAST to {data_type}"), span));
                };
                if !cast::is_possible(&of.ty, &to) {
                    return Err(Failure::rejected(format!("CAST of {} to {to}", of.ty), span));
                }
                Ok(Expr::new(Node::Cast { of: Box::new(of), safe }, to, span))
            }
            ast::Expr::Tuple(values) => self.tuple(values, scope, calls),
            ast::Expr::Struct { values, fields } => self.structure(values, fields, scope, calls),
            ast::Expr::Array(array) => {
                let elements = self.exprs(&array.elem, scope, calls)?;
                let common = self.common(&elements.iter().collect::<Vec<_>>(), "elements")?;
                let span = elements.first().map_or(0..0, |element| element.at.clone());
                if matches!(common, Type::Array(_)) {
                    return Err(Failure::rejected("an array of arrays", span));
                }
                let elements = elements.into_iter().map(|element| self.coerced(element, &common, "an element"));
                Ok(Expr::new(Node::Array(elements.collect::<Result<_, _>>()?), Type::Array(Box::new(common)), span))
            }
            ast::Expr::Extract { field, expr: of, .. } => self.extract(field, of, scope, calls),
            ast::Expr::Interval(interval) => {
                let value = self.expr(&interval.value, scope, calls)?;
                let Some(part) = interval.leading_field.as_ref().filter(|_| interval.last_field.is_none()) else {
                    return Err(Failure::unknown("an INTERVAL of several parts", value.at));
                };
                let span = value.at.clone();
                let part = Expr::new(Node::Literal(part_name(part).into()), Type::String, span.clone());
                self.call("INTERVAL", vec![value, part], false, span)
            }
            ast::Expr::Function(function) => self.function(function, scope, calls),
            ast::Expr::Floor { expr: of, field } => self.rounded("FLOOR", of, field, scope, calls),
            ast::Expr::Ceil { expr: of, field } => self.rounded("CEIL", of, field, scope, calls),
            ast::Expr::Substring { expr: of, substring_from: Some(from), substring_for, special: true, .. } => {
                let args = [Some(&**of), Some(&**from), substring_for.as_deref()].into_iter().flatten();
                let args = self.exprs(args, scope, calls)?;
                let span = args.first().map_or(0..0, |arg| arg.at.clone());
                self.call("SUBSTR", args, false, span)
            }
            ast::Expr::Trim { trim_where: None, trim_what: None, expr: of, trim_characters } => {
                let args = std::iter::once(&**of).chain(trim_characters.iter().flatten());
                let args = self.exprs(args, scope, calls)?;
                let span = args.first().map_or(0..0, |arg| arg.at.clone());
                self.call("TRIM", args, false, span)
            }
            other => {
                let text = other.to_string();
                Err(Failure::unknown(format!("the expression `{}`", text.chars().take(60).collect::<String>()), 0..0))
            }
        }
    }

    fn rounded(
        &mut self,
        name: &str,
        of: &ast::Expr,
        field: &CeilFloorKind,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let arg = self.expr(of, scope, calls)?;
        let span = arg.at.clone();
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => self.call(name, vec![arg], false, span),
            _ => Err(Failure::rejected(format!("{name} takes one argument"), span)),
        }
    }

    fn unary(
        &mut self,
        op: UnaryOperator,
        operand: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        if let (UnaryOperator::Minus, ast::Expr::Value(ast::ValueWithSpan { value: Value::Number(text, _), span })) =
            (op, operand)
        {
            return literal(&Value::Number(format!("-{text}"), false), at(*span));
        }
        let of = self.expr(operand, scope, calls)?;
        let span = of.at.clone();
        match op {
            UnaryOperator::Not => {
                let of = self.coerced(of, &Type::Bool, "the operand of NOT")?;
                Ok(Expr::new(Node::Not(Box::new(of)), Type::Bool, span))
            }
            UnaryOperator::Minus => self.call("-", vec![of], false, span),
            UnaryOperator::Plus => Ok(of),
            UnaryOperator::BitwiseNot => self.call("~", vec![of], false, span),
            other => Err(Failure::unknown(format!("the operator {other}"), span)),
        }
    }

    fn binary(
        &mut self,
        whole: &ast::Expr,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        if let Some((element, array)) = typed_array(whole) {
            return self.array_of(element, array, scope, calls);
        }
        let comparison = match op {
            BinaryOperator::And | BinaryOperator::Or => return self.logical(whole, op, scope, calls),
            BinaryOperator::Eq => Some(Comparison::Equal),
            BinaryOperator::NotEq => Some(Comparison::Unequal),
            BinaryOperator::Lt => Some(Comparison::Less),
            BinaryOperator::LtEq => Some(Comparison::LessEqual),
            BinaryOperator::Gt => Some(Comparison::Greater),
            BinaryOperator::GtEq => Some(Comparison::GreaterEqual),
            _ => None,
        };
        if let Some(comparison) = comparison {
            return self.compared(comparison, left, right, scope, calls);
        }
        let args = self.exprs([left, right], scope, calls)?;
        let span = args.iter().map(|arg| arg.at.clone()).reduce(|one, other| over(&one, &other)).unwrap_or_default();
        match op {
            BinaryOperator::Plus => self.call("+", args, false, span),
            BinaryOperator::Minus => self.call("-", args, false, span),
            BinaryOperator::Multiply => self.call("*", args, false, span),
            BinaryOperator::Divide => self.call("/", args, false, span),
            BinaryOperator::BitwiseAnd => self.call("&", args, false, span),
            BinaryOperator::BitwiseOr => self.call("|", args, false, span),
            BinaryOperator::BitwiseXor => self.call("^", args, false, span),
            BinaryOperator::StringConcat => {
                let arrays = args.iter().any(|arg| matches!(arg.ty, Type::Array(_)));
                self.call(if arrays { "ARRAY_CONCAT" } else { "CONCAT" }, args, false, span)
            }
            other => Err(Failure::unknown(format!("the operator {other}"), span)),
        }
    }

    /// AND or OR of as many operands as stand in one row.
    fn logical(
        &mut self,
        whole: &ast::Expr,
        op: &BinaryOperator,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let (mut operands, mut rest) = (Vec::new(), whole);
        while let ast::Expr::BinaryOp { left, op: inner, right } = rest {
            if inner != op {
                break;
            }
            operands.push(&**right);
            rest = left;
        }
        operands.push(rest);
        let mut bound = Vec::new();
        for operand in operands.into_iter().rev() {
            let operand = self.expr(operand, scope, calls)?;
            bound.push(self.coerced(operand, &Type::Bool, &format!("an operand of {op}"))?);
        }
        let span =
            bound.iter().map(|operand| operand.at.clone()).reduce(|one, other| over(&one, &other)).unwrap_or_default();
        let node = if *op == BinaryOperator::And { Node::And(bound) } else { Node::Or(bound) };
        Ok(Expr::new(node, Type::Bool, span))
    }

    fn compared(
        &mut self,
        how: Comparison,
        one: &ast::Expr,
        other: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        no_comparison(one)?;
        no_comparison(other)?;
        let (one, other) = (self.expr(one, scope, calls)?, self.expr(other, scope, calls)?);
        let (one, other) = self.pair(one, other)?;
        let span = over(&one.at, &other.at);
        let ordered =
            matches!(how, Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual);
        if ordered && !one.ty.is_orderable() {
            return Err(Failure::rejected(format!("values of {} have no order", one.ty), span));
        }
        Ok(Expr::new(Node::Compare(how, Box::new(one), Box::new(other)), Type::Bool, span))
    }

    fn is(
        &mut self,
        of: &ast::Expr,
        what: Option<bool>,
        negated: bool,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        no_comparison(of)?;
        let of = self.expr(of, scope, calls)?;
        let of = if what.is_some() { self.coerced(of, &Type::Bool, "the operand of IS")? } else { of };
        let span = of.at.clone();
        Ok(Expr::new(Node::Is { of: Box::new(of), what, negated }, Type::Bool, span))
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let (mut whens, mut thens) = (Vec::new(), Vec::new());
        for case in conditions {
            whens.push(match operand {
                Some(operand) => {
                    let (one, other) = (self.expr(operand, scope, calls)?, self.expr(&case.condition, scope, calls)?);
                    let (one, other) = self.pair(one, other)?;
                    let span = over(&one.at, &other.at);
                    Expr::new(Node::Compare(Comparison::Equal, Box::new(one), Box::new(other)), Type::Bool, span)
                }
                None => self.condition(&case.condition, scope, calls, "WHEN")?,
            });
            thens.push(self.expr(&case.result, scope, calls)?);
        }
        thens.push(otherwise.map_or_else(|| Ok(null()), |otherwise| self.expr(otherwise, scope, calls))?);
        self.choice(whens, thens)
    }

    /// The first result whose condition is true, and a last one without a condition.
    pub(super) fn choice(&self, whens: Vec<Expr>, thens: Vec<Expr>) -> Result<Expr, Failure> {
        let span =
            whens.iter().chain(&thens).map(|expr| expr.at.clone()).find(|span| !span.is_empty()).unwrap_or_default();
        let (mut thens, ty) = self.unified(thens, "the results")?;
        let otherwise = thens.pop().unwrap_or_else(null);
        Ok(Expr::new(Node::Case(whens.into_iter().zip(thens).collect(), Box::new(otherwise)), ty, span))
    }

    fn extract(
        &mut self,
        field: &DateTimeField,
        of: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let (of, zone) = match of {
            ast::Expr::AtTimeZone { timestamp, time_zone } => (&**timestamp, Some(&**time_zone)),
            of => (of, None),
        };
        let mut args = self.exprs(std::iter::once(of).chain(zone), scope, calls)?;
        let span = args.first().map_or(0..0, |arg| arg.at.clone());
        let part = part_name(field);
        if part == "DATE" && args.first().is_some_and(|arg| arg.ty == Type::Timestamp) {
            return self.call("DATE", args, false, span);
        }
        super::call::check_part(&part, "EXTRACT", &span)?;
        args.insert(0, Expr::new(Node::Literal(part.into()), Type::String, span.clone()));
        self.call("EXTRACT", args, false, span)
    }
}

/// A part's name in capitals; a week may name its first day.
fn part_name(field: &DateTimeField) -> String {
    field.to_string().to_ascii_uppercase()
}

/// Comparisons are not associative: one in another wants parentheses.
fn no_comparison(operand: &ast::Expr) -> Result<(), Failure> {
    if typed_array(operand).is_some() {
        return Ok(());
    }
    let comparison = match operand {
        ast::Expr::BinaryOp { op, .. } => matches!(
            op,
            BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
        ),
        ast::Expr::IsNull(_) | ast::Expr::IsNotNull(_) | ast::Expr::IsTrue(_) | ast::Expr::IsNotTrue(_) => true,
        ast::Expr::IsFalse(_) | ast::Expr::IsNotFalse(_) | ast::Expr::Between { .. } | ast::Expr::Like { .. } => true,
        ast::Expr::InList { .. } | ast::Expr::InUnnest { .. } | ast::Expr::InSubquery { .. } => true,
        _ => false,
    };
    if comparison { Err(Failure::rejected("a comparison of a comparison wants parentheses", 0..0)) } else { Ok(()) }
}

fn negated_if(negated: bool, expr: Expr) -> Expr {
    let span = expr.at.clone();
    if negated { Expr::new(Node::Not(Box::new(expr)), Type::Bool, span) } else { expr }
}
