//! A pack as a site of plain HTML pages: takes a pack, gives each page's path and text. No script, no font, no file from elsewhere: it can be read
//! from a disk.
//!
//! INVARIANT (text is text): whatever a pack holds, `maud` writes it as text; nothing of it becomes markup.

mod coverage;
mod rule;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::coverage::Coverage;
use crate::pack::Pack;

/// All pages say how they look themselves.
const STYLE: &str = include_str!("style.css");

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Below the site's folder, with `/` between folders.
    pub path: String,
    /// The whole file.
    pub text: String,
}

/// The pages of a pack: the index, a page a rule and correlation, what is seen where, and what of known attacks is looked for.
#[must_use]
pub fn site(pack: &Pack) -> Vec<Page> {
    let map = Coverage::of(pack);
    let mut out = vec![
        Page { path: "index.html".to_owned(), text: page(&pack.id, "", &index(pack)) },
        Page { path: "coverage.html".to_owned(), text: page("Coverage", "", &coverage::by_source(&map)) },
        Page { path: "catalogues.html".to_owned(), text: page("Known attacks", "", &coverage::by_catalogue(&map)) },
    ];
    let rules = pack.resolved.rules.iter().map(|rule| (rule.name.as_str(), rule::of_rule(rule, pack, &map)));
    let correlations =
        pack.resolved.correlations.iter().map(|one| (one.name.as_str(), rule::of_correlation(one, pack, &map)));
    for (name, body) in rules.chain(correlations) {
        out.push(Page { path: format!("rules/{}.html", file(name)), text: page(name, "../", &body) });
    }
    out
}

/// A name as part of a path: what is neither letter, digit nor `_`, as its bytes.
fn file(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("-{byte:02x}") };
    name.bytes().map(one).collect()
}

/// A whole page; `up` leads from it to the site's folder.
fn page(title: &str, up: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav {
                    a href={ (up) "index.html" } { "Rules" }
                    a href={ (up) "coverage.html" } { "Coverage" }
                    a href={ (up) "catalogues.html" } { "Known attacks" }
                }
                h1 { (title) }
                (body)
            }
        }
    }
    .into_string()
}

/// All rules, the worst first.
fn index(pack: &Pack) -> Markup {
    let resolved = &pack.resolved;
    let rules = resolved.rules.iter().map(|rule| {
        let worst = rule.severity.arms.iter().map(|(_, level)| *level).chain([rule.severity.default]).max();
        (
            rule.signal,
            worst.unwrap_or(rule.severity.default),
            rule.name.as_str(),
            rule.title.as_str(),
            rule.tags.as_slice(),
        )
    });
    let correlations = resolved
        .correlations
        .iter()
        .map(|one| (false, one.severity, one.name.as_str(), one.title.as_str(), one.tags.as_slice()));
    let mut rows: Vec<_> = correlations.chain(rules).collect();
    rows.sort_by_key(|(signal, level, name, ..)| (*signal, std::cmp::Reverse(*level), *name));
    html! {
        p { (rows.len()) " rules, " (resolved.tests.len()) " tests" }
        table {
            tr { th { "Rule" } th { "Severity" } th { "What it finds" } th { "Tags" } }
            @for (signal, level, name, title, tags) in rows {
                tr {
                    td { (link(name, "rules/")) }
                    td class=(level.text()) { @if signal { "signal" } @else { (level.text()) } }
                    td { (title) }
                    td { (tags.join(", ")) }
                }
            }
        }
    }
}

/// A link to a rule's page; `to` leads to the folder of these.
fn link(name: &str, to: &str) -> Markup {
    html! { a href={ (to) (file(name)) ".html" } { code { (name) } } }
}
