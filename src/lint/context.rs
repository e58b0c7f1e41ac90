//! What lints look at: takes a pack, gives each rule as it was written and as it is meant, with its stream and the sources it may be of.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::bind::admits;
use crate::ir::{Correlation, Expr, ExprKind, FieldId, Pred, PredKind, Rewrite, Rule, Source, Stream};
use crate::pack::{Pack, PackFile};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{self, Expr as Expression, ItemKind};

/// A pack without errors.
pub struct Context<'a> {
    /// The pack.
    pub pack: &'a Pack,
    /// Its rules and signals, in the order of files and text.
    pub rules: Vec<Seen<'a, ast::Rule, Rule>>,
    /// Its correlations, in the order of files and text.
    pub correlations: Vec<Seen<'a, ast::Correlate, Correlation>>,
    /// See [`Context::references`].
    references: OnceCell<BTreeSet<&'a str>>,
}

/// A rule or a correlation from both sides.
pub struct Seen<'a, Written, Meant> {
    /// Its doc comment.
    pub doc: &'a ast::Doc,
    /// As it was written.
    pub written: &'a Written,
    /// As it is meant.
    pub meant: &'a Meant,
}

impl<'a> Context<'a> {
    /// Looks a pack's items up by name.
    pub fn new(pack: &'a Pack) -> Context<'a> {
        let rules: BTreeMap<&str, &Rule> = pack.resolved.rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
        let correlations: BTreeMap<&str, &Correlation> =
            pack.resolved.correlations.iter().map(|one| (one.name.as_str(), one)).collect();
        let mut out = Context { pack, rules: Vec::new(), correlations: Vec::new(), references: OnceCell::new() };
        for item in pack.files.iter().flat_map(|file| &file.file.items) {
            match &item.kind {
                ItemKind::Rule(written) => {
                    let meant = rules.get(written.name.node.as_str()).copied();
                    out.rules.extend(meant.map(|meant| Seen { doc: &item.doc, written: &**written, meant }));
                }
                ItemKind::Correlate(written) => {
                    let meant = correlations.get(written.name.node.as_str()).copied();
                    out.correlations.extend(meant.map(|meant| Seen { doc: &item.doc, written, meant }));
                }
                _ => {}
            }
        }
        out
    }

    /// The items of the pack's own files that `kind` picks, in the order of files and text.
    pub fn items<T>(&self, kind: impl Fn(&'a ItemKind) -> Option<&'a T>) -> Vec<&'a T> {
        self.pack.files.iter().flat_map(|file| &file.file.items).filter_map(|item| kind(&item.kind)).collect()
    }

    /// Calls `visit` on every expression that the pack's rules, exceptions and sources write, outer ones first.
    pub fn each_written(&self, visit: &mut dyn FnMut(&'a Expression)) {
        for item in self.pack.files.iter().flat_map(|file| &file.file.items) {
            match &item.kind {
                ItemKind::Rule(rule) => rule.walk(visit),
                ItemKind::Exception(exception) => exception.walk(visit),
                ItemKind::Source(source) => source.walk(visit),
                _ => {}
            }
        }
    }

    /// Every name that an expression of the pack begins with: of fields, lists, measures, calendars, operations and whatever else.
    pub fn references(&self) -> &BTreeSet<&'a str> {
        self.references.get_or_init(|| self.find_references())
    }

    fn find_references(&self) -> BTreeSet<&'a str> {
        let mut out = BTreeSet::new();
        self.each_written(&mut |expr| match &*expr.node {
            ast::ExprKind::Reference(name, _) | ast::ExprKind::Is(_, _, ast::IsWhat::Operations(name)) => {
                out.insert(name.node.as_str());
            }
            ast::ExprKind::Call(name, ..) => _ = out.insert(name.node.as_str()),
            _ => {}
        });
        out
    }

    /// What the pack's exceptions ask of an event, once each, whichever rules they are for.
    pub fn excepted(&self) -> Vec<&'a Pred> {
        let places = self.items(|kind| match kind {
            ItemKind::Exception(exception) => Some(&exception.name.span),
            _ => None,
        });
        // A rule has it as a condition that must not hold, in the place of the exception's name.
        let asked = |place: &Span| {
            let conditions = self.pack.resolved.rules.iter().flat_map(|rule| &rule.filter);
            conditions.filter(|pred| pred.span == *place).find_map(|pred| match &pred.kind {
                PredKind::Not(asked) => Some(&**asked),
                _ => None,
            })
        };
        places.into_iter().filter_map(asked).collect()
    }

    /// The pack's own file with this id.
    pub fn file(&self, id: SourceId) -> Option<&'a PackFile> {
        self.pack.files.iter().find(|file| file.id == id)
    }

    /// What was written at a place.
    pub fn text(&self, span: Span) -> &'a str {
        self.pack.sources.text(span)
    }

    /// A rule's stream.
    pub fn stream(&self, rule: &Rule) -> Option<&'a Stream> {
        self.pack.resolved.schema.stream_of(rule.stream)
    }

    /// The sources whose events a rule may see, built-in ones and the pack's own.
    pub fn sources(&self, rule: &Rule) -> Vec<&'a Source> {
        self.pack.resolved.schema.sources.iter().filter(|source| admits(rule, source)).collect()
    }

    /// The name of a rule's field.
    pub fn field(&self, rule: &Rule, field: FieldId) -> &'a str {
        self.stream(rule).and_then(|stream| stream.get(field)).map_or("", |field| field.name.as_str())
    }
}

impl Seen<'_, ast::Rule, Rule> {
    /// Whether a place is inside the rule's own text, and not in an exception's, a list's or a table's.
    pub fn holds(&self, span: Span) -> bool {
        let own = self.written.span.span;
        own.source == span.source && own.start <= span.start && span.end <= own.end
    }

    /// What must hold of each event: the rule's own `where` clauses, with `and` taken apart.
    pub fn conditions(&self) -> Vec<&Pred> {
        self.meant.filter.iter().filter(|pred| self.holds(pred.span)).flat_map(Pred::parts).collect()
    }

    /// What must hold of each window, or of each event of a rule without `over`: `when`, with `and` taken apart.
    pub fn demands(&self) -> Vec<&Pred> {
        self.meant.when.parts()
    }

    /// Calls `visit` on every condition of every clause and on every one inside it, outer ones first: those in `case`, `any x in xs (…)` and
    /// aggregates too. Only of the rule's own text.
    pub fn each_pred(&self, visit: &mut dyn FnMut(&Pred)) {
        let meant = self.meant;
        let mut own = |pred: &Pred| {
            if self.holds(pred.span) {
                visit(pred);
            }
        };
        for pred in meant.filter.iter().chain([&meant.when]).chain(meant.severity.arms.iter().map(|(pred, _)| pred)) {
            below(pred, &mut own);
        }
        meant.aggregates.iter().flat_map(|aggregate| &aggregate.filter).for_each(|pred| below(pred, &mut own));
        let values = meant.with.iter().chain(&meant.measures).chain(&meant.show).map(|binding| &binding.value);
        let keys = meant.window.iter().flat_map(|window| &window.keys).map(|key| &key.value);
        let lists = meant.each.iter().map(|each| &each.list);
        let arguments = meant.aggregates.iter().flat_map(|aggregate| &aggregate.args);
        for value in values.chain(keys).chain(lists).chain(arguments) {
            inside(value, &mut own);
        }
    }

    /// Calls `visit` on every expression of every clause, outer ones first. Only of the rule's own text.
    pub fn each_expr(&self, visit: &mut dyn FnMut(&Expr)) {
        self.meant.walk(&mut |expr| {
            if self.holds(expr.span) {
                visit(expr);
            }
        });
    }

    /// The value behind a row value (`with`) of the rule; the expression itself where it is none.
    pub fn behind<'e>(&'e self, expr: &'e Expr) -> &'e Expr {
        match expr.kind {
            ExprKind::With(n) => self.meant.with.get(n).map_or(expr, |binding| self.behind(&binding.value)),
            ExprKind::Measure(n) => self.meant.measures.get(n).map_or(expr, |binding| self.behind(&binding.value)),
            _ => expr,
        }
    }
}

/// Calls `visit` on a condition and on every one inside it, outer ones first.
pub(super) fn below(pred: &Pred, visit: &mut dyn FnMut(&Pred)) {
    visit(pred);
    match &pred.kind {
        PredKind::All(preds) | PredKind::Any(preds) => preds.iter().for_each(|pred| below(pred, visit)),
        PredKind::Not(pred) | PredKind::Some { holds: pred, .. } => below(pred, visit),
        _ => pred.walk(&mut |expr| arms(expr, visit)),
    }
}

/// Calls `visit` on every condition inside an expression.
fn inside(expr: &Expr, visit: &mut dyn FnMut(&Pred)) {
    expr.walk(&mut |expr| arms(expr, visit));
}

/// The conditions that stand in an expression itself.
fn arms(expr: &Expr, visit: &mut dyn FnMut(&Pred)) {
    match &expr.kind {
        ExprKind::Case(arms, _) => arms.iter().for_each(|(pred, _)| shallow(pred, visit)),
        ExprKind::Rows(rows) => rows.filter.iter().for_each(|pred| shallow(pred, visit)),
        _ => {}
    }
}

/// As [`below`], without what stands in expressions: whoever walks those comes by them.
fn shallow(pred: &Pred, visit: &mut dyn FnMut(&Pred)) {
    visit(pred);
    match &pred.kind {
        PredKind::All(preds) | PredKind::Any(preds) => preds.iter().for_each(|pred| shallow(pred, visit)),
        PredKind::Not(pred) | PredKind::Some { holds: pred, .. } => shallow(pred, visit),
        _ => {}
    }
}

/// An expression without its places, to be compared with others.
pub(super) fn plain(expr: &Expr) -> Expr {
    expr.clone().rewrite(&mut Nowhere)
}

/// A condition without its places, to be compared with others.
pub(super) fn plain_pred(pred: &Pred) -> Pred {
    pred.clone().rewrite(&mut Nowhere)
}

/// A condition without its places and with each row value (`with`) written out, to be asked what it says of fields.
pub(super) fn spelled(rule: &Seen<'_, ast::Rule, Rule>, pred: &Pred) -> Pred {
    plain_pred(&pred.clone().rewrite(&mut Behind(rule.meant)))
}

/// Writes row values out.
struct Behind<'a>(&'a Rule);

impl Rewrite for Behind<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            ExprKind::With(n) => match self.0.with.get(n) {
                Some(binding) => binding.value.clone().rewrite(self),
                None => expr,
            },
            _ => expr,
        }
    }
}

/// A rule without places, to be compared with others: its names and texts are still there.
pub(super) fn plain_rule(rule: &Rule) -> Rule {
    let mut plain = rule.clone().rewrite(&mut Nowhere);
    plain.span = Span::default();
    plain.window.iter_mut().for_each(|window| window.span = Span::default());
    plain.aggregates.iter_mut().for_each(|aggregate| aggregate.span = Span::default());
    plain.looks.iter_mut().for_each(|look| look.span = Span::default());
    plain
}

/// Takes places away.
struct Nowhere;

impl Rewrite for Nowhere {
    fn expr(&mut self, expr: Expr) -> Expr {
        Expr { span: Span::default(), ..expr }
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        Pred { span: Span::default(), ..pred }
    }
}
