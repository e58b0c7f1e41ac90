//! Rules that are alike: takes a rule, gives what it asks without its names, texts, places and constants, and the constants.

use super::context::plain_rule;
use crate::ir::{Comparison, Expr, ExprKind, Literal, Pred, PredKind, Rewrite, Rule, SeverityOf, Texts};

/// What a rule asks.
pub(super) struct Asked {
    /// The same for rules that differ in constants, severity and texts alone.
    pub shape: String,
    /// The constants, in the order of the clauses.
    pub constants: Vec<Constant>,
    /// Severity, with its conditions.
    pub severity: String,
}

/// A constant of a rule.
#[derive(Debug, PartialEq)]
pub(super) struct Constant {
    /// What it is.
    pub literal: Literal,
    /// Whether `<` and its kind compare with it.
    pub line: bool,
}

/// What a rule asks, to be compared with others.
pub(super) fn asked(rule: &Rule) -> Asked {
    let mut plain = plain_rule(rule);
    let severity = format!("{:?}", plain.severity);
    plain.severity = SeverityOf { arms: Vec::new(), default: crate::ir::Level::Informational };
    plain.name.clear();
    plain.title.clear();
    plain.description.clear();
    plain.tags.clear();
    plain.texts = Texts::default();
    plain.mute = None;
    plain.signal = false;
    let mut taken = Taken(Vec::new());
    let plain = plain.rewrite(&mut taken);
    Asked { shape: format!("{plain:?}"), constants: taken.0, severity }
}

/// Takes constants out.
struct Taken(Vec<Constant>);

impl Taken {
    fn take(&mut self, literal: Literal) -> Literal {
        self.0.push(Constant { literal, line: false });
        Literal::Bool(false)
    }
}

impl Rewrite for Taken {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            ExprKind::Literal(literal) => Expr { kind: ExprKind::Literal(self.take(literal)), ..expr },
            _ => expr,
        }
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        let kind = match pred.kind {
            PredKind::Compare(comparison, left, right) => {
                if comparison != Comparison::Equal
                    && right.as_literal().is_some()
                    && let Some(last) = self.0.last_mut()
                {
                    last.line = true;
                }
                PredKind::Compare(comparison, left, right)
            }
            PredKind::OneOf { subject, options, nocase } => {
                let options = options.into_iter().map(|option| self.take(option)).collect();
                PredKind::OneOf { subject, options, nocase }
            }
            kind => kind,
        };
        Pred { kind, ..pred }
    }
}
