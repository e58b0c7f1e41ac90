//! A source as documentation: takes its meaning, its text and a sample record, gives a section of Markdown.

use super::blocks::lacking;
use crate::bind::{field_expr, lacks};
use crate::ir::{FileFormat, Join, Proviso, Source, Stream, Widen, duration};
use crate::schema::COMMON;
use crate::syntax::ast::{At, Expr, Field, File, ItemKind, Literal, Part, SourceClause};
use crate::syntax::print_expr;
use crate::target::TARGETS;

/// The section on a source. `trees` are the files in which it and its stream are written; `sample` is a record as JSON, or the
/// records of an event, where there are some.
#[must_use]
pub fn page(source: &Source, stream: &Stream, trees: &[File], sample: Option<&str>) -> String {
    let written = Written::find(source, stream, trees);
    let mut out = format!("\n## {}\n\n{}\n\n", source.name, source.doc);
    out.push_str("| | |\n|---|---|\n");
    let mut row = |what: &str, cell: &str| out.push_str(&format!("| {what} | {cell} |\n"));
    row("stream", &code(&stream.name));
    row("files", &written.files());
    for target in TARGETS {
        let info = target.info();
        if let Some(place) = source.place(info.place) {
            row(&format!("place on {}", info.name), &code(&place.name));
        }
    }
    row("records arrive within", &duration(source.delay));
    row("a record is named by", &written.unique());
    row("its events are records where", &written.filter());
    if !source.provided.is_empty() {
        let words = Proviso::WORDS.iter().filter(|(_, proviso)| source.provided.contains(proviso));
        row("verdicts rest on", &words.map(|(word, _)| code(word)).collect::<Vec<_>>().join(", "));
    }
    out.push_str(&written.assembled());
    out.push_str(&note("Switch on", &source.enable));
    out.push_str("\n**Fields**\n\n| field | type | read as |\n|---|---|---|\n");
    for id in stream.ids() {
        let Some(field) = stream.get(id) else { continue };
        let read = match source.borrows(id) {
            Some(join) => borrowed(join, stream),
            None if field_expr(source, stream, id).is_some() => written.field(&field.name),
            None => continue,
        };
        out.push_str(&format!("| {} | {} | {read} |\n", code(&field.name), field.ty));
    }
    out.push_str(&note("Values that fields use", &written.values()));
    out.push_str(&note("Lacks", &lacking(&lacks(source, stream))));
    out.push_str(&note("Wider where only portable commands are used", &wider(source, stream)));
    out.push_str(&note("Traps", &source.traps));
    if let Some(sample) = sample {
        let what = match (&source.assemble, source.files) {
            (Some(_), _) => "The records of an event",
            (None, Some(FileFormat::Otlp)) => "An export request",
            _ => "A record",
        };
        out.push_str(&format!("\n**{what}**\n\n```json\n{}\n```\n", sample.trim_end()));
    }
    out
}

/// From which log a field is borrowed, and by what.
fn borrowed(join: &Join, stream: &Stream) -> String {
    let on = stream.get(join.on).map_or("", |field| &field.name);
    let within = duration(join.within);
    format!("borrowed from {}: that of its event with the same {} within {within}", code(&join.lender), code(on))
}

/// The fields that an older generation of commands only searches for, and what is found too.
fn wider(source: &Source, stream: &Stream) -> Vec<String> {
    let line = |widen: &Widen| {
        let field = stream.get(widen.field).map_or("", |field| &field.name);
        format!("{field} on {}: {}", widen.target.word(), widen.reason)
    };
    source.widened.iter().map(line).collect()
}

/// Sentences under a heading; nothing where there are none.
fn note(title: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n**{title}**\n\n{lines}") }
}

/// Code inside of a table's cell, where a bar ends the cell.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", text.replace('|', "\\|"))
}

/// What is written of a source and of its stream.
struct Written<'a> {
    clauses: Vec<&'a SourceClause>,
    /// The stream's own fields, then those of every stream.
    fields: Vec<&'a Field>,
}

impl<'a> Written<'a> {
    fn find(source: &Source, stream: &Stream, trees: &'a [File]) -> Written<'a> {
        let items = || trees.iter().flat_map(|tree| &tree.items).map(|item| &item.kind);
        let clauses = items().filter_map(|item| match item {
            ItemKind::Source(written) if written.name.node == source.name => Some(&written.clauses),
            _ => None,
        });
        let fields = items().filter_map(|item| match item {
            ItemKind::Stream(written) if [stream.name.as_str(), COMMON].contains(&written.name.node.as_str()) => {
                Some(&written.fields)
            }
            _ => None,
        });
        Written { clauses: clauses.flatten().map(|clause| &clause.node).collect(), fields: fields.flatten().collect() }
    }

    fn exprs(&self, pick: impl Fn(&'a SourceClause) -> Option<&'a Expr>) -> String {
        let texts: Vec<String> = self.clauses.iter().filter_map(|c| pick(c)).map(|e| code(&print_expr(e))).collect();
        if texts.is_empty() { "–".to_owned() } else { texts.join(" and ") }
    }

    fn unique(&self) -> String {
        self.exprs(|clause| match clause {
            SourceClause::Unique(value) => Some(value),
            _ => None,
        })
    }

    fn filter(&self) -> String {
        self.exprs(|clause| match clause {
            SourceClause::Where(condition) => Some(condition),
            _ => None,
        })
    }

    /// How its files look, in the source's own word.
    fn files(&self) -> String {
        let format = self.clauses.iter().find_map(|clause| match clause {
            SourceClause::At(at) if at.target.node == "files" => Some(at),
            _ => None,
        });
        let text = |at: &At| {
            let word = at.place.as_ref().map_or("", |place| &place.node);
            code(word) + if at.nocase { ", keys in any case" } else { "" }
        };
        format.map_or_else(|| "–".to_owned(), text)
    }

    /// Where a field comes from: the source, or the default of its stream.
    fn field(&self, name: &str) -> String {
        if name == "event.id" {
            return self.unique();
        }
        let own = self.exprs(|clause| match clause {
            SourceClause::Field(binding) if binding.name.node == name => Some(&binding.value),
            _ => None,
        });
        let default = || self.fields.iter().filter(|field| field.name.node == name).find_map(|f| f.default.as_ref());
        match default().filter(|_| own == "–") {
            Some(default) => code(&print_expr(default)),
            None => own,
        }
    }

    /// How several records become one event.
    fn assembled(&self) -> String {
        let found = self.clauses.iter().find_map(|clause| match clause {
            SourceClause::Assemble(assemble) => Some(assemble),
            _ => None,
        });
        let Some(assemble) = found else { return String::new() };
        let within = match assemble.within.node {
            Literal::Duration(us, _) => duration(us),
            _ => String::new(),
        };
        let part = |part: &Part| {
            let mut line = code(&part.name.node);
            line.push_str(if part.optional { ", which may lack: " } else { ": " });
            if let Some(lists) = &part.lists {
                line.push_str(&format!("the elements of {} of all ", code(&print_expr(lists))));
            } else {
                line.push_str("the first of ");
            }
            line.push_str(&format!("records where {}", code(&print_expr(&part.condition))));
            if let Some(order) = &part.order {
                line.push_str(&format!(", in the order of {}", code(&print_expr(order))));
            }
            for at in &part.places {
                let place = at.node.place.as_ref().map_or("", |place| &place.node);
                line.push_str(&format!("; on {} in {}", at.node.target.node, code(place)));
            }
            line
        };
        let title = format!("An event is put together from records within {within} of one another that share");
        let parts: Vec<String> = assemble.parts.iter().map(|p| part(&p.node)).collect();
        format!("\n{title} {}:\n\n- {}\n", code(&print_expr(&assemble.key)), parts.join("\n- "))
    }

    /// The values of `with`.
    fn values(&self) -> Vec<String> {
        let bindings = self.clauses.iter().filter_map(|clause| match clause {
            SourceClause::With(bindings) => Some(bindings),
            _ => None,
        });
        bindings.flatten().map(|b| format!("{}: {}", code(&b.name.node), code(&print_expr(&b.value)))).collect()
    }
}
