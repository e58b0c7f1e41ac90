//! What a rule means, for people: takes a rule or correlation of a pack, gives a sentence a clause, in which conditions and values are as they were
//! written.

use crate::bind::admits;
use crate::ir::{Correlation, Expr, MemberKey, Mute, Occurs, Pred, PredKind, Rule, Window, duration};
use crate::pack::Pack;
use crate::source::Span;
use crate::syntax::ast::ItemKind;

/// The sentences of a rule, in the order in which its clauses act.
#[must_use]
pub fn of_rule(rule: &Rule, pack: &Pack) -> Vec<String> {
    let quoted = Quoted { pack };
    let mut out = vec![heading(&rule.title, &rule.description), quoted.events(rule)];
    for binding in &rule.with {
        out.push(format!("Of each event it works out `{}`: {}.", binding.name, quoted.value(&binding.value)));
    }
    if let Some(each) = &rule.each {
        out.push(format!("It looks at each `{}` of {} by itself.", each.name, quoted.value(&each.list)));
    }
    let (own, exceptions): (Vec<&Pred>, Vec<&Pred>) =
        rule.filter.iter().partition(|pred| quoted.is_of(&rule.name, pred.span));
    let conditions: Vec<String> = own.into_iter().flat_map(|pred| quoted.each(pred)).collect();
    out.push(match conditions.is_empty() {
        true => "It takes all of them.".to_owned(),
        false => format!("It takes those for which {}.", listed(&conditions, "and")),
    });
    if !exceptions.is_empty() {
        // Their names stand for them.
        let exceptions: Vec<String> = exceptions.into_iter().map(|pred| quoted.text(pred.span)).collect();
        out.push(format!("It leaves out what is excepted by {}.", listed(&exceptions, "and")));
    }
    if let Some(window) = &rule.window {
        out.push(quoted.windows(window));
    }
    for measure in &rule.measures {
        let of = if rule.window.is_some() { "Of each window" } else { "Of each of them" };
        out.push(format!("{of} it works out `{}`: {}.", measure.name, quoted.value(&measure.value)));
    }
    let (one, several) = match &rule.window {
        Some(window) if window.merges => ("window", " Windows in a row make one alert."),
        Some(_) => ("window", ""),
        None => ("of them", ""),
    };
    out.push(match rule.when.kind {
        PredKind::Const(true) => format!("Each {one} makes an alert.{several}"),
        _ => format!("Each {one} makes an alert where {}.{several}", listed(&quoted.each(&rule.when), "and")),
    });
    let arms = rule.severity.arms.iter();
    let arms: String =
        arms.map(|(pred, level)| format!("{} where {}, else ", level.text(), quoted.text(pred.span))).collect();
    out.push(format!("The alert is {arms}{}.", rule.severity.default.text()));
    if !rule.show.is_empty() {
        let items: Vec<String> = rule.show.iter().map(|item| format!("`{}`", item.name)).collect();
        out.push(format!("It shows {}.", listed(&items, "and")));
    }
    let keys: Vec<&str> = rule.window.iter().flat_map(|window| &window.keys).map(|key| key.name.as_str()).collect();
    out.extend(rule.mute.as_ref().map(|mute| muted(mute, &keys)));
    if rule.signal {
        out.push("It is a signal: it reaches nobody by itself, correlations read its alerts.".to_owned());
    }
    out
}

/// The sentences of a correlation.
#[must_use]
pub fn of_correlation(correlation: &Correlation) -> Vec<String> {
    let name = |member: &usize| correlation.members.get(*member).map(|member| format!("`{}`", member.name));
    let members: Vec<String> = (0..correlation.members.len()).filter_map(|member| name(&member)).collect();
    let keys: Vec<&str> = correlation.keys.iter().map(|(name, _)| name.as_str()).collect();
    let of = match keys.as_slice() {
        [] => String::new(),
        keys => format!(", of the same {}", listed(&ticked(keys), "and")),
    };
    let mut out = vec![
        heading(&correlation.title, &correlation.description),
        format!("It looks at alerts of {}{of}.", listed(&members, "and")),
    ];
    let within = duration(correlation.within);
    out.push(match &correlation.occurs {
        Occurs::AtLeast(1) => "Each alert of any of them makes an alert.".to_owned(),
        Occurs::AtLeast(least) => format!("It alerts where at least {least} of them alert within {within}."),
        Occurs::Chain { steps, without } => {
            let steps: Vec<String> = steps.iter().filter_map(name).collect();
            let without = without.as_ref().and_then(name);
            let without = without.map(|name| format!(", and then no {name}")).unwrap_or_default();
            format!("It alerts where {} alert in this order{without} within {within}.", steps.join(", then "))
        }
    });
    for member in &correlation.members {
        if member.keys.iter().any(|key| matches!(key, MemberKey::Carried(_))) {
            out.push(format!("The events of `{}` are asked for those keys.", member.name));
        }
    }
    out.push(format!("The alert is {}.", correlation.severity.text()));
    out.extend(correlation.mute.as_ref().map(|mute| muted(mute, &keys)));
    out
}

fn heading(title: &str, description: &str) -> String {
    let words: Vec<&str> = description.split_whitespace().collect();
    let title = title.strip_suffix('.').unwrap_or(title);
    if words.is_empty() { format!("{title}.") } else { format!("{title}. {}", words.join(" ")) }
}

/// What a mute does, by the names of the keys.
#[must_use]
pub fn muted(mute: &Mute, keys: &[&str]) -> String {
    let of = match &mute.keys {
        None if keys.is_empty() => "of the same source".to_owned(),
        None => format!("of the same {} and source", keys.join(", ")),
        Some(places) => {
            let keys: Vec<&str> = places.iter().filter_map(|place| keys.get(*place).copied()).collect();
            format!("of the same {}", listed(&ticked(&keys), "and"))
        }
    };
    format!("For {} behind an alert others {of} are not delivered.", duration(mute.length))
}

fn ticked(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} {word} {last}", some.join(", ")),
    }
}

/// Words of a pack's texts.
struct Quoted<'a> {
    pack: &'a Pack,
}

impl Quoted<'_> {
    /// The words there, on one line.
    fn text(&self, span: Span) -> String {
        let words: Vec<&str> = self.pack.sources.text(span).split_whitespace().collect();
        format!("`{}`", words.join(" "))
    }

    fn value(&self, expr: &Expr) -> String {
        self.text(expr.span)
    }

    /// The conditions that must hold together.
    fn each(&self, pred: &Pred) -> Vec<String> {
        match &pred.kind {
            PredKind::All(preds) => preds.iter().flat_map(|pred| self.each(pred)).collect(),
            _ => vec![self.text(pred.span)],
        }
    }

    fn events(&self, rule: &Rule) -> String {
        let schema = &self.pack.resolved.schema;
        let stream = schema.stream_of(rule.stream).map_or("", |stream| stream.name.as_str());
        let sources = schema.sources.iter().filter(|source| admits(rule, source));
        let sources: Vec<&str> = sources.map(|source| source.name.as_str()).collect();
        format!("It reads the `{stream}` events of {}.", listed(&ticked(&sources), "and"))
    }

    fn windows(&self, window: &Window) -> String {
        let length = duration(window.length);
        let step = match window.step == window.length {
            true => String::new(),
            false => format!(", which begin every {}", duration(window.step)),
        };
        let keys: Vec<&str> = window.keys.iter().map(|key| key.name.as_str()).collect();
        let of = match keys.as_slice() {
            [] => "all of them together".to_owned(),
            keys => format!("those of each {} by themselves", listed(&ticked(keys), "and")),
        };
        let sources = if window.across { "all sources together" } else { "each source by itself" };
        let needed = window.keys.iter().filter(|key| key.default.is_none()).map(|key| key.name.as_str());
        let needed = ticked(&needed.collect::<Vec<_>>());
        let lost = match needed.is_empty() {
            true => String::new(),
            false => format!(" Those without {} are counted nowhere.", listed(&needed, "or")),
        };
        let defaults = window.keys.iter().filter_map(|key| Some((&key.name, key.default.as_ref()?)));
        let defaults: String =
            defaults.map(|(name, default)| format!(" Where `{name}` is missing it counts as `{default}`.")).collect();
        format!("In windows of {length}{step} it looks at {of}, {sources}.{lost}{defaults}")
    }

    /// Whether words stand in the declaration of that rule: those of an exception do not.
    fn is_of(&self, rule: &str, span: Span) -> bool {
        let items = self.pack.files.iter().flat_map(|file| &file.file.items);
        let own = items.filter_map(|item| match &item.kind {
            ItemKind::Rule(written) if written.name.node == rule => Some(written),
            _ => None,
        });
        let own: Vec<Span> = own.flat_map(|rule| rule.clauses.iter().map(|clause| clause.span)).collect();
        let around =
            |clause: &Span| clause.source == span.source && clause.start <= span.start && span.end <= clause.end;
        own.iter().any(around)
    }
}
