//! What changed between two states of a pack: takes both, says which rules mean something else, which queries and verdicts come of that, and,
//! of their alerts over the same logs, which appear, disappear or differ. `text`, `markdown` and `json` print it.
//!
//! Two texts that mean the same are no change, whatever else differs between them.

mod alerts;
mod compared;
mod json;
mod markdown;
mod queries;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use alerts::AlertChanges;
pub use json::to_json;
pub use markdown::markdown;
pub use queries::{QueryChange, Side};
pub use text::text;

use crate::pack::Pack;
use compared::Seen;

/// All that changed, by name.
#[derive(Debug, Default)]
pub struct Changes {
    /// Rules, signals and correlations.
    pub rules: Vec<RuleChange>,
    /// Sources whose records are read otherwise, or stand elsewhere.
    pub sources: Vec<String>,
    /// How many rules and correlations mean and say what they did.
    pub same: usize,
    /// Of both states' alerts, where they were run.
    pub alerts: Option<AlertChanges>,
}

/// A rule or correlation that is not what it was.
#[derive(Debug)]
pub struct RuleChange {
    /// Its name now; of one that went, the one it had.
    pub name: String,
    /// What became of it.
    pub kind: Kind,
    /// Its meaning before and after, a line a clause; a line of one side only is not in the other.
    pub meaning: [Vec<String>; 2],
    /// What people are told: what, before and after.
    pub texts: Vec<(&'static str, [String; 2])>,
    /// What becomes of it on targets; of rules that came or went their verdicts.
    pub queries: Vec<QueryChange>,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// There was none of this meaning.
    Added,
    /// There is none of this meaning.
    Removed,
    /// It means what one of another name did.
    Renamed(String),
    /// It means something else.
    Meaning,
    /// It says something else to people, and means what it did.
    Texts,
    /// It means what it did, and its queries differ: what they read changed.
    Queries,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Renamed(_) => "renamed",
            Kind::Meaning => "changed",
            Kind::Texts => "reworded",
            Kind::Queries => "emitted otherwise",
        }
    }
}

impl Changes {
    /// From one state of a pack to another.
    #[must_use]
    pub fn between(old: &Pack, new: &Pack) -> Changes {
        let mut out = Changes { sources: sources(old, new), ..Changes::default() };
        let read = |one: &str, pack: &Pack| -> BTreeSet<String> {
            let all = &pack.resolved.correlations;
            let of = all.iter().find(|other| other.name == one).map(|one| one.reads(all));
            of.into_iter().flatten().map(str::to_owned).collect()
        };
        out.compare(old, new, &compared::rules(old), &compared::rules(new), &|_| false);
        let renamed = out.renamed();
        // A correlation's query holds those of its members.
        let changed: BTreeSet<String> = out.rules.iter().map(|rule| rule.name.clone()).collect();
        let touched = |name: &str| !read(name, new).is_disjoint(&changed);
        let (before, after) = (compared::correlations(old, &renamed), compared::correlations(new, &BTreeMap::new()));
        out.compare(old, new, &before, &after, &touched);
        out.rules.sort_by(|one, other| one.name.cmp(&other.name));
        out
    }

    /// Compares rules, or correlations. `touched`: whether the queries of one may differ although it means the same.
    fn compare(
        &mut self,
        old: &Pack,
        new: &Pack,
        before: &BTreeMap<String, Seen>,
        after: &BTreeMap<String, Seen>,
        touched: &dyn Fn(&str) -> bool,
    ) {
        let mut gone: BTreeSet<&str> =
            before.keys().map(String::as_str).filter(|name| !after.contains_key(*name)).collect();
        for (name, now) in after {
            let was = before.get(name).map(|was| (name.as_str(), was));
            let twin = || {
                let mut twins = gone.iter().filter_map(|gone| before.get_key_value(*gone));
                twins.find(|(_, was)| was.meaning == now.meaning).map(|(name, was)| (name.as_str(), was))
            };
            let Some((old_name, was)) = was.or_else(twin) else {
                self.rules.push(RuleChange {
                    name: name.clone(),
                    kind: Kind::Added,
                    meaning: [Vec::new(), now.meaning.clone()],
                    texts: Vec::new(),
                    queries: queries::of([None, Some((new, name.as_str()))]),
                });
                continue;
            };
            gone.remove(old_name);
            let meant = was.meaning == now.meaning;
            let texts = texts(was, now);
            let mut queries = Vec::new();
            if !meant || !self.sources.is_empty() || touched(name) {
                queries = queries::of([Some((old, old_name)), Some((new, name.as_str()))]);
                queries.retain(QueryChange::differs);
            }
            let kind = match (meant, old_name == name) {
                (false, _) => Kind::Meaning,
                (true, false) => Kind::Renamed(old_name.to_owned()),
                (true, true) if !queries.is_empty() => Kind::Queries,
                (true, true) if !texts.is_empty() => Kind::Texts,
                (true, true) => {
                    self.same += 1;
                    continue;
                }
            };
            let meaning = if meant { Default::default() } else { [was.meaning.clone(), now.meaning.clone()] };
            self.rules.push(RuleChange { name: name.clone(), kind, meaning, texts, queries });
        }
        for name in gone {
            let Some(was) = before.get(name) else { continue };
            self.rules.push(RuleChange {
                name: name.to_owned(),
                kind: Kind::Removed,
                meaning: [was.meaning.clone(), Vec::new()],
                texts: Vec::new(),
                queries: queries::of([Some((old, name)), None]),
            });
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.sources.is_empty() && self.alerts.as_ref().is_none_or(AlertChanges::is_empty)
    }

    /// The new names of rules that only have another name, by the old ones.
    #[must_use]
    pub fn renamed(&self) -> BTreeMap<String, String> {
        let from = |rule: &RuleChange| match &rule.kind {
            Kind::Renamed(from) => Some((from.clone(), rule.name.clone())),
            _ => None,
        };
        self.rules.iter().filter_map(from).collect()
    }

    /// `2 rules changed, 1 added`.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.rules.iter().for_each(|rule| *counts.entry(rule.kind.word()).or_default() += 1);
        let mut parts: Vec<String> = counts.iter().map(|(word, n)| format!("{n} {word}")).collect();
        if !self.sources.is_empty() {
            parts.push(format!("{} read otherwise", self.sources.join(", ")));
        }
        parts.push(format!("{} as before", self.same));
        parts.join(", ")
    }
}

impl RuleChange {
    /// The lines of its meaning that one side does not have, `-` before those that went and `+` before those that came.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let [before, after] = &self.meaning;
        let whole = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let (before, after) = (whole(before), whole(after));
        let diff = similar::TextDiff::from_lines(&before, &after);
        let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
        changed.map(|change| format!("{}{}", change.tag(), change.value().trim_end())).collect()
    }
}

fn texts(was: &Seen, now: &Seen) -> Vec<(&'static str, [String; 2])> {
    let both = was.texts.iter().zip(&now.texts).filter(|(was, now)| was.1 != now.1);
    both.map(|(was, now)| (was.0, [was.1.clone(), now.1.clone()])).collect()
}

/// The sources that are not the same in both states.
fn sources(old: &Pack, new: &Pack) -> Vec<String> {
    let (old, new) = (compared::sources(old), compared::sources(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}
