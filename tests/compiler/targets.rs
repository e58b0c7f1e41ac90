//! What each shipped rule means and becomes: one snapshot a rule with its IR and all its translations one under another. The review surface:
//! four translations side by side show a wrong one at once.

use std::fmt::Write as _;
use std::path::Path;

use skywatch::diag::render;
use skywatch::ir::show_rule;
use skywatch::pack::load;
use skywatch::target::{Request, TARGETS, Verdict, emit};

#[test]
fn shipped_rules_and_their_translations() {
    let pack = load(Path::new("rulepacks/ai-security"));
    assert!(pack.diagnostics.is_empty());
    let schema = &pack.resolved.schema;
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for rule in &pack.resolved.rules {
        let stream = schema.stream_of(rule.stream).expect("a rule has a stream");
        let mut text = show_rule(rule, stream);
        for target in TARGETS {
            let info = target.info();
            let emissions = emit(rule, schema, *target, Request::default());
            for emission in &emissions {
                _ = write!(text, "\n==== {} on {}\n{}", info.name, emission.source, emission.header(&info));
                match &emission.query.text {
                    Some(query) => _ = writeln!(text, "{query}"),
                    None => {
                        assert_eq!(emission.query.verdict, Verdict::Refused);
                        _ = writeln!(text, "{}", render(&emission.query.reasons, &pack.sources, false));
                    }
                }
            }
        }
        settings.bind(|| insta::assert_snapshot!(rule.name.clone(), text));
    }
}
