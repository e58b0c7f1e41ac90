//! The tree → canonical text, with the comments of the text it was read from put back: what `skywatch fmt` writes.
//!
//! Four spaces; clause words padded to one column; one binding a line past 110 columns; strings, patterns and number grouping untouched.

mod declared;
mod expr;
mod layout;

pub use expr::print_expr;
use expr::{literal, name, suffixes_text, text};
use layout::{Printer, WIDTH};

use super::ast::{
    Assemble, At, Clause, Column, Correlate, CorrelateClause, Expect, Field, FieldType, File, Given, GivenBody, Item,
    ItemKind, List, ListBody, Operations, Record, Source, SourceClause, Stream, Test,
};
use crate::source::{Span, Spanned};

/// A file's canonical text. `original` is the text that `file` was read from; with an empty one there are no comments to keep.
#[must_use]
pub fn print_file(file: &File, original: &str) -> String {
    let mut printer = Printer::new(original);
    let mut long = false;
    for (n, item) in file.items.iter().enumerate() {
        let start = start(item);
        // What is longer than a line stands apart; so does what has a comment of its own.
        if n > 0 && (long || original.is_empty() || !item.doc.is_empty()) {
            printer.write("\n");
        }
        printer.above(start, 0);
        let before = printer.out.len();
        printer.item(item);
        long = printer.out.get(before..).is_some_and(|text| text.contains('\n'));
        printer.write("\n");
    }
    printer.above(usize::MAX, 0);
    let end = printer.out.trim_end().len();
    printer.out.truncate(end);
    if !printer.out.is_empty() {
        printer.write("\n");
    }
    printer.out
}

/// The byte at which an item begins, its doc comment included.
fn start(item: &Item) -> usize {
    item.doc.first().map_or_else(|| item.span(), |doc| doc.span).start as usize
}

/// How an item of clauses begins.
struct Head {
    /// `rule NAME {`
    open: String,
    /// The last name of it.
    at: Span,
    span: Span,
    /// Whether nothing stands above it.
    undocumented: bool,
}

impl Head {
    fn new(word: &str, named: &super::ast::Name, span: Span, undocumented: bool) -> Head {
        Head { open: format!("{word} {} {{", name(&named.node)), at: named.span, span, undocumented }
    }
}

impl Printer<'_> {
    fn item(&mut self, item: &Item) {
        self.doc(&item.doc, 0);
        if !item.doc.is_empty() {
            // A comment between the two stays there.
            self.above(item.span().start as usize, 0);
        }
        match &item.kind {
            ItemKind::Stream(stream) => self.stream(stream),
            ItemKind::Source(source) => self.source(source),
            ItemKind::List(list) => self.named_list(list),
            ItemKind::Table(table) => self.table(table),
            ItemKind::Operations(operations) => self.operations(operations),
            ItemKind::Rule(rule) => {
                let word = if rule.signal { "signal" } else { "rule" };
                let head = Head::new(word, &rule.name, rule.span.span, item.doc.is_empty());
                self.clauses(&head, &rule.clauses, Clause::word, Printer::clause);
            }
            ItemKind::Correlate(Correlate { name, clauses, span }) => {
                let head = Head::new("correlate", name, span.span, item.doc.is_empty());
                self.clauses(&head, clauses, CorrelateClause::word, Printer::correlate_clause);
            }
            ItemKind::Calendar(calendar) => self.calendar(calendar),
            ItemKind::Prices(prices) => self.prices(prices),
            ItemKind::Exception(exception) => self.exception(exception, item.doc.is_empty()),
            ItemKind::Test(test) => self.test(test),
        }
        self.behind(item.span().end);
    }

    fn doc(&mut self, doc: &super::ast::Doc, indent: usize) {
        for (n, line) in doc.iter().enumerate() {
            let space = if line.node.is_empty() { "" } else { " " };
            let pad = if n == 0 { 0 } else { indent };
            self.write(&format!("{}///{space}{}\n", " ".repeat(pad), line.node));
        }
    }

    /// Whether the original has this on one line.
    fn one_line(&self, span: Span) -> bool {
        self.original.get(span.range()).is_some_and(|text| !text.is_empty() && !text.contains('\n'))
    }

    /// An item of clauses: on one line where it was written so and fits, else a clause a line.
    fn clauses<T>(
        &mut self,
        head: &Head,
        clauses: &[Spanned<T>],
        word: fn(&T) -> &'static str,
        clause: fn(&mut Self, &T, usize, usize),
    ) {
        let open = &head.open;
        if head.undocumented && self.one_line(head.span) && !self.commented(head.span) {
            let before = self.out.len();
            self.write(open);
            for (n, one) in clauses.iter().enumerate() {
                self.write(if n == 0 { " " } else { "  " });
                clause(self, &one.node, word(&one.node).len(), 0);
            }
            self.write(" }");
            if self.out.get(before..).is_some_and(|line| line.chars().count() <= WIDTH && !line.contains('\n')) {
                return;
            }
            self.out.truncate(before);
        }
        self.write(open);
        self.behind(head.at.end);
        self.write("\n");
        let width = clauses.iter().map(|c| word(&c.node).len()).max().unwrap_or(0).max(8);
        self.block(clauses, |c| c.span, |this, c| clause(this, &c.node, width, 4));
        self.close(head.span.end, 0, "}");
    }

    /// The lines of a block, each with its comments. Ends behind the last one.
    fn block<T>(&mut self, parts: &[T], span: impl Fn(&T) -> Span, mut write: impl FnMut(&mut Self, &T)) {
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.write("\n");
            }
            self.above(span(part).start as usize, 4);
            write(self, part);
            self.behind(span(part).end);
        }
    }

    fn stream(&mut self, stream: &Stream) {
        self.write(&format!("stream {} {{", name(&stream.name.node)));
        self.behind(stream.name.span.end);
        self.write("\n");
        let width = stream.fields.iter().map(|f| name(&f.name.node).len()).max().unwrap_or(0);
        self.block(&stream.fields, field_span, |this, field| {
            this.doc(&field.doc, 4);
            if !field.doc.is_empty() {
                this.above(field.name.span.start as usize, 4);
            }
            this.write(&format!("{:width$} : {}", name(&field.name.node), field_type(&field.ty.node)));
            this.write(if field.content { " content" } else { "" });
            for (word, text) in [("unit", &field.unit), ("otel", &field.otel), ("ocsf", &field.ocsf)] {
                if let Some(text) = text {
                    this.write(&format!(" {word} "));
                    this.quoted(text);
                }
            }
            if let Some(default) = &field.default {
                this.write(" = ");
                this.expr(default, 4, 0);
            }
        });
        self.close(stream.span.span.end, 0, "}");
    }

    fn source(&mut self, source: &Source) {
        self.write(&format!("source {} : {} {{", name(&source.name.node), name(&source.stream.node)));
        self.behind(source.stream.span.end);
        self.write("\n");
        let names = source.clauses.iter().filter_map(|c| match &c.node {
            SourceClause::Field(binding) => Some(name(&binding.name.node).chars().count()),
            _ => None,
        });
        let width = names.max().unwrap_or(0);
        self.block(&source.clauses, |c| c.span, |this, c| this.source_clause(c, width));
        self.close(source.span.span.end, 0, "}");
    }

    fn named_list(&mut self, list: &List) {
        let of = list.of.as_ref().map(|of| format!(" of {}", of.node)).unwrap_or_default();
        self.write(&format!("list {}{of} ", name(&list.name.node)));
        match &list.body {
            ListBody::File(file) => {
                self.write("from ");
                self.quoted(file);
            }
            ListBody::Elements(elements) => {
                let whole = list.span.span;
                let span = Span { start: list.name.span.end, ..whole };
                self.write("= ");
                self.expr(&Spanned::new(Box::new(super::ast::ExprKind::List(elements.clone())), span), 0, 0);
            }
        }
    }

    fn operations(&mut self, operations: &Operations) {
        self.write(&format!("operations {} {{", name(&operations.name.node)));
        self.behind(operations.name.span.end);
        self.write("\n");
        let width = operations.clouds.iter().map(|(cloud, _)| cloud.node.len()).max().unwrap_or(0);
        let span = |(cloud, globs): &(super::ast::Name, Vec<Spanned<String>>)| {
            globs.last().map_or(cloud.span, |last| cloud.span.to(last.span))
        };
        self.block(&operations.clouds, span, |this, (cloud, globs)| {
            this.write(&format!("{:width$} ", cloud.node));
            this.texts(globs);
        });
        self.close(operations.span.span.end, 0, "}");
    }

    fn test(&mut self, test: &Test) {
        self.write(&format!("test {} ", name(&test.rule.node)));
        self.quoted(&test.title);
        self.write(" {");
        self.behind(test.title.span.end);
        self.write("\n");
        self.block(&test.given, |given| given.span.span, Printer::given);
        if !test.given.is_empty() && !test.expect.is_empty() {
            self.write("\n");
        }
        self.block(
            &test.expect,
            |expect| expect.span,
            |this, expect| match &expect.node {
                Expect::Alert(bindings) if bindings.is_empty() => this.write("expect alert"),
                Expect::Alert(bindings) => {
                    this.write("expect alert ");
                    // Its names are those of an alert: none needs backticks.
                    this.record_of(bindings, expect.span, 4, &|name| name.to_owned());
                }
                Expect::NoOther => this.write("expect no other alert"),
                Expect::None => this.write("expect no alert"),
            },
        );
        self.close(test.span.span.end, 0, "}");
    }

    fn given(&mut self, given: &Given) {
        self.write(&format!("given {} ", name(&given.name.node)));
        match &given.body {
            GivenBody::File(file) => {
                self.write("from ");
                self.quoted(file);
            }
            GivenBody::Records(records) => {
                self.write("[");
                self.behind(given.name.span.end);
                for record in records {
                    self.write("\n");
                    self.above(record.span.start as usize, 8);
                    match &record.node {
                        Record::Fields(bindings) => self.record(bindings, record.span, 8),
                        Record::Json(map) => self.json(map, record.span),
                    }
                    self.behind(record.span.end);
                }
                self.close(given.span.span.end, 4, "]");
            }
        }
    }

    /// A raw record as it was written, but for the indent of its lines: its numbers and its order of keys are its author's.
    fn json(&mut self, map: &serde_json::Map<String, serde_json::Value>, span: Span) {
        let Some(written) = self.original.get(span.range()).filter(|text| text.starts_with('{')) else {
            return self.write(&serde_json::Value::Object(map.clone()).to_string());
        };
        // Its comments are in it.
        while self.next_comment(|c| c.range.start < span.end as usize).is_some() {}
        let before = self.original.get(..span.start as usize).unwrap_or_default();
        let old = before.rsplit('\n').next().unwrap_or_default();
        let old = old.len() - old.trim_start().len();
        let new = self.column();
        for (n, line) in written.lines().enumerate() {
            if n == 0 {
                self.write(line.trim_end());
                continue;
            }
            let body = line.trim_start();
            let indent = (line.len() - body.len() + new).saturating_sub(old);
            self.line(if body.is_empty() { 0 } else { indent });
            self.write(body.trim_end());
        }
    }

    /// A clause: its word padded to `width`, then what it says; lines after the first are indented behind the word.
    fn clause(&mut self, clause: &Clause, width: usize, indent: usize) {
        self.write(&format!("{:width$} ", clause.word()));
        match clause {
            Clause::Severity(level) => self.write(&level.node),
            Clause::SeverityCase(case) => self.expr(case, indent, 0),
            Clause::Tags(tags) => self.words(tags),
            Clause::From(stream, only) => {
                self.write(&name(&stream.node));
                if !only.is_empty() {
                    self.write(" only ");
                    self.words(only);
                }
            }
            Clause::With(bindings) | Clause::Let(bindings) => self.bindings(bindings),
            Clause::Each(element, list) => {
                self.write(&format!("{} in ", name(&element.node)));
                self.expr(list, indent, 0);
            }
            Clause::Where(condition) | Clause::When(condition) => self.condition(condition),
            Clause::Over(over) => {
                self.write(&literal(&over.length.node));
                if let Some(step) = &over.step {
                    self.write(&format!(" every {}", literal(&step.node)));
                }
                if !over.keys.is_empty() {
                    self.write(" by ");
                    self.keys(&over.keys, if over.across.is_some() { " across sources".len() } else { 0 });
                }
                if over.across.is_some() {
                    self.write(" across sources");
                }
            }
            Clause::Show(items) => self.keys(items, 0),
            Clause::Mute(mute) => self.mute(mute),
            Clause::Texts(_, texts) => self.texts(texts),
        }
    }

    /// A line of a source; its words are padded to eight characters, its fields to `width`.
    fn source_clause(&mut self, clause: &Spanned<SourceClause>, width: usize) {
        match &clause.node {
            SourceClause::At(at) => self.at(at, clause.span, "at       ", 4),
            SourceClause::Assemble(assemble) => self.assemble(assemble, clause.span),
            SourceClause::Widen(widen) => {
                self.write(&format!(
                    "widen    {} on {} portable to strings ",
                    name(&widen.field.node),
                    widen.target.node
                ));
                self.texts(&widen.keys);
                self.write(" because ");
                self.quoted(&widen.reason);
            }
            SourceClause::Join(join) => {
                let (lender, on) = (name(&join.lender.node), name(&join.on.node));
                self.write(&format!("join     {lender} on {on} within {} for ", literal(&join.within.node)));
                self.words(&join.fields);
            }
            SourceClause::Delay(delay) => self.write(&format!("delay    {}", literal(&delay.node))),
            SourceClause::Unique(value) => {
                self.write("unique   ");
                self.expr(value, 4, 0);
            }
            SourceClause::Provided(provisos) => {
                self.write("provided ");
                self.words(provisos);
            }
            SourceClause::Where(condition) => {
                self.write("where    ");
                self.condition(condition);
            }
            SourceClause::With(bindings) => {
                self.write("with     ");
                self.bindings(bindings);
            }
            SourceClause::Absent(names, reason) => {
                self.write("absent   ");
                self.words(names);
                self.write(" because ");
                self.quoted(reason);
            }
            SourceClause::Enable(texts) => {
                self.write("enable   ");
                self.texts(texts);
            }
            SourceClause::Trap(texts) => {
                self.write("trap     ");
                self.texts(texts);
            }
            SourceClause::Field(binding) => {
                self.write(&format!("{:width$} = ", name(&binding.name.node)));
                self.expr(&binding.value, 4, 0);
            }
        }
    }

    /// `assemble by … { … }`: a part a line, what else is said of it on lines of their own below.
    fn assemble(&mut self, assemble: &Assemble, span: Span) {
        self.write("assemble by ");
        self.expr(&assemble.key, 4, 0);
        self.write(&format!(" within {} of ", literal(&assemble.within.node)));
        self.expr(&assemble.time, 4, 0);
        self.write(" {");
        self.behind(assemble.time.span.end);
        for part in &assemble.parts {
            self.write("\n");
            self.above(part.span.start as usize, 8);
            self.write(&format!("part {}", name(&part.node.name.node)));
            self.write(if part.node.optional { " optional where " } else { " where " });
            self.condition(&part.node.condition);
            for (word, expr) in [("lists", &part.node.lists), ("order", &part.node.order)] {
                if let Some(expr) = expr {
                    self.line(12);
                    self.write(&format!("{word} "));
                    self.expr(expr, 12, 0);
                }
            }
            for place in &part.node.places {
                self.line(12);
                self.at(&place.node, place.span, "at ", 12);
            }
            self.behind(part.span.end);
        }
        self.close(span.end, 4, "}");
    }

    fn at(&mut self, at: &At, span: Span, word: &str, indent: usize) {
        self.write(&format!("{word}{}", at.target.node));
        if let Some(place) = &at.place {
            self.write(" ");
            if at.quoted { self.quoted(place) } else { self.write(&name(&place.node)) }
        }
        self.write(if at.nocase { " nocase" } else { "" });
        if at.columns.is_empty() {
            return;
        }
        let columns: Vec<String> = at.columns.iter().map(column).collect();
        let flat = format!(" {{ {} }}", columns.join(", "));
        let commented = self.commented(span);
        if self.fits(&flat, 0) && !commented {
            return self.write(&flat);
        }
        self.write(" {\n");
        if commented {
            self.lines(&at.columns, indent + 4, ",", |c| c.path.span.to(c.name.span), |this, c| this.write(&column(c)));
        } else {
            self.filled(&columns, indent + 4, ",");
        }
        self.close(span.end, indent, "}");
    }
}

/// `.raw = kind(Column)`
fn column(column: &Column) -> String {
    let path = suffixes_text(&column.path.node);
    match &column.kind {
        None if column.quoted => format!("{path} = {}", text(&column.name.node)),
        None => format!("{path} = {}", column.name.node),
        Some(kind) => format!("{path} = {}({})", kind.node, column.name.node),
    }
}

/// A field from its doc comment to its last word.
fn field_span(field: &Field) -> Span {
    let start = field.doc.first().map_or(field.name.span, |doc| doc.span);
    let texts = [&field.unit, &field.otel, &field.ocsf].into_iter().flatten().map(|text| text.span);
    let parts = std::iter::once(field.ty.span).chain(texts).chain(field.default.as_ref().map(|d| d.span));
    parts.fold(start, Span::to)
}

fn field_type(ty: &FieldType) -> String {
    match ty {
        FieldType::One(ty) => ty.clone(),
        FieldType::List(ty) => format!("list of {ty}"),
        FieldType::Records(fields) => {
            let fields: Vec<String> = fields.iter().map(|(n, ty)| format!("{} : {}", name(&n.node), ty.node)).collect();
            format!("list of {{ {} }}", fields.join(", "))
        }
    }
}
