//! What rules are tagged with as a layer of MITRE's Navigator: takes it, gives the layer's JSON.
//!
//! Format: layer 4.5, <https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md>; ATLAS has its own Navigator,
//! whose layers are of the domain `atlas-atlas`.

use serde_json::{Value, json};

use super::tagged::{Catalogue, Entry, Tagged};

/// The layer, or none of a catalogue that Navigators do not have. A technique's score is the number of rules that look for it and run on some cloud.
#[must_use]
pub fn to_navigator(tagged: &Tagged<'_>) -> Option<Value> {
    let domain = match tagged.catalogue {
        Catalogue::Atlas => "atlas-atlas",
        Catalogue::Attack => "enterprise-attack",
        Catalogue::Owasp => return None,
    };
    let score = |entry: &Entry<'_>| entry.rules.iter().filter(|tagger| !tagger.clouds.is_empty()).count();
    let technique = |entry: &Entry<'_>| {
        let rule = |tagger: &super::tagged::Tagger<'_>| {
            let on = if tagger.clouds.is_empty() { "runs on no log".to_owned() } else { tagger.clouds.join(", ") };
            json!({ "name": format!("{}.{}", tagger.pack, tagger.name), "value": on })
        };
        let names: Vec<&str> = entry.rules.iter().map(|tagger| tagger.name).collect();
        json!({
            "techniqueID": entry.id,
            "score": score(entry),
            "comment": names.join(", "),
            "enabled": true,
            "metadata": entry.rules.iter().map(rule).collect::<Vec<_>>(),
            "showSubtechniques": tagged.catalogue.whole(entry.id) == entry.id,
        })
    };
    let (covered, all) = tagged.covered();
    let most = tagged.entries.iter().map(score).max().unwrap_or_default().max(1);
    Some(json!({
        "name": format!("skywatch: {}", tagged.packs.join(", ")),
        "versions": { "layer": "4.5", "navigator": "5.1.0" },
        "domain": domain,
        "description": format!("{covered} of {all} techniques are looked for by rules that run on some cloud's logs"),
        "techniques": tagged.entries.iter().filter(|entry| !entry.rules.is_empty()).map(technique).collect::<Vec<_>>(),
        "gradient": { "colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": most },
        "hideDisabled": false,
    }))
}
