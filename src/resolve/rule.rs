//! A rule as written → a rule as meant.

use super::errors;
use super::exception::Excepting;
use super::expr::dotted;
use super::mute;
use super::scope::{Names, Own, Phase, Resolver, Scope};
use super::told;
use crate::diag::Diagnostic;
use crate::ir::{
    Binding, Each, Expr, Key, OnlySource, Pred, PredKind, Question, Rule, SeverityOf, Texts, Type, Window, cloud_of,
    duration,
};
use crate::schema::Schema;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Clause, TextClause};

/// Longest window: a leap year.
const MAX_WINDOW: i64 = 366 * 86_400 * crate::ir::SECOND;
/// Most windows that one event may lie in: over that, every engine drowns.
const MAX_OVERLAP: i64 = 10_080;

/// Resolves one rule; what is wrong is said, and gives no rule.
pub(super) fn rule<'a>(
    doc: &ast::Doc,
    written: &ast::Rule,
    exceptions: &[Excepting<'a>],
    schema: &'a Schema,
    names: &'a Names,
) -> (Option<Rule>, Vec<Diagnostic>) {
    let clause = |word: &str| written.clauses.iter().find(|c| c.node.word() == word);
    let mut diagnostics = Vec::new();
    let name = &written.name;
    if let Some(severity) = clause("severity").filter(|_| written.signal) {
        let end = severity.span.start + u32::try_from("severity".len()).unwrap_or(0);
        diagnostics.push(errors::signal_severity(Span { end, ..severity.span }));
    }
    if clause("severity").is_none() && !written.signal {
        diagnostics.push(errors::missing_clause(
            name.span,
            if written.signal { "signal" } else { "rule" },
            &name.node,
            "severity",
            "write `severity medium`, or another of informational, low, high, critical",
        ));
    }
    let Some((from, only)) = clause("from").and_then(|c| match &c.node {
        Clause::From(stream, only) => Some((stream, only)),
        _ => None,
    }) else {
        diagnostics.push(errors::missing_clause(
            name.span,
            if written.signal { "signal" } else { "rule" },
            &name.node,
            "from",
            "say which stream it reads: `from invocation`",
        ));
        return (None, diagnostics);
    };
    let Some((stream_index, stream)) = schema.stream(&from.node).and_then(|i| schema.stream_of(i).map(|s| (i, s)))
    else {
        if !names.is_broken("stream", &from.node) {
            let known: Vec<&str> = schema.streams.iter().map(|s| s.name.as_str()).collect();
            diagnostics.push(errors::unknown(from.span, "stream", &from.node, known));
        }
        return (None, diagnostics);
    };
    let mut resolver = Resolver::new(names, &schema.operations, Scope::rule(stream));
    resolver.diagnostics = diagnostics;
    resolver.streams = &schema.streams;
    let only = resolver.only(only, schema, stream_index);
    let parts = resolver.parts(written, exceptions);
    let failed = resolver.incomplete || crate::diag::has_errors(&resolver.diagnostics);
    let (title, description) = told::title_and_description(doc, &name.node);
    let rule = parts.filter(|_| !failed).map(|parts| Rule {
        name: name.node.clone(),
        title,
        description,
        signal: written.signal,
        stream: stream_index,
        only,
        span: name.span,
        aggregates: resolver.scope.aggregates.clone(),
        looks: resolver.scope.looks.clone(),
        ..parts
    });
    (rule, resolver.diagnostics)
}

impl<'a> Resolver<'a> {
    fn only(&mut self, names: &[ast::Name], schema: &Schema, stream: usize) -> Vec<OnlySource> {
        let mut out = Vec::new();
        for name in names {
            let cloud = !name.node.contains('.');
            let known: Vec<&str> =
                schema.sources.iter().filter(|s| s.stream == stream).map(|s| s.name.as_str()).collect();
            let fits = |source: &&str| if cloud { cloud_of(source) == name.node } else { **source == name.node };
            let other = schema.source(&name.node).filter(|s| s.stream != stream);
            if let Some(other) = other.and_then(|s| schema.stream_of(s.stream)) {
                self.diagnostics.push(errors::other_stream(name.span, &name.node, &other.name));
            } else if self.names.is_broken_source(&name.node) {
                self.incomplete = true;
            } else if !known.iter().any(fits) {
                let mut all: Vec<&str> = known.iter().map(|s| cloud_of(s)).chain(known.iter().copied()).collect();
                all.sort_unstable();
                all.dedup();
                self.diagnostics.push(errors::unknown(name.span, "cloud or source of this stream", &name.node, all));
            }
            out.push(OnlySource { name: name.node.clone(), cloud });
        }
        out
    }

    /// All clauses, in the order in which names come about. Names, title and stream are the caller's.
    fn parts(&mut self, written: &ast::Rule, exceptions: &[Excepting<'a>]) -> Option<Rule> {
        let mut rule = Rule::of_all(0, written.name.span);
        // They stand behind the last `where`, or where one would stand.
        let behind = written.clauses.iter().rposition(|c| c.node.rank() <= Clause::WHERE);
        let windowed = written.clauses.iter().any(|c| matches!(c.node, Clause::Over(_)));
        for (at, clause) in written.clauses.iter().enumerate() {
            match &clause.node {
                Clause::Tags(tags) => rule.tags = told::tags(tags, &mut self.diagnostics),
                Clause::With(bindings) => rule.with = self.with(bindings),
                Clause::Each(word, list) => rule.each = self.each(word, list),
                Clause::Where(condition) => rule.filter.extend(self.pred(condition)),
                Clause::Over(over) => {
                    rule.window = self.window(over);
                    self.scope.window = rule.window.as_ref().map(|window| (window.length, window.step));
                }
                Clause::Let(bindings) if !windowed => {
                    let end = clause.span.start + u32::try_from(clause.node.word().len()).unwrap_or(0);
                    self.diagnostics.push(errors::without_over(Span { end, ..clause.span }, clause.node.word()));
                    // Whoever reads its names is not wrong too.
                    self.measures(bindings);
                }
                Clause::Let(bindings) => rule.measures = self.measures(bindings),
                Clause::When(condition) => {
                    rule.when = self.in_judgement(|this| this.pred(condition)).unwrap_or(rule.when);
                    // Of one event there is nothing to measure; its past can be asked.
                    if !windowed && (self.scope.looks.is_empty() || !self.scope.aggregates.is_empty()) {
                        let end = clause.span.start + u32::try_from(clause.node.word().len()).unwrap_or(0);
                        self.diagnostics.push(errors::without_over(Span { end, ..clause.span }, clause.node.word()));
                    }
                }
                Clause::Show(items) => rule.show = self.show(items, windowed),
                Clause::Mute(mute) => {
                    let keys: Vec<String> = self.scope.keys.iter().map(|key| key.name.clone()).collect();
                    rule.mute = mute::mute(mute, &keys, &mut self.diagnostics);
                }
                Clause::Texts(kind, texts) => carry(&mut rule.texts, *kind, texts),
                Clause::Severity(_) | Clause::SeverityCase(_) | Clause::From(..) => {}
            }
            if Some(at) == behind {
                rule.filter.extend(exceptions.iter().filter_map(|exception| self.exception(*exception)));
            }
        }
        // Severity stands first and reads what comes later.
        for clause in &written.clauses {
            match &clause.node {
                Clause::Severity(level) => rule.severity.default = told::level(level, &mut self.diagnostics)?,
                Clause::SeverityCase(case) => rule.severity = self.severity(case, windowed)?,
                _ => {}
            }
        }
        if let Some(window) = &mut rule.window {
            window.merges |= self.scope.looks.iter().any(|look| look.question == Question::Silent);
        }
        let filter = std::mem::take(&mut rule.filter);
        rule.filter = match Pred::all(filter, rule.span) {
            Pred { kind: PredKind::All(preds), .. } => preds,
            Pred { kind: PredKind::Const(true), .. } => Vec::new(),
            one => vec![one],
        };
        Some(rule)
    }

    fn in_window<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.phase = Phase::Window;
        let result = body(self);
        self.scope.phase = Phase::Row;
        result
    }

    /// In `when`, and in what is said of an alert: there the past may be asked too.
    fn in_judgement<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.may_look = true;
        let result = self.in_window(body);
        self.scope.may_look = false;
        result
    }

    /// Whether a name is free: no field, no other name, one word.
    pub(super) fn free(&mut self, name: &ast::Name) -> bool {
        let taken = self.scope.stream.is_some_and(|s| s.field(&name.node).is_some());
        let second = self.scope.own_names().contains(&name.node);
        if taken {
            self.diagnostics.push(errors::shadows_field(name.span, &name.node));
        } else if second {
            self.diagnostics.push(errors::duplicate(name.span, "name", &name.node, None));
        } else if name.node.contains('.') {
            self.diagnostics.push(errors::dotted_name(name.span, &name.node));
        } else {
            return true;
        }
        false
    }

    fn with(&mut self, bindings: &[ast::Binding]) -> Vec<Binding> {
        let mut out = Vec::new();
        for binding in bindings {
            let free = self.free(&binding.name);
            let value = self.expr(&binding.value, None);
            self.scope.with.extend(own(&binding.name, value.as_ref(), free));
            out.extend(value.filter(|_| free).map(|value| Binding { name: binding.name.node.clone(), value }));
        }
        out
    }

    fn each(&mut self, word: &ast::Name, list: &ast::Expr) -> Option<Each> {
        let list = self.list_of(list);
        let element = self.new_element(word, list.as_ref().and_then(|l| l.ty.element().cloned()));
        Some(Each { element, name: word.node.clone(), list: list? })
    }

    fn window(&mut self, over: &ast::Over) -> Option<Window> {
        let us = |literal: &Spanned<ast::Literal>| match literal.node {
            ast::Literal::Duration(us, _) => us,
            _ => 0,
        };
        let length = us(&over.length);
        let step = over.step.as_ref().map_or(length, us);
        let keys = over.keys.iter().filter_map(|key| self.key(key)).collect();
        let span = over.step.as_ref().map_or(over.length.span, |s| over.length.span.to(s.span));
        if length <= 0 || step <= 0 {
            return self.wrong(errors::window(span, "a window has a length", "write at least `1s`"));
        }
        if length > MAX_WINDOW {
            return self.wrong(errors::window(span, "a window longer than 366 days", "shorten it"));
        }
        if length % step != 0 {
            let near = shorter_step(length, step);
            let help = near.map_or_else(
                || "use a step that divides the length".to_owned(),
                |s| format!("write `every {}`", duration(s)),
            );
            return self.wrong(errors::window(
                span,
                format!("`{}` is no multiple of `{}`", duration(length), duration(step)),
                help,
            ));
        }
        if length / step > MAX_OVERLAP {
            return self.wrong(errors::window(
                span,
                format!("each event lies in {} windows", length / step),
                format!("at most {MAX_OVERLAP}: use a longer step"),
            ));
        }
        Some(Window { length, step, merges: over.step.is_some(), across: over.across.is_some(), keys, span })
    }

    /// A key; of one that failed the name is kept, so that its uses are not wrong too.
    fn key(&mut self, key: &ast::Key) -> Option<Key> {
        let resolved = self.good_key(key);
        if resolved.is_none() {
            let name = match (&key.name, &*key.value.node) {
                (Some(name), _) => name.node.clone(),
                (None, ast::ExprKind::Reference(word, suffixes)) => dotted(&word.node, suffixes),
                (None, _) => return None,
            };
            self.scope.broken_keys.push(name);
        }
        resolved
    }

    fn good_key(&mut self, key: &ast::Key) -> Option<Key> {
        let value = self.digest_or(&key.value);
        let span = key.value.span;
        if let Some(name) = &key.name
            && !self.free(name)
        {
            return None;
        }
        let value = value?;
        let name = match (&key.name, &*key.value.node) {
            (Some(name), _) => name.node.clone(),
            (None, ast::ExprKind::Reference(word, suffixes)) => dotted(&word.node, suffixes),
            (None, _) => {
                return self.wrong(errors::key(
                    span,
                    "a key that is computed needs a name",
                    "write `name = …` in front of it",
                ));
            }
        };
        if self.scope.keys.iter().any(|k| k.name == name) {
            return self.wrong(errors::duplicate(span, "key", &name, None));
        }
        if !value.ty.is_scalar() || value.ty == Type::Float {
            let message = format!("a key can't be {}", value.ty);
            let help = match value.ty {
                Type::Float => "floats that look equal may differ in their last bit: group by an int or a text",
                _ => "group by a single value; take a list apart with `each`",
            };
            return self.wrong(errors::key(span, message, help));
        }
        let default = key.default.as_ref();
        if let Some(default) = default {
            if value.ty != Type::Text {
                return self.wrong(errors::key(
                    default.span,
                    format!("`default` stands for missing text, and this key is {}", value.ty),
                    "leave the default out",
                ));
            }
            if default.node.is_empty() {
                return self.wrong(errors::empty_text(default.span));
            }
        }
        let key = Key { name, value, default: default.map(|d| d.node.clone()) };
        self.scope.keys.push(key.clone());
        Some(key)
    }

    fn measures(&mut self, bindings: &[ast::Binding]) -> Vec<Binding> {
        let mut out = Vec::new();
        for binding in bindings {
            let free = self.free(&binding.name);
            let value = self.in_window(|this| this.expr(&binding.value, None));
            self.scope.measures.extend(own(&binding.name, value.as_ref(), free));
            out.extend(value.filter(|_| free).map(|value| Binding { name: binding.name.node.clone(), value }));
        }
        out
    }

    fn show(&mut self, items: &[ast::Key], windowed: bool) -> Vec<Binding> {
        let mut out: Vec<Binding> = Vec::new();
        for item in items {
            if let Some(default) = &item.default {
                self.diagnostics.push(errors::key(
                    default.span,
                    "`default` stands only behind a group key",
                    "use `coalesce(x, \"…\")`",
                ));
            }
            let value = if windowed {
                self.in_judgement(|this| this.expr(&item.value, None))
            } else {
                self.expr(&item.value, None)
            };
            let name = match (&item.name, &*item.value.node) {
                (Some(name), _) => name.node.clone(),
                (None, ast::ExprKind::Reference(word, suffixes)) => dotted(&word.node, suffixes),
                (None, _) => {
                    self.diagnostics.push(errors::key(
                        item.value.span,
                        "an item that is computed needs a name",
                        "write `name = …` in front of it",
                    ));
                    continue;
                }
            };
            let span = item.name.as_ref().map_or(item.value.span, |own| own.span);
            // A name given here must not stand for something else in the same alert.
            let taken = item.name.is_some() && self.scope.own_names().contains(&name);
            if taken || out.iter().any(|shown| shown.name == name) {
                self.diagnostics.push(errors::duplicate(span, "item", &name, None));
            }
            out.extend(value.map(|value| Binding { name, value }));
        }
        out
    }

    fn severity(&mut self, case: &ast::Expr, windowed: bool) -> Option<SeverityOf> {
        let ast::ExprKind::Case(arms) = &*case.node else { return None };
        let mut out = Vec::new();
        let mut default = None;
        for (condition, value) in arms {
            let level = match &*value.node {
                ast::ExprKind::Reference(word, suffixes) if suffixes.is_empty() => {
                    told::level(word, &mut self.diagnostics)?
                }
                _ => {
                    return self.wrong(errors::no_level(value.span));
                }
            };
            match condition {
                None => default = Some(level),
                Some(condition) if windowed => out.push((self.in_judgement(|this| this.pred(condition))?, level)),
                Some(condition) => out.push((self.pred(condition)?, level)),
            }
        }
        match default {
            Some(default) => Some(SeverityOf { arms: out, default }),
            None => self.wrong(errors::no_else(case.span)),
        }
    }
}

/// The nearest shorter step that divides a length, in whole units of the step if there is one, else in whole seconds.
fn shorter_step(length: i64, step: i64) -> Option<i64> {
    let units = [86_400, 3_600, 60, 1].map(|seconds| seconds * crate::ir::SECOND);
    let whole =
        |unit: i64| (1..=1_000).filter(|n| length % n == 0).map(|n| length / n).find(|s| *s <= step && s % unit == 0);
    units.into_iter().filter(|unit| step % unit == 0).find_map(whole)
}

/// A name and the type of its value. One that can't be a name is known all the same, so that its uses are not wrong too.
fn own(name: &ast::Name, value: Option<&Expr>, free: bool) -> Option<Own> {
    let ty = value.filter(|_| free).map(|value| value.ty.clone());
    (free || name.node.contains('.')).then(|| (name.node.clone(), ty))
}

pub(super) fn carry(texts: &mut Texts, kind: TextClause, written: &[Spanned<String>]) {
    let mut written = written.iter().map(|t| t.node.clone());
    match kind {
        TextClause::Respond => texts.respond.extend(written),
        TextClause::Benign => texts.benign.extend(written),
        TextClause::Owner => texts.owner = written.next_back(),
        TextClause::References => texts.references.extend(written),
    }
}
