//! Whose a record is: takes a record, gives the source of a schema that it is of, by what the sources declare.
//!
//! A source takes a record that its `where` does not exclude and that has the source's id, or its time; one that is put together of several
//! records takes what plays a part that every event has, and beside their own source what plays an optional one. Where several take a record
//! it is of the one whose time it has, then of the one that has its id too; if that still leaves several, of none.

use super::keys::Keys;
use crate::bind::field_expr;
use crate::diag::Diagnostic;
use crate::eval::Json;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::ir::{Assemble, Expr, ExprKind, Part, Source, Stream};
use crate::schema::Schema;

/// Whose a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognized {
    /// Of the first of these sources, by their place in the schema. The others put it together with records of their own.
    Of(Vec<usize>),
    /// Of no source with files.
    None,
    /// As well of one as of another.
    Ambiguous(Vec<usize>),
}

/// Tells records of a schema's sources apart.
#[derive(Debug)]
pub struct Recognizer<'a> {
    candidates: Vec<Candidate<'a>>,
    patterns: Patterns,
}

/// A source, ready to be asked.
#[derive(Debug)]
struct Candidate<'a> {
    place: usize,
    source: &'a Source,
    time: Option<Expr>,
    id: Option<Expr>,
    keys: Option<Keys>,
    /// Whether what is asked reads the values of `with`.
    with: bool,
}

/// How a source takes a record, the firmest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// As an optional part of its events.
    Part,
    /// By its id, without a time.
    Id,
    /// By its time.
    Time,
    /// By both.
    Whole,
}

impl<'a> Recognizer<'a> {
    /// For the sources that have files.
    #[must_use]
    pub fn new(schema: &'a Schema) -> Recognizer<'a> {
        let with_files = schema.sources.iter().enumerate().filter(|(_, source)| source.files.is_some());
        let candidates = with_files
            .filter_map(|(place, source)| Some(Candidate::new(place, source, schema.stream_of(source.stream)?)));
        Recognizer { candidates: candidates.collect(), patterns: Patterns::default() }
    }

    /// Whose this record is.
    pub fn recognize(&self, record: &Json) -> Recognized {
        let claims = self
            .candidates
            .iter()
            .filter_map(|candidate| candidate.claim(record, &self.patterns).map(|claim| (claim, candidate.place)));
        let claims: Vec<(Claim, usize)> = claims.collect();
        let Some(firmest) = claims.iter().map(|(claim, _)| *claim).max() else { return Recognized::None };
        let of = |wanted: fn(Claim, Claim) -> bool| {
            claims.iter().filter(move |(claim, _)| wanted(*claim, firmest)).map(|(_, place)| *place)
        };
        let own: Vec<usize> = of(|claim, firmest| claim == firmest).collect();
        // Several may need a record as a part; it can be the own record of one only.
        if own.len() > 1 && firmest > Claim::Part {
            return Recognized::Ambiguous(own);
        }
        Recognized::Of(own.into_iter().chain(of(|claim, firmest| claim == Claim::Part && claim < firmest)).collect())
    }

    /// Fails if a pattern of a source could not be compiled: no answer was sure then.
    ///
    /// # Errors
    /// A pattern past the machine's limit.
    pub fn check(&self) -> Result<(), Diagnostic> {
        self.patterns.check()
    }
}

impl<'a> Candidate<'a> {
    fn new(place: usize, source: &'a Source, stream: &Stream) -> Candidate<'a> {
        let (time, id) = match &source.assemble {
            Some(Assemble { key, time, .. }) => (Some(time.clone()), Some(key.clone())),
            None => (field_expr(source, stream, stream.time()), source.unique.clone()),
        };
        let mut with = false;
        let mut visit = |expr: &Expr| with |= matches!(expr.kind, ExprKind::With(_));
        time.iter().chain(&id).for_each(|expr| expr.walk(&mut visit));
        source.filter.iter().for_each(|pred| pred.walk(&mut visit));
        Candidate { place, source, time, id, keys: Keys::of(source), with }
    }

    fn claim(&self, record: &Json, patterns: &Patterns) -> Option<Claim> {
        let spelled = self.keys.as_ref().map(|keys| keys.spelled(record));
        let record = spelled.as_ref().unwrap_or(record);
        let mut scope = Scope::new(Subject { source: &self.source.name, fields: &[], record }, patterns);
        let mut plays = |part: &&Part| part.filter.iter().all(|pred| scope.holds(pred));
        if let Some(assemble) = &self.source.assemble {
            let (optional, needed): (Vec<&Part>, Vec<&Part>) = assemble.parts.iter().partition(|part| part.optional);
            if !needed.iter().any(&mut plays) {
                let part = optional.iter().any(&mut plays) && self.id.iter().any(|id| scope.value(id).is_present());
                return part.then_some(Claim::Part);
            }
        } else {
            if self.with {
                self.source.with.iter().for_each(|binding| scope.bind(&binding.value));
            }
            if !self.source.filter.iter().all(|pred| scope.holds(pred)) {
                return None;
            }
        }
        let id = self.id.as_ref().is_some_and(|id| scope.value(id).is_present());
        let time = self.time.as_ref().is_some_and(|time| scope.value(time).as_time().is_some());
        match (id, time) {
            (true, true) => Some(Claim::Whole),
            (false, true) => Some(Claim::Time),
            (true, false) => Some(Claim::Id),
            (false, false) => None,
        }
    }
}
