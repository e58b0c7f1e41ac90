//! One record to one event: takes a raw record, gives the event that the source's expressions make of it, or says why there is none.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reason;
use super::keys::Keys;
use crate::bind::field_expr;
use crate::diag::Diagnostic;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::eval::{Event, Json};
use crate::ir::{Expr, ExprKind, FieldId, Source, Step, Stream};
use crate::json::Wanted;

/// What a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// An event, with its time.
    Event(Event, i64),
    /// One that the source's `where` excludes.
    Other,
    /// One that can't be read.
    Rejected(Reason),
}

/// A source's expressions, ready to be evaluated.
#[derive(Debug)]
pub struct Mapper<'a> {
    source: &'a Source,
    stream: &'a Stream,
    name: Arc<str>,
    /// By field of the stream, with its defaults.
    fields: Vec<Option<Expr>>,
    keys: Option<Keys>,
    patterns: Patterns,
}

/// What a record was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read<'a> {
    /// What it is.
    pub(super) mapped: Mapped,
    /// Of an event, the fields (`where`, or the name of a value under the source's `with`) for which something existed that did not read as
    /// its type. Where a field takes the first of several parts of the record, only parts up to the one taken are looked at, and none is
    /// counted if one was taken.
    pub(super) unreadable: Vec<&'a str>,
}

impl<'a> Mapper<'a> {
    /// For a source of a stream.
    #[must_use]
    pub fn new(source: &'a Source, stream: &'a Stream) -> Mapper<'a> {
        let fields = stream.ids().map(|field| field_expr(source, stream, field)).collect();
        let name = source.name.as_str().into();
        // Records that are put together are spelled before that.
        let keys = if source.assemble.is_some() { None } else { Keys::of(source) };
        Mapper { source, stream, name, fields, keys, patterns: Patterns::default() }
    }

    /// Makes only these fields of events, of which an event's time and id are to be two; the others are missing.
    pub(super) fn only(mut self, wanted: &BTreeSet<FieldId>) -> Mapper<'a> {
        for (id, field) in self.stream.ids().zip(&mut self.fields) {
            *field = field.take().filter(|_| wanted.contains(&id));
        }
        self
    }

    /// What is read of a record.
    pub(super) fn wanted(&self) -> Wanted {
        // Keys in any case, and records that are put together, are looked for before that.
        if self.keys.is_some() || self.source.assemble.is_some() {
            return Wanted::All;
        }
        let (mut wanted, mut records, mut paths) = (Wanted::Nothing, 0, 0);
        let mut visit = |expr: &Expr| match &expr.kind {
            ExprKind::Record => records += 1,
            ExprKind::Path(base, steps) if base.kind == ExprKind::Record => {
                paths += 1;
                let key = |step: &'_ Step| if let Step::Key(key) = step { Some(key.clone()) } else { None };
                let keys: Vec<String> = steps.iter().map_while(key).collect();
                wanted.add(keys.iter().map(String::as_str));
            }
            _ => {}
        };
        let with = self.source.with.iter().map(|binding| &binding.value);
        with.chain(self.fields.iter().flatten()).for_each(|expr| expr.walk(&mut visit));
        self.source.filter.iter().for_each(|pred| pred.walk(&mut visit));
        // Who reads a record otherwise than by a path may read all of it.
        if records == paths { wanted } else { Wanted::All }
    }

    /// The event that a record is, or, of a source that assembles, what [`as_read`](super::as_read) gives. Its fields hold what the source gives, or the stream's default; what it gives neither for is missing.
    #[must_use]
    pub fn map(&self, record: &Json) -> Mapped {
        self.read(record).mapped
    }

    pub(super) fn read(&self, record: &Json) -> Read<'a> {
        let nothing = |mapped| Read { mapped, unreadable: Vec::new() };
        if !matches!(record, Json::Object(_)) {
            return nothing(Mapped::Rejected(Reason::NotAnObject));
        }
        let spelled = self.keys.as_ref().map(|keys| keys.spelled(record));
        let record = spelled.as_ref().unwrap_or(record);
        let subject = Subject { source: &self.source.name, fields: &[], record };
        let mut scope = Scope::new(subject, &self.patterns);
        let mut unreadable = Vec::new();
        let mut before = 0;
        let mut note = |name: &'a str, scope: &Scope<'_>| {
            if scope.unreadable() > before {
                unreadable.push(name);
            }
            before = scope.unreadable();
        };
        for binding in &self.source.with {
            scope.bind(&binding.value);
            note(&binding.name, &scope);
        }
        if !self.source.filter.iter().all(|pred| scope.holds(pred)) {
            return nothing(Mapped::Other);
        }
        note("where", &scope);
        let mut fields = Vec::with_capacity(self.fields.len());
        for (field, expr) in self.stream.fields.iter().zip(&self.fields) {
            fields.push(expr.as_ref().map(|expr| scope.value(expr)).unwrap_or_default());
            note(&field.name, &scope);
        }
        let time = fields.get(self.stream.time().index()).and_then(crate::eval::Value::as_time);
        let Some(time) = time else { return nothing(Mapped::Rejected(Reason::NoTime)) };
        Read { mapped: Mapped::Event(Event { source: Arc::clone(&self.name), fields }, time), unreadable }
    }

    /// Fails if a pattern of the source could not be compiled: what was mapped is then wrong.
    ///
    /// # Errors
    /// A pattern past the machine's limit.
    pub fn check(&self) -> Result<(), Diagnostic> {
        self.patterns.check()
    }
}
