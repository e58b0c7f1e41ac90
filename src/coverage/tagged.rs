//! What rules are tagged with: takes the coverage of packs and a catalogue (MITRE ATLAS, MITRE ATT&CK, OWASP's list), says which of its entries rules look
//! for, and on which clouds these run.

use super::{Coverage, Local};
use crate::ir::{Correlation, Occurs};
use crate::schema::tags;

/// A catalogue whose ids are tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catalogue {
    /// MITRE ATLAS.
    Atlas,
    /// MITRE ATT&CK.
    Attack,
    /// OWASP Top 10 for LLM Applications.
    Owasp,
}

impl Catalogue {
    /// What stands before the colon of its tags.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Catalogue::Atlas => "atlas",
            Catalogue::Attack => "attack",
            Catalogue::Owasp => "owasp",
        }
    }

    /// What its entries are called, one and several.
    #[must_use]
    pub fn entry(self) -> [&'static str; 2] {
        match self {
            Catalogue::Atlas | Catalogue::Attack => ["technique", "techniques"],
            Catalogue::Owasp => ["risk", "risks"],
        }
    }

    /// The entry that an id is a part of: of a technique's part the technique, else itself.
    #[must_use]
    pub fn whole(self, id: &str) -> &str {
        let dots = if self == Catalogue::Atlas { 2 } else { 1 };
        id.match_indices('.').nth(dots - 1).map_or(id, |(at, _)| id.get(..at).unwrap_or(id))
    }
}

/// What packs look for in a catalogue.
#[derive(Debug)]
pub struct Tagged<'a> {
    /// The ids of the packs.
    pub packs: Vec<&'a str>,
    /// Which catalogue.
    pub catalogue: Catalogue,
    /// All clouds that the packs know, in the order of their sources.
    pub clouds: Vec<&'a str>,
    /// Each entry of the catalogue, in its order.
    pub entries: Vec<Entry<'a>>,
    /// Tags of its kind that the list which ships does not have, by what carries them.
    pub unlisted: Vec<(&'a str, &'a str)>,
}

/// An entry of a catalogue.
#[derive(Debug)]
pub struct Entry<'a> {
    /// `AML.T0051`
    pub id: &'static str,
    /// `LLM Prompt Injection`
    pub name: &'static str,
    /// What is tagged with it; signals are tagged through the correlations that read them.
    pub rules: Vec<Tagger<'a>>,
}

/// A rule or correlation that is tagged with an entry.
#[derive(Debug, Clone)]
pub struct Tagger<'a> {
    /// Its pack.
    pub pack: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The clouds on whose logs it can alert; none: it looks for the entry and sees nothing.
    pub clouds: Vec<&'a str>,
}

impl<'a> Tagged<'a> {
    /// Looks through the tags of packs.
    #[must_use]
    pub fn of(packs: &[Coverage<'a>], catalogue: Catalogue) -> Tagged<'a> {
        let mut clouds: Vec<&str> = Vec::new();
        for on in packs.iter().flat_map(|pack| &pack.sources) {
            if !clouds.contains(&on.source.cloud()) {
                clouds.push(on.source.cloud());
            }
        }
        let tagged: Vec<(&'a [String], Tagger<'a>)> = packs.iter().flat_map(|pack| taggers(pack, &clouds)).collect();
        let of = |id: &str| {
            let is = |tag: &String| tag.split_once(':') == Some((catalogue.scheme(), id));
            let with = tagged.iter().filter(|(tags, _)| tags.iter().any(is));
            with.map(|(_, tagger)| tagger.clone()).collect()
        };
        let listed = |id: &str| tags::ids(catalogue.scheme()).any(|(known, _)| known == id);
        let of_kind = |tag: &'a String| tag.split_once(':').filter(|(scheme, _)| *scheme == catalogue.scheme());
        let all = tagged.iter().flat_map(|(tags, tagger)| tags.iter().map(|tag| (tag, tagger.name)));
        let unlisted =
            all.filter_map(|(tag, name)| Some((of_kind(tag)?.1, name))).filter(|(id, _)| !listed(id)).collect();
        let entries = tags::ids(catalogue.scheme()).map(|(id, name)| Entry { id, name, rules: of(id) }).collect();
        Tagged { packs: packs.iter().map(|pack| pack.pack).collect(), catalogue, clouds, entries, unlisted }
    }

    /// How many entries of the catalogue are covered, and how many it has: one whose part is covered is covered, and parts do not count by
    /// themselves.
    #[must_use]
    pub fn covered(&self) -> (usize, usize) {
        let whole = |entry: &&Entry<'_>| self.catalogue.whole(entry.id) == entry.id;
        let covers = |id: &str| self.entries.iter().any(|e| self.catalogue.whole(e.id) == id && e.is_covered());
        let wholes: Vec<&Entry<'_>> = self.entries.iter().filter(whole).collect();
        (wholes.iter().filter(|entry| covers(entry.id)).count(), wholes.len())
    }

    /// The same in percent.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a catalogue has hundreds of entries")]
    pub fn percent(&self) -> f64 {
        let (covered, all) = self.covered();
        100.0 * covered as f64 / all.max(1) as f64
    }
}

impl Entry<'_> {
    /// Whether something that is tagged with it can alert somewhere.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.rules.iter().any(|tagger| !tagger.clouds.is_empty())
    }

    /// How many of its rules can alert on a cloud.
    #[must_use]
    pub fn on(&self, cloud: &str) -> usize {
        self.rules.iter().filter(|tagger| tagger.clouds.contains(&cloud)).count()
    }
}

/// The rules and correlations of a pack with their tags.
fn taggers<'a>(pack: &Coverage<'a>, clouds: &[&'a str]) -> Vec<(&'a [String], Tagger<'a>)> {
    let runs = |name: &str, cloud: &str| {
        let here = pack.sources.iter().filter(|on| on.source.cloud() == cloud).flat_map(|on| &on.rules);
        here.into_iter().any(|here| here.rule.name == name && matches!(here.local, Local::Runs(_)))
    };
    let all: Vec<&Correlation> = pack.correlations.iter().map(|on| on.correlation).collect();
    let mut out = Vec::new();
    for rule in &pack.rules {
        let clouds = clouds.iter().copied().filter(|cloud| runs(&rule.name, cloud)).collect();
        out.push((rule.tags.as_slice(), Tagger { pack: pack.pack, name: &rule.name, clouds }));
    }
    for one in &all {
        let mut on: Vec<&str> =
            clouds.iter().copied().filter(|cloud| can_occur(one, &all, &|name| runs(name, cloud))).collect();
        // Members on several clouds may come together where no cloud has enough of them.
        if on.is_empty() && can_occur(one, &all, &|name| clouds.iter().any(|cloud| runs(name, cloud))) {
            let reads: Vec<Correlation> = all.iter().map(|one| (*one).clone()).collect();
            let read = one.reads(&reads);
            on = clouds.iter().copied().filter(|cloud| read.iter().any(|name| runs(name, cloud))).collect();
        }
        let clouds = on;
        out.push((one.tags.as_slice(), Tagger { pack: pack.pack, name: &one.name, clouds }));
    }
    out
}

/// Whether a correlation can come about of what runs. Correlations read others that stand before them, never themselves.
fn can_occur(one: &Correlation, all: &[&Correlation], runs: &dyn Fn(&str) -> bool) -> bool {
    let member = |at: &usize| {
        let Some(member) = one.members.get(*at) else { return false };
        match all.iter().find(|other| other.name == member.name) {
            Some(other) => can_occur(other, all, runs),
            None => runs(&member.name),
        }
    };
    match &one.occurs {
        Occurs::AtLeast(least) => (0..one.members.len()).filter(member).count() >= *least,
        Occurs::Chain { steps, .. } => steps.iter().all(member),
    }
}
