//! What lowering builds up: commands, the names that are taken, and what has already been put into columns.

use std::collections::BTreeMap;

use super::shorten;
use crate::bind::{BoundRule, WHOLE_RECORD};
use crate::diag::Diagnostic;
use crate::ir::pattern::Node;
use crate::ir::{self, ExprKind, Place, Source, Step};
use crate::source::Span;
use crate::target::cloudwatch::tree::{Command, Field, Function, Term};
use crate::target::names::Outputs;
use crate::target::{Needs, Verdict, names};

/// A part of the lowering, or the one reason why it can't be said.
pub(super) type Said<T> = Result<T, Diagnostic>;

/// The state of one lowering. Cloned before what may be left out, and put back if it is.
#[derive(Debug, Clone)]
pub(super) struct Plan<'a> {
    /// The rule over the raw record.
    pub(super) bound: &'a BoundRule,
    /// The log.
    pub(super) source: &'a Source,
    /// Its place.
    pub(super) place: &'a Place,
    /// The newest commands that may be used.
    pub(super) newest: Needs,
    /// The commands so far.
    pub(super) commands: Vec<Command>,
    /// What makes it weaker, and how much; a reason about something that does not decide weighs `Exact`.
    pub(super) notes: Vec<(Verdict, Diagnostic)>,
    /// Whether it tests bools, which can't be told from 1, 0 and texts.
    pub(super) untyped: bool,
    /// Whether addresses are compared or counted as the log writes them.
    pub(super) addresses: bool,
    /// Whether what is being said decides about alerts, and is not only shown.
    pub(super) decides: bool,
    /// What can't be said and is needed.
    pub(super) refusals: Vec<Diagnostic>,
    /// What only shows, and can't be said.
    pub(super) left_out: Vec<String>,
    /// What is known to be there: fields that a `filter` has tested.
    pub(super) known: Vec<(Field, ir::Type)>,
    /// Elements of `each`, `any` and rows, by their number.
    pub(super) elements: BTreeMap<usize, Element>,
    /// The lists that have been taken apart and may be used again: only alternatives share one.
    pub(super) open: Vec<(Field, String)>,
    /// Inside how many alternatives: a row that lacks the list must then be kept.
    pub(super) alternatives: usize,
    /// Whether lists may be taken apart here.
    pub(super) lists: bool,
    /// Whether an event may have several rows.
    pub(super) several_rows: bool,
    /// Columns that are made from others once everything has been decided.
    pub(super) later: Vec<(Term, String)>,
    /// The columns after grouping: aggregates, keys and measures by their number in the rule.
    pub(super) grouped: Grouped,
    taken: Vec<String>,
    discovered: Vec<String>,
    record: Option<String>,
    columns: Vec<(Term, String)>,
    parsed: Vec<(Field, Node, String)>,
    binders: usize,
}

/// What an element's number stands for.
#[derive(Debug, Clone)]
pub(super) enum Element {
    /// A raw value or one read from it.
    Raw(Field),
    /// A record: the fields' values, over another element.
    Record(Vec<ir::Expr>),
}

/// Columns after grouping; none where a value has none.
#[derive(Debug, Clone, Default)]
pub(super) struct Grouped {
    /// Of the rule's aggregates.
    pub(super) aggregates: Vec<Option<Column>>,
    /// Of its keys.
    pub(super) keys: Vec<Column>,
    /// Of its measures.
    pub(super) measures: Vec<Option<Column>>,
}

/// A column after grouping.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// What it is when nothing was there to count or measure.
    pub(super) empty: Empty,
    /// How many of it make one of what is shown: durations and times are counted in microseconds, and shown in seconds and
    /// milliseconds; the times of a log in whole seconds stay text.
    pub(super) scale: i128,
}

/// What an aggregate of nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// It can't be of nothing.
    Never,
    /// It counts rows, of which there is one at least.
    Rows,
    /// 0, or absent from the row: sparse rows are documented by measurement only, so both are expected.
    Zero,
    /// Missing.
    Missing,
}

impl<'a> Plan<'a> {
    pub(super) fn new(bound: &'a BoundRule, source: &'a Source, place: &'a Place, newest: Needs) -> Self {
        let outputs = Outputs::of(&bound.rule);
        let own = [names::WINDOW_START, names::TIME, names::EVENT_ID, names::SEVERITY].map(str::to_owned);
        let taken =
            [&outputs.keys, &outputs.measures, &outputs.show].into_iter().flatten().cloned().chain(own).collect();
        Plan {
            bound,
            source,
            place,
            newest,
            commands: Vec::new(),
            notes: Vec::new(),
            untyped: false,
            addresses: false,
            decides: true,
            refusals: Vec::new(),
            left_out: Vec::new(),
            known: Vec::new(),
            elements: BTreeMap::new(),
            open: Vec::new(),
            alternatives: 0,
            lists: true,
            several_rows: false,
            later: Vec::new(),
            grouped: Grouped::default(),
            taken,
            discovered: discovered(source, place),
            record: None,
            columns: Vec::new(),
            parsed: Vec::new(),
            binders: usize::MAX,
        }
    }

    /// A name that no column and no discovered field has; letters and digits only, as a capture group needs.
    pub(super) fn fresh(&mut self, base: &str) -> String {
        let is_taken = |name: &str| self.taken.iter().chain(&self.discovered).any(|t| t.eq_ignore_ascii_case(name));
        let mut name = base.to_owned();
        let mut number = 2;
        while is_taken(&name) {
            name = format!("{base}{number}");
            number += 1;
        }
        self.taken.push(name.clone());
        name
    }

    /// A number for an element that the rule does not name; rules count theirs from 0.
    pub(super) fn binder(&mut self) -> usize {
        self.binders -= 1;
        self.binders
    }

    /// Whether the log has a field of this name: a column of the query must not.
    pub(super) fn is_discovered(&self, name: &str) -> bool {
        self.discovered.iter().any(|field| field.eq_ignore_ascii_case(name))
    }

    /// The whole record as a map.
    pub(super) fn record(&mut self) -> String {
        if let Some(record) = &self.record {
            return record.clone();
        }
        let record = self.fresh("rec");
        self.record = Some(record.clone());
        record
    }

    /// A column that holds the term; the same one for the same term.
    pub(super) fn column(&mut self, term: Term, base: &str) -> Field {
        if let Term::Field(Field::Made(name, steps)) = &term
            && steps.is_empty()
        {
            return Field::made(name);
        }
        if let Some((_, name)) = self.columns.iter().find(|(known, _)| *known == term) {
            return Field::made(name);
        }
        let name = self.fresh(base);
        self.columns.push((term.clone(), name.clone()));
        self.commands.push(Command::Fields(vec![(term, name.clone())]));
        Field::made(&name)
    }

    /// A column that holds what the only capture group of the pattern finds in the field; absent where it finds nothing.
    pub(super) fn parse(&mut self, field: Field, pattern: Node, base: &str) -> Field {
        // `parse` is documented on fields; a part of a map becomes one first.
        let field = match field {
            Field::Made(_, ref steps) if !steps.is_empty() => self.column(Term::Field(field), "part"),
            field => field,
        };
        if let Some((_, _, name)) = self.parsed.iter().find(|(f, p, _)| *f == field && *p == pattern) {
            return Field::made(name);
        }
        let name = self.fresh(base);
        self.parsed.push((field.clone(), pattern.clone(), name.clone()));
        self.commands.push(Command::Parse(field, pattern, name.clone()));
        Field::made(&name)
    }

    /// Whether a column holds what stands behind a key of the record's text.
    pub(super) fn is_behind_a_key(&self, field: &Field) -> bool {
        self.parsed.iter().any(|(of, _, name)| *of == message() && *field == Field::made(name))
    }

    /// Keeps the rows for which the condition holds.
    pub(super) fn filter(&mut self, condition: Term) {
        if condition != Term::constant(true) {
            self.commands.push(Command::Filter(condition));
        }
    }

    /// Groups: earlier columns are gone, and what was known of them.
    pub(super) fn stats(&mut self, columns: Vec<(Term, String)>, by: Vec<String>) {
        self.commands.push(Command::Stats(columns, by));
        self.columns.clear();
        self.parsed.clear();
        self.open.clear();
    }

    /// Remembers that a part is not exact; `not` turns wider into narrower.
    pub(super) fn weaken(&mut self, verdict: Verdict, positive: bool, diagnostic: Diagnostic) {
        let verdict = if positive { verdict } else { verdict.flip() };
        if !self.notes.contains(&(verdict, diagnostic.clone())) {
            self.notes.push((verdict, diagnostic));
        }
    }

    /// Tries a part that may be left out: what it did is undone where it can't be said.
    pub(super) fn attempt<T>(&mut self, part: impl FnOnce(&mut Self) -> Said<T>) -> Said<T> {
        let before = self.clone();
        let said = part(self);
        if said.is_err() {
            *self = before;
        }
        said
    }

    /// A part that is undone where it can't be said; reasons weigh nothing where it does not decide.
    pub(super) fn aside<T>(&mut self, decides: bool, part: impl FnOnce(&mut Self) -> Said<T>) -> Said<T> {
        let before = self.notes.len();
        let outer = std::mem::replace(&mut self.decides, decides);
        let said = self.attempt(part);
        self.decides = outer;
        if !decides {
            self.notes.iter_mut().skip(before).for_each(|(verdict, _)| *verdict = Verdict::Exact);
        }
        said
    }

    /// All commands that give something, with the record's parsing at their head.
    pub(super) fn finish(self) -> Vec<Command> {
        let parse = |name| Command::Fields(vec![(Term::call(Function::JsonParse, [Term::Field(message())]), name)]);
        shorten::without_unread(self.record.map(parse).into_iter().chain(self.commands).collect())
    }
}

/// A finding about a part of the source's text is one about the rule's part that reads it.
pub(super) fn placed<T>(said: Said<T>, span: Span) -> Said<T> {
    said.map_err(|mut diagnostic| {
        for label in diagnostic.labels.iter_mut().filter(|label| label.span.source != span.source) {
            label.span = span;
        }
        diagnostic
    })
}

/// The text of the record.
pub(super) fn message() -> Field {
    Field::Log(WHOLE_RECORD.to_owned())
}

/// The first part of every name that the log is known to have.
fn discovered(source: &Source, place: &Place) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let first = name.split('.').next().unwrap_or(name);
        if !found.iter().any(|known| known == first) {
            found.push(first.to_owned());
        }
    };
    place.columns.iter().for_each(|column| add(&column.name));
    let mut visit = |expr: &ir::Expr| {
        if let ExprKind::Path(base, steps) = &expr.kind
            && let (ExprKind::Record, Some(Step::Key(key))) = (&base.kind, steps.first())
        {
            add(key);
        }
    };
    source.with.iter().for_each(|binding| binding.value.walk(&mut visit));
    source.filter.iter().for_each(|pred| pred.walk(&mut visit));
    source.fields.iter().flatten().chain(&source.unique).for_each(|expr| expr.walk(&mut visit));
    found
}
