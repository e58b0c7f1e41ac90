//! `found` over an archive: takes a rule, gives it with the counts that the archive made before it redacted in the place of texts.
//!
//! Only texts of the content tier are redacted and counted; the others stand in the metadata tier as logs have them, and are looked through.

use crate::bind::located;
use crate::ir::{
    Comparison, Expr, ExprKind, FieldId, Literal, Pred, PredKind, REDACTED, REDACTED_PARTS, RecordType, Rewrite, Rule,
    Source, Stream, Tier, Type,
};

/// A number that no binder of a rule has.
const ELEMENT: usize = usize::MAX - 1;

/// The source, with what archives add to its events: counts, and where addresses are.
pub(super) fn completed(source: &Source, stream: &Stream) -> Source {
    let mut source = located(source, stream);
    // A stream without texts of users has nothing to count.
    if let Some(id) = stream.field(REDACTED).filter(|_| stream.fields.iter().any(|field| field.tier == Tier::Content))
        && let (Some(field), Some(ty)) = (source.fields.get_mut(id.index()), stream.get(id).map(|field| &field.ty))
    {
        *field = Some(Expr::new(ExprKind::Case(Vec::new(), None), ty.clone(), source.span));
    }
    source
}

/// The rule over an archive's counts.
pub(super) fn of_counts(rule: &Rule, stream: &Stream) -> Rule {
    let Some(redacted) = stream.field(REDACTED) else { return rule.clone() };
    let Some(ty) = stream.get(redacted).map(|field| field.ty.clone()) else { return rule.clone() };
    let Some(Type::Record(record)) = ty.element().cloned() else { return rule.clone() };
    rule.clone().rewrite(&mut Counts { stream, redacted, ty, record })
}

struct Counts<'a> {
    stream: &'a Stream,
    redacted: FieldId,
    ty: Type,
    record: std::sync::Arc<RecordType>,
}

impl Rewrite for Counts<'_> {
    fn pred(&mut self, pred: Pred) -> Pred {
        let PredKind::Found { subject, entity } = &pred.kind else { return pred };
        let ExprKind::Field(field) = subject.kind else { return pred };
        let Some(field) = self.stream.get(field).filter(|field| field.tier == Tier::Content) else { return pred };
        let [of, what, _] = REDACTED_PARTS;
        let (Some(of), Some(what)) = (self.equals(of, &field.name, &pred), self.equals(what, entity.word(), &pred))
        else {
            return pred;
        };
        let list = Expr::new(ExprKind::Field(self.redacted), self.ty.clone(), subject.span);
        let holds = Box::new(Pred::all(vec![of, what], pred.span));
        Pred::new(PredKind::Some { element: ELEMENT, list, holds, every: false }, pred.span)
    }
}

impl Counts<'_> {
    /// A part of a count is a text.
    fn equals(&self, part: &str, text: &str, asked: &Pred) -> Option<Pred> {
        let span = asked.span;
        let at = self.record.fields.iter().position(|(name, _)| name == part)?;
        let element = Expr::new(ExprKind::Element(ELEMENT), Type::Record(std::sync::Arc::clone(&self.record)), span);
        let value = Expr::new(ExprKind::Member(Box::new(element), at), Type::Text, span);
        let text = Expr::literal(Literal::Text(text.to_owned()), span);
        Some(Pred::new(PredKind::Compare(Comparison::Equal, value, text), span))
    }
}
