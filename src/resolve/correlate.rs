//! A correlation as written → a correlation as meant: its members found, its keys in each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::errors;
use super::mute::mute;
use super::rule::carry;
use super::scope::Names;
use super::told;
use crate::diag::Diagnostic;
use crate::ir::{Binding, Correlation, Expr, ExprKind, Member, MemberKey, Occurs, Rule, SECOND, Texts, Type, duration};
use crate::schema::Schema;
use crate::source::Spanned;
use crate::syntax::ast::{self, CorrelateClause};

/// Longest time that members may be apart: a leap year.
const MAX_LENGTH: i64 = 366 * 86_400 * SECOND;
/// Most correlations that read one another.
const MAX_DEPTH: usize = 32;

/// Resolves the correlations of a pack, those before that others read; rules that they read carry what they ask of them.
pub(super) fn correlations(
    written: &[(&ast::Doc, &ast::Correlate)],
    schema: &Schema,
    rules: &mut [Rule],
    names: &Names,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Correlation> {
    let declared = written.iter().map(|(_, one)| one.name.node.as_str()).collect();
    let mut all = Correlations { schema, rules, names, diagnostics, done: Vec::new(), open: BTreeMap::new(), declared };
    for (doc, one) in written {
        if let Some(rule) = all.rules.iter().find(|rule| rule.name == one.name.node) {
            all.diagnostics.push(errors::duplicate(one.name.span, "rule", &one.name.node, Some(rule.span)));
            continue;
        }
        all.open.insert(&one.name.node, (doc, one));
    }
    for (_, one) in written {
        all.resolve(&one.name.node, &mut Vec::new());
    }
    let order = |correlation: &Correlation| written.iter().position(|(_, one)| one.name.node == correlation.name);
    let mut done = all.done;
    // What reads others stands behind them; else the order of the text stays.
    let depth: BTreeMap<String, usize> = depths(&done);
    done.sort_by_key(|one| (depth.get(&one.name).copied(), order(one)));
    done
}

/// How many correlations deep each reads.
fn depths(correlations: &[Correlation]) -> BTreeMap<String, usize> {
    let mut depths: BTreeMap<String, usize> = BTreeMap::new();
    // They were resolved members first.
    for one in correlations {
        let below = one.members.iter().filter_map(|member| depths.get(&member.name)).max();
        let depth = below.map_or(0, |depth| depth + 1);
        depths.insert(one.name.clone(), depth);
    }
    depths
}

struct Correlations<'a, 'r> {
    schema: &'r Schema,
    rules: &'r mut [Rule],
    names: &'r Names,
    diagnostics: &'r mut Vec<Diagnostic>,
    /// Members before those that read them.
    done: Vec<Correlation>,
    /// Not resolved yet.
    open: BTreeMap<&'a str, (&'a ast::Doc, &'a ast::Correlate)>,
    /// All that there are: one that is neither open nor done has failed, and said so.
    declared: BTreeSet<&'a str>,
}

/// A key of a correlation as it was written: its name, and what members call it that do not have it under its name.
type Key<'a> = (&'a ast::Name, Option<&'a ast::Name>);

impl<'a> Correlations<'a, '_> {
    /// Resolves one, and those that it reads before it; `readers` are those that wait for it.
    fn resolve(&mut self, name: &str, readers: &mut Vec<&'a str>) {
        let Some((doc, written)) = self.open.remove(name) else { return };
        if readers.len() >= MAX_DEPTH {
            self.diagnostics.push(errors::deep_correlation(written.name.span, MAX_DEPTH));
            return;
        }
        readers.push(&written.name.node);
        for member in members(written) {
            if readers.contains(&member.node.as_str()) {
                self.diagnostics.push(errors::cycle(member.span, &member.node));
                readers.pop();
                return;
            }
            self.resolve(&member.node, readers);
        }
        readers.pop();
        let before = self.diagnostics.len();
        let resolved = self.correlation(doc, written);
        if !crate::diag::has_errors(self.diagnostics.get(before..).unwrap_or_default()) {
            self.done.extend(resolved);
        }
    }

    fn correlation(&mut self, doc: &ast::Doc, written: &ast::Correlate) -> Option<Correlation> {
        let name = &written.name;
        let (title, description) = told::title_and_description(doc, &name.node);
        let (mut severity, mut by, mut within, mut when) = (None, None, None, None);
        let (mut tags, mut muted, mut texts) = (Vec::new(), None, Texts::default());
        for clause in &written.clauses {
            match &clause.node {
                CorrelateClause::Severity(level) => severity = Some(told::level(level, self.diagnostics)),
                CorrelateClause::SeverityCase(case) => {
                    self.diagnostics.push(errors::correlation_severity(case.span));
                    severity = Some(None);
                }
                CorrelateClause::Tags(written) => tags = told::tags(written, self.diagnostics),
                CorrelateClause::By(keys) => by = Some(keys),
                CorrelateClause::Within(length) => within = Some(length),
                CorrelateClause::When(occurs) => when = Some(occurs),
                CorrelateClause::Mute(mute) => muted = Some(mute),
                CorrelateClause::Texts(kind, written) => carry(&mut texts, *kind, written),
            }
        }
        for (word, there, help) in [
            (
                "severity",
                severity.is_some(),
                "write `severity high`, or another of informational, low, medium, critical",
            ),
            ("by", by.is_some(), "say which keys its members share: `by caller.id`"),
            ("within", within.is_some(), "say how far apart its members may be: `within 30m`"),
            ("when", when.is_some(), "say what it waits for: `when at least 2 of a, b`, or `when a then b`"),
        ] {
            if !there {
                self.diagnostics.push(errors::missing_clause(name.span, "correlation", &name.node, word, help));
            }
        }
        let (by, within, when) = (by?, within?, when?);
        let keys: Vec<Key<'_>> = by.iter().map(|(key, other)| (key, other.as_ref())).collect();
        for (n, (key, _)) in keys.iter().enumerate() {
            if keys.iter().take(n).any(|(other, _)| other.node == key.node) {
                self.diagnostics.push(errors::duplicate(key.span, "key", &key.node, None));
            }
        }
        let within = self.length(within)?;
        let occurs = self.occurs(when, written)?;
        let mut types: Vec<Option<Type>> = vec![None; keys.len()];
        let mut resolved = Vec::new();
        for member in distinct(members(written)) {
            resolved.push(self.member(member, &keys, &mut types, within)?);
        }
        let named: Vec<String> = keys.iter().map(|(key, _)| key.node.clone()).collect();
        let muted = muted.and_then(|written| mute(written, &named, self.diagnostics));
        Some(Correlation {
            name: name.node.clone(),
            title,
            description,
            severity: severity??,
            tags,
            keys: named.into_iter().zip(types.into_iter().map(|ty| ty.unwrap_or(Type::Text))).collect(),
            within: within.node,
            longest: self.longest(&resolved),
            members: resolved,
            occurs,
            mute: muted,
            texts,
            span: name.span,
        })
    }

    /// The longest time that an alert of a member is about.
    fn longest(&self, members: &[Member]) -> i64 {
        let of = |member: &Member| {
            let rule = self.rules.iter().find(|rule| rule.name == member.name);
            let window = rule.and_then(|rule| rule.window.as_ref()).map(|window| window.length);
            let correlation = || self.done.iter().find(|one| one.name == member.name);
            window.or_else(|| correlation().map(|one| one.within.saturating_add(one.longest)))
        };
        members.iter().filter_map(of).max().unwrap_or_default()
    }

    fn length(&mut self, written: &Spanned<ast::Literal>) -> Option<Spanned<i64>> {
        match written.node {
            ast::Literal::Duration(us, _) if (1..=MAX_LENGTH).contains(&us) => Some(Spanned::new(us, written.span)),
            _ => {
                let help = "write a length from `1s` to `366d`";
                self.diagnostics.push(errors::window(
                    written.span,
                    "a time of no length, or of more than 366 days",
                    help,
                ));
                None
            }
        }
    }

    fn occurs(&mut self, when: &ast::Occurs, written: &ast::Correlate) -> Option<Occurs> {
        let places = distinct(members(written));
        match when {
            ast::Occurs::AtLeast(least, named) => {
                if let Some(again) = (1..named.len()).find_map(|n| {
                    let (before, rest) = named.split_at(n);
                    rest.first().filter(|name| before.iter().any(|other| other.node == name.node))
                }) {
                    self.diagnostics.push(errors::duplicate(again.span, "member", &again.node, None));
                    return None;
                }
                let count = usize::try_from(least.node).ok().filter(|least| (1..=named.len()).contains(least));
                if count.is_none() {
                    self.diagnostics.push(errors::at_least(least.span, least.node, named.len()));
                }
                count.map(Occurs::AtLeast)
            }
            ast::Occurs::Chain(chain) => {
                let place = |name: &ast::Name| places.iter().position(|member| member.node == name.node);
                let (last, before) = chain.split_last()?;
                if let Some((_, early)) = before.iter().find(|(no, _)| *no) {
                    self.diagnostics.push(errors::early_no(early.span, &early.node));
                    return None;
                }
                let followed = chain.iter().filter(|(no, _)| !no).filter_map(|(_, name)| place(name));
                let without = if last.0 { Some(place(&last.1)?) } else { None };
                Some(Occurs::Chain { steps: followed.collect(), without })
            }
        }
    }

    /// Finds a member, and the keys in it.
    fn member(
        &mut self,
        name: &ast::Name,
        keys: &[Key<'_>],
        types: &mut [Option<Type>],
        within: Spanned<i64>,
    ) -> Option<Member> {
        let mut places = Vec::new();
        for (key, ty) in keys.iter().zip(types) {
            let (place, found) = self.key(name, *key)?;
            match ty {
                Some(before) if *before != found => {
                    self.diagnostics.push(errors::key_types(key.0.span, &key.0.node, &name.node, before, &found));
                    return None;
                }
                _ => *ty = Some(found),
            }
            places.push(place);
        }
        let window = self.rules.iter().find(|rule| rule.name == name.node).and_then(|rule| rule.window.as_ref());
        let window = window.map(|window| window.length);
        let window = window.or_else(|| self.done.iter().find(|one| one.name == name.node).map(|one| one.within));
        if let Some(window) = window.filter(|window| *window > within.node) {
            let (window, within_text) = (duration(window), duration(within.node));
            self.diagnostics.push(errors::within(within.span, &within_text, &name.node, &window));
            return None;
        }
        Some(Member { name: name.node.clone(), keys: places })
    }

    /// Where a member's alerts have a key, and its type.
    fn key(&mut self, member: &ast::Name, (key, other): Key<'_>) -> Option<(MemberKey, Type)> {
        let names = std::iter::once(key).chain(other).map(|name| name.node.as_str());
        let known: Vec<(String, Type)> = if let Some(rule) = self.rules.iter().find(|rule| rule.name == member.node) {
            match &rule.window {
                Some(window) => {
                    let text =
                        |key: &crate::ir::Key| if key.default.is_some() { Type::Text } else { key.value.ty.clone() };
                    window.keys.iter().map(|key| (key.name.clone(), text(key))).collect()
                }
                None => return self.carried(member, key, names.map(str::to_owned).collect()),
            }
        } else if let Some(correlation) = self.done.iter().find(|one| one.name == member.node) {
            correlation.keys.clone()
        } else {
            let broken = self.names.is_broken("rule", &member.node) || self.names.is_broken("correlate", &member.node);
            if !broken && !self.declared.contains(member.node.as_str()) {
                let known = self.rules.iter().map(|rule| rule.name.as_str());
                let known = known.chain(self.done.iter().map(|one| one.name.as_str()));
                self.diagnostics.push(errors::unknown(member.span, "rule or signal", &member.node, known));
            }
            return None;
        };
        for name in names {
            if let Some(place) = known.iter().position(|(known, _)| known == name) {
                let ty = known.get(place).map(|(_, ty)| ty.clone())?;
                return Some((MemberKey::Key(place), ty));
            }
        }
        let known: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        self.diagnostics.push(errors::member_key(key.span, &key.node, &member.node, member.span, &known));
        None
    }

    /// A key of a rule without `over` is a field of its events, which its alerts then carry.
    fn carried(&mut self, member: &ast::Name, key: &ast::Name, names: Vec<String>) -> Option<(MemberKey, Type)> {
        let rule = self.rules.iter_mut().find(|rule| rule.name == member.node)?;
        let stream = self.schema.stream_of(rule.stream)?;
        for name in names {
            let Some(id) = stream.field(&name) else { continue };
            let ty = stream.get(id).map(|field| field.ty.clone())?;
            if !ty.is_scalar() || ty == Type::Float {
                self.diagnostics.push(errors::key(key.span, format!("a key can't be {ty}"), "share a single value"));
                return None;
            }
            let there = rule.carried.iter().position(|carried| carried.name == name);
            let place = there.unwrap_or_else(|| {
                let value = Expr::new(ExprKind::Field(id), ty.clone(), key.span);
                rule.carried.push(Binding { name, value });
                rule.carried.len() - 1
            });
            return Some((MemberKey::Carried(place), ty));
        }
        let known: Vec<&str> = stream.fields.iter().map(|field| field.name.as_str()).collect();
        self.diagnostics.push(errors::unknown_field(key.span, &key.node, &stream.name, known));
        None
    }
}

/// All members as they are named, in order.
fn members(written: &ast::Correlate) -> Vec<&ast::Name> {
    let occurs = written.clauses.iter().find_map(|clause| match &clause.node {
        CorrelateClause::When(occurs) => Some(occurs),
        _ => None,
    });
    match occurs {
        Some(ast::Occurs::AtLeast(_, members)) => members.iter().collect(),
        Some(ast::Occurs::Chain(steps)) => steps.iter().map(|(_, member)| member).collect(),
        None => Vec::new(),
    }
}

/// Each member once.
fn distinct(members: Vec<&ast::Name>) -> Vec<&ast::Name> {
    let mut out: Vec<&ast::Name> = Vec::new();
    for member in members {
        if !out.iter().any(|other| other.node == member.node) {
            out.push(member);
        }
    }
    out
}
