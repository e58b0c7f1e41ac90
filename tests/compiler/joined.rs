//! What targets make of rules that borrow: what they refuse, in whole messages, and what they leave as it is.

use std::path::Path;

use skywatch::diag::{Diagnostic, render};
use skywatch::pack::{Pack, load};
use skywatch::schema::Schema;
use skywatch::target::{Emission, Request, TARGETS, Verdict, emit, emit_correlation};

fn pack() -> Pack {
    let pack = load(Path::new("tests/coverage/joined.sky"));
    let errors = render(&pack.diagnostics, &pack.sources, false);
    assert!(!skywatch::diag::has_errors(&pack.diagnostics), "{errors}");
    pack
}

fn emissions(pack: &Pack, schema: &Schema, rule: &str) -> Vec<Emission> {
    let rule = pack.resolved.rules.iter().find(|known| known.name == rule).expect("it is written");
    TARGETS.iter().flat_map(|target| emit(rule, schema, *target, Request::default())).collect()
}

fn said(pack: &Pack, emission: &Emission) -> String {
    let reasons: Vec<Diagnostic> = emission.query.reasons.clone();
    let message = render(&reasons, &pack.sources, false);
    let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
    let left_out = emission.query.left_out.join(", ");
    format!(
        "## {} on {} as {}: {}, left out: [{left_out}]\n{}\n",
        emission.rule,
        emission.source,
        emission.target,
        emission.query.verdict.text(),
        lines.join("\n")
    )
}

#[test]
fn what_a_target_cannot_join_it_refuses_by_name() {
    let pack = pack();
    let schema = &pack.resolved.schema;
    let mut out = String::new();
    for rule in ["by_address", "shows_address", "of_several_records", "of_no_column", "shows_no_column"] {
        emissions(&pack, schema, rule).iter().for_each(|emission| out.push_str(&said(&pack, emission)));
    }
    let both = &pack.resolved.correlations[0];
    for target in TARGETS {
        out.push_str(&said(&pack, &emit_correlation(both, &pack.resolved.rules, schema, *target, Request::default())));
    }
    insta::assert_snapshot!("joined-refused", out);
}

#[test]
fn what_reads_nothing_borrowed_is_as_without_the_join() {
    let pack = pack();
    let with = &pack.resolved.schema;
    let mut without = with.clone();
    without.sources.iter_mut().for_each(|source| *source = source.alone());
    let same = emissions(&pack, with, "without_address");
    assert_eq!(same, emissions(&pack, &without, "without_address"));
    assert!(same.len() == 4 && same.iter().all(|emission| emission.query.verdict == Verdict::Exact), "{same:?}");
    // What only shows is left out where it can't be joined, and the rest of the text is the same.
    let (shown, alone) = (emissions(&pack, with, "shows_address"), emissions(&pack, &without, "shows_address"));
    let mut joined = 0;
    for (shown, alone) in shown.iter().zip(&alone) {
        assert_eq!(alone.query.left_out, ["source.ip"]);
        if shown.target == "kql" {
            joined += 1;
            assert!(shown.query.left_out.is_empty() && shown.query.text != alone.query.text);
        } else {
            assert_eq!(shown, alone);
        }
    }
    assert_eq!((shown.len(), joined), (4, 1));
}
