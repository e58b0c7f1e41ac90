//! Values: takes an expression, gives a term and how it looks where the value is missing.

use super::plan::{Element, Empty, Plan, Said};
use crate::ir::pattern::{Node, Pattern};
use crate::ir::{self, ExprKind, Function as F, Literal, Type};
use crate::target::Verdict;
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Field, Function, Operator, Quoted, Term};

/// Most branches that `case` takes.
pub(super) const MAX_BRANCHES: usize = 10;

/// A term and what it is where the value is missing.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// The value.
    pub(super) term: Term,
    /// When it is missing.
    pub(super) lack: Lack,
}

/// When a value is missing, and what its term is then.
#[derive(Debug, Clone)]
pub(super) enum Lack {
    /// It is never missing.
    Never,
    /// Text: missing is null or empty.
    Blank,
    /// Text that is never null: missing is empty.
    Empty,
    /// It is null, in a column of the query.
    Null,
    /// Where a condition says so; both are never null. The term is then of no meaning, or 0 where the flag is set.
    When {
        /// It is there.
        present: Term,
        /// It is not.
        absent: Term,
        /// Whether the term is 0 where the value is missing.
        zero: bool,
    },
}

impl Value {
    /// A value that is never missing.
    pub(super) fn always(term: Term) -> Value {
        Value { term, lack: Lack::Never }
    }

    /// Text that is null or empty where it is missing.
    pub(super) fn blank(term: Term) -> Value {
        Value { term, lack: Lack::Blank }
    }

    /// Text that is empty where it is missing, and never null: so that a negated test has one reading.
    pub(super) fn or_empty(&self) -> Term {
        match self.lack {
            Lack::Blank => self.term.clone().or(Term::word("")),
            _ => self.term.clone(),
        }
    }

    /// Whether it is there.
    pub(super) fn present(&self) -> Term {
        match &self.lack {
            Lack::Never => Term::constant(true),
            Lack::Blank | Lack::Empty => self.or_empty().binary(Operator::NotEqual, Term::word("")),
            Lack::Null => Term::call(Function::IsPresent, [self.term.clone()]),
            Lack::When { present, .. } => present.clone(),
        }
    }

    /// Whether it is missing.
    pub(super) fn absent(&self) -> Term {
        match &self.lack {
            Lack::Never => Term::constant(false),
            Lack::Blank | Lack::Empty => self.or_empty().binary(Operator::Equal, Term::word("")),
            Lack::Null => Term::Not(Box::new(self.present())),
            Lack::When { absent, .. } => absent.clone(),
        }
    }

    /// The value, and null (or empty text) where it is missing.
    pub(super) fn or_null(&self) -> Term {
        match &self.lack {
            Lack::When { present, .. } => Term::call(Function::Case, [present.clone(), self.term.clone()]),
            _ => self.term.clone(),
        }
    }
}

/// Text between quotes, or put together from texts in either kind of quotes.
pub(super) fn text_literal(text: &str) -> Option<Term> {
    if let Some(term) = Term::quoted(text) {
        return Some(term);
    }
    let mut parts: Vec<String> = Vec::new();
    for c in text.chars() {
        match parts.last_mut() {
            Some(part) if Quoted::new(&format!("{part}{c}")).is_some() => part.push(c),
            _ => parts.push(c.to_string()),
        }
    }
    let parts = parts.iter().map(|part| Term::quoted(part)).collect::<Option<Vec<_>>>()?;
    Some(Term::call(Function::Concat, parts))
}

/// A pattern that takes a whole text, unless it is empty.
fn any_text() -> Node {
    let line = Node::Class { negated: true, ranges: vec![('\n', '\n')] };
    let some = Node::Alternate(vec![line, Node::Char('\n')]);
    Node::Group(Box::new(Node::Repeat { min: 1, max: None, greedy: true, node: Box::new(some) }))
}

impl Plan<'_> {
    /// The expression of a row value or of a record's part, if it is one.
    pub(super) fn stands_for(&self, expr: &ir::Expr) -> Option<ir::Expr> {
        match &expr.kind {
            ExprKind::With(n) => self.bound.rule.with.get(*n).map(|binding| binding.value.clone()),
            ExprKind::Member(inner, n) => match &inner.kind {
                ExprKind::Element(element) => match self.elements.get(element) {
                    Some(Element::Record(fields)) => fields.get(*n).cloned(),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// How many units of a value after grouping make one of what is shown.
    pub(super) fn grouped_scale(&self, expr: &ir::Expr) -> i128 {
        let column = match &expr.kind {
            ExprKind::Aggregate(n) => self.grouped.aggregates.get(*n).and_then(Option::as_ref),
            ExprKind::Measure(n) => self.grouped.measures.get(*n).and_then(Option::as_ref),
            _ => None,
        };
        match column {
            Some(column) => column.scale,
            None if expr.ty == Type::Duration => 1_000_000,
            None => 1,
        }
    }

    /// The column after grouping that an expression stands for.
    pub(super) fn grouped_column(&self, expr: &ir::Expr) -> Said<Option<Value>> {
        let column = match &expr.kind {
            ExprKind::Aggregate(n) => self.grouped.aggregates.get(*n).and_then(Option::as_ref),
            ExprKind::Key(n) => self.grouped.keys.get(*n),
            ExprKind::Measure(n) => self.grouped.measures.get(*n).and_then(Option::as_ref),
            _ => return Ok(None),
        };
        let Some(column) = column else { return Err(errors::expression(expr.span, "a measure that was left out")) };
        let term = Term::made(&column.name);
        Ok(Some(match column.empty {
            Empty::Never | Empty::Rows => Value::always(term),
            Empty::Zero => Value::always(term.or(Term::Int(0))),
            Empty::Missing if expr.ty == Type::Text => Value::blank(term),
            Empty::Missing => Value { term, lack: Lack::Null },
        }))
    }

    /// Whether a term is a column that counts rows, so that it is never 0.
    pub(super) fn counts_rows(&self, term: &Term) -> bool {
        let mut columns = self.grouped.aggregates.iter().chain(&self.grouped.measures).flatten();
        columns.any(|column| column.empty == Empty::Rows && *term == Term::made(&column.name))
    }

    /// A text.
    pub(super) fn text(&mut self, expr: &ir::Expr) -> Said<Value> {
        if let Some(column) = self.grouped_column(expr)? {
            return Ok(column);
        }
        if let Some(inner) = self.stands_for(expr) {
            return self.text(&inner);
        }
        if let Some(field) = self.field_of(expr)? {
            // `true` is a text to it.
            self.untyped = true;
            let known = self.known.iter().any(|(known, _)| *known == field);
            let term = Term::Field(field);
            return Ok(if known { Value::always(term) } else { Value::blank(term) });
        }
        match &expr.kind {
            ExprKind::Literal(Literal::Text(text)) => match text_literal(text) {
                Some(term) => Ok(Value::always(term)),
                None => Err(errors::odd_text(expr.span, text)),
            },
            ExprKind::Call(function, args) => self.text_call(expr, function, args),
            ExprKind::Case(arms, default) => {
                let arms = self.arms(expr, arms, default.as_deref(), &mut |plan, arm| Ok(plan.text(arm)?.term))?;
                Ok(Value::blank(arms))
            }
            ExprKind::Read(_) | ExprKind::Member(..) => Err(errors::one_of_a_list(expr.span)),
            _ => Err(errors::expression(expr.span, "this text")),
        }
    }

    fn text_call(&mut self, expr: &ir::Expr, function: &F, args: &[ir::Expr]) -> Said<Value> {
        match (function, args) {
            (F::Concat, parts) => {
                let parts = parts.iter().map(|part| self.text(part)).collect::<Said<Vec<_>>>()?;
                let lack = if parts.iter().any(|p| matches!(p.lack, Lack::Never)) { Lack::Never } else { Lack::Empty };
                let parts: Vec<Term> = parts.iter().map(Value::or_empty).collect();
                // A column, because several tests of it are usual.
                let term = Term::Field(self.column(Term::call(Function::Concat, parts), "text"));
                Ok(Value { term, lack })
            }
            (F::Coalesce, parts) => self.first_text(parts),
            (F::Extract(pattern), [subject]) => {
                let subject = self.text(subject)?.term;
                let subject = self.text_field(subject);
                let part = self.parse(subject, captured(pattern), "part");
                Ok(Value::blank(Term::Field(part)))
            }
            (F::Substring, [subject, start, length]) => {
                let subject = self.text(subject)?.term;
                let mut args = vec![subject];
                for number in [start, length] {
                    match number.as_literal() {
                        Some(Literal::Int(n)) if *n >= 0 => args.push(Term::Int(i128::from(*n))),
                        _ => {
                            return Err(errors::expression(
                                number.span,
                                "a `substring` of other than constant numbers from 0",
                            ));
                        }
                    }
                }
                Ok(Value::blank(Term::call(Function::Substr, args)))
            }
            (F::Lower | F::Upper, [subject]) => {
                let subject = self.text(subject)?.term;
                let fold = if *function == F::Lower { Function::ToLower } else { Function::ToUpper };
                self.weaken(Verdict::Differs, true, errors::folds_more(expr.span, fold.name()));
                Ok(Value::blank(Term::call(fold, [subject])))
            }
            (F::Hash, [subject]) => {
                // The case of the hex digits is not documented.
                let subject = self.text(subject)?;
                let hash = Term::call(Function::Sha256, [subject.term.clone()]);
                let hash = Term::call(Function::ToLower, [hash]);
                Ok(Value::blank(match subject.lack {
                    Lack::Never => hash,
                    _ => Term::call(Function::Case, [subject.present(), hash]),
                }))
            }
            (F::Join | F::Last, _) => Err(errors::one_of_a_list(expr.span)),
            _ => Err(errors::function(expr.span, function.name())),
        }
    }

    /// The first text that is not empty: CloudWatch's `coalesce` takes an empty one.
    fn first_text(&mut self, parts: &[ir::Expr]) -> Said<Value> {
        let mut terms = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let value = self.text(part)?;
            if matches!(value.lack, Lack::Never) {
                terms.push(value.term);
                return Ok(Value::always(coalesced(terms)));
            }
            let last = n + 1 == parts.len();
            terms.push(if last { value.term } else { self.non_empty(value.term) });
        }
        Ok(Value::blank(coalesced(terms)))
    }

    /// The text, or null where it is empty.
    pub(super) fn non_empty(&mut self, text: Term) -> Term {
        let field = self.text_field(text);
        Term::Field(self.parse(field, any_text(), "text"))
    }

    /// A field that holds the text: `parse` takes no terms.
    fn text_field(&mut self, text: Term) -> Field {
        match text {
            Term::Field(field) => field,
            term => self.column(term, "text"),
        }
    }

    /// `case(…)`: the arms in their order, and null where none holds.
    pub(super) fn arms(
        &mut self,
        expr: &ir::Expr,
        arms: &[(ir::Pred, ir::Expr)],
        default: Option<&ir::Expr>,
        value: &mut dyn FnMut(&mut Self, &ir::Expr) -> Said<Term>,
    ) -> Said<Term> {
        if arms.len() > MAX_BRANCHES {
            return Err(errors::too_many_arms(expr.span, arms.len()));
        }
        if arms.is_empty() && default.is_none() {
            return Err(errors::expression(expr.span, "a value that is always missing"));
        }
        let mut args = Vec::new();
        for (condition, arm) in arms {
            args.push(self.row_condition(condition)?);
            args.push(value(self, arm)?);
        }
        if let Some(default) = default {
            args.push(value(self, default)?);
        }
        let case = Term::call(Function::Case, args);
        Ok(Term::Field(self.column(case, "chosen")))
    }

    /// An address: the text of one as Rust reads it, and absent for anything else. A service's name is no address, and leading zeros
    /// are none either.
    pub(super) fn address(&mut self, expr: &ir::Expr) -> Said<Value> {
        if let Some(column) = self.grouped_column(expr)? {
            return Ok(column);
        }
        if let Some(inner) = self.stands_for(expr) {
            return self.address(&inner);
        }
        let field = match (&expr.kind, self.field_of(expr)?) {
            (_, Some(field)) => field,
            (ExprKind::Read(inner), None) if inner.ty == Type::Text => {
                let text = self.text(inner)?.term;
                self.text_field(text)
            }
            _ => return Err(errors::expression(expr.span, "this address")),
        };
        self.addresses = true;
        let address = Term::Field(self.parse(field, address_pattern(), "ip"));
        let present = Term::call(Function::IsValidIp, [address.clone().or(Term::word(""))]);
        let absent = Term::Not(Box::new(present.clone()));
        Ok(Value { term: address, lack: Lack::When { present, absent, zero: false } })
    }

    /// A bool as `true` or `false` the way that all readings of JSON's booleans share: 1 or 0, or text.
    pub(super) fn truth(&mut self, expr: &ir::Expr, wanted: bool, positive: bool) -> Said<Term> {
        if let Some(inner) = self.stands_for(expr) {
            return self.truth(&inner, wanted, positive);
        }
        if let ExprKind::Literal(Literal::Bool(value)) = expr.kind {
            return Ok(Term::constant((value == wanted) == positive));
        }
        let Some(field) = self.field_of(expr)? else { return Err(errors::expression(expr.span, "this bool")) };
        let field = Term::Field(field);
        self.untyped = true;
        let (number, word) = if wanted { (1, "true") } else { (0, "false") };
        Ok(if positive {
            let number = field.clone().binary(Operator::Equal, Term::Int(number));
            Term::any(vec![number, field.binary(Operator::Equal, Term::word(word))])
        } else {
            // A word, because empty text might compare as 0.
            let field = field.or(Term::word("null"));
            let number = field.clone().binary(Operator::NotEqual, Term::Int(number));
            Term::all(vec![number, field.binary(Operator::NotEqual, Term::word(word))])
        })
    }
}

fn coalesced(mut terms: Vec<Term>) -> Term {
    match terms.len() {
        1 => terms.remove(0),
        _ => Term::call(Function::Coalesce, terms),
    }
}

/// The pattern with its first group, or all of it, as its only group.
fn captured(pattern: &Pattern) -> Node {
    let mut seen = false;
    let node = only_group(&pattern.node, &mut seen);
    if seen { node } else { Node::Group(Box::new(node)) }
}

/// The node without its groups but the first.
fn only_group(node: &Node, seen: &mut bool) -> Node {
    match node {
        Node::Group(inner) if *seen => only_group(inner, seen),
        Node::Group(inner) => {
            *seen = true;
            Node::Group(Box::new(only_group(inner, seen)))
        }
        Node::Repeat { min, max, greedy, node } => {
            Node::Repeat { min: *min, max: *max, greedy: *greedy, node: Box::new(only_group(node, seen)) }
        }
        Node::Concat(nodes) => Node::Concat(nodes.iter().map(|n| only_group(n, seen)).collect()),
        Node::Alternate(nodes) => Node::Alternate(nodes.iter().map(|n| only_group(n, seen)).collect()),
        leaf => leaf.clone(),
    }
}

/// What addresses look like: four numbers to 255 without leading zeros, or hex digits with a colon.
fn address_pattern() -> Node {
    let class = |ranges: &[(char, char)]| Node::Class { negated: false, ranges: ranges.to_vec() };
    let digits = |low, high| class(&[(low, high)]);
    let optional = |node, max| Node::Repeat { min: 0, max, greedy: true, node: Box::new(node) };
    let octet = Node::Alternate(vec![
        Node::Concat(vec![Node::Char('2'), Node::Char('5'), digits('0', '5')]),
        Node::Concat(vec![Node::Char('2'), digits('0', '4'), digits('0', '9')]),
        Node::Concat(vec![Node::Char('1'), digits('0', '9'), digits('0', '9')]),
        Node::Concat(vec![optional(digits('1', '9'), Some(1)), digits('0', '9')]),
    ]);
    let dotted = Node::Concat(vec![Node::Char('.'), octet.clone()]);
    let dotted = Node::Repeat { min: 3, max: Some(3), greedy: true, node: Box::new(dotted) };
    let hex = || optional(class(&[('.', '.'), ('0', ':'), ('A', 'F'), ('a', 'f')]), None);
    let address =
        Node::Alternate(vec![Node::Concat(vec![octet, dotted]), Node::Concat(vec![hex(), Node::Char(':'), hex()])]);
    Node::Concat(vec![Node::Start, Node::Group(Box::new(address)), Node::End])
}
