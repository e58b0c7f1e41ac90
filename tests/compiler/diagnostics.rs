//! What people read: every file of tests/diagnostics has one mistake, and its whole message is kept as a snapshot.
//!
//! The first line of a file says what its reader should learn. `INSTA_UPDATE=always cargo test --test compiler diagnostics` writes the
//! snapshots anew: review each as if you had made the mistake.

use std::path::{Path, PathBuf};

use skywatch::diag::render;
use skywatch::pack::{self, Pack};

/// The whole message of a pack or file, as a terminal without colours shows it.
fn show(path: &Path) -> String {
    said(path, &pack::load(path))
}

fn said(path: &Path, pack: &Pack) -> String {
    let message = render(&pack.diagnostics, &pack.sources, false);
    for diagnostic in &pack.diagnostics {
        assert!(diagnostic.help.is_some(), "{}: no way out is said:\n{message}", path.display());
        let text = &diagnostic.message;
        assert!(!text.ends_with('.') && !text.contains('\n'), "{}: {text}", path.display());
        let first = text.trim_start_matches('`').chars().next().unwrap_or('A');
        assert!(text.starts_with('`') || !first.is_uppercase() || text.starts_with("Unicode"), "{text}");
    }
    assert!(!pack.diagnostics.is_empty(), "{}: nothing is found wrong", path.display());
    // Lines end with their text: editors and git strip the rest.
    message.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn cases(folder: &str, fits: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| fits(path))
        .collect();
    out.sort();
    out
}

fn name(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned()
}

#[test]
fn every_mistake_has_its_message() {
    let files = cases("tests/diagnostics", |path| path.extension().is_some_and(|e| e == "sky"));
    assert!(files.len() >= 60, "only {} mistakes", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        assert!(text.starts_with("// "), "{}: the first line says what a reader should learn", path.display());
        insta::assert_snapshot!(name(&path), show(&path));
    }
}

#[test]
fn every_broken_pack_has_its_message() {
    for path in cases("tests/diagnostics/packs", Path::is_dir) {
        insta::assert_snapshot!(format!("pack-{}", name(&path)), show(&path));
    }
}

/// What is wrong between packs that are given together is a finding of the one that says it.
#[test]
fn every_mistake_between_packs_has_its_message() {
    for folder in cases("tests/diagnostics/together", Path::is_dir) {
        let paths = cases(&folder.display().to_string(), |path| path.extension().is_some_and(|e| e == "sky"));
        let packs = pack::load_together(&paths);
        let wrong: Vec<&Pack> = packs.iter().filter(|pack| !pack.diagnostics.is_empty()).collect();
        assert!(wrong.len() == 1 && wrong[0].id == "tuning", "{}", folder.display());
        insta::assert_snapshot!(format!("together-{}", name(&folder)), said(&folder, wrong[0]));
    }
}
