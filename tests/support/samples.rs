//! samples/sources.json: which sample logs are whose. A source that is written there takes part in every test of sources.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

/// The logs of a source.
pub(crate) struct Samples {
    pub(crate) source: String,
    /// Its files below samples/, in order.
    pub(crate) files: Vec<PathBuf>,
    /// Folders of a set of real records, which is no part of the repository.
    pub(crate) real: Vec<String>,
}

/// Those of every registered source, in the order of their names.
pub(crate) fn all() -> Vec<Samples> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let files = files_below(&folder);
    let registered = parsed(&folder.join("sources.json"));
    let sources = registered.as_object().expect("sources.json is an object").iter();
    sources
        .map(|(source, entry)| {
            // One glob, or a list of them.
            let globs = entry["files"].as_array().cloned().unwrap_or_else(|| vec![entry["files"].clone()]);
            let glob = |glob: &Value| pattern(glob.as_str().unwrap_or_else(|| panic!("{source} has no `files`")));
            let globs: Vec<Regex> = globs.iter().map(glob).collect();
            let below = |file: &&PathBuf| {
                let name = file.strip_prefix(&folder).unwrap_or(file).to_string_lossy();
                globs.iter().any(|glob| glob.is_match(&name))
            };
            let files: Vec<PathBuf> = files.iter().filter(below).cloned().collect();
            assert!(!files.is_empty(), "no sample fits the `files` of {source}");
            let real = entry["real"].as_array().into_iter().flatten();
            let real = real.map(|name| name.as_str().expect("`real` holds names").to_owned()).collect();
            Samples { source: source.clone(), files, real }
        })
        .collect()
}

/// `*` stands for a part of a name, `**/` for any folders.
fn pattern(glob: &str) -> Regex {
    let regex = regex::escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*");
    Regex::new(&format!("^{regex}$")).expect("a glob is a pattern")
}

/// All files below a folder, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut out, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder's entry").path();
            if path.is_dir() { open.push(path) } else { out.push(path) }
        }
    }
    out.sort();
    out
}

/// A JSON file.
pub(crate) fn parsed(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The raw records of a file, packed or not: lines, a list, or an object with `Records`. What is no JSON object is passed over.
pub(crate) fn records(path: &Path) -> Vec<Value> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    let unpacked = std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut text);
    if unpacked.is_err() {
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    let whole: Option<Value> = serde_json::from_str(&text).ok();
    let mut records = match whole {
        Some(Value::Object(mut whole)) if whole.contains_key("Records") => match whole.remove("Records") {
            Some(Value::Array(records)) => records,
            _ => Vec::new(),
        },
        Some(Value::Array(records)) => records,
        _ => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
    };
    records.retain(Value::is_object);
    records
}
