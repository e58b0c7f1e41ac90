//! `pack.toml`: takes its text, gives what it declares, or what is wrong with it.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Level};
use crate::ir::{Hold, MAX_CONTENT_DAYS, Place, PlaceKind, Retention, Source};
use crate::schema::Schema;
use crate::source::{SourceId, Span, Spanned};

/// The version of the language that this program reads.
pub const LANGUAGE: i64 = 1;

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Unique among a user's packs; part of every alert's id.
    pub id: String,
    /// Of the pack.
    pub version: String,
    /// Of the language: 1.
    pub language: i64,
    /// For people.
    pub description: String,
    /// SPDX.
    pub license: String,
    /// By source and target: where this user's logs are, in place of the defaults.
    pub places: BTreeMap<String, BTreeMap<String, String>>,
    /// How long what is kept of archives.
    pub retention: Retention,
    /// What becomes of the findings of lints, by the name of a lint or of a kind of them; names are not looked up here.
    pub levels: BTreeMap<String, Spanned<Level>>,
    /// How many alerts a day are too many.
    pub budget: Budget,
}

/// How many alerts a pack may give on any day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Budget {
    /// In all.
    pub day: Option<u64>,
    /// Of each rule and correlation.
    pub rule: Option<u64>,
    /// Of some, in place of that.
    pub rules: BTreeMap<String, Spanned<u64>>,
}

/// Most days that anything is kept.
const MAX_DAYS: i64 = 36_500;
/// Keys that a manifest may have.
const KEYS: [&str; 9] =
    ["id", "version", "language", "description", "license", "places", "retention", "levels", "budget"];
/// Tables of later versions.
const LATER: [&str; 1] = ["use"];

/// Whether a text can be a pack's id.
///
/// # Errors
/// What is wrong with it, and the way out.
pub fn check_id(id: &str) -> Result<(), (String, &'static str)> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !id.is_empty() && id.chars().all(fits) {
        return Ok(());
    }
    Err((format!("`{id}` can't be a pack's id"), "use lower-case letters, digits, `-` and `_`"))
}

/// Reads a manifest; `id` is that of its text, for the places of findings.
///
/// # Errors
/// What is not TOML, lacks `id`, `version` or `language`, or has a key that is not known: all of it.
pub(super) fn read(text: &str, id: SourceId) -> Result<Manifest, Vec<Diagnostic>> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let at = Span::new(id, error.span().unwrap_or(0..0));
        vec![
            Diagnostic::error(Code::BadManifest, format!("unreadable pack.toml: {}", sentence(error.message())))
                .at(at, "")
                .help("pack.toml is TOML: `key = \"text\"`, one a line"),
        ]
    })?;
    let mut reader = Reader { text, id, table: &table, diagnostics: Vec::new() };
    for key in table.keys() {
        if LATER.contains(&key.as_str()) {
            let start = text.find(&format!("[{key}")).unwrap_or(0);
            let message = format!("`[{key}]` is not in this version yet");
            reader.diagnostics.push(
                Diagnostic::error(Code::NotYet, message)
                    .at(Span::new(id, start..start + key.len() + 2), "reserved for a later version")
                    .help("leave it out for now"),
            );
        } else if !KEYS.contains(&key.as_str()) {
            let at = reader.line(key);
            let diagnostic = Diagnostic::error(Code::BadManifest, format!("unknown key `{key}`")).at(at, "");
            reader.diagnostics.push(diagnostic.suggest(key, KEYS));
        }
    }
    let manifest = Manifest {
        id: reader.required("id", "\"my-rules\""),
        version: reader.required("version", "\"0.1.0\""),
        language: reader.language(),
        description: reader.text("description").unwrap_or_default(),
        license: reader.text("license").unwrap_or_default(),
        places: reader.places(),
        retention: reader.retention(),
        levels: reader.levels(),
        budget: reader.budget(),
    };
    if table.get("id").is_some_and(toml::Value::is_str)
        && let Err((message, help)) = check_id(&manifest.id)
    {
        reader.wrong("id", message, help);
    }
    if reader.diagnostics.is_empty() { Ok(manifest) } else { Err(reader.diagnostics) }
}

/// Takes a manifest's keys apart and says what is wrong with them.
struct Reader<'a> {
    text: &'a str,
    id: SourceId,
    table: &'a toml::Table,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The line on which a key is set; the start where it is not.
    fn line(&self, key: &str) -> Span {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let rest = line.trim_start().trim_start_matches(['"', '[']);
            if rest.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '"', '.'])) {
                return Span::new(self.id, start..start + line.trim_end().len());
            }
            start += line.len();
        }
        Span::new(self.id, 0..0)
    }

    fn wrong(&mut self, key: &str, message: String, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(Code::BadManifest, message).at(self.line(key), "").help(help));
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.table.get(key)? {
            toml::Value::String(text) => Some(text.clone()),
            _ => {
                self.wrong(key, format!("`{key}` is a text"), format!("put it in quotes: `{key} = \"…\"`"));
                None
            }
        }
    }

    fn missing(&mut self, key: &str, example: &str) {
        self.wrong(key, format!("pack.toml has no `{key}`"), format!("write `{key} = {example}`"));
    }

    fn required(&mut self, key: &str, example: &str) -> String {
        if !self.table.contains_key(key) {
            self.missing(key, example);
        }
        self.text(key).unwrap_or_default()
    }

    fn language(&mut self) -> i64 {
        match self.table.get("language") {
            Some(toml::Value::Integer(LANGUAGE)) => {}
            Some(toml::Value::Integer(other)) => self.wrong(
                "language",
                format!("language version {other}, this program reads version {LANGUAGE}"),
                "write `language = 1`, or use the program that the pack was written for",
            ),
            Some(_) => self.wrong("language", "`language` is a whole number".to_owned(), "write `language = 1`"),
            None => self.missing("language", "1"),
        }
        LANGUAGE
    }

    fn places(&mut self) -> BTreeMap<String, BTreeMap<String, String>> {
        const SHAPE: &str = "write `\"aws.bedrock\" = { cloudwatch = \"/my/logs\" }` below `[places]`";
        let mut out: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let Some(places) = self.table.get("places") else { return out };
        let Some(places) = places.as_table() else {
            self.wrong("places", "`places` is a table".to_owned(), SHAPE);
            return out;
        };
        for (source, targets) in places {
            let texts = targets.as_table().map(|targets| {
                targets.iter().map(|(target, name)| Some((target.clone(), name.as_str()?.to_owned()))).collect()
            });
            match texts {
                Some(Some(texts)) => _ = out.insert(source.clone(), texts),
                _ => self.wrong(source, format!("the places of `{source}` are texts, one a target"), SHAPE),
            }
        }
        out
    }

    fn levels(&mut self) -> BTreeMap<String, Spanned<Level>> {
        const SHAPE: &str = "write `unused-list = \"allow\"`, or `warn` or `deny`, below `[levels]`";
        let mut out = BTreeMap::new();
        let Some(levels) = self.table.get("levels") else { return out };
        let Some(levels) = levels.as_table() else {
            self.wrong("levels", "`levels` is a table".to_owned(), SHAPE);
            return out;
        };
        for (name, level) in levels {
            match level.as_str().and_then(Level::find) {
                Some(level) => _ = out.insert(name.clone(), Spanned::new(level, self.line(name))),
                None => self.wrong(name, format!("the level of `{name}` is `allow`, `warn` or `deny`"), SHAPE),
            }
        }
        out
    }

    fn budget(&mut self) -> Budget {
        const SHAPE: &str =
            "write `day = 40`, `rule = 5` and `rules.NAME = 10` below `[budget]`: most alerts on any day";
        let mut out = Budget::default();
        let Some(table) = self.table.get("budget") else { return out };
        let Some(table) = table.as_table() else {
            self.wrong("budget", "`budget` is a table".to_owned(), SHAPE);
            return out;
        };
        let number = |value: &toml::Value| value.as_integer().and_then(|number| u64::try_from(number).ok());
        for (key, value) in table {
            match (key.as_str(), number(value), value.as_table()) {
                ("day", Some(allowed), _) => out.day = Some(allowed),
                ("rule", Some(allowed), _) => out.rule = Some(allowed),
                ("rules", _, Some(rules)) => {
                    for (name, value) in rules {
                        match number(value) {
                            Some(allowed) => {
                                let at = [self.line(name), self.line(&format!("rules.{name}"))];
                                let at = at.into_iter().find(|at| at.end > 0).unwrap_or_default();
                                out.rules.insert(name.clone(), Spanned::new(allowed, Span { source: self.id, ..at }));
                            }
                            None => self.wrong(name, format!("the budget of `{name}` is a number of alerts"), SHAPE),
                        }
                    }
                }
                ("day" | "rule", ..) => self.wrong(key, format!("`{key}` is a number of alerts"), SHAPE),
                _ => self.wrong(key, format!("`{key}` is no budget"), SHAPE),
            }
        }
        out
    }

    fn retention(&mut self) -> Retention {
        const DAYS: &str =
            "write days, `content = 30`, and `hold = [{ from = 2026-11-01, to = 2026-11-05, because = \"…\" }]`";
        let mut out = Retention::default();
        let Some(table) = self.table.get("retention") else { return out };
        let Some(table) = table.as_table() else {
            self.wrong("retention", "`retention` is a table".to_owned(), DAYS);
            return out;
        };
        for (kind, value) in table {
            match value {
                toml::Value::Array(holds) if kind == "hold" => {
                    for hold in holds {
                        match hold.as_table().and_then(held) {
                            Some(hold) => out.holds.push(hold),
                            None => self.wrong(
                                kind,
                                "a hold has the days `from` and `to`, and says `because`".to_owned(),
                                DAYS,
                            ),
                        }
                    }
                }
                toml::Value::Integer(days) if (1..=MAX_DAYS).contains(days) => {
                    if kind == "content" && *days > MAX_CONTENT_DAYS {
                        let message = format!("text of users is kept for at most {MAX_CONTENT_DAYS} days");
                        self.wrong(kind, message, format!("write `content = {MAX_CONTENT_DAYS}` or less"));
                    }
                    out.days.insert(kind.clone(), *days);
                }
                _ => self.wrong(kind, format!("`{kind}` is a number of days, from 1 to {MAX_DAYS}"), DAYS),
            }
        }
        out
    }
}

/// A hold, where its table has what one needs and nothing else.
fn held(table: &toml::Table) -> Option<Hold> {
    let text = |key: &str| table.get(key)?.as_str().map(str::to_owned);
    let (from, to) = (day(table.get("from")?)?, day(table.get("to")?)?);
    let stream = text("stream");
    let known = 3 + usize::from(stream.is_some());
    (from <= to && table.len() == known).then_some(Hold { stream, from, to, because: text("because")? })
}

/// Days since 1970 of `2026-11-02`, as TOML's own date or as a text.
fn day(value: &toml::Value) -> Option<i64> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Datetime(time) => time.to_string(),
        _ => return None,
    };
    let date = chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
    Some(date.signed_duration_since(chrono::NaiveDate::default()).num_days())
}

/// One line, beginning in lower case.
fn sentence(message: &str) -> String {
    let line = message.lines().collect::<Vec<_>>().join(", ");
    let mut chars = line.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// What is wrong with budgets for rules that there are not.
pub(super) fn unknown_budgets(budget: &Budget, names: &[&str]) -> Vec<Diagnostic> {
    let unknown = budget.rules.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    unknown
        .map(|(name, allowed)| {
            Diagnostic::error(Code::BadManifest, format!("unknown rule `{name}` in `[budget]`"))
                .at(allowed.span, "")
                .suggest(name, names.iter().copied())
        })
        .collect()
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
            match place_of(found, target) {
                Some(place) if !name.trim().is_empty() => place.name.clone_from(name),
                Some(_) => out.push(
                    Diagnostic::error(Code::BadManifest, format!("empty place for `{source}` on `{target}`"))
                        .at(at, "")
                        .help("name the log group, table or log, or leave it out: the source has a default"),
                ),
                None => {
                    let known = named_places(found);
                    let message = format!("`{source}` has no place on `{target}`");
                    let known = known.iter().map(String::as_str);
                    out.push(Diagnostic::error(Code::BadManifest, message).at(at, "").suggest(target, known));
                }
            }
        }
    }
    out
}

/// The place that `kql` names, or, of a source whose events are put together, `kql.PART`.
fn place_of<'a>(source: &'a mut Source, named: &str) -> Option<&'a mut Place> {
    let (target, part) = named.split_once('.').map_or((named, None), |(target, part)| (target, Some(part)));
    let kind = PlaceKind::find(target)?;
    let places = match part {
        None => &mut source.places,
        Some(part) => &mut source.assemble.as_mut()?.parts.iter_mut().find(|known| known.name == part)?.places,
    };
    places.iter_mut().find(|place| place.kind == kind)
}

/// What may be named.
fn named_places(source: &Source) -> Vec<String> {
    let parts = source.assemble.iter().flat_map(|assemble| &assemble.parts);
    let of_parts =
        parts.flat_map(|part| part.places.iter().map(|place| format!("{}.{}", place.kind.word(), part.name)));
    source.places.iter().map(|place| place.kind.word().to_owned()).chain(of_parts).collect()
}
