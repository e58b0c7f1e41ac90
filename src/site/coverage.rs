//! What a pack sees, as tables: each rule on each log, and what of catalogues of known attacks rules look for.

use maud::{Markup, html};

use super::link;
use crate::coverage::{Catalogue, Coverage, Tagged};
use crate::schema::tags;
use crate::target::TARGETS;

/// A table a log that some rule reads, and what the log is.
pub(super) fn by_source(map: &Coverage<'_>) -> Markup {
    html! {
        @for on in map.sources.iter().filter(|on| !on.rules.is_empty()) {
            h2 { code { (on.source.name) } }
            p { (on.source.doc) }
            table {
                tr { th { "Rule" } th { "Archive" } @for target in TARGETS { th { (target.info().title) } } }
                @for here in &on.rules {
                    tr {
                        td { (link(&here.rule.name, "rules/")) }
                        td class=(here.local.word()) { (here.local.word()) }
                        @for target in &here.targets { td class=(target.word()) { (target.word()) } }
                    }
                }
            }
            @for (title, lines) in [("Switch on", &on.source.enable), ("Traps", &on.source.traps)] {
                @if !lines.is_empty() { h3 { (title) } ul { @for line in lines { li { (line) } } } }
            }
        }
    }
}

/// A table a catalogue: its entries that rules look for, and on which clouds these can alert.
pub(super) fn by_catalogue(map: &Coverage<'_>) -> Markup {
    let all =
        [Catalogue::Owasp, Catalogue::Atlas, Catalogue::Attack].map(|one| Tagged::of(std::slice::from_ref(map), one));
    html! {
        @for tagged in all.iter().filter(|tagged| !tagged.entries.is_empty()) {
            @let (covered, of) = tagged.covered();
            h2 { (tags::release(tagged.catalogue.scheme())) }
            p { (covered) " of " (of) " are covered: some rule looks for them, and can alert on some cloud's logs." }
            table {
                tr { th { "Entry" } @for cloud in &tagged.clouds { th { (cloud) } } th { "Rules" } }
                @for entry in tagged.entries.iter().filter(|e| !e.rules.is_empty() || tagged.entries.len() <= 20) {
                    tr {
                        td { code { (entry.id) } " " (entry.name) }
                        @for cloud in &tagged.clouds { td { @if entry.on(cloud) > 0 { (entry.on(cloud)) } } }
                        td { @for (n, rule) in entry.rules.iter().enumerate() { @if n > 0 { ", " } (link(rule.name, "rules/")) } }
                    }
                }
            }
        }
    }
}
