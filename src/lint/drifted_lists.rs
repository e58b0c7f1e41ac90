//! W0317 `drifted-lists`: two lists that are nearly equal, as if one had been changed and the other forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::written::{self, text_of};
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};

/// Fewer elements in common are chance.
const SHARED: usize = 3;
/// An element of so many lists says nothing of two of them.
const COMMON: usize = 30;
/// Most elements that a message names of each list.
const NAMED: usize = 3;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0317",
        name: "drifted-lists",
        kind: Kind::Care,
        level: Level::Warn,
        title: "two lists that are nearly equal",
        why: "Of two copies of a list one was changed and the other not: a phrase that one rule finds passes by the other, and nobody decided so. Use one
list in both places, or several by name where they are to differ.",
        bad: "
list phrases = [\"ignore previous\", \"system prompt\", \"you are now\", \"developer mode\"]

rule asked {
    severity low
    from     invocation
    where    prompt contains any of phrases
}

rule screened {
    severity low
    from     screening
    where    text contains any of [\"ignore previous\", \"system prompt\", \"you are now\", \"override safety\"]
}",
        good: "
list phrases = [\"ignore previous\", \"system prompt\", \"you are now\", \"developer mode\"]

rule asked {
    severity low
    from     invocation
    where    prompt contains any of phrases
}

rule screened {
    severity low
    from     screening
    where    text contains any of phrases
}",
    },
    check,
};

/// A list of texts.
struct Texts<'a> {
    /// Its name; none of one inside of a rule.
    name: Option<&'a str>,
    elements: BTreeSet<&'a str>,
    at: Span,
    /// The rule that it stands in.
    rule: Option<usize>,
}

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let lists = lists(context);
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (n, list) in lists.iter().enumerate() {
        for element in &list.elements {
            holders.entry(element).or_default().push(n);
        }
    }
    for (n, list) in lists.iter().enumerate() {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for holders in list.elements.iter().filter_map(|element| holders.get(element)).filter(|all| all.len() <= COMMON)
        {
            for other in holders.iter().take_while(|other| **other < n) {
                *shared.entry(*other).or_default() += 1;
            }
        }
        let others = shared.into_iter().filter_map(|(other, shared)| Some((shared, lists.get(other)?)));
        let nearest = others.filter(|(shared, other)| drifted(list, other, *shared)).max_by_key(|(shared, _)| *shared);
        if let Some((shared, other)) = nearest {
            out.push(finding(list, other, shared));
        }
    }
}

/// Whether two lists look like copies that were changed one by one.
fn drifted(one: &Texts<'_>, other: &Texts<'_>, shared: usize) -> bool {
    // What a rule asks twice in different words it was meant to.
    if one.rule.is_some() && one.rule == other.rule {
        return false;
    }
    let (own, others) = (one.elements.len().saturating_sub(shared), other.elements.len().saturating_sub(shared));
    let smaller = one.elements.len().min(other.elements.len());
    let near = shared >= SHARED && shared.saturating_mul(10) >= smaller.saturating_mul(6);
    // A part of a list is mostly meant to be one, unless hardly anything is left out.
    let most = if own == 0 || others == 0 { shared / 3 } else { shared };
    let differ = own.saturating_add(others);
    near && differ > 0 && differ <= most
}

fn finding(list: &Texts<'_>, other: &Texts<'_>, shared: usize) -> Diagnostic {
    let named = |list: &Texts<'_>| list.name.map_or_else(|| "this list".to_owned(), |name| format!("`{name}`"));
    let only = |one: &Texts<'_>, other: &Texts<'_>| {
        let missing: Vec<&&str> = one.elements.difference(&other.elements).collect();
        let some: Vec<String> = missing.iter().take(NAMED).map(|text| format!("`{text}`")).collect();
        let more = if missing.len() > NAMED { " and others" } else { "" };
        if some.is_empty() { "has nothing more".to_owned() } else { format!("also has {}{more}", some.join(", ")) }
    };
    let message = match (list.name, other.name) {
        (Some(one), Some(other)) => format!("the lists `{other}` and `{one}` share {shared} elements and differ"),
        (None, None) => format!("two lists share {shared} elements and differ"),
        _ => format!(
            "a list shares {shared} elements with {} and differs",
            named(if list.name.is_some() { list } else { other })
        ),
    };
    LINT.finding(message)
        .at(list.at, only(list, other))
        .at(other.at, only(other, list))
        .help("use one list in both places, or put what they share into one with a name")
}

/// The lists of texts that a pack writes, those with names first.
fn lists<'a>(context: &Context<'a>) -> Vec<Texts<'a>> {
    let named = |(name, items): (&'a ast::Name, &'a [Expr])| Texts {
        name: Some(&name.node),
        elements: texts(items),
        at: name.span,
        rule: None,
    };
    let mut out: Vec<Texts<'a>> = written::lists(context).into_iter().map(named).collect();
    for (n, rule) in context.rules.iter().enumerate() {
        rule.written.walk(&mut |expr| {
            if let (ExprKind::List(items), Some(first)) = (&*expr.node, list_start(expr)) {
                out.push(Texts { name: None, elements: texts(items), at: first, rule: Some(n) });
            }
        });
    }
    out.retain(|list| list.elements.len() >= SHARED);
    out
}

/// The place of a list's bracket and first element.
fn list_start(expr: &Expr) -> Option<Span> {
    let ExprKind::List(items) = &*expr.node else { return None };
    Some(Span { end: items.first()?.span.end, ..expr.span })
}

fn texts(items: &[Expr]) -> BTreeSet<&str> {
    items.iter().filter_map(text_of).collect()
}
