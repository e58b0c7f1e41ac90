//! Text of users in what a rule tells: takes a rule and its stream, gives which of its keys and which of its values hold some.

use super::{Expr, ExprKind, Rule, Stream, Tier, Type};

/// Names under which a rule's alerts hold text of the content tier, whole or in part, also where it was changed on the way. What was only asked
/// (`prompt contains "x"`) or counted (`length(prompt)`) tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContentTold {
    /// Of keys, and of the values by which correlations tell its alerts apart: they are part of an alert's identity.
    pub keys: Vec<String>,
    /// Of measures and shown items.
    pub values: Vec<String>,
}

impl Rule {
    /// Which text of users its alerts hold.
    #[must_use]
    pub fn content_told(&self, stream: &Stream) -> ContentTold {
        let holds = |value: &Expr| Held { rule: self, stream }.by(value);
        let keys = self.window.iter().flat_map(|window| &window.keys).map(|key| (&key.name, &key.value));
        let keys = keys.chain(self.carried.iter().map(|item| (&item.name, &item.value)));
        let values = self.measures.iter().chain(&self.show);
        ContentTold {
            keys: keys.filter(|(_, value)| holds(value)).map(|(name, _)| name.clone()).collect(),
            values: values.filter(|item| holds(&item.value)).map(|item| item.name.clone()).collect(),
        }
    }
}

struct Held<'a> {
    rule: &'a Rule,
    stream: &'a Stream,
}

impl Held<'_> {
    /// Whether a value holds text of the content tier.
    fn by(&self, value: &Expr) -> bool {
        let rule = self.rule;
        texts(&value.ty)
            && match &value.kind {
                ExprKind::Field(field) => self.stream.get(*field).is_some_and(|field| field.tier == Tier::Content),
                ExprKind::With(n) => rule.with.get(*n).is_some_and(|one| self.by(&one.value)),
                // Other binders end in predicates.
                ExprKind::Element(_) => rule.each.as_ref().is_some_and(|each| self.by(&each.list)),
                ExprKind::Member(of, _) => self.by(of),
                ExprKind::Call(_, args) => args.iter().any(|arg| self.by(arg)),
                ExprKind::Case(arms, default) => {
                    arms.iter().map(|(_, value)| value).chain(default.as_deref()).any(|value| self.by(value))
                }
                ExprKind::Aggregate(n) => {
                    rule.aggregates.get(*n).is_some_and(|one| one.args.iter().any(|arg| self.by(arg)))
                }
                ExprKind::Key(n) => {
                    let keys = rule.window.as_ref().map(|window| &window.keys);
                    keys.and_then(|keys| keys.get(*n)).is_some_and(|key| self.by(&key.value))
                }
                ExprKind::Measure(n) => rule.measures.get(*n).is_some_and(|one| self.by(&one.value)),
                // Of a source's expressions, or without text.
                ExprKind::Literal(_)
                | ExprKind::Record
                | ExprKind::Path(..)
                | ExprKind::Read(_)
                | ExprKind::Json(_)
                | ExprKind::Entries(..)
                | ExprKind::Rows(_)
                | ExprKind::Arithmetic(..)
                | ExprKind::Look(_) => false,
            }
    }
}

/// Whether values of a type can hold text.
fn texts(ty: &Type) -> bool {
    match ty {
        Type::Text | Type::Raw => true,
        Type::List(element) => texts(element),
        Type::Record(record) => record.fields.iter().any(|(_, ty)| texts(ty)),
        Type::Int | Type::Float | Type::Decimal | Type::Bool | Type::Time | Type::Duration | Type::Ip => false,
    }
}
