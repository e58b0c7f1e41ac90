//! A target's text of each construct: takes a folder of files of rules, gives a snapshot of what each file's rules become, with verdicts,
//! conditions and reasons.
//!
//! A file's first line names the sources, as a comment; a second line `// range` asks for the text of one day too, `// portable` for the text
//! in CloudWatch's commands of 2018–22.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use skywatch::diag::{has_errors, render};
use skywatch::ir::SECOND;
use skywatch::source::SourceMap;
use skywatch::target::{Needs, Request, Target, emit};
use skywatch::{resolve, schema, syntax};

/// 2026-01-01T00:00:00Z and the midnight after.
pub(crate) const DAY: (i64, i64) = (1_767_225_600 * SECOND, 1_767_312_000 * SECOND);

/// The queries of all rules of some text for these sources, the built-in ones and those of `own`, and what is said about each.
pub(crate) fn emitted(target: &dyn Target, own: &'static str, only: &[&str], text: &str, request: Request) -> String {
    let mut sources = SourceMap::default();
    let texts = schema::BUILTIN.iter().copied().chain([("own.sky", own), ("test.sky", text)]);
    let (mut files, mut diagnostics) = (Vec::new(), Vec::new());
    for (name, text) in texts {
        let id = sources.add(name, text);
        let (file, mut said) = syntax::parse(id, text);
        diagnostics.append(&mut said);
        files.push(file);
    }
    let (resolved, mut said) = resolve::resolve(&files, &|_| Err("no files here".to_owned()));
    diagnostics.append(&mut said);
    assert!(!has_errors(&diagnostics), "{}", render(&diagnostics, &sources, false));
    let mut out = String::new();
    for rule in &resolved.rules {
        let emissions = emit(rule, &resolved.schema, target, request);
        for emission in emissions.iter().filter(|emission| only.contains(&emission.source.as_str())) {
            let query = &emission.query;
            let needs = query.needs.map(|needs| format!(", {}", needs.text())).unwrap_or_default();
            _ = writeln!(out, "# {}: {}{needs}", rule.name, query.verdict.text());
            if !query.provided.is_empty() {
                let provided: Vec<String> = query.provided.iter().map(|condition| condition.text()).collect();
                _ = writeln!(out, "# provided: {}", provided.join("; "));
            }
            if !query.left_out.is_empty() {
                _ = writeln!(out, "# left out: {}", query.left_out.join(", "));
            }
            for reason in &query.reasons {
                let at = reason.labels.first().map(|label| sources.text(label.span)).unwrap_or_default();
                _ = writeln!(out, "# {} at `{at}`: {}", reason.code.as_str(), reason.message);
                _ = writeln!(out, "#     {}", reason.help.as_deref().unwrap_or_default());
            }
            _ = writeln!(out, "{}\n", query.text.as_deref().unwrap_or("(no query)"));
        }
    }
    out
}

/// Compares each file of rules of a folder with its snapshot.
pub(crate) fn each_has_its_text(target: &dyn Target, own: &'static str, folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = folder.read_dir().expect("the folder is there").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sky"));
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let (first, rest) = text.split_once('\n').unwrap_or_default();
        let only: Vec<&str> = first.trim_start_matches("//").split_whitespace().collect();
        let second = rest.lines().next().unwrap_or_default();
        let cloudwatch = if second == "// portable" { Needs::Portable } else { Needs::default() };
        let mut queries = emitted(target, own, &only, &text, Request { range: None, cloudwatch });
        if second == "// range" {
            queries += "########## judged for one day\n\n";
            queries += &emitted(target, own, &only, &text, Request { range: Some(DAY), cloudwatch });
        }
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        settings.bind(|| insta::assert_snapshot!(name, queries));
    }
}
