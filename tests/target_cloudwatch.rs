//! CloudWatch Logs Insights: the exact text of each construct, with verdict, conditions and reasons.
//!
//! No engine here runs these queries, so each text was read against the vendor's documents when it was written down.

use skywatch::bind::{Bound, bind};
use skywatch::diag::Severity;
use skywatch::ir::PlaceKind;
use skywatch::source::SourceMap;
use skywatch::target::cloudwatch::CloudWatch;
use skywatch::target::{Backend as _, Judges, Lowering, Request, Verdict};
use skywatch::{resolve, schema, syntax};

/// One emitted query and what is said about it, as text.
fn emit(source: &str, text: &str, range: Option<(i64, i64)>) -> String {
    let mut sources = SourceMap::default();
    let mut files = Vec::new();
    for (name, text) in schema::BUILTIN.iter().copied().chain([("test.sky", text)]) {
        let id = sources.add(name, text);
        let (file, diagnostics) = syntax::parse(id, text);
        assert!(diagnostics.is_empty(), "{}", skywatch::diag::render(&diagnostics, &sources, false));
        files.push(file);
    }
    let (resolved, diagnostics) = resolve::resolve(&files, &|_| Err("no files".to_owned()));
    let errors: Vec<_> = diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{}", skywatch::diag::render(&errors, &sources, false));
    let schema = &resolved.schema;
    let source = schema.source(source).unwrap();
    let rule = resolved.rules.last().unwrap();
    let bound = match bind(rule, source, schema.stream_of(source.stream).unwrap()) {
        Bound::Rule(bound) => bound,
        other => panic!("not bound: {other:?}"),
    };
    let mut cx = Lowering {
        bound: &bound,
        source,
        place: source.place(PlaceKind::CloudWatch).unwrap(),
        request: Request { range },
        verdict: Verdict::Exact,
        provided: Vec::new(),
        left_out: bound.left_out.clone(),
        reasons: Vec::new(),
        judges: Judges::OneWindow,
        needs: None,
    };
    let tree = CloudWatch.lower(&mut cx);
    let mut out = tree.map(|tree| CloudWatch.print(&tree)).unwrap_or_default();
    out.push_str(&format!("\n# {}", cx.verdict.text()));
    out.push_str(&cx.needs.map(|needs| format!(", {}", needs.text())).unwrap_or_default());
    if !cx.provided.is_empty() {
        let provided: Vec<String> = cx.provided.iter().map(|condition| condition.text()).collect();
        out.push_str(&format!("\n# provided: {}", provided.join(", ")));
    }
    if !cx.left_out.is_empty() {
        out.push_str(&format!("\n# left out: {}", cx.left_out.join(", ")));
    }
    for reason in &cx.reasons {
        let at = reason.labels.first().map(|label| sources.text(label.span)).unwrap_or_default();
        out.push_str(&format!("\n# {} at `{at}`: {}", reason.code.as_str(), reason.message));
    }
    out
}

#[test]
fn try_out() {
    let rules = std::fs::read_to_string("/tmp/cwl/try.sky").unwrap();
    for part in rules.split("----\n") {
        let (source, text) = part.split_once('\n').unwrap();
        println!("==== {text}\n{}\n", emit(source, text, None));
    }
}
