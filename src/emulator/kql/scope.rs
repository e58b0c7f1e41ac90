//! What names mean where: columns, and what `let` and parameters declare.

use std::rc::Rc;

use super::bound::Bound;
use super::table::{Field, Table};
use super::tree::Function;

/// What a name means.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// A scalar: of a let it is a constant, of a parameter what was given.
    Scalar(Rc<Bound>),
    Table(Rc<Table>),
    /// A function and the names that it sees.
    Function(Rc<Function>, Names),
}

/// Names, the last declared first. Copies share.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Option<Rc<Declared>>);

#[derive(Debug)]
struct Declared {
    name: String,
    meaning: Meaning,
    before: Names,
}

impl Names {
    pub(super) fn with(&self, name: &str, meaning: Meaning) -> Names {
        Names(Some(Rc::new(Declared { name: name.to_owned(), meaning, before: self.clone() })))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Meaning> {
        let mut at = self;
        while let Some(declared) = &at.0 {
            if declared.name == name {
                return Some(&declared.meaning);
            }
            at = &declared.before;
        }
        None
    }
}

/// What an expression sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) columns: &'a [Field],
    pub(super) names: &'a Names,
}

impl<'a> Scope<'a> {
    /// Without rows.
    pub(super) fn bare(names: &'a Names) -> Scope<'a> {
        Scope { columns: &[], names }
    }

    pub(super) fn column(&self, name: &str) -> Option<(usize, &'a Field)> {
        self.columns.iter().enumerate().find(|(_, field)| field.name == name)
    }
}
