//! Text ↔ tree: every built-in and shipped file parses; printing is the inverse of parsing, keeps comments, and is idempotent.

use skywatch::source::SourceMap;
use skywatch::{schema, syntax};

fn check(name: &str, text: &str) {
    let mut sources = SourceMap::default();
    let id = sources.add(name, text);
    let (file, diagnostics) = syntax::parse(id, text);
    assert!(diagnostics.is_empty(), "{}", skywatch::diag::render(&diagnostics, &sources, false));
    let printed = syntax::print_file(&file, text);
    let id = sources.add(format!("{name}, printed"), printed.as_str());
    let (again, diagnostics) = syntax::parse(id, &printed);
    assert!(diagnostics.is_empty(), "{}", skywatch::diag::render(&diagnostics, &sources, false));
    assert!(file == again, "{name}: printing changed the tree:\n{printed}");
    let twice = syntax::print_file(&again, &printed);
    assert_eq!(printed, twice, "{name}: printing twice differs");
    let comments = |text: &str| text.lines().filter(|l| l.trim_start().starts_with("//")).count();
    assert_eq!(comments(text), comments(&printed), "{name}: a comment was lost:\n{printed}");
}

#[test]
fn built_in_files_survive_formatting() {
    for (name, text) in schema::BUILTIN {
        check(name, text);
    }
}
