//! Exceptions: which rules they are for, in their own pack and in those that are given with it; their conditions → those of the rules.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{Names, Resolver};
use super::{All, Written, errors};
use crate::ir::{Comparison, Expr, ExprKind, Literal, Pred, PredKind, Type};
use crate::schema::Operations;
use crate::syntax::ast::{self, ExceptionClause, ItemKind};

/// An exception of a rule.
#[derive(Clone, Copy)]
pub(super) struct Excepting<'a> {
    /// As it was written.
    written: &'a ast::Exception,
    /// What its condition calls by name, where that is another pack's.
    elsewhere: Option<&'a Elsewhere>,
}

/// What another pack names.
pub(super) struct Elsewhere {
    names: Names,
    operations: BTreeMap<String, Operations>,
}

impl<'a> All<'a> {
    /// What other packs name whose exceptions are for rules of this one, each with its place among them. What is wrong with it is said there.
    pub(super) fn elsewhere(&self) -> Vec<(usize, Elsewhere)> {
        let of = |other: &Written<'a>| {
            let mut all = All::new(*other, &[]);
            all.names();
            Elsewhere { names: all.names, operations: all.schema.operations }
        };
        let tunes = |other: &Written<'a>| exceptions_of(other).any(|one| one.rules.iter().any(|rule| self.has(rule)));
        let others = self.others.iter().enumerate().filter(|(_, other)| tunes(other));
        others.map(|(at, other)| (at, of(other))).collect()
    }

    /// Whether another pack means a rule of this one.
    fn has(&self, rule: &ast::Excepted) -> bool {
        rule.pack.as_ref().is_some_and(|pack| pack.node == self.own.id)
    }

    /// The exceptions of each rule: the pack's own first, then those of others.
    pub(super) fn exceptions<'e>(
        &mut self,
        elsewhere: &'e [(usize, Elsewhere)],
    ) -> BTreeMap<&'e str, Vec<Excepting<'e>>>
    where
        'a: 'e,
    {
        let written = self.once(
            "exception",
            |kind| match kind {
                ItemKind::Exception(exception) => Some(exception),
                _ => None,
            },
            |exception| &exception.name,
        );
        let rules = rules_of(&self.own);
        let mut of_rules: BTreeMap<&'e str, Vec<Excepting<'e>>> = BTreeMap::new();
        for (_, written) in written {
            self.complete(written);
            for one in &written.rules {
                match &one.pack {
                    Some(pack) if !self.has(one) => self.of_another(pack, &one.rule),
                    _ if rules.contains(one.rule.node.as_str()) => {
                        of_rules.entry(&one.rule.node).or_default().push(Excepting { written, elsewhere: None });
                    }
                    _ if self.names.is_broken("rule", &one.rule.node) => {}
                    _ => self.diagnostics.push(errors::unknown(one.rule.span, "rule", &one.rule.node, rules.clone())),
                }
            }
        }
        for (at, names) in elsewhere {
            for written in self.others.get(*at).into_iter().flat_map(exceptions_of) {
                for one in written.rules.iter().filter(|one| self.has(one)) {
                    let excepting = Excepting { written, elsewhere: Some(names) };
                    of_rules.entry(&one.rule.node).or_default().push(excepting);
                }
            }
        }
        of_rules
    }

    /// Says which clauses an exception lacks.
    fn complete(&mut self, written: &ast::Exception) {
        for (word, help) in [
            ("where", "say what it is about: `where caller.id == \"…\"`"),
            ("until", "say when it ends, so that somebody looks at it again: `until 2027-01-01`"),
            ("reason", "say why: `reason \"…\"`"),
        ] {
            if !written.clauses.iter().any(|clause| clause.node.word() == word) {
                let name = &written.name;
                self.diagnostics.push(errors::missing_clause(name.span, "exception", &name.node, word, help));
            }
        }
    }

    /// Says what is wrong with a rule of another pack. Its condition is resolved with that pack's rules.
    fn of_another(&mut self, pack: &ast::Name, rule: &ast::Name) {
        let Some(other) = self.others.iter().find(|other| other.id == pack.node) else {
            let known = self.others.iter().map(|other| other.id);
            return self.diagnostics.push(errors::pack_not_given(pack.span, &pack.node, known));
        };
        let rules = rules_of(other);
        let broken = |broken: &&ast::Broken| broken.name == rule.node && ["rule", "signal"].contains(&&*broken.word);
        let broken = other.files.iter().flat_map(|file| &file.broken).any(|one| broken(&one));
        if !broken && !rules.contains(rule.node.as_str()) {
            let whose = format!("the pack `{}`", pack.node);
            self.diagnostics.push(errors::lacks(rule.span, &whose, "rule", &rule.node, rules));
        }
    }
}

/// A pack's exceptions, in the order of files and text.
fn exceptions_of<'a>(pack: &Written<'a>) -> impl Iterator<Item = &'a ast::Exception> + use<'a> {
    let items = pack.files.iter().flat_map(|file| &file.items);
    items.filter_map(|item| match &item.kind {
        ItemKind::Exception(exception) => Some(exception),
        _ => None,
    })
}

/// The names of a pack's rules and signals.
fn rules_of<'a>(pack: &Written<'a>) -> BTreeSet<&'a str> {
    let items = pack.files.iter().flat_map(|file| &file.items);
    let named = items.filter_map(|item| match &item.kind {
        ItemKind::Rule(rule) => Some(rule.name.node.as_str()),
        _ => None,
    });
    named.collect()
}

impl<'a> Resolver<'a> {
    /// `where not (P)` for events before its end.
    pub(super) fn exception(&mut self, excepting: Excepting<'a>) -> Option<Pred> {
        let own = (self.names, self.operations);
        if let Some(elsewhere) = excepting.elsewhere {
            (self.names, self.operations) = (&elsewhere.names, &elsewhere.operations);
        }
        let excepted = self.excepted(excepting.written);
        (self.names, self.operations) = own;
        Some(excepted?.negate())
    }

    /// What an exception is about.
    fn excepted(&mut self, written: &ast::Exception) -> Option<Pred> {
        let mut preds = Vec::new();
        for clause in &written.clauses {
            match &clause.node {
                ExceptionClause::Where(condition) => preds.push(self.pred(condition)?),
                ExceptionClause::Until(date) => {
                    let ast::Literal::Time(until, _) = date.node else { continue };
                    let stream = self.scope.stream?;
                    let time = Expr::new(ExprKind::Field(stream.time()), Type::Time, date.span);
                    let until = Expr::literal(Literal::Time(until), date.span);
                    preds.push(Pred::new(PredKind::Compare(Comparison::Less, time, until), date.span));
                }
                ExceptionClause::Reason(_) => {}
            }
        }
        Some(Pred::all(preds, written.name.span))
    }
}
