//! What each shipped rule means and becomes: one snapshot a rule with its IR and all its translations one under another. The review surface:
//! four translations side by side show a wrong one at once.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::resolved;
use skywatch::diag::{Code, render};
use skywatch::ir::show_rule;
use skywatch::pack::load;
use skywatch::target::{Request, TARGETS, Target, Verdict, emit};

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

/// Queries count with the comment above them, up to the last character that a service takes.
#[test]
fn a_query_may_be_as_long_as_its_service_takes() {
    let emitted = |target: &dyn Target, name: usize, length: usize| {
        let (name, literal) = ("r".repeat(name), "a".repeat(length));
        let text = format!("rule {name} {{ severity low from activity where target == \"{literal}\" }}");
        let resolved = resolved(&[&text]);
        emit(&resolved.rules[0], &resolved.schema, target, Request::default()).remove(0)
    };
    for target in TARGETS {
        let info = target.info();
        let characters = |name: usize, length: usize| {
            let emission = emitted(*target, name, length);
            let text = emission.query.text.as_deref()?;
            Some(emission.header(&info).chars().count() + text.chars().count())
        };
        // The longest literal that there is room for, and a name that takes the rest.
        let (mut fits, mut too_long) = (1, info.max_length);
        while fits + 1 < too_long {
            let length = fits.midpoint(too_long);
            if characters(1, length).is_some() { fits = length } else { too_long = length }
        }
        let rest = info.max_length - characters(1, fits).expect("it fits");
        assert_eq!(characters(1 + rest, fits), Some(info.max_length), "{}", info.name);
        let longer = emitted(*target, 2 + rest, fits);
        assert_eq!((longer.query.verdict, longer.query.reasons[0].code), (Verdict::Refused, Code::TooLong));
    }
}

/// What stands above a query is a comment to its end, whatever a place is called.
#[test]
fn nothing_ends_a_comment() {
    let resolved = resolved(&["rule r { severity low from activity }"]);
    for target in TARGETS {
        let info = target.info();
        for mut emission in emit(&resolved.rules[0], &resolved.schema, *target, Request::default()) {
            emission.place = "a\nb\rc\u{85}d\u{2028}e\u{2029}f\u{b}g".to_owned();
            let header = emission.header(&info);
            assert!(header.contains("a b c d e f g"), "{header}");
            let ends = |c: char| c.is_control() || "\u{2028}\u{2029}".contains(c);
            let lines = header.strip_suffix('\n').expect("a line").split(ends);
            lines.for_each(|line| assert!(line.starts_with(info.comment), "{}: {line:?}", info.name));
        }
    }
}
