//! Values: takes an expression, gives one that is `NULL` exactly where the value is missing, and never empty text.

use super::errors;
use super::lower::Lower;
use super::lower_pred::literal;
use super::lower_raw::{Raw, Reading, sql_type};
use super::lower_text;
use super::tree::{Aggregate, Is, Node, Operator, Select, Sql, Type, Unnest};
use crate::ir::pattern::Node as Pattern;
use crate::ir::{self, Arithmetic, Expr, ExprKind, Function, SECOND};
use crate::source::Span;
use crate::target::said::{Said, gather};

/// The microseconds that a `TIMESTAMP` can hold: the years 1 to 9999.
const TIMES: [i64; 2] = [-62_135_596_800 * SECOND, 253_402_300_799 * SECOND + 999_999];
/// The microseconds from 0001-01-01 to 1970-01-01.
const BEFORE_1970: i64 = 62_135_596_800 * SECOND;

impl Lower<'_> {
    /// A value.
    pub(super) fn expr(&mut self, expr: &Expr) -> Said<Sql> {
        match &expr.kind {
            ExprKind::Literal(value) => literal(value, expr.span),
            ExprKind::Read(_) | ExprKind::Rows(_) if matches!(expr.ty, ir::Type::List(_)) => self.array(expr),
            ExprKind::Read(inner) => {
                let raw = self.raw(inner)?;
                self.read(&raw, &expr.ty, Reading::STRICT, expr.span)
            }
            ExprKind::Element(number) => self.scalar_element(*number, Reading::STRICT, expr.span),
            ExprKind::Member(of, field) => {
                if let ExprKind::Call(Function::Last, lists) = &of.kind
                    && let [list] = lists.as_slice()
                {
                    return self.of_last(list, *field);
                }
                let field = self.member(of, *field)?;
                self.expr(&field)
            }
            ExprKind::Arithmetic(op, left, right) => self.arithmetic(*op, left, right, expr),
            ExprKind::Call(function, args) => self.function(function, args, expr),
            ExprKind::Case(arms, default) => {
                let mut said = Vec::new();
                for (when, value) in arms {
                    match (self.pred(when), self.expr(value)) {
                        (Ok(when), Ok(value)) => said.push(Ok((when, value))),
                        (Err(a), Err(b)) => said.push(Err(a.into_iter().chain(b).collect())),
                        (Err(a), _) | (_, Err(a)) => said.push(Err(a)),
                    }
                }
                let default = default.as_ref().map(|value| self.expr(value)).transpose()?;
                Ok(case(gather(said)?, default, sql_type(&expr.ty)))
            }
            ExprKind::Aggregate(_) | ExprKind::Key(_) | ExprKind::Measure(_) => self.of_group(expr),
            ExprKind::Look(n) => self.looked(*n, expr.span),
            ExprKind::Field(_)
            | ExprKind::With(_)
            | ExprKind::Record
            | ExprKind::Path(..)
            | ExprKind::Json(_)
            | ExprKind::Entries(..)
            | ExprKind::Rows(_) => Err(vec![errors::cannot(
                expr.span,
                format!("a value of type {} as a column", expr.ty),
                "read it as text, a number, a bool or a time",
            )]),
        }
    }

    /// Text of an address, canonical or as the record has it: for tests, which don't mind.
    pub(super) fn address(&mut self, expr: &Expr) -> Said<Sql> {
        match &expr.kind {
            ExprKind::Read(inner) => {
                let raw = self.raw(inner)?;
                self.read(&raw, &ir::Type::Text, Reading { empty: false, bools: false }, expr.span)
            }
            _ => self.expr(expr),
        }
    }

    fn arithmetic(&mut self, op: Arithmetic, left: &Expr, right: &Expr, whole: &Expr) -> Said<Sql> {
        use ir::Type as T;
        if [&left.ty, &right.ty, &whole.ty].contains(&&T::Decimal) {
            return Err(vec![errors::cannot(whole.span, "decimal numbers", "use an int or a float")]);
        }
        let mut sides = gather(vec![self.expr(left), self.expr(right)])?;
        let (Some(b), Some(a)) = (sides.pop(), sides.pop()) else { return Ok(Sql::null(sql_type(&whole.ty))) };
        let safe = |name, a: Sql, b: Sql, ty| Sql::call_or_null(name, vec![a, b], ty);
        let float = |sql: Sql| if sql.ty == Type::Int64 { sql.cast(Type::Float64) } else { sql };
        Ok(match (op, &left.ty, &right.ty) {
            (Arithmetic::Add, T::Time, _) => moved(a, "SAFE_ADD", b),
            (Arithmetic::Add, _, T::Time) => moved(b, "SAFE_ADD", a),
            (Arithmetic::Subtract, T::Time, T::Time) => Sql::binary(Operator::Subtract, micros(a), micros(b)),
            (Arithmetic::Subtract, T::Time, _) => moved(a, "SAFE_SUBTRACT", b),
            (Arithmetic::Divide, T::Duration, T::Int | T::Float) => half_even(safe("SAFE_DIVIDE", a, b, Type::Float64)),
            (Arithmetic::Divide, ..) => safe("SAFE_DIVIDE", a, b, Type::Float64),
            (Arithmetic::Multiply, T::Duration, T::Float) | (Arithmetic::Multiply, T::Float, T::Duration) => {
                self.rounds = true;
                half_even(safe("SAFE_MULTIPLY", float(a), float(b), Type::Float64))
            }
            (Arithmetic::Add, ..) => safe("SAFE_ADD", a, b, sql_type(&whole.ty)),
            (Arithmetic::Subtract, ..) => safe("SAFE_SUBTRACT", a, b, sql_type(&whole.ty)),
            (Arithmetic::Multiply, ..) => safe("SAFE_MULTIPLY", a, b, sql_type(&whole.ty)),
        })
    }

    fn function(&mut self, function: &Function, args: &[Expr], whole: &Expr) -> Said<Sql> {
        match (function, args) {
            (Function::Size, [list]) => return self.size(list),
            (Function::Join, [list]) => return self.join(list),
            (Function::Last, [list]) => return self.last(list),
            (Function::Extract(pattern), [text]) => return self.extract(pattern, text, whole.span),
            (Function::Coalesce, _) if matches!(whole.ty, ir::Type::List(_)) => return self.array(whole),
            (Function::SqlTime, [text]) => return self.sql_time(text),
            (Function::MaskedNet, _) => {
                return Err(vec![errors::cannot(
                    whole.span,
                    "masked addresses, which no log of this cloud has",
                    "read the field as text",
                )]);
            }
            (Function::Distance, _) => {
                return Err(vec![errors::cannot(whole.span, "`distance_km`", "run the rule on the archive")]);
            }
            (Function::ToDecimal, _) => {
                return Err(vec![errors::cannot(whole.span, "decimal numbers", "use an int or a float")]);
            }
            _ => {}
        }
        let values = gather(args.iter().map(|arg| self.expr(arg)))?;
        if matches!(
            function,
            Function::Concat | Function::Coalesce | Function::SumOf | Function::Greatest | Function::Least
        ) {
            return Ok(of_several(function, values, sql_type(&whole.ty)));
        }
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return Ok(Sql::null(sql_type(&whole.ty))) };
        Ok(match function {
            Function::Lower => lower_text::lower(first),
            Function::Upper => lower_text::upper(first),
            Function::Length => Sql::call("CHAR_LENGTH", vec![first], Type::Int64),
            Function::Substring => substring(first, values.next(), values.next()),
            Function::Base64Decode => base64_decode(first),
            Function::Hash => {
                let digest = Sql::call("SHA256", vec![first], Type::Bytes);
                Sql::call("TO_HEX", vec![digest], Type::String)
            }
            Function::Hour => extract("HOUR", first),
            // 1 is Sunday here, and Monday in the language.
            Function::Weekday => {
                let from_monday = Sql::binary(Operator::Add, extract("DAYOFWEEK", first), Sql::int(5));
                let place = Sql::call("MOD", vec![from_monday, Sql::int(7)], Type::Int64);
                Sql::binary(Operator::Add, place, Sql::int(1))
            }
            Function::Ticks => {
                let micros = Sql::call("DIV", vec![first, Sql::int(10)], Type::Int64);
                of_micros(Sql::binary(Operator::Subtract, micros, Sql::int(BEFORE_1970)))
            }
            Function::UnixNanos => {
                // `DIV` cuts towards zero, which is the microsecond after one before 1970.
                let part = |name, by| Sql::call(name, vec![first.clone(), Sql::int(by)], Type::Int64);
                let before_1970 = Sql::binary(Operator::Less, part("MOD", 1_000), Sql::int(0));
                let late = Sql::if_else(before_1970, Sql::int(1), Sql::int(0));
                of_micros(Sql::binary(Operator::Subtract, part("DIV", 1_000), late))
            }
            Function::ToFloat => first.cast(Type::Float64),
            _ => {
                return Err(vec![errors::cannot(
                    whole.span,
                    format!("`{}` of these arguments", function.name()),
                    "use another function",
                )]);
            }
        })
    }

    /// A moment as SQL prints it; a column that has a moment's own type is one already.
    fn sql_time(&mut self, text: &Expr) -> Said<Sql> {
        if let ExprKind::Read(inner) = &text.kind
            && let Raw::Column(column, ir::ColumnKind::Time) = self.raw(inner)?
        {
            return Ok(column);
        }
        let text = self.expr(text)?;
        if text.node == Node::Null {
            return Ok(Sql::null(Type::Timestamp));
        }
        Ok(super::lower_raw::sql_time(text))
    }

    fn extract(&mut self, pattern: &ir::Pattern, text: &Expr, span: Span) -> Said<Sql> {
        let test = ir::PredKind::Matches { subject: text.clone(), patterns: vec![pattern.clone()], every: false };
        let test = ir::Pred::new(test, span);
        let ir::PredKind::Matches { subject, .. } = &test.kind else { return self.expr(text) };
        // Of empty text nothing but empty text comes, which is no value either way.
        let text = self.text_for(subject, &test)?;
        let mut taken = false;
        let node = only_first_group(&pattern.node, &mut taken);
        let found = Sql::call_or_null("REGEXP_EXTRACT", vec![text, lower_text::pattern_literal(&node)], Type::String);
        let part = first_group(&node).unwrap_or(&node);
        Ok(if lower_text::matches_empty(part) || is_optional(&node) { found.unless_empty() } else { found })
    }
}

/// `CASE`, or what is left of it where its arms can't be told apart.
fn case(arms: Vec<(Sql, Sql)>, default: Option<Sql>, ty: Type) -> Sql {
    if arms.is_empty() {
        return default.unwrap_or(Sql::null(ty));
    }
    let nullable = default.as_ref().is_none_or(|value| value.nullable) || arms.iter().any(|(_, value)| value.nullable);
    Sql::new(Node::Case(arms, default.map(Box::new)), ty, nullable)
}

/// Functions that skip what is missing.
fn of_several(function: &Function, mut values: Vec<Sql>, ty: Type) -> Sql {
    values.retain(|value| value.node != Node::Null);
    if values.len() == 1 {
        return values.pop().unwrap_or(Sql::null(ty));
    }
    if values.is_empty() {
        return Sql::null(ty);
    }
    let nullable = values.iter().all(|value| value.nullable);
    let part = || Sql::name("part", ty.clone());
    let over_parts = |values: Vec<Sql>, item: Sql| {
        let list = Sql::new(Node::Array(values), Type::Array(Box::new(ty.clone())), false);
        let unnest = vec![Unnest { list, name: "part".to_owned(), offset: None }];
        let select = Select { items: vec![(item, None)], unnest, ..Select::default() };
        Sql { nullable, ..Sql::value_of(select, ty.clone()) }
    };
    match function {
        Function::Concat => {
            let all_present = values.iter().any(|value| !value.nullable);
            let joined = values
                .into_iter()
                .map(|value| if value.nullable { value.or(Sql::text("")) } else { value })
                .reduce(|a, b| Sql::binary(Operator::Concat, a, b))
                .unwrap_or(Sql::text(""));
            if all_present { joined } else { joined.unless_empty() }
        }
        Function::Coalesce => Sql::new(Node::Call("COALESCE", values), ty, nullable),
        Function::SumOf => {
            let none = Sql::all(values.iter().map(|value| value.clone().is(Is::Null)).collect());
            let zero =
                || if ty == Type::Float64 { Sql::new(Node::Float(0.0), Type::Float64, false) } else { Sql::int(0) };
            let total = values
                .into_iter()
                .map(|value| if value.nullable { value.or(zero()) } else { value })
                .reduce(|a, b| Sql::call_or_null("SAFE_ADD", vec![a, b], ty.clone()))
                .unwrap_or(Sql::null(ty.clone()));
            if nullable { Sql::if_else(none, Sql::null(ty), total) } else { total }
        }
        Function::Greatest => over_parts(values, Aggregate::new("MAX", part()).into_sql(ty.clone(), true)),
        _ => over_parts(values, Aggregate::new("MIN", part()).into_sql(ty.clone(), true)),
    }
}

fn extract(part: &'static str, time: Sql) -> Sql {
    let nullable = time.nullable;
    Sql::new(Node::Extract(part, Box::new(time)), Type::Int64, nullable)
}

fn micros(time: Sql) -> Sql {
    Sql::call("UNIX_MICROS", vec![time], Type::Int64)
}

fn moved(time: Sql, how: &'static str, by: Sql) -> Sql {
    of_micros(Sql::call_or_null(how, vec![micros(time), by], Type::Int64))
}

/// Microseconds since 1970 as a time; `NULL` outside of what a `TIMESTAMP` holds.
fn of_micros(value: Sql) -> Sql {
    let within = Sql::all(vec![
        Sql::binary(Operator::GreaterEqual, value.clone(), Sql::int(TIMES[0])),
        Sql::binary(Operator::LessEqual, value.clone(), Sql::int(TIMES[1])),
    ]);
    Sql::call("TIMESTAMP_MICROS", vec![value], Type::Timestamp).only_if(within)
}

/// A float rounded half to even, as microseconds.
pub(super) fn half_even(value: Sql) -> Sql {
    let call = |name, value| Sql::call(name, vec![value], Type::Float64);
    let number = |value| Sql::new(Node::Float(value), Type::Float64, false);
    let fraction = call("ABS", Sql::binary(Operator::Subtract, value.clone(), call("TRUNC", value.clone())));
    let half = Sql::call_or_null("SAFE_DIVIDE", vec![value.clone(), number(2.0)], Type::Float64);
    let even = Sql::binary(Operator::Multiply, call("ROUND", half), number(2.0));
    let is_half = Sql::binary(Operator::Equal, fraction, number(0.5));
    Sql::if_else(is_half, even, call("ROUND", value)).convert(Type::Int64)
}

/// Code points from 0; what begins past the end is missing, and so is what begins or ends before it begins.
fn substring(text: Sql, start: Option<Sql>, length: Option<Sql>) -> Sql {
    let (Some(start), Some(length)) = (start, length) else { return Sql::null(Type::String) };
    let part =
        |start: Sql, length: Sql| Sql::call("SUBSTR", vec![text.clone(), start, length], Type::String).unless_empty();
    match (&start.node, &length.node) {
        (Node::Int(from), Node::Int(count)) if *from >= 0 && *count >= 0 => {
            part(Sql::int(from.saturating_add(1)), length)
        }
        _ => {
            let not_negative = |value: &Sql| Sql::binary(Operator::GreaterEqual, value.clone(), Sql::int(0));
            let bounds = Sql::all(vec![not_negative(&start), not_negative(&length)]);
            let from = Sql::call_or_null("SAFE_ADD", vec![start, Sql::int(1)], Type::Int64);
            part(from, length).only_if(bounds)
        }
    }
}

/// The standard alphabet, with or without its padding; bytes that are no UTF-8 give nothing.
fn base64_decode(text: Sql) -> Sql {
    let length = Sql::call("CHAR_LENGTH", vec![text.clone()], Type::Int64);
    let over = Sql::call("MOD", vec![length, Sql::int(4)], Type::Int64);
    let is = |rest| Sql::binary(Operator::Equal, over.clone(), Sql::int(rest));
    let arms = vec![(is(2), Sql::text("==")), (is(3), Sql::text("="))];
    let padding = Sql::new(Node::Case(arms, Some(Box::new(Sql::text("")))), Type::String, false);
    let padded = || Sql::name("padded", Type::String);
    let bytes = || Sql::name("bytes", Type::Bytes);
    let one = |value: Sql, name: &str| {
        let ty = Type::Array(Box::new(value.ty.clone()));
        Unnest { list: Sql::new(Node::Array(vec![value]), ty, false), name: name.to_owned(), offset: None }
    };
    let unnest = vec![
        one(Sql::binary(Operator::Concat, text, padding), "padded"),
        one(Sql::call_or_null("SAFE.FROM_BASE64", vec![padded()], Type::Bytes), "bytes"),
    ];
    // Engines are lenient in different ways: only what encodes to the same text again counts.
    let again = Sql::call("TO_BASE64", vec![bytes()], Type::String);
    let filter = vec![Sql::binary(Operator::Equal, again, padded())];
    let items = vec![(bytes().convert(Type::String).unless_empty(), None)];
    Sql::value_of(Select { items, unnest, filter, ..Select::default() }, Type::String)
}

/// The pattern with all groups but the first made plain: `REGEXP_EXTRACT` takes one at most.
fn only_first_group(node: &Pattern, taken: &mut bool) -> Pattern {
    match node {
        Pattern::Group(inner) if !*taken => {
            *taken = true;
            Pattern::Group(Box::new(only_first_group(inner, taken)))
        }
        Pattern::Group(inner) => only_first_group(inner, taken),
        Pattern::Repeat { min, max, greedy, node } => {
            Pattern::Repeat { min: *min, max: *max, greedy: *greedy, node: Box::new(only_first_group(node, taken)) }
        }
        Pattern::Concat(nodes) => {
            crate::ir::pattern::concat(nodes.iter().map(|node| only_first_group(node, taken)).collect())
        }
        Pattern::Alternate(nodes) => {
            Pattern::Alternate(nodes.iter().map(|node| only_first_group(node, taken)).collect())
        }
        other => other.clone(),
    }
}

fn first_group(node: &Pattern) -> Option<&Pattern> {
    match node {
        Pattern::Group(inner) => Some(inner),
        Pattern::Repeat { node, .. } => first_group(node),
        Pattern::Concat(nodes) | Pattern::Alternate(nodes) => nodes.iter().find_map(first_group),
        _ => None,
    }
}

/// Whether a match may leave the group out.
fn is_optional(node: &Pattern) -> bool {
    match node {
        Pattern::Repeat { min, node, .. } => (*min == 0 && first_group(node).is_some()) || is_optional(node),
        Pattern::Alternate(_) => first_group(node).is_some(),
        Pattern::Concat(nodes) => nodes.iter().any(is_optional),
        _ => false,
    }
}
