//! What a source does not carry: a rule that rests on it is refused there, what only shows or measures it goes without.

use crate::support::resolved;
use skywatch::bind::{Bound, ForSource, bind, for_source};

/// What becomes of a rule on a source: what it goes without, or why it is refused.
fn on(source: &str, rule: &str) -> Result<Vec<String>, Vec<String>> {
    let resolved = resolved(&[&format!("rule r {{ severity low  {rule} }}")]);
    let (rule, schema) = (&resolved.rules[0], &resolved.schema);
    let (source, stream) = (schema.source(source).expect("it is there"), &schema.streams[rule.stream]);
    let bound = bind(rule, source, stream);
    match (&bound, for_source(rule, source, stream)) {
        // A local run goes without the same.
        (Bound::Rule(bound), ForSource::Rule(_, left_out)) => assert_eq!(bound.left_out, left_out),
        (Bound::Refused(reasons), ForSource::Refused(same)) => assert_eq!(*reasons, same),
        (bound, other) => panic!("{bound:?} but {other:?}"),
    }
    match bound {
        Bound::Rule(bound) => Ok(bound.left_out),
        Bound::Refused(reasons) => Err(reasons.into_iter().map(|reason| reason.message).collect()),
        Bound::Never => panic!("it never fires"),
    }
}

#[test]
fn fields() {
    let refused = Err(vec!["`aws.bedrock` logs carry no `status`".to_owned()]);
    for clauses in ["where status > 400", "where status is missing", "over 1h by status", "with s = status where s > 1"]
    {
        assert_eq!(on("aws.bedrock", &format!("from invocation {clauses}")), refused, "{clauses}");
    }
    let deciding = "from invocation over 1h let n = count(where status > 400), m = n + 1 when m > 3";
    assert_eq!(on("aws.bedrock", deciding), refused);
    let beside =
        "from invocation over 1h let n = count(where status > 400), m = count() when m > 3 show s = max(status)";
    assert_eq!(on("aws.bedrock", beside), Ok(vec!["n".to_owned(), "s".to_owned()]));
}

#[test]
fn parts_of_records() {
    let refused = Err(vec!["`aws.bedrock` logs carry no `filtered` in `guardrail.findings`".to_owned()]);
    for clauses in [
        "where any f in guardrail.findings (f.filtered == true)",
        "with found = guardrail.findings where all f in found (f.filtered is missing)",
        "with x = if(any f in guardrail.findings (f.filtered == true), 1, 0) where x == 1",
        "each f in guardrail.findings where f.filtered == true",
        "each f in guardrail.findings over 1h let n = count(where f.filtered == true) when n > 1",
    ] {
        assert_eq!(on("aws.bedrock", &format!("from invocation {clauses}")), refused, "{clauses}");
    }
    let shown = "from invocation each f in guardrail.findings where f.type == \"HATE\" show f.type, f.filtered";
    assert_eq!(on("aws.bedrock", shown), Ok(vec!["f.filtered".to_owned()]));
    // What the source makes its records with is there, missing or not.
    assert_eq!(on("aws.bedrock", "from invocation where any f in guardrail.findings (f.detected == true)"), Ok(vec![]));
}
