//! What becomes of a rule or correlation on targets: takes both states of it, gives for each source and target the verdicts and texts.

use std::collections::BTreeMap;

use crate::pack::Pack;
use crate::target::{Emission, Request, TARGETS, emit, emit_correlation};

/// A query before and after.
#[derive(Debug)]
pub struct QueryChange {
    /// The source; `correlation` for one of all.
    pub source: String,
    /// The target.
    pub target: &'static str,
    /// Before and after; none where there is no such rule, or it can never fire on the source.
    pub sides: [Option<Side>; 2],
}

/// One state of a query.
#[derive(Debug, PartialEq, Eq)]
pub struct Side {
    /// `exact` …
    pub verdict: &'static str,
    /// On what that rests.
    pub provided: Vec<String>,
    /// None where it is refused.
    pub text: Option<String>,
}

impl QueryChange {
    /// Whether both sides are not the same.
    #[must_use]
    pub fn differs(&self) -> bool {
        let [before, after] = &self.sides;
        before != after
    }

    /// The verdicts of both sides.
    #[must_use]
    pub fn verdicts(&self) -> [&'static str; 2] {
        self.sides.each_ref().map(|side| side.as_ref().map_or("nothing", |side| side.verdict))
    }

    /// `aws.bedrock on kql`
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} on {}", self.source, self.target)
    }
}

/// The queries of a rule or correlation in two states, by source and target.
pub(super) fn of(sides: [Option<(&Pack, &str)>; 2]) -> Vec<QueryChange> {
    let mut out: BTreeMap<(String, usize), [Option<Side>; 2]> = BTreeMap::new();
    for (at, side) in sides.into_iter().enumerate() {
        let Some((pack, name)) = side else { continue };
        for (target, emission) in emitted(pack, name) {
            let query = &emission.query;
            let side = Side {
                verdict: query.verdict.text(),
                provided: query.provided.iter().map(|condition| condition.text()).collect(),
                text: query.text.clone(),
            };
            let sides = out.entry((emission.source.clone(), target)).or_default();
            if let Some(place) = sides.get_mut(at) {
                *place = Some(side);
            }
        }
    }
    let change = |((source, target), sides): ((String, usize), _)| {
        let target = TARGETS.get(target).map_or("", |target| target.info().name);
        QueryChange { source, target, sides }
    };
    out.into_iter().map(change).collect()
}

fn emitted(pack: &Pack, name: &str) -> Vec<(usize, Emission)> {
    let schema = &pack.resolved.schema;
    let rule = pack.resolved.rules.iter().find(|rule| rule.name == name);
    let correlation = pack.resolved.correlations.iter().find(|one| one.name == name);
    let on = |(at, target): (usize, &&'static dyn crate::target::Target)| {
        let of_rule = rule.into_iter().flat_map(|rule| emit(rule, schema, *target, Request::default()));
        let rules = &pack.resolved.rules;
        let of_one = correlation.map(|one| emit_correlation(one, rules, schema, *target, Request::default()));
        of_rule.chain(of_one).map(|emission| (at, emission)).collect::<Vec<_>>()
    };
    TARGETS.iter().enumerate().flat_map(on).collect()
}
