//! What is compared of a pack: takes it, gives a line a clause of each rule and correlation, and a text of each source. What does not change an
//! alert is the same in both: names of row values and elements, the order of conditions and of constants.

use std::collections::BTreeMap;

use crate::ir::{
    Correlation, Each, Expr, Join, Lent, Literal, Mute, Occurs, Part, Pred, PredKind, Rewrite, Rule, Source, Stream,
    Texts, Widen, show_rule, show_source,
};
use crate::meaning::{muted, of_correlation};
use crate::pack::Pack;

/// A rule or correlation, as it is compared.
pub(super) struct Seen {
    /// A line a clause, without the name.
    pub(super) meaning: Vec<String>,
    /// What people are told.
    pub(super) texts: Vec<(&'static str, String)>,
}

/// The rules of a pack by name.
pub(super) fn rules(pack: &Pack) -> BTreeMap<String, Seen> {
    let of = |rule: &Rule| {
        let Rule { title, description, tags, texts, .. } = rule;
        let meaning = pack.resolved.schema.stream_of(rule.stream).map(|stream| lines(rule, stream)).unwrap_or_default();
        (rule.name.clone(), Seen { meaning, texts: told(title, description, tags, texts) })
    };
    pack.resolved.rules.iter().map(of).collect()
}

/// The correlations of a pack by name; members whose names are in `renamed` under their new ones.
pub(super) fn correlations(pack: &Pack, renamed: &BTreeMap<String, String>) -> BTreeMap<String, Seen> {
    let of = |one: &Correlation| {
        let Correlation { title, description, tags, texts, .. } = one;
        let mut named = one.clone();
        for member in &mut named.members {
            if let Some(name) = renamed.get(&member.name) {
                member.name.clone_from(name);
            }
        }
        if let Occurs::AtLeast(_) = named.occurs {
            named.members.sort_by(|a, b| a.name.cmp(&b.name));
        }
        // Its first sentence is its title and description.
        let mut meaning: Vec<String> = of_correlation(&named).into_iter().skip(1).collect();
        // Sentences name the keys; where members have them is a matter of places.
        for member in &named.members {
            meaning.push(format!(
                "Of `{}` the keys are {}.",
                member.name,
                member_keys(pack, &member.name, renamed, one)
            ));
        }
        (one.name.clone(), Seen { meaning, texts: told(title, description, tags, texts) })
    };
    pack.resolved.correlations.iter().map(of).collect()
}

/// What of a member's alerts are the keys of a correlation.
fn member_keys(pack: &Pack, name: &str, renamed: &BTreeMap<String, String>, one: &Correlation) -> String {
    let is = |member: &&crate::ir::Member| renamed.get(&member.name).unwrap_or(&member.name) == name;
    let Some(member) = one.members.iter().find(is) else { return String::new() };
    let rule = pack.resolved.rules.iter().find(|rule| rule.name == member.name);
    let stream = rule.and_then(|rule| pack.resolved.schema.stream_of(rule.stream));
    let of = |key: &crate::ir::MemberKey| match (key, rule, stream) {
        (crate::ir::MemberKey::Key(at), Some(rule), _) => {
            let keys = rule.window.iter().flat_map(|window| &window.keys);
            keys.map(|key| key.name.clone()).nth(*at).unwrap_or_default()
        }
        (crate::ir::MemberKey::Carried(at), Some(rule), Some(stream)) => {
            let bare = Rule {
                carried: rule.carried.get(*at).cloned().into_iter().collect(),
                ..Rule::of_all(rule.stream, rule.span)
            };
            show_rule(&bare, stream)
                .lines()
                .find(|line| line.trim().starts_with("carry"))
                .unwrap_or_default()
                .trim()
                .to_owned()
        }
        (key, ..) => format!("{key:?}"),
    };
    member.keys.iter().map(of).collect::<Vec<_>>().join(", ")
}

fn lines(rule: &Rule, stream: &Stream) -> Vec<String> {
    let mut operations = BTreeMap::new();
    let mut plain = rule.clone().rewrite(&mut InOrder { operations: &mut operations });
    plain.with.iter_mut().for_each(|binding| binding.name = String::new());
    plain.each = plain.each.map(|each| Each { name: String::new(), ..each });
    // Each `where` is a condition that must hold, like each part of an `and`: it does not matter which of them stands where.
    plain.filter = match Pred::all(plain.filter, rule.span).kind {
        PredKind::All(preds) => preds,
        PredKind::Const(true) => Vec::new(),
        kind => vec![Pred::new(kind, rule.span)],
    };
    plain.filter.sort_by_key(|pred| format!("{:?}", pred.kind));
    let shown = show_rule(&plain, stream);
    let mut lines = shown.lines();
    // The first line is `rule NAME : STREAM`.
    let head = lines.next().map(|head| head.replacen(&format!(" {} ", rule.name), " ", 1)).unwrap_or_default();
    let keys: Vec<&str> = rule.window.iter().flat_map(|window| &window.keys).map(|key| key.name.as_str()).collect();
    let operations = operations.into_iter().map(|(name, globs)| format!("{name} are {globs}"));
    [head]
        .into_iter()
        .chain(lines.map(|line| line.trim().to_owned()))
        .chain(operations)
        .chain(rule.mute.as_ref().map(|mute: &Mute| muted(mute, &keys)))
        .collect()
}

/// Takes places away, puts what has no order into one, and notes what operations stand for.
struct InOrder<'a> {
    operations: &'a mut BTreeMap<String, String>,
}

impl Rewrite for InOrder<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        Expr { span: crate::source::Span::default(), ..expr }
    }

    fn pred(&mut self, mut pred: Pred) -> Pred {
        pred.span = crate::source::Span::default();
        let by_text = |a: &Literal, b: &Literal| format!("{a:?}").cmp(&format!("{b:?}"));
        match &mut pred.kind {
            PredKind::All(preds) | PredKind::Any(preds) => preds.sort_by_key(|pred| format!("{:?}", pred.kind)),
            PredKind::OneOf { options, .. } | PredKind::Has { options, .. } => options.sort_by(by_text),
            PredKind::Text { needles, .. } => needles.sort_by_key(|needle| format!("{:?}", needle.kind)),
            PredKind::Matches { patterns, .. } => patterns.sort_by(|a, b| a.text.cmp(&b.text)),
            PredKind::InNetwork(_, networks) => networks.sort(),
            PredKind::Operation { name, globs, .. } => {
                globs.sort_by_key(|(cloud, glob)| format!("{cloud} {glob:?}"));
                let globs: Vec<String> = globs.iter().map(|(cloud, glob)| format!("{cloud} {}", glob.text())).collect();
                self.operations.insert(name.clone(), globs.join(", "));
            }
            _ => {}
        }
        pred
    }
}

fn told(title: &str, description: &str, tags: &[String], texts: &Texts) -> Vec<(&'static str, String)> {
    let Texts { respond, benign, owner, references } = texts;
    vec![
        ("title", title.to_owned()),
        ("description", description.to_owned()),
        ("tags", tags.join(", ")),
        ("respond", respond.join("; ")),
        ("benign", benign.join("; ")),
        ("owner", owner.clone().unwrap_or_default()),
        ("references", references.join(", ")),
    ]
}

/// The sources of a pack by name: how their records are read, where they stand, and what queries of them rest on.
pub(super) fn sources(pack: &Pack) -> BTreeMap<String, String> {
    let schema = &pack.resolved.schema;
    let of = |source: &Source| {
        let stream = schema.stream_of(source.stream)?;
        let Source { places, delay, provided, widened, joins, absent, assemble, .. } = source;
        let parts = assemble.iter().flat_map(|assemble| &assemble.parts);
        let parts: Vec<_> = parts.map(|Part { name, places, .. }| (name, places)).collect();
        let widened: Vec<_> =
            widened.iter().map(|Widen { field, target, keys, reason }| (field, target, keys, reason)).collect();
        let joins: Vec<_> = joins
            .iter()
            .map(|Join { lender, stream: _, on, lender_on, within, fields, span: _ }| {
                let fields: Vec<_> = fields.iter().map(|Lent { field, lender }| (field, lender)).collect();
                (lender, on, lender_on, within, fields)
            })
            .collect();
        let rest = format!("{places:?} {delay} {provided:?} {parts:?} {widened:?} {joins:?} {absent:?}");
        Some((source.name.clone(), show_source(source, stream) + &rest))
    };
    schema.sources.iter().filter_map(of).collect()
}
