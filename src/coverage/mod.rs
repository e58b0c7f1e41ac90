//! What is seen: takes a pack, says of each rule on each source, and of each correlation, whether the local run and each target can say it, and of each source what it
//! lacks, what must be switched on, and which rules are blind on it. `text`, `markdown` and `json` print that; `page` documents a source. `tagged` says
//! what of a catalogue of attacks rules look for; `matrix` and `navigator` show it.

mod blocks;
mod json;
mod markdown;
mod matrix;
mod navigator;
pub mod page;
mod tagged;
mod text;

pub use blocks::By;
pub use json::to_json;
pub use markdown::{markdown, tagged_markdown};
pub use matrix::tagged_to_json;
pub use navigator::to_navigator;
pub use tagged::{Catalogue, Entry, Tagged, Tagger};
pub use text::{tagged_text, text};

use crate::bind::{ForSource, Lack, admits, blind, for_source, lacks, located};
use crate::diag::Diagnostic;
use crate::ir::{Correlation, Rule, Source, Stream};
use crate::pack::Pack;
use crate::target::{Emission, Request, TARGETS, Target, emit, emit_correlation};

/// The map of one pack.
#[derive(Debug)]
pub struct Coverage<'a> {
    /// The pack's id.
    pub pack: &'a str,
    /// Its rules, in order.
    pub rules: Vec<&'a Rule>,
    /// All sources that it knows, in the order of the schema.
    pub sources: Vec<OnSource<'a>>,
    /// Its correlations, in order; a local run has all of them.
    pub correlations: Vec<OnTargets<'a>>,
}

/// A correlation, and what each target makes of it, in the order of [`TARGETS`].
#[derive(Debug)]
pub struct OnTargets<'a> {
    /// The correlation.
    pub correlation: &'a Correlation,
    /// A query or a refusal.
    pub targets: Vec<OnTarget>,
}

/// A source, and what each rule that reads its stream comes to on it.
#[derive(Debug)]
pub struct OnSource<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its stream.
    pub stream: &'a Stream,
    /// What it lacks of its stream.
    pub lacks: Vec<Lack>,
    /// In the order of the rules.
    pub rules: Vec<RuleOnSource<'a>>,
}

/// A rule on a source.
#[derive(Debug)]
pub struct RuleOnSource<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What the local run, on either engine, makes of it.
    pub local: Local,
    /// What each target makes of it, in the order of [`TARGETS`].
    pub targets: Vec<OnTarget>,
}

/// What the local run makes of a rule on a source.
#[derive(Debug)]
pub enum Local {
    /// It runs, without these items, which only show.
    Runs(Vec<String>),
    /// The log lacks what decides: the fields, and a finding for each.
    Refused(Vec<String>, Vec<Diagnostic>),
    /// It can't fire there: its operations name none of this cloud.
    Never,
}

/// What a target makes of a rule on a source.
#[derive(Debug)]
pub enum OnTarget {
    /// The source is not found there.
    NoPlace,
    /// As [`Local::Never`].
    Never,
    /// A query or a refusal.
    Emitted(Box<Emission>),
}

impl<'a> Coverage<'a> {
    /// Judges every rule of a pack on every source that it may read.
    #[must_use]
    pub fn of(pack: &'a Pack) -> Coverage<'a> {
        let rules: Vec<&Rule> = pack.resolved.rules.iter().collect();
        let schema = &pack.resolved.schema;
        let emitted: Vec<Vec<Vec<Emission>>> = rules
            .iter()
            .map(|rule| TARGETS.iter().map(|target| emit(rule, schema, *target, Request::default())).collect())
            .collect();
        let judged = |source: &'a Source, stream: &'a Stream| {
            let here = |(rule, emitted): (&&'a Rule, &Vec<Vec<Emission>>)| {
                admits(rule, source).then(|| RuleOnSource::new(rule, source, stream, emitted))
            };
            rules.iter().zip(&emitted).filter_map(here).collect()
        };
        let sources = schema.sources.iter().filter_map(|source| {
            let stream = schema.stream_of(source.stream)?;
            Some(OnSource { source, stream, lacks: lacks(source, stream), rules: judged(source, stream) })
        });
        let correlations = pack.resolved.correlations.iter().map(|correlation| {
            let on = |target: &&dyn Target| {
                let emission = emit_correlation(correlation, &pack.resolved.rules, schema, *target, Request::default());
                OnTarget::Emitted(Box::new(emission))
            };
            OnTargets { correlation, targets: TARGETS.iter().map(on).collect() }
        });
        let (sources, correlations) = (sources.collect(), correlations.collect());
        Coverage { pack: &pack.id, rules, sources, correlations }
    }

    /// The rules that run on no source, so that nothing is ever seen by them.
    #[must_use]
    pub fn blind_everywhere(&self) -> Vec<&'a Rule> {
        let runs = |rule: &Rule| {
            let here = self.sources.iter().flat_map(|source| &source.rules).filter(|here| here.rule.name == rule.name);
            here.into_iter().any(|here| matches!(here.local, Local::Runs(_)))
        };
        self.rules.iter().copied().filter(|rule| !runs(rule)).collect()
    }
}

impl<'a> RuleOnSource<'a> {
    /// `emitted`: what each target makes of the rule on its sources.
    fn new(rule: &'a Rule, source: &Source, stream: &Stream, emitted: &[Vec<Emission>]) -> RuleOnSource<'a> {
        // Runs are over archives, which may know where addresses are.
        let source = &located(source, stream);
        let local = match for_source(rule, source, stream) {
            ForSource::Rule(_, left_out) => Local::Runs(left_out),
            ForSource::Refused(reasons) => Local::Refused(blind(rule, source, stream), reasons),
            ForSource::Never => Local::Never,
        };
        let on = |(target, emitted): (&&dyn Target, &Vec<Emission>)| match emitted
            .iter()
            .find(|emission| emission.source == source.name)
        {
            Some(emission) => OnTarget::Emitted(Box::new(emission.clone())),
            None if source.place(target.info().place).is_none() => OnTarget::NoPlace,
            None => OnTarget::Never,
        };
        RuleOnSource { rule, local, targets: TARGETS.iter().zip(emitted).map(on).collect() }
    }
}

impl Local {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Local::Runs(_) => "runs",
            Local::Refused(..) => "refused",
            Local::Never => "never",
        }
    }

    /// What only shows and is left out.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        match self {
            Local::Runs(left_out) => left_out,
            Local::Refused(..) | Local::Never => &[],
        }
    }
}

impl OnTarget {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            OnTarget::NoPlace => "no place",
            OnTarget::Never => "never",
            OnTarget::Emitted(emission) => emission.query.verdict.text(),
        }
    }
}
