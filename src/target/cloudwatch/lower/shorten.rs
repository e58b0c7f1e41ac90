//! A condition or commands in, shorter ones that mean the same out: a query has 10,000 characters, and a list of phrases is most of them.

use std::collections::BTreeSet;

use super::texts::matches_empty;
use crate::ir::pattern::{Node, avoids};
use crate::target::cloudwatch::tree::{Command, Field, Function, Operator, Term};

/// Characters that may stand between texts that are sought in together.
const SEPARATORS: [&str; 6] = ["|", "~", "^", ";", "@", "="];

/// Patterns with fewer parts are written out for each text.
const LONG: usize = 40;

/// The condition, shorter.
pub(super) fn shorten(term: Term) -> Term {
    match term {
        Term::And(terms) => Term::all(without_implied(terms.into_iter().map(shorten).collect())),
        Term::Or(terms) => Term::any(sought_together(terms.into_iter().map(shorten).collect())),
        Term::Not(inner) => Term::Not(Box::new(shorten(*inner))),
        term => term,
    }
}

/// The commands without columns that nothing reads.
pub(super) fn without_unread(commands: Vec<Command>) -> Vec<Command> {
    let mut read: BTreeSet<String> = BTreeSet::new();
    let mut kept = Vec::new();
    for mut command in commands.into_iter().rev() {
        match &mut command {
            Command::Fields(columns) => {
                columns.retain(|(_, name)| read.contains(name));
                columns.iter().for_each(|(term, _)| note_read(term, &mut read));
                if columns.is_empty() {
                    continue;
                }
            }
            Command::Parse(field, _, name) => {
                if !read.contains(name) {
                    continue;
                }
                note_read(&Term::Field(field.clone()), &mut read);
            }
            Command::Filter(condition) => note_read(condition, &mut read),
            // It gives rows, whether its column is read or not.
            Command::Unnest(list, _) => note_read(&Term::Field(list.clone()), &mut read),
            Command::Stats(columns, by) => {
                read = by.iter().cloned().collect();
                columns.iter().for_each(|(term, _)| note_read(term, &mut read));
            }
            Command::Display(names) | Command::Sort(names) => read.extend(names.iter().cloned()),
            Command::Dedup(name) => _ = read.insert(name.clone()),
            Command::Limit(_) => {}
        }
        kept.push(command);
    }
    kept.reverse();
    kept
}

fn note_read(term: &Term, read: &mut BTreeSet<String>) {
    term.walk(&mut |term| {
        if let Term::Field(Field::Made(name, _)) = term {
            read.insert(name.clone());
        }
    });
}

/// Without the tests that a value is there where another test of it implies that.
fn without_implied(terms: Vec<Term>) -> Vec<Term> {
    let tested: Vec<&Term> = terms.iter().filter_map(positive_subject).collect();
    let implied: Vec<bool> =
        terms.iter().map(|term| presence(term).is_some_and(|subject| tested.contains(&subject))).collect();
    terms.into_iter().zip(implied).filter(|(_, implied)| !implied).map(|(term, _)| term).collect()
}

/// The subject of a test that fails for null and for empty text.
fn positive_subject(term: &Term) -> Option<&Term> {
    match term {
        Term::In(subject, _, false) | Term::Holds(subject, _, false) => Some(subject),
        Term::Binary(Operator::Equal, subject, value) if matches!(**value, Term::Text(ref text) if !text.text().is_empty()) => {
            Some(subject)
        }
        Term::Like(subject, node, false) if !matches_empty(node) => Some(subject),
        _ => None,
    }
}

/// The subject of `coalesce(x, "") != ""`.
fn presence(term: &Term) -> Option<&Term> {
    let Term::Binary(Operator::NotEqual, left, right) = term else { return None };
    match (&**left, &**right) {
        (Term::Call(Function::Coalesce, args), Term::Text(text)) if text.text().is_empty() => match args.as_slice() {
            [subject, Term::Text(text)] if text.text().is_empty() => Some(subject),
            _ => None,
        },
        _ => None,
    }
}

/// One pattern that is sought in several texts is sought in all of them at once, with a character between them that it can't match.
fn sought_together(terms: Vec<Term>) -> Vec<Term> {
    let mut out: Vec<Term> = Vec::new();
    let mut open = terms;
    while !open.is_empty() {
        let first = open.remove(0);
        let Term::Like(_, node, false) = &first else {
            out.push(first);
            continue;
        };
        let node = node.clone();
        let separator = SEPARATORS.into_iter().find(|separator| separator.chars().all(|c| avoids(&node, c)));
        let (Some(separator), true) = (separator, size(&node) >= LONG && !matches_empty(&node)) else {
            out.push(first);
            continue;
        };
        let same = |term: &Term| matches!(term, Term::Like(_, other, false) if *other == node);
        let (alike, rest): (Vec<Term>, Vec<Term>) = open.into_iter().partition(same);
        open = rest;
        if alike.is_empty() {
            out.push(first);
            continue;
        }
        let mut texts = Vec::new();
        for term in std::iter::once(first).chain(alike) {
            let Term::Like(subject, ..) = term else { continue };
            if !texts.is_empty() {
                texts.push(Term::word(separator));
            }
            // A map or list is null for `substr`, and would be for `concat`.
            texts.push(Term::call(Function::Substr, [*subject, Term::Int(0)]).or(Term::word("")));
        }
        out.push(Term::Like(Box::new(Term::call(Function::Concat, texts)), node, false));
    }
    out
}

fn size(node: &Node) -> usize {
    match node {
        Node::Repeat { node, .. } | Node::Group(node) => 1 + size(node),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().map(size).sum(),
        _ => 1,
    }
}
