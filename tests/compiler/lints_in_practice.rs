//! Lints on rules that were not written for them: nothing in the shipped pack, and in 28 drafts what docs/review.md lists with a verdict each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use skywatch::diag::{Code, render};
use skywatch::lint::lint;
use skywatch::pack::load;
use skywatch::source::Span;
use skywatch::syntax::ast::{Item, ItemKind};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What the drafts name and do not declare.
const PRELUDE: &str = r#"
list imds_words = ["169.254.169.254", "metadata.google.internal", "latest/meta-data"]
list key_words = ["aws_secret_access_key", "BEGIN RSA PRIVATE KEY"]
list injection_phrases = ["ignore previous", "system prompt"]
list exfil_phrases = ["send it to", "post it to"]
list llm_operations = ["ChatCompletions_Create", "Completions_Create", "Embeddings_Create"]
operations kb_change { aws "bedrock:CreateKnowledgeBase", "bedrock:UpdateKnowledgeBase", "bedrock:DeleteKnowledgeBase" }
operations lifecycle_config { aws "sagemaker:*NotebookInstanceLifecycleConfig" }
operations guardrail_change { aws "bedrock:UpdateGuardrail", "bedrock:DeleteGuardrail" }
operations inference { aws "bedrock:InvokeModel*", "bedrock:Converse*" gcp "*.PredictionService.*Predict" }
operations sandbox_execution { gcp "*.ReasoningEngineExecutionService.*" }
"#;

#[test]
fn the_shipped_pack_has_no_finding() {
    let pack = load(&Path::new(ROOT).join("rulepacks/ai-security"));
    let found = lint(&pack);
    assert!(found.is_empty(), "{}", render(&found, &pack.sources, false));
}

/// Findings by code: the rules that they are about.
type Found = BTreeMap<String, BTreeSet<String>>;

#[test]
fn drafts_have_the_findings_that_are_listed_with_a_verdict() {
    let document = std::fs::read_to_string(Path::new(ROOT).join("docs/review.md")).expect("the document");
    let listed = listed(&document);
    assert!(listed.len() >= 8, "{listed:?}");
    let path = Path::new(ROOT).join("../shared/examples/hard-rules.sky");
    let Ok(drafts) = std::fs::read_to_string(&path) else {
        println!("NO DATA: no drafts at {}", path.display());
        return;
    };
    // A source that there is not, and a `with` that stands behind its `where`.
    let mut text = drafts.replace(" only m365", "");
    if let Some((head, tail)) = text.split_once("where operation is lifecycle_config")
        && let Some((value, tail)) = tail.split_once(" where script")
    {
        text = format!("{head}{value} where operation is lifecycle_config where script{tail}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("drafts.sky");
    std::fs::write(&path, format!("{PRELUDE}{text}")).expect("written");
    let pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{}", render(&pack.diagnostics, &pack.sources, false));
    let items = &pack.files[0].file.items;
    let mut found = Found::new();
    for diagnostic in lint(&pack) {
        let Code::Lint(about) = diagnostic.code else { panic!("{diagnostic:?}") };
        let name = named(items, diagnostic.labels[0].span).unwrap_or_else(|| panic!("{diagnostic:?}"));
        found.entry(about.code.to_owned()).or_default().insert(name);
    }
    assert_eq!(found, listed);
}

/// The rows of the table.
fn listed(document: &str) -> Found {
    let table = document.split("<!-- findings in practice -->").nth(1).expect("the table");
    let rows = table.split("<!-- end of findings -->").next().unwrap_or_default().lines();
    rows.filter(|row| row.starts_with("| W"))
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].to_owned(), cells[2].split(", ").map(str::to_owned).collect())
        })
        .collect()
}

/// The name of the item that a place is in, its doc comment included.
fn named(items: &[Item], place: Span) -> Option<String> {
    let item = items.iter().find(|item| {
        let start = item.doc.first().map_or(item.span().start, |doc| doc.span.start);
        (start..item.span().end).contains(&place.start)
    })?;
    match &item.kind {
        ItemKind::Rule(rule) => Some(rule.name.node.clone()),
        ItemKind::Correlate(one) => Some(one.name.node.clone()),
        // An exception is about the first of its rules.
        ItemKind::Exception(exception) => exception.rules.first().map(|of| of.rule.node.clone()),
        _ => None,
    }
}
