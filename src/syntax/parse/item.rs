//! Items and clauses: pest's pairs → [`crate::syntax::ast`].

use super::{P, Reader, Rule};
use crate::source::Spanned;
use crate::syntax::ast::{
    Assemble, At, CLAUSE_WORDS, Clause, Column, Doc, Field, FieldType, Item, ItemKind, Join, List, ListBody, Literal,
    Mute, Name, Operations, Over, Part, Rule as RuleItem, Source, SourceClause, Stream, TextClause, Widen,
};
use crate::syntax::errors;

impl Reader {
    pub(super) fn item(&mut self, pair: P<'_>) -> Option<Item> {
        let mut doc = Doc::new();
        let mut kind = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::doc => doc.push(self.doc(&part)),
                Rule::stream => kind = self.stream(part).map(ItemKind::Stream),
                Rule::source => kind = self.source(part).map(|s| ItemKind::Source(Box::new(s))),
                Rule::list => kind = self.list(part).map(ItemKind::List),
                Rule::table => kind = self.table(part).map(ItemKind::Table),
                Rule::operations => kind = self.operations(part).map(ItemKind::Operations),
                Rule::rule_item => kind = self.rule(part).map(|r| ItemKind::Rule(Box::new(r))),
                Rule::correlate => kind = self.correlate(part).map(ItemKind::Correlate),
                Rule::calendar => kind = self.calendar(part).map(ItemKind::Calendar),
                Rule::prices => kind = self.prices(part).map(ItemKind::Prices),
                Rule::exception => kind = self.exception(part).map(ItemKind::Exception),
                Rule::test => kind = self.test(part).map(ItemKind::Test),
                _ => {
                    if let Some(word) = part.into_inner().next() {
                        let span = self.span(&word);
                        self.say(errors::not_yet(span, word.as_str()));
                    }
                }
            }
        }
        kind.map(|kind| Item { doc, kind })
    }

    fn doc(&mut self, pair: &P<'_>) -> Spanned<String> {
        let text = pair.as_str().trim_start_matches('/').trim_end();
        Spanned::new(text.strip_prefix(' ').unwrap_or(text).to_owned(), self.span(pair))
    }

    fn rule(&mut self, pair: P<'_>) -> Option<RuleItem> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut signal) = (None, false);
        let mut clauses: Vec<Spanned<Clause>> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_signal => signal = true,
                Rule::word => name = Some(self.name(&part)),
                Rule::clause => {
                    let at = self.span(&part);
                    if let Some(clause) = self.clause(part) {
                        clauses.push(Spanned::new(clause, at));
                    }
                }
                _ => {}
            }
        }
        self.check_order(&clauses, Clause::word, Clause::rank, &CLAUSE_WORDS);
        Some(RuleItem { name: name?, signal, clauses, span })
    }

    /// The order of clauses, and those that may stand only once.
    pub(super) fn check_order<T>(
        &mut self,
        clauses: &[Spanned<T>],
        word: fn(&T) -> &'static str,
        rank: fn(&T) -> usize,
        order: &[&str],
    ) {
        let mut last: Option<&Spanned<T>> = None;
        for (n, clause) in clauses.iter().enumerate() {
            let named = word;
            let word = named(&clause.node);
            let head =
                crate::source::Span { end: clause.span.start + u32::try_from(word.len()).unwrap_or(0), ..clause.span };
            if let Some(first) = clauses.iter().take(n).find(|c| named(&c.node) == word && word != "where") {
                let first = crate::source::Span { end: first.span.start + head.end - head.start, ..first.span };
                self.say(errors::duplicate_clause(head, word, first));
            } else if let Some(last) = last.filter(|last| rank(&last.node) > rank(&clause.node)) {
                self.say(errors::clause_order(head, word, named(&last.node), order));
            }
            if last.is_none_or(|last| rank(&last.node) <= rank(&clause.node)) {
                last = Some(clause);
            }
        }
    }

    pub(super) fn clause(&mut self, pair: P<'_>) -> Option<Clause> {
        let part = pair.into_inner().next()?;
        let span = self.span(&part);
        let rule = part.as_rule();
        let mut parts = part.into_inner().filter(|p| !is_keyword(p)).peekable();
        Some(match rule {
            Rule::severity => {
                let value = parts.next()?;
                if value.as_rule() == Rule::case {
                    Clause::SeverityCase(self.case(value))
                } else {
                    Clause::Severity(self.name(&value))
                }
            }
            Rule::tags => Clause::Tags(self.tags(parts)),
            Rule::from => {
                let stream = self.name(&parts.next()?);
                let only = parts.next().map(|names| self.names(names)).unwrap_or_default();
                Clause::From(stream, only)
            }
            Rule::with => Clause::With(self.bindings(parts.next()?)),
            Rule::each => {
                let word = self.name(&parts.next()?);
                Clause::Each(word, self.reference(parts.next()?))
            }
            Rule::r#where => Clause::Where(self.expression(parts.next()?)),
            Rule::over => Clause::Over(self.over(parts)?),
            Rule::r#let => Clause::Let(self.bindings(parts.next()?)),
            Rule::when => Clause::When(self.expression(parts.next()?)),
            Rule::show => Clause::Show(parts.filter_map(|p| self.key(p)).collect()),
            Rule::mute => Clause::Mute(self.mute(parts)?),
            Rule::doc_slip => {
                self.say(errors::stray_doc(span));
                return None;
            }
            _ => {
                let (kind, texts) = self.texts(rule, parts)?;
                Clause::Texts(kind, texts)
            }
        })
    }

    pub(super) fn tags<'i>(&mut self, parts: impl Iterator<Item = P<'i>>) -> Vec<Spanned<String>> {
        parts.map(|p| Spanned::new(p.as_str().to_owned(), self.span(&p))).collect()
    }

    pub(super) fn mute<'i>(&mut self, mut parts: impl Iterator<Item = P<'i>>) -> Option<Mute> {
        let length = parts.next()?;
        let length = Spanned::new(self.duration(&length), self.span(&length));
        let keys = parts.next().map(|names| self.names(names)).unwrap_or_default();
        Some(Mute { length, keys })
    }

    /// A clause of texts.
    pub(super) fn texts<'i>(
        &mut self,
        rule: Rule,
        mut parts: impl Iterator<Item = P<'i>>,
    ) -> Option<(TextClause, Vec<Spanned<String>>)> {
        let part = parts.next()?;
        Some(match rule {
            Rule::respond => (TextClause::Respond, self.strings(part)),
            Rule::benign => (TextClause::Benign, self.strings(part)),
            Rule::owner => (TextClause::Owner, vec![Spanned::new(self.text(&part), self.span(&part))]),
            _ => (TextClause::References, self.strings(part)),
        })
    }

    fn over<'i>(&mut self, parts: impl Iterator<Item = P<'i>>) -> Option<Over> {
        let (mut length, mut step, mut keys, mut across) = (None, None, Vec::new(), None);
        for part in parts {
            match part.as_rule() {
                Rule::duration => {
                    let value: Spanned<Literal> = Spanned::new(self.duration(&part), self.span(&part));
                    if length.is_none() {
                        length = Some(value);
                    } else {
                        step = Some(value);
                    }
                }
                Rule::keys => keys = part.into_inner().filter_map(|p| self.key(p)).collect(),
                _ => across = Some(Spanned::new((), self.span(&part))),
            }
        }
        length.map(|length| Over { length, step, keys, across })
    }

    pub(super) fn names(&mut self, pair: P<'_>) -> Vec<Name> {
        pair.into_inner().map(|p| self.name(&p)).collect()
    }

    pub(super) fn strings(&mut self, pair: P<'_>) -> Vec<Spanned<String>> {
        pair.into_inner().map(|p| Spanned::new(self.text(&p), self.span(&p))).collect()
    }

    fn stream(&mut self, pair: P<'_>) -> Option<Stream> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut fields) = (None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::field => fields.extend(self.field(part)),
                _ => {}
            }
        }
        Some(Stream { name: name?, fields, span })
    }

    fn field(&mut self, pair: P<'_>) -> Option<Field> {
        let (mut doc, mut name, mut ty, mut content) = (Doc::new(), None, None, false);
        let (mut unit, mut otel, mut ocsf, mut default) = (None, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::doc => doc.push(self.doc(&part)),
                Rule::name => name = Some(self.name(&part)),
                Rule::field_type => ty = Some(Spanned::new(self.field_type(part.clone()), self.span(&part))),
                Rule::tier => content = part.as_str().starts_with("content"),
                Rule::unit => unit = self.only_string(part),
                Rule::semantics if part.as_str().starts_with("otel") => otel = self.only_string(part),
                Rule::semantics => ocsf = self.only_string(part),
                Rule::field_default => default = part.into_inner().next_back().map(|p| self.expression(p)),
                _ => {}
            }
        }
        Some(Field { doc, name: name?, ty: ty?, content, unit, otel, ocsf, default })
    }

    fn only_string(&mut self, pair: P<'_>) -> Option<Spanned<String>> {
        let string = pair.into_inner().find(|p| p.as_rule() == Rule::string)?;
        Some(Spanned::new(self.text(&string), self.span(&string)))
    }

    fn field_type(&mut self, pair: P<'_>) -> FieldType {
        let list = pair.as_str().starts_with("list");
        let mut named = String::new();
        for part in pair.into_inner().filter(|p| !is_keyword(p)) {
            if part.as_rule() == Rule::record_type {
                let mut fields = Vec::new();
                for field in part.into_inner() {
                    let mut parts = field.into_inner().filter(|p| !is_keyword(p));
                    if let (Some(name), Some(ty)) = (parts.next(), parts.next()) {
                        fields.push((self.name(&name), self.name(&ty)));
                    }
                }
                return FieldType::Records(fields);
            }
            part.as_str().clone_into(&mut named);
        }
        if list { FieldType::List(named) } else { FieldType::One(named) }
    }

    fn source(&mut self, pair: P<'_>) -> Option<Source> {
        let span = Spanned::new((), self.span(&pair));
        let (mut names, mut clauses) = (Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => names.push(self.name(&part)),
                Rule::source_clause => {
                    let at = self.span(&part);
                    clauses.extend(self.source_clause(part).map(|clause| Spanned::new(clause, at)));
                }
                _ => {}
            }
        }
        let stream = names.pop()?;
        Some(Source { name: names.pop()?, stream, clauses, span })
    }

    pub(super) fn source_clause(&mut self, pair: P<'_>) -> Option<SourceClause> {
        let part = pair.into_inner().next()?;
        let rule = part.as_rule();
        let mut parts = part.into_inner().filter(|p| !is_keyword(p));
        Some(match rule {
            Rule::at => SourceClause::At(self.place(parts)?),
            Rule::delay => {
                let duration = parts.next()?;
                SourceClause::Delay(Spanned::new(self.duration(&duration), self.span(&duration)))
            }
            Rule::unique => SourceClause::Unique(self.expression(parts.next()?)),
            Rule::provided => SourceClause::Provided(self.names(parts.next()?)),
            Rule::r#where => SourceClause::Where(self.expression(parts.next()?)),
            Rule::with => SourceClause::With(self.bindings(parts.next()?)),
            Rule::absent => {
                let names = parts.next()?;
                let reason = parts.next()?;
                SourceClause::Absent(self.names(names), Spanned::new(self.text(&reason), self.span(&reason)))
            }
            Rule::enable => SourceClause::Enable(self.strings(parts.next()?)),
            Rule::trap => SourceClause::Trap(self.strings(parts.next()?)),
            Rule::assemble => SourceClause::Assemble(self.assemble(parts)?),
            Rule::widen => SourceClause::Widen(self.widen(parts)?),
            Rule::join => SourceClause::Join(self.join(parts)?),
            _ => SourceClause::Field(parts.next().and_then(|p| self.binding(p))?),
        })
    }

    fn place<'i>(&mut self, parts: impl Iterator<Item = P<'i>>) -> Option<At> {
        let (mut target, mut place, mut quoted, mut nocase, mut columns) = (None, None, false, false, Vec::new());
        for part in parts {
            match part.as_rule() {
                Rule::anyword => target = Some(self.name(&part)),
                Rule::string => {
                    quoted = true;
                    place = Some(Spanned::new(self.text(&part), self.span(&part)));
                }
                Rule::format => place = Some(self.name(&part)),
                Rule::folded => nocase = true,
                _ => columns = part.into_inner().filter_map(|p| self.column(p)).collect(),
            }
        }
        Some(At { target: target?, place, quoted, nocase, columns })
    }

    fn assemble<'i>(&mut self, parts: impl Iterator<Item = P<'i>>) -> Option<Assemble> {
        let (mut sums, mut within, mut played) = (Vec::new(), None, Vec::new());
        for part in parts {
            match part.as_rule() {
                Rule::sum => sums.push(self.sum(part)),
                Rule::duration => within = Some(Spanned::new(self.duration(&part), self.span(&part))),
                Rule::part => {
                    let span = self.span(&part);
                    played.extend(self.part(part).map(|part| Spanned::new(part, span)));
                }
                _ => {}
            }
        }
        let time = sums.pop()?;
        Some(Assemble { key: sums.pop()?, within: within?, time, parts: played })
    }

    fn part(&mut self, pair: P<'_>) -> Option<Part> {
        let (mut name, mut optional, mut condition, mut lists, mut order) = (None, false, None, None, None);
        let mut places = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::kw_optional => optional = true,
                Rule::expression => condition = Some(self.expression(part)),
                Rule::part_lists => {
                    lists = part
                        .into_inner()
                        .find(|p| !is_keyword(p))
                        .and_then(|list| list.into_inner().next())
                        .map(|list| self.reference(list))
                }
                Rule::part_order => order = part.into_inner().find(|p| !is_keyword(p)).map(|sum| self.sum(sum)),
                Rule::at => {
                    let span = self.span(&part);
                    let place = self.place(part.into_inner().filter(|p| !is_keyword(p)));
                    places.extend(place.map(|at| Spanned::new(at, span)));
                }
                _ => {}
            }
        }
        Some(Part { name: name?, optional, condition: condition?, lists, order, places })
    }

    fn widen<'i>(&mut self, mut parts: impl Iterator<Item = P<'i>>) -> Option<Widen> {
        let (field, target) = (self.name(&parts.next()?), self.name(&parts.next()?));
        let keys = self.strings(parts.next()?);
        let reason = parts.next()?;
        Some(Widen { field, target, keys, reason: Spanned::new(self.text(&reason), self.span(&reason)) })
    }

    fn join<'i>(&mut self, mut parts: impl Iterator<Item = P<'i>>) -> Option<Join> {
        let (lender, on) = (self.name(&parts.next()?), self.name(&parts.next()?));
        let within = parts.next()?;
        let within = Spanned::new(self.duration(&within), self.span(&within));
        Some(Join { lender, on, within, fields: self.names(parts.next()?) })
    }

    fn column(&mut self, pair: P<'_>) -> Option<Column> {
        let (mut path, mut kind, mut name, mut quoted) = (None, None, None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::raw_path => {
                    let span = self.span(&part);
                    path = Some(Spanned::new(part.into_inner().map(|p| self.suffix(&p)).collect(), span));
                }
                Rule::column_kind => kind = Some(self.name(&part)),
                Rule::string => {
                    quoted = true;
                    name = Some(Spanned::new(self.text(&part), self.span(&part)));
                }
                _ => name = Some(self.name(&part)),
            }
        }
        Some(Column { path: path?, kind, name: name?, quoted })
    }

    fn list(&mut self, pair: P<'_>) -> Option<List> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut of, mut body) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::anyword => of = Some(self.name(&part)),
                Rule::string => body = Some(ListBody::File(Spanned::new(self.text(&part), self.span(&part)))),
                Rule::list_literal => body = Some(ListBody::Elements(self.list_literal(part))),
                _ => {}
            }
        }
        Some(List { name: name?, of, body: body?, span })
    }

    fn operations(&mut self, pair: P<'_>) -> Option<Operations> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut clouds) = (None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => name = Some(self.name(&part)),
                Rule::cloud_operations => {
                    let mut parts = part.into_inner();
                    if let (Some(cloud), Some(strings)) = (parts.next(), parts.next()) {
                        clouds.push((self.name(&cloud), self.strings(strings)));
                    }
                }
                _ => {}
            }
        }
        Some(Operations { name: name?, clouds, span })
    }
}

/// Whether a pair is a keyword, which says nothing that its parent's rule does not say.
pub(super) fn is_keyword(pair: &P<'_>) -> bool {
    format!("{:?}", pair.as_rule()).starts_with("kw_")
}
