//! Values: names become numbers, raw parts are read as the type that is wanted, arithmetic gets its types.

use std::sync::Arc;

use super::errors;
use super::number::{decimal, to_float};
use super::prices;
use super::scope::{Phase, Resolver};
use crate::ir::{self, Expr, ExprKind, Function, Literal, RecordType, Rows, Step, Type};
use crate::source::Span;
use crate::syntax::ast::{self, Suffix};

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
                if let Some(part) = self.scope.parts.first() {
                    return self.wrong(errors::raw_of_parts(span, part));
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

    /// A name: the innermost meaning that it has here.
    fn reference(&mut self, name: &ast::Name, suffixes: &[Suffix], span: Span) -> Option<Expr> {
        let word = name.node.as_str();
        let dotted = dotted(word, suffixes);
        let element = self.scope.element(word);
        if let Some(element) = element.filter(|e| !self.scope.is_grouped(e)) {
            return self.below(Expr::new(ExprKind::Element(element.number), element.ty?, name.span), suffixes, span);
        }
        if self.scope.parts.iter().any(|part| part == word) {
            let record = Expr::new(ExprKind::Record, Type::Raw, span);
            let below = std::iter::once(Step::Key(word.to_owned())).chain(steps(suffixes)).collect();
            return Some(path(record, below, span));
        }
        let window = self.scope.phase == Phase::Window;
        if window {
            if let Some(number) = self.scope.measures.iter().position(|(n, _)| *n == dotted) {
                let ty = self.scope.measures.get(number)?.1.clone()?;
                return Some(Expr::new(ExprKind::Measure(number), ty, span));
            }
            if let Some(number) = self.scope.keys.iter().position(|key| key.name == dotted) {
                let value = &self.scope.keys.get(number)?.value;
                if self.is_digest_field(value) && !self.scope.digest {
                    return self.wrong(errors::digest(span));
                }
                let ty = value.ty.clone();
                return Some(Expr::new(ExprKind::Key(number), ty, span));
            }
            if self.scope.broken_keys.contains(&dotted) {
                return None;
            }
        }
        let field = self.scope.stream.and_then(|stream| Some((stream, stream.field(&dotted)?)));
        if let Some(number) =
            self.scope.with.iter().position(|(n, _)| n == word || *n == dotted).filter(|_| field.is_none())
        {
            if window {
                return self.wrong(errors::field_after_grouping(span, word, &self.key_names()));
            }
            let ty = self.scope.with.get(number)?.1.clone()?;
            return self.below(Expr::new(ExprKind::With(number), ty, name.span), suffixes, span);
        }
        let Some((stream, field)) = field else { return self.unknown_name(name, suffixes, &dotted, span) };
        if window {
            return self.wrong(errors::field_after_grouping(span, &dotted, &self.key_names()));
        }
        if dotted == prices::FIELD && !self.names.prices.is_empty() {
            return self.cost(None, span);
        }
        let ty = stream.get(field).map_or(Type::Text, |f| f.ty.clone());
        let value = Expr::new(ExprKind::Field(field), ty, span);
        if self.is_digest_field(&value) && !self.scope.digest {
            return self.wrong(errors::digest(span));
        }
        Some(value)
    }

    /// Says what a name that stands for nothing here was probably meant to be.
    fn unknown_name(&mut self, name: &ast::Name, suffixes: &[Suffix], dotted: &str, span: Span) -> Option<Expr> {
        let word = name.node.as_str();
        if self.scope.element(word).is_some() {
            return self.wrong(errors::field_after_grouping(span, dotted, &self.key_names()));
        }
        if self.scope.phase == Phase::Row && self.scope.measures.iter().any(|(n, _)| n == word) {
            return self.wrong(errors::measure_here(span, word));
        }
        if suffixes.is_empty() {
            if self.names.is_broken("list", word) {
                return self.silent();
            }
            if self.names.lists.contains_key(word) {
                return self.wrong(errors::list_as_value(span, word));
            }
            if matches!(word, "null" | "none" | "nil" | "NULL" | "None") {
                return self.wrong(errors::null(span, word));
            }
        }
        let own = self.scope.own_names();
        let own = own.iter().map(String::as_str);
        let diagnostic = match self.scope.stream {
            Some(stream) => {
                let known: Vec<&str> = stream.fields.iter().map(|f| f.name.as_str()).chain(own).collect();
                match self.other_stream(stream, dotted) {
                    Some(other) => errors::field_of_another_stream(span, dotted, &stream.name, other),
                    None => errors::unknown_field(span, dotted, &stream.name, known),
                }
            }
            None if self.scope.raw => errors::unknown(span, "name", dotted, own.collect::<Vec<_>>())
                .help(format!("a part of the raw record begins with a dot: `.{dotted}`")),
            None => errors::unquoted(span, dotted),
        };
        self.wrong(diagnostic)
    }

    /// Another stream that has this field.
    fn other_stream(&self, own: &ir::Stream, field: &str) -> Option<&str> {
        let other = self.streams.iter().find(|s| s.name != own.name && s.field(field).is_some());
        other.map(|stream| stream.name.as_str())
    }

    fn is_digest_field(&self, value: &Expr) -> bool {
        let field = match value.kind {
            ExprKind::Field(field) => self.scope.stream.and_then(|stream| stream.get(field)),
            _ => None,
        };
        field.is_some_and(|field| field.name == DIGEST)
    }

    /// A value where `prompt_digest` itself may stand, but nothing made of it.
    pub(super) fn digest_or(&mut self, expr: &ast::Expr) -> Option<Expr> {
        self.scope.digest = matches!(&*expr.node, ast::ExprKind::Reference(..));
        let value = self.expr(expr, None);
        self.scope.digest = false;
        value
    }

    /// A list, of whatever.
    pub(super) fn list_of(&mut self, expr: &ast::Expr) -> Option<Expr> {
        let list = self.expr(expr, None)?;
        if list.ty.element().is_some() {
            return Some(list);
        }
        let diagnostic = errors::type_mismatch(list.span, "a list", &list.ty);
        self.wrong(match list.ty {
            Type::Raw => diagnostic.help("take its elements: write `[]` behind the path"),
            _ => diagnostic,
        })
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
        let preds: Vec<Option<Option<ir::Pred>>> =
            arms.iter().map(|(condition, _)| condition.as_ref().map(|c| self.pred(c))).collect();
        let values: Vec<&ast::Expr> = arms.iter().map(|(_, value)| value).collect();
        let values = self.same_type(&values, want);
        let last = arms.len().saturating_sub(1);
        if let Some((_, value)) = arms.iter().take(last).find(|(condition, _)| condition.is_none()) {
            return self.wrong(errors::else_not_last(value.span));
        }
        let mut values = values?;
        if values.iter().all(|value| is_raw(&value.ty)) {
            let want = want.filter(|ty| **ty != Type::Raw).cloned().unwrap_or(Type::Text);
            values = values.into_iter().map(|value| self.coerce(value, &want)).collect::<Option<Vec<_>>>()?;
        }
        let ty = values.first()?.ty.clone();
        let mut out = Vec::new();
        let mut default = None;
        for (pred, value) in preds.into_iter().zip(values) {
            match pred {
                Some(pred) => out.push((pred?, value)),
                None => default = Some(Box::new(value)),
            }
        }
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
                let diagnostic = errors::type_mismatch(list.span, "a list of raw parts", &list.ty)
                    .help("take elements with `[]`, or an object's values with `.*`");
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
        let (element, body) = self.with_element(word, Some(Type::Raw), |this| {
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
                let diagnostic = errors::coercion(span, want, found);
                self.wrong(diagnostic)
            }
        }
    }
}

/// The field that is a keyed hash: it is compared, counted and grouped by, never shown.
pub(super) const DIGEST: &str = "prompt_digest";

/// Whether a value has not been read as a type yet.
pub(super) fn is_raw(ty: &Type) -> bool {
    *ty == Type::Raw || ty.element() == Some(&Type::Raw)
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
