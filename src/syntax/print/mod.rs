//! The tree → canonical text, with the comments of the text it was read from put back: what `skywatch fmt` writes.
//!
//! Four spaces; clause words padded to one column; one binding a line past 110 columns; strings, patterns and number grouping untouched.

mod expr;

pub use expr::print_expr;
use expr::{WIDTH, binding, fitted, key, literal, name, record, suffixes_text, text};

use super::ast::{
    At, Binding, Clause, Expect, Field, FieldType, File, Given, GivenBody, Item, ItemKind, List, ListBody, Operations,
    Record, Rule, Source, SourceClause, Stream, Test,
};
use super::comments::{Comment, comments};
use crate::source::Span;

/// A file's canonical text. `original` is the text that `file` was read from; with an empty one there are no comments to keep.
#[must_use]
pub fn print_file(file: &File, original: &str) -> String {
    let mut printer = Printer { out: String::new(), original, comments: comments(original).into_iter().peekable() };
    for (n, item) in file.items.iter().enumerate() {
        if n > 0 && (printer.blank_before(item) || multi_line(&printer.out)) {
            printer.out.push('\n');
        }
        printer.item(item);
    }
    printer.comments_before(usize::MAX, 0);
    printer.out
}

/// Whether the item printed last is longer than a line: then a blank line follows it.
fn multi_line(out: &str) -> bool {
    out.ends_with("}\n") && out.lines().next_back() == Some("}")
        || out.ends_with("]\n") && out.lines().next_back() == Some("]")
}

struct Printer<'a> {
    out: String,
    original: &'a str,
    comments: std::iter::Peekable<std::vec::IntoIter<Comment>>,
}

impl Printer<'_> {
    /// Whether an empty line (or a comment after one) stands before the item in the original; always where there is no original.
    fn blank_before(&self, item: &Item) -> bool {
        let start = item.doc.first().map_or_else(|| head(item), |doc| doc.span).start as usize;
        let Some(before) = self.original.get(..start).filter(|_| !self.original.is_empty()) else { return true };
        let pending = self.comments.clone().find(|c| !c.trailing).filter(|c| c.range.start < start);
        let gap = pending.map_or(before, |c| before.get(..c.range.start).unwrap_or_default());
        let gap = gap.trim_end_matches([' ', '\t']);
        // Item words stand before the name: the gap is what precedes the line.
        let line = gap.rfind('\n').map_or("", |at| gap.get(..at).unwrap_or_default());
        line.trim_end_matches([' ', '\t', '\r']).ends_with('\n') || !item.doc.is_empty()
    }

    /// Prints the comments that stand before byte `end` of the original, each on a line of its own.
    fn comments_before(&mut self, end: usize, indent: usize) {
        while let Some(comment) = self.comments.next_if(|c| c.range.start < end) {
            if comment.after_blank && !self.out.is_empty() && !self.out.ends_with("\n\n") && !self.out.ends_with("{\n")
            {
                self.out.push('\n');
            }
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(self.original.get(comment.range).unwrap_or_default().trim_end());
            self.out.push('\n');
        }
    }

    /// Ends a line, with the comment that stood behind it in the original.
    fn end_line(&mut self, end: u32) {
        let line_end = self.original.get(end as usize..).and_then(|rest| rest.find('\n')).map(|at| at + end as usize);
        let line_end = line_end.unwrap_or(self.original.len());
        if let Some(comment) =
            self.comments.next_if(|c| c.trailing && c.range.start >= end as usize && c.range.start < line_end)
        {
            self.out.push_str("  ");
            self.out.push_str(self.original.get(comment.range).unwrap_or_default().trim_end());
        }
        self.out.push('\n');
    }

    /// Whether the original has this on one line.
    fn one_line(&self, span: Span) -> bool {
        self.original.get(span.range()).is_some_and(|text| !text.is_empty() && !text.contains('\n'))
    }

    fn item(&mut self, item: &Item) {
        let start = item.doc.first().map_or_else(|| head(item), |doc| doc.span).start as usize;
        self.comments_before(start, 0);
        self.doc(&item.doc, 0);
        match &item.kind {
            ItemKind::Stream(stream) => self.stream(stream),
            ItemKind::Source(source) => self.source(source),
            ItemKind::List(list) => self.list(list),
            ItemKind::Operations(operations) => self.operations(operations),
            ItemKind::Rule(rule) => self.rule(rule, item.doc.is_empty()),
            ItemKind::Test(test) => self.test(test),
        }
    }

    fn doc(&mut self, doc: &super::ast::Doc, indent: usize) {
        for line in doc {
            let space = if line.node.is_empty() { "" } else { " " };
            self.out.push_str(&format!("{}///{space}{}\n", " ".repeat(indent), line.node));
        }
    }

    fn rule(&mut self, rule: &Rule, undocumented: bool) {
        let open = format!("rule {} {{", name(&rule.name.node));
        if undocumented && self.one_line(rule.span.span) {
            let clauses: Vec<String> = rule.clauses.iter().map(|c| clause(&c.node, c.node.word().len(), 0)).collect();
            let line = format!("{open} {} }}", clauses.join("  "));
            if line.chars().count() <= WIDTH && !line.contains('\n') {
                self.out.push_str(&line);
                self.end_line(rule.span.span.end);
                return;
            }
        }
        self.out.push_str(&open);
        self.end_line(rule.name.span.end);
        let width = rule.clauses.iter().map(|c| c.node.word().len()).max().unwrap_or(0).max(8);
        for c in &rule.clauses {
            self.comments_before(inner(c.span), 4);
            self.out.push_str(&format!("    {}", clause(&c.node, width, 4)));
            self.end_line(c.span.end);
        }
        self.close(rule.span.span);
    }

    /// The comments before a closing brace, and the brace.
    fn close(&mut self, span: Span) {
        self.comments_before(span.end as usize, 4);
        self.out.push('}');
        self.end_line(span.end);
    }

    fn stream(&mut self, stream: &Stream) {
        self.out.push_str(&format!("stream {} {{", name(&stream.name.node)));
        self.end_line(stream.name.span.end);
        let width = stream.fields.iter().map(|f| name(&f.name.node).len()).max().unwrap_or(0);
        for field in &stream.fields {
            let start = field.doc.first().map_or(field.name.span, |doc| doc.span);
            self.comments_before(start.start as usize, 4);
            self.doc(&field.doc, 4);
            self.out.push_str(&format!("    {:width$} : {}", name(&field.name.node), field_text(field)));
            let last = [field.unit.as_ref(), field.otel.as_ref(), field.ocsf.as_ref()]
                .into_iter()
                .flatten()
                .map(|s| s.span.end)
                .max();
            let end = field.default.as_ref().map(|d| d.span.end).or(last).unwrap_or(field.ty.span.end);
            self.end_line(end);
        }
        self.close(stream.span.span);
    }

    fn source(&mut self, source: &Source) {
        self.out.push_str(&format!("source {} : {} {{", name(&source.name.node), name(&source.stream.node)));
        self.end_line(source.stream.span.end);
        let names = source.clauses.iter().filter_map(|c| match c {
            SourceClause::Field(binding) => Some(name(&binding.name.node).chars().count()),
            _ => None,
        });
        let width = names.max().unwrap_or(0);
        for clause in &source.clauses {
            let (line, span) = source_clause(clause, width);
            self.comments_before(inner(span), 4);
            self.out.push_str(&format!("    {line}"));
            self.end_line(span.end);
        }
        self.close(source.span.span);
    }

    fn list(&mut self, list: &List) {
        let of = list.of.as_ref().map(|of| format!(" of {}", of.node)).unwrap_or_default();
        let head = format!("list {}{of} ", name(&list.name.node));
        match &list.body {
            ListBody::File(file) => {
                self.out.push_str(&format!("{head}from {}", text(&file.node)));
                self.end_line(file.span.end);
            }
            ListBody::Elements(elements) => {
                let column = head.chars().count() + 2;
                let end = elements.last().map_or(list.name.span.end, |e| e.span.end);
                let literal =
                    crate::source::Spanned::new(Box::new(super::ast::ExprKind::List(elements.clone())), list.name.span);
                self.comments_before(inner(Span { end, ..list.name.span }), 0);
                self.out.push_str(&format!("{head}= {}", fitted(&literal, column, 0)));
                self.end_line(end);
            }
        }
    }

    fn operations(&mut self, operations: &Operations) {
        self.out.push_str(&format!("operations {} {{", name(&operations.name.node)));
        self.end_line(operations.name.span.end);
        let width = operations.clouds.iter().map(|(cloud, _)| cloud.node.len()).max().unwrap_or(0);
        let mut end = operations.name.span;
        for (cloud, globs) in &operations.clouds {
            self.comments_before(cloud.span.start as usize, 4);
            let column = 4 + width + 1;
            let texts: Vec<String> = globs.iter().map(|g| text(&g.node)).collect();
            let joined = texts.join(", ");
            let joined =
                if column + joined.len() > WIDTH { texts.join(&format!(",\n{}", " ".repeat(column))) } else { joined };
            self.out.push_str(&format!("    {:width$} {joined}", cloud.node));
            end = globs.last().map_or(cloud.span, |g| g.span);
            self.end_line(end.end);
        }
        let close = self
            .original
            .get(end.end as usize..)
            .and_then(|rest| rest.find('}'))
            .map_or(end.end as usize, |at| at + end.end as usize);
        self.close(Span { end: u32::try_from(close + 1).unwrap_or(u32::MAX), ..end });
    }

    fn test(&mut self, test: &Test) {
        self.out.push_str(&format!("test {} {} {{", name(&test.rule.node), text(&test.title.node)));
        self.end_line(test.title.span.end);
        for given in &test.given {
            self.comments_before(given.name.span.start as usize, 4);
            self.given(given);
        }
        for expect in &test.expect {
            self.comments_before(inner(expect.span), 4);
            let line = match &expect.node {
                Expect::Alert(bindings) if bindings.is_empty() => "expect alert".to_owned(),
                Expect::Alert(bindings) => {
                    let values = bindings.iter().map(|b| format!("{} = {}", b.name.node, print_expr(&b.value)));
                    format!("expect alert {{ {} }}", values.collect::<Vec<_>>().join(", "))
                }
                Expect::NoOther => "expect no other alert".to_owned(),
                Expect::None => "expect no alert".to_owned(),
            };
            self.out.push_str(&format!("    {line}"));
            self.end_line(expect.span.end);
        }
        self.close(test.span.span);
    }

    fn given(&mut self, given: &Given) {
        let head = format!("    given {}", name(&given.name.node));
        match &given.body {
            GivenBody::File(file) => {
                self.out.push_str(&format!("{head} from {}", text(&file.node)));
                self.end_line(file.span.end);
            }
            GivenBody::Records(records) => {
                self.out.push_str(&format!("{head} ["));
                self.end_line(given.name.span.end);
                for entry in records {
                    self.comments_before(inner(entry.span), 8);
                    let line = match &entry.node {
                        Record::Fields(bindings) => fitted_record(bindings),
                        Record::Json(map) => serde_json::Value::Object(map.clone()).to_string(),
                    };
                    self.out.push_str(&format!("        {line}"));
                    self.end_line(entry.span.end);
                }
                self.out.push_str("    ]\n");
            }
        }
    }
}

/// An event on one line, or a binding a line.
fn fitted_record(bindings: &[Binding]) -> String {
    let line = record(bindings);
    if line.chars().count() + 8 <= WIDTH {
        return line;
    }
    let lines: Vec<String> = bindings.iter().map(|b| format!("            {}", binding(b))).collect();
    format!("{{\n{}\n        }}", lines.join(",\n"))
}

/// Comments before this byte of a node stand above it: those inside it too, since a node is printed whole.
fn inner(span: Span) -> usize {
    span.end as usize
}

fn head(item: &Item) -> Span {
    match &item.kind {
        ItemKind::Stream(stream) => stream.span.span,
        ItemKind::Source(source) => source.span.span,
        ItemKind::List(list) => list.name.span,
        ItemKind::Operations(operations) => operations.name.span,
        ItemKind::Rule(rule) => rule.span.span,
        ItemKind::Test(test) => test.span.span,
    }
}

/// A clause: its word padded to `width`, then what it says; lines after the first are indented behind the word.
fn clause(clause: &Clause, width: usize, indent: usize) -> String {
    let word = clause.word();
    let column = indent + width + 1;
    let body = match clause {
        Clause::Severity(level) => level.node.clone(),
        Clause::SeverityCase(case) => fitted(case, column, indent),
        Clause::Tags(tags) => tags.iter().map(|t| t.node.as_str()).collect::<Vec<_>>().join(", "),
        Clause::From(stream, only) => {
            let only: Vec<String> = only.iter().map(|o| name(&o.node)).collect();
            let only = if only.is_empty() { String::new() } else { format!(" only {}", only.join(", ")) };
            format!("{}{only}", name(&stream.node))
        }
        Clause::With(bindings) | Clause::Let(bindings) => bound(bindings, column),
        Clause::Each(element, list) => format!("{} in {}", name(&element.node), print_expr(list)),
        Clause::Where(condition) | Clause::When(condition) => fitted(condition, column, column - 1),
        Clause::Over(over) => {
            let step = over.step.as_ref().map(|s| format!(" every {}", literal(&s.node))).unwrap_or_default();
            let keys: Vec<String> = over.keys.iter().map(key).collect();
            let keys = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
            let across = if over.across.is_some() { " across sources" } else { "" };
            format!("{}{step}{keys}{across}", literal(&over.length.node))
        }
        Clause::Show(items) => items.iter().map(key).collect::<Vec<_>>().join(", "),
        Clause::Texts(_, texts) => texts.iter().map(|t| text(&t.node)).collect::<Vec<_>>().join(", "),
    };
    format!("{word:width$} {body}")
}

/// Bindings on one line, or one a line where that is too long.
fn bound(bindings: &[Binding], column: usize) -> String {
    let flat = bindings.iter().map(binding).collect::<Vec<_>>().join(", ");
    if column + flat.chars().count() <= WIDTH {
        return flat;
    }
    let lines: Vec<String> = bindings
        .iter()
        .map(|b| {
            let head = format!("{} = ", name(&b.name.node));
            let value = fitted(&b.value, column + head.chars().count(), column);
            head + &value
        })
        .collect();
    lines.join(&format!(",\n{}", " ".repeat(column)))
}

/// A line of a source, and its place.
fn source_clause(clause: &SourceClause, width: usize) -> (String, Span) {
    let end = |bindings: &[Binding]| bindings.last().map(|b| b.value.span).unwrap_or_default();
    match clause {
        SourceClause::At(at) => at_clause(at),
        SourceClause::Delay(delay) => (format!("delay    {}", literal(&delay.node)), delay.span),
        SourceClause::Unique(value) => (format!("unique   {}", print_expr(value)), value.span),
        SourceClause::Where(condition) => (format!("where    {}", fitted(condition, 13, 12)), condition.span),
        SourceClause::With(bindings) => (format!("with     {}", bound(bindings, 13)), end(bindings)),
        SourceClause::Absent(names, reason) => {
            let names: Vec<String> = names.iter().map(|n| name(&n.node)).collect();
            (format!("absent   {} because {}", names.join(", "), text(&reason.node)), reason.span)
        }
        SourceClause::Field(binding) => {
            let field = name(&binding.name.node);
            (format!("{field:width$} = {}", fitted(&binding.value, width + 7, 4)), binding.value.span)
        }
    }
}

fn at_clause(at: &At) -> (String, Span) {
    let place =
        at.place.as_ref().map(|p| if at.quoted { format!(" {}", text(&p.node)) } else { format!(" {}", p.node) });
    let mut line = format!("at       {}{}", at.target.node, place.unwrap_or_default());
    let mut span = at.place.as_ref().map_or(at.target.span, |p| p.span);
    if let Some(last) = at.columns.last() {
        span = last.name.span;
        let columns: Vec<String> = at
            .columns
            .iter()
            .map(|c| {
                let path = suffixes_text(&c.path.node);
                c.kind.as_ref().map_or_else(
                    || format!("{path} = {}", c.name.node),
                    |k| format!("{path} = {}({})", k.node, c.name.node),
                )
            })
            .collect();
        let flat = format!("{line} {{ {} }}", columns.join(", "));
        line = if flat.chars().count() + 4 <= WIDTH {
            flat
        } else {
            format!("{line} {{\n             {}\n    }}", columns.join(",\n             "))
        };
    }
    (line, span)
}

fn field_text(field: &Field) -> String {
    let ty = match &field.ty.node {
        FieldType::One(ty) => ty.clone(),
        FieldType::List(ty) => format!("list of {ty}"),
        FieldType::Records(fields) => {
            let fields: Vec<String> = fields.iter().map(|(n, ty)| format!("{} : {}", name(&n.node), ty.node)).collect();
            format!("list of {{ {} }}", fields.join(", "))
        }
    };
    let word = |word: &str, value: &Option<crate::source::Spanned<String>>| {
        value.as_ref().map(|v| format!(" {word} {}", text(&v.node))).unwrap_or_default()
    };
    let content = if field.content { " content" } else { "" };
    let default = field.default.as_ref().map(|d| format!(" = {}", print_expr(d))).unwrap_or_default();
    format!(
        "{ty}{content}{}{}{}{default}",
        word("unit", &field.unit),
        word("otel", &field.otel),
        word("ocsf", &field.ocsf)
    )
}
