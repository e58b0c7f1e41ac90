//! Values: names become numbers, raw parts are read as the type that is wanted, arithmetic gets its types.

use std::sync::Arc;

use super::errors;
use super::scope::{Phase, Resolver};
use crate::ir::{self, Arithmetic, Expr, ExprKind, Function, Literal, RecordType, Rows, Step, Type};
use crate::source::Span;
use crate::syntax::ast::{self, ArithmeticOp, Suffix};

impl Resolver<'_> {
    /// An expression of exactly the type that is wanted.
    pub(super) fn value(&mut self, expr: &ast::Expr, want: &Type) -> Option<Expr> {
        let value = self.expr(expr, Some(want))?;
        self.coerce(value, want)
    }

    /// An expression of whatever type it has; raw parts stay raw. `want` is what the surroundings would like.
    pub(super) fn expr(&mut self, expr: &ast::Expr, want: Option<&Type>) -> Option<Expr> {
        let span = expr.span;
        match &*expr.node {
            ast::ExprKind::Literal(literal) => self.literal(literal, want, span),
            ast::ExprKind::Reference(name, suffixes) => self.reference(name, suffixes, span),
            ast::ExprKind::RawPath(suffixes) => {
                if !self.scope.raw {
                    return self.wrong(errors::raw_here(span));
                }
                Some(path(Expr::new(ExprKind::Record, Type::Raw, span), steps(suffixes), span))
            }
            ast::ExprKind::TargetField(name) => self.wrong(errors::target_field_here(span, name)),
            ast::ExprKind::Call(name, arguments, suffixes) => {
                let call = self.call(name, arguments, want, span)?;
                if suffixes.is_empty() {
                    return Some(call);
                }
                if call.ty != Type::Raw {
                    return self.wrong(errors::type_mismatch(span, "raw JSON, to take a part of", &call.ty));
                }
                Some(path(call, steps(suffixes), span))
            }
            ast::ExprKind::List(_) => self.wrong(errors::list(
                span,
                "a list is no single value",
                "a list stands on the right of `in`, `any of` and `all of`",
            )),
            ast::ExprKind::Record(_) => self.wrong(errors::list(
                span,
                "a record is no single value",
                "records stand only in the lists of a test's events",
            )),
            ast::ExprKind::Case(arms) => self.case(arms, want, span),
            ast::ExprKind::Rows(word, lists, filter, bindings) => {
                self.rows(word, lists, filter.as_ref(), bindings, want, span)
            }
            ast::ExprKind::Arithmetic(left, op, right) => self.arithmetic(left, *op, right, span),
            ast::ExprKind::And(_)
            | ast::ExprKind::Or(_)
            | ast::ExprKind::Not(_)
            | ast::ExprKind::Test(_)
            | ast::ExprKind::Is(..)
            | ast::ExprKind::Quantified(..) => self.wrong(errors::condition_as_value(span)),
        }
    }

    fn literal(&mut self, literal: &ast::Literal, want: Option<&Type>, span: Span) -> Option<Expr> {
        let value = match literal {
            ast::Literal::Text(text, _) if text.is_empty() => return self.wrong(errors::empty_text(span)),
            ast::Literal::Text(text, _) => Literal::Text(text.clone()),
            ast::Literal::Int(value, _) if want == Some(&Type::Decimal) => {
                Literal::Decimal(i128::from(*value) * 1_000_000_000)
            }
            ast::Literal::Int(value, _) => Literal::Int(*value),
            ast::Literal::Float(value, verbatim) if want == Some(&Type::Decimal) => {
                let text = if verbatim.0.is_empty() { format!("{value}") } else { verbatim.0.replace('_', "") };
                match decimal(&text) {
                    Some(value) => Literal::Decimal(value),
                    None => {
                        return self.wrong(errors::type_mismatch(
                            span,
                            "a decimal with at most nine places",
                            &Type::Float,
                        ));
                    }
                }
            }
            ast::Literal::Float(value, _) => Literal::Float(*value),
            ast::Literal::Bool(value) => Literal::Bool(*value),
            ast::Literal::Time(value, _) => Literal::Time(*value),
            ast::Literal::Duration(value, _) => Literal::Duration(*value),
            ast::Literal::Address(value, _) => Literal::Ip(*value),
            ast::Literal::Network(..) => {
                return self.wrong(errors::list(
                    span,
                    "a network is no single value",
                    "write `source.ip in 10.0.0.0/8`",
                ));
            }
            ast::Literal::Pattern(_) => {
                return self.wrong(errors::list(
                    span,
                    "a pattern is no value",
                    "write `x matches /…/`, or `extract(x, /…/)`",
                ));
            }
        };
        Some(Expr::literal(value, span))
    }

    fn reference(&mut self, name: &ast::Name, suffixes: &[Suffix], span: Span) -> Option<Expr> {
        let word = name.node.as_str();
        if let Some((_, number, ty)) = self.scope.elements.iter().rev().find(|(n, _, _)| n == word).cloned() {
            return self.below(Expr::new(ExprKind::Element(number), ty, name.span), suffixes, span);
        }
        if let Some((number, (_, ty))) =
            self.scope.with.iter().enumerate().find(|(_, (n, _))| n == word).map(|(i, w)| (i, w.clone()))
        {
            if self.scope.phase == Phase::Window {
                return self.wrong(errors::field_after_grouping(span, word, &self.key_names()));
            }
            return self.below(Expr::new(ExprKind::With(number), ty, name.span), suffixes, span);
        }
        let dotted = dotted(word, suffixes);
        if self.scope.phase == Phase::Window {
            if let Some((number, (_, ty))) =
                self.scope.measures.iter().enumerate().find(|(_, (n, _))| *n == dotted).map(|(i, m)| (i, m.clone()))
            {
                return Some(Expr::new(ExprKind::Measure(number), ty, span));
            }
            if let Some((number, key)) = self.scope.keys.iter().enumerate().find(|(_, key)| key.name == dotted) {
                return Some(Expr::new(ExprKind::Key(number), key.value.ty.clone(), span));
            }
        }
        if self.lists.contains_key(word) && suffixes.is_empty() {
            return self.wrong(errors::list(
                span,
                format!("list `{word}` is no single value"),
                format!("write `in {word}`, or `any of {word}`"),
            ));
        }
        let Some(stream) = self.scope.stream else {
            let known: Vec<String> = self
                .scope
                .with
                .iter()
                .map(|(n, _)| n.clone())
                .chain(self.scope.elements.iter().map(|(n, _, _)| n.clone()))
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return self.wrong(
                errors::unknown(span, "name", &dotted, known)
                    .help("a part of the raw record begins with a dot: `.requestId`"),
            );
        };
        let Some(field) = stream.field(&dotted) else {
            let mut known: Vec<&str> = stream.fields.iter().map(|f| f.name.as_str()).collect();
            let own: Vec<String> = self
                .scope
                .with
                .iter()
                .map(|(n, _)| n.clone())
                .chain(self.scope.measures.iter().map(|(n, _)| n.clone()))
                .chain(self.key_names())
                .collect();
            known.extend(own.iter().map(String::as_str));
            let diagnostic = errors::unknown_field(span, &dotted, &stream.name, known);
            return self.wrong(diagnostic);
        };
        if self.scope.phase == Phase::Window {
            return self.wrong(errors::field_after_grouping(span, &dotted, &self.key_names()));
        }
        if dotted == "prompt_digest" && !self.scope.digest {
            return self.wrong(errors::digest(span));
        }
        let ty = stream.get(field).map_or(Type::Text, |f| f.ty.clone());
        Some(Expr::new(ExprKind::Field(field), ty, span))
    }

    fn key_names(&self) -> Vec<String> {
        self.scope.keys.iter().map(|key| key.name.clone()).collect()
    }

    /// What stands behind a name: a member of a record, or a part of raw JSON.
    fn below(&mut self, base: Expr, suffixes: &[Suffix], span: Span) -> Option<Expr> {
        match (&base.ty, suffixes) {
            (_, []) => Some(Expr { span, ..base }),
            (Type::Raw, _) => Some(path(base, steps(suffixes), span)),
            (Type::Record(record), [Suffix::Member(member)]) => {
                let record = Arc::clone(record);
                match record.fields.iter().enumerate().find(|(_, (name, _))| name == member) {
                    Some((number, (_, ty))) => {
                        Some(Expr::new(ExprKind::Member(Box::new(base), number), ty.clone(), span))
                    }
                    None => {
                        let known = record.fields.iter().map(|(name, _)| name.as_str());
                        self.wrong(errors::unknown(span, "part", member, known))
                    }
                }
            }
            (ty, _) => {
                let diagnostic = errors::type_mismatch(span, "a record, to take a part of", ty);
                self.wrong(diagnostic)
            }
        }
    }

    fn case(&mut self, arms: &[(Option<ast::Expr>, ast::Expr)], want: Option<&Type>, span: Span) -> Option<Expr> {
        let mut out = Vec::new();
        let mut default = None;
        let mut ty: Option<Type> = want.filter(|t| **t != Type::Raw).cloned();
        let mut failed = false;
        for (n, (condition, value)) in arms.iter().enumerate() {
            let pred = condition.as_ref().map(|c| self.pred(c));
            let resolved = self.expr(value, ty.as_ref()).and_then(|v| match ty.clone() {
                Some(ty) => self.coerce(v, &ty),
                None if v.ty == Type::Raw => self.coerce(v, &Type::Text),
                None => Some(v),
            });
            let Some(resolved) = resolved else {
                failed = true;
                continue;
            };
            ty.get_or_insert_with(|| resolved.ty.clone());
            match pred {
                Some(Some(pred)) => out.push((pred, resolved)),
                Some(None) => failed = true,
                None if n + 1 == arms.len() => default = Some(Box::new(resolved)),
                None => {
                    failed = true;
                    self.diagnostics.push(errors::bad_argument(value.span, "case", "`else` as its last arm"));
                }
            }
        }
        let ty = ty.filter(|_| !failed)?;
        Some(Expr::new(ExprKind::Case(out, default), ty, span))
    }

    fn rows(
        &mut self,
        word: &ast::Name,
        lists: &[ast::Expr],
        filter: Option<&ast::Expr>,
        bindings: &[ast::Binding],
        want: Option<&Type>,
        span: Span,
    ) -> Option<Expr> {
        if !self.scope.raw {
            return self.wrong(errors::source_only(span, "each … { … }"));
        }
        let mut resolved = Vec::new();
        for list in lists {
            let list = self.expr(list, None)?;
            if list.ty != Type::List(Box::new(Type::Raw)) {
                let diagnostic =
                    errors::type_mismatch(list.span, "a list of raw parts: a path with `[]` or `.*`", &list.ty);
                return self.wrong(diagnostic);
            }
            resolved.push(list);
        }
        let wanted = match want {
            Some(Type::List(element)) => match &**element {
                Type::Record(record) => Some(Arc::clone(record)),
                _ => None,
            },
            _ => None,
        };
        let (element, body) = self.with_element(&word.node, Type::Raw, |this| {
            let filter = match filter {
                Some(filter) => Some(this.pred(filter)?),
                None => None,
            };
            let (record, fields) = match wanted {
                Some(record) => this.wanted_record(&record, bindings, span)?,
                None => this.own_record(bindings)?,
            };
            Some((filter, record, fields))
        });
        let (filter, record, fields) = body?;
        let rows = Rows { element, lists: resolved, filter, fields };
        Some(Expr::new(ExprKind::Rows(Box::new(rows)), Type::List(Box::new(Type::Record(record))), span))
    }

    /// The bindings as the fields of the record type that the stream declares.
    fn wanted_record(
        &mut self,
        record: &Arc<RecordType>,
        bindings: &[ast::Binding],
        span: Span,
    ) -> Option<(Arc<RecordType>, Vec<Expr>)> {
        for binding in bindings {
            if !record.fields.iter().any(|(name, _)| *name == binding.name.node) {
                let known = record.fields.iter().map(|(name, _)| name.as_str());
                return self.wrong(errors::unknown(binding.name.span, "part", &binding.name.node, known));
            }
        }
        let mut fields = Vec::new();
        for (name, ty) in &record.fields {
            fields.push(match bindings.iter().find(|b| b.name.node == *name) {
                Some(binding) => self.value(&binding.value, ty)?,
                None => Expr::new(ExprKind::Case(Vec::new(), None), ty.clone(), span),
            });
        }
        Some((Arc::clone(record), fields))
    }

    /// A record of the bindings' own types; raw parts are read as text.
    fn own_record(&mut self, bindings: &[ast::Binding]) -> Option<(Arc<RecordType>, Vec<Expr>)> {
        let (mut types, mut fields) = (Vec::new(), Vec::new());
        for binding in bindings {
            let value = self.expr(&binding.value, None)?;
            let value = if value.ty == Type::Raw { self.coerce(value, &Type::Text)? } else { value };
            types.push((binding.name.node.clone(), value.ty.clone()));
            fields.push(value);
        }
        Some((Arc::new(RecordType { fields: types }), fields))
    }

    fn arithmetic(&mut self, left: &ast::Expr, op: ArithmeticOp, right: &ast::Expr, span: Span) -> Option<Expr> {
        let (left_want, right_want) = (literal_first(left), literal_first(right));
        // A literal takes the type of what it stands beside, so the other side is resolved first.
        let (l, r) = if left_want {
            let r = self.expr(right, None)?;
            (self.expr(left, Some(&r.ty))?, r)
        } else {
            let l = self.expr(left, None)?;
            let want = l.ty.clone();
            (l, self.expr(right, Some(&want).filter(|_| right_want))?)
        };
        let l = self.read_operand(l, &r.ty)?;
        let r = self.read_operand(r, &l.ty)?;
        let (l, r) = same_number(l, r);
        use Type::{Decimal, Duration, Float, Int, Time};
        let (op, l, r, ty) = match (op, &l.ty, &r.ty) {
            (ArithmeticOp::Add, Int, Int) => (Arithmetic::Add, l, r, Int),
            (ArithmeticOp::Subtract, Int, Int) => (Arithmetic::Subtract, l, r, Int),
            (ArithmeticOp::Multiply, Int, Int) => (Arithmetic::Multiply, l, r, Int),
            (ArithmeticOp::Divide, Int, Int) => (Arithmetic::Divide, to_float(l), to_float(r), Float),
            (op, Float, Float) => (kind(op), l, r, Float),
            (op, Decimal, Decimal) => (kind(op), l, r, Decimal),
            (ArithmeticOp::Add, Time, Duration) => (Arithmetic::Add, l, r, Time),
            (ArithmeticOp::Add, Duration, Time) => (Arithmetic::Add, r, l, Time),
            (ArithmeticOp::Subtract, Time, Time) => (Arithmetic::Subtract, l, r, Duration),
            (ArithmeticOp::Subtract, Time, Duration) => (Arithmetic::Subtract, l, r, Time),
            (ArithmeticOp::Add, Duration, Duration) => (Arithmetic::Add, l, r, Duration),
            (ArithmeticOp::Subtract, Duration, Duration) => (Arithmetic::Subtract, l, r, Duration),
            (ArithmeticOp::Multiply, Duration, Int | Float) => (Arithmetic::Multiply, l, r, Duration),
            (ArithmeticOp::Multiply, Int | Float, Duration) => (Arithmetic::Multiply, r, l, Duration),
            (ArithmeticOp::Divide, Duration, Duration) => (Arithmetic::Divide, l, r, Float),
            (ArithmeticOp::Divide, Duration, Int | Float) => (Arithmetic::Divide, l, r, Duration),
            _ => {
                let diagnostic = errors::incomparable(span, op.text(), &l.ty, &r.ty);
                let message = format!("`{}` has no meaning between {} and {}", op.text(), l.ty, r.ty);
                return self.wrong(ir_message(diagnostic, message));
            }
        };
        Some(Expr::new(ExprKind::Arithmetic(op, Box::new(l), Box::new(r)), ty, span))
    }

    /// A raw operand is read as an int, or as a float beside a float.
    fn read_operand(&mut self, expr: Expr, other: &Type) -> Option<Expr> {
        if expr.ty != Type::Raw {
            return Some(expr);
        }
        let want = if *other == Type::Float { Type::Float } else { Type::Int };
        self.coerce(expr, &want)
    }

    /// Makes an expression have a type: reads raw parts, widens ints, takes the only part of a record.
    pub(super) fn coerce(&mut self, expr: Expr, want: &Type) -> Option<Expr> {
        if expr.ty == *want {
            return Some(expr);
        }
        let span = expr.span;
        let readable =
            |ty: &Type| matches!(ty, Type::Text | Type::Int | Type::Float | Type::Bool | Type::Time | Type::Ip);
        match (&expr.ty, want) {
            (Type::Raw, ty) if readable(ty) => Some(Expr::new(ExprKind::Read(Box::new(expr)), want.clone(), span)),
            (Type::Raw, Type::List(element)) if readable(element) => {
                Some(Expr::new(ExprKind::Read(Box::new(expr)), want.clone(), span))
            }
            (Type::List(inner), Type::List(element)) if **inner == Type::Raw && readable(element) => {
                Some(Expr::new(ExprKind::Read(Box::new(expr)), want.clone(), span))
            }
            (Type::Raw, Type::Duration) => {
                let diagnostic = errors::type_mismatch(span, "a duration", &expr.ty)
                    .help("multiply the number by its unit: `.durationMs * 1ms`");
                self.wrong(diagnostic)
            }
            (Type::Int, Type::Float) => Some(to_float(expr)),
            (Type::Int, Type::Decimal) => {
                Some(Expr::new(ExprKind::Call(Function::ToDecimal, vec![expr]), Type::Decimal, span))
            }
            (Type::Record(record), want)
                if record.fields.len() == 1 && record.fields.first().is_some_and(|(_, ty)| ty == want) =>
            {
                Some(Expr::new(ExprKind::Member(Box::new(expr), 0), want.clone(), span))
            }
            (found, want) => {
                let diagnostic = errors::type_mismatch(span, &want.to_string(), found);
                self.wrong(diagnostic)
            }
        }
    }
}

fn ir_message(diagnostic: crate::diag::Diagnostic, message: String) -> crate::diag::Diagnostic {
    crate::diag::Diagnostic { message, ..diagnostic }
}

fn kind(op: ArithmeticOp) -> Arithmetic {
    match op {
        ArithmeticOp::Add => Arithmetic::Add,
        ArithmeticOp::Subtract => Arithmetic::Subtract,
        ArithmeticOp::Multiply => Arithmetic::Multiply,
        ArithmeticOp::Divide => Arithmetic::Divide,
    }
}

/// Whether an expression is a literal, which takes the type of the other side.
pub(super) fn literal_first(expr: &ast::Expr) -> bool {
    matches!(&*expr.node, ast::ExprKind::Literal(_))
}

/// Two numbers of different types as two of the wider one; other pairs as they are.
fn same_number(left: Expr, right: Expr) -> (Expr, Expr) {
    let to_decimal = |expr: Expr| {
        let span = expr.span;
        Expr::new(ExprKind::Call(Function::ToDecimal, vec![expr]), Type::Decimal, span)
    };
    match (&left.ty, &right.ty) {
        (Type::Int, Type::Float) => (to_float(left), right),
        (Type::Float, Type::Int) => (left, to_float(right)),
        (Type::Int, Type::Decimal) => (to_decimal(left), right),
        (Type::Decimal, Type::Int) => (left, to_decimal(right)),
        _ => (left, right),
    }
}

/// An int as a float; a literal is converted at once.
pub(super) fn to_float(expr: Expr) -> Expr {
    let span = expr.span;
    match expr.kind {
        #[expect(clippy::cast_precision_loss, reason = "`float` of an int rounds to nearest: that is its meaning")]
        ExprKind::Literal(Literal::Int(value)) => Expr::literal(Literal::Float(value as f64), span),
        _ => Expr::new(ExprKind::Call(Function::ToFloat, vec![expr]), Type::Float, span),
    }
}

/// A path below an expression, joined with the path that the expression already is.
pub(super) fn path(base: Expr, mut below: Vec<Step>, span: Span) -> Expr {
    let (base, steps) = match base.kind {
        ExprKind::Path(inner, mut steps) => {
            steps.append(&mut below);
            (*inner, steps)
        }
        _ => (base, below),
    };
    let list = steps.iter().any(|step| matches!(step, Step::Elements | Step::Values));
    let ty = if list { Type::List(Box::new(Type::Raw)) } else { Type::Raw };
    Expr::new(ExprKind::Path(Box::new(base), steps), ty, span)
}

pub(super) fn steps(suffixes: &[Suffix]) -> Vec<Step> {
    suffixes
        .iter()
        .map(|suffix| match suffix {
            Suffix::Member(key) | Suffix::OddMember(key) => Step::Key(key.clone()),
            Suffix::Values => Step::Values,
            Suffix::Elements => Step::Elements,
            Suffix::Index(index) => Step::Index(*index),
        })
        .collect()
}

/// `caller` with `.id` behind it is the name `caller.id`.
pub(super) fn dotted(word: &str, suffixes: &[Suffix]) -> String {
    let mut name = word.to_owned();
    for suffix in suffixes {
        match suffix {
            Suffix::Member(member) => {
                name.push('.');
                name.push_str(member);
            }
            Suffix::OddMember(_) | Suffix::Values | Suffix::Elements | Suffix::Index(_) => name.push_str("[…]"),
        }
    }
    name
}

/// Billionths of a number's text, if it has at most nine places.
fn decimal(text: &str) -> Option<i128> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    if places.len() > 9 {
        return None;
    }
    let scale = 10_i128.pow(9 - u32::try_from(places.len()).ok()?);
    let places = if places.is_empty() { 0 } else { places.parse::<i128>().ok()? };
    let value = whole.parse::<i128>().ok()?.checked_mul(1_000_000_000)?.checked_add(places * scale)?;
    Some(if negative { -value } else { value })
}

/// What a name's type is called in messages.
pub(super) fn type_named(name: &str) -> Option<ir::Type> {
    Some(match name {
        "text" => Type::Text,
        "int" => Type::Int,
        "float" => Type::Float,
        "decimal" => Type::Decimal,
        "bool" => Type::Bool,
        "time" => Type::Time,
        "duration" => Type::Duration,
        "ip" => Type::Ip,
        _ => return None,
    })
}
