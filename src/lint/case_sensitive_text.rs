//! W0130 `case-sensitive-text`: words sought in text of people in one case only.

use std::collections::{BTreeMap, BTreeSet};

use super::context::below;
use super::measure::SeenRule;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{Expr, ExprKind, Function, Pattern, PredKind, TextTest, Tier, pattern::lowered};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0130",
        name: "case-sensitive-text",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "words sought in one case only",
        why: "People write \"Ignore previous\" and \"IGNORE PREVIOUS\", and programs spell their own names as they like. A test of words without
`nocase` finds one spelling, and whoever wants to pass writes another. Ids, keys and code, whose case says something, are not meant.",
        bad: "
rule injection {
    severity medium
    from     invocation
    where    prompt contains \"ignore previous instructions\"
}",
        good: "
rule injection {
    severity medium
    from     invocation
    where    prompt contains \"ignore previous instructions\" nocase
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        let mut lists = Lists::default();
        lists.0.extend(rule.meant.each.iter().map(|each| (each.element, each.list.clone())));
        // Outer conditions come first, so the list of an element is known when it is read.
        let mut negated = BTreeSet::new();
        rule.each_pred(&mut |pred| {
            if let PredKind::Not(inner) = &pred.kind {
                below(inner, &mut |pred| _ = negated.insert(pred.span));
            }
            let words = match &pred.kind {
                PredKind::Some { element, list, .. } => {
                    lists.0.insert(*element, list.clone());
                    return;
                }
                PredKind::Text { test, subject, needles, nocase: false, .. } => {
                    let Some(of) = lists.people(context, rule, subject) else { return };
                    // A program begins with its name as it spells it.
                    if of.name == "user.agent" && *test == TextTest::StartsWith {
                        return;
                    }
                    let texts: Vec<&str> = needles.iter().filter_map(|needle| needle.as_literal()?.as_text()).collect();
                    // Several spellings of one needle say that case was thought of.
                    let both = |one: &str| texts.iter().any(|other| *other != one && other.eq_ignore_ascii_case(one));
                    if texts.iter().any(|one| both(one)) {
                        return;
                    }
                    texts.into_iter().find(|text| of.words(text)).map(|text| (of, format!("`{text}`")))
                }
                PredKind::Matches { subject, patterns, .. } => {
                    let Some(of) = lists.people(context, rule, subject) else { return };
                    let found = patterns.iter().find(|pattern| one_case(pattern, &of));
                    found.map(|pattern| (of, format!("`/{}/`", pattern.text)))
                }
                _ => None,
            };
            // What is taken out is mostly one program's own text.
            if let Some((of, words)) = words.filter(|_| !negated.contains(&pred.span)) {
                let message = format!("{words} is found in `{}` in this case only", of.name);
                out.push(LINT.finding(message).at(pred.span, "").help("add `nocase` behind the test"));
            }
        });
    }
}

/// The lists that conditions go through, by the number of the element.
#[derive(Default)]
struct Lists(BTreeMap<usize, Expr>);

/// A field that holds what people or their programs wrote.
struct Written<'a> {
    name: &'a str,
    /// Whether commands and code stand in it too.
    code: bool,
}

impl Lists {
    /// The field of free text that a value is, or is made of without a change of case.
    fn people<'a>(&self, context: &Context<'a>, rule: &SeenRule<'_>, subject: &Expr) -> Option<Written<'a>> {
        let subject = rule.behind(subject);
        match &subject.kind {
            ExprKind::Field(id) => {
                let field = context.stream(rule.meant)?.get(*id)?;
                // The parameters of a call are JSON with the cloud's own names.
                let free = field.tier == Tier::Content && field.name != "params" || field.name == "user.agent";
                free.then(|| Written { name: &field.name, code: field.name.starts_with("tool.") })
            }
            ExprKind::Element(n) => self.people(context, rule, self.0.get(n)?),
            ExprKind::Member(of, _) => self.people(context, rule, of),
            ExprKind::Call(Function::Substring | Function::Coalesce | Function::Concat | Function::Join, args) => {
                args.iter().find_map(|arg| self.people(context, rule, arg))
            }
            _ => None,
        }
    }
}

impl Written<'_> {
    /// Whether a text is made of words: not a key, an id, a path or a piece of code.
    fn words(&self, text: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '-' | '\'' | ',' | '!' | '?');
        // A capital inside of a word, or capitals only, are a name's.
        let spelled = |word: &&str| word.chars().skip(1).all(|c| !c.is_ascii_uppercase());
        let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
        // `sk-live` is the start of a key.
        let joined = text.split(' ').any(|word| word.contains('-') && word.split('-').any(|part| part.len() < 3));
        let of = |letters: usize| words.iter().filter(|word| word.len() >= letters).count();
        let enough = of(3) >= 2 || (of(4) >= 1 && !self.code);
        text.chars().all(plain) && !joined && words.iter().all(spelled) && enough
    }
}

/// Whether a pattern is of words, and tells their case apart.
fn one_case(pattern: &Pattern, of: &Written<'_>) -> bool {
    if pattern.nocase || lowered(&pattern.node).is_some() || pattern.text.contains(['_', '@', '"', '=', '[']) {
        return false;
    }
    // Escapes of classes are no letters: \b, \s, \d, \w.
    let mut words = String::new();
    let mut chars = pattern.text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => words.push(if chars.next().is_some_and(|c| c.is_ascii_alphabetic()) { ' ' } else { '/' }),
            c if c.is_ascii_alphabetic() || c.is_ascii_digit() => words.push(c),
            '/' | '<' | '>' | ':' => words.push('/'),
            _ => words.push(' '),
        }
    }
    of.words(&words)
}
