//! `join` of a source: takes it as written and all sources resolved, puts what the source borrows into the schema, and says what can't be.

use super::errors;
use super::scope::Names;
use crate::diag::Diagnostic;
use crate::ir::{FieldId, Join, Lent, Source, Stream, Tier, Type};
use crate::schema::Schema;
use crate::source::Span;
use crate::syntax::ast::{self, Name, SourceClause};

/// Resolves the joins of sources, of those that were resolved themselves; what is wrong is said, and borrows nothing.
pub(super) fn joins(all: &[&ast::Source], schema: &mut Schema, names: &Names, diagnostics: &mut Vec<Diagnostic>) {
    for written in all {
        let mut borrowed: Vec<(FieldId, Span)> = Vec::new();
        for join in joins_of(written) {
            let Some(source) = schema.source(&written.name.node) else { break };
            let resolved = Joining { all, written, join, source, schema }.resolve(names, &mut borrowed, diagnostics);
            let borrowing = schema.sources.iter_mut().find(|source| source.name == written.name.node);
            if let (Some(borrowing), Some(resolved)) = (borrowing, resolved) {
                borrowing.joins.push(resolved);
            }
        }
    }
}

fn joins_of(written: &ast::Source) -> impl Iterator<Item = &ast::Join> {
    written.clauses.iter().filter_map(|clause| match &clause.node {
        SourceClause::Join(join) => Some(join),
        _ => None,
    })
}

/// One join as written, in its source.
struct Joining<'a> {
    all: &'a [&'a ast::Source],
    written: &'a ast::Source,
    join: &'a ast::Join,
    source: &'a Source,
    schema: &'a Schema,
}

impl Joining<'_> {
    fn resolve(
        &self,
        names: &Names,
        borrowed: &mut Vec<(FieldId, Span)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Join> {
        let Joining { join, source, schema, .. } = *self;
        let name = &join.lender;
        if name.node == source.name {
            diagnostics.push(errors::lends_to_itself(name.span, &name.node));
            return None;
        }
        let Some(lender) = schema.source(&name.node) else {
            if !names.is_broken("source", &name.node) {
                let known = schema.sources.iter().map(|one| one.name.as_str()).filter(|known| *known != source.name);
                diagnostics.push(errors::unknown(name.span, "source", &name.node, known));
            }
            return None;
        };
        let (stream, lending) = (schema.stream_of(source.stream)?, schema.stream_of(lender.stream)?);
        let before = diagnostics.len();
        let within = within(join, diagnostics);
        let on = self.on((stream, source), (lending, lender), diagnostics);
        let mut fields = Vec::new();
        for field in &join.fields {
            match self.lent(field, (stream, lending, lender), borrowed) {
                Ok(lent) => {
                    borrowed.push((lent.field, field.span));
                    fields.push(lent);
                }
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        let (on, lender_on) = on?;
        (diagnostics.len() == before).then_some(())?;
        Some(Join {
            lender: lender.name.clone(),
            stream: lender.stream,
            on,
            lender_on,
            within: within?,
            fields,
            span: name.span,
        })
    }

    /// The field whose texts are compared, on both sides.
    fn on(
        &self,
        borrowing: (&Stream, &Source),
        lending: (&Stream, &Source),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(FieldId, FieldId)> {
        let name = &self.join.on;
        let mut of = |(stream, source): (&Stream, &Source)| {
            let Some((id, field)) = stream.field(&name.node).and_then(|id| Some((id, stream.get(id)?))) else {
                let known = stream.fields.iter().map(|field| field.name.as_str());
                diagnostics.push(errors::unknown_field(name.span, &name.node, &stream.name, known));
                return None;
            };
            if field.ty != Type::Text || field.tier != Tier::Metadata {
                diagnostics.push(errors::joined_on(name.span, &name.node, &field.ty));
                return None;
            }
            if !source.gives(stream, id) {
                diagnostics.push(errors::gives_no(name.span, &source.name, &name.node));
                return None;
            }
            Some(id)
        };
        Some((of(borrowing)?, of(lending)?))
    }

    /// A field that is borrowed.
    fn lent(
        &self,
        name: &Name,
        (stream, lending, lender): (&Stream, &Stream, &Source),
        borrowed: &[(FieldId, Span)],
    ) -> Result<Lent, Diagnostic> {
        let known = |stream: &Stream| {
            let known = stream.fields.iter().map(|field| field.name.as_str());
            errors::unknown_field(name.span, &name.node, &stream.name, known)
        };
        let of = |stream: &Stream| stream.field(&name.node).ok_or_else(|| known(stream));
        let (id, of_lender) = (of(stream)?, of(lending)?);
        if let Some((_, first)) = borrowed.iter().find(|(other, _)| *other == id) {
            return Err(errors::borrowed_twice(name.span, &name.node, *first));
        }
        if id == stream.event_id() {
            return Err(errors::borrows_id(name.span));
        }
        if let Some(own) = self.own(&name.node) {
            return Err(errors::given_and_borrowed(name.span, &name.node, own));
        }
        if self.source.gives(stream, id) {
            return Err(errors::given_by_default(name.span, &name.node, &stream.name));
        }
        let lending_too = self.all.iter().find(|one| one.name.node == lender.name);
        let mut asked = lending_too.into_iter().flat_map(|one| joins_of(one)).flat_map(|join| &join.fields);
        let asked = asked.any(|field| field.node == name.node);
        if !lender.gives(lending, of_lender) {
            return Err(match asked {
                true => errors::lends_what_it_borrows(name.span, &lender.name, &name.node),
                false => errors::gives_no(name.span, &lender.name, &name.node),
            });
        }
        let declared = |stream: &Stream, id| stream.get(id).map(|field| (field.ty.clone(), field.tier));
        match (declared(stream, id), declared(lending, of_lender)) {
            (Some((ty, Tier::Metadata)), Some((other, Tier::Metadata))) if ty == other && Join::lends(&ty) => {
                Ok(Lent { field: id, lender: of_lender })
            }
            (Some((ty, Tier::Metadata)), Some((other, Tier::Metadata))) if ty != other => {
                Err(errors::lent_as_another(name.span, &name.node, (&stream.name, &ty), (&lending.name, &other)))
            }
            (Some((ty, tier)), Some((_, other))) => {
                let content = [tier, other].contains(&Tier::Content);
                Err(errors::not_lent(name.span, &name.node, &ty, content))
            }
            _ => Err(known(stream)),
        }
    }

    /// Where the source maps a field itself.
    fn own(&self, field: &str) -> Option<Span> {
        self.written.clauses.iter().find_map(|clause| match &clause.node {
            SourceClause::Field(binding) if binding.name.node == field => Some(binding.name.span),
            _ => None,
        })
    }
}

/// How far apart events may lie.
fn within(join: &ast::Join, diagnostics: &mut Vec<Diagnostic>) -> Option<i64> {
    let ast::Literal::Duration(within, _) = join.within.node else { return None };
    if within <= 0 || within > Join::LONGEST {
        diagnostics.push(errors::joined_within(join.within.span, within, Join::LONGEST));
        return None;
    }
    Some(within)
}
