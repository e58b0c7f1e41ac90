//! Fields that a source borrows from the log of another one: which, of which events.
//!
//! An event of the borrowing source gets all of them from one event of the lending one: of those with an equal text in the field `on` and a
//! time at most `within` before or after, the first in the order of time, id, and the lent values as texts, what is missing first.

use super::{Expr, ExprKind, FieldId, Rule, Source, Step, Stream, Type};
use crate::source::Span;

/// The key under which a bound rule finds what was borrowed in the raw record; no path of a source leads there.
pub const BORROWED: &str = "#borrowed";

/// What a source borrows from another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The lending source's name.
    pub lender: String,
    /// The place of its stream in [`crate::schema::Schema::streams`].
    pub stream: usize,
    /// The field whose texts are compared, in the borrowing stream.
    pub on: FieldId,
    /// The same field in the lender's stream.
    pub lender_on: FieldId,
    /// How far before or after the lender's event may lie, in microseconds; both ends in.
    pub within: i64,
    /// What is borrowed, in the order of the text; one at least.
    pub fields: Vec<Lent>,
    /// The lender's name in the text.
    pub span: Span,
}

/// A field that is borrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// In the borrowing stream.
    pub field: FieldId,
    /// In the lender's stream, of the same type: text, an address or an int.
    pub lender: FieldId,
}

impl Join {
    /// How much is borrowed over at most, in microseconds: records with one `unique` are one within as long.
    pub const LONGEST: i64 = 24 * 3_600 * super::SECOND;

    /// Whether a field of this type can be lent.
    #[must_use]
    pub fn lends(ty: &Type) -> bool {
        matches!(ty, Type::Text | Type::Ip | Type::Int)
    }

    /// Whether a rule reads anything that is borrowed.
    #[must_use]
    pub fn is_read(&self, rule: &Rule, stream: &Stream) -> bool {
        let read = rule.fields(stream);
        self.fields.iter().any(|lent| read.contains(&lent.field))
    }
}

impl Source {
    /// The join by which a field is borrowed.
    #[must_use]
    pub fn borrows(&self, field: FieldId) -> Option<&Join> {
        self.joins.iter().find(|join| join.fields.iter().any(|lent| lent.field == field))
    }

    /// The source where nobody has another log beside it.
    #[must_use]
    pub fn alone(&self) -> Source {
        Source { joins: Vec::new(), ..self.clone() }
    }

    /// The joins of which a rule reads something.
    #[must_use]
    pub fn joins_read(&self, rule: &Rule, stream: &Stream) -> Vec<&Join> {
        self.joins.iter().filter(|join| join.is_read(rule, stream)).collect()
    }

    /// How a bound rule reads a borrowed field of the raw record; none where it is not borrowed.
    #[must_use]
    pub fn borrowed(&self, stream: &Stream, field: FieldId) -> Option<Expr> {
        let join = self.borrows(field)?;
        let declared = stream.get(field)?;
        let raw = |kind| Expr::new(kind, Type::Raw, join.span);
        let steps = borrowed_path(&declared.name);
        let part = raw(ExprKind::Path(Box::new(raw(ExprKind::Record)), steps));
        Some(Expr::new(ExprKind::Read(Box::new(part)), declared.ty.clone(), join.span))
    }
}

/// Where a bound rule finds a borrowed field in the raw record.
#[must_use]
pub fn borrowed_path(field: &str) -> Vec<Step> {
    [BORROWED, field].map(|key| Step::Key(key.to_owned())).to_vec()
}
