//! What names stand for at one place of a rule or source, and the resolver that carries it along.

use std::collections::BTreeMap;

use super::list::NamedList;
use crate::diag::Diagnostic;
use crate::ir::{Aggregate, Key, Stream, Type};
use crate::schema::Operations;

/// Which values an expression may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// One event, or one `each` row.
    Row,
    /// A window and group: keys, measures, aggregates.
    Window,
}

/// What names stand for.
pub(super) struct Scope<'a> {
    /// Its fields may be read; none inside sources.
    pub(super) stream: Option<&'a Stream>,
    /// Inside a source: raw paths and reading functions exist.
    pub(super) raw: bool,
    /// Row values so far.
    pub(super) with: Vec<(String, Type)>,
    /// Elements of enclosing `each`, `any`, `all`, the innermost last: name, number, type.
    pub(super) elements: Vec<(String, usize, Type)>,
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
    /// Measures so far.
    pub(super) measures: Vec<(String, Type)>,
    /// Aggregates so far; equal ones are one.
    pub(super) aggregates: Vec<Aggregate>,
}

impl<'a> Scope<'a> {
    /// The scope of a rule (or of a stream's defaults) over a stream.
    pub(super) fn rule(stream: &'a Stream) -> Self {
        Scope {
            stream: Some(stream),
            raw: false,
            with: Vec::new(),
            elements: Vec::new(),
            next_element: 0,
            phase: Phase::Row,
            in_aggregate: false,
            digest: false,
            keys: Vec::new(),
            measures: Vec::new(),
            aggregates: Vec::new(),
        }
    }

    /// The scope of a source. Its elements are numbered from far above a rule's, so that binding never mixes them up.
    pub(super) fn source() -> Self {
        const FIRST_ELEMENT: usize = 1 << 20;
        Scope {
            stream: None,
            raw: true,
            with: Vec::new(),
            elements: Vec::new(),
            next_element: FIRST_ELEMENT,
            phase: Phase::Row,
            in_aggregate: false,
            digest: false,
            keys: Vec::new(),
            measures: Vec::new(),
            aggregates: Vec::new(),
        }
    }
}

/// Resolves the expressions of one rule or source.
pub(super) struct Resolver<'a> {
    /// The pack's lists.
    pub(super) lists: &'a BTreeMap<String, NamedList>,
    /// Built-in and the pack's operations.
    pub(super) operations: &'a BTreeMap<String, Operations>,
    /// What names stand for here.
    pub(super) scope: Scope<'a>,
    /// What was wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        lists: &'a BTreeMap<String, NamedList>,
        operations: &'a BTreeMap<String, Operations>,
        scope: Scope<'a>,
    ) -> Self {
        Resolver { lists, operations, scope, diagnostics: Vec::new() }
    }

    /// Says what is wrong; gives nothing, so that `return self.wrong(…)` reads well.
    pub(super) fn wrong<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.diagnostics.push(diagnostic);
        None
    }

    /// Runs `body` with a new element in scope; gives the element's number too.
    pub(super) fn with_element<T>(&mut self, name: &str, ty: Type, body: impl FnOnce(&mut Self) -> T) -> (usize, T) {
        let number = self.new_element(name, ty);
        let result = body(self);
        self.scope.elements.pop();
        (number, result)
    }

    /// Brings an element into scope.
    pub(super) fn new_element(&mut self, name: &str, ty: Type) -> usize {
        let number = self.scope.next_element;
        self.scope.next_element += 1;
        self.scope.elements.push((name.to_owned(), number, ty));
        number
    }
}
