//! What names stand for at one place of a rule or source, and the resolver that carries it along.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::Calendar;
use super::errors;
use super::list::NamedList;
use super::prices::Prices;
use super::table::Table;
use crate::diag::Diagnostic;
use crate::ir::{Aggregate, Key, Look, Stream, Type, cloud_of};
use crate::schema::Operations;
use crate::syntax::ast;

/// Which values an expression may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// One event, or one `each` row.
    Row,
    /// A window and group: keys, measures, aggregates.
    Window,
}

/// What a pack names besides streams, sources and rules.
#[derive(Default)]
pub(super) struct Names {
    /// Lists of constants.
    pub(super) lists: BTreeMap<String, NamedList>,
    /// What belongs to keys.
    pub(super) tables: BTreeMap<String, Table>,
    /// Hours of the week.
    pub(super) calendars: BTreeMap<String, Calendar>,
    /// Price lists.
    pub(super) prices: BTreeMap<String, Prices>,
    /// Items that failed, by word and name: whoever uses them is not wrong too.
    pub(super) broken: BTreeSet<(&'static str, String)>,
}

impl Names {
    /// Whether an item of this kind and name was declared and failed.
    pub(super) fn is_broken(&self, word: &'static str, name: &str) -> bool {
        self.broken.contains(&(word, name.to_owned()))
    }

    /// Whether a source of this name, or of this cloud, was declared and failed.
    pub(super) fn is_broken_source(&self, name: &str) -> bool {
        let mut sources = self.broken.iter().filter(|(word, _)| *word == "source");
        sources.any(|(_, source)| source == name || cloud_of(source) == name)
    }
}

/// A name of the rule's or source's own; without a type where what it stands for failed: its uses are not wrong too.
pub(super) type Own = (String, Option<Type>);

/// The element of an enclosing `each`, `any` or `all`.
#[derive(Clone)]
pub(super) struct Element {
    /// Its name.
    pub(super) name: String,
    /// Its number.
    pub(super) number: usize,
    /// Its type; none where its list failed.
    pub(super) ty: Option<Type>,
    /// Where it came into scope: the element of a row can't be read once rows are grouped.
    phase: Phase,
}

/// What names stand for.
pub(super) struct Scope<'a> {
    /// Its fields may be read; none inside sources.
    pub(super) stream: Option<&'a Stream>,
    /// Inside a source: raw paths and reading functions exist.
    pub(super) raw: bool,
    /// Inside a source that puts events together, behind its `assemble`: the parts, which stand in place of raw paths.
    pub(super) parts: Vec<String>,
    /// Row values so far.
    pub(super) with: Vec<Own>,
    /// Elements, the innermost last.
    elements: Vec<Element>,
    /// The next element's number.
    pub(super) next_element: usize,
    /// Which values may be read now.
    pub(super) phase: Phase,
    /// Whether the expression stands inside an aggregate.
    pub(super) in_aggregate: bool,
    /// Whether `prompt_digest` may stand here.
    pub(super) digest: bool,
    /// Group keys.
    pub(super) keys: Vec<Key>,
    /// Names of group keys that failed.
    pub(super) broken_keys: Vec<String>,
    /// Measures so far.
    pub(super) measures: Vec<Own>,
    /// Aggregates so far; equal ones are one.
    pub(super) aggregates: Vec<Aggregate>,
    /// The length and the step of the rule's windows, once they are known.
    pub(super) window: Option<(i64, i64)>,
    /// Whether the past may be asked here.
    pub(super) may_look: bool,
    /// Look-backs so far; equal ones are one.
    pub(super) looks: Vec<Look>,
}

impl<'a> Scope<'a> {
    fn new(stream: Option<&'a Stream>, raw: bool, first_element: usize) -> Self {
        Scope {
            stream,
            raw,
            parts: Vec::new(),
            with: Vec::new(),
            elements: Vec::new(),
            next_element: first_element,
            phase: Phase::Row,
            in_aggregate: false,
            digest: false,
            keys: Vec::new(),
            broken_keys: Vec::new(),
            measures: Vec::new(),
            aggregates: Vec::new(),
            window: None,
            may_look: false,
            looks: Vec::new(),
        }
    }

    /// The scope of a rule over a stream.
    pub(super) fn rule(stream: &'a Stream) -> Self {
        Scope::new(Some(stream), false, 0)
    }

    /// The scope of a stream's defaults. Elements are numbered apart from those of rules and sources, so that binding never mixes
    /// them up.
    pub(super) fn defaults(stream: &'a Stream) -> Self {
        Scope::new(Some(stream), false, 1 << 19)
    }

    /// The scope of a source.
    pub(super) fn source() -> Self {
        Scope::new(None, true, 1 << 20)
    }

    /// The scope of a test's constants.
    pub(super) fn constants() -> Self {
        Scope::new(None, false, 0)
    }

    /// The innermost element of this name.
    pub(super) fn element(&self, name: &str) -> Option<Element> {
        self.elements.iter().rev().find(|element| element.name == name).cloned()
    }

    /// Whether an element came with the rows, and the rows are grouped now.
    pub(super) fn is_grouped(&self, element: &Element) -> bool {
        self.phase == Phase::Window && element.phase == Phase::Row
    }

    /// The names of elements and row values, for messages.
    pub(super) fn own_names(&self) -> Vec<String> {
        let names = self.with.iter().chain(&self.measures).map(|(name, _)| name.clone());
        names
            .chain(self.elements.iter().map(|e| e.name.clone()))
            .chain(self.keys.iter().map(|k| k.name.clone()))
            .chain(self.parts.iter().cloned())
            .collect()
    }
}

/// Resolves the expressions of one rule or source.
pub(super) struct Resolver<'a> {
    /// The pack's names.
    pub(super) names: &'a Names,
    /// Built-in and the pack's operations.
    pub(super) operations: &'a BTreeMap<String, Operations>,
    /// What names stand for here.
    pub(super) scope: Scope<'a>,
    /// All streams: a field that is unknown here may be another one's.
    pub(super) streams: &'a [Stream],
    /// What was wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether something was used that failed elsewhere and was said there: what was resolved here lacks a part.
    pub(super) incomplete: bool,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(names: &'a Names, operations: &'a BTreeMap<String, Operations>, scope: Scope<'a>) -> Self {
        Resolver { names, operations, scope, streams: &[], diagnostics: Vec::new(), incomplete: false }
    }

    /// Gives nothing for what failed elsewhere and was said there.
    pub(super) fn silent<T>(&mut self) -> Option<T> {
        self.incomplete = true;
        None
    }

    /// Says what is wrong; gives nothing, so that `return self.wrong(…)` reads well.
    pub(super) fn wrong<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.diagnostics.push(diagnostic);
        None
    }

    /// Runs `body` with a new element in scope; gives the element's number too.
    pub(super) fn with_element<T>(
        &mut self,
        name: &ast::Name,
        ty: Option<Type>,
        body: impl FnOnce(&mut Self) -> T,
    ) -> (usize, T) {
        let number = self.new_element(name, ty);
        let result = body(self);
        self.scope.elements.pop();
        (number, result)
    }

    /// Brings an element into scope. Its name must not be the first word of a field: `x.a` is then a part of the element alone.
    pub(super) fn new_element(&mut self, name: &ast::Name, ty: Option<Type>) -> usize {
        let first = |field: &str| field.split('.').next() == Some(&name.node);
        let hidden = self.scope.stream.and_then(|s| s.fields.iter().find(|f| first(&f.name)));
        if let Some(field) = hidden {
            self.diagnostics.push(errors::hides_field(name.span, &name.node, &field.name));
        } else if self.scope.own_names().contains(&name.node) {
            self.diagnostics.push(errors::duplicate(name.span, "name", &name.node, None));
        }
        let number = self.scope.next_element;
        self.scope.next_element += 1;
        self.scope.elements.push(Element { name: name.node.clone(), number, ty, phase: self.scope.phase });
        number
    }
}
