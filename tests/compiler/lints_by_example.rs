//! Lints of what is measured, on more than their own examples: the name of an item says what is found in it.

use std::collections::BTreeSet;
use std::path::Path;

use skywatch::diag::render;
use skywatch::lint::lint;
use skywatch::pack::load;

/// Checks a file of items each of which is named after the lint that finds it.
fn as_named(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compiler/lints").join(file);
    let pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{}", render(&pack.diagnostics, &pack.sources, false));
    let found = lint(&pack);
    let mut wrong = String::new();
    for item in pack.files.iter().flat_map(|file| &file.file.items) {
        let whole = item.doc.first().map_or(item.span(), |doc| doc.span.to(item.span()));
        let text = pack.sources.text(item.span());
        let name = text.split_whitespace().nth(1).unwrap_or_default();
        let of_item = found.iter().filter(|found| {
            let at = found.labels.first().map(|label| label.span.start);
            at.is_some_and(|at| (whole.start..whole.end).contains(&at))
        });
        let codes: BTreeSet<&str> =
            of_item.map(|found| found.code.as_str()).filter(|code| ("W0130".."W0160").contains(code)).collect();
        let wanted = name.strip_prefix('w').and_then(|rest| rest.get(..3)).map(|number| format!("W0{number}"));
        if codes != wanted.iter().map(String::as_str).collect() && text.starts_with(['r', 's', 'c', 'o']) {
            wrong.push_str(&format!("{name}: {codes:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_wrong_is_found_by_its_lint_alone() {
    as_named("found.sky");
}

#[test]
fn what_only_looks_wrong_is_not_found() {
    as_named("not_found.sky");
}
