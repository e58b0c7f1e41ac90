//! Predicates: true or false, never missing.

use ipnet::IpNet;

use super::{Expr, Glob, Literal, Pattern, Rewrite};
use crate::redact::Entity;
use crate::source::Span;

/// A predicate and the text that asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pred {
    /// What it asks.
    pub kind: PredKind,
    /// Where it was written.
    pub span: Span,
}

/// The kinds of predicates. Each positive one is false where something it needs is missing; `!=`, `not in` and `is missing` are `Not`.
#[derive(Debug, Clone, PartialEq)]
pub enum PredKind {
    /// Always so.
    Const(bool),
    /// Every child; at least two, none of them `All`.
    All(Vec<Pred>),
    /// One child at least; at least two, none of them `Any`.
    Any(Vec<Pred>),
    /// The complement.
    Not(Box<Pred>),
    /// The value is there.
    Present(Expr),
    /// A bool value is true.
    Holds(Expr),
    /// Two values of one type; int with float compare as numbers, exactly. Equality of text, bool and ip too.
    Compare(Comparison, Expr, Expr),
    /// Text equal to text but for the case of A–Z.
    EqualNoCase(Expr, Expr),
    /// The subject equals one of the constants, all of its type; never none.
    OneOf {
        /// A scalar.
        subject: Expr,
        /// Of the subject's type.
        options: Vec<Literal>,
        /// Text with the case of A–Z folded.
        nocase: bool,
    },
    /// An address in one of the networks.
    InNetwork(Expr, Vec<IpNet>),
    /// Text found in text.
    Text {
        /// How.
        test: TextTest,
        /// Text.
        subject: Expr,
        /// Text; never none. Needles that are missing are not found.
        needles: Vec<Expr>,
        /// Every needle instead of one.
        every: bool,
        /// With the case of A–Z folded.
        nocase: bool,
    },
    /// Text in which one of the patterns (or every one) is found somewhere.
    Matches {
        /// Text.
        subject: Expr,
        /// Never none.
        patterns: Vec<Pattern>,
        /// Every pattern instead of one.
        every: bool,
    },
    /// Text in which redaction finds an entity, in the text as the log has it.
    Found {
        /// Text; in a rule over normalized fields a field of the stream.
        subject: Expr,
        /// One that can be asked for.
        entity: Entity,
    },
    /// A list that holds one of the constants (or every one) as an element.
    Has {
        /// List of scalars.
        list: Expr,
        /// Of the element's type.
        options: Vec<Literal>,
        /// Every one instead of one.
        every: bool,
        /// Text with the case of A–Z folded.
        nocase: bool,
    },
    /// One element at least (or every one, of at least one) for which the predicate holds.
    Some {
        /// The number by which `holds` names the element.
        element: usize,
        /// A list.
        list: Expr,
        /// About the element.
        holds: Box<Pred>,
        /// Every element instead of one.
        every: bool,
    },
    /// `operation is NAME`: globs by cloud; gone after `bind`, where the source's cloud picks its own.
    Operation {
        /// Text.
        subject: Expr,
        /// The name of the `operations`.
        name: String,
        /// Cloud and pattern, in the order of the declaration.
        globs: Vec<(String, Glob)>,
    },
    /// The whole text fits one of the globs.
    Fits {
        /// Text.
        subject: Expr,
        /// Never none.
        globs: Vec<Glob>,
        /// With the case of A–Z folded (Azure's operation names).
        nocase: bool,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// How text is sought in text; by code point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// The whole text.
    Equals,
    /// Anywhere.
    Contains,
    /// At the start.
    StartsWith,
    /// At the end.
    EndsWith,
}

impl Comparison {
    /// The comparison with its sides exchanged.
    #[must_use]
    pub fn flipped(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::Equal,
            Comparison::Less => Comparison::Greater,
            Comparison::LessEqual => Comparison::GreaterEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterEqual => Comparison::LessEqual,
        }
    }
}

impl TextTest {
    /// Whether the needle is found in the subject in this way; `nocase` folds A–Z only.
    #[must_use]
    pub fn finds(self, subject: &str, needle: &str, nocase: bool) -> bool {
        if nocase {
            return self.finds(&subject.to_ascii_lowercase(), &needle.to_ascii_lowercase(), false);
        }
        match self {
            TextTest::Equals => subject == needle,
            TextTest::Contains => subject.contains(needle),
            TextTest::StartsWith => subject.starts_with(needle),
            TextTest::EndsWith => subject.ends_with(needle),
        }
    }
}

impl Pred {
    /// Puts the two together.
    #[must_use]
    pub fn new(kind: PredKind, span: Span) -> Self {
        Pred { kind, span }
    }

    /// The complement; of a complement, what it is of.
    #[must_use]
    pub fn negate(self) -> Pred {
        let span = self.span;
        match self.kind {
            PredKind::Not(inner) => *inner,
            PredKind::Const(value) => Pred::new(PredKind::Const(!value), span),
            kind => Pred::new(PredKind::Not(Box::new(Pred::new(kind, span))), span),
        }
    }

    /// Whether all hold; of none, true. INVARIANT (flat)
    #[must_use]
    pub fn all(preds: Vec<Pred>, span: Span) -> Pred {
        Pred::chain(preds, span, true)
    }

    /// Whether one holds; of none, false. INVARIANT (flat)
    #[must_use]
    pub fn any(preds: Vec<Pred>, span: Span) -> Pred {
        Pred::chain(preds, span, false)
    }

    /// `all`: true is neutral and false decides; `any`: the other way round.
    fn chain(preds: Vec<Pred>, span: Span, all: bool) -> Pred {
        let mut flat = Vec::new();
        for pred in preds {
            match pred.kind {
                PredKind::All(inner) if all => flat.extend(inner),
                PredKind::Any(inner) if !all => flat.extend(inner),
                PredKind::Const(value) if value == all => {}
                PredKind::Const(_) => return Pred::new(PredKind::Const(!all), span),
                kind => flat.push(Pred::new(kind, pred.span)),
            }
        }
        match flat.len() {
            0 => Pred::new(PredKind::Const(all), span),
            1 => flat.remove(0),
            _ if all => Pred::new(PredKind::All(flat), span),
            _ => Pred::new(PredKind::Any(flat), span),
        }
    }

    /// What has to hold together, with `and` taken apart; nothing of what always holds.
    #[must_use]
    pub fn parts(&self) -> Vec<&Pred> {
        match &self.kind {
            PredKind::All(preds) => preds.iter().collect(),
            PredKind::Const(true) => Vec::new(),
            _ => vec![self],
        }
    }

    /// Calls `visit` on every expression below this predicate.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            PredKind::Const(_) => {}
            PredKind::All(preds) | PredKind::Any(preds) => preds.iter().for_each(|p| p.walk(visit)),
            PredKind::Not(inner) => inner.walk(visit),
            PredKind::Present(expr) | PredKind::Holds(expr) | PredKind::InNetwork(expr, _) => expr.walk(visit),
            PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            PredKind::OneOf { subject, .. }
            | PredKind::Matches { subject, .. }
            | PredKind::Found { subject, .. }
            | PredKind::Operation { subject, .. }
            | PredKind::Fits { subject, .. } => subject.walk(visit),
            PredKind::Text { subject, needles, .. } => {
                subject.walk(visit);
                needles.iter().for_each(|needle| needle.walk(visit));
            }
            PredKind::Has { list, .. } => list.walk(visit),
            PredKind::Some { list, holds, .. } => {
                list.walk(visit);
                holds.walk(visit);
            }
        }
    }

    /// The predicate rebuilt with `change` applied to every node, leaves first. Constants that come about are folded.
    #[must_use]
    pub fn rewrite(self, change: &mut dyn Rewrite) -> Pred {
        let Pred { kind, span } = self;
        let kind = match kind {
            PredKind::Const(value) => PredKind::Const(value),
            PredKind::All(preds) => Pred::all(preds.into_iter().map(|p| p.rewrite(change)).collect(), span).kind,
            PredKind::Any(preds) => Pred::any(preds.into_iter().map(|p| p.rewrite(change)).collect(), span).kind,
            PredKind::Not(inner) => inner.rewrite(change).negate().kind,
            PredKind::Present(expr) => PredKind::Present(expr.rewrite(change)),
            PredKind::Holds(expr) => PredKind::Holds(expr.rewrite(change)),
            PredKind::Compare(op, left, right) => PredKind::Compare(op, left.rewrite(change), right.rewrite(change)),
            PredKind::EqualNoCase(left, right) => PredKind::EqualNoCase(left.rewrite(change), right.rewrite(change)),
            PredKind::OneOf { subject, options, nocase } => {
                PredKind::OneOf { subject: subject.rewrite(change), options, nocase }
            }
            PredKind::InNetwork(expr, networks) => PredKind::InNetwork(expr.rewrite(change), networks),
            PredKind::Text { test, subject, needles, every, nocase } => PredKind::Text {
                test,
                subject: subject.rewrite(change),
                needles: needles.into_iter().map(|needle| needle.rewrite(change)).collect(),
                every,
                nocase,
            },
            PredKind::Matches { subject, patterns, every } => {
                PredKind::Matches { subject: subject.rewrite(change), patterns, every }
            }
            PredKind::Found { subject, entity } => PredKind::Found { subject: subject.rewrite(change), entity },
            PredKind::Has { list, options, every, nocase } => {
                PredKind::Has { list: list.rewrite(change), options, every, nocase }
            }
            PredKind::Some { element, list, holds, every } => {
                PredKind::Some { element, list: list.rewrite(change), holds: Box::new(holds.rewrite(change)), every }
            }
            PredKind::Operation { subject, name, globs } => {
                PredKind::Operation { subject: subject.rewrite(change), name, globs }
            }
            PredKind::Fits { subject, globs, nocase } => {
                PredKind::Fits { subject: subject.rewrite(change), globs, nocase }
            }
        };
        change.pred(Pred::new(kind, span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_to_z_are_folded() {
        assert!(TextTest::Contains.finds("IGNORE all", "ignore", true));
        assert!(!TextTest::Contains.finds("IGNORE all", "ignore", false));
        assert!(!TextTest::Equals.finds("É", "é", true));
        assert!(!TextTest::Equals.finds("ſ", "s", true));
        assert!(!TextTest::Equals.finds("\u{212a}", "k", true));
        assert!(TextTest::StartsWith.finds("abc", "AB", true) && TextTest::EndsWith.finds("abc", "BC", true));
        assert!(!TextTest::StartsWith.finds("abc", "b", false) && !TextTest::EndsWith.finds("abc", "b", false));
        // The same letter, composed and not: two texts.
        assert!(!TextTest::Equals.finds("é", "e\u{301}", false));
    }
}
