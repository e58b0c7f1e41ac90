//! `pack.toml`: takes its text, gives what it declares, or what is wrong with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diag::{Code, Diagnostic};
use crate::ir::PlaceKind;
use crate::schema::Schema;
use crate::source::{SourceId, Span};

/// The version of the language that this program reads.
pub const LANGUAGE: i64 = 1;

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Unique among a user's packs; part of every alert's id.
    pub id: String,
    /// Of the pack.
    pub version: String,
    /// Of the language: 1.
    pub language: i64,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// SPDX.
    #[serde(default)]
    pub license: String,
    /// By source and target: where this user's logs are, in place of the defaults.
    #[serde(default)]
    pub places: BTreeMap<String, BTreeMap<String, String>>,
}

/// Tables of later versions.
const LATER: [&str; 4] = ["levels", "budget", "retention", "use"];

/// Reads a manifest; `id` is that of its text, for the places of findings.
///
/// # Errors
/// What is not TOML, lacks `id`, `version` or `language`, or has a key that is not known.
pub(super) fn read(text: &str, id: SourceId) -> Result<Manifest, Diagnostic> {
    let at = |error: &toml::de::Error| Span::new(id, error.span().unwrap_or(0..0));
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Diagnostic::error(Code::BadManifest, format!("unreadable pack.toml: {}", sentence(error.message())))
            .at(at(&error), "")
    })?;
    if let Some(later) = LATER.iter().find(|name| table.contains_key(**name)) {
        let start = text.find(&format!("[{later}")).unwrap_or(0);
        return Err(Diagnostic::error(Code::NotYet, format!("`[{later}]` is not in this version yet"))
            .at(Span::new(id, start..start + later.len() + 2), "reserved for a later version")
            .help("leave it out for now"));
    }
    let manifest: Manifest = toml::from_str(text).map_err(|error| {
        Diagnostic::error(Code::BadManifest, format!("unreadable pack.toml: {}", sentence(error.message())))
            .at(at(&error), "")
            .help(
                "a pack needs `id`, `version` and `language = 1`; it may have `description`, `license` and `[places]`",
            )
    })?;
    let known_id = !manifest.id.is_empty()
        && manifest.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if !known_id {
        return Err(key_error(
            text,
            id,
            "id",
            format!("pack id `{}`", manifest.id),
            "use lower-case letters, digits, `-` and `_`",
        ));
    }
    if manifest.language != LANGUAGE {
        let message = format!("language version {}, this program reads version {LANGUAGE}", manifest.language);
        return Err(key_error(
            text,
            id,
            "language",
            message,
            "write `language = 1`, or use the program that the pack was written for",
        ));
    }
    Ok(manifest)
}

/// One line, beginning in lower case.
fn sentence(message: &str) -> String {
    let line = message.lines().collect::<Vec<_>>().join(", ");
    let mut chars = line.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn key_error(text: &str, id: SourceId, key: &str, message: impl Into<String>, help: &str) -> Diagnostic {
    let start = text.lines().scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, line))
    });
    let line =
        start.filter(|(_, line)| line.trim_start().starts_with(key)).map(|(at, line)| at..at + line.len()).next();
    Diagnostic::error(Code::BadManifest, message).at(Span::new(id, line.unwrap_or(0..0)), "").help(help)
}

/// Puts a user's places into the schema.
pub(super) fn set_places(manifest: &Manifest, text: &str, id: SourceId, schema: &mut Schema) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let names: Vec<String> = schema.sources.iter().map(|s| s.name.clone()).collect();
    for (source, places) in &manifest.places {
        let start = text.find(source.as_str()).unwrap_or(0);
        let at = Span::new(id, start..start + source.len());
        let Some(found) = schema.sources.iter_mut().find(|s| s.name == *source) else {
            let diagnostic =
                Diagnostic::error(Code::BadManifest, format!("unknown source `{source}` in `[places]`")).at(at, "");
            out.push(diagnostic.suggest(source, names.iter().map(String::as_str)));
            continue;
        };
        for (target, name) in places {
            let place = PlaceKind::find(target).and_then(|kind| found.places.iter_mut().find(|p| p.kind == kind));
            match place {
                Some(place) if !name.trim().is_empty() => place.name.clone_from(name),
                Some(_) => out.push(
                    Diagnostic::error(Code::BadManifest, format!("empty place for `{source}` on `{target}`"))
                        .at(at, ""),
                ),
                None => {
                    let known: Vec<&str> = found.places.iter().map(|p| p.kind.word()).collect();
                    let message = format!("`{source}` has no place on `{target}`");
                    out.push(Diagnostic::error(Code::BadManifest, message).at(at, "").suggest(target, known));
                }
            }
        }
    }
    out
}
