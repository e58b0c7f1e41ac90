//! What rules are tagged with, arranged for people and for programs: entries of a catalogue down, clouds across.

use serde_json::{Value, json};

use super::blocks::{Block, Note, Table};
use super::tagged::{Entry, Tagged, Tagger};
use crate::schema::tags;

/// One line above everything.
pub(super) fn title(tagged: &Tagged<'_>) -> String {
    let (covered, all) = tagged.covered();
    let [_, entries] = tagged.catalogue.entry();
    let percent = tagged.percent();
    format!("{}: {covered} of {all} {entries} are covered ({percent:.1} %)", tagged.packs.join(", "))
}

/// The table of entries that rules look for, or of all where the catalogue is a short one, and what nothing looks for.
pub(super) fn block(tagged: &Tagged<'_>) -> Block {
    let [entry, entries] = tagged.catalogue.entry();
    let whole = |entry: &&Entry<'_>| tagged.catalogue.whole(entry.id) == entry.id;
    let short = tagged.entries.len() <= 20;
    let shown = tagged.entries.iter().filter(|entry| short || !entry.rules.is_empty());
    let row = |entry: &Entry<'_>| {
        let cells = tagged.clouds.iter().map(|cloud| match entry.on(cloud) {
            0 => "–".to_owned(),
            n => n.to_string(),
        });
        (format!("{} {}", entry.id, entry.name), cells.collect())
    };
    let line = |entry: &Entry<'_>| {
        let names: Vec<String> = entry.rules.iter().map(|tagger| named(tagger, tagged)).collect();
        (!names.is_empty()).then(|| format!("{}: {}", entry.id, names.join(", ")))
    };
    let covers = |id: &str| tagged.entries.iter().any(|e| tagged.catalogue.whole(e.id) == id && !e.rules.is_empty());
    let without: Vec<&str> =
        tagged.entries.iter().filter(whole).filter(|entry| !covers(entry.id)).map(|entry| entry.id).collect();
    let mut notes = vec![Note { title: "rules", lines: tagged.entries.iter().filter_map(line).collect() }];
    if !without.is_empty() {
        notes.push(Note { title: "without a rule", lines: vec![without.join(", ")] });
    }
    if !tagged.unlisted.is_empty() {
        let lines = tagged.unlisted.iter().map(|(id, name)| format!("{id}: {name}"));
        notes.push(Note { title: "not in the list that ships", lines: lines.collect() });
    }
    Block {
        title: tags::release(tagged.catalogue.scheme()).to_owned(),
        about: format!(
            "how many rules look for a {entry} and can alert on a cloud's logs; {entries} are covered where one can"
        ),
        tables: vec![Table {
            corner: entry,
            columns: tagged.clouds.iter().map(|cloud| (*cloud).to_owned()).collect(),
            rows: shown.map(row).collect(),
        }],
        notes,
    }
}

/// A rule's name, with its pack's where there are several, and that it sees nothing where it does not.
fn named(tagger: &Tagger<'_>, tagged: &Tagged<'_>) -> String {
    let pack = if tagged.packs.len() > 1 { format!("{}.", tagger.pack) } else { String::new() };
    let blind = if tagger.clouds.is_empty() { " (runs on no log)" } else { "" };
    format!("{pack}{}{blind}", tagger.name)
}

/// The object that `coverage --by atlas --format json` prints.
#[must_use]
pub fn tagged_to_json(tagged: &Tagged<'_>) -> Value {
    let (covered, all) = tagged.covered();
    let rule = |tagger: &Tagger<'_>| json!({ "pack": tagger.pack, "rule": tagger.name, "clouds": tagger.clouds });
    let entry = |entry: &Entry<'_>| {
        json!({
            "id": entry.id,
            "name": entry.name,
            "covered": entry.is_covered(),
            "rules": entry.rules.iter().map(rule).collect::<Vec<_>>(),
        })
    };
    json!({
        "format": 1,
        "catalogue": tagged.catalogue.scheme(),
        "release": tags::release(tagged.catalogue.scheme()),
        "packs": tagged.packs,
        "clouds": tagged.clouds,
        "covered": covered,
        "all": all,
        "percent": tagged.percent(),
        "unlisted": tagged.unlisted.iter().map(|(id, name)| json!({ "id": id, "rule": name })).collect::<Vec<_>>(),
        "entries": tagged.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}
