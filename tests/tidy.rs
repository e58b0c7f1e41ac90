//! The shape of the repository: layers, homes of crates, headers, file lengths, no places of one machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Most lines of a file of src/.
const MOST_LINES: usize = 500;

/// What a folder of src/ may use, besides itself; what stands in no row may use everything.
const LAYERS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diag", &["source"]),
    ("json", &[]),
    ("csv", &[]),
    ("redact", &[]),
    ("emulator", &["source", "diag", "json"]),
    ("ir", &["source", "redact"]),
    ("networks", &["csv", "diag", "ir"]),
    ("syntax", &["source", "diag", "ir"]),
    ("schema", &["source", "diag", "syntax", "ir"]),
    ("resolve", &["csv", "source", "diag", "syntax", "schema", "ir", "redact"]),
    ("bind", &["source", "diag", "schema", "ir"]),
    ("eval", &["source", "diag", "json", "schema", "ir", "bind", "redact"]),
    ("record", &["source", "diag", "json", "schema", "ir", "bind", "eval"]),
    ("target", &["source", "diag", "schema", "ir", "bind", "redact"]),
    ("pack", &["source", "diag", "syntax", "schema", "resolve", "ir", "bind", "eval", "record", "target"]),
    ("archive", &["source", "diag", "json", "schema", "ir", "bind", "eval", "record", "redact", "networks"]),
    ("engine", &["source", "diag", "json", "schema", "ir", "bind", "eval", "record", "archive", "redact"]),
    (
        "ruletest",
        &[
            "source", "diag", "json", "schema", "ir", "bind", "eval", "record", "pack", "resolve", "syntax", "target",
            "emulator", "engine",
        ],
    ),
    ("piped", &["diag", "schema", "ir", "bind", "eval", "record", "engine"]),
    ("state", &["diag", "ir", "bind", "eval", "engine", "resolve"]),
    ("why", &["source", "diag", "syntax", "ir", "eval", "pack", "report", "engine"]),
    ("site", &["syntax", "schema", "ir", "pack", "meaning", "coverage", "target"]),
    ("changes", &["source", "ir", "eval", "pack", "meaning", "report", "target"]),
    ("backtest", &["ir", "eval", "pack", "changes"]),
    ("report", &["source", "diag", "ir", "eval"]),
    ("meaning", &["source", "syntax", "ir", "bind", "pack"]),
    (
        "lint",
        &[
            "source", "diag", "json", "csv", "redact", "ir", "syntax", "schema", "resolve", "bind", "eval", "record",
            "target", "pack", "ruletest", "meaning", "coverage",
        ],
    ),
    ("coverage", &["source", "diag", "syntax", "schema", "ir", "bind", "pack", "target"]),
];

/// Crates that stay where they are wrapped.
const HOMES: &[(&str, &[&str])] = &[
    ("pest::", &["src/syntax/parse/"]),
    ("miette::", &["src/diag/render.rs"]),
    ("datafusion::", &["src/engine/", "src/archive/"]),
    ("regex_automata::", &["src/engine/sieve.rs", "src/engine/together.rs"]),
    ("regex_syntax::", &["src/ir/pattern/"]),
    ("sqlparser::", &["src/emulator/googlesql/"]),
    ("bigdecimal::", &["src/emulator/googlesql/"]),
    ("aho_corasick::", &["src/redact/"]),
    ("hmac::", &["src/redact/", "src/archive/"]),
    ("iban::", &["src/redact/"]),
    ("maxminddb::", &["src/networks/mmdb.rs"]),
    ("tikv_jemallocator::", &["src/main.rs"]),
    ("maud::", &["src/site/"]),
    ("memchr::", &["src/record/cut.rs"]),
    (
        "rayon::",
        &[
            "src/record/mixed.rs",
            "src/archive/locate.rs",
            "src/archive/protect.rs",
            "src/archive/write.rs",
            "src/engine/findings.rs",
            "src/eval/alert.rs",
            "src/eval/correlate.rs",
            "src/eval/windowed.rs",
        ],
    ),
    ("walkdir::", &["src/record/walk.rs"]),
    ("zstd::", &["src/record/unpack.rs"]),
    ("chrono_tz::", &["src/resolve/calendar.rs"]),
    ("clap::", &["src/cli/"]),
    ("clap_complete::", &["src/cli/"]),
    ("clap_mangen::", &["src/cli/man.rs"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(String, String)> {
    let (mut out, mut open) = (Vec::new(), vec![root().join("src")]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
                out.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    out.sort();
    out
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn layers_point_one_way() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let folder = name.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some((_, allowed)) = LAYERS.iter().find(|(of, _)| *of == folder) else { continue };
        for line in code(&text) {
            for used in line.split("crate::").skip(1) {
                let used = used.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
                let known = LAYERS.iter().any(|(layer, _)| *layer == used) || used == "cli";
                if known && used != folder && !allowed.contains(&used) {
                    wrong.push(format!("{name} uses {used}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stay_home() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (used, homes) in HOMES {
            if code(&text).any(|line| line.contains(used)) && !homes.iter().any(|home| name.starts_with(home)) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_is_short() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{name} does not open with `//!`"));
        }
        let lines = text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{name} has {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    let Ok(listed) = Command::new("git").args(["ls-files"]).current_dir(root()).output() else { return };
    let places = ["work", "farm"].map(|place| format!("/{place}/"));
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let bad = |name: &&str| {
        let text = std::fs::read_to_string(root().join(name)).unwrap_or_default();
        !name.starts_with("tests/tidy") && places.iter().any(|place| text.contains(place.as_str()))
    };
    let wrong: Vec<&str> = names.lines().filter(bad).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
