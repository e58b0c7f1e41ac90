//! Expressions: takes one, gives the scalar of its value and whether it may be missing.

use super::super::errors;
use super::super::library::Own;
use super::super::tree::{Infix, Scalar, Type};
use super::read::Raw;
use super::text::{DIALECT, only_first_group};
use super::{Element, Lower, Truth, Value, refuse};
use crate::ir::{self, Expr, ExprKind, Function, Literal, Pred};
use crate::source::Span;
use crate::target::said::{Said, gather};

/// Most arguments of a function of KQL that takes any number.
const MAX_ARGS: usize = 64;

impl Lower<'_> {
    /// The value of an expression that is no list, record or raw JSON.
    pub(super) fn value(&mut self, expr: &Expr) -> Said<Value> {
        if expr.ty == ir::Type::Decimal {
            return refuse(errors::decimal(expr.span));
        }
        match &expr.kind {
            ExprKind::Literal(literal) => literal_value(literal, expr.span),
            ExprKind::With(n) => {
                let Some(binding) = self.rule.with.get(*n) else { return refuse(errors::unbound(expr.span)) };
                let value = self.value(&binding.value)?;
                let scalar = self.once(value.scalar, &binding.name);
                Ok(Value { scalar, ..value })
            }
            ExprKind::Element(n) => match self.element(*n) {
                Some(Element::Raw(scalar)) => super::read::read_json(scalar, &expr.ty, expr.span),
                _ => refuse(errors::list_value("a whole element", expr.span)),
            },
            ExprKind::Member(inner, n) => {
                if let ExprKind::Call(Function::Last, args) = &inner.kind {
                    return self.last(args, Some(*n), expr);
                }
                let ExprKind::Element(number) = inner.kind else {
                    return refuse(errors::list_value("a part of this element", expr.span));
                };
                let Some(Element::Record(fields)) = self.element(number) else {
                    return refuse(errors::list_value("a part of this element", expr.span));
                };
                match fields.get(*n) {
                    Some(field) => self.value(field),
                    None => refuse(errors::unbound(expr.span)),
                }
            }
            ExprKind::Read(inner) => self.read(inner, &expr.ty, expr.span),
            ExprKind::Arithmetic(operation, left, right) => self.arithmetic(*operation, left, right, expr),
            ExprKind::Call(function, args) => self.call(function, args, expr),
            ExprKind::Case(arms, default) => self.case(arms, default.as_deref(), expr),
            ExprKind::Aggregate(n) => self.aggregate_value(*n, expr.span),
            ExprKind::Key(n) => match self.groups.as_ref().and_then(|groups| groups.keys.get(*n)) {
                Some(key) => Ok(key.clone()),
                None => refuse(errors::unbound(expr.span)),
            },
            ExprKind::Look(n) => match self.looks.get(*n) {
                Some(look) => look.clone(),
                None => refuse(errors::unbound(expr.span)),
            },
            ExprKind::Measure(n) => match &self.groups {
                Some(groups) => match groups.measures.get(*n) {
                    Some(measure) => measure.clone(),
                    None => refuse(errors::unbound(expr.span)),
                },
                // Without `over` there is no grouping, and a measure is what it says.
                None => match self.rule.measures.get(*n) {
                    Some(measure) => self.value(&measure.value),
                    None => refuse(errors::unbound(expr.span)),
                },
            },
            ExprKind::Field(_) => refuse(errors::unbound(expr.span)),
            ExprKind::Record | ExprKind::Path(..) | ExprKind::Json(_) | ExprKind::Entries(..) | ExprKind::Rows(_) => {
                refuse(errors::list_value("the whole of this value", expr.span))
            }
        }
    }

    fn case(&mut self, arms: &[(Pred, Expr)], default: Option<&Expr>, expr: &Expr) -> Said<Value> {
        let Some(ty) = scalar_type(&expr.ty) else {
            return refuse(errors::list_value("`case`", expr.span));
        };
        let arms = gather(arms.iter().map(|(pred, value)| {
            let condition = self.truth(pred)?;
            Ok((condition, self.value(value)?))
        }))?;
        let mut default = match default {
            Some(default) => self.value(default)?,
            None => Value::missing(ty),
        };
        let mut args = Vec::new();
        let mut optional = false;
        for (condition, value) in arms {
            match condition.scalar {
                Scalar::Bool(false) => {}
                Scalar::Bool(true) => {
                    default = value;
                    break;
                }
                condition => {
                    optional |= value.optional;
                    args.extend([condition, value.scalar]);
                }
            }
        }
        if args.is_empty() {
            return Ok(default);
        }
        let function = if args.len() == 2 { "iff" } else { "case" };
        args.push(default.scalar);
        Ok(Value::new(Scalar::call(function, args), ty, optional || default.optional))
    }

    fn call(&mut self, function: &Function, args: &[Expr], expr: &Expr) -> Said<Value> {
        match function {
            Function::Size => return self.size(args, expr.span),
            Function::Join => return self.joined(args, expr.span),
            Function::Last => return self.last(args, None, expr),
            Function::ToDecimal | Function::SqlTime | Function::Distance => {
                return refuse(errors::no_counterpart(function.name(), expr.span));
            }
            Function::MaskedNet => return self.masked_net(args, expr.span),
            Function::SumOf => return self.sum_of(args, expr),
            _ => {}
        }
        let values = gather(args.iter().map(|arg| self.value(arg)))?;
        if values.len() > MAX_ARGS {
            return refuse(errors::no_counterpart(function.name(), expr.span));
        }
        let all_missing = values.iter().all(|value| value.optional);
        let scalars = |values: Vec<Value>| values.into_iter().map(|value| value.scalar).collect::<Vec<_>>();
        match function {
            Function::Concat => {
                let joined = Scalar::call("strcat", scalars(values));
                return Ok(Value::new(joined, Type::String, all_missing));
            }
            Function::Coalesce => return Ok(coalesced(values, expr)),
            Function::Greatest | Function::Least => {
                let ty = values.first().map_or(Type::Long, |value| value.ty);
                let function = if *function == Function::Greatest { "max_of" } else { "min_of" };
                return Ok(Value::new(Scalar::call(function, scalars(values)), ty, all_missing));
            }
            _ => {}
        }
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return refuse(errors::unbound(expr.span)) };
        if let (Function::Substring, Some(start), Some(count)) = (function, values.next(), values.next()) {
            return Ok(substring(first, start, count));
        }
        Ok(self.of_one(function, first))
    }

    /// A function of one value.
    fn of_one(&mut self, function: &Function, value: Value) -> Value {
        let Value { scalar, ty, optional } = value;
        match function {
            Function::Lower => Value::new(Scalar::Own(Own::AsciiLower, vec![scalar]), ty, optional),
            Function::Upper => Value::new(Scalar::Own(Own::AsciiUpper, vec![scalar]), ty, optional),
            Function::Length => {
                let length = |text| Scalar::call("strlen", [text]);
                if !optional {
                    return Value::new(length(scalar), Type::Long, false);
                }
                let text = self.once(scalar, "text_value");
                let measured =
                    Scalar::iff(Scalar::call("isempty", [text.clone()]), Scalar::Null(Type::Long), length(text));
                Value::new(measured, Type::Long, true)
            }
            Function::Extract(pattern) => {
                let printed = ir::pattern::print(&only_first_group(&pattern.node), &DIALECT);
                let group = Scalar::Long(i64::from(pattern.groups > 0));
                Value::new(Scalar::call("extract", [Scalar::text(printed), group, scalar]), Type::String, true)
            }
            Function::Base64Decode => Value::new(Scalar::Own(Own::DecodedOf, vec![scalar]), Type::String, true),
            Function::Hash => {
                let hash = |text| Scalar::call("hash_sha256", [text]);
                if !optional {
                    return Value::new(hash(scalar), Type::String, false);
                }
                let text = self.once(scalar, "text_value");
                let present = Scalar::call("isnotempty", [text.clone()]);
                Value::new(Scalar::iff(present, hash(text), Scalar::text("")), Type::String, true)
            }
            Function::Hour => {
                Value::new(Scalar::call("hourofday", [super::window::uncut(scalar)]), Type::Long, optional)
            }
            Function::Weekday => {
                // `dayofweek` is a timespan since Sunday; here Monday is 1 and Sunday 7.
                let day = Scalar::call("dayofweek", [super::window::uncut(scalar)]);
                let since_sunday = Scalar::call("tolong", [Scalar::infix(day, Infix::Divide, Scalar::Timespan(DAY))]);
                let shifted = Scalar::infix(since_sunday, Infix::Add, Scalar::Long(6));
                let from_monday = Scalar::infix(shifted, Infix::Modulo, Scalar::Long(7));
                Value::new(Scalar::infix(from_monday, Infix::Add, Scalar::Long(1)), Type::Long, optional)
            }
            Function::Ticks => Value::new(Scalar::Own(Own::TimeOfTicks, vec![scalar]), Type::Datetime, true),
            Function::UnixNanos => {
                Value::new(Scalar::Own(Own::TimeOfUnixNanos, vec![scalar]), Type::Datetime, optional)
            }
            Function::ToFloat => Value::new(Scalar::call("todouble", [scalar]), Type::Real, optional),
            _ => Value::new(scalar, ty, optional),
        }
    }

    fn masked_net(&mut self, args: &[Expr], span: Span) -> Said<Value> {
        let Some(arg) = args.first() else { return refuse(errors::unbound(span)) };
        let text = if arg.ty == ir::Type::Raw {
            match self.raw(arg)? {
                Raw::Json { scalar, whole: false } => Scalar::Own(Own::TextOf, vec![scalar]),
                Raw::Plain(column) => match column.kind {
                    ir::ColumnKind::Text => Scalar::Column(super::Name::new(&column.name)),
                    _ => return refuse(errors::other_kind(&self.place.name, column, &ir::Type::Text, span)),
                },
                Raw::Json { .. } => return refuse(errors::whole_json(span)),
                Raw::Elements { .. } => return refuse(errors::list_value("`masked_net`", span)),
            }
        } else {
            self.value(arg)?.scalar
        };
        Ok(Value::new(Scalar::Own(Own::MaskedOf, vec![text]), Type::String, true))
    }

    /// Whether an expression's value is there.
    pub(super) fn is_present(&mut self, expr: &Expr) -> Said<Truth> {
        if expr.ty == ir::Type::Raw {
            return self.raw_present(expr).map(Truth::plain);
        }
        if matches!(expr.ty, ir::Type::List(_)) {
            let size = self.size(std::slice::from_ref(expr), expr.span)?;
            return Ok(Truth::plain(Scalar::infix(size.scalar, Infix::Greater, Scalar::Long(0))));
        }
        if expr.ty == ir::Type::Ip
            && let Some(text) = self.address_text(expr)?
        {
            let is = |own| Scalar::Own(own, vec![text.clone()]);
            return Ok(Truth::plain(Scalar::any(vec![is(Own::IsIpv4), is(Own::IsIpv6)])));
        }
        Ok(Truth::plain(self.value(expr)?.present()))
    }
}

const DAY: i64 = 86_400 * ir::SECOND;

/// KQL's type for values of a scalar type.
pub(super) fn scalar_type(ty: &ir::Type) -> Option<Type> {
    match ty {
        ir::Type::Text | ir::Type::Ip => Some(Type::String),
        ir::Type::Int => Some(Type::Long),
        ir::Type::Float => Some(Type::Real),
        ir::Type::Bool => Some(Type::Bool),
        ir::Type::Time => Some(Type::Datetime),
        ir::Type::Duration => Some(Type::Timespan),
        ir::Type::Decimal | ir::Type::List(_) | ir::Type::Record(_) | ir::Type::Raw => None,
    }
}

fn literal_value(literal: &Literal, span: Span) -> Said<Value> {
    match literal_scalar(literal) {
        Some((scalar, ty)) => Ok(Value::new(scalar, ty, false)),
        None if matches!(literal, Literal::Decimal(_)) => refuse(errors::decimal(span)),
        None => refuse(errors::out_of_range(span)),
    }
}

/// A constant; none where KQL's type does not hold it.
pub(super) fn literal_scalar(literal: &Literal) -> Option<(Scalar, Type)> {
    /// Timespans count in tenths of microseconds.
    const MAX_TIMESPAN: i64 = i64::MAX / 10;
    Some(match literal {
        Literal::Text(text) => (Scalar::text(text), Type::String),
        Literal::Int(n) => (Scalar::Long(*n), Type::Long),
        Literal::Float(n) => (Scalar::Real(*n), Type::Real),
        Literal::Bool(value) => (Scalar::Bool(*value), Type::Bool),
        Literal::Time(micros) if super::window::is_datetime(*micros) => (Scalar::Datetime(*micros), Type::Datetime),
        Literal::Duration(micros) if (-MAX_TIMESPAN..=MAX_TIMESPAN).contains(micros) => {
            (Scalar::Timespan(*micros), Type::Timespan)
        }
        Literal::Ip(ip) => (Scalar::text(ip.to_canonical().to_string()), Type::String),
        Literal::Decimal(_) | Literal::Time(_) | Literal::Duration(_) => return None,
    })
}

/// The first that is present; what stands behind one that always is can't matter.
fn coalesced(values: Vec<Value>, expr: &Expr) -> Value {
    let always = values.iter().position(|value| !value.optional);
    let kept: Vec<Value> = values.into_iter().take(always.map_or(MAX_ARGS, |at| at + 1)).collect();
    let ty = kept.first().map(|value| value.ty).or_else(|| scalar_type(&expr.ty)).unwrap_or(Type::String);
    let mut scalars: Vec<Scalar> = Vec::new();
    for value in kept {
        // Two parts of a record may stand in one column.
        if !scalars.contains(&value.scalar) {
            scalars.push(value.scalar);
        }
    }
    let scalar = match (scalars.len(), scalars.pop()) {
        (0 | 1, Some(only)) => only,
        (_, Some(last)) => {
            scalars.push(last);
            Scalar::Call("coalesce", scalars)
        }
        (_, None) => Scalar::missing(ty),
    };
    Value::new(scalar, ty, always.is_none())
}

/// KQL counts a negative start from the end; here it gives nothing.
fn substring(text: Value, start: Value, count: Value) -> Value {
    let negative = |value: &Value| matches!(value.scalar, Scalar::Long(n) if n < 0);
    if negative(&start) || negative(&count) {
        return Value::missing(Type::String);
    }
    let guards: Vec<Scalar> = [&start, &count]
        .into_iter()
        .filter(|value| !matches!(value.scalar, Scalar::Long(_)))
        .map(|value| Scalar::infix(value.scalar.clone(), Infix::GreaterEqual, Scalar::Long(0)))
        .collect();
    let part = Scalar::call("substring", [text.scalar, start.scalar, count.scalar]);
    let scalar = if guards.is_empty() { part } else { Scalar::iff(Scalar::all(guards), part, Scalar::text("")) };
    Value::new(scalar, Type::String, true)
}
