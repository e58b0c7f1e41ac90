//! Which operators fit which types, and what they give.

use std::ops::Range;

use super::Binding;
use crate::emulator::Failure;
use crate::emulator::kql::bound::{Bound, Node};
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::scope::Scope;
use crate::emulator::kql::text::Test;
use crate::emulator::kql::tree::Expr;
use crate::emulator::kql::value::Type;

/// Whether equality of two types is documented.
pub(super) fn comparable(one: Type, other: Type) -> bool {
    one == other || (one.is_number() && other.is_number()) || one == Type::Dynamic || other == Type::Dynamic
}

/// Whether values of a type have an order: for `sort`, `max` and the like.
pub(in crate::emulator::kql) fn is_ordered(kind: Type) -> bool {
    kind != Type::Dynamic
}

/// The one type of several, numbers widened.
pub(in crate::emulator::kql) fn common(kinds: impl IntoIterator<Item = Type>) -> Option<Type> {
    kinds.into_iter().map(Some).reduce(|one, other| match (one?, other?) {
        (one, other) if one == other => Some(one),
        (one, other) if one.is_whole() && other.is_whole() => Some(Type::Long),
        (one, other) if one.is_number() && other.is_number() => Some(Type::Real),
        _ => None,
    })?
}

fn undefined(word: &str, left: &Bound, right: &Bound, at: Range<usize>) -> Failure {
    let (left, right) = (left.kind.name(), right.kind.name());
    Failure::rejected(format!("`{word}` is not defined for a {left} and a {right}"), at)
}

impl Engine<'_> {
    pub(super) fn bind_minus(&self, value: &Expr, at: &Range<usize>, scope: Scope<'_>) -> Binding {
        let value = self.bind(value, scope)?;
        let kind = match value.kind {
            Type::Int | Type::Long => Type::Long,
            Type::Real => Type::Real,
            Type::Span => Type::Span,
            Type::Dynamic => return Err(Failure::unknown("minus a dynamic value is not known here", at.clone())),
            kind => return Err(Failure::rejected(format!("`-` is not defined for a {}", kind.name()), at.clone())),
        };
        Ok(Bound { kind, at: at.clone(), node: Node::Minus(Box::new(value)) })
    }

    pub(super) fn bind_binary(&self, word: &'static str, left: Bound, right: Bound, at: Range<usize>) -> Binding {
        match word {
            "==" | "!=" => self.bind_equality(word, left, right, at),
            "<" | "<=" | ">" | ">=" => self.bind_relation(word, left, right, at),
            "+" | "-" | "*" | "/" | "%" => self.bind_arithmetic(word, left, right, at),
            _ => {
                let is_text = |bound: &Bound| matches!(bound.kind, Type::Text | Type::Dynamic);
                if !is_text(&left) || !is_text(&right) {
                    return Err(undefined(word, &left, &right, at));
                }
                let node = match Test::named(word) {
                    Some(test) => Node::Test(test, Box::new(left), Box::new(right)),
                    None => {
                        self.check_pattern(&right)?;
                        Node::Matches(Box::new(left), Box::new(right))
                    }
                };
                Ok(Bound { kind: Type::Bool, at, node })
            }
        }
    }

    fn bind_equality(&self, word: &'static str, left: Bound, right: Bound, at: Range<usize>) -> Binding {
        if !comparable(left.kind, right.kind) {
            // The parser lets these pass, and no page says what they give.
            let message = format!("`{word}` of a {} and a {} is not known here", left.kind.name(), right.kind.name());
            return Err(Failure::unknown(message, at));
        }
        Ok(Bound { kind: Type::Bool, at, node: Node::Compare(word, Box::new(left), Box::new(right)) })
    }

    fn bind_relation(&self, word: &'static str, left: Bound, right: Bound, at: Range<usize>) -> Binding {
        let defined = match (left.kind, right.kind) {
            (Type::Text | Type::Guid, _) | (_, Type::Text | Type::Guid) => false,
            (Type::Dynamic, other) | (other, Type::Dynamic) => other.is_number() || other == Type::Dynamic,
            (one, other) => one == other || (one.is_number() && other.is_number()),
        };
        if !defined {
            return Err(undefined(word, &left, &right, at));
        }
        if left.kind == Type::Dynamic && right.kind == Type::Dynamic {
            return Err(Failure::unknown(format!("`{word}` of two dynamic values is not known here"), at));
        }
        Ok(Bound { kind: Type::Bool, at, node: Node::Compare(word, Box::new(left), Box::new(right)) })
    }

    fn bind_arithmetic(&self, word: &'static str, left: Bound, right: Bound, at: Range<usize>) -> Binding {
        let kind = match (left.kind, word, right.kind) {
            (one, _, other) if one.is_whole() && other.is_whole() => Type::Long,
            (one, _, other) if one.is_number() && other.is_number() => Type::Real,
            (Type::Time, "-", Type::Time) => Type::Span,
            (Type::Time, "+" | "-", Type::Span) | (Type::Span, "+", Type::Time) => Type::Time,
            (Type::Span, "+" | "-" | "%", Type::Span) => Type::Span,
            (Type::Span, "/", Type::Span) => Type::Real,
            (Type::Span, "*" | "/", other) if other.is_number() => Type::Span,
            (one, "*", Type::Span) if one.is_number() => Type::Span,
            (Type::Dynamic, _, other) | (other, _, Type::Dynamic) if other.is_number() => {
                if other == Type::Real {
                    Type::Real
                } else {
                    Type::Long
                }
            }
            (Type::Time, "+", Type::Time)
            | (Type::Span, "*", Type::Span)
            | (Type::Dynamic, ..)
            | (_, _, Type::Dynamic) => {
                let message =
                    format!("`{word}` of a {} and a {} is not known here", left.kind.name(), right.kind.name());
                return Err(Failure::unknown(message, at));
            }
            _ => return Err(undefined(word, &left, &right, at)),
        };
        Ok(Bound { kind, at, node: Node::Arithmetic(word, Box::new(left), Box::new(right)) })
    }

    pub(super) fn bind_between(&self, negated: bool, parts: (Bound, Bound, Bound), at: Range<usize>) -> Binding {
        let (value, low, mut high) = parts;
        let number = |bound: &Bound| bound.kind.is_number();
        let fits = match value.kind {
            Type::Time => {
                // An end may be said as a distance from the start.
                if high.kind == Type::Span && low.kind == Type::Time {
                    high = self.bind_arithmetic("+", low.clone(), high, at.clone())?;
                }
                low.kind == Type::Time && high.kind == Type::Time
            }
            Type::Span => low.kind == Type::Span && high.kind == Type::Span,
            Type::Dynamic => number(&low) && number(&high),
            kind => kind.is_number() && number(&low) && number(&high),
        };
        if !fits {
            return Err(undefined("between", &value, if number(&low) { &high } else { &low }, at));
        }
        let (value, low, high) = (Box::new(value), Box::new(low), Box::new(high));
        Ok(Bound { kind: Type::Bool, at, node: Node::Between { negated, value, low, high } })
    }
}
