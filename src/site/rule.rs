//! A rule's page: what it means in sentences, as it is written, what becomes of it on each log and target, and its tests.

use maud::{Markup, html};

use super::link;
use crate::coverage::{Coverage, OnTarget};
use crate::ir::{Correlation, Rule, Texts};
use crate::meaning;
use crate::pack::Pack;
use crate::schema::tags;
use crate::syntax::ast::ItemKind;
use crate::target::TARGETS;

pub(super) fn of_rule(rule: &Rule, pack: &Pack, map: &Coverage<'_>) -> Markup {
    let on =
        map.sources.iter().flat_map(|on| on.rules.iter().filter(|h| h.rule.name == rule.name).map(move |h| (on, h)));
    html! {
        (sentences(&meaning::of_rule(rule, pack)))
        (told(&rule.tags, &rule.texts))
        (written(&rule.name, pack))
        h2 { "On each log" }
        table {
            tr { th { "Log" } th { "Archive" } @for target in TARGETS { th { (target.info().title) } } }
            @for (on, here) in on.clone() {
                tr {
                    td { code { (on.source.name) } }
                    td class=(here.local.word()) { (here.local.word()) }
                    @for target in &here.targets { td class=(target.word()) { (target.word()) } }
                }
            }
        }
        @for (on, here) in on { (queries(&on.source.name, &here.targets)) }
        (tests(&rule.name, pack))
    }
}

pub(super) fn of_correlation(one: &Correlation, pack: &Pack, map: &Coverage<'_>) -> Markup {
    let here = map.correlations.iter().find(|on| on.correlation.name == one.name);
    html! {
        (sentences(&meaning::of_correlation(one)))
        p { "It reads " @for (n, member) in one.members.iter().enumerate() { @if n > 0 { ", " } (link(&member.name, "")) } }
        (told(&one.tags, &one.texts))
        (written(&one.name, pack))
        @if let Some(here) = here {
            h2 { "On each target" }
            table {
                tr { @for target in TARGETS { th { (target.info().title) } } }
                tr { @for target in &here.targets { td class=(target.word()) { (target.word()) } } }
            }
            (queries("all logs", &here.targets))
        }
        (tests(&one.name, pack))
    }
}

fn sentences(sentences: &[String]) -> Markup {
    html! { @for sentence in sentences { p { (sentence) } } }
}

/// Tags with their names, and what people are told.
fn told(all: &[String], texts: &Texts) -> Markup {
    let lists = [("What to do", &texts.respond), ("Harmless causes", &texts.benign), ("References", &texts.references)];
    html! {
        @if !all.is_empty() {
            p { "Looks for " @for (n, tag) in all.iter().enumerate() {
                @if n > 0 { ", " }
                code { (tag) } " " (tags::name(tag).ok().flatten().unwrap_or_default())
            } }
        }
        @if let Some(owner) = &texts.owner { p { "Kept by " (owner) } }
        @for (title, lines) in lists {
            @if !lines.is_empty() { h2 { (title) } ul { @for line in lines { li { (line) } } } }
        }
    }
}

/// The rule's own text.
fn written(name: &str, pack: &Pack) -> Markup {
    let items = pack.files.iter().flat_map(|file| &file.file.items);
    let own = items.filter(|item| match &item.kind {
        ItemKind::Rule(rule) => rule.name.node == name,
        ItemKind::Correlate(one) => one.name.node == name,
        _ => false,
    });
    html! { h2 { "As it is written" } @for item in own { pre { (pack.sources.text(item.span())) } } }
}

/// The queries of one log, with what they rest on and why they are weaker.
fn queries(log: &str, targets: &[OnTarget]) -> Markup {
    html! {
        @for (target, on) in TARGETS.iter().zip(targets) {
            @if let OnTarget::Emitted(emission) = on {
                h3 { code { (log) } " on " (target.info().title) ": " span class=(on.word()) { (on.word()) } }
                @if !emission.query.provided.is_empty() {
                    p { "Provided: " (emission.query.provided.iter().map(|one| one.text()).collect::<Vec<_>>().join("; ")) }
                }
                @for reason in &emission.query.reasons {
                    p { (reason.message) @if let Some(help) = &reason.help { "; " (help) } }
                }
                @if let Some(text) = &emission.query.text { pre { (text) } }
            }
        }
    }
}

/// The texts of a rule's tests.
fn tests(name: &str, pack: &Pack) -> Markup {
    let items = pack.files.iter().flat_map(|file| &file.file.items);
    let tests: Vec<_> = items
        .filter_map(|item| match &item.kind {
            ItemKind::Test(test) if test.rule.node == name => Some((&test.title.node, pack.sources.text(item.span()))),
            _ => None,
        })
        .collect();
    html! {
        h2 { "Tests" }
        @if tests.is_empty() { p { "None." } }
        @for (title, text) in tests { details { summary { (title) } pre { (text) } } }
    }
}
